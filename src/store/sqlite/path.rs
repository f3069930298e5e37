//! The file of a record, before SQLite touches it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::layout;
use crate::store::error::StoreError;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The path with its folder resolved, so that two ways to one file lead to one
/// lock.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    match path.canonicalize() {
        Ok(path) => return Ok(path),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(StoreError::reading(path, error)),
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let no_folder = || StoreError::NoFolder {
        path: path.to_owned(),
    };
    let folder = folder.canonicalize().map_err(|_| no_folder())?;
    path.file_name()
        .map(|name| folder.join(name))
        .ok_or_else(no_folder)
}

/// Makes an empty file that only its owner may read; SQLite gives the files
/// beside it the same mode.
pub(super) fn create_if_missing(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => layout::sync_folder(path).map_err(|error| StoreError::io(path, error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io(path, error)),
    }
}

/// Refuses a file that SQLite did not write before SQLite touches it.
pub(super) fn refuse_other_files(path: &Path) -> Result<(), StoreError> {
    let mut start = Vec::with_capacity(MAGIC.len());
    std::fs::File::open(path)
        .and_then(|file| {
            file.take(u64::try_from(MAGIC.len()).unwrap_or(u64::MAX))
                .read_to_end(&mut start)
        })
        .map_err(|error| StoreError::reading(path, error))?;
    if start.is_empty() || start == MAGIC {
        return Ok(());
    }
    Err(StoreError::Corrupt {
        path: path.to_owned(),
        found: "it does not begin as an SQLite file does".to_owned(),
        locks: None,
    })
}
