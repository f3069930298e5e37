//! Writing a batch: one transaction.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::chain::{self, Head};
use super::connection::Connection;
use super::fault::{Fault, is_about_the_row};
use super::open::Store;
use super::values::InForce;
use super::writers::last_numbers;
use super::{ahead, put, sql, together};
use crate::domain::ids::WriterId;
use crate::store::batch::Batch;
use crate::store::batch::Written;
use crate::store::error::StoreError;

/// What the rows of a writer end with: what new ones are numbered and chained
/// behind. Before there is one of a kind, its number is the one before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// The writer.
    pub(super) writer: WriterId,
    /// The last link of its chain.
    pub(super) head: Head,
    /// The number of its last log entry.
    pub(super) entry: i64,
    /// The number of its last lock.
    pub(super) lock: i64,
    /// The locks in force, of whichever writer: a new one of a kind takes the place
    /// of the one before.
    pub(super) locks: LocksInForce,
}

/// The locks in force, by account and name of the kind.
pub(super) type LocksInForce = BTreeMap<(String, String), InForce>;

impl Tail {
    /// As it is in the record.
    pub(super) async fn read(
        connection: &mut SqliteConnection,
        writer: WriterId,
    ) -> Result<Tail, Fault> {
        let (_, entry) = last_numbers(connection, writer).await?;
        Ok(Tail {
            writer,
            head: chain::head(connection, writer).await?,
            entry,
            lock: sqlx::query_scalar(sql::LAST_LOCK)
                .bind(writer.before_first())
                .bind(writer.last())
                .fetch_one(&mut *connection)
                .await?,
            locks: locks_in_force(connection).await?,
        })
    }
}

async fn locks_in_force(connection: &mut SqliteConnection) -> Result<LocksInForce, Fault> {
    let rows: Vec<(String, String, i64, i64, Option<i64>)> = sqlx::query_as(sql::LOCK_SPANS)
        .fetch_all(connection)
        .await?;
    let locks = rows.into_iter();
    Ok(locks
        .map(|(account, kind, id, since, until)| ((account, kind), (id, since, until)))
        .collect())
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

    /// Commits a batch as text before it is written under this number: `false` when
    /// nothing was done, for a batch that is not written in one way. Whether the files
    /// are still those that are open is seen to with the rows, which follow at once.
    pub(super) async fn commit_ahead(
        &mut self,
        number: i64,
        batch: &Batch,
    ) -> Result<bool, StoreError> {
        if number <= self.tried {
            return Ok(false);
        }
        self.settle().await?;
        let Some(mut connection) = self.connection.take() else {
            return Ok(false);
        };
        let parameters = match connection.tail.clone() {
            Some(tail) => together::parameters(number, batch, tail),
            None => Ok(None),
        };
        let committed = match parameters {
            Ok(Some(parameters)) => ahead::commit(&mut connection.raw, &parameters)
                .await
                .map(|()| true),
            Ok(None) => Ok(false),
            Err(fault) => Err(fault),
        };
        self.put_back(connection, committed).await
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
        // One that was tried before may have been committed after all.
        let is_first = number > self.tried;
        self.tried = self.tried.max(number);
        let tail = connection.tail.take();
        let known = tail.filter(|_| is_first);
        let done = transaction(&mut connection.raw, self.writer, number, batch, known).await;
        let done = done.map(|(written, tail)| {
            connection.tail = tail;
            written
        });
        self.put_back(connection, done).await
    }

    /// Puts a connection back after what was done with it, unless it cannot be
    /// trusted any more.
    async fn put_back<T>(
        &mut self,
        mut connection: Connection,
        done: Result<T, Fault>,
    ) -> Result<T, StoreError> {
        match done {
            Ok(done) => {
                self.connection = Some(connection);
                Ok(done)
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

/// Writes a batch, and says what the writer's rows end with then, where that is
/// known. The tail before is only given for a batch that was never tried before.
async fn transaction(
    connection: &mut SqliteConnection,
    writer: WriterId,
    number: i64,
    batch: &Batch,
    tail: Option<Tail>,
) -> Result<(Written, Option<Tail>), Fault> {
    if let Some(tail) = tail {
        match together::committed(connection, number, batch, tail).await {
            Ok(Some((written, tail))) => return Ok((written, Some(tail))),
            Ok(None) => {}
            Err(Fault::Sql(error)) if is_about_the_row(&error) => {
                // Begun anew, one by one, so that the others are written.
                sqlx::query(sql::ROLLBACK).execute(&mut *connection).await?;
            }
            Err(fault) => return Err(fault),
        }
    }
    one_by_one(connection, writer, number, batch).await
}

/// Writes the rows one by one, so that one that SQLite refuses holds up no other.
async fn one_by_one(
    connection: &mut SqliteConnection,
    writer: WriterId,
    number: i64,
    batch: &Batch,
) -> Result<(Written, Option<Tail>), Fault> {
    if !begun(connection, writer, number).await? {
        let written = Written {
            rows: batch.rows(),
            ..Written::default()
        };
        return Ok((written, None));
    }
    // Read inside of the transaction: one that was given up may still be ending
    // on another connection before this one begins.
    let mut tail = Tail::read(connection, writer).await?;
    let (written, links) = put::all(connection, batch, &mut tail).await?;
    tail.head = chain::append(connection, tail.head, links).await?;
    sqlx::query(sql::SET_LAST_ENTRY)
        .bind(writer.get())
        .bind(tail.entry)
        .execute(&mut *connection)
        .await?;
    sqlx::query(sql::COMMIT).execute(&mut *connection).await?;
    Ok((written, Some(tail)))
}

/// Begins the transaction of a batch; `false` when it was committed before.
async fn begun(
    connection: &mut SqliteConnection,
    writer: WriterId,
    number: i64,
) -> Result<bool, Fault> {
    sqlx::query(sql::BEGIN).execute(&mut *connection).await?;
    let numbered = sqlx::query(sql::SET_BATCH)
        .bind(number)
        .bind(writer.before_first())
        .bind(writer.get())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    if numbered > 0 {
        return Ok(true);
    }
    let (last, _) = last_numbers(connection, writer).await?;
    sqlx::query(sql::ROLLBACK).execute(&mut *connection).await?;
    tracing::info!(number, last, "a batch was committed before");
    Ok(false)
}
