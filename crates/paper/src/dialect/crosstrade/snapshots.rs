//! Snapshots that are sent again for a while, as the platform in front of the
//! add-on does with its own.

use chrono::{DateTime, Utc};

use super::reply::Reply;
use crate::sim::clock;

/// The last snapshot, for as long as it is sent again.
#[derive(Debug)]
pub(crate) struct SnapshotCache {
    /// How long; 0 is not at all.
    ms: u64,
    kept: Option<(DateTime<Utc>, Reply)>,
}

impl SnapshotCache {
    pub(crate) fn new(ms: u64) -> SnapshotCache {
        SnapshotCache { ms, kept: None }
    }

    /// The snapshot to send again, and when it was made.
    pub(crate) fn kept(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Reply)> {
        let is_young = |(made, _): &&(DateTime<Utc>, Reply)| now < clock::after(*made, self.ms);
        self.kept.as_ref().filter(is_young).cloned()
    }

    /// Keeps a snapshot that was made now.
    pub(crate) fn keep(&mut self, now: DateTime<Utc>, reply: &Reply) {
        if self.ms > 0 {
            self.kept = Some((now, reply.clone()));
        }
    }
}
