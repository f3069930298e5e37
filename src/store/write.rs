//! Writing a batch: one transaction.

use sqlx::SqliteConnection;

use super::batch::Batch;
use super::chain::{self, Head};
use super::error::{Fault, StoreError, is_about_the_row};
use super::open::{Connection, Store, last_batch};
use super::{put, sql, together};

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many of its rows are in the record.
    pub rows: usize,
    /// Rows that SQLite refused for what is in them. The others are written:
    /// one bad row must not hold up the record.
    pub refused: Vec<Refused>,
    /// Endings and answers whose beginning is not in the record.
    pub unmatched: usize,
}

/// A row that could not be written whenever it is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which row.
    pub row: String,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Writes a batch in one transaction. When this returns, it survives the
    /// end of the process, and a loss of power once the log is synced, which the
    /// [`Writer`](super::Writer) does for whoever asks.
    ///
    /// A caller in a hurry may drop the future; the batch is then either
    /// written whole or not at all.
    ///
    /// # Errors
    /// Any [`StoreError`] but those of opening. Nothing of the batch is written
    /// then, and the store can be used again: it makes a new connection where
    /// the old one cannot be trusted.
    pub async fn write(&mut self, batch: &Batch) -> Result<Written, StoreError> {
        let number = self.take_number();
        self.write_numbered(number, batch).await
    }

    /// A number for a batch that may have to be written more than once.
    pub(super) fn take_number(&mut self) -> i64 {
        let number = self.next_batch;
        self.next_batch = number.saturating_add(1);
        number
    }

    /// Writes a batch under a number. One that failed is handed in again under
    /// the same number and unchanged, before any other: if it was committed
    /// after all, it is not written twice.
    pub(super) async fn write_numbered(
        &mut self,
        number: i64,
        batch: &Batch,
    ) -> Result<Written, StoreError> {
        self.settle().await?;
        let mut connection = self.take_connection().await?;
        let head = connection.head.take();
        match transaction(&mut connection.raw, number, batch, head).await {
            Ok((written, head)) => {
                connection.head = head;
                self.connection = Some(connection);
                Ok(written)
            }
            Err(fault) => {
                let error = fault.at(&self.path);
                if is_passing(&error) && rolled_back(&mut connection).await {
                    self.connection = Some(connection);
                }
                Err(error)
            }
        }
    }
}

/// Whether the failure says nothing against the connection.
fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::DiskFull { .. } | StoreError::Busy { .. })
}

/// Makes sure that no transaction is open. SQLite may have rolled back by
/// itself, in which case there is nothing to roll back.
async fn rolled_back(connection: &mut Connection) -> bool {
    match sqlx::query(sql::ROLLBACK)
        .execute(&mut connection.raw)
        .await
    {
        Ok(_) => true,
        Err(error) => error.to_string().contains("no transaction is active"),
    }
}

/// Writes the rows and the links that tell of them, and says what the head of
/// the chain is then, where that is known.
async fn transaction(
    connection: &mut SqliteConnection,
    number: i64,
    batch: &Batch,
    head: Option<Head>,
) -> Result<(Written, Option<Head>), Fault> {
    if !begun(connection, number).await? {
        let written = Written {
            rows: batch.rows(),
            ..Written::default()
        };
        return Ok((written, None));
    }
    // Read inside of the transaction: one that was given up may still be ending
    // on another connection before this one begins.
    let head = match head {
        Some(head) => head,
        None => chain::head(connection).await?,
    };
    let (written, links) = match together::all(connection, batch).await {
        Ok(Some(put)) => put,
        Ok(None) => put::all(connection, batch).await?,
        Err(Fault::Sql(error)) if is_about_the_row(&error) => {
            // Begun anew, one by one, so that the others are written.
            sqlx::query(sql::ROLLBACK).execute(&mut *connection).await?;
            begun(connection, number).await?;
            put::all(connection, batch).await?
        }
        Err(fault) => return Err(fault),
    };
    let head = chain::append_and_commit(connection, head, links).await?;
    Ok((written, Some(head)))
}

/// Begins the transaction of a batch; `false` when it was committed before.
async fn begun(connection: &mut SqliteConnection, number: i64) -> Result<bool, Fault> {
    sqlx::query(sql::BEGIN).execute(&mut *connection).await?;
    let numbered = sqlx::query(sql::SET_BATCH)
        .bind(number)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    if numbered > 0 {
        return Ok(true);
    }
    let last = last_batch(connection).await?;
    sqlx::query(sql::ROLLBACK).execute(&mut *connection).await?;
    tracing::info!(number, last, "a batch was committed before");
    Ok(false)
}
