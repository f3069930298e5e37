//! What the chain says of the rows, to compare them with.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;

use super::change::Change;
use super::encoding::{Decoded, Hash, Value, digest};
use super::evidence::{EVIDENCE, Evidence, values};
use super::links::body;
use crate::domain::ids::Numbered;

/// What is known of the rows by the links that were noted. It holds some 150
/// bytes a row.
#[derive(Debug, Default)]
pub(in crate::store::sqlite) struct Ledger(HashMap<(&'static str, Key), Vec<Known>>);

/// The key of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store::sqlite) enum Key {
    Id(i64),
    Name(String),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Id(id) => Numbered(*id).fmt(f),
            Key::Name(name) => f.write_str(name),
        }
    }
}

impl Key {
    fn of(value: &Value) -> Option<Key> {
        match value {
            Value::Integer(id) => Some(Key::Id(*id)),
            Value::Text(name) => Some(Key::Name(name.clone())),
            Value::Null | Value::Long(..) | Value::Strange => None,
        }
    }
}

/// The last link of one kind of change of one row.
#[derive(Clone, Copy, Debug)]
struct Known {
    change: &'static str,
    seq: i64,
    /// How many of the columns it has.
    columns: usize,
    body: Hash,
}

/// How a row differs from what the chain says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store::sqlite) enum Mismatch {
    /// No link says that it was added.
    Inserted,
    /// It has other values than this link says, which are given with their
    /// columns.
    Edited {
        seq: i64,
        values: Vec<(&'static str, Value)>,
    },
    /// It has values in columns that no link speaks of.
    Unsaid { values: Vec<(&'static str, Value)> },
}

impl Ledger {
    /// Notes what a link says; `false` when it says nothing that is known.
    pub(in crate::store::sqlite) fn note(
        &mut self,
        seq: i64,
        bytes: &[u8],
        link: &Decoded,
    ) -> bool {
        let evidence = EVIDENCE.iter().find(|e| e.table == link.table);
        let change = evidence.and_then(|evidence| {
            let mut changes = evidence.changes.iter();
            changes.find(|change| change.name == link.change)
        });
        let key = link.fields.first().and_then(|(_, key)| Key::of(key));
        let (Some(change), Some(key)) = (change, key) else {
            return false;
        };
        let columns = link.fields.len();
        let names = link.fields.iter().map(|(name, _)| name.as_str());
        if !change.may_have(columns) || !names.eq(change.columns.iter().copied().take(columns)) {
            return false;
        }
        let known = Known {
            change: change.name,
            seq,
            columns,
            body: digest(bytes),
        };
        let of_row = self.0.entry((change.table, key)).or_default();
        match of_row.iter_mut().find(|other| other.change == change.name) {
            Some(before) => *before = known,
            None => of_row.push(known),
        }
        true
    }

    /// Takes a row off, and says its key and how it differs.
    pub(in crate::store::sqlite) fn compare(
        &mut self,
        evidence: &Evidence,
        row: &SqliteRow,
    ) -> (Option<Key>, Vec<Mismatch>) {
        let mut found = Vec::new();
        let mut key = None;
        let mut of_row = None;
        for (index, change) in evidence.changes.iter().enumerate() {
            let values = values(row, change);
            if index == 0 {
                key = values.first().and_then(Key::of);
                of_row = key
                    .clone()
                    .and_then(|key| self.0.remove(&(evidence.table, key)));
            }
            let known = of_row.iter().flatten().find(|k| k.change == change.name);
            match known {
                Some(known) => found.extend(differing(known, change, values)),
                None if index == 0 => {
                    found.push(Mismatch::Inserted);
                    break;
                }
                None if values.iter().skip(1).all(|value| *value == Value::Null) => {}
                None => found.push(Mismatch::Unsaid {
                    values: named(change, values),
                }),
            }
        }
        (key, found)
    }

    /// The rows of a table that were not taken off, each with the number of a
    /// link that speaks of it, by key.
    pub(in crate::store::sqlite) fn left(&self) -> Vec<(&'static str, Key, i64)> {
        let mut left: Vec<_> = self
            .0
            .iter()
            .filter_map(|((table, key), known)| Some((*table, key.clone(), known.first()?.seq)))
            .collect();
        left.sort();
        left
    }
}

/// How values differ from what a link says of them.
fn differing(known: &Known, change: &Change, mut values: Vec<Value>) -> Option<Mismatch> {
    let unsaid = values.split_off(known.columns.min(values.len()));
    if known.body != digest(&body(change, &values)) {
        return Some(Mismatch::Edited {
            seq: known.seq,
            values: named(change, values),
        });
    }
    // A link of before the last columns says nothing of them: they stay null.
    if unsaid.iter().all(|value| *value == Value::Null) {
        return None;
    }
    let columns = change.columns.iter().copied().skip(known.columns);
    let key = change
        .columns
        .first()
        .copied()
        .zip(values.into_iter().next());
    Some(Mismatch::Unsaid {
        values: key.into_iter().chain(columns.zip(unsaid)).collect(),
    })
}

fn named(change: &Change, values: Vec<Value>) -> Vec<(&'static str, Value)> {
    change.columns.iter().copied().zip(values).collect()
}
