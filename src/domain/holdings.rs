//! What an account holds: positions and working orders.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::instrument::Instrument;
use super::money::Money;
use super::position_key::PositionKey;

/// One open position of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// What is held, and on which side.
    pub key: PositionKey,
    /// Contracts (or coins) held: above zero long, below zero short, never zero,
    /// and never against its side.
    pub quantity: Decimal,
    /// Average entry price, where the venue says it.
    pub average_price: Option<Decimal>,
    /// Open result of this position, where the venue says it.
    pub unrealized: Option<Money>,
}

/// Prints as in a history file: `ES 03-26:+2@5000.25`, `BTCUSDT/short:-0.5`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.quantity.is_sign_negative() {
            ""
        } else {
            "+"
        };
        write!(f, "{}:{sign}{}", self.key, self.quantity.normalize())?;
        match self.average_price {
            Some(price) => write!(f, "@{}", price.normalize()),
            None => Ok(()),
        }
    }
}

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderSide {
    /// Buys, or buys to cover.
    Buy,
    /// Sells, or sells short.
    Sell,
}

/// An order that may still fill. An order in a state that riskd does not know
/// is one of these too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingOrder {
    /// The venue's id for it, when it has told one.
    pub id: Option<Arc<str>>,
    /// What it trades, when the venue says so.
    pub instrument: Option<Instrument>,
    /// Which way it trades, when the venue says so.
    pub side: Option<OrderSide>,
    /// What may still fill: ordered less filled, when the venue says so.
    pub remaining: Option<Decimal>,
    /// The state in the venue's own word.
    pub state: Arc<str>,
}

/// The working orders of an account, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WorkingOrders {
    /// They were not asked for: what was read of them before stands for a while.
    #[default]
    NotRead,
    /// What was read of them cannot be trusted, or a history or a test says that
    /// they are unknown: what was read before stands no longer.
    Unknown,
    /// Only their number is known, as in a history file.
    Counted(u32),
    /// Each of them.
    Listed(Arc<[WorkingOrder]>),
}

impl WorkingOrders {
    /// How many there are, or `None` when that is unknown.
    pub fn count(&self) -> Option<usize> {
        match self {
            WorkingOrders::NotRead | WorkingOrders::Unknown => None,
            WorkingOrders::Counted(count) => usize::try_from(*count).ok(),
            WorkingOrders::Listed(orders) => Some(orders.len()),
        }
    }

    /// Each order, or `None` when they are not known one by one. No order at
    /// all is known however it was learned.
    pub fn listed(&self) -> Option<&[WorkingOrder]> {
        match self {
            WorkingOrders::Listed(orders) => Some(orders),
            WorkingOrders::Counted(0) => Some(&[]),
            WorkingOrders::Counted(_) | WorkingOrders::NotRead | WorkingOrders::Unknown => None,
        }
    }
}
