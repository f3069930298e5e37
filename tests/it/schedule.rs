//! Schedules: POSIX cron fields, wall times and clock changes.

use std::str::FromStr;

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::{America, Australia, Pacific, Tz, UTC};
use proptest::prelude::*;
use riskd::domain::observation::Timestamp;
use riskd::domain::schedule::Schedule;

use crate::wall_clock::{at, changes, watch};

fn schedule(cron: &str, tz: Tz) -> Schedule {
    Schedule::parse(cron, tz).unwrap_or_else(|error| panic!("{cron}: {error}"))
}

/// The first `count` instants after `now`, as wall time with offset.
fn firings(schedule: &Schedule, now: &str, count: usize) -> Vec<String> {
    let mut now = at(now);
    let mut found = Vec::new();
    while let Some(next) = schedule.next(now).filter(|_| found.len() < count) {
        assert_eq!(schedule.latest(next, now), Some(next));
        let wall = next.with_timezone(&schedule.timezone());
        found.push(wall.format("%a %m-%d %H:%M%z").to_string());
        now = next;
    }
    found
}

#[test]
fn weekdays_are_posix() {
    let cases = [
        ("10 15 * * 1-5", "mon tue wed thu fri"),
        ("10 15 * * 5-7", "fri sat sun"),
        ("10 15 * * 0", "sun"),
        ("10 15 * * 7", "sun"),
        ("10 15 * * 0-2", "mon tue sun"),
        ("10 15 * * */2", "tue thu sat sun"),
        ("10 15 * * 1-5/2", "mon wed fri"),
        ("10 15 * * mon-fri/2", "mon wed fri"),
        ("10 15 * * FRI-sun", "fri sat sun"),
        ("10 15 * * sun-tue", "mon tue sun"),
        ("10 15 * * mon,3,Sat", "mon wed sat"),
        ("10 15 * * 0-7", "mon tue wed thu fri sat sun"),
        ("10 15 * * *", "mon tue wed thu fri sat sun"),
    ];
    for (cron, days) in cases {
        // The week starts on Monday 2026-06-01.
        let schedule = schedule(cron, UTC);
        let (mut now, end) = (at("2026-06-01T00:00:00Z"), at("2026-06-08T00:00:00Z"));
        let mut found = Vec::new();
        while let Some(next) = schedule.next(now).filter(|next| *next < end) {
            found.push(next.weekday().to_string().to_lowercase());
            now = next;
        }
        assert_eq!(found.join(" "), days, "{cron}");
    }
}

#[test]
fn each_wall_time_fires_once_over_clock_changes() {
    let spring = "2026-03-07T12:00:00Z";
    let autumn = "2026-10-31T12:00:00Z";
    let cases: [(&str, &str, &[&str]); 6] = [
        (
            "30 2 * * *",
            spring,
            &["Sun 03-08 03:00-0500", "Mon 03-09 02:30-0500"],
        ),
        (
            "0,30 2 * * *",
            spring,
            &[
                "Sun 03-08 03:00-0500",
                "Mon 03-09 02:00-0500",
                "Mon 03-09 02:30-0500",
            ],
        ),
        (
            "30 2,3 * * *",
            spring,
            &[
                "Sun 03-08 03:00-0500",
                "Sun 03-08 03:30-0500",
                "Mon 03-09 02:30-0500",
            ],
        ),
        (
            "30 1 * * *",
            autumn,
            &["Sun 11-01 01:30-0500", "Mon 11-02 01:30-0600"],
        ),
        (
            "*/30 1-2 * * *",
            autumn,
            &[
                "Sun 11-01 01:00-0500",
                "Sun 11-01 01:30-0500",
                "Sun 11-01 02:00-0600",
                "Sun 11-01 02:30-0600",
                "Mon 11-02 01:00-0600",
            ],
        ),
        (
            "10 15 * * 1-5",
            "2026-03-06T12:00:00Z",
            &["Fri 03-06 15:10-0600", "Mon 03-09 15:10-0500"],
        ),
    ];
    for (cron, now, expected) in cases {
        let found = firings(&schedule(cron, America::Chicago), now, expected.len());
        assert_eq!(found, expected, "{cron}");
    }
    let apia = schedule("0 */6 * * *", Pacific::Apia);
    assert_eq!(
        firings(&apia, "2011-12-30T04:00:00Z", 3),
        [
            "Sat 12-31 00:00+1400",
            "Sat 12-31 06:00+1400",
            "Sat 12-31 12:00+1400"
        ]
    );
}

#[test]
fn the_latest_is_the_newest_in_the_span() {
    let close = schedule("10 15 * * 1-5", America::Chicago);
    let cases = [
        ("2026-03-06T21:09:59Z", "2026-03-06T21:00:00Z", None),
        (
            "2026-03-06T21:10:00Z",
            "2026-03-06T21:00:00Z",
            Some("2026-03-06T21:10:00Z"),
        ),
        (
            "2026-03-06T21:19:59Z",
            "2026-03-06T21:09:59Z",
            Some("2026-03-06T21:10:00Z"),
        ),
        ("2026-03-06T21:20:00Z", "2026-03-06T21:10:00Z", None),
        (
            "2026-03-09T12:00:00Z",
            "2026-03-01T00:00:00Z",
            Some("2026-03-06T21:10:00Z"),
        ),
    ];
    for (now, not_before, expected) in cases {
        assert_eq!(
            close.latest(at(now), at(not_before)),
            expected.map(at),
            "{now}"
        );
    }
    // Half past one comes twice; the second time nothing is due, but the first
    // one is still the newest.
    let night = schedule("30 1 * * *", America::Chicago);
    let first = at("2026-11-01T06:30:00Z");
    for now in [
        "2026-11-01T06:30:00Z",
        "2026-11-01T07:10:00.5Z",
        "2026-11-01T07:30:00Z",
    ] {
        assert_eq!(
            night.latest(at(now), at("2026-11-01T06:00:00Z")),
            Some(first),
            "{now}"
        );
        assert_eq!(night.latest(at(now), first), None, "{now}");
        assert_eq!(
            night.next(at(now)),
            Some(at("2026-11-02T07:30:00Z")),
            "{now}"
        );
    }
    // Parts of a second do not make an instant due twice or early.
    assert_eq!(night.next(first - TimeDelta::nanoseconds(1)), Some(first));
    assert_eq!(
        night.latest(
            first - TimeDelta::nanoseconds(1),
            first - TimeDelta::hours(9)
        ),
        None
    );
}

#[test]
fn rare_dates_are_found() {
    let leap = schedule("0 0 29 2 *", UTC);
    assert_eq!(
        leap.next(at("2026-01-01T00:00:00Z")),
        Some(at("2028-02-29T00:00:00Z"))
    );
    assert_eq!(leap.next(at("2096-03-01T00:00:00Z")), None);
    assert_eq!(
        leap.latest(at("2026-01-01T00:00:00Z"), at("2000-01-01T00:00:00Z")),
        Some(at("2024-02-29T00:00:00Z"))
    );
    let last = schedule("0 0 31 * *", UTC);
    assert_eq!(
        last.next(at("2026-01-31T00:00:00Z")),
        Some(at("2026-03-31T00:00:00Z"))
    );
    for (now, next) in [
        ("1900-01-01T00:00:00Z", Some("1970-01-31T00:00:00Z")),
        ("2150-01-01T00:00:00Z", None),
    ] {
        assert_eq!(last.next(at(now)), next.map(at));
    }
    assert_eq!(
        last.latest(at("1950-01-01T00:00:00Z"), Timestamp::MIN_UTC),
        None
    );
    assert_eq!(
        last.latest(at("2150-01-01T00:00:00Z"), Timestamp::MIN_UTC),
        Some(at("2100-12-31T00:00:00Z"))
    );
}

#[test]
fn what_is_no_schedule_is_refused_with_what_would_be_right() {
    let minute = "write 0 to 59";
    let weekday = "write 0 to 7 (0 and 7 are Sunday) or sun to sat";
    let cases = [
        ("", "0 fields; a schedule has five: minute, hour, day of month, month, day of week (no seconds and no year), such as `10 15 * * 1-5`".to_owned()),
        ("0 10 15 * * 1-5", "6 fields; a schedule has five: minute, hour, day of month, month, day of week (no seconds and no year), such as `10 15 * * 1-5`".to_owned()),
        ("@daily", "`@daily` is not a schedule; write five fields, such as `0 0 * * *` for every midnight".to_owned()),
        ("60 15 * * *", format!("minute: `60` is not a value; {minute}")),
        ("-5 15 * * *", format!("minute: `` is not a value; {minute}")),
        ("+5 15 * * *", format!("minute: `+5` is not a value; {minute}")),
        ("15:10 * * * *", format!("minute: `15:10` is not a value; {minute}")),
        ("99999999999999999999 * * * *", format!("minute: `99999999999999999999` is not a value; {minute}")),
        ("0 24 * * *", "hour: `24` is not a value; write 0 to 23".to_owned()),
        ("0 0 0 * *", "day of month: `0` is not a value; write 1 to 31".to_owned()),
        ("0 0 L * *", "day of month: `L` is not a value; write 1 to 31".to_owned()),
        ("0 0 ? * 1", "day of month: `?` is not a value; write 1 to 31".to_owned()),
        ("0 0 * 13 *", "month: `13` is not a value; write 1 to 12 or jan to dec".to_owned()),
        ("0 0 * * 8", format!("day of week: `8` is not a value; {weekday}")),
        ("0 0 * * monday", format!("day of week: `monday` is not a value; {weekday}")),
        ("0 0 * * 1#2", format!("day of week: `1#2` is not a value; {weekday}")),
        ("0 0 * * jan", format!("day of week: `jan` is not a value; {weekday}")),
        ("0 22-2 * * *", "hour: the range `22-2` runs backwards; write `22-23,0-2`".to_owned()),
        ("0 0 * nov-feb *", "month: the range `nov-feb` runs backwards; write `11-12,1-2`".to_owned()),
        ("0 0 * * fri-mon", "day of week: the range `fri-mon` runs backwards; write `5-6,0-1`".to_owned()),
        ("0 0 * * 7-2", "day of week: the range `7-2` runs backwards; write `0-2`".to_owned()),
        ("*/0 * * * *", "minute: `0` is not a step; write a number from 1 to 59".to_owned()),
        ("*/60 * * * *", "minute: `60` is not a step; write a number from 1 to 59".to_owned()),
        ("*/ * * * *", "minute: `` is not a step; write a number from 1 to 59".to_owned()),
        ("5/15 * * * *", "minute: `5/15` has a step without a range; write `5-59/15`".to_owned()),
        ("0,,5 * * * *", "minute: an empty entry in `0,,5`; write values with one comma between two of them".to_owned()),
        ("*,5 * * * *", "minute: `*` in `*,5` is every value already; write it alone".to_owned()),
        ("0 0 1 * 1", "day of month `1` together with day of week `1` means either of them to some and both to others; write `*` for one of the two, and two schedules if you mean either".to_owned()),
        ("0 0 1 * 0-7", "day of month `1` together with day of week `0-7` means either of them to some and both to others; write `*` for one of the two, and two schedules if you mean either".to_owned()),
        ("0 0 30 2 *", "day of month `30` is in none of the months `2`; the schedule would never fire".to_owned()),
        ("0 0 31 feb,apr-jun/2 *", "day of month `31` is in none of the months `feb,apr-jun/2`; the schedule would never fire".to_owned()),
    ];
    for (cron, message) in cases {
        let error = Schedule::parse(cron, UTC).expect_err(cron);
        assert_eq!(error.to_string(), message, "{cron}");
    }
    let longest = format!("{} * * * *", ["1"; 124].join(","));
    assert!(longest.len() <= Schedule::MAX_LENGTH && Schedule::parse(&longest, UTC).is_ok());
    assert!(Schedule::parse(&format!("{longest}         "), UTC).is_err());
    let spaced = schedule("  10  15 *\t* 1-5 ", America::Chicago);
    assert_eq!(spaced.to_string(), "10 15 * * 1-5 America/Chicago");
}

/// Five plain fields, to be read off a clock.
struct Fields {
    minutes: &'static [u32],
    hours: &'static [u32],
}

/// Whether the clock has passed one of the wall times since it showed `last`.
fn passed(fields: &Fields, last: NaiveDateTime, reading: NaiveDateTime) -> bool {
    let mut wall = last + TimeDelta::minutes(1);
    while wall <= reading {
        if fields.minutes.contains(&wall.minute()) && fields.hours.contains(&wall.hour()) {
            return true;
        }
        wall += TimeDelta::minutes(1);
    }
    false
}

#[test]
fn each_minute_around_clock_changes_fires_or_not() {
    let cases = [
        (
            "*/7 * * * *",
            Fields {
                minutes: &[0, 7, 14, 21, 28, 35, 42, 49, 56],
                hours: &[
                    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                    22, 23,
                ],
            },
        ),
        (
            "0,30,45 1-2,23 * * *",
            Fields {
                minutes: &[0, 30, 45],
                hours: &[1, 2, 23],
            },
        ),
        (
            "15 0 * * *",
            Fields {
                minutes: &[15],
                hours: &[0],
            },
        ),
    ];
    let zones = [
        (America::New_York, 2026),
        (America::St_Johns, 2010),
        (America::Havana, 2026),
        (Australia::Lord_Howe, 2026),
        (Pacific::Apia, 2011),
    ];
    for (tz, year) in zones {
        for (cron, fields) in &cases {
            let schedule = schedule(cron, tz);
            for change in changes(tz, year) {
                check_minutes(&schedule, fields, change);
            }
        }
    }
}

fn check_minutes(schedule: &Schedule, fields: &Fields, change: Timestamp) {
    let (from, to) = (change - TimeDelta::hours(5), change + TimeDelta::hours(5));
    let mut last: Option<NaiveDateTime> = None;
    let mut next = schedule.next(from);
    let mut newest = None;
    for (now, reading) in watch(schedule.timezone(), from, to) {
        let fires = last.is_some_and(|last| passed(fields, last, reading));
        let due = next == Some(now);
        assert_eq!(due, fires, "{schedule} {now}");
        if due {
            next = schedule.next(now);
            newest = Some(now);
        }
        if now.timestamp() / 60 % 3 == 0 {
            assert_eq!(schedule.latest(now, from), newest, "{schedule} {now}");
            assert_eq!(schedule.next(now), next, "{schedule} {now}");
        }
        last = Some(reading);
    }
}

/// One field in a random spelling, valid for every one of `greatest`.
fn field(least: u32, greatest: u32) -> impl Strategy<Value = String> {
    let range = (least..=greatest, least..=greatest).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let entry = prop_oneof![
        3 => (least..=greatest).prop_map(|value| value.to_string()),
        2 => range.clone().prop_map(|(a, b)| format!("{a}-{b}")),
        2 => (range, 1..=greatest.min(9)).prop_map(|((a, b), step)| format!("{a}-{b}/{step}")),
        1 => (1..=greatest).prop_map(|step| format!("*/{step}")),
    ];
    prop_oneof![
        2 => Just("*".to_owned()),
        5 => prop::collection::vec(entry, 1..4).prop_map(|entries| entries.join(",")),
    ]
}

fn five_fields() -> impl Strategy<Value = String> {
    let days = prop_oneof![
        (field(1, 31), field(1, 12)).prop_map(|(day, month)| format!("{day} {month} *")),
        (field(1, 12), field(0, 6)).prop_map(|(month, weekday)| format!("* {month} {weekday}")),
    ];
    (field(0, 59), field(0, 23), days)
        .prop_map(|(minute, hour, days)| format!("{minute} {hour} {days}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_utc_schedules_are_those_of_croner(
        cron in five_fields(),
        seconds in 946_684_800_i64..4_000_000_000,
        nanoseconds in prop_oneof![Just(0_u32), 1_u32..1_000_000_000],
    ) {
        let Ok(schedule) = Schedule::parse(&cron, UTC) else {
            // Only dates that no year has may be refused here.
            prop_assert!(cron.ends_with('*'));
            return Ok(());
        };
        let oracle = croner::Cron::from_str(&cron).unwrap();
        let now = Timestamp::from_timestamp(seconds, nanoseconds).unwrap();
        let whole = Timestamp::from_timestamp(seconds, 0).unwrap();
        let newest = oracle.find_previous_occurrence(&whole, true).ok();
        prop_assert_eq!(schedule.latest(now, Timestamp::MIN_UTC), newest);
        let mut after = whole;
        for _ in 0..4 {
            let next = oracle.find_next_occurrence(&after, false).ok();
            let found = schedule.next(if after == whole { now } else { after });
            prop_assert_eq!(found, next);
            let Some(next) = next else { break };
            after = next;
        }
    }

    #[test]
    fn no_text_makes_a_schedule_panic(text in "[-0-9*/,a-z@ ?]{0,40}", seconds in -9_000_000_000_i64..9_000_000_000) {
        if let Ok(schedule) = Schedule::parse(&text, America::New_York) {
            let now = Timestamp::from_timestamp(seconds, 0).unwrap();
            let _ = (schedule.next(now), schedule.latest(now, Timestamp::MIN_UTC));
        }
    }
}
