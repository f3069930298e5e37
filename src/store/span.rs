//! What is kept of old samples: one row a minute, later one an hour.
//!
//! All figures are compared and added as decimals.

use crate::domain::account::AccountName;
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;

/// How long a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanLength {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
}

impl SpanLength {
    /// Milliseconds of it.
    const fn millis(self) -> i64 {
        match self {
            SpanLength::Minute => 60_000,
            SpanLength::Hour => 3_600_000,
        }
    }

    /// The beginning of the span that a time lies in.
    pub(super) const fn begin(self, at: i64) -> i64 {
        at.saturating_sub(at.rem_euclid(self.millis()))
    }
}

/// What a figure did in a span. All four are known or none is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// The first value that was known.
    pub first: Option<Money>,
    /// The last one.
    pub last: Option<Money>,
    /// The lowest one.
    pub low: Option<Money>,
    /// The highest one.
    pub high: Option<Money>,
}

impl Course {
    pub(super) fn of(value: Option<Money>) -> Course {
        Course {
            first: value,
            last: value,
            low: value,
            high: value,
        }
    }

    /// This and what came after it.
    fn then(self, later: Course) -> Course {
        let pick =
            |one: Option<Money>, other: Option<Money>, pick: fn(Money, Money) -> Money| match (
                one, other,
            ) {
                (Some(one), Some(other)) => Some(pick(one, other)),
                (one, other) => one.or(other),
            };
        Course {
            first: self.first.or(later.first),
            last: later.last.or(self.last),
            low: pick(self.low, later.low, Ord::min),
            high: pick(self.high, later.high, Ord::max),
        }
    }
}

/// What an account showed in a span of time. Figures are those of good samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The account.
    pub account: AccountName,
    /// Its beginning.
    pub at: Timestamp,
    /// How many samples there were.
    pub samples: u32,
    /// How many of them were suspect.
    pub suspect: u32,
    /// In how many of them nothing was learned.
    pub missing: u32,
    /// Closed result of the session.
    pub realized: Course,
    /// Open result.
    pub unrealized: Course,
    /// Both together, where both were known at once.
    pub pnl: Course,
    /// Cash without the open result.
    pub balance: Course,
    /// Cash with the open result.
    pub equity: Course,
    /// The last positions that were known, as in a sample.
    pub positions: Option<String>,
    /// How many orders worked, as far as it was known last.
    pub orders: Option<u32>,
    /// The most orders that worked.
    pub most_orders: Option<u32>,
}

impl Span {
    /// This and what came after it in the same span.
    #[must_use]
    pub(super) fn then(self, later: Span) -> Span {
        Span {
            account: self.account,
            at: self.at,
            samples: self.samples.saturating_add(later.samples),
            suspect: self.suspect.saturating_add(later.suspect),
            missing: self.missing.saturating_add(later.missing),
            realized: self.realized.then(later.realized),
            unrealized: self.unrealized.then(later.unrealized),
            pnl: self.pnl.then(later.pnl),
            balance: self.balance.then(later.balance),
            equity: self.equity.then(later.equity),
            positions: later.positions.or(self.positions),
            orders: later.orders.or(self.orders),
            most_orders: self.most_orders.max(later.most_orders),
        }
    }

    pub(super) fn courses(&self) -> [Course; 5] {
        [
            self.realized,
            self.unrealized,
            self.pnl,
            self.balance,
            self.equity,
        ]
    }
}
