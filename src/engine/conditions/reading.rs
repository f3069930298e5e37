//! What a condition answers, with the numbers behind it.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::domain::money::{Money, easy_order};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::Breach;

/// What a condition answers, with the numbers behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The answer.
    pub truth: Truth,
    /// The tested value.
    pub value: Option<Decimal>,
    /// What it is tested against.
    pub limit: Option<Decimal>,
    /// From which side the value comes to the limit.
    pub side: Side,
    /// The value at which nothing of the limit is used: warnings are shares of
    /// the way from here to the limit.
    pub start: Option<Decimal>,
}

/// From which side a value comes to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It falls to it.
    Above,
    /// It rises to it.
    Below,
    /// Neither: there is no limit, or it is no matter of more and less.
    Neither,
}

impl Reading {
    /// How far the value may still move before the limit is breached; zero or
    /// less once it is.
    pub fn distance(&self) -> Option<Decimal> {
        match self.side {
            Side::Above => self.value?.checked_sub(self.limit?),
            Side::Below => self.limit?.checked_sub(self.value?),
            Side::Neither => None,
        }
    }

    /// The share of the way from the start to the limit that the value has
    /// gone; above 1 beyond the limit.
    pub fn used(&self) -> Option<Decimal> {
        let start = self.start?;
        let way = self.limit?.checked_sub(start)?;
        self.value?.checked_sub(start)?.checked_div(way)
    }

    /// Whether more of the limit is used than of another one's; distances in
    /// different units say nothing about that.
    pub fn is_nearer_than(&self, other: &Reading) -> bool {
        match (self.limit, other.limit) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(_), Some(_)) => match (self.used(), other.used()) {
                (Some(mine), Some(theirs)) => mine > theirs,
                (mine, theirs) => mine.is_some() && theirs.is_none(),
            },
        }
    }

    /// Whether the numbers are those of another one, whatever the answers are:
    /// a tree shows the numbers of one of its kinds.
    pub(super) fn has_numbers_of(&self, other: &Reading) -> bool {
        let numbers = |reading: &Reading| (reading.value, reading.limit, reading.start);
        self.side == other.side && numbers(self) == numbers(other)
    }

    /// Puts the numbers of the answer into evidence.
    pub fn describe(&self, fields: &mut Fields) {
        fields
            .put_known("value", self.value.map(Money::new))
            .put_known("limit", self.limit.map(Money::new))
            .put_known("distance", self.distance().map(Money::new));
    }
}

impl Reading {
    /// An answer without numbers.
    pub(in crate::engine) const fn of(truth: Truth) -> Reading {
        Reading {
            truth,
            value: None,
            limit: None,
            side: Side::Neither,
            start: None,
        }
    }

    /// True when `value` is down at `limit`; unknown when either is.
    pub(super) fn falls_to(value: Option<Money>, limit: Option<Money>, breach: Breach) -> Reading {
        let (value, limit) = (value.map(Money::decimal), limit.map(Money::decimal));
        Reading::tested(value, limit, Side::Above, breach)
    }

    /// True when `value` is up at `limit`; unknown when either is.
    pub(super) fn rises_to(value: Option<Money>, limit: Option<Money>, breach: Breach) -> Reading {
        let (value, limit) = (value.map(Money::decimal), limit.map(Money::decimal));
        Reading::tested(value, limit, Side::Below, breach)
    }

    /// True when `value` is above `limit`: a limit on a count or a size, which
    /// may be reached but not exceeded.
    pub(super) fn exceeds(value: Option<Decimal>, limit: Decimal) -> Reading {
        Reading::tested(value, Some(limit), Side::Below, Breach::Cross)
    }

    fn tested(
        value: Option<Decimal>,
        limit: Option<Decimal>,
        side: Side,
        breach: Breach,
    ) -> Reading {
        Reading {
            truth: is_breached(value, limit, side, breach),
            value,
            limit,
            side,
            start: Some(Decimal::ZERO),
        }
    }

    /// The same answer, showing this value.
    pub(super) fn showing(self, value: Option<Money>) -> Reading {
        Reading {
            value: value.map(Money::decimal),
            ..self
        }
    }

    /// The same answer, with the value at which nothing of the limit is used.
    pub(super) fn starting_at(self, start: Option<Money>) -> Reading {
        Reading {
            start: start.map(Money::decimal),
            ..self
        }
    }

    /// The opposite; the unknown stays unknown.
    pub(super) fn negated(self) -> Reading {
        Reading {
            truth: self.truth.negated(),
            ..self
        }
    }

    /// True when either is. Shown by the one that is true, else by the one that has
    /// used more of its limit.
    pub(super) fn or(self, other: Reading) -> Reading {
        let truth = self.truth.or(other.truth);
        let shown = match (self.truth, other.truth) {
            (Truth::True, _) => self,
            (_, Truth::True) => other,
            _ if other.is_nearer_than(&self) => other,
            _ => self,
        };
        Reading { truth, ..shown }
    }

    /// True when both are. Shown by the one that is not true, else by the first that
    /// has numbers.
    pub(super) fn and(self, other: Reading) -> Reading {
        let truth = self.truth.and(other.truth);
        let shown = match (self.distance(), other.distance()) {
            (None, Some(_)) => other,
            (Some(_), Some(_)) if self.truth == Truth::True && other.truth != Truth::True => other,
            _ => self,
        };
        Reading { truth, ..shown }
    }
}

/// Whether the value has come to the limit from this side; unknown when either is.
fn is_breached(
    value: Option<Decimal>,
    limit: Option<Decimal>,
    side: Side,
    breach: Breach,
) -> Truth {
    let (Some(value), Some(limit)) = (value, limit) else {
        return Truth::Unknown;
    };
    Truth::from(order_of_rest(value, limit, side).map(|rest| match breach {
        Breach::Touch => rest.is_le(),
        Breach::Cross => rest.is_lt(),
    }))
}

/// How the distance between value and limit compares with zero. It is asked of
/// every rule on every observation, and comparing costs a fraction of
/// subtracting.
#[inline]
fn order_of_rest(value: Decimal, limit: Decimal, side: Side) -> Option<Ordering> {
    let (more, less) = match side {
        Side::Above => (value, limit),
        Side::Below => (limit, value),
        Side::Neither => return None,
    };
    easy_order(more, less).or_else(|| Some(more.checked_sub(less)?.cmp(&Decimal::ZERO)))
}
