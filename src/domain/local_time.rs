//! Wall time and instants.
//!
//! A clock change leaves out some wall times and repeats others. One meaning
//! holds for sessions, windows, schedules and locks alike: **a local time that
//! does not exist means the first valid minute after the gap; one that comes
//! twice means the first.** So a later wall time never means an earlier
//! instant, and everything built on [`resolve`] keeps its order.

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::Tz;

use super::observation::Timestamp;

/// Years in which wall times are resolved; others are read as UTC, for no
/// zone is defined there and the arithmetic would leave chrono's range.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// No change of a clock leaves out more than a day, and no zone is further
/// than 16 hours from UTC: a wall time is this close to its instant.
const FAR: TimeDelta = TimeDelta::hours(48);

/// The instant at which a clock in `tz` shows `local`.
///
/// A wall time in a gap means the end of the gap (02:30 on a night that goes
/// from 02:00 to 03:00 means 03:00); one that comes twice means the first.
/// Never fails; outside the years 1 to 9999 `local` is read as UTC.
pub fn resolve(tz: Tz, local: NaiveDateTime) -> Timestamp {
    if !YEARS.contains(&local.year()) {
        return local.and_utc();
    }
    match tz.from_local_datetime(&local) {
        MappedLocalTime::Single(only) => only.to_utc(),
        MappedLocalTime::Ambiguous(one, other) => one.min(other).to_utc(),
        MappedLocalTime::None => end_of_gap(tz, local),
    }
}

/// What a clock in `tz` shows at `now`. Outside the years 1 to 9999 it is UTC.
pub fn wall_time(tz: Tz, now: Timestamp) -> NaiveDateTime {
    if !YEARS.contains(&now.year()) {
        return now.naive_utc();
    }
    now.with_timezone(&tz).naive_local()
}

/// The first instant after `now` at which a clock in `tz` shows `time`, or the
/// end of the gap that leaves `time` out.
pub fn next_at(tz: Tz, time: NaiveTime, now: Timestamp) -> Timestamp {
    let today = wall_time(tz, now).date();
    // A clock that goes back over midnight shows a date again, so that two
    // days later is the furthest that is ever needed; the third is a margin.
    (0..=3)
        .filter_map(|days| today.checked_add_days(Days::new(days)))
        .map(|date| resolve(tz, date.and_time(time)))
        .find(|instant| *instant > now)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// `date` moved by `days`, or `None` at the end of chrono's range.
pub(super) fn shifted(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    TimeDelta::try_days(days).and_then(|delta| date.checked_add_signed(delta))
}

/// The first instant after the gap in which `local` lies, found by halving:
/// before it a clock shows less than `local`, from it on more.
fn end_of_gap(tz: Tz, local: NaiveDateTime) -> Timestamp {
    let middle = local.and_utc();
    let mut before = middle.checked_sub_signed(FAR).unwrap_or(middle);
    let mut after = middle.checked_add_signed(FAR).unwrap_or(middle);
    while after - before > TimeDelta::seconds(1) {
        let half = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if wall_time(tz, half) < local {
            before = half;
        } else {
            after = half;
        }
    }
    DateTime::from_timestamp(after.timestamp(), 0).unwrap_or(after)
}
