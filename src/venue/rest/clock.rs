//! How wrong the clock of this machine is, by the `Date` of a venue's answers.
//!
//! Sessions, windows and schedules go by the wall clock, and a machine whose time
//! is not kept may be minutes off without anybody knowing. Every answer over HTTP
//! says what time it is elsewhere (RFC 9110, 6.6.1).

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::observation::Timestamp;

/// The time of day, as the shell tells it.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The precision of the header.
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// How far the clock is ahead for sure, below zero when it is behind; zero when
/// the answer could have been given between `sent` and `received` as the clock
/// has it. `date` is the header's, in whole seconds, and `age` how long a cache
/// has held the answer.
pub(crate) fn clock_error(
    sent: Timestamp,
    received: Timestamp,
    date: Timestamp,
    age: TimeDelta,
) -> TimeDelta {
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

    #[test]
    fn only_what_is_sure_counts() {
        let at = |second: i64| Timestamp::UNIX_EPOCH + TimeDelta::seconds(second);
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
