//! Trade dates, and the weeks and months made of them.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The date that labels a session.
///
/// Not a calendar date: the session of Monday 2026-03-09 may open on Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TradeDate(NaiveDate);

impl TradeDate {
    /// The trade date written as `date`.
    pub const fn new(date: NaiveDate) -> TradeDate {
        TradeDate(date)
    }

    /// The calendar date of the same spelling.
    pub const fn as_date(self) -> NaiveDate {
        self.0
    }

    /// The day of the week by which `days` of a calendar pick it.
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }
}

/// Prints as `2026-03-05`.
impl fmt::Display for TradeDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The trading week of a trade date: ISO week, Monday to Sunday.
pub fn week_of(date: TradeDate) -> WeekId {
    let week = date.0.iso_week();
    WeekId {
        year: week.year(),
        week: week.week(),
    }
}

/// The trading month of a trade date.
pub fn month_of(date: TradeDate) -> MonthId {
    MonthId {
        year: date.0.year(),
        month: date.0.month(),
    }
}

/// An ISO week, counted by trade date. Written `2026-W10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeekId {
    year: i32,
    week: u32,
}

/// A calendar month, counted by trade date. Written `2026-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthId {
    year: i32,
    month: u32,
}

impl fmt::Display for WeekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year, self.week)
    }
}

impl fmt::Display for MonthId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for WeekId {
    type Err = BadPeriod;

    fn from_str(text: &str) -> Result<WeekId, BadPeriod> {
        text.split_once("-W")
            .and_then(|(year, week)| Some((year.parse().ok()?, week.parse().ok()?)))
            .and_then(|(year, week)| NaiveDate::from_isoywd_opt(year, week, Weekday::Mon))
            .map(|monday| week_of(TradeDate(monday)))
            .ok_or_else(|| BadPeriod::Week(text.to_owned()))
    }
}

impl FromStr for MonthId {
    type Err = BadPeriod;

    fn from_str(text: &str) -> Result<MonthId, BadPeriod> {
        text.rsplit_once('-')
            .and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)))
            .and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1))
            .map(|first| month_of(TradeDate(first)))
            .ok_or_else(|| BadPeriod::Month(text.to_owned()))
    }
}

macro_rules! serde_as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_text!(WeekId);
serde_as_text!(MonthId);

/// A text that names no week or month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeriod {
    /// Not a week.
    #[error("`{0}` is not a week; write it as 2026-W10")]
    Week(String),
    /// Not a month.
    #[error("`{0}` is not a month; write it as 2026-03")]
    Month(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> TradeDate {
        TradeDate::new(text.parse().unwrap())
    }

    #[test]
    fn weeks_and_months_follow_the_trade_date() {
        let cases = [
            ("2026-03-05", "2026-W10", "2026-03"),
            ("2026-03-08", "2026-W10", "2026-03"),
            ("2026-03-09", "2026-W11", "2026-03"),
            ("2024-12-30", "2025-W01", "2024-12"),
            ("2027-01-01", "2026-W53", "2027-01"),
        ];
        for (day, week, month) in cases {
            assert_eq!(week_of(date(day)).to_string(), week, "{day}");
            assert_eq!(month_of(date(day)).to_string(), month, "{day}");
            assert_eq!(week.parse(), Ok(week_of(date(day))));
            assert_eq!(month.parse(), Ok(month_of(date(day))));
        }
        assert!(week_of(date("2024-12-29")) < week_of(date("2024-12-30")));
    }

    #[test]
    fn they_are_texts_in_json() {
        let day = date("2026-03-05");
        let json = serde_json::to_string(&(day, week_of(day), month_of(day))).unwrap();
        assert_eq!(json, r#"["2026-03-05","2026-W10","2026-03"]"#);
        let back: (TradeDate, WeekId, MonthId) = serde_json::from_str(&json).unwrap();
        assert_eq!(back, (day, week_of(day), month_of(day)));
        for bad in ["2026-W54", "2026-10", "W10", ""] {
            assert!(bad.parse::<WeekId>().is_err(), "{bad}");
        }
        assert!("2026-13".parse::<MonthId>().is_err());
    }
}
