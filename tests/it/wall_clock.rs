//! A second, plain formulation of wall time, to judge the first one by: a
//! clock is watched minute by minute, and its greatest reading so far decides
//! what has come.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use riskd::domain::observation::Timestamp;

/// An instant from RFC 3339.
pub(crate) fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text)
        .expect(text)
        .with_timezone(&Utc)
}

/// A time of day from `HH:MM`.
pub(crate) fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").expect(text)
}

/// Each minute from `start` up to `end` with the greatest reading of a clock
/// in `tz` so far. The watch begins two days earlier.
pub(crate) fn watch(
    tz: Tz,
    start: Timestamp,
    end: Timestamp,
) -> impl Iterator<Item = (Timestamp, NaiveDateTime)> {
    let mut now = start - TimeDelta::days(2);
    let mut greatest = NaiveDateTime::MIN;
    std::iter::from_fn(move || {
        let this = now;
        greatest = greatest.max(this.with_timezone(&tz).naive_local());
        now += TimeDelta::minutes(1);
        (this < end).then_some((this, greatest))
    })
    .filter(move |(now, _)| *now >= start)
}

/// The instants of a year, to the minute, from which on a clock in `tz` has
/// another offset.
pub(crate) fn changes(tz: Tz, year: i32) -> Vec<Timestamp> {
    use chrono::{Offset, TimeZone};
    let offset = |now: Timestamp| tz.offset_from_utc_datetime(&now.naive_utc()).fix();
    let first = at(&format!("{year}-01-01T00:00:00Z"));
    let mut found = Vec::new();
    for day in 0..366 {
        let mut before = first + TimeDelta::days(day);
        let mut after = before + TimeDelta::days(1);
        if offset(before) == offset(after) {
            continue;
        }
        while after - before > TimeDelta::minutes(1) {
            let half = before + TimeDelta::minutes((after - before).num_minutes() / 2);
            if offset(half) == offset(after) {
                after = half;
            } else {
                before = half;
            }
        }
        found.push(after);
    }
    found
}
