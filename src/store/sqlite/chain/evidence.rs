//! The rows that are evidence, as they are in the file.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Decode, Row, Sqlite, SqliteConnection, TypeInfo, ValueRef};

use super::change::{self, Change};
use super::encoding::Value;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::sql;

/// A table whose rows are in the chain.
#[derive(Debug)]
pub(in crate::store::sqlite) struct Evidence {
    /// Its name.
    pub(in crate::store::sqlite) table: &'static str,
    /// Reads all its rows in the order of their keys.
    pub(in crate::store::sqlite) rows: &'static str,
    /// What happens to a row: it is added, and what follows.
    pub(in crate::store::sqlite) changes: &'static [&'static Change],
}

/// All of them.
pub(in crate::store::sqlite) const EVIDENCE: &[Evidence] = &[
    Evidence {
        table: "writers",
        rows: sql::ALL_WRITERS,
        changes: &[&change::WRITER_ADDED],
    },
    Evidence {
        table: "rule_sets",
        rows: sql::ALL_RULE_SETS,
        changes: &[&change::RULE_SET_ADDED, &change::RULE_SET_LOADED],
    },
    Evidence {
        table: "firings",
        rows: sql::ALL_FIRINGS,
        changes: &[&change::FIRING_ADDED],
    },
    Evidence {
        table: "intents",
        rows: sql::ALL_INTENTS,
        changes: &[&change::INTENT_ADDED, &change::INTENT_ENDED],
    },
    Evidence {
        table: "requests",
        rows: sql::ALL_REQUESTS,
        changes: &[
            &change::REQUEST_ADDED,
            &change::REQUEST_SENT,
            &change::REQUEST_ANSWERED,
        ],
    },
    LOCKS,
    Evidence {
        table: "entries",
        rows: sql::ALL_ENTRIES,
        changes: &[&change::ENTRY_ADDED],
    },
];

/// The locks.
pub(super) const LOCKS: Evidence = Evidence {
    table: "locks",
    rows: sql::ALL_LOCKS,
    changes: &[
        &change::LOCK_ADDED,
        &change::LOCK_REPLACED,
        &change::LOCK_ENDED,
    ],
};

/// Rows that are read one after the other.
pub(in crate::store::sqlite) struct Rows<'c>(
    Pin<Box<dyn Stream<Item = Result<SqliteRow, sqlx::Error>> + Send + 'c>>,
);

impl<'c> Rows<'c> {
    pub(in crate::store::sqlite) fn of(
        connection: &'c mut SqliteConnection,
        query: &'static str,
    ) -> Rows<'c> {
        Rows(sqlx::query(query).fetch(connection))
    }

    pub(in crate::store::sqlite) async fn next(&mut self) -> Result<Option<SqliteRow>, Fault> {
        let row = poll_fn(|context| self.0.as_mut().poll_next(context)).await;
        Ok(row.transpose()?)
    }
}

/// What a row has in the columns that a change sets.
pub(in crate::store::sqlite) fn values(row: &SqliteRow, change: &Change) -> Vec<Value> {
    let columns = change.columns.iter();
    columns.map(|column| value(row, column)).collect()
}

/// What a row has in a column; null when it has no such column.
pub(in crate::store::sqlite) fn value(row: &SqliteRow, column: &str) -> Value {
    row.try_get_raw(column).map_or(Value::Null, decoded)
}

fn decoded(raw: SqliteValueRef<'_>) -> Value {
    if raw.is_null() {
        return Value::Null;
    }
    let kind = raw.type_info().name().to_owned();
    let value = match kind.as_str() {
        "INTEGER" => <i64 as Decode<Sqlite>>::decode(raw).map(Value::Integer),
        "TEXT" => <String as Decode<Sqlite>>::decode(raw).map(Value::Text),
        _ => return Value::Strange,
    };
    value.unwrap_or(Value::Strange)
}
