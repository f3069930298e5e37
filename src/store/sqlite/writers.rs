//! Who writes: whose numbers new rows get, and to whose chain their links are added.
//!
//! A writer is one turn of one node on a record. A node that finds that it wrote
//! last goes on as the same one; else it begins as a new one, also where it wrote
//! before: numbers then rise in the order of writing, whoever wrote.

use sqlx::SqliteConnection;

use super::chain::{self, Link, Value, WRITER_ADDED, hex};
use super::fault::Fault;
use super::put::bound;
use super::sql;
use super::time::to_millis;
use crate::domain::ids::WriterId;
use crate::domain::observation::Timestamp;
use crate::store::node::NodeName;

/// The writer that a node writes as from now on.
pub(super) async fn take_up(
    connection: &mut SqliteConnection,
    node: &NodeName,
    now: Timestamp,
) -> Result<WriterId, Fault> {
    let last = last(connection).await?;
    match last {
        Some((writer, name)) if name == node.as_str() => Ok(writer),
        last => {
            let last = last.map(|(writer, _)| writer);
            sqlx::query(sql::BEGIN).execute(&mut *connection).await?;
            // After a failure the connection is dropped, which rolls back.
            let writer = begun(connection, last, node, now).await?;
            sqlx::query(sql::COMMIT).execute(connection).await?;
            tracing::info!(%writer, node = node.as_str(), "the record has a new writer");
            Ok(writer)
        }
    }
}

/// The writer of the last turn; the first one in a record that has none yet.
pub(super) async fn newest(connection: &mut SqliteConnection) -> Result<WriterId, Fault> {
    let last = last(connection).await?;
    Ok(last.map_or(WriterId::FIRST, |(writer, _)| writer))
}

async fn last(connection: &mut SqliteConnection) -> Result<Option<(WriterId, String)>, Fault> {
    let last: Option<(i64, String)> = sqlx::query_as(sql::LAST_WRITER)
        .fetch_optional(connection)
        .await?;
    let Some((id, node)) = last else {
        return Ok(None);
    };
    let writer = WriterId::new(id);
    let writer = writer.ok_or_else(|| Fault::Unreadable(format!("{id} is no writer's number")))?;
    Ok(Some((writer, node)))
}

async fn begun(
    connection: &mut SqliteConnection,
    last: Option<WriterId>,
    node: &NodeName,
    now: Timestamp,
) -> Result<WriterId, Fault> {
    let writer = last.map_or(Some(WriterId::FIRST), WriterId::next);
    let writer = writer.ok_or_else(|| Fault::Unreadable("no writer can follow".to_owned()))?;
    let (after_link, after_hash) = match last {
        None => (Value::Null, Value::Null),
        Some(last) => {
            let head = chain::head(connection, last).await?;
            (Value::Integer(head.seq), Value::Text(hex(&head.hash)))
        }
    };
    let epoch: i64 = sqlx::query_scalar(sql::LAST_EPOCH)
        .bind(node.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let values = [
        Value::Integer(writer.get()),
        Value::text(Some(node.as_str())),
        Value::Integer(epoch.saturating_add(1)),
        Value::Integer(to_millis(now)),
        after_link,
        after_hash,
    ];
    bound(sql::ADD_WRITER, &values)
        .execute(&mut *connection)
        .await?;
    sqlx::query(sql::ADD_LAST_NUMBERS)
        .bind(writer.get())
        .bind(writer.before_first())
        .execute(&mut *connection)
        .await?;
    let head = chain::head(connection, writer).await?;
    chain::append(connection, head, [Link::new(&WRITER_ADDED, &values)]).await?;
    Ok(writer)
}

/// The numbers of a writer's last batch and last log entry.
pub(super) async fn last_numbers(
    connection: &mut SqliteConnection,
    writer: WriterId,
) -> Result<(i64, i64), Fault> {
    let numbers: Option<(i64, i64)> = sqlx::query_as(sql::LAST_NUMBERS)
        .bind(writer.get())
        .fetch_optional(connection)
        .await?;
    numbers.ok_or_else(|| {
        Fault::Unreadable(format!("the last numbers of writer {writer} are missing"))
    })
}
