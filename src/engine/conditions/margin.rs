//! How far an answer is from changing.

use rust_decimal::Decimal;

use super::{Answer, Reading, Side};
use crate::domain::money::Money;
use crate::engine::truth::Truth;
use crate::rules::ruleset::Breach;

/// An answer, and how near the nearest of the comparisons behind it is to
/// turning over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// The answer.
    pub truth: Truth,
    /// How far the value and the limit lie apart, in millionths of money; zero
    /// where nobody can tell. What is compared but is no money does not count.
    pub distance: u64,
}

impl Answer for Margin {
    fn of(truth: Truth) -> Margin {
        let distance = match truth {
            Truth::True | Truth::False => u64::MAX,
            Truth::Unknown => 0,
        };
        Margin { truth, distance }
    }

    fn from_reading(reading: Reading) -> Margin {
        Margin {
            truth: reading.truth,
            distance: 0,
        }
    }

    fn tested(
        value: Option<Decimal>,
        limit: Option<Decimal>,
        side: Side,
        breach: Breach,
    ) -> Margin {
        let both = value.map(Money::new).zip(limit.map(Money::new));
        Margin {
            truth: Truth::tested(value, limit, side, breach),
            distance: both.map_or(0, |(value, limit)| apart(value, limit)),
        }
    }

    fn exceeds(value: Option<Decimal>, limit: Decimal) -> Margin {
        Margin::of(Truth::exceeds(value, limit))
    }

    fn showing(self, _: Option<Money>) -> Margin {
        self
    }

    fn starting_at(self, _: impl FnOnce() -> Option<Money>) -> Margin {
        self
    }

    fn turning_at(self, value: impl FnOnce() -> Option<Money>, level: Money) -> Margin {
        let distance = value().map_or(0, |value| apart(value, level));
        Margin {
            distance: self.distance.min(distance),
            ..self
        }
    }

    fn negated(self) -> Margin {
        Margin {
            truth: self.truth.negated(),
            ..self
        }
    }

    fn or(self, other: Margin) -> Margin {
        Margin {
            truth: self.truth.or(other.truth),
            distance: self.distance.min(other.distance),
        }
    }

    fn and(self, other: Margin) -> Margin {
        Margin {
            truth: self.truth.and(other.truth),
            distance: self.distance.min(other.distance),
        }
    }
}

fn apart(one: Money, other: Money) -> u64 {
    let both = one.millionths().zip(other.millionths());
    both.map_or(0, |(one, other)| one.abs_diff(other))
}
