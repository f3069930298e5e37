//! Schedules: instants that come back by the wall clock, written as cron.
//!
//! The crate `cron` only walks wall time as if it were UTC: its weekday
//! numbers are Quartz's (1 is Sunday) and it skips wall times that a clock
//! change leaves out. Fields are read by `cron_fields`
//! and wall times become instants through [`resolve`] alone.

use std::fmt;

use chrono::{Datelike, MappedLocalTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use cron::TimeUnitSpec;

use super::cron_fields::CronFields;
pub use super::cron_fields::{CronField, FieldProblem};
use super::local_time::{resolve, wall_time};
use super::observation::Timestamp;

/// The years that the crate `cron` walks; a schedule does not fire outside.
const FIRST_YEAR: i32 = 1970;
const LAST_YEAR: i32 = 2100;

/// Instants given by five cron fields and a zone.
///
/// Fields are minute, hour, day of month, month and day of week, with lists,
/// ranges, steps and the names `jan` to `dec` and `sun` to `sat`; 0 and 7 are
/// Sunday. Each wall time fires once: one that does not exist at the first
/// valid minute after the gap, one that comes twice at its first. Wall times
/// that mean the same instant fire together, once. The years are 1970 to 2100.
///
/// [`next`](Schedule::next) and [`latest`](Schedule::latest) cost about a
/// few microseconds, and another step for each wall time that a clock change
/// repeats while that lasts; keep the answer of `next` until it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    timezone: Tz,
    walker: cron::Schedule,
}

impl Schedule {
    /// Longest text accepted, in bytes.
    pub const MAX_LENGTH: usize = 256;

    /// Reads five cron fields.
    ///
    /// # Errors
    /// Anything that is not five POSIX fields; a day of month together with a
    /// day of week; dates that are in no year, such as February 30.
    pub fn parse(cron: &str, tz: Tz) -> Result<Schedule, ScheduleError> {
        if cron.len() > Self::MAX_LENGTH {
            return Err(ScheduleError::TooLong);
        }
        let fields = CronFields::parse(cron)?;
        let quartz = fields.to_quartz();
        let walker = quartz
            .parse()
            .map_err(|_| ScheduleError::NotWalkable { quartz })?;
        Ok(Schedule {
            text: cron.split_whitespace().collect::<Vec<_>>().join(" "),
            timezone: tz,
            walker,
        })
    }

    /// The newest scheduled instant after `not_before` and at or before `now`.
    pub fn latest(&self, now: Timestamp, not_before: Timestamp) -> Option<Timestamp> {
        let newest = self
            .walker
            .after(&just_after(self.last_wall_time(now))?.and_utc())
            .rev()
            .map(|wall| resolve(self.timezone, wall.naive_utc()))
            .find(|instant| *instant <= now)?;
        (newest > not_before).then_some(newest)
    }

    /// The first scheduled instant after `now`.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let wall = wall_time(self.timezone, now);
        if wall.year() > LAST_YEAR {
            return None;
        }
        let first = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1)?.and_hms_opt(0, 0, 0)?;
        let from = wall.with_nanosecond(0)?.max(first - TimeDelta::seconds(1));
        self.walker
            .after(&from.and_utc())
            .map(|wall| resolve(self.timezone, wall.naive_utc()))
            .find(|instant| *instant > now)
    }

    /// Whether each time of the other schedule is one of this too. Only schedules
    /// of the same zone are compared.
    pub fn has_all_of(&self, other: &Schedule) -> bool {
        let (new, old) = (&self.walker, &other.walker);
        self.timezone == other.timezone
            && includes(new.minutes(), old.minutes())
            && includes(new.hours(), old.hours())
            && includes(new.days_of_month(), old.days_of_month())
            && includes(new.months(), old.months())
            && includes(new.days_of_week(), old.days_of_week())
    }

    /// The fields as they were written.
    pub fn cron(&self) -> &str {
        &self.text
    }

    /// The zone in which they are read.
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// A wall time at or after every one that resolves to `now` or before.
    ///
    /// While a clock shows an hour for the second time, that is not what it
    /// shows: all of the hour has been there once already.
    fn last_wall_time(&self, now: Timestamp) -> NaiveDateTime {
        let wall = wall_time(self.timezone, now);
        match self.timezone.from_local_datetime(&wall) {
            MappedLocalTime::Ambiguous(one, other) => wall + (one - other).abs(),
            MappedLocalTime::Single(_) | MappedLocalTime::None => wall,
        }
    }
}

/// Prints as `10 15 * * 1-5 America/Chicago`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.timezone)
    }
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Longer than [`Schedule::MAX_LENGTH`].
    #[error("a schedule has at most 256 bytes")]
    TooLong,
    /// A name such as `@daily`.
    #[error("`{0}` is not a schedule; write five fields, such as `0 0 * * *` for every midnight")]
    Nickname(String),
    /// Not five fields.
    #[error(
        "{found} fields; a schedule has five: minute, hour, day of month, month, day of week (no seconds and no year), such as `10 15 * * 1-5`"
    )]
    FieldCount {
        /// How many there are.
        found: usize,
    },
    /// One field cannot be read.
    #[error("{field}: {problem}")]
    Field {
        /// Which one.
        field: CronField,
        /// What is wrong with it, and what would be right.
        problem: FieldProblem,
    },
    /// Both kinds of day are restricted.
    #[error(
        "day of month `{day_of_month}` together with day of week `{day_of_week}` means either of them to some and both to others; write `*` for one of the two, and two schedules if you mean either"
    )]
    TwoKindsOfDay {
        /// The third field.
        day_of_month: String,
        /// The fifth field.
        day_of_week: String,
    },
    /// No year has such a date.
    #[error(
        "day of month `{day_of_month}` is in none of the months `{month}`; the schedule would never fire"
    )]
    NeverFires {
        /// The third field.
        day_of_month: String,
        /// The fourth field.
        month: String,
    },
    /// The fields were read, but the crate that walks them refuses them: a
    /// defect of riskd.
    #[error(
        "the schedule was read as `{quartz}`, which cannot be walked; this is a defect of riskd"
    )]
    NotWalkable {
        /// What was handed to the crate.
        quartz: String,
    },
}

/// Whether a field of a schedule has every value of another one.
fn includes(field: &impl TimeUnitSpec, other: &impl TimeUnitSpec) -> bool {
    other.iter().all(|value| field.includes(value))
}

/// The whole second after `wall`, or after the last year; `None` before the
/// first. The crate walks back wrongly from a year that it does not know.
fn just_after(wall: NaiveDateTime) -> Option<NaiveDateTime> {
    if wall.year() < FIRST_YEAR {
        return None;
    }
    let end = NaiveDate::from_ymd_opt(LAST_YEAR, 12, 31)?.and_hms_opt(23, 59, 59)?;
    wall.min(end)
        .with_nanosecond(0)?
        .checked_add_signed(TimeDelta::seconds(1))
}
