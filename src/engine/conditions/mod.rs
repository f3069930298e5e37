//! The condition kinds, one file each.
//!
//! Each kind reads a [`Context`] and gives an [`Answer`]; the numbers behind it
//! are gathered, and put into words, only when somebody asks.

mod answer;
mod at;
mod drawdown;
mod expr;
mod limit;
mod margin;
mod max_loss;
mod no_data;
mod orders;
mod pnl;
mod pnl_source;
mod position;
mod profit_floor;
mod tree;
mod windows;

use std::cmp::Ordering;

use rust_decimal::Decimal;

pub use answer::Answer;
pub use margin::Margin;
pub use tree::{
    Caches, Tree, describe, describe_near, may_need_orders, needs_orders, offending,
    steady_deadline, wall_deadline,
};

use super::memory::{AccountMemory, PnlSum};
use super::record::Fields;
use super::truth::Truth;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::{Money, easy_order};
use crate::domain::now::Now;
use crate::domain::observation::{Figures, Timestamp};
use crate::domain::trade_date::TradeDate;
use crate::rules::ruleset::{Account, Amount, Breach};

/// Everything that a condition may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The present.
    pub now: Now,
    /// The account as the rule file says it.
    pub account: &'a Account,
    /// What the account remembers.
    pub memory: &'a AccountMemory,
    /// The newest figures; all unknown when they cannot be trusted.
    pub figures: &'a Figures,
    /// Session P&L by these figures.
    pub pnl: PnlSum,
    /// Open positions, when they are known.
    pub positions: Option<&'a [Position]>,
    /// Working orders.
    pub orders: &'a WorkingOrders,
    /// When the newest trustworthy observation was true, or since when there
    /// has been none, by the steady clock.
    pub data_since: Timestamp,
}

impl Context<'_> {
    /// The date of the session that the account is in.
    pub(super) fn trade_date(&self) -> Option<TradeDate> {
        self.memory.session.as_ref().map(|session| session.date)
    }

    /// P&L of the week by the newest figures.
    pub(super) fn week(&self) -> PnlSum {
        AccountMemory::span_pnl(&self.memory.week, self.pnl, self.figures)
    }

    /// P&L of the month by the newest figures.
    pub(super) fn month(&self) -> PnlSum {
        AccountMemory::span_pnl(&self.memory.month, self.pnl, self.figures)
    }

    /// Where session P&L comes from: the stable name, as in evidence.
    pub(super) fn pnl_basis(&self) -> &'static str {
        let session = self.memory.session.as_ref();
        if session.is_some_and(|session| session.is_by_venue(self.figures)) {
            "venue"
        } else {
            "ledger"
        }
    }
}

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
    fn has_numbers_of(&self, other: &Reading) -> bool {
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

impl Answer for Reading {
    fn of(truth: Truth) -> Reading {
        Reading {
            truth,
            value: None,
            limit: None,
            side: Side::Neither,
            start: None,
        }
    }

    fn from_reading(reading: Reading) -> Reading {
        reading
    }

    fn tested(
        value: Option<Decimal>,
        limit: Option<Decimal>,
        side: Side,
        breach: Breach,
    ) -> Reading {
        Reading {
            truth: Truth::tested(value, limit, side, breach),
            value,
            limit,
            side,
            start: Some(Decimal::ZERO),
        }
    }

    fn showing(self, value: Option<Money>) -> Reading {
        Reading {
            value: value.map(Money::decimal),
            ..self
        }
    }

    fn starting_at(self, start: impl FnOnce() -> Option<Money>) -> Reading {
        Reading {
            start: start().map(Money::decimal),
            ..self
        }
    }

    fn negated(self) -> Reading {
        Reading {
            truth: self.truth.negated(),
            ..self
        }
    }

    /// Shown by the one that is true, else by the one that has used more of its
    /// limit.
    fn or(self, other: Reading) -> Reading {
        let truth = self.truth.or(other.truth);
        let shown = match (self.truth, other.truth) {
            (Truth::True, _) => self,
            (_, Truth::True) => other,
            _ if other.is_nearer_than(&self) => other,
            _ => self,
        };
        Reading { truth, ..shown }
    }

    /// Shown by the one that is not true, else by the first that has numbers.
    fn and(self, other: Reading) -> Reading {
        let truth = self.truth.and(other.truth);
        let shown = match (self.distance(), other.distance()) {
            (None, Some(_)) => other,
            (Some(_), Some(_)) if self.truth == Truth::True && other.truth != Truth::True => other,
            _ => self,
        };
        Reading { truth, ..shown }
    }
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

/// The amount in money; a share is one of the starting balance.
fn resolve(amount: Amount, account: &Account) -> Option<Money> {
    match amount {
        Amount::Money(money) => Some(money),
        Amount::Share(share) => account.starting_balance?.share(share),
    }
}

/// The words for a breach: which comparison was made.
const fn comparison(breach: Breach, falling: bool) -> &'static str {
    match (breach, falling) {
        (Breach::Touch, true) => "at or below",
        (Breach::Cross, true) => "below",
        (Breach::Touch, false) => "at or above",
        (Breach::Cross, false) => "above",
    }
}
