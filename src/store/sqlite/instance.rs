//! One riskd a record.
//!
//! The lock is the kernel's (`flock` on a file beside the database), so it is
//! gone with the process however that ends. What the file says is a courtesy to
//! the second one that tries. The file is never deleted: deleting it would let
//! two processes lock two different files of that name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::domain::observation::Timestamp;
use crate::store::error::{Holder, StoreError};

/// The right to be the only riskd on a record; given back when dropped.
#[derive(Debug)]
pub(super) struct Instance {
    _file: File,
}

impl Instance {
    /// Takes the right for the record at `database`, or says who has it.
    pub(super) fn claim(database: &Path, now: Timestamp) -> Result<Instance, StoreError> {
        let path = beside(database, ".lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            // On a disk that became read-only the lock holds all the same.
            .or_else(|error| File::open(&path).map_err(|_| error))
            .map_err(|error| StoreError::io(&path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    path: database.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(&path, error)),
        }
        // On a full disk the note cannot be written; the lock holds all the same.
        if let Err(error) = note(&mut file, now) {
            tracing::warn!(path = %path.display(), %error, "the lock file could not be written");
        }
        Ok(Instance { _file: file })
    }
}

/// The file whose name is the database's with `suffix` after it.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn note(file: &mut File, now: Timestamp) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let since = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    write!(file, "pid {}\nsince {since}\n", std::process::id())
}

/// Reads the note of whoever has the lock. It may be missing for a moment
/// after the lock was taken.
fn holder(file: &mut File) -> Holder {
    /// Longest note read, in bytes.
    const LONGEST: u64 = 256;
    let mut text = String::new();
    if let Err(error) = file.take(LONGEST).read_to_string(&mut text) {
        tracing::debug!(%error, "the lock file could not be read");
    }
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|value| value.trim().to_owned())
    };
    Holder {
        pid: value("pid ").and_then(|pid| pid.parse().ok()),
        since: value("since "),
    }
}
