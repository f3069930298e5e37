//! The rate limit: a bucket of 20 requests, refilled with 3 a second
//! (CrossTrade docs, rate limiting page).

use chrono::{DateTime, Utc};

use crate::sim::clock;

/// Requests that a full bucket allows at once.
pub const BURST: u64 = 20;
/// Requests a second that come back.
pub const REFILL_PER_SECOND: u64 = 3;

/// One request, in the millionths of a request that the bucket counts.
const ONE: u64 = 1_000_000;

/// Of a longer silence only the last ten minutes are counted out: by then a
/// bucket has forgotten how it was.
const LONGEST_US: u64 = 600 * 1_000_000;

/// Another program that takes requests out of the bucket, in even steps.
#[derive(Clone, Debug)]
struct Other {
    id: u64,
    every_us: u64,
    next: DateTime<Utc>,
    left: Option<u32>,
    taken: u64,
}

/// The bucket of one token.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    level: u64,
    at: DateTime<Utc>,
    others: Vec<Other>,
}

impl Bucket {
    pub(crate) fn full(now: DateTime<Utc>) -> Bucket {
        Bucket {
            level: BURST * ONE,
            at: now,
            others: Vec::new(),
        }
    }

    /// Lets another program take so many requests a second from now on; `count`
    /// of them when that is given.
    pub(crate) fn add_other(
        &mut self,
        id: u64,
        per_second: u32,
        count: Option<u32>,
        now: DateTime<Utc>,
    ) {
        let every_us = 1_000_000_u64.div_ceil(u64::from(per_second.max(1)));
        self.others.push(Other {
            id,
            every_us,
            next: clock::after_micros(now, every_us),
            left: count,
            taken: 0,
        });
    }

    /// Ends the other program of that number.
    pub(crate) fn remove_other(&mut self, id: u64) {
        self.others.retain(|other| other.id != id);
    }

    /// Ends all other programs.
    pub(crate) fn clear_others(&mut self) {
        self.others.clear();
    }

    /// How many requests the other program of that number got through, and how
    /// many more it will send.
    pub(crate) fn progress(&self, id: u64) -> Option<(u64, Option<u32>)> {
        let other = self.others.iter().find(|other| other.id == id)?;
        Some((other.taken, other.left))
    }

    /// Takes one request, or says after how many seconds to try again.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> Result<(), u64> {
        self.serve_others(now);
        self.refill(now);
        if self.level >= ONE {
            self.level -= ONE;
            return Ok(());
        }
        let missing = ONE - self.level;
        Err(missing.div_ceil(REFILL_PER_SECOND * 1_000_000).max(1))
    }

    fn refill(&mut self, now: DateTime<Utc>) {
        let gained = clock::micros_between(self.at, now).saturating_mul(REFILL_PER_SECOND);
        self.level = self.level.saturating_add(gained).min(BURST * ONE);
        self.at = self.at.max(now);
    }

    /// What the other programs took up to now, each request at its own instant.
    fn serve_others(&mut self, now: DateTime<Utc>) {
        for index in 0..self.others.len() {
            let Some(other) = self.others.get_mut(index) else {
                return;
            };
            let silence = clock::micros_between(other.next, now);
            let skipped = silence.saturating_sub(LONGEST_US) / other.every_us;
            other.next = clock::after_micros(other.next, skipped.saturating_mul(other.every_us));
        }
        while let Some(index) = self.next_other(now) {
            let Some(other) = self.others.get_mut(index) else {
                return;
            };
            let at = other.next;
            other.next = clock::after_micros(at, other.every_us);
            other.left = other.left.map(|left| left.saturating_sub(1));
            self.refill(at);
            if self.level < ONE {
                continue;
            }
            self.level -= ONE;
            if let Some(other) = self.others.get_mut(index) {
                other.taken = other.taken.saturating_add(1);
            }
        }
    }

    /// The other program whose request comes first, of those due by now.
    fn next_other(&self, now: DateTime<Utc>) -> Option<usize> {
        let others = self.others.iter().enumerate();
        others
            .filter(|(_, other)| other.left != Some(0) && other.next <= now)
            .min_by_key(|(_, other)| other.next)
            .map(|(index, _)| index)
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
    fn another_program_takes_its_share() {
        let start = DateTime::UNIX_EPOCH;
        let mut bucket = Bucket::full(start);
        bucket.add_other(1, 2, None, start);
        let mut passed = 0;
        for ms in (0..60_000).step_by(10) {
            passed += u64::from(bucket.take(clock::after(start, ms)).is_ok());
        }
        // The burst and 59.99 s of the refill are shared; the other program
        // gets a part of its 119 attempts only, for the bucket is empty mostly.
        let (taken, _) = bucket.progress(1).unwrap();
        assert_eq!(passed + taken, 20 + 179);
        assert!((40..=119).contains(&taken), "{taken}");
    }

    #[test]
    fn another_program_leaves_one_a_second_to_a_polite_one() {
        let start = DateTime::UNIX_EPOCH;
        let mut bucket = Bucket::full(start);
        bucket.add_other(1, 2, Some(100), start);
        let polite =
            (1..=60).filter(|second| bucket.take(clock::after(start, second * 1000)).is_ok());
        assert_eq!(polite.count(), 60);
        assert_eq!(bucket.progress(1), Some((100, Some(0))));
        bucket.remove_other(1);
        assert_eq!(bucket.progress(1), None);
    }

    #[test]
    fn a_long_silence_is_not_counted_out() {
        let start = DateTime::UNIX_EPOCH;
        let mut bucket = Bucket::full(start);
        bucket.add_other(1, 2, None, start);
        assert!(
            bucket
                .take(clock::after(start, 30 * 24 * 3_600_000))
                .is_ok()
        );
        assert_eq!(bucket.progress(1), Some((1201, None)));
    }

    #[test]
    fn it_says_when_to_come_back() {
        let mut bucket = Bucket::full(DateTime::UNIX_EPOCH);
        while bucket.take(DateTime::UNIX_EPOCH).is_ok() {}
        assert_eq!(bucket.take(DateTime::UNIX_EPOCH), Err(1));
    }
}
