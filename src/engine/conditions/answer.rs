//! What reading a condition gives.

use rust_decimal::Decimal;

use super::{Reading, Side, order_of_rest};
use crate::domain::money::Money;
use crate::engine::truth::Truth;
use crate::rules::ruleset::Breach;

/// What reading a condition gives: the bare [`Truth`], which is all that matters
/// of almost every rule on almost every observation, or a
/// [`Reading`], with the numbers behind it. Each kind reads both
/// by the same code, so that they cannot say different things.
pub trait Answer: Copy {
    /// An answer without numbers.
    fn of(truth: Truth) -> Self;

    /// What was read with its numbers.
    fn from_reading(reading: Reading) -> Self;

    /// True when `value` has come to `limit` from this side; unknown when
    /// either is.
    fn tested(value: Option<Decimal>, limit: Option<Decimal>, side: Side, breach: Breach) -> Self;

    /// The same answer, showing this value.
    #[must_use]
    fn showing(self, value: Option<Money>) -> Self;

    /// The same answer, with the value at which nothing of the limit is used.
    #[must_use]
    fn starting_at(self, start: impl FnOnce() -> Option<Money>) -> Self;

    /// The same answer, which turns also on how `value` lies to `level`.
    #[must_use]
    fn turning_at(self, _value: impl FnOnce() -> Option<Money>, _level: Money) -> Self {
        self
    }

    /// The opposite; the unknown stays unknown.
    #[must_use]
    fn negated(self) -> Self;

    /// True when either is.
    #[must_use]
    fn or(self, other: Self) -> Self;

    /// True when both are.
    #[must_use]
    fn and(self, other: Self) -> Self;

    /// True when `value` is down at `limit`; unknown when either is.
    fn falls_to(value: Option<Money>, limit: Option<Money>, breach: Breach) -> Self {
        let (value, limit) = (value.map(Money::decimal), limit.map(Money::decimal));
        Self::tested(value, limit, Side::Above, breach)
    }

    /// True when `value` is up at `limit`; unknown when either is.
    fn rises_to(value: Option<Money>, limit: Option<Money>, breach: Breach) -> Self {
        let (value, limit) = (value.map(Money::decimal), limit.map(Money::decimal));
        Self::tested(value, limit, Side::Below, breach)
    }

    /// True when `value` is above `limit`: a limit on a count or a size, which
    /// may be reached but not exceeded.
    fn exceeds(value: Option<Decimal>, limit: Decimal) -> Self {
        Self::tested(value, Some(limit), Side::Below, Breach::Cross)
    }
}

impl Answer for Truth {
    fn of(truth: Truth) -> Truth {
        truth
    }

    fn from_reading(reading: Reading) -> Truth {
        reading.truth
    }

    fn tested(value: Option<Decimal>, limit: Option<Decimal>, side: Side, breach: Breach) -> Truth {
        let (Some(value), Some(limit)) = (value, limit) else {
            return Truth::Unknown;
        };
        Truth::from(order_of_rest(value, limit, side).map(|rest| match breach {
            Breach::Touch => rest.is_le(),
            Breach::Cross => rest.is_lt(),
        }))
    }

    fn showing(self, _: Option<Money>) -> Truth {
        self
    }

    fn starting_at(self, _: impl FnOnce() -> Option<Money>) -> Truth {
        self
    }

    fn negated(self) -> Truth {
        Truth::negated(self)
    }

    fn or(self, other: Truth) -> Truth {
        Truth::or(self, other)
    }

    fn and(self, other: Truth) -> Truth {
        Truth::and(self, other)
    }
}
