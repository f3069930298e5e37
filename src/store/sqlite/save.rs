//! What is done when a file beside the database was removed or replaced.
//!
//! The connection that has the file open is the only way to what was committed
//! to it, so that is moved into the database, which is still there, and a new
//! log is begun.

use std::path::PathBuf;

use super::connection::Connection;
use super::disk::release;
use super::fault::Fault;
use super::files::LOG;
use super::instance::beside;
use super::open::Store;
use super::sql;
use crate::store::error::StoreError;

impl Store {
    /// Moves what the open log holds into the database and opens the files
    /// anew. It gives back the error to tell, which says whether that went well;
    /// if not, the connection is kept and the next write tries again.
    pub(super) async fn save(&mut self, mut connection: Connection, path: PathBuf) -> StoreError {
        // It has the old files open too, and would go on with them.
        release(&self.mover).await;
        if let Err(error) = emptied(&mut connection, &path).await {
            tracing::error!(
                path = %path.display(),
                error = error.in_full(),
                "a file beside the record is not the one that is open, and what it held could not be moved into the record"
            );
            self.connection = Some(connection);
            return StoreError::ReplacedBeside {
                path,
                is_saved: false,
            };
        }
        match self.begun_anew(connection).await {
            Ok(connection) => self.connection = Some(connection),
            Err(error) => return error,
        }
        tracing::error!(
            path = %path.display(),
            "a file beside the record was removed or replaced; what it held was moved into the record"
        );
        StoreError::ReplacedBeside {
            path,
            is_saved: true,
        }
    }

    async fn begun_anew(&self, connection: Connection) -> Result<Connection, StoreError> {
        use sqlx::Connection as _;
        let tail = connection.tail;
        let failed = |error| Fault::from(error).at(&self.path);
        connection.raw.close().await.map_err(failed)?;
        self.put_away_other_log()?;
        let mut connection = self.reconnected().await?;
        connection.tail = tail;
        Ok(connection)
    }

    /// A log that somebody put there is of another time, and SQLite would take
    /// it for this record's. Closing removes it, unless somebody reads.
    fn put_away_other_log(&self) -> Result<(), StoreError> {
        let log = beside(&self.path, LOG);
        let is_empty = std::fs::metadata(&log).map_or(true, |found| found.len() == 0);
        if is_empty {
            return Ok(());
        }
        let away = beside(&log, ".foreign");
        std::fs::rename(&log, &away).map_err(|error| StoreError::io(&log, error))
    }
}

/// Moves all that the log holds into the database.
async fn emptied(connection: &mut Connection, path: &std::path::Path) -> Result<(), StoreError> {
    let (busy, _, _): (i64, i64, i64) = sqlx::query_as(sql::EMPTY_LOG)
        .fetch_one(&mut connection.raw)
        .await
        .map_err(|error| Fault::from(error).at(path))?;
    if busy == 0 {
        return Ok(());
    }
    Err(StoreError::Busy {
        path: path.to_owned(),
    })
}
