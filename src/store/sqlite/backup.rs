//! A copy of the record, made while it may be written.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::Connection as _;

use super::fault::Fault;
use super::instance::beside;
use super::layout::sync_folder;
use super::read::Reader;
use super::sql;
use crate::store::error::StoreError;
use crate::store::finding::Verification;

/// A copy that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// What a look at the whole of it found.
    pub verification: Verification,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file of that name already.
    #[error("{} is there already, and is not overwritten: name another file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("the backup {} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The record could not be copied.
    #[error("the record could not be copied to {}", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<StoreError>,
    },
}

impl Reader {
    /// Copies the record as it is now into a new file of mode 0600, compact and
    /// in one piece, and verifies the copy. Whoever writes the record goes on
    /// meanwhile; its write-ahead log grows until the copy is made.
    ///
    /// # Errors
    /// [`BackupError`]; nothing is left behind under the name then.
    pub async fn backup(&self, to: &Path) -> Result<Backup, BackupError> {
        let part = beside(to, ".part");
        // The name is taken before the work begins and filled when it is done,
        // so that no other file is ever overwritten, and none that is there
        // under the name and not empty is less than whole.
        reserve(to)?;
        let made = self.fill(to, &part).await;
        if made.is_err() {
            for left in [&part, to] {
                if let Err(error) = std::fs::remove_file(left) {
                    tracing::debug!(path = %left.display(), %error, "nothing to remove");
                }
            }
        }
        made
    }

    async fn fill(&self, to: &Path, part: &Path) -> Result<Backup, BackupError> {
        let write = |source| BackupError::Write {
            path: to.to_owned(),
            source,
        };
        let copy = |source| BackupError::Copy {
            path: to.to_owned(),
            source: Box::new(source),
        };
        // SQLite writes into an empty file that is there, and so keeps its mode.
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(part)
            .map_err(write)?;
        self.copy_into(part).await.map_err(copy)?;
        File::open(part)
            .and_then(|file| file.sync_all())
            .map_err(write)?;
        let reader = Reader::open(part).await.map_err(copy)?;
        let verification = reader.verify(None).await;
        reader.close().await;
        let verification = verification.map_err(copy)?;
        let bytes = std::fs::metadata(part).map_err(write)?.len();
        std::fs::rename(part, to)
            .and_then(|()| sync_folder(&absolute(to)))
            .map_err(write)?;
        Ok(Backup {
            path: to.to_owned(),
            bytes,
            verification,
        })
    }

    async fn copy_into(&self, part: &Path) -> Result<(), StoreError> {
        let mut connection = self.connect_alone().await?;
        let copied = sqlx::query(sql::COPY_INTO)
            .bind(part.to_string_lossy().into_owned())
            .execute(&mut connection)
            .await;
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "a reading connection could not be closed in order");
        }
        match copied {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::from(error).at(&self.path)),
        }
    }
}

fn reserve(to: &Path) -> Result<(), BackupError> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(BackupError::Exists {
            path: to.to_owned(),
        }),
        Err(source) => Err(BackupError::Write {
            path: to.to_owned(),
            source,
        }),
    }
}

/// The path with a folder in it, whose entry can be synced.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
