//! Whether a snapshot is news, by the epoch that the venue stamps on it.
//!
//! The venue may answer a poll from a cache, and goes on answering with the
//! last snapshot when the platform behind it hangs. The stamp comes from the
//! clock of the user's PC, which may be wrong or be set; so what counts is that
//! it advances, and the local clock is asked only about the very first one.

use std::time::Duration;

use tokio::time::Instant;

/// A snapshot whose stamp stays the same for longer is frozen. Snapshots may be
/// cached for 3 s (notes on the newest CrossTrade docs).
pub(super) const UNCHANGED_LIMIT: Duration = Duration::from_secs(5);
/// A first stamp that differs more than this from the local clock proves
/// nothing until it has advanced.
const FIRST_SKEW_LIMIT_MS: u64 = 10_000;
/// Stamps below are seconds, others milliseconds.
const SECONDS_BELOW: i64 = 100_000_000_000;
/// After the stamp went back, this many advancing ones in a row are believed.
const ADVANCES_AFTER_STEP_BACK: u8 = 3;

/// What is remembered of the stamps seen.
#[derive(Debug, Default)]
pub(super) struct Freshness(Option<Stamps>);

#[derive(Debug)]
struct Stamps {
    /// The newest stamp that was believed, in milliseconds.
    newest: i64,
    /// The stamp seen last.
    last: i64,
    /// When the believed stamp advanced.
    advanced_at: Instant,
    /// Whether the stamps are known to be live.
    live: bool,
    /// Advancing stamps in a row below the newest.
    advances: u8,
}

/// How a snapshot that is not stale lies to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fresh {
    /// It is a new one.
    New,
    /// It is the same one again, as from a cache: it confirms nothing.
    Repeated,
}

/// Why a snapshot is no news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// The stamp has not changed for too long.
    Unchanged,
    /// The first stamp is far from the local clock and has not advanced yet.
    Untried,
    /// The stamp went back.
    Backwards,
}

impl Stale {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Stale::Unchanged => "the snapshot's epoch has not changed for more than 5 s",
            Stale::Untried => {
                "the first snapshot's epoch is more than 10 s off the local clock and has not advanced yet"
            }
            Stale::Backwards => "the snapshot's epoch went back",
        }
    }
}

/// The stamp in milliseconds; `None` when it cannot be one.
pub(super) fn milliseconds(epoch: i64) -> Option<i64> {
    match epoch {
        ..=0 => None,
        seconds if seconds < SECONDS_BELOW => seconds.checked_mul(1000),
        milliseconds => Some(milliseconds),
    }
}

impl Freshness {
    /// Judges a snapshot stamped `epoch` (milliseconds) that arrived at `now`,
    /// when the local clock showed `wall` (milliseconds).
    ///
    /// # Errors
    /// When it may be old.
    pub(super) fn judge(&mut self, epoch: i64, wall: i64, now: Instant) -> Result<Fresh, Stale> {
        match &mut self.0 {
            Some(seen) => seen.judge(epoch, now),
            None => {
                let live = epoch.abs_diff(wall) <= FIRST_SKEW_LIMIT_MS;
                self.0 = Some(Stamps {
                    newest: epoch,
                    last: epoch,
                    advanced_at: now,
                    live,
                    advances: 0,
                });
                if live {
                    Ok(Fresh::New)
                } else {
                    Err(Stale::Untried)
                }
            }
        }
    }
}

impl Stamps {
    fn judge(&mut self, epoch: i64, now: Instant) -> Result<Fresh, Stale> {
        let before = std::mem::replace(&mut self.last, epoch);
        if epoch > self.newest {
            self.believe(epoch, now);
            return Ok(Fresh::New);
        }
        if epoch == self.newest {
            self.advances = 0;
            return self.unchanged(now);
        }
        self.advances = match epoch.cmp(&before) {
            std::cmp::Ordering::Greater => self.advances.saturating_add(1),
            std::cmp::Ordering::Equal => self.advances,
            std::cmp::Ordering::Less => 0,
        };
        if self.advances >= ADVANCES_AFTER_STEP_BACK {
            self.believe(epoch, now);
            return Ok(Fresh::New);
        }
        Err(Stale::Backwards)
    }

    fn believe(&mut self, epoch: i64, now: Instant) {
        self.newest = epoch;
        self.advanced_at = now;
        self.live = true;
        self.advances = 0;
    }

    fn unchanged(&self, now: Instant) -> Result<Fresh, Stale> {
        if !self.live {
            return Err(Stale::Untried);
        }
        if now.saturating_duration_since(self.advanced_at) > UNCHANGED_LIMIT {
            return Err(Stale::Unchanged);
        }
        Ok(Fresh::Repeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: i64 = 1_741_618_393_090;

    /// Feeds stamps relative to the local clock's start, each with the second
    /// at which it arrives.
    fn check(stamps: &[(i64, u64, Result<Fresh, Stale>)]) {
        let start = Instant::now();
        let mut freshness = Freshness::default();
        for (offset, second, expected) in stamps {
            let now = start + Duration::from_secs(*second);
            let wall = WALL + i64::try_from(second * 1000).unwrap();
            assert_eq!(
                freshness.judge(WALL + offset, wall, now),
                *expected,
                "stamp {offset} at {second} s"
            );
        }
    }

    #[test]
    fn a_cached_snapshot_is_news_for_five_seconds() {
        check(&[
            (-500, 0, Ok(Fresh::New)),
            (-500, 3, Ok(Fresh::Repeated)),
            (-500, 5, Ok(Fresh::Repeated)),
            (-500, 6, Err(Stale::Unchanged)),
            (-500, 600, Err(Stale::Unchanged)),
            (600_000, 601, Ok(Fresh::New)),
            (600_000, 606, Ok(Fresh::Repeated)),
            (600_000, 607, Err(Stale::Unchanged)),
        ]);
    }

    #[test]
    fn a_first_stamp_far_from_the_clock_must_advance_once() {
        check(&[
            (-10_001, 0, Err(Stale::Untried)),
            (-10_001, 1, Err(Stale::Untried)),
            (-9_000, 2, Ok(Fresh::New)),
            (-9_000, 3, Ok(Fresh::Repeated)),
        ]);
        check(&[
            (3_600_000, 0, Err(Stale::Untried)),
            (3_601_000, 1, Ok(Fresh::New)),
        ]);
        check(&[(-10_000, 0, Ok(Fresh::New))]);
    }

    #[test]
    fn a_step_back_is_believed_after_three_advances() {
        check(&[
            (0, 0, Ok(Fresh::New)),
            (-3_600_000, 1, Err(Stale::Backwards)),
            (-3_599_000, 2, Err(Stale::Backwards)),
            (-3_599_000, 3, Err(Stale::Backwards)),
            (-3_598_000, 4, Err(Stale::Backwards)),
            (-3_597_000, 5, Ok(Fresh::New)),
            (-3_596_000, 6, Ok(Fresh::New)),
        ]);
    }

    #[test]
    fn a_step_back_ends_when_the_newest_is_passed() {
        check(&[
            (0, 0, Ok(Fresh::New)),
            (-2000, 1, Err(Stale::Backwards)),
            (-1000, 2, Err(Stale::Backwards)),
            (1, 3, Ok(Fresh::New)),
            // Going back again begins anew.
            (-1000, 4, Err(Stale::Backwards)),
            (-900, 5, Err(Stale::Backwards)),
            (-950, 6, Err(Stale::Backwards)),
            (-940, 7, Err(Stale::Backwards)),
            (-930, 8, Err(Stale::Backwards)),
            (-920, 9, Ok(Fresh::New)),
        ]);
    }

    #[test]
    fn one_absurd_stamp_does_not_blind_for_ever() {
        check(&[
            (0, 0, Ok(Fresh::New)),
            (3_000_000_000_000, 1, Ok(Fresh::New)),
            (2000, 2, Err(Stale::Backwards)),
            (3000, 3, Err(Stale::Backwards)),
            (4000, 4, Err(Stale::Backwards)),
            (5000, 5, Ok(Fresh::New)),
        ]);
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart_by_size() {
        assert_eq!(milliseconds(1_741_618_393), Some(1_741_618_393_000));
        assert_eq!(milliseconds(1_741_618_393_090), Some(1_741_618_393_090));
        assert_eq!(milliseconds(0), None);
        assert_eq!(milliseconds(-1), None);
    }
}
