//! Windows of wall time.

use chrono::{Datelike, NaiveDateTime, TimeDelta};
use chrono_tz::{America, Australia, Europe, Pacific, Tz, UTC};
use riskd::domain::days::DaySet;
use riskd::domain::time_of_day::TimeOfDay;
use riskd::domain::window::{Window, WindowError, WindowReading, read_any};

use crate::wall_clock::{at, changes, watch};

fn clock(text: &str) -> TimeOfDay {
    text.parse().unwrap()
}

fn window(days: &str, from: &str, to: &str, tz: Tz) -> Window {
    let days = DaySet::parse(days.split_whitespace()).unwrap();
    Window::new(days, clock(from), clock(to), tz).unwrap()
}

const WEEK: &str = "mon tue wed thu fri";
const EVERY_DAY: &str = "mon tue wed thu fri sat sun";

#[test]
fn the_start_is_inside_and_the_end_is_not() {
    // Trading hours that start Sunday to Thursday at 18:00 in New York.
    let hours = window("sun mon tue wed thu", "18:00", "16:55", America::New_York);
    let cases = [
        ("2026-03-05T22:59:59Z", false, "2026-03-05T23:00:00Z"),
        ("2026-03-05T23:00:00Z", true, "2026-03-06T21:55:00Z"),
        ("2026-03-06T05:00:00Z", true, "2026-03-06T21:55:00Z"),
        ("2026-03-06T21:54:59Z", true, "2026-03-06T21:55:00Z"),
        // Over the weekend, and over the clock change.
        ("2026-03-06T21:55:00Z", false, "2026-03-08T22:00:00Z"),
        ("2026-03-08T22:00:00Z", true, "2026-03-09T20:55:00Z"),
    ];
    for (now, inside, until) in cases {
        let until = at(until);
        assert_eq!(
            hours.read(at(now)),
            WindowReading { inside, until },
            "{now}"
        );
    }
}

#[test]
fn ends_follow_the_clock_changes() {
    let tz = America::Chicago;
    let cases = [
        // A start in the gap is its end; a window inside the gap is not.
        (
            "02:30",
            "04:00",
            "2026-03-08T07:00:00Z",
            false,
            "2026-03-08T08:00:00Z",
        ),
        (
            "02:30",
            "04:00",
            "2026-03-08T08:00:00Z",
            true,
            "2026-03-08T09:00:00Z",
        ),
        (
            "02:10",
            "02:50",
            "2026-03-08T07:00:00Z",
            false,
            "2026-03-09T07:10:00Z",
        ),
        (
            "01:00",
            "02:30",
            "2026-03-08T07:30:00Z",
            true,
            "2026-03-08T08:00:00Z",
        ),
        // What comes twice counts the first time.
        (
            "01:30",
            "01:45",
            "2026-11-01T06:30:00Z",
            true,
            "2026-11-01T06:45:00Z",
        ),
        (
            "01:30",
            "01:45",
            "2026-11-01T07:30:00Z",
            false,
            "2026-11-02T07:30:00Z",
        ),
        (
            "01:30",
            "02:00",
            "2026-11-01T07:15:00Z",
            true,
            "2026-11-01T08:00:00Z",
        ),
        (
            "00:00",
            "24:00",
            "2026-11-01T07:15:00Z",
            true,
            "2026-11-02T06:00:00Z",
        ),
        (
            "22:00",
            "24:00",
            "2026-11-01T05:00:00Z",
            false,
            "2026-11-02T04:00:00Z",
        ),
    ];
    for (from, to, now, inside, until) in cases {
        let reading = window(EVERY_DAY, from, to, tz).read(at(now));
        let until = at(until);
        assert_eq!(
            reading,
            WindowReading { inside, until },
            "{from} {to} {now}"
        );
    }
}

#[test]
fn what_cannot_be_a_window_is_refused() {
    let refused = |days, from, to| Window::new(days, clock(from), clock(to), UTC).unwrap_err();
    assert_eq!(refused(DaySet::NONE, "09:00", "10:00"), WindowError::NoDays);
    assert_eq!(
        refused(DaySet::ALL, "24:00", "10:00"),
        WindowError::StartsAtEndOfDay
    );
    assert_eq!(
        refused(DaySet::ALL, "09:00", "09:00").to_string(),
        "a window from 09:00 to 09:00 could be empty or a whole day; for a whole day write 00:00 to 24:00"
    );
    assert_eq!(
        refused(DaySet::ALL, "00:00", "00:00"),
        WindowError::StartIsEnd(TimeOfDay::MIDNIGHT)
    );
    let whole = window("mon", "00:00", "24:00", UTC);
    assert_eq!(whole.to_string(), "mon 00:00 to 24:00 UTC");
}

#[test]
fn several_windows_are_one_answer() {
    let windows = [
        window("thu", "09:00", "12:00", UTC),
        window("thu", "11:00", "15:00", UTC),
        window("fri", "09:00", "10:00", UTC),
    ];
    let cases = [
        ("2026-03-05T08:00:00Z", false, "2026-03-05T09:00:00Z"),
        ("2026-03-05T10:00:00Z", true, "2026-03-05T12:00:00Z"),
        ("2026-03-05T11:00:00Z", true, "2026-03-05T15:00:00Z"),
        ("2026-03-05T15:00:00Z", false, "2026-03-06T09:00:00Z"),
    ];
    for (now, inside, until) in cases {
        let until = at(until);
        assert_eq!(
            read_any(&windows, at(now)),
            WindowReading { inside, until },
            "{now}"
        );
    }
    assert!(!read_any(&[], at("2026-03-05T08:00:00Z")).inside);
    let none = Window {
        days: DaySet::NONE,
        ..windows[0]
    };
    let now = at("2026-03-05T08:00:00Z");
    assert!(!none.read(now).inside && none.read(now).until > now);
}

/// Told in wall times only, by the greatest reading of a clock.
fn inside_by_reading(window: &Window, reading: NaiveDateTime) -> bool {
    (0..=2).any(|back| {
        let date = reading.date() - TimeDelta::days(back);
        let overnight = i64::from(window.to <= window.from);
        let start = date.and_time(window.from);
        let end = (date + TimeDelta::days(overnight)).and_time(window.to);
        window.days.contains(date.weekday()) && start <= reading && reading < end
    })
}

#[test]
fn each_minute_around_clock_changes_is_told_right() {
    let spans = [
        (WEEK, "18:00", "16:55"),
        (EVERY_DAY, "02:30", "03:15"),
        (EVERY_DAY, "02:10", "02:20"),
        ("sat sun", "22:00", "01:30"),
        ("sun", "00:00", "24:00"),
        (EVERY_DAY, "01:45", "01:30"),
    ];
    let zones = [
        (America::New_York, 2026),
        (Europe::London, 2026),
        (Australia::Lord_Howe, 2026),
        (America::St_Johns, 2010),
        (America::Havana, 2026),
        (Pacific::Apia, 2011),
    ];
    for (tz, year) in zones {
        for (days, from, to) in spans {
            let window = window(days, from, to, tz);
            for change in changes(tz, year) {
                let start = change - TimeDelta::hours(26);
                let mut kept: Option<WindowReading> = None;
                for (now, reading) in watch(tz, start, change + TimeDelta::hours(26)) {
                    let told = match kept {
                        Some(told) if now < told.until => told,
                        _ => window.read(now),
                    };
                    kept = Some(told);
                    assert!(told.until > now);
                    let inside = inside_by_reading(&window, reading);
                    assert_eq!(told.inside, inside, "{window} {now}");
                    if now.timestamp() / 60 % 29 == 0 {
                        assert_eq!(window.read(now).inside, inside, "{window} {now}");
                    }
                }
            }
        }
    }
}
