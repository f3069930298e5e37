//! The files under the [`Syncer`](crate::store::syncer::Syncer).

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::Mutex;

use super::connection::{Checkpoints, connect, first_read};
use super::fault::Fault;
use super::files::{Changed, Files, LOG};
use super::instance::beside;
use super::sql;
use crate::store::backend::Durable;
use crate::store::error::StoreError;

/// The connection that moves the log into the database. Whoever opens the
/// record's files anew takes it out first: it would go on with the old ones.
pub(super) type Mover = Arc<Mutex<Option<SqliteConnection>>>;

/// The files of a record.
#[derive(Debug)]
pub(in crate::store) struct FilesOfRecord {
    pub(super) files: Files,
    pub(super) mover: Mover,
    /// Whether the last sync of the log failed. The kernel then takes its pages
    /// for written though they are not, and the next sync would succeed without
    /// having done anything.
    pub(super) is_doubtful: bool,
}

impl Durable for FilesOfRecord {
    /// What was committed is in the log, or was moved into the database by
    /// SQLite, which syncs the database before it writes over the log: to sync
    /// the log is enough.
    async fn sync(&mut self) -> Result<(), StoreError> {
        self.check()?;
        if self.is_doubtful {
            // Written once more, to the database this time, which SQLite syncs.
            self.move_all().await?;
        }
        let log = beside(self.files.path(), LOG);
        let files = self.files.clone();
        let syncing = tokio::task::spawn_blocking(move || sync_log(&files, log));
        let synced = syncing.await.unwrap_or_else(|error| {
            let source = io::Error::other(error);
            Err(StoreError::io(self.files.path(), source))
        });
        self.is_doubtful = synced.is_err();
        synced?;
        self.check()
    }

    async fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.check()?;
        self.moved().await.map(drop)
    }

    async fn close(self) {
        release(&self.mover).await;
    }
}

impl FilesOfRecord {
    /// That nothing is acknowledged that lies in a file without a name.
    fn check(&self) -> Result<(), StoreError> {
        match self.files.changed() {
            None => Ok(()),
            Some(Changed::Database) => Err(StoreError::Replaced {
                path: self.files.path().to_owned(),
            }),
            Some(Changed::Beside(path)) => Err(StoreError::ReplacedBeside {
                path,
                is_saved: false,
            }),
        }
    }

    async fn move_all(&self) -> Result<(), StoreError> {
        let (in_log, moved) = self.moved().await?;
        if in_log == moved {
            return Ok(());
        }
        Err(StoreError::Busy {
            path: self.files.path().to_owned(),
        })
    }

    /// Moves what can be moved, and says how many pages the log has and how
    /// many of them are in the database.
    async fn moved(&self) -> Result<(i64, i64), StoreError> {
        let mut mover = self.mover.lock().await;
        let mut connection = match mover.take() {
            Some(connection) => connection,
            None => {
                let mut fresh = connect(self.files.path(), Checkpoints::Elsewhere).await?;
                first_read(&mut fresh.raw, self.files.path()).await?;
                self.check()?;
                fresh.raw
            }
        };
        let moved: (i64, i64, i64) = sqlx::query_as(sql::MOVE_LOG)
            .fetch_one(&mut connection)
            .await
            .map_err(|error| Fault::from(error).at(self.files.path()))?;
        *mover = Some(connection);
        Ok((moved.1, moved.2))
    }
}

/// Closes the connection that moves the log, once it is done.
pub(super) async fn release(mover: &Mover) {
    if let Some(connection) = mover.lock().await.take()
        && let Err(error) = connection.close().await
    {
        tracing::debug!(%error, "a connection could not be closed in order");
    }
}

fn sync_log(files: &Files, log: PathBuf) -> Result<(), StoreError> {
    let failed = |error| StoreError::io(&log, error);
    let file = File::open(&log).map_err(failed)?;
    if !files.is_log(&file.metadata().map_err(failed)?) {
        return Err(StoreError::ReplacedBeside {
            path: log,
            is_saved: false,
        });
    }
    file.sync_data().map_err(failed)
}
