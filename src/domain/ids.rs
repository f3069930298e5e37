//! Numbers under which things stand in the record.
//!
//! Each belongs to the writer that gave it: the n-th of writer w is
//! `(w - 1) << 40 | n`. So two writers never give the same number, those of the
//! first are plain, and those of a later one are shown as `2-17`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The bits of a number that count what its writer wrote.
const BITS: u32 = 40;
/// The highest count of a writer.
const HIGHEST: i64 = (1 << BITS) - 1;

/// Who writes a record: one turn of one node, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriterId(i64);

impl WriterId {
    /// The first one, whose numbers are plain.
    pub const FIRST: WriterId = WriterId(1);
    /// The last one that has numbers.
    pub const LAST: WriterId = WriterId(1 << (i64::BITS - 1 - BITS));

    /// The writer of this number; `None` for one that has no numbers to give.
    pub fn new(number: i64) -> Option<WriterId> {
        let writer = WriterId(number);
        (WriterId::FIRST..=WriterId::LAST)
            .contains(&writer)
            .then_some(writer)
    }

    /// Its number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The one that comes after it; `None` for the last one.
    pub fn next(self) -> Option<WriterId> {
        WriterId::new(self.0.saturating_add(1))
    }

    /// The number before its first one.
    pub const fn before_first(self) -> i64 {
        (self.0 - 1) << BITS
    }

    /// Its last number.
    pub const fn last(self) -> i64 {
        self.before_first() | HIGHEST
    }

    /// The writer that gave this number. What is no number of anybody, which
    /// riskd never writes, is taken for one of the first.
    pub fn of(number: i64) -> WriterId {
        WriterId((number.max(0) >> BITS) + 1)
    }
}

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number as a person reads it: `17`, and `2-17` of another writer than the
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered(pub i64);

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writer = WriterId::of(self.0);
        if writer == WriterId::FIRST {
            return write!(f, "{}", self.0);
        }
        write!(f, "{writer}-{}", self.0 & HIGHEST)
    }
}

/// Reads what [`Numbered`] shows, and the number as it stands in the record.
impl FromStr for Numbered {
    type Err = NoNumber;

    fn from_str(text: &str) -> Result<Numbered, NoNumber> {
        let number = |text: &str| text.parse::<i64>().map_err(|_| NoNumber);
        let Some((writer, count)) = text
            .split_once('-')
            .filter(|(writer, _)| !writer.is_empty())
        else {
            return number(text).map(Numbered);
        };
        let writer = WriterId::new(number(writer)?).ok_or(NoNumber)?;
        let count = number(count)?;
        if !(1..=HIGHEST).contains(&count) {
            return Err(NoNumber);
        }
        Ok(Numbered(writer.before_first() | count))
    }
}

/// A text that is no number of anything in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a number such as 17, or 2-17 of another writer")]
pub struct NoNumber;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Numbered(self.0).fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NoNumber;

            fn from_str(text: &str) -> Result<$name, NoNumber> {
                text.parse().map(|Numbered(number)| $name(number))
            }
        }
    };
}

id!(
    /// One firing of one rule for one account; `riskd why` takes it.
    FiringId
);
id!(
    /// One thing that a firing, a lock or a person asked for.
    IntentId
);
id!(
    /// One write to a venue.
    RequestId
);
id!(
    /// One lock of one account, as it was set or extended.
    LockId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_two_writers_never_meet() {
        let [first, second] = [1, 2].map(|number| WriterId::new(number).unwrap());
        assert_eq!((first.before_first(), first.last()), (0, (1 << 40) - 1));
        assert_eq!(second.before_first(), first.last() + 1);
        assert_eq!(WriterId::LAST.last(), i64::MAX);
        assert_eq!(WriterId::LAST.next(), None);
        for writer in [first, second, WriterId::LAST] {
            for number in [writer.before_first() + 1, writer.last()] {
                assert_eq!(WriterId::of(number), writer);
            }
        }
        assert_eq!(WriterId::new(0), None);
    }

    #[test]
    fn a_number_is_read_as_it_is_shown() {
        let of_second = (1 << 40) | 17;
        for (number, shown) in [
            (17, "17"),
            (of_second, "2-17"),
            (i64::MAX, "8388608-1099511627775"),
            (-3, "-3"),
        ] {
            assert_eq!(FiringId(number).to_string(), shown);
            assert_eq!(shown.parse(), Ok(FiringId(number)));
        }
        assert_eq!("1-17".parse(), Ok(FiringId(17)));
        assert_eq!("1099511627793".parse(), Ok(FiringId(of_second)));
        for text in [
            "",
            "x",
            "2-",
            "2-0",
            "0-1",
            "-1-1",
            "2-1-1",
            "9999999-1",
            "2-1099511627776",
        ] {
            assert_eq!(text.parse::<FiringId>(), Err(NoNumber), "{text}");
        }
    }
}
