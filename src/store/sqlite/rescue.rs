//! What is told of a record that is damaged: which locks it had, as far as they
//! can still be read.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::chain::{self, LOCK_ADDED, Value, decode};
use super::sql;
use super::time::from_millis;
use crate::domain::timeouts;
use crate::store::error::StoreError;

/// Most locks that a message names.
const MOST_NAMED: usize = 20;

/// The error of a start, with the locks that were in force where it says that
/// the record is damaged.
pub(super) async fn with_locks(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Corrupt {
            path: file, found, ..
        } => StoreError::Corrupt {
            locks: locks(path).await,
            path: file,
            found,
        },
        StoreError::Unreadable { path: file, what } => StoreError::Corrupt {
            locks: locks(path).await,
            path: file,
            found: what,
        },
        // The statements fit the layout, so it is not the layout that is there.
        StoreError::Database { path: file, source } if is_about_the_layout(source.as_ref()) => {
            StoreError::Corrupt {
                locks: locks(path).await,
                path: file,
                found: source.to_string(),
            }
        }
        other => other,
    }
}

fn is_about_the_layout(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    /// `SQLITE_ERROR`: no such table, no such column, a broken statement.
    const ERROR: &str = "1";
    let error = (error as &(dyn std::error::Error + 'static)).downcast_ref::<sqlx::Error>();
    let code = error.and_then(|error| error.as_database_error()?.code());
    code.is_some_and(|code| code == ERROR)
}

/// The locks in force, by the chain and by the rows, which may differ; `None`
/// when neither can be read.
async fn locks(path: &Path) -> Option<Vec<String>> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(timeouts::DATABASE_BUSY)
        .disable_statement_logging()
        .connect()
        .await
        .ok()?;
    let by_chain = locks_by_chain(&mut connection).await;
    let by_rows = locks_by_rows(&mut connection).await;
    let mut locks = match (by_chain, by_rows) {
        (Ok(mut locks), Ok(more)) => {
            locks.extend(more);
            locks
        }
        (Ok(locks), Err(_)) | (Err(_), Ok(locks)) => locks,
        (Err(_), Err(_)) => return None,
    };
    locks.sort();
    locks.dedup();
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "a reading connection could not be closed in order");
    }
    let more = locks.len().saturating_sub(MOST_NAMED);
    locks.truncate(MOST_NAMED);
    if more > 0 {
        locks.push(format!("and {more} more"));
    }
    Some(locks)
}

async fn locks_by_rows(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String, String, Option<i64>)> = sqlx::query_as(sql::LOCKS_TO_NAME)
        .fetch_all(connection)
        .await?;
    let told = rows
        .iter()
        .map(|(account, kind, until)| told(account, kind, *until));
    Ok(told.collect())
}

async fn locks_by_chain(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let links: Vec<Vec<u8>> = sqlx::query_scalar(sql::BODIES_OF_LOCKS)
        .fetch_all(connection)
        .await?;
    let mut in_force: Vec<(Value, String)> = Vec::new();
    for link in links.iter().filter_map(|body| decode(body)) {
        let Some((_, id)) = link.fields.first() else {
            continue;
        };
        let text = |name: &str| match link.field(name) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let is_null = |name| matches!(link.field(name), Some(Value::Null));
        if link.change == LOCK_ADDED.name {
            let until = match link.field("until") {
                Some(Value::Integer(until)) => Some(*until),
                _ => None,
            };
            in_force.push((id.clone(), told(&text("account"), &text("kind"), until)));
        } else if !is_null(chain::LOCK_REPLACED.columns[1]) {
            in_force.retain(|(other, _)| other != id);
        }
    }
    Ok(in_force.into_iter().map(|(_, told)| told).collect())
}

fn told(account: &str, kind: &str, until: Option<i64>) -> String {
    let until = match until.map(from_millis) {
        None => "until a person unlocks it".to_owned(),
        Some(Ok(until)) => format!("until {}", until.to_rfc3339()),
        Some(Err(_)) => "until a time that cannot be read".to_owned(),
    };
    format!("{account}: {kind} {until}")
}
