//! A time of day as rules write it.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveTime, Timelike};

/// Minutes in a day of 24 hours.
const DAY: u16 = 24 * 60;

/// A wall-clock time to the minute, `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The start of the day.
    pub const MIDNIGHT: TimeOfDay = TimeOfDay(0);
    /// `24:00`, the end of the day: the same instant as `00:00` of the next.
    pub const END_OF_DAY: TimeOfDay = TimeOfDay(DAY);

    /// The time this many minutes after midnight by the clock; `None` above
    /// 1440.
    pub const fn from_minutes(minutes: u16) -> Option<TimeOfDay> {
        if minutes <= DAY {
            Some(TimeOfDay(minutes))
        } else {
            None
        }
    }

    /// Minutes after midnight by the clock, 0 to 1440.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// The time on the clock; `24:00` reads `00:00`, of the next day.
    pub fn clock(self) -> NaiveTime {
        let minutes = u32::from(self.0 % DAY);
        NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or(NaiveTime::MIN)
    }

    /// The time on the clock, or `None` for `24:00`, which is on no clock.
    pub fn to_clock(self) -> Option<NaiveTime> {
        (self != TimeOfDay::END_OF_DAY).then(|| self.clock())
    }
}

/// Seconds are left out.
impl From<NaiveTime> for TimeOfDay {
    fn from(time: NaiveTime) -> TimeOfDay {
        let minutes = time.num_seconds_from_midnight() / 60;
        TimeOfDay(u16::try_from(minutes).unwrap_or(DAY))
    }
}

/// Reads `HH:MM`, two digits each, up to `24:00`.
impl FromStr for TimeOfDay {
    type Err = BadTimeOfDay;

    fn from_str(text: &str) -> Result<TimeOfDay, BadTimeOfDay> {
        let bad = || BadTimeOfDay(text.to_owned());
        let (hours, minutes) = text.split_once(':').ok_or_else(bad)?;
        let (hours, minutes) = two_digits(hours)
            .zip(two_digits(minutes))
            .filter(|(_, minutes)| *minutes < 60)
            .ok_or_else(bad)?;
        TimeOfDay::from_minutes(hours * 60 + minutes).ok_or_else(bad)
    }
}

/// Prints as `09:30`.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A text that is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of day; write hours and minutes, from \"00:00\" to \"24:00\"")]
pub struct BadTimeOfDay(pub String);

fn two_digits(text: &str) -> Option<u16> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_hours_and_minutes() {
        for (text, minutes) in [
            ("00:00", 0),
            ("09:30", 570),
            ("23:59", 1439),
            ("24:00", 1440),
        ] {
            let time: TimeOfDay = text.parse().unwrap();
            assert_eq!(time.minutes(), minutes);
            assert_eq!(time.to_string(), text);
        }
        assert_eq!(TimeOfDay::END_OF_DAY.clock(), NaiveTime::MIN);
        assert_eq!(TimeOfDay::END_OF_DAY.to_clock(), None);
        assert_eq!(TimeOfDay::from_minutes(1441), None);
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "9:30",
            "09:3",
            "24:01",
            "25:00",
            "12:60",
            "+9:30",
            "09:30:00",
            "0930",
            "٠٩:٣٠",
            "99:99",
        ] {
            assert_eq!(bad.parse::<TimeOfDay>(), Err(BadTimeOfDay(bad.to_owned())));
        }
    }
}
