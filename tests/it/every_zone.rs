//! No zone and no time from 1990 to 2100 makes the calendar panic or stand
//! still.

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::{TZ_VARIANTS, Tz};
use riskd::domain::days::DaySet;
use riskd::domain::observation::Timestamp;
use riskd::domain::schedule::Schedule;
use riskd::domain::session::{Closures, SessionCalendar};
use riskd::domain::time_of_day::TimeOfDay;
use riskd::domain::window::Window;

use crate::wall_clock::{at, changes, time};

struct Parts {
    calendars: [SessionCalendar; 3],
    window: Window,
    schedule: Schedule,
}

fn parts(tz: Tz) -> Parts {
    let calendar = |open: &str, close: Option<NaiveTime>| {
        SessionCalendar::new(
            "any",
            tz,
            time(open),
            close,
            DaySet::ALL,
            Closures::default(),
        )
        .unwrap()
    };
    let minutes = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
    Parts {
        calendars: [
            calendar("18:00", Some(time("17:00"))),
            calendar("00:00", None),
            calendar("00:30", Some(time("02:30"))),
        ],
        window: Window::new(DaySet::ALL, minutes(1380), minutes(30), tz).unwrap(),
        schedule: Schedule::parse("*/20 0-3,23 * * *", tz).unwrap(),
    }
}

fn check(parts: &Parts, now: Timestamp) {
    for calendar in &parts.calendars {
        let session = calendar.session_at(now).unwrap();
        assert!(session.contains(now), "{now} {}", calendar.timezone());
        assert!(session.open < session.close && session.close <= session.next_open);
    }
    assert!(parts.window.read(now).until > now);
    assert!(parts.schedule.next(now).is_some_and(|next| next > now));
    let newest = parts.schedule.latest(now, Timestamp::MIN_UTC);
    assert!(newest.is_some_and(|newest| newest <= now));
}

#[test]
fn any_time_in_any_zone_has_an_answer() {
    let days = (at("2100-06-01T00:00:00Z") - at("1990-01-01T00:00:00Z")).num_days();
    for (index, tz) in (0..).zip(TZ_VARIANTS) {
        let parts = parts(tz);
        for day in (0..days).step_by(4001) {
            // Another hour and minute for each day and zone.
            let odd = TimeDelta::seconds((day * 7919 + index * 104_729) % 86_400);
            check(
                &parts,
                at("1990-01-01T00:00:00Z") + TimeDelta::days(day) + odd,
            );
        }
        for year in [1995, 2011] {
            for change in changes(tz, year) {
                for minutes in [-61, -1, 0, 29, 61] {
                    check(&parts, change + TimeDelta::minutes(minutes));
                }
            }
        }
    }
}

#[test]
fn the_ends_of_time_have_no_answer_but_no_panic_either() {
    for tz in [
        chrono_tz::UTC,
        chrono_tz::Pacific::Apia,
        chrono_tz::America::New_York,
    ] {
        let parts = parts(tz);
        for now in [
            Timestamp::MIN_UTC,
            Timestamp::MAX_UTC,
            at("0001-01-01T00:00:00Z"),
            at("9999-12-31T23:59:59Z"),
        ] {
            for calendar in &parts.calendars {
                let _ = calendar.session_at(now);
            }
            let _ = parts.window.read(now);
            let _ = (parts.schedule.next(now), parts.schedule.latest(now, now));
        }
    }
}
