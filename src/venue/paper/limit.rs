//! The rate limit: a bucket of 20 requests, refilled with 3 a second
//! (CrossTrade docs, rate limiting page).

use chrono::{DateTime, Utc};

use super::clock;

/// Requests that a full bucket allows at once.
pub const BURST: u64 = 20;
/// Requests a second that come back.
pub const REFILL_PER_SECOND: u64 = 3;

/// One request, in the millionths of a request that the bucket counts.
const ONE: u64 = 1_000_000;

/// The bucket of one token.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    level: u64,
    at: DateTime<Utc>,
}

impl Bucket {
    pub(crate) fn full(now: DateTime<Utc>) -> Bucket {
        Bucket {
            level: BURST * ONE,
            at: now,
        }
    }

    /// Takes one request, or says after how many seconds to try again.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> Result<(), u64> {
        let gained = clock::micros_between(self.at, now).saturating_mul(REFILL_PER_SECOND);
        self.level = self.level.saturating_add(gained).min(BURST * ONE);
        self.at = self.at.max(now);
        if self.level >= ONE {
            self.level -= ONE;
            return Ok(());
        }
        let missing = ONE - self.level;
        Err(missing.div_ceil(REFILL_PER_SECOND * 1_000_000).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests at these milliseconds, and how many of them pass.
    fn check(times_ms: impl IntoIterator<Item = u64>, expected: usize) {
        let start = DateTime::UNIX_EPOCH;
        let mut bucket = Bucket::full(start);
        let passed = times_ms
            .into_iter()
            .filter(|ms| bucket.take(clock::after(start, *ms)).is_ok())
            .count();
        assert_eq!(passed, expected);
    }

    #[test]
    fn twenty_at_once_then_three_a_second() {
        check([0; 30], 20);
        check((0..30).map(|n| if n < 20 { 0 } else { 1000 }), 23);
        check([[0; 20].as_slice(), &[333, 334, 666, 667]].concat(), 22);
    }

    #[test]
    fn a_minute_allows_the_burst_and_the_refill() {
        check((0..6000).map(|n| n * 10), 20 + 179);
    }

    #[test]
    fn an_empty_bucket_is_full_after_seven_seconds() {
        check((0..60).map(|n| if n < 30 { 0 } else { 6_667 }), 40);
    }

    #[test]
    fn it_says_when_to_come_back() {
        let mut bucket = Bucket::full(DateTime::UNIX_EPOCH);
        while bucket.take(DateTime::UNIX_EPOCH).is_ok() {}
        assert_eq!(bucket.take(DateTime::UNIX_EPOCH), Err(1));
    }
}
