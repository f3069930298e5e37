//! Wall times that do not exist, and those that come twice.

use chrono::{NaiveDateTime, TimeDelta};
use chrono_tz::{TZ_VARIANTS, Tz};
use riskd::domain::local_time::{next_at, resolve, wall_time};

use crate::wall_clock::{at, changes, time};

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

#[test]
fn a_wall_time_means_one_instant() {
    let cases = [
        // Usual times.
        (
            "America/New_York",
            "2026-03-05 18:00",
            "2026-03-05T23:00:00Z",
        ),
        ("UTC", "2026-03-05 18:00", "2026-03-05T18:00:00Z"),
        // An hour that does not exist.
        (
            "America/Chicago",
            "2026-03-08 01:59",
            "2026-03-08T07:59:00Z",
        ),
        (
            "America/Chicago",
            "2026-03-08 02:00",
            "2026-03-08T08:00:00Z",
        ),
        (
            "America/Chicago",
            "2026-03-08 02:30",
            "2026-03-08T08:00:00Z",
        ),
        (
            "America/Chicago",
            "2026-03-08 03:00",
            "2026-03-08T08:00:00Z",
        ),
        (
            "America/Chicago",
            "2026-03-08 03:01",
            "2026-03-08T08:01:00Z",
        ),
        // An hour that comes twice.
        (
            "America/Chicago",
            "2026-11-01 01:00",
            "2026-11-01T06:00:00Z",
        ),
        (
            "America/Chicago",
            "2026-11-01 01:30",
            "2026-11-01T06:30:00Z",
        ),
        (
            "America/Chicago",
            "2026-11-01 02:00",
            "2026-11-01T08:00:00Z",
        ),
        // Half an hour, on Lord Howe.
        (
            "Australia/Lord_Howe",
            "2026-10-04 02:10",
            "2026-10-03T15:30:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2026-10-04 02:30",
            "2026-10-03T15:30:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2026-04-05 01:45",
            "2026-04-04T14:45:00Z",
        ),
        // A day that Samoa left out.
        ("Pacific/Apia", "2011-12-30 00:00", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31 00:00", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-29 23:59", "2011-12-30T09:59:00Z"),
        // Midnight itself is missing.
        ("America/Havana", "2026-03-08 00:00", "2026-03-08T05:00:00Z"),
        ("Africa/Cairo", "2026-04-24 00:30", "2026-04-23T22:00:00Z"),
    ];
    for (zone, local, instant) in cases {
        let tz: Tz = zone.parse().unwrap();
        assert_eq!(resolve(tz, wall(local)), at(instant), "{zone} {local}");
    }
}

#[test]
fn every_change_of_every_zone_keeps_the_order_of_wall_times() {
    for tz in TZ_VARIANTS {
        for year in [1993, 2011, 2026] {
            for change in changes(tz, year) {
                // What a clock shows is never resolved to a later instant, and
                // a later wall time never to an earlier one.
                let mut last = resolve(tz, wall_time(tz, change) - TimeDelta::hours(26));
                for minutes in (-26 * 60..=26 * 60).step_by(30) {
                    let local = wall_time(tz, change) + TimeDelta::minutes(minutes);
                    let instant = resolve(tz, local);
                    assert!(instant >= last, "{tz} {local}");
                    assert!(wall_time(tz, instant) >= local, "{tz} {local}");
                    let before = instant - TimeDelta::minutes(1);
                    assert!(wall_time(tz, before) < local, "{tz} {local}");
                    assert_eq!(instant.timestamp() % 60, 0, "{tz} {local}");
                    last = instant;
                }
            }
        }
    }
}

#[test]
fn the_next_time_of_day_is_after_now() {
    let tz = chrono_tz::America::New_York;
    let cases = [
        ("17:00", "2026-03-05T21:59:59Z", "2026-03-05T22:00:00Z"),
        ("17:00", "2026-03-05T22:00:00Z", "2026-03-06T22:00:00Z"),
        ("02:30", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z"),
        ("02:30", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"),
        ("01:30", "2026-11-01T05:29:00Z", "2026-11-01T05:30:00Z"),
        ("01:30", "2026-11-01T06:00:00Z", "2026-11-02T06:30:00Z"),
    ];
    for (clock, now, next) in cases {
        assert_eq!(
            next_at(tz, time(clock), at(now)),
            at(next),
            "{clock} after {now}"
        );
    }
}

#[test]
fn the_ends_of_time_do_not_panic() {
    for tz in [chrono_tz::Pacific::Apia, chrono_tz::America::New_York] {
        for local in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            assert_eq!(wall_time(tz, resolve(tz, local)), local);
            let _ = next_at(tz, time("12:00"), local.and_utc());
        }
    }
}
