//! What can go wrong with the record.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the record could not be opened, written or read. Each says which file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder that the file is to be in does not exist.
    #[error("there is no folder for the record {}: create it first", path.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
    },
    /// There is no such record to read.
    #[error("there is no record {}", path.display())]
    NoRecord {
        /// The file.
        path: PathBuf,
    },
    /// The file, or the way to it, is closed to this user.
    #[error(
        "the record {} may not be read by this user: run the command as root or as the service's user, or check the rights on the file and its folder",
        path.display()
    )]
    NotAllowed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another riskd runs on this record.
    #[error("the record {} is in use by another riskd ({holder})", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// The file is not what SQLite wrote.
    #[error(
        "the record {0} is damaged ({found}): stop riskd, move the file away with what lies beside it \
         (`mkdir -p {2}/damaged; mv {0}* {2}/damaged/`) and restore a backup \
         (`cp BACKUP {0}`); without one a start makes a new record, and locks and high-water marks \
         are lost, so check every account by hand; {1}",
        path.display(),
        locks_in_words(locks.as_deref()),
        path.parent().unwrap_or(Path::new(".")).display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// The locks that were in force, in words; `None` when that was not
        /// looked for or cannot be read.
        locks: Option<Vec<String>>,
    },
    /// The file is a database of some other program.
    #[error("{} is a database, but not a record of riskd", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer riskd.
    #[error(
        "the record {} was written by a newer riskd (layout {found}, this one knows {known}): \
         install that version, or restore the copy made before the upgrade",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest layout that this program knows.
        known: i64,
    },
    /// The file has an older layout than this program can read.
    #[error(
        "the record {} has layout {found}, and reading it takes {known}: \
         it is brought up to date when the daemon starts",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The layout that this program reads.
        known: i64,
    },
    /// The layout could not be brought up to date.
    #[error("the record {} cannot be brought up to date", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No space is left.
    #[error("no space is left for the record {}", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file, its folder or its file system cannot be written.
    #[error("the record {} cannot be written: it, its folder or the disk is read-only", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another program holds the file's lock for too long.
    #[error("the record {} is kept busy by another program", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The file was removed or replaced while it was open.
    #[error(
        "the record {} was removed or replaced while riskd was using it: \
         put it back, or restart riskd",
        path.display()
    )]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// A file that SQLite keeps beside the record was removed or replaced while
    /// it was open.
    #[error(
        "{} was removed or replaced while riskd was using it: {}",
        path.display(),
        if *is_saved {
            "what was in it has been moved into the record, which goes on; leave the files beside the record alone"
        } else {
            "what was recorded lately is only in this riskd's memory; do not stop it, and leave the files beside the record alone"
        }
    )]
    ReplacedBeside {
        /// That file.
        path: PathBuf,
        /// Whether all that was committed is in the record all the same.
        is_saved: bool,
    },
    /// The file cannot be read by this user.
    #[error(
        "the record {} cannot be opened: check the rights on the file and its folder",
        path.display()
    )]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file operation failed.
    #[error("a file of the record failed: {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something else that SQLite or its driver says.
    #[error("the record {} failed", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row holds what riskd never writes.
    #[error("the record {} holds a row that cannot be understood: {what}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was found where.
        what: String,
    },
}

impl StoreError {
    /// The error with all its causes in one line.
    pub fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    /// Sorts the error of looking for the file or reading it.
    pub(super) fn reading(path: &Path, source: io::Error) -> StoreError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => StoreError::NoRecord { path },
            io::ErrorKind::PermissionDenied => StoreError::NotAllowed { path, source },
            _ => StoreError::Io { path, source },
        }
    }

    /// Sorts a file operation's error.
    pub(super) fn io(path: &Path, source: io::Error) -> StoreError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                StoreError::DiskFull { path }
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                StoreError::ReadOnly { path }
            }
            _ => StoreError::Io { path, source },
        }
    }
}

fn locks_in_words(locks: Option<&[String]>) -> String {
    match locks {
        None => "which locks were in force is not known".to_owned(),
        Some([]) => "no lock seems to have been in force".to_owned(),
        Some(locks) => format!("locks that were in force: {}", locks.join("; ")),
    }
}

/// Who runs on a record, as its lock file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: Option<u32>,
    /// When it started, as it wrote it (RFC 3339).
    pub since: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.pid, &self.since) {
            (Some(pid), Some(since)) => write!(f, "process {pid}, since {since}"),
            (Some(pid), None) => write!(f, "process {pid}"),
            (None, _) => f.write_str("process unknown"),
        }
    }
}
