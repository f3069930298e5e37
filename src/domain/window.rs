//! Windows: spans of wall time that come back on days of the week.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;

use super::days::DaySet;
use super::local_time::{resolve, shifted, wall_time};
use super::observation::Timestamp;
use super::time_of_day::TimeOfDay;

/// How many days ahead the next start is looked for: one week for the day to
/// come round, and another for a start that a clock change swallows.
const SEARCH_DAYS: i64 = 15;

/// How many days back a window that is still open may have started: it may
/// cross midnight, and a clock that goes back over midnight shows a day again.
const DAYS_BACK: i64 = 2;

/// A day of wall time, in seconds.
const DAY: i64 = 24 * 60 * 60;
/// A week of wall time, in seconds.
const WEEK: i64 = 7 * DAY;

/// A span of wall time that starts on some days of the week.
///
/// From `from` (inclusive) to `to` (exclusive). When `to` is at or before
/// `from` the window crosses midnight and ends on the next day, so equal times
/// mean 24 hours; [`Window::new`] refuses those unless they are `00:00` to
/// `24:00`. Both ends follow [`resolve`]; a window whose whole span a clock
/// change leaves out does not take place on that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days on which it starts.
    pub days: DaySet,
    /// The wall time of its start.
    pub from: NaiveTime,
    /// The wall time of its end; `00:00` is the end of the day.
    pub to: NaiveTime,
    /// The zone of both times.
    pub timezone: Tz,
}

/// Where an instant lies, and how long that is known to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowReading {
    /// Whether the instant is inside.
    pub inside: bool,
    /// The answer holds from the instant up to, not including, this one, which
    /// is later.
    pub until: Timestamp,
}

impl Window {
    /// Checks and makes a window.
    ///
    /// # Errors
    /// Refuses an empty set of days, a start at `24:00`, and a start that is
    /// also the end, which could mean nothing or a whole day.
    pub fn new(
        days: DaySet,
        from: TimeOfDay,
        to: TimeOfDay,
        timezone: Tz,
    ) -> Result<Window, WindowError> {
        if days.is_empty() {
            return Err(WindowError::NoDays);
        }
        if from == TimeOfDay::END_OF_DAY {
            return Err(WindowError::StartsAtEndOfDay);
        }
        if from == to {
            return Err(WindowError::StartIsEnd(from));
        }
        Ok(Window {
            days,
            from: from.clock(),
            to: to.clock(),
            timezone,
        })
    }

    /// Where `now` lies. Costs about a microsecond; the answer may be kept
    /// until [`WindowReading::until`].
    pub fn read(&self, now: Timestamp) -> WindowReading {
        let today = wall_time(self.timezone, now).date();
        let ahead = (-DAYS_BACK..=SEARCH_DAYS).filter_map(|days| shifted(today, days));
        // A later wall time never resolves to an earlier instant, so the first
        // span that has not ended is the one that decides.
        let span = ahead
            .filter_map(|date| self.span(date))
            .find(|(_, end)| *end > now);
        match span {
            Some((start, end)) if start <= now => WindowReading {
                inside: true,
                until: end,
            },
            Some((start, _)) => WindowReading {
                inside: false,
                until: start,
            },
            None => WindowReading {
                inside: false,
                until: days_after(now, SEARCH_DAYS - 2 * DAYS_BACK),
            },
        }
    }

    /// Its spans in a week that begins with Monday, in seconds of wall time; what
    /// goes on over the end of the week is a span of its own at the beginning.
    fn weekly(&self) -> impl Iterator<Item = (i64, i64)> {
        let from = i64::from(self.from.num_seconds_from_midnight());
        let to = i64::from(self.to.num_seconds_from_midnight());
        let length = match to - from {
            over_midnight @ ..=0 => over_midnight + DAY,
            on_one_day => on_one_day,
        };
        self.days.iter().flat_map(move |day| {
            let start = i64::from(day.num_days_from_monday()) * DAY + from;
            let end = start + length;
            let carried = (end > WEEK).then_some((0, end - WEEK));
            std::iter::once((start, end.min(WEEK))).chain(carried)
        })
    }

    /// The span that starts on `date`, unless none does.
    fn span(&self, date: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        if !self.days.contains(date.weekday()) {
            return None;
        }
        let last = if self.to <= self.from {
            date.succ_opt()?
        } else {
            date
        };
        let start = resolve(self.timezone, date.and_time(self.from));
        let end = resolve(self.timezone, last.and_time(self.to));
        (start < end).then_some((start, end))
    }
}

/// Whether `now` is inside any of `windows`. Without windows it is outside for
/// ever.
///
/// Inside, the answer holds at least until the last of the windows around
/// `now` ends, though another one may follow on it.
pub fn read_any(windows: &[Window], now: Timestamp) -> WindowReading {
    let nowhere = WindowReading {
        inside: false,
        until: Timestamp::MAX_UTC,
    };
    windows
        .iter()
        .map(|window| window.read(now))
        .fold(nowhere, |sum, one| match (sum.inside, one.inside) {
            (true, false) => sum,
            (false, true) => one,
            (true, true) => WindowReading {
                inside: true,
                until: sum.until.max(one.until),
            },
            (false, false) => WindowReading {
                inside: false,
                until: sum.until.min(one.until),
            },
        })
}

/// Whether every instant inside `inner` is inside `outer` too, as far as the
/// zones tell: windows of different zones are never compared. A later wall time
/// never is an earlier instant, so that wall times can be compared.
pub fn is_within(inner: &[Window], outer: &[Window]) -> bool {
    inner.iter().all(|window| {
        let same_zone = outer
            .iter()
            .filter(|other| other.timezone == window.timezone);
        let mut around: Vec<(i64, i64)> = same_zone.flat_map(Window::weekly).collect();
        around.sort_unstable();
        window.weekly().all(|span| is_covered(span, &around))
    })
}

/// Whether a span lies in the union of spans that are sorted by their starts.
fn is_covered((start, end): (i64, i64), spans: &[(i64, i64)]) -> bool {
    let mut reached = start;
    for (from, to) in spans {
        if *from <= reached {
            reached = reached.max(*to);
        }
    }
    reached >= end
}

/// Prints as `mon, tue 18:00 to 16:55 America/New_York`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = match TimeOfDay::from(self.to) {
            TimeOfDay::MIDNIGHT => TimeOfDay::END_OF_DAY,
            other => other,
        };
        let from = TimeOfDay::from(self.from);
        write!(f, "{} {from} to {to} {}", self.days, self.timezone)
    }
}

/// Why a window cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It starts on no day.
    #[error("a window needs at least one day on which it starts")]
    NoDays,
    /// It starts when its day is over.
    #[error(
        "a window cannot start at 24:00; write 00:00 and the days after those on which it would start"
    )]
    StartsAtEndOfDay,
    /// Its start is its end.
    #[error(
        "a window from {0} to {0} could be empty or a whole day; for a whole day write 00:00 to 24:00"
    )]
    StartIsEnd(TimeOfDay),
}

fn days_after(now: Timestamp, days: i64) -> Timestamp {
    now.checked_add_signed(TimeDelta::days(days))
        .unwrap_or(Timestamp::MAX_UTC)
}
