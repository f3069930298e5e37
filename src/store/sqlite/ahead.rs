//! A batch that a request waits for, committed as one text ahead of its rows.
//!
//! The rows of a firing are spread over some twenty-five pages of the file, and the
//! request of the firing leaves once they are committed. So the parameters of their
//! transaction are committed first, as one value of `meta`, which is a few pages; the
//! transaction that puts the rows deletes it. A start that finds one puts its rows
//! before anything else is read: riskd was killed between the two.

use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr, SqliteConnection};

use super::fault::{Fault, is_about_the_row};
use super::{sql, together, values};

static COMMITTED: LazyLock<SqlStr> = LazyLock::new(|| {
    let put = sql::PUT_AHEAD.replace("?1", "?");
    AssertSqlSafe(format!("{}; {put}; {}", sql::BEGIN, sql::COMMIT)).into_sql_str()
});

/// Commits the parameters of a transaction that puts rows.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    parameters: &[String],
) -> Result<(), Fault> {
    sqlx::query(SqlStr::clone(&COMMITTED))
        .bind(values::json(&parameters)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts the rows of which only the text was committed. Rows that SQLite refuses are
/// kept as text, because they must not hold up a start.
pub(super) async fn put_rows(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let text: Option<String> = sqlx::query_scalar(sql::AHEAD)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(text) = text else {
        return Ok(());
    };
    let put = match serde_json::from_str::<Vec<String>>(&text) {
        Ok(parameters) => together::put(connection, &parameters).await,
        Err(error) => Err(Fault::Unreadable(error.to_string())),
    };
    match put {
        Ok(()) => {
            tracing::info!(
                "the last rows before the start were on record as text, and are in their tables now"
            );
            return Ok(());
        }
        Err(Fault::Sql(error)) if is_about_the_row(&error) => {
            sqlx::query(sql::ROLLBACK).execute(&mut *connection).await?;
            tracing::error!(%error, "the last rows before the start were refused; they are kept in meta");
        }
        Err(Fault::Unreadable(error)) => {
            tracing::error!(
                error,
                "the last rows before the start are unreadable; they are kept in meta"
            );
        }
        Err(fault) => return Err(fault),
    }
    sqlx::query(sql::REFUSE_AHEAD).execute(connection).await?;
    Ok(())
}
