//! How wrong the clock of this machine is, by what a venue says of the time.
//!
//! Sessions, windows and schedules go by the wall clock, and a machine whose time
//! is not kept may be minutes off without anybody knowing. Every answer over HTTP
//! says what time it is elsewhere (RFC 9110, 6.6.1). Signed requests carry the time,
//! and a venue refuses those that are too old, and sooner those that are ahead of it.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use crate::domain::observation::Timestamp;
use crate::locked::Locked;

/// The time of day, as the shell tells it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The precision of the header `Date`.
const SECOND: TimeDelta = TimeDelta::seconds(1);
/// The precision of a time that a venue says in milliseconds.
const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

/// What is known of a venue's clock.
#[derive(Debug, Default)]
pub struct VenueClock(Mutex<Known>);

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// How far ours is ahead for sure, by the last answer with a date.
    error: Option<TimeDelta>,
    /// What is added to ours for the venue's.
    offset: TimeDelta,
}

/// When a request left and its answer came, by our clock.
#[derive(Clone, Copy, Debug)]
pub struct AnswerTimes {
    /// When it was sent.
    pub sent: Timestamp,
    /// When the head of the answer was there.
    pub received: Timestamp,
}

impl VenueClock {
    /// Learns from the header `Date` of an answer, which a cache has held for `age`.
    pub fn learn_date(&self, of: AnswerTimes, date: Timestamp, age: TimeDelta) {
        let mut known = self.0.locked();
        known.error = Some(clock_error(of.sent, of.received, date, age));
        known.learn(of, date.checked_add_signed(age).unwrap_or(date), SECOND);
    }

    /// Learns from a time in milliseconds, as an answer's body says it.
    pub fn learn(&self, of: AnswerTimes, venue: Timestamp) {
        self.0.locked().learn(of, venue, MILLISECOND);
    }

    /// How far ours is ahead for sure, below zero when it is behind; `None` when no
    /// answer had a date.
    pub fn error(&self) -> Option<TimeDelta> {
        self.0.locked().error
    }

    /// What time it is at the venue when ours shows `wall`.
    pub fn at(&self, wall: Timestamp) -> Timestamp {
        let offset = self.0.locked().offset;
        wall.checked_add_signed(offset).unwrap_or(wall)
    }
}

impl Known {
    /// The venue's clock showed `venue`, or less than `precision` later, at some time
    /// between sending and receiving. What was known is kept while that allows it:
    /// a finer figure is not lost to a coarser one.
    fn learn(&mut self, of: AnswerTimes, venue: Timestamp, precision: TimeDelta) {
        let least = venue.signed_duration_since(of.received);
        let most = venue.signed_duration_since(of.sent) + precision;
        if self.offset < least || self.offset > most {
            self.offset = least + (most - least) / 2;
        }
    }
}

/// How far the clock is ahead for sure, below zero when it is behind; zero when
/// the answer could have been given between `sent` and `received` as the clock
/// has it. `date` is the header's, in whole seconds, and `age` how long a cache
/// has held the answer.
fn clock_error(sent: Timestamp, received: Timestamp, date: Timestamp, age: TimeDelta) -> TimeDelta {
    let earliest = date.checked_add_signed(age).unwrap_or(date);
    let latest = earliest.checked_add_signed(SECOND).unwrap_or(earliest);
    if received < earliest {
        received.signed_duration_since(earliest)
    } else if sent > latest {
        sent.signed_duration_since(latest)
    } else {
        TimeDelta::zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::milliseconds(millis)
    }

    fn times(sent: i64, received: i64) -> AnswerTimes {
        AnswerTimes {
            sent: at(sent),
            received: at(received),
        }
    }

    /// What the clock is taken to be ahead of zero by, in milliseconds.
    fn offset(clock: &VenueClock) -> i64 {
        clock.at(at(0)).timestamp_millis()
    }

    #[test]
    fn signatures_go_by_the_venues_time() {
        let clock = VenueClock::default();
        assert_eq!((offset(&clock), clock.error()), (0, None));
        // A date that is right within its second.
        clock.learn_date(times(100_900, 100_950), at(100_000), TimeDelta::zero());
        assert_eq!(offset(&clock), 0);
        // A minute behind, to a second.
        clock.learn_date(times(100_000, 100_200), at(160_000), TimeDelta::zero());
        assert_eq!(offset(&clock), 60_400);
        assert_eq!(clock.error(), Some(TimeDelta::milliseconds(-59_800)));
        // To a tenth of one, which the next date does not spoil.
        clock.learn(times(101_000, 101_200), at(161_050));
        assert_eq!(offset(&clock), 59_950);
        clock.learn_date(times(102_000, 102_100), at(162_000), TimeDelta::zero());
        assert_eq!(offset(&clock), 59_950);
        // Somebody sets our clock right.
        clock.learn_date(times(165_000, 165_100), at(165_000), TimeDelta::zero());
        assert_eq!(offset(&clock), 450);
        // A cache has held the answer.
        clock.learn_date(times(170_000, 170_100), at(100_000), TimeDelta::seconds(70));
        assert_eq!(offset(&clock), 450);
    }

    #[test]
    fn only_what_is_sure_counts() {
        let at = |second: i64| at(second * 1000);
        let cases = [
            // Sent, received, date, age; ahead.
            (100, 100, 100, 0, 0),
            // Rounded down to a second.
            (100, 100, 99, 0, 0),
            // It took four seconds.
            (100, 104, 104, 0, 0),
            (100, 104, 100, 0, 0),
            (100, 104, 110, 0, -6),
            (100, 104, 90, 0, 9),
            (100, 104, 90, 10, 0),
            (4_000, 4_001, 400, 0, 3_599),
        ];
        for (sent, received, date, age, ahead) in cases {
            let found = clock_error(at(sent), at(received), at(date), TimeDelta::seconds(age));
            assert_eq!(
                found,
                TimeDelta::seconds(ahead),
                "{sent} {received} {date} {age}"
            );
        }
    }
}
