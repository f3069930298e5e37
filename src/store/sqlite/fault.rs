//! What SQLite says, sorted.

use std::path::Path;

use sqlx::migrate::MigrateError;

use crate::store::error::StoreError;

/// What went wrong, before it is known in which file.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite or its driver says so.
    Sql(sqlx::Error),
    /// A row holds what riskd never writes.
    Unreadable(String),
}

impl Fault {
    /// The fault as an error that names its file.
    pub(super) fn at(self, path: &Path) -> StoreError {
        match self {
            Fault::Sql(error) => sorted(path, error),
            Fault::Unreadable(what) => StoreError::Unreadable {
                path: path.to_owned(),
                what,
            },
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Fault {
        Fault::Sql(error)
    }
}

/// Sorts a migration's error.
pub(super) fn migration(path: &Path, error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
            if primary_code(&error).is_some_and(|code| code != codes::ERROR) =>
        {
            sorted(path, error)
        }
        error => StoreError::Migration {
            path: path.to_owned(),
            source: Box::new(error),
        },
    }
}

/// Whether SQLite refused one row for what is in it; the transaction goes on.
pub(super) fn is_about_the_row(error: &sqlx::Error) -> bool {
    matches!(
        primary_code(error),
        Some(codes::CONSTRAINT | codes::MISMATCH | codes::TOOBIG)
    )
}

/// Primary result codes, <https://www.sqlite.org/rescode.html>.
mod codes {
    pub(super) const ERROR: i32 = 1;
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const TOOBIG: i32 = 18;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const MISMATCH: i32 = 20;
    pub(super) const NOTADB: i32 = 26;
    /// `SQLITE_IOERR_SHMSIZE`: the shared-memory file could not grow, which on
    /// a full disk happens before anything else does.
    pub(super) const IOERR_SHMSIZE: i32 = 10 | (19 << 8);
}

/// The extended result code that SQLite gave, if it was SQLite that failed.
fn extended_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    extended_code(error).map(|code| code & 0xff)
}

fn sorted(path: &Path, error: sqlx::Error) -> StoreError {
    if let sqlx::Error::ColumnDecode { index, source } = &error {
        return StoreError::Unreadable {
            path: path.to_owned(),
            what: format!("column {index}: {source}"),
        };
    }
    let found = error
        .as_database_error()
        .map(|database| database.message().to_owned());
    let path = path.to_owned();
    if extended_code(&error) == Some(codes::IOERR_SHMSIZE) {
        return StoreError::DiskFull { path };
    }
    match primary_code(&error) {
        Some(codes::FULL) => StoreError::DiskFull { path },
        Some(codes::READONLY) => StoreError::ReadOnly { path },
        Some(codes::BUSY | codes::LOCKED) => StoreError::Busy { path },
        Some(codes::CORRUPT | codes::NOTADB) => StoreError::Corrupt {
            path,
            found: found.unwrap_or_default(),
            locks: None,
        },
        Some(codes::CANTOPEN) => StoreError::CannotOpen {
            path,
            source: Box::new(error),
        },
        _ => StoreError::Database {
            path,
            source: Box::new(error),
        },
    }
}
