//! Which position is meant: by its instrument and, where an account can hold an
//! instrument long and short at once (hedge mode), by its side.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::instrument::{Dialect, Instrument};

/// The side of a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PositionSide {
    /// The account holds an instrument long or short, never both: the sign of the
    /// quantity says which.
    #[default]
    OneWay,
    /// The long position of an account that can hold a short one beside it.
    Long,
    /// The short position of an account that can hold a long one beside it.
    Short,
}

impl PositionSide {
    /// The name behind the instrument; none for a position without a side.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            PositionSide::OneWay => None,
            PositionSide::Long => Some("long"),
            PositionSide::Short => Some("short"),
        }
    }

    /// Whether a position of this side can have this quantity: one that is held is
    /// not zero, a long one above it and a short one below.
    pub fn admits(self, quantity: Decimal) -> bool {
        match self {
            PositionSide::OneWay => !quantity.is_zero(),
            PositionSide::Long => quantity > Decimal::ZERO,
            PositionSide::Short => quantity < Decimal::ZERO,
        }
    }
}

/// What tells one position of an account from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionKey {
    /// What is held.
    pub instrument: Instrument,
    /// On which side.
    pub side: PositionSide,
}

impl PositionKey {
    /// The position in an instrument that is held long or short, never both.
    pub const fn one_way(instrument: Instrument) -> PositionKey {
        PositionKey {
            instrument,
            side: PositionSide::OneWay,
        }
    }

    /// Reads `ES 03-26`, `BTCUSDT/long` or `BTCUSDT/short`, the side in any case.
    /// Every text names a position; what stands behind another slash belongs to
    /// the instrument, which is read as in [`Instrument::new`].
    pub fn new(text: &str) -> PositionKey {
        PositionKey::of(text, Dialect::Futures)
    }

    /// Reads the same as the venue means it.
    pub fn of(text: &str, dialect: Dialect) -> PositionKey {
        let sides = [PositionSide::Long, PositionSide::Short];
        let split = text.trim().rsplit_once('/').and_then(|(instrument, word)| {
            let is_it = |side: &PositionSide| {
                let name = side.name().unwrap_or_default();
                name.eq_ignore_ascii_case(word.trim())
            };
            let side = sides.into_iter().find(is_it)?;
            Some((instrument, side)).filter(|(instrument, _)| !instrument.trim().is_empty())
        });
        match split {
            Some((instrument, side)) => PositionKey {
                instrument: Instrument::of(instrument, dialect),
                side,
            },
            None => PositionKey::one_way(Instrument::of(text, dialect)),
        }
    }

    /// Whether an account can hold both at once: not the same position twice, and
    /// not an instrument with sides and without.
    pub fn goes_beside(&self, other: &PositionKey) -> bool {
        let has_sides = |key: &PositionKey| key.side != PositionSide::OneWay;
        self.instrument != other.instrument
            || (self.side != other.side && has_sides(self) && has_sides(other))
    }
}

/// Prints as in a history file: `ES 03-26`, `BTCUSDT/long`.
impl fmt::Display for PositionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side.name() {
            None => write!(f, "{}", self.instrument),
            Some(side) => write!(f, "{}/{side}", self.instrument),
        }
    }
}

impl Serialize for PositionKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PositionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PositionKey, D::Error> {
        String::deserialize(deserializer).map(|text| PositionKey::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_read_and_printed_and_nothing_else_is_one() {
        let cases = [
            ("ES 03-26", "ES 03-26", PositionSide::OneWay),
            (" BTCUSDT/long ", "BTCUSDT", PositionSide::Long),
            ("BTCUSDT/Short", "BTCUSDT", PositionSide::Short),
            ("BTCUSDT / LONG", "BTCUSDT", PositionSide::Long),
            ("EUR/USD", "EUR/USD", PositionSide::OneWay),
            ("EUR/USD/short", "EUR/USD", PositionSide::Short),
            ("BTCUSDT/longer", "BTCUSDT/longer", PositionSide::OneWay),
            ("/long", "/long", PositionSide::OneWay),
        ];
        for (text, instrument, side) in cases {
            let key = PositionKey::new(text);
            assert_eq!(key.instrument.as_str(), instrument, "{text}");
            assert_eq!(key.side, side, "{text}");
            assert_eq!(PositionKey::new(&key.to_string()), key, "{text}");
        }
        assert_eq!(
            PositionKey::new("BTCUSDT/SHORT").to_string(),
            "BTCUSDT/short"
        );
    }

    #[test]
    fn the_record_keeps_it_as_text() {
        let key = PositionKey::new("BTCUSDT/short");
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(text, "\"BTCUSDT/short\"");
        assert_eq!(serde_json::from_str::<PositionKey>(&text).unwrap(), key);
    }

    #[test]
    fn what_an_account_holds_at_once() {
        let cases = [
            ("BTCUSDT/long", "BTCUSDT/short", true),
            ("BTCUSDT/long", "btcusdt/long", false),
            ("BTCUSDT", "BTCUSDT/long", false),
            ("ES 03-26", "ESH26", false),
            ("ES 03-26", "ES 06-26", true),
            ("BTCUSDT", "ETHUSDT/long", true),
        ];
        for (one, other, expect) in cases {
            let (one, other) = (PositionKey::new(one), PositionKey::new(other));
            assert_eq!(one.goes_beside(&other), expect, "{one} {other}");
            assert_eq!(other.goes_beside(&one), expect, "{other} {one}");
        }
    }

    #[test]
    fn a_quantity_fits_the_side() {
        let (one, minus) = (Decimal::ONE, Decimal::NEGATIVE_ONE);
        let fits = |side: PositionSide| [one, minus, Decimal::ZERO].map(|size| side.admits(size));
        assert_eq!(fits(PositionSide::OneWay), [true, true, false]);
        assert_eq!(fits(PositionSide::Long), [true, false, false]);
        assert_eq!(fits(PositionSide::Short), [false, true, false]);
    }
}
