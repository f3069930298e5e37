//! The condition kinds, one file each.
//!
//! Each kind reads a [`Context`] and gives a [`Reading`]: its answer with the numbers
//! behind it, which are put into words only when somebody asks.

mod at;
mod clock;
mod drawdown;
mod explain;
mod expr;
mod kind;
mod max_loss;
mod no_data;
mod orders;
mod pnl;
mod pnl_source;
mod position;
mod profit_floor;
mod reading;
mod tightness;
mod tree;
mod windows;
pub(super) mod words;

pub use clock::Clocks;
pub use drawdown::{high_water, value_of};
pub(super) use explain::tree_in_words;
pub use reading::{Reading, Side};
pub use tree::{
    Tree, describe, describe_near, may_need_orders, needs_orders, offending, read_alone,
    steady_deadline, wall_deadline,
};

use super::memory::{AccountMemory, PnlSum};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::now::Now;
use crate::domain::observation::{Figures, Timestamp};
use crate::domain::trade_date::TradeDate;
use crate::rules::book::{Account, Amount, Breach, Leaf};

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
    pub fn week(&self) -> PnlSum {
        AccountMemory::span_pnl(&self.memory.week, self.pnl, self.figures)
    }

    /// P&L of the month by the newest figures.
    pub fn month(&self) -> PnlSum {
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

/// Whether a condition is true whenever the old one is.
pub(super) fn is_as_tight(old: &Leaf, new: &Leaf) -> bool {
    kind::of(new).is_as_tight_as(old)
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
