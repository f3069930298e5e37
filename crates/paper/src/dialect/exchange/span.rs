//! From when to when a log is asked for.

use chrono::{DateTime, TimeDelta, Utc};

/// Both ends are in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

impl Span {
    /// Times are shown and asked for in whole milliseconds.
    pub(crate) fn holds(&self, at: DateTime<Utc>) -> bool {
        let at = at.timestamp_millis();
        self.start.timestamp_millis() <= at && at <= self.end.timestamp_millis()
    }

    /// Whether the end is not before the start, and at most so long after it.
    pub(crate) fn is_at_most(&self, longest: TimeDelta) -> bool {
        self.start <= self.end && self.end.signed_duration_since(self.start) <= longest
    }
}
