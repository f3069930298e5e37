//! Locks: spans of time in which an account must stay flat and quiet.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::observation::Timestamp;

/// When a lock ends.
///
/// Ordered by how long it holds: a lock that only a person can end is longer
/// than any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockEnd {
    /// At this instant.
    At(Timestamp),
    /// When a person unlocks the account.
    Manual,
}

impl LockEnd {
    /// Whether the lock is over at `now`.
    pub fn is_over(self, now: Timestamp) -> bool {
        match self {
            LockEnd::At(end) => end <= now,
            LockEnd::Manual => false,
        }
    }
}

impl Ord for LockEnd {
    fn cmp(&self, other: &LockEnd) -> Ordering {
        match (self, other) {
            (LockEnd::Manual, LockEnd::Manual) => Ordering::Equal,
            (LockEnd::Manual, LockEnd::At(_)) => Ordering::Greater,
            (LockEnd::At(_), LockEnd::Manual) => Ordering::Less,
            (LockEnd::At(mine), LockEnd::At(theirs)) => mine.cmp(theirs),
        }
    }
}

impl PartialOrd for LockEnd {
    fn partial_cmp(&self, other: &LockEnd) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for LockEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockEnd::At(end) => write!(f, "until {}", end.format("%Y-%m-%d %H:%M:%S UTC")),
            LockEnd::Manual => f.write_str("until a person unlocks it"),
        }
    }
}

/// What a lock asks of the account while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockKind {
    /// Only orders that reduce exposure may work.
    CloseOnly,
    /// The account must stay flat and quiet.
    Lock,
}

impl LockKind {
    /// The stable name, as in rules and in the record.
    pub const fn name(self) -> &'static str {
        match self {
            LockKind::CloseOnly => "close_only",
            LockKind::Lock => "lock",
        }
    }
}
