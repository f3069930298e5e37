//! Sets of days of the week.

use std::fmt;

use chrono::Weekday;

/// Monday first: the order of the bits and of [`DaySet::iter`].
const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Mon, "mon"),
    (Weekday::Tue, "tue"),
    (Weekday::Wed, "wed"),
    (Weekday::Thu, "thu"),
    (Weekday::Fri, "fri"),
    (Weekday::Sat, "sat"),
    (Weekday::Sun, "sun"),
];

/// A set of days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DaySet(u8);

impl DaySet {
    /// No day.
    pub const NONE: DaySet = DaySet(0);
    /// Every day.
    pub const ALL: DaySet = DaySet(0b111_1111);
    /// Monday to Friday.
    pub const WEEKDAYS: DaySet = DaySet(0b001_1111);

    /// The day that `name` means: `mon` to `sun`, whatever the case.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse_day(name: &str) -> Result<Weekday, UnknownDay> {
        WEEK.iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(day, _)| *day)
            .ok_or_else(|| UnknownDay(name.to_owned()))
    }

    /// The set of the days that `names` mean; a day may be named twice.
    ///
    /// # Errors
    /// The first name that is not `mon` to `sun`.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<DaySet, UnknownDay> {
        names.into_iter().map(DaySet::parse_day).collect()
    }

    /// This set and `day`.
    #[must_use]
    pub fn with(self, day: Weekday) -> DaySet {
        DaySet(self.0 | bit(day))
    }

    /// Whether `day` is in the set.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// Whether there is no day in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The days of the set, from Monday on.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        WEEK.into_iter()
            .map(|(day, _)| day)
            .filter(move |day| self.contains(*day))
    }
}

impl FromIterator<Weekday> for DaySet {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> DaySet {
        days.into_iter().fold(DaySet::NONE, DaySet::with)
    }
}

/// Prints as `mon, tue`; the empty set as `no day`.
impl fmt::Display for DaySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no day");
        }
        let mut separator = "";
        for (_, name) in WEEK.iter().filter(|(day, _)| self.contains(*day)) {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// A text that names no day of the week.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day; days are mon, tue, wed, thu, fri, sat, sun")]
pub struct UnknownDay(pub String);

fn bit(day: Weekday) -> u8 {
    1 << day.num_days_from_monday()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_a_set_and_back() {
        let days = DaySet::parse(["tue", "MON", "Sun", "mon"]).unwrap();
        assert_eq!(days.to_string(), "mon, tue, sun");
        assert!(days.contains(Weekday::Sun));
        assert!(!days.contains(Weekday::Wed));
        assert_eq!(days.iter().collect::<DaySet>(), days);
        assert_eq!(DaySet::ALL.iter().count(), 7);
        assert_eq!(DaySet::WEEKDAYS.to_string(), "mon, tue, wed, thu, fri");
        assert_eq!(DaySet::NONE.to_string(), "no day");
    }

    #[test]
    fn other_names_are_refused() {
        for bad in ["", "monday", "mo", "1", " mon"] {
            assert_eq!(DaySet::parse_day(bad), Err(UnknownDay(bad.to_owned())));
        }
    }
}
