//! The files of an open record: the database, the write-ahead log and its
//! index, and whether they are still those that were opened.
//!
//! A file that was removed stays with whoever has it open and is gone with him,
//! so what is written to it is in no record. SQLite does not notice.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::instance::beside;
use crate::locked::Locked;
use crate::store::error::StoreError;

/// What the name of the write-ahead log ends with.
pub(super) const LOG: &str = "-wal";
/// What the name of its index ends with, which is in shared memory.
pub(super) const INDEX: &str = "-shm";

/// Which file a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &std::fs::Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    fn at(path: &Path) -> io::Result<Identity> {
        std::fs::metadata(path).map(|metadata| Identity::of(&metadata))
    }
}

/// The files as they were noted last. Clones share what is noted.
#[derive(Clone, Debug)]
pub(super) struct Files {
    path: PathBuf,
    noted: Arc<Mutex<Noted>>,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    database: Identity,
    /// Those beside it, each `None` while no connection is known to have it.
    log: Option<Identity>,
    index: Option<Identity>,
}

impl Noted {
    fn of(path: &Path) -> Result<Noted, StoreError> {
        let database = Identity::at(path).map_err(|error| StoreError::io(path, error))?;
        Ok(Noted {
            database,
            log: Identity::at(&beside(path, LOG)).ok(),
            index: Identity::at(&beside(path, INDEX)).ok(),
        })
    }
}

/// What is not the file any more that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// The database itself.
    Database,
    /// The file at this path beside it.
    Beside(PathBuf),
}

impl Files {
    /// Notes the files of the record at `path`, which a connection has open.
    pub(super) fn of(path: &Path) -> Result<Files, StoreError> {
        Ok(Files {
            path: path.to_owned(),
            noted: Arc::new(Mutex::new(Noted::of(path)?)),
        })
    }

    /// Notes them anew.
    pub(super) fn note(&self) -> Result<(), StoreError> {
        let noted = Noted::of(&self.path)?;
        *self.noted.locked() = noted;
        Ok(())
    }

    fn noted(&self) -> Noted {
        *self.noted.locked()
    }

    /// Which file is not there any more, or is another one.
    pub(super) fn changed(&self) -> Option<Changed> {
        let noted = self.noted();
        if Identity::at(&self.path).ok() != Some(noted.database) {
            return Some(Changed::Database);
        }
        [(LOG, noted.log), (INDEX, noted.index)]
            .into_iter()
            .find_map(|(suffix, noted)| {
                let path = beside(&self.path, suffix);
                let is_other = noted.is_some() && Identity::at(&path).ok() != noted;
                is_other.then_some(Changed::Beside(path))
            })
    }

    /// The log, and whether this is the one that was noted.
    pub(super) fn is_log(&self, metadata: &std::fs::Metadata) -> bool {
        self.noted().log == Some(Identity::of(metadata))
    }

    /// The database.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
