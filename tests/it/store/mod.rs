//! The record, from the outside.

mod chain;
mod columns;
mod crash;
mod damage;
mod earlier;
mod opening;
mod reading;
mod rows;
mod writers;
mod writing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{TimeDelta, TimeZone, Utc};
use riskd::domain::account::{AccountName, RuleName};
use riskd::domain::ids::{FiringId, IntentId, RequestId};
use riskd::domain::lock::{LockEnd, LockKind};
use riskd::domain::observation::{Figures, Timestamp};
use riskd::domain::request::{Outcome, Write};
use riskd::engine::record::{
    AnswerRow, Cause, EntryKind, Fields, FiringRow, Goal, IntentRow, LockRow, LogEntry, RecordRow,
    RequestRow,
};
use riskd::store::{Quality, Sample, Store, StoreError};
use tempfile::TempDir;

/// An instant, so many milliseconds after the beginning of the tests' time.
fn at(millis: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 5, 14, 30, 0).unwrap() + TimeDelta::milliseconds(millis)
}

fn account() -> AccountName {
    "apex-1".into()
}

fn rule() -> RuleName {
    "daily loss limit".into()
}

/// A folder with room for a record.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("riskd.db")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.folder.path().join(format!("riskd.db{suffix}"))
    }

    /// Opens the record. A child that another test starts at this moment holds the
    /// lock of a store that was just closed until it has become its own program.
    async fn open(&self) -> Store {
        for _ in 0..500 {
            match Store::open(&self.file(), at(0)).await {
                Err(StoreError::InUse { .. }) => std::thread::sleep(Duration::from_millis(10)),
                opened => return opened.unwrap(),
            }
        }
        panic!("the record is in use for five seconds")
    }

    /// What another program reads in the file, a text a row.
    async fn ask(&self, query: &'static str) -> Vec<String> {
        use sqlx::{ConnectOptions, Connection};
        let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(self.file())
            .connect()
            .await
            .unwrap();
        let found = sqlx::query_scalar(query).fetch_all(&mut connection).await;
        connection.close().await.unwrap();
        found.unwrap()
    }

    /// Another program's connection to the file.
    async fn meddle(&self, statements: &'static str) {
        use sqlx::{ConnectOptions, Connection};
        let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(self.file())
            .connect()
            .await
            .unwrap();
        sqlx::raw_sql(statements)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn fields(pairs: &[(&'static str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in pairs {
        fields.put(*name, value);
    }
    fields
}

fn firing(id: i64) -> FiringRow {
    FiringRow {
        id: FiringId(id),
        account: account(),
        rule: rule(),
        at: at(id),
        actions: vec!["cancel_orders", "flatten", "lock"],
        evidence: fields(&[
            ("value", "-1012.50"),
            ("limit", "-1000.00"),
            ("kind", "pnl"),
        ]),
        rules_hash: "abc".to_owned(),
    }
}

fn intent(id: i64, goal: Goal, cause: Cause) -> IntentRow {
    IntentRow {
        id: IntentId(id),
        account: account(),
        goal,
        cause,
        at: at(id),
    }
}

fn request(id: i64, intents: &[i64]) -> RequestRow {
    RequestRow {
        id: RequestId(id),
        account: account(),
        write: Write::Flatten,
        round: 1,
        at: at(id),
        intents: intents.iter().copied().map(IntentId).collect(),
    }
}

fn answer(request: i64, outcome: Outcome) -> AnswerRow {
    AnswerRow {
        request: RequestId(request),
        at: at(request + 40),
        outcome,
        status: Some(200),
        words: "flattened".to_owned(),
    }
}

fn lock(end: LockEnd, reason: &str, firing: Option<i64>) -> LockRow {
    LockRow {
        account: account(),
        kind: LockKind::Lock,
        since: at(10),
        end,
        reason: reason.to_owned(),
        firing: firing.map(FiringId),
    }
}

fn entry(kind: EntryKind, message: &str, firing: Option<i64>) -> LogEntry {
    LogEntry {
        at: at(5),
        kind,
        account: Some(account()),
        rule: Some(rule()),
        firing: firing.map(FiringId),
        message: message.to_owned(),
        fields: fields(&[("value", "-1012.50"), ("at", "2026-03-05")]),
    }
}

fn line(message: &str) -> RecordRow {
    RecordRow::LogEntry(entry(EntryKind::Fired, message, None))
}

fn sample(millis: i64) -> Sample {
    Sample {
        account: account(),
        at: at(millis),
        quality: Quality::Good,
        figures: Figures {
            realized: Some("-12.50".parse().unwrap()),
            unrealized: None,
            balance: Some("50000.123456".parse().unwrap()),
            equity: Some("49987.50".parse().unwrap()),
        },
        positions: Some("ES 03-26:+2@5000.25".to_owned()),
        orders: Some(1),
    }
}
