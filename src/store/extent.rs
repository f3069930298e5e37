//! How large the record is.

use crate::domain::observation::Timestamp;

/// How large the record is, and how far back it has full detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The file, in bytes.
    pub bytes: u64,
    /// The write-ahead log beside it, in bytes.
    pub log_bytes: u64,
    /// What of the file is free and used again before it grows, in bytes.
    pub free_bytes: u64,
    /// The oldest sample from which on every sample is kept; `None` while there
    /// is none.
    pub full_since: Option<Timestamp>,
}
