//! Sessions: the trading days of an account.
//!
//! Every instant belongs to one session, the newest that has opened; between
//! its close and the next open that session is closed but still the current
//! one. All wall times are resolved by [`local_time::resolve`](super::local_time::resolve),
//! so a session over a clock change has 23 or 25 hours where it should.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use super::closures::{Closure, ClosureProblem, Closures, ClosuresError};
use super::days::DaySet;
use super::local_time::{resolve, shifted, wall_time};
use super::observation::Timestamp;
pub use super::trade_date::{MonthId, TradeDate, WeekId, month_of, week_of};

/// How many days away a session is looked for. Only a list of closures that
/// leaves out more than a year is longer.
const SEARCH_DAYS: i64 = 400;

/// How far ahead of the wall date the newest open session can be dated: a
/// session may open on the day before its trade date, and a clock that goes
/// back over midnight shows the day before again.
const DATES_AHEAD: i64 = 2;

/// One trading day. Cheap to copy and good until `next_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The date that labels it.
    pub date: TradeDate,
    /// When it opens; the first instant that belongs to it.
    pub open: Timestamp,
    /// When its market closes; after `open`, at most `next_open`.
    pub close: Timestamp,
    /// When the next session opens; the first instant that does not belong to
    /// this one.
    pub next_open: Timestamp,
}

impl Session {
    /// Whether `now` belongs to this session, open or already closed.
    pub fn contains(&self, now: Timestamp) -> bool {
        self.open <= now && now < self.next_open
    }

    /// Whether the session is open at `now`.
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.open <= now && now < self.close
    }
}

/// When sessions open and close.
///
/// `days` are trade dates. How a session lies around its trade date follows
/// from the two times:
///
/// - `close` after `open`: both on the trade date.
/// - `close` at or before `open` (18:00 to 17:00): overnight, it opens on the
///   calendar day before its trade date, so Monday's session opens on Sunday.
/// - `close` at 00:00: the midnight that ends the trade date, for no minute of
///   such a session lies on the day after; it opens on the trade date.
/// - no `close`: the session lasts until the next open of `days`, over a
///   weekend too. Its trade date is the calendar day that holds most of its
///   first 24 hours: it opens on the trade date when `open` is before 12:00,
///   else on the day before.
///
/// A closure takes a session away or ends it early. The time of a session that
/// was taken away belongs to the one before it, as closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCalendar {
    name: String,
    timezone: Tz,
    open: NaiveTime,
    close: Option<NaiveTime>,
    days: DaySet,
    closures: Closures,
}

/// The opening hours of one session.
#[derive(Clone, Copy)]
struct Hours {
    open: Timestamp,
    close: Timestamp,
}

impl SessionCalendar {
    /// Checks and makes a calendar; see [`SessionCalendar`] for the meaning of
    /// the times.
    ///
    /// # Errors
    /// Refuses an empty set of days, and an early close on a date that has no
    /// session or at a time that is not inside the session.
    pub fn new(
        name: &str,
        timezone: Tz,
        open: NaiveTime,
        close: Option<NaiveTime>,
        days: DaySet,
        closures: Closures,
    ) -> Result<SessionCalendar, CalendarError> {
        let calendar = SessionCalendar {
            name: name.to_owned(),
            timezone,
            open,
            close,
            days,
            closures,
        };
        if days.is_empty() {
            return Err(CalendarError::NoDays {
                calendar: calendar.name,
            });
        }
        for (date, closure) in calendar.closures.iter() {
            if let Closure::Early(early) = closure {
                calendar.check_early_close(date, early)?;
            }
        }
        Ok(calendar)
    }

    /// The session that `now` belongs to: the newest that has opened.
    ///
    /// `None` only where closures leave no session for more than a year. Costs
    /// a few microseconds; keep the answer until [`Session::next_open`].
    pub fn session_at(&self, now: Timestamp) -> Option<Session> {
        let (date, hours) = self.newest_opened(now)?;
        let next_open = self.next_open_after(date, hours);
        let session = Session {
            date: TradeDate::new(date),
            open: hours.open,
            close: hours.close.min(next_open),
            next_open,
        };
        session.contains(now).then_some(session)
    }

    /// Whether a session is open at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.session_at(now)
            .is_some_and(|session| session.is_open_at(now))
    }

    /// The calendar's name in the rule file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone in which its times are read.
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The wall time at which sessions open.
    pub fn open(&self) -> NaiveTime {
        self.open
    }

    /// The wall time at which sessions close, when they close before the next
    /// one opens.
    pub fn close(&self) -> Option<NaiveTime> {
        self.close
    }

    /// The trade dates that have a session.
    pub fn days(&self) -> DaySet {
        self.days
    }

    /// The trade dates that are not usual.
    pub fn closures(&self) -> &Closures {
        &self.closures
    }

    /// When the session of `date` would open and close without a closure on
    /// that date, or `None` when it has none.
    pub fn usual_session(&self, date: TradeDate) -> Option<(Timestamp, Timestamp)> {
        let hours = self.usual_hours(date.as_date())?;
        Some((hours.open, hours.close))
    }

    /// The instant of an early close on `date`.
    pub fn close_at(&self, date: TradeDate, early: NaiveTime) -> Timestamp {
        resolve(self.timezone, date.as_date().and_time(early))
    }

    fn newest_opened(&self, now: Timestamp) -> Option<(NaiveDate, Hours)> {
        let newest = shifted(wall_time(self.timezone, now).date(), DATES_AHEAD)?;
        (0..=SEARCH_DAYS + 2 * DATES_AHEAD)
            .map_while(|back| shifted(newest, -back))
            .filter_map(|date| Some((date, self.hours(date)?)))
            .find(|(_, hours)| hours.open <= now)
    }

    fn next_open_after(&self, date: NaiveDate, hours: Hours) -> Timestamp {
        (1..=SEARCH_DAYS)
            .map_while(|ahead| shifted(date, ahead))
            .find_map(|next| self.hours(next))
            .map(|next| next.open)
            .or_else(|| hours.open.checked_add_signed(TimeDelta::days(SEARCH_DAYS)))
            .unwrap_or(Timestamp::MAX_UTC)
    }

    /// The hours of the session of `date` with its closure, or `None` when it
    /// has none.
    fn hours(&self, date: NaiveDate) -> Option<Hours> {
        match self.closures.on(TradeDate::new(date)) {
            None => self.usual_hours(date),
            Some(Closure::AllDay) => None,
            Some(Closure::Early(early)) => self.usual_hours(date).map(|hours| Hours {
                open: hours.open,
                close: hours.close.min(self.close_at(TradeDate::new(date), early)),
            }),
        }
    }

    /// The hours of the session of `date` without its closure. A session that
    /// a clock change swallows is none.
    fn usual_hours(&self, date: NaiveDate) -> Option<Hours> {
        if !self.days.contains(date.weekday()) {
            return None;
        }
        let open = self.opening(date)?;
        let close = self.closing(date)?;
        (open < close).then_some(Hours { open, close })
    }

    fn opening(&self, date: NaiveDate) -> Option<Timestamp> {
        let day = if self.opens_the_day_before() {
            date.pred_opt()?
        } else {
            date
        };
        Some(resolve(self.timezone, day.and_time(self.open)))
    }

    fn closing(&self, date: NaiveDate) -> Option<Timestamp> {
        match self.close {
            Some(NaiveTime::MIN) => {
                let next = date.succ_opt()?;
                Some(resolve(self.timezone, next.and_time(NaiveTime::MIN)))
            }
            Some(close) => Some(resolve(self.timezone, date.and_time(close))),
            None => (1..=7)
                .filter_map(|ahead| shifted(date, ahead))
                .find(|next| self.days.contains(next.weekday()))
                .and_then(|next| self.opening(next)),
        }
    }

    fn opens_the_day_before(&self) -> bool {
        const NOON_HOUR: u32 = 12;
        match self.close {
            Some(NaiveTime::MIN) => false,
            Some(close) => close <= self.open,
            None => self.open.hour() >= NOON_HOUR,
        }
    }

    fn check_early_close(&self, date: TradeDate, early: NaiveTime) -> Result<(), CalendarError> {
        let hours = self.usual_hours(date.as_date()).ok_or_else(|| {
            CalendarError::EarlyCloseWithoutSession {
                calendar: self.name.clone(),
                date,
                days: self.days,
            }
        })?;
        let instant = self.close_at(date, early);
        if hours.open < instant && instant <= hours.close {
            return Ok(());
        }
        Err(CalendarError::EarlyCloseOutside {
            calendar: self.name.clone(),
            date,
            early: early.format("%H:%M").to_string(),
            open: self.wall_text(hours.open),
            close: self.wall_text(hours.close),
        })
    }

    fn wall_text(&self, instant: Timestamp) -> String {
        let wall = wall_time(self.timezone, instant);
        wall.format("%Y-%m-%d %H:%M").to_string()
    }
}

/// Why a session calendar cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No trade date at all.
    #[error("session calendar `{calendar}` has no days; name at least one of mon to sun")]
    NoDays {
        /// The calendar.
        calendar: String,
    },
    /// An early close on a date without a session.
    #[error(
        "session calendar `{calendar}` closes early on {date}, which has no session (its days are {days}); leave the date out"
    )]
    EarlyCloseWithoutSession {
        /// The calendar.
        calendar: String,
        /// The trade date.
        date: TradeDate,
        /// The calendar's days.
        days: DaySet,
    },
    /// An early close that is not inside its session.
    #[error(
        "session calendar `{calendar}` closes early on {date} at {early}, which is not inside that session; it must lie after {open} and at or before {close}"
    )]
    EarlyCloseOutside {
        /// The calendar.
        calendar: String,
        /// The trade date.
        date: TradeDate,
        /// The early close, `HH:MM` on the trade date.
        early: String,
        /// When the session opens, in its zone.
        open: String,
        /// When the session usually closes, in its zone.
        close: String,
    },
}
