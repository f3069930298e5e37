//! What cannot be seen from the outside: statements, settings, a full disk,
//! older layouts.

mod ahead;
mod beside;
mod disk_full;
mod layouts;
mod statements;

use std::path::PathBuf;

use tempfile::TempDir;

use super::open::Store;
use crate::domain::observation::Timestamp;
use crate::engine::record::{EntryKind, Fields, LogEntry, RecordRow};
use crate::store::batch::Batch;

pub(in crate::store) fn now() -> Timestamp {
    Timestamp::from_timestamp(1_772_721_000, 0).unwrap()
}

pub(in crate::store) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("riskd.db");
    (folder, path)
}

pub(in crate::store) fn line(kind: EntryKind, message: &str) -> RecordRow {
    RecordRow::LogEntry(LogEntry {
        at: now(),
        kind,
        account: None,
        rule: None,
        firing: None,
        message: message.to_owned(),
        fields: Fields::new(),
    })
}

pub(in crate::store) fn vital(message: &str) -> Batch {
    vec![line(EntryKind::Fired, message)].into()
}

pub(in crate::store) fn passing(message: &str) -> Batch {
    vec![line(EntryKind::Warned, message)].into()
}

impl Store {
    /// Asks the writing connection something.
    pub(in crate::store) async fn ask(&mut self, query: &'static str) -> String {
        let connection = self.connection.as_mut().unwrap();
        let query = format!("select cast(({query}) as text)");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .persistent(false)
            .fetch_one(&mut connection.raw)
            .await
            .unwrap()
    }

    /// Sets something on the writing connection.
    pub(in crate::store) async fn set(&mut self, pragma: &'static str) {
        let connection = self.connection.as_mut().unwrap();
        sqlx::raw_sql(pragma)
            .execute(&mut connection.raw)
            .await
            .unwrap();
    }
}
