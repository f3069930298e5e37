//! A start on a disk that cannot be written.
//!
//! Locks, firings and unfinished work are on that disk and can be read there,
//! but SQLite writes files of its own to read a record that is not settled. So
//! it is copied to where there is room, in memory if possible, and read from
//! the copy. What happens from then on waits in the writer until the record
//! itself can be opened: a full disk must not leave an account unprotected.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::instance::beside;
use crate::store::error::StoreError;

/// The folder of systemd for what need not survive the service.
const RUNTIME_DIRECTORY: &str = "RUNTIME_DIRECTORY";
/// A file system in memory on most systems.
const SHARED_MEMORY: &str = "/dev/shm";

/// A copy of a record; gone when dropped.
#[derive(Debug)]
pub(super) struct Aside {
    folder: PathBuf,
    file: PathBuf,
}

impl Aside {
    /// Copies the record at `path`, which nobody else writes, to the first
    /// folder that takes it.
    pub(super) fn copy(path: &Path) -> io::Result<Aside> {
        let mut failed = io::Error::from(io::ErrorKind::StorageFull);
        for folder in folders() {
            match Aside::copy_to(&folder, path) {
                Ok(aside) => return Ok(aside),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn copy_to(folder: &Path, path: &Path) -> io::Result<Aside> {
        let record = fs::metadata(path)?;
        let folder = folder.join(format!("riskd-{}-{}", record.dev(), record.ino()));
        // Only one riskd has the record, so what lies there under its name was
        // left by one that was killed.
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&folder)?;
        // From here on whatever fails takes the folder away again.
        let aside = Aside {
            file: folder.join("riskd.db"),
            folder,
        };
        copied(path, &aside.file)?;
        let log = beside(path, "-wal");
        if log.exists() {
            copied(&log, &beside(&aside.file, "-wal"))?;
        }
        Ok(aside)
    }

    /// The copy.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), %error, "a copy of the record could not be removed");
        }
    }
}

/// Whether an error may come from a disk that cannot be written, and not from
/// what is on it.
pub(super) fn may_be_the_disk(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::DiskFull { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::CannotOpen { .. }
            | StoreError::Io { .. }
            | StoreError::Database { .. }
    )
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let of_systemd = std::env::var_os(RUNTIME_DIRECTORY)
        .filter(|folders: &OsString| !folders.is_empty())
        .and_then(|folders| std::env::split_paths(&folders).next());
    of_systemd
        .into_iter()
        .chain([PathBuf::from(SHARED_MEMORY), std::env::temp_dir()])
}

fn copied(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    io::copy(&mut from, &mut to).map(drop)
}
