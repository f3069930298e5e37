//! A batch that a request waits for, committed as one text ahead of its rows.
//!
//! The rows of a firing are spread over some twenty-five pages of the file, and the
//! request of the firing leaves once they are committed. So the parameters of their
//! transaction are committed first, but for the links of the chain, which follow from
//! them: one value of `meta`, which is a page or two. A
//! start that finds one whose number is not among those that were written puts its rows
//! before anything else is read: riskd was killed between the two.
//!
//! The text is never deleted, and filled up to a length that seldom changes: SQLite
//! writes it in place then, and touches the pages alone that differ.

use sqlx::SqliteConnection;

use super::fault::{Fault, is_about_the_row};
use super::{sql, together};
use crate::domain::ids::WriterId;

/// The lengths of texts are multiples of this; what fills them up costs nothing, since
/// it does not change.
const STEP: usize = 16 * 1024;
/// What stands between two parameters. None has one: numbers and JSON.
const BETWEEN: &str = "\n";

/// Commits the parameters of a transaction that puts rows.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    parameters: &[String],
) -> Result<(), Fault> {
    // A transaction of its own.
    sqlx::query(sql::PUT_AHEAD)
        .bind(text_of(parameters))
        .execute(connection)
        .await?;
    Ok(())
}

fn text_of(parameters: &[String]) -> String {
    let mut text = parameters.join(BETWEEN);
    let filled = text.len().next_multiple_of(STEP);
    text.extend(std::iter::repeat_n(' ', filled.saturating_sub(text.len())));
    text
}

fn parameters_of(text: &str) -> Vec<String> {
    let parameters = text.trim_end_matches(' ').split(BETWEEN);
    parameters.map(str::to_owned).collect()
}

/// The parameters of a batch that is on record as text alone.
async fn left_over(
    connection: &mut SqliteConnection,
) -> Result<Option<(WriterId, Vec<String>)>, Fault> {
    let text: Option<String> = sqlx::query_scalar(sql::AHEAD)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(parameters) = text.map(|text| parameters_of(&text)) else {
        return Ok(None);
    };
    let Some((number, writer)) = together::number_and_writer(&parameters) else {
        return Err(Fault::Unreadable(
            "it does not begin with the numbers of a batch".to_owned(),
        ));
    };
    let is_missing: bool = sqlx::query_scalar(sql::IS_MISSING)
        .bind(number)
        .bind(writer.get())
        .fetch_one(connection)
        .await?;
    Ok(is_missing.then_some((writer, parameters)))
}

/// Puts the rows of which only the text was committed. Rows that SQLite refuses are
/// kept as text, because they must not hold up a start.
pub(super) async fn put_rows(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let put = match left_over(connection).await {
        Ok(None) => return Ok(()),
        Ok(Some((writer, parameters))) => together::put(connection, writer, parameters).await,
        Err(fault) => Err(fault),
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
