//! The paper venue's time. The core takes time as an argument; this is where
//! the server gets it from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// The longest span a paper setting may name: 30 days, in milliseconds.
const LONGEST_MS: u64 = 30 * 24 * 3600 * 1000;

/// Tells the time to a paper venue.
///
/// Its readings never step back: the system clock is read once, and what
/// follows is that reading plus monotonic time. Wall-clock differences taken
/// from one clock are therefore monotonic differences.
#[derive(Clone)]
pub struct PaperClock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl PaperClock {
    /// The machine's time, read once and carried on by the runtime's monotonic
    /// clock (which a test may pause).
    #[expect(
        clippy::disallowed_methods,
        reason = "a venue has a clock of its own; the daemon does not use it"
    )]
    pub fn system() -> PaperClock {
        let wall = Utc::now();
        let start = tokio::time::Instant::now();
        PaperClock(Arc::new(move || {
            TimeDelta::from_std(start.elapsed())
                .ok()
                .and_then(|elapsed| wall.checked_add_signed(elapsed))
                .unwrap_or(wall)
        }))
    }

    /// A clock that stands still until the returned handle moves it.
    pub fn manual(start: DateTime<Utc>) -> (PaperClock, ManualTime) {
        let time = ManualTime(Arc::new(Mutex::new(start)));
        let read = time.clone();
        (PaperClock(Arc::new(move || read.now())), time)
    }

    /// A clock that reads its time from a function. Readings that step back
    /// are taken as no progress.
    pub fn from_fn(read: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> PaperClock {
        PaperClock(Arc::new(read))
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl fmt::Debug for PaperClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaperClock")
    }
}

/// Moves a manual clock.
#[derive(Clone, Debug)]
pub struct ManualTime(Arc<Mutex<DateTime<Utc>>>);

impl ManualTime {
    /// The time the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward by so many milliseconds.
    pub fn advance_ms(&self, ms: u64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = after(*now, ms);
    }

    /// Sets the clock.
    pub fn set(&self, time: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }
}

/// `time` plus so many milliseconds, at most 30 days.
pub(crate) fn after(time: DateTime<Utc>, ms: u64) -> DateTime<Utc> {
    after_micros(time, ms.min(LONGEST_MS).saturating_mul(1000))
}

/// `time` plus so many microseconds, or the end of time.
pub(crate) fn after_micros(time: DateTime<Utc>, micros: u64) -> DateTime<Utc> {
    i64::try_from(micros)
        .ok()
        .and_then(|micros| time.checked_add_signed(TimeDelta::microseconds(micros)))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Microseconds from `from` to `to`; zero when `to` is earlier.
pub(crate) fn micros_between(from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    to.signed_duration_since(from)
        .num_microseconds()
        .and_then(|micros| u64::try_from(micros).ok())
        .unwrap_or(0)
}
