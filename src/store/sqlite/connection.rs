//! A connection that writes to the record.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use super::fault::Fault;
use super::sql;
use super::write::Tail;
use crate::domain::timeouts;
use crate::store::error::StoreError;

/// What one connection may keep of the file in memory: 512 KiB, which SQLite
/// takes as a negative number. Rows are added at the ends of trees, so little is
/// read twice; the usual 2 MiB would fill up over the days.
pub(super) const CACHE: &str = "-512";
/// The write-ahead log is cut back to this many bytes after it was larger.
const WAL_KEPT: &str = "67108864";

/// Who moves the write-ahead log into the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checkpoints {
    /// SQLite, with a commit that finds the log long.
    Itself,
    /// Another connection, so that no commit waits for the disk's disk.
    Elsewhere,
}

impl Checkpoints {
    const fn pragma(self) -> &'static str {
        match self {
            Checkpoints::Itself => sql::CHECKPOINT_WITH_COMMITS,
            Checkpoints::Elsewhere => sql::NO_CHECKPOINT_WITH_COMMITS,
        }
    }
}

/// The writing connection, with what it is set to.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) raw: SqliteConnection,
    checkpoints: Checkpoints,
    /// What the record ends with, as far as this connection knows it.
    pub(super) tail: Option<Tail>,
}

impl Connection {
    /// Sets who moves the log into the database.
    pub(super) async fn set(
        &mut self,
        checkpoints: Checkpoints,
        path: &Path,
    ) -> Result<(), StoreError> {
        if self.checkpoints == checkpoints {
            return Ok(());
        }
        sqlx::query(checkpoints.pragma())
            .execute(&mut self.raw)
            .await
            .map_err(|error| Fault::from(error).at(path))?;
        self.checkpoints = checkpoints;
        Ok(())
    }
}

/// A connection that writes. A commit is in the file for every process when it
/// returns (`synchronous=NORMAL`); that it survives a loss of power takes a sync
/// of the log.
pub(super) async fn connect(
    path: &Path,
    checkpoints: Checkpoints,
) -> Result<Connection, StoreError> {
    let raw = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(timeouts::DATABASE_BUSY)
        .foreign_keys(true)
        .pragma("cache_size", CACHE)
        .pragma("journal_size_limit", WAL_KEPT)
        .synchronous(SqliteSynchronous::Normal)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|error| Fault::from(error).at(path))?;
    let mut connection = Connection {
        raw,
        checkpoints: Checkpoints::Itself,
        tail: None,
    };
    connection.set(checkpoints, path).await?;
    Ok(connection)
}

/// Turns the write-ahead log on; the file stays so. It is done after the file
/// was found to be riskd's, because it changes the file.
pub(super) async fn use_wal(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let mode: String = sqlx::query_scalar(sql::USE_WAL)
        .fetch_one(connection)
        .await
        .map_err(|error| Fault::from(error).at(path))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(Fault::Unreadable(format!("its journal mode stays {mode:?}, not \"wal\"")).at(path))
}

/// Has SQLite open the log, which it does with the first read.
pub(super) async fn first_read(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    sqlx::query(sql::FIRST_READ)
        .fetch_one(connection)
        .await
        .map(drop)
        .map_err(|error| Fault::from(error).at(path))
}
