//! Sessions over holidays, weekends and clock changes.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::{America, Australia, Europe, Pacific, Tz};
use riskd::domain::days::DaySet;
use riskd::domain::observation::Timestamp;
use riskd::domain::session::{Closures, Session, SessionCalendar};

use crate::wall_clock::{at, changes, time, watch};

fn calendar(tz: Tz, open: &str, close: &str, days: &str, closures: &str) -> SessionCalendar {
    try_calendar(tz, open, close, days, closures).unwrap()
}

fn try_calendar(
    tz: Tz,
    open: &str,
    close: &str,
    days: &str,
    closures: &str,
) -> Result<SessionCalendar, String> {
    let days = DaySet::parse(days.split_whitespace()).unwrap();
    let close = (!close.is_empty()).then(|| time(close));
    let closures = Closures::parse(closures).unwrap();
    SessionCalendar::new("globex", tz, time(open), close, days, closures)
        .map_err(|error| error.to_string())
}

fn globex(closures: &str) -> SessionCalendar {
    calendar(America::New_York, "18:00", "17:00", WEEK, closures)
}

/// `date open close next_open`, in the calendar's zone.
fn session_text(calendar: &SessionCalendar, now: &str) -> String {
    let Some(session) = calendar.session_at(at(now)) else {
        return "none".to_owned();
    };
    let wall = |instant: Timestamp| {
        let local = instant.with_timezone(&calendar.timezone());
        local.format("%m-%d %H:%M%z").to_string()
    };
    format!(
        "{}: {} to {}, next {}",
        session.date,
        wall(session.open),
        wall(session.close),
        wall(session.next_open)
    )
}

const WEEK: &str = "mon tue wed thu fri";
const EVERY_DAY: &str = "mon tue wed thu fri sat sun";

#[test]
fn a_session_is_labelled_by_its_trade_date() {
    let friday = "2026-03-06: 03-05 18:00-0500 to 03-06 17:00-0500, next 03-08 18:00-0400";
    let monday = "2026-03-09: 03-08 18:00-0400 to 03-09 17:00-0400, next 03-09 18:00-0400";
    let cases = [
        (
            "2026-03-05T22:59:59Z",
            "2026-03-05: 03-04 18:00-0500 to 03-05 17:00-0500, next 03-05 18:00-0500",
        ),
        ("2026-03-05T23:00:00Z", friday),
        ("2026-03-06T21:59:59Z", friday),
        ("2026-03-06T22:00:00Z", friday),
        ("2026-03-08T21:59:59Z", friday),
        ("2026-03-08T22:00:00Z", monday),
    ];
    for (now, text) in cases {
        assert_eq!(session_text(&globex(""), now), text, "{now}");
    }
    assert!(globex("").is_open(at("2026-03-06T21:59:59Z")));
    assert!(!globex("").is_open(at("2026-03-06T22:00:00Z")));
    assert!(!globex("").is_open(at("2026-03-07T12:00:00Z")));
}

#[test]
fn the_two_times_say_how_a_session_lies() {
    let tz = America::New_York;
    let cases = [
        (
            "09:30",
            "16:00",
            "2026-03-04: 03-04 09:30-0500 to 03-04 16:00-0500, next 03-05 09:30-0500",
        ),
        (
            "17:00",
            "17:00",
            "2026-03-05: 03-04 17:00-0500 to 03-05 17:00-0500, next 03-05 17:00-0500",
        ),
        (
            "00:00",
            "00:00",
            "2026-03-04: 03-04 00:00-0500 to 03-05 00:00-0500, next 03-05 00:00-0500",
        ),
        (
            "09:30",
            "00:00",
            "2026-03-04: 03-04 09:30-0500 to 03-05 00:00-0500, next 03-05 09:30-0500",
        ),
        (
            "00:00",
            "",
            "2026-03-04: 03-04 00:00-0500 to 03-05 00:00-0500, next 03-05 00:00-0500",
        ),
        (
            "11:59",
            "",
            "2026-03-04: 03-04 11:59-0500 to 03-05 11:59-0500, next 03-05 11:59-0500",
        ),
        (
            "12:00",
            "",
            "2026-03-05: 03-04 12:00-0500 to 03-05 12:00-0500, next 03-05 12:00-0500",
        ),
        (
            "18:00",
            "",
            "2026-03-05: 03-04 18:00-0500 to 03-05 18:00-0500, next 03-05 18:00-0500",
        ),
    ];
    for (open, close, text) in cases {
        let calendar = calendar(tz, open, close, EVERY_DAY, "");
        assert_eq!(
            session_text(&calendar, "2026-03-04T23:30:00Z"),
            text,
            "{open} {close}"
        );
    }
}

#[test]
fn closures_take_sessions_away_or_end_them_early() {
    // Good Friday 2026, an early close after Thanksgiving, and Christmas.
    let globex = globex("2026-04-03,\n2026-11-27,13:15\n2026-12-25,\n2026-12-26,\n2026-12-28,");
    let cases = [
        (
            "2026-04-02T23:00:00Z",
            "2026-04-02: 04-01 18:00-0400 to 04-02 17:00-0400, next 04-05 18:00-0400",
        ),
        (
            "2026-11-27T20:00:00Z",
            "2026-11-27: 11-26 18:00-0500 to 11-27 13:15-0500, next 11-29 18:00-0500",
        ),
        (
            "2026-12-26T20:00:00Z",
            "2026-12-24: 12-23 18:00-0500 to 12-24 17:00-0500, next 12-28 18:00-0500",
        ),
    ];
    for (now, text) in cases {
        assert_eq!(session_text(&globex, now), text, "{now}");
        assert!(!globex.is_open(at(now)), "{now}");
    }
    assert!(globex.is_open(at("2026-11-27T18:14:59Z")));
    assert!(!globex.is_open(at("2026-11-27T18:15:00Z")));
}

#[test]
fn without_a_close_a_session_lasts_until_the_next_open() {
    let ftmo = calendar(
        Europe::Prague,
        "00:00",
        "",
        WEEK,
        "2026-03-11,\n2026-03-18,12:00",
    );
    let cases = [
        // Over the weekend too.
        (
            "2026-03-08T12:00:00Z",
            "2026-03-06: 03-06 00:00+0100 to 03-09 00:00+0100, next 03-09 00:00+0100",
            true,
        ),
        // A closed day belongs to the day before it, as closed.
        (
            "2026-03-11T12:00:00Z",
            "2026-03-10: 03-10 00:00+0100 to 03-11 00:00+0100, next 03-12 00:00+0100",
            false,
        ),
        (
            "2026-03-18T12:00:00Z",
            "2026-03-18: 03-18 00:00+0100 to 03-18 12:00+0100, next 03-19 00:00+0100",
            false,
        ),
    ];
    for (now, text, open) in cases {
        assert_eq!(session_text(&ftmo, now), text, "{now}");
        assert_eq!(ftmo.is_open(at(now)), open, "{now}");
    }
}

/// Derived from the clock changes of 2026: the United States change on March 8
/// and November 1, Europe on March 29 and October 25.
#[test]
fn prague_midnight_moves_against_new_york() {
    let ftmo = calendar(Europe::Prague, "00:00", "", EVERY_DAY, "");
    let new_york_hour = |date: &str| {
        let noon = at(&format!("{date}T12:00:00Z"));
        let session = ftmo.session_at(noon).unwrap();
        let open = session.open.with_timezone(&America::New_York);
        open.format("%H:%M").to_string()
    };
    for date in [
        "2026-03-08",
        "2026-03-30",
        "2026-06-15",
        "2026-10-25",
        "2026-11-02",
    ] {
        assert_eq!(new_york_hour(date), "18:00", "{date}");
    }
    for date in ["2026-03-09", "2026-03-29", "2026-10-26", "2026-11-01"] {
        assert_eq!(new_york_hour(date), "19:00", "{date}");
    }
}

#[test]
fn a_session_over_a_clock_change_has_23_or_25_hours() {
    let daily = calendar(America::New_York, "18:00", "", EVERY_DAY, "");
    for (date, hours) in [("2026-03-07", 24), ("2026-03-08", 23), ("2026-11-01", 25)] {
        let session = daily.session_at(at(&format!("{date}T12:00:00Z"))).unwrap();
        assert_eq!(session.date.to_string(), date);
        assert_eq!(
            session.close - session.open,
            TimeDelta::hours(hours),
            "{date}"
        );
    }
}

#[test]
fn a_day_that_does_not_exist_has_no_session_of_its_own() {
    let day = calendar(Pacific::Apia, "09:30", "16:00", EVERY_DAY, "");
    assert_eq!(
        session_text(&day, "2011-12-30T12:00:00Z"),
        "2011-12-29: 12-29 09:30-1000 to 12-29 16:00-1000, next 12-31 09:30+1400"
    );
    let without_close = calendar(Pacific::Apia, "00:00", "", EVERY_DAY, "");
    assert_eq!(
        session_text(&without_close, "2011-12-30T12:00:00Z"),
        "2011-12-31: 12-31 00:00+1400 to 01-01 00:00+1400, next 01-01 00:00+1400"
    );
}

#[test]
fn what_cannot_be_a_calendar_is_refused() {
    let tz = America::New_York;
    let cases = [
        (
            "",
            "",
            "session calendar `globex` has no days; name at least one of mon to sun",
        ),
        (
            WEEK,
            "2026-07-04,13:00",
            "session calendar `globex` closes early on 2026-07-04, which has no session (its days are mon, tue, wed, thu, fri); leave the date out",
        ),
        (
            WEEK,
            "2026-07-03,17:01",
            "session calendar `globex` closes early on 2026-07-03 at 17:01, which is not inside that session; it must lie after 2026-07-02 18:00 and at or before 2026-07-03 17:00",
        ),
    ];
    for (days, closures, message) in cases {
        assert_eq!(
            try_calendar(tz, "18:00", "17:00", days, closures).unwrap_err(),
            message
        );
    }
    assert!(try_calendar(tz, "18:00", "17:00", WEEK, "2026-07-03,17:00\n2026-07-04,").is_ok());
    assert!(try_calendar(tz, "09:30", "16:00", WEEK, "2026-07-03,09:30").is_err());
}

#[test]
fn where_closures_leave_nothing_there_is_no_session() {
    let first: NaiveDate = "2026-01-01".parse().unwrap();
    let years = |count: usize| -> String {
        first
            .iter_days()
            .take(count)
            .map(|date| format!("{date},\n"))
            .collect()
    };
    let long = globex(&years(1200));
    let last = long.session_at(at("2026-01-10T00:00:00Z")).unwrap();
    assert_eq!(last.date.to_string(), "2025-12-31");
    assert_eq!(
        long.session_at(last.next_open - TimeDelta::seconds(1)),
        Some(last)
    );
    assert_eq!(long.session_at(last.next_open), None);
    assert_eq!(long.session_at(at("2027-08-01T00:00:00Z")), None);
    assert!(!long.is_open(at("2027-08-01T00:00:00Z")));
    assert!(long.session_at(at("2029-06-01T00:00:00Z")).is_some());
    // Two months are nothing special.
    let short = globex(&years(60));
    assert_eq!(
        session_text(&short, "2026-02-15T00:00:00Z"),
        "2025-12-31: 12-30 18:00-0500 to 12-31 17:00-0500, next 03-01 18:00-0500"
    );
}

/// A calendar told in wall times only: the greatest reading of a clock decides.
struct Plain {
    open: &'static str,
    close: &'static str,
    /// Days from the open to the trade date, and from there to the close.
    opens_before: i64,
    closes_after: i64,
    days: &'static str,
}

impl Plain {
    /// Trade date, and whether it is open, when the clock has got to `reading`.
    fn read(&self, reading: NaiveDateTime) -> (NaiveDate, bool) {
        let days = DaySet::parse(self.days.split_whitespace()).unwrap();
        let (open, close) = (time(self.open), time(self.close));
        let mut date = reading.date() + TimeDelta::days(self.opens_before);
        loop {
            let opens = (date - TimeDelta::days(self.opens_before)).and_time(open);
            let closes = (date + TimeDelta::days(self.closes_after)).and_time(close);
            if days.contains(date.weekday()) && opens <= reading {
                return (date, reading < closes);
            }
            date -= TimeDelta::days(1);
        }
    }
}

/// Opening times at the edge of, inside and away from the hours that clock
/// changes leave out or repeat.
const PLAIN: [Plain; 4] = [
    Plain {
        open: "18:00",
        close: "17:00",
        opens_before: 1,
        closes_after: 0,
        days: WEEK,
    },
    Plain {
        open: "00:00",
        close: "00:00",
        opens_before: 0,
        closes_after: 1,
        days: EVERY_DAY,
    },
    Plain {
        open: "02:30",
        close: "01:30",
        opens_before: 1,
        closes_after: 0,
        days: EVERY_DAY,
    },
    Plain {
        open: "01:15",
        close: "02:45",
        opens_before: 0,
        closes_after: 0,
        days: EVERY_DAY,
    },
];

const ZONES: [Tz; 5] = [
    America::New_York,
    America::Chicago,
    Europe::London,
    Europe::Prague,
    Australia::Sydney,
];

/// Every minute of the given span, asked as the engine asks: a session is kept
/// until its end, and a fresh answer now and then is the same.
fn check_minutes(calendar: &SessionCalendar, plain: &Plain, from: Timestamp, to: Timestamp) {
    let mut kept: Option<Session> = None;
    for (now, reading) in watch(calendar.timezone(), from, to) {
        let session = match kept {
            Some(session) if session.contains(now) => session,
            previous => {
                let session = calendar.session_at(now).unwrap();
                assert!(previous.is_none_or(|previous| previous.next_open == session.open));
                session
            }
        };
        kept = Some(session);
        if now.timestamp() / 60 % 41 == 0 {
            assert_eq!(calendar.session_at(now), kept, "{now}");
            assert_eq!(calendar.is_open(now), session.is_open_at(now), "{now}");
        }
        let told = (session.date.as_date(), session.is_open_at(now));
        assert_eq!(told, plain.read(reading), "{now} {}", calendar.timezone());
        assert!(session.open < session.close && session.close <= session.next_open);
    }
}

#[test]
fn each_minute_is_in_one_session_or_closed_over_ten_years() {
    for tz in ZONES {
        let years = 2020..2030;
        let changes: Vec<Timestamp> = years.flat_map(|year| changes(tz, year)).collect();
        assert_eq!(changes.len(), 20, "{tz}");
        for plain in PLAIN {
            let calendar = calendar(tz, plain.open, plain.close, plain.days, "");
            for change in &changes {
                let (from, to) = (*change - TimeDelta::hours(9), *change + TimeDelta::hours(9));
                check_minutes(&calendar, &plain, from, to);
            }
            for hours in (0..10 * 365 * 24).step_by(131) {
                let now = at("2020-01-01T00:17:00Z") + TimeDelta::hours(hours);
                let near = changes
                    .iter()
                    .any(|change| (now - *change).abs() < TimeDelta::days(1));
                if near {
                    continue;
                }
                let session = calendar.session_at(now).unwrap();
                let told = (session.date.as_date(), session.is_open_at(now));
                let reading = now.with_timezone(&tz).naive_local();
                assert_eq!(told, plain.read(reading), "{now} {tz}");
            }
        }
    }
}
