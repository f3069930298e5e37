//! How long what is kept, and the walk over what is old.

use crate::domain::observation::Timestamp;
use crate::store::span::SpanLength;

/// Milliseconds of a day of 24 hours.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Samples older than so many days of 24 hours are rolled up into minutes.
    pub samples_days: u32,
    /// Minutes older than so many days are rolled up into hours, which stay.
    pub minutes_days: u32,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            samples_days: 3,
            minutes_days: 90,
        }
    }
}

/// What was deleted once it was rolled up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Samples that are gone.
    pub deleted: u64,
    /// Minutes that are gone.
    pub minutes: u64,
}

/// A walk over what is old, from the oldest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sweep {
    /// Samples from before this are old.
    pub(super) samples_before: i64,
    /// Minutes from before this are old.
    pub(super) minutes_before: i64,
    pub(super) stage: Stage,
}

/// What it goes over now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Samples,
    Minutes,
}

impl Sweep {
    pub(super) fn new(now: Timestamp, retention: Retention) -> Sweep {
        let before = |days: u32| {
            now.timestamp_millis()
                .saturating_sub(i64::from(days).saturating_mul(DAY))
        };
        Sweep {
            samples_before: before(retention.samples_days),
            // Whole hours, so that none is begun anew each time.
            minutes_before: SpanLength::Hour.begin(before(retention.minutes_days)),
            stage: Stage::Samples,
        }
    }
}

/// One step of a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SweepStep {
    /// Samples that are gone.
    pub(super) deleted: u64,
    /// Minutes that are gone.
    pub(super) minutes: u64,
    pub(super) is_last: bool,
}
