//! The one place that reads the clocks.
//!
//! The steady clock is the runtime's, which a test may pause, plus the time
//! that the machine slept: Linux stops its monotonic clock while a machine is
//! suspended, and an observation from before is no fresher for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{TimeDelta, Utc};
use rustix::time::{ClockId, Timespec, clock_gettime};
use tokio::time::Instant;

use crate::domain::now::Now;
use crate::domain::observation::Timestamp;

/// What two readings, one after the other, may differ by with no sleep between
/// them, in milliseconds.
const READING_APART_MS: i64 = 50;

/// The clocks of this process.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Origin>);

#[derive(Debug)]
struct Origin {
    wall: Timestamp,
    instant: Instant,
    /// How far the clock that counts sleep was ahead of the one that does not,
    /// in milliseconds.
    ahead_ms: i64,
    /// How long the machine slept since, in milliseconds; it only grows.
    slept_ms: AtomicI64,
}

impl Clock {
    /// Clocks whose steady time begins at the wall time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    pub fn start() -> Clock {
        Clock(Arc::new(Origin {
            wall: Utc::now(),
            instant: Instant::now(),
            ahead_ms: ahead_ms(),
            slept_ms: AtomicI64::new(0),
        }))
    }

    /// The present by both clocks.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    pub fn now(&self) -> Now {
        Now {
            wall: Utc::now(),
            steady: self.steady(),
        }
    }

    /// The present by the steady clock alone.
    pub fn steady(&self) -> Timestamp {
        let ran = Instant::now().saturating_duration_since(self.0.instant);
        let slept = TimeDelta::milliseconds(self.slept_ms());
        TimeDelta::from_std(ran)
            .ok()
            .and_then(|ran| ran.checked_add(&slept))
            .and_then(|passed| self.0.wall.checked_add_signed(passed))
            .unwrap_or(self.0.wall)
    }

    fn slept_ms(&self) -> i64 {
        let measured = ahead_ms().saturating_sub(self.0.ahead_ms);
        let known = self.0.slept_ms.load(Ordering::Relaxed);
        let slept = sleep_of(measured, known);
        // Another thread may have measured more meanwhile.
        self.0
            .slept_ms
            .fetch_max(slept, Ordering::Relaxed)
            .max(slept)
    }
}

/// How long the machine slept, by a measurement and by what was known: what two
/// readings one after the other may differ by is no sleep, and it never shrinks.
const fn sleep_of(measured: i64, known: i64) -> i64 {
    if measured > known.saturating_add(READING_APART_MS) {
        measured
    } else {
        known
    }
}

/// How far the clock that counts the machine's sleep is ahead of the one that
/// does not, in milliseconds.
fn ahead_ms() -> i64 {
    let boot = clock_gettime(ClockId::Boottime);
    let ran = clock_gettime(ClockId::Monotonic);
    milliseconds(boot).saturating_sub(milliseconds(ran))
}

fn milliseconds(time: Timespec) -> i64 {
    time.tv_sec
        .saturating_mul(1_000)
        .saturating_add(time.tv_nsec / 1_000_000)
}

/// The time of day, for those who only need that.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
pub fn wall() -> Timestamp {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sleep_counts_as_sleep() {
        let mut known = 0;
        for (measured, expected) in [
            (1, 0),
            (-1, 0),
            (50, 0),
            (600_000, 600_000),
            (599_999, 600_000),
            (600_050, 600_000),
            (900_000, 900_000),
            (0, 900_000),
        ] {
            known = sleep_of(measured, known);
            assert_eq!(known, expected, "{measured}");
        }
    }

    #[test]
    fn the_steady_clock_never_goes_back() {
        let clock = Clock::start();
        let mut last = clock.steady();
        for _ in 0..10_000 {
            let now = clock.steady();
            assert!(now >= last);
            last = now;
        }
    }
}
