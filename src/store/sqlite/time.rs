//! Instants as integer milliseconds.

use chrono::{DateTime, Utc};

use super::fault::Fault;
use crate::domain::observation::Timestamp;

/// The millisecond that `at` lies in.
pub(super) fn to_millis(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// The first millisecond that is not before `at`: rounding must not make a
/// lock shorter.
pub(super) fn to_millis_up(at: Timestamp) -> i64 {
    let millis = at.timestamp_millis();
    let has_rest = !at.timestamp_subsec_nanos().is_multiple_of(1_000_000);
    millis.saturating_add(i64::from(has_rest))
}

/// The instant that a column holds.
pub(super) fn from_millis(millis: i64) -> Result<Timestamp, Fault> {
    DateTime::<Utc>::from_timestamp_millis(millis)
        .ok_or_else(|| Fault::Unreadable(format!("{millis} is not a time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_lock_is_rounded_up() {
        let exact = DateTime::<Utc>::from_timestamp(5, 250_000_000).unwrap();
        let over = DateTime::<Utc>::from_timestamp(5, 250_000_001).unwrap();
        assert_eq!((to_millis(exact), to_millis_up(exact)), (5_250, 5_250));
        assert_eq!((to_millis(over), to_millis_up(over)), (5_250, 5_251));
    }

    #[test]
    fn a_column_that_holds_no_time_is_an_error() {
        assert!(from_millis(i64::MAX).is_err());
    }
}
