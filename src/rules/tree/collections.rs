//! The mappings and lists that are still open.

use std::borrow::Cow;
use std::collections::HashSet;

use super::DuplicateEntry;
use crate::rules::diagnostic::{Diagnostic, Findings, Place, quoted};
use crate::rules::node::{KeyValue, Node, Value};

pub(super) enum Content<'a> {
    List {
        /// Where its first item is among the open ones.
        first: usize,
    },
    Map {
        /// Where its first entry is among the open ones.
        first: usize,
        key: Option<(Cow<'a, str>, Place)>,
        /// What few mappings need.
        rare: Option<Box<Rare<'a>>>,
    },
}

/// What an open mapping needs only when it is merged into, or is large.
#[derive(Default)]
pub(super) struct Rare<'a> {
    pub(super) merged: Vec<Node<'a>>,
    /// Keys seen, once there are too many to compare one by one.
    seen: HashSet<Cow<'a, str>>,
}

/// The parts of the collections that are still open, those of the innermost one
/// last: a collection gets memory of its own when it is closed and its size is
/// known, which is one allocation for each of a hundred thousand.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) items: Vec<Node<'a>>,
    pub(super) entries: Vec<KeyValue<'a>>,
    /// Those of them all that are left out.
    pub(super) again: Vec<DuplicateEntry<'a>>,
}

/// Most keys of a mapping that are compared one by one.
const FEW_KEYS: usize = 16;

impl<'a> Content<'a> {
    /// A list that begins now.
    pub(super) fn list(parts: &Parts<'a>) -> Content<'a> {
        Content::List {
            first: parts.items.len(),
        }
    }

    /// A mapping that begins now.
    pub(super) fn map(parts: &Parts<'a>) -> Content<'a> {
        Content::Map {
            first: parts.entries.len(),
            key: None,
            rare: None,
        }
    }

    pub(super) fn add(&mut self, node: Node<'a>, parts: &mut Parts<'a>, findings: &mut Findings) {
        let (first, key, rare) = match self {
            Content::List { .. } => return parts.items.push(node),
            Content::Map { first, key, rare } => (*first, key, rare),
        };
        let entries = parts.entries.get(first..).unwrap_or_default();
        let Some((name, key_place)) = key.take() else {
            *key = Some(key_of(node, findings));
            return;
        };
        if name == "<<" {
            rare.get_or_insert_default().merged.push(node);
            return;
        }
        if name.is_empty() {
            return;
        }
        let again = if entries.len() < FEW_KEYS {
            entries.iter().any(|entry| entry.key == name)
        } else {
            let seen = &mut rare.get_or_insert_default().seen;
            if seen.is_empty() {
                seen.extend(entries.iter().map(|entry| entry.key.clone()));
            }
            !seen.insert(name.clone())
        };
        if again {
            let before = entries.iter().find(|entry| entry.key == name);
            let first = before.map_or(key_place, |entry| entry.key_place);
            let message = format!("duplicate key {}", quoted(&name));
            let help = format!("it is on line {} already; keep one of them", first.line);
            let wrong = Diagnostic::error(key_place, message).label("again here");
            findings.push(wrong.help(help));
            let entry = KeyValue {
                key: name,
                key_place,
                value: node,
            };
            parts.again.push(DuplicateEntry { first, entry });
            return;
        }
        let value = match node.value {
            // An empty value has no text to mark; its key has.
            Value::Null if node.origin.is_none() && node.place.start == node.place.end => Node {
                place: key_place,
                ..node
            },
            _ => node,
        };
        parts.entries.push(KeyValue {
            key: name,
            key_place,
            value,
        });
    }
}

fn key_of<'a>(node: Node<'a>, findings: &mut Findings) -> (Cow<'a, str>, Place) {
    let what = node.describe();
    match node.value {
        Value::Scalar { text } if !text.is_empty() => (text, node.place),
        _ => {
            let message = format!("a key must be a word, not {what}");
            findings.push(Diagnostic::error(node.place, message));
            (Cow::Borrowed(""), node.place)
        }
    }
}

/// Adds the entries of merged mappings (`<<`) that are not there by themselves.
/// The mapping's own ones are those from `first` on.
pub(super) fn merge<'a>(
    entries: &mut Vec<KeyValue<'a>>,
    first: usize,
    merged: &[Node<'a>],
    findings: &mut Findings,
) {
    let own = entries.iter().skip(first);
    let mut seen: HashSet<Cow<'a, str>> = own.map(|entry| entry.key.clone()).collect();
    let mut sources: Vec<&Node<'a>> = Vec::new();
    for node in merged {
        match node.items() {
            Some(items) => sources.extend(items),
            None => sources.push(node),
        }
    }
    for source in sources {
        let Some(more) = source.entries() else {
            let message = format!("`<<` takes a mapping, not {}", source.describe());
            findings.push(Diagnostic::error(source.place, message).help("write `<<: *anchor`"));
            continue;
        };
        for entry in more {
            if seen.insert(entry.key.clone()) {
                entries.push(entry.clone());
            }
        }
    }
}
