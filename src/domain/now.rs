//! The present, as the shell hands it to the pure core.

use chrono::TimeDelta;

use super::observation::Timestamp;

/// The present by two clocks.
///
/// Calendars (sessions, windows, schedules, ends of locks) follow the wall
/// clock, which an operator or NTP may set. Waiting (holds, retries, ages)
/// follows the steady clock, which never steps, so that a clock set back by an
/// hour does not put off a retry by an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time of day.
    pub wall: Timestamp,
    /// A clock that began at the wall clock's time and never steps since.
    pub steady: Timestamp,
}

impl Now {
    /// A present in which both clocks agree, as in a replay.
    pub const fn at(time: Timestamp) -> Now {
        Now {
            wall: time,
            steady: time,
        }
    }

    /// How long ago `then` was by the steady clock; never below zero.
    pub fn since(&self, then: Timestamp) -> TimeDelta {
        self.steady
            .signed_duration_since(then)
            .max(TimeDelta::zero())
    }
}
