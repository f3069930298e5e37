//! The arithmetic of one limit of a venue: exact, and without a clock. Time is an
//! argument: the time since some fixed instant, never going backwards.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::limits::{Limit, Rate};

/// A token is this many parts, so that a nanosecond refills a whole number.
const TOKEN: u64 = 1_000_000_000;

/// What was used of one limit.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) limit: &'static Limit,
    level: Level,
}

#[derive(Clone, Debug)]
enum Level {
    Bucket(TokenBucket),
    Window(RollingCount),
}

impl Meter {
    /// Nothing is used at `now`.
    pub(super) fn new(limit: &'static Limit, now: Duration) -> Meter {
        let level = match limit.rate {
            Rate::Bucket { burst, per_second } => {
                Level::Bucket(TokenBucket::full(burst, per_second, now))
            }
            Rate::Window { most, .. } => Level::Window(RollingCount {
                counted: VecDeque::new(),
                used: 0,
                most,
                span: limit.counted_for(),
            }),
        };
        Meter { limit, level }
    }

    /// Brings what is used to `now`.
    pub(super) fn advance(&mut self, now: Duration) {
        match &mut self.level {
            Level::Bucket(bucket) => bucket.advance(now),
            Level::Window(window) => window.advance(now),
        }
    }

    /// When so much may be taken while `kept` is left alone, if nobody else takes
    /// any before; a time that is over when it may be at once.
    pub(super) fn earliest(&self, weight: u32, kept: u32) -> Duration {
        match &self.level {
            Level::Bucket(bucket) => bucket.earliest(weight, kept),
            Level::Window(window) => window.earliest(weight, kept),
        }
    }

    /// Takes so much, whether it is there or not.
    pub(super) fn take(&mut self, weight: u32, now: Duration) {
        match &mut self.level {
            Level::Bucket(bucket) => bucket.take(weight),
            Level::Window(window) => window.count(weight, now),
        }
    }

    /// How much could be taken at once.
    pub(super) fn left(&self) -> u32 {
        match &self.level {
            Level::Bucket(bucket) => bucket.left(),
            Level::Window(window) => window.most.saturating_sub(window.used),
        }
    }

    /// The venue says that too much was asked. A bucket refills from nothing, as
    /// the venue's own does; a count goes by what was counted.
    pub(super) fn empty(&mut self) {
        if let Level::Bucket(bucket) = &mut self.level {
            bucket.parts = 0;
        }
    }

    /// The venue says that so much is used, by whomever, of what it began to count so
    /// long ago. It is believed where it is more than is known of; a smaller figure may
    /// be from before what is on its way. Says whether it was more.
    pub(super) fn correct(&mut self, used: u32, now: Duration, ago: Duration) -> bool {
        self.advance(now);
        let known = self.limit.size().saturating_sub(self.left());
        let more = used.saturating_sub(known);
        match &mut self.level {
            Level::Bucket(bucket) => bucket.take(more),
            Level::Window(window) => {
                let until = now.saturating_add(window.span).saturating_sub(ago);
                window.count_until(more, until);
            }
        }
        more > 0
    }

    /// Takes out what was sent before this process began or by another one. One is
    /// always left, where one was. What a venue counts for long it says itself.
    pub(super) fn count_earlier(&mut self, requests: u32, now: Duration) {
        let taken = requests.min(self.left().saturating_sub(1));
        match &mut self.level {
            Level::Bucket(bucket) => bucket.count_earlier(requests),
            Level::Window(_) if !self.limit.is_short() => {}
            Level::Window(window) => window.count(taken, now),
        }
    }
}

/// A bucket that refills evenly.
#[derive(Clone, Debug)]
struct TokenBucket {
    parts: u64,
    full: u64,
    per_second: u64,
    filled_at: Duration,
}

impl TokenBucket {
    fn full(burst: u32, per_second: u32, now: Duration) -> TokenBucket {
        let full = TOKEN.saturating_mul(u64::from(burst));
        TokenBucket {
            parts: full,
            full,
            per_second: u64::from(per_second.max(1)),
            filled_at: now,
        }
    }

    fn advance(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.filled_at).as_nanos();
        let refill = u64::try_from(elapsed)
            .unwrap_or(u64::MAX)
            .saturating_mul(self.per_second);
        self.parts = self.parts.saturating_add(refill).min(self.full);
        self.filled_at = self.filled_at.max(now);
    }

    fn earliest(&self, weight: u32, kept: u32) -> Duration {
        let needed = u64::from(weight).saturating_add(u64::from(kept));
        let needed = TOKEN.saturating_mul(needed).min(self.full);
        let missing = needed.saturating_sub(self.parts);
        if missing == 0 {
            return Duration::ZERO;
        }
        let wait = Duration::from_nanos(missing.div_ceil(self.per_second));
        self.filled_at.saturating_add(wait)
    }

    fn take(&mut self, weight: u32) {
        let taken = TOKEN.saturating_mul(u64::from(weight));
        self.parts = self.parts.saturating_sub(taken);
    }

    fn left(&self) -> u32 {
        u32::try_from(self.parts / TOKEN).unwrap_or(u32::MAX)
    }

    fn count_earlier(&mut self, requests: u32) {
        let spent = TOKEN.saturating_mul(u64::from(requests));
        let least = self.parts.min(TOKEN);
        self.parts = self.parts.saturating_sub(spent).max(least);
    }
}

/// A count over a rolling time.
#[derive(Clone, Debug)]
struct RollingCount {
    /// Until when how much is counted, the oldest first.
    counted: VecDeque<(Duration, u32)>,
    used: u32,
    most: u32,
    span: Duration,
}

impl RollingCount {
    fn advance(&mut self, now: Duration) {
        while let Some((_, weight)) = self.counted.pop_front_if(|(until, _)| *until < now) {
            self.used = self.used.saturating_sub(weight);
        }
    }

    fn earliest(&self, weight: u32, kept: u32) -> Duration {
        // Who wants more than there ever is gets all of it.
        let room = self.most.saturating_sub(kept).max(weight.min(self.most));
        let surplus = self.used.saturating_add(weight).saturating_sub(room);
        let mut freed = 0_u32;
        let last = self.counted.iter().find(|(_, weight)| {
            freed = freed.saturating_add(*weight);
            freed >= surplus
        });
        match last.or(self.counted.back()) {
            Some((until, _)) if surplus > 0 => until.saturating_add(Duration::from_nanos(1)),
            _ => Duration::ZERO,
        }
    }

    fn count(&mut self, weight: u32, now: Duration) {
        self.count_until(weight, now.saturating_add(self.span));
    }

    fn count_until(&mut self, weight: u32, until: Duration) {
        if weight > 0 {
            let later = self.counted.partition_point(|(known, _)| *known <= until);
            self.counted.insert(later, (until, weight));
            self.used = self.used.saturating_add(weight);
        }
    }
}
