//! What an account holds: positions and working orders.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::instrument::Instrument;
use super::money::Money;
use super::position_key::{PositionKey, PositionSide};

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

impl OrderSide {
    /// The stable name, as in the record.
    pub const fn name(self) -> &'static str {
        match self {
            OrderSide::Buy => "buy",
            OrderSide::Sell => "sell",
        }
    }
}

/// What makes an order trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// At once, at any price.
    Market,
    /// At its price or better.
    Limit,
    /// At any price once its stop price is reached.
    Stop,
    /// At its price or better once its stop price is reached.
    StopLimit,
    /// Once a price is reached that is better than now: a take-profit, a market if
    /// touched.
    Target,
    /// A stop that follows the price.
    Trailing,
    /// Something else that the venue has a name for.
    Other,
}

/// One of the lists in which a venue keeps its working orders. What is read,
/// counted or cancelled in one says nothing of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderBook {
    /// Orders that the market sees, or will; where there is one list, all of them.
    Regular,
    /// Orders that wait for a condition: stops, targets, trailing stops.
    Conditional,
}

impl OrderBook {
    /// The stable name, as in the record.
    pub const fn name(self) -> &'static str {
        match self {
            OrderBook::Regular => "regular",
            OrderBook::Conditional => "conditional",
        }
    }
}

/// An order that may still fill. An order in a state that riskd does not know
/// is one of these too. What the venue does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingOrder {
    /// The venue's id for it.
    pub id: Option<Arc<str>>,
    /// What it trades.
    pub instrument: Option<Instrument>,
    /// Which way it trades.
    pub side: Option<OrderSide>,
    /// The side of the position that it acts on. Where accounts have no sides, that
    /// is known without the venue's word.
    pub position: Option<PositionSide>,
    /// What makes it trade.
    pub kind: Option<OrderKind>,
    /// The list that it stands in.
    pub book: Option<OrderBook>,
    /// Whether the venue lets it reduce a position alone.
    pub reduce_only: Option<bool>,
    /// What may still fill: ordered less filled.
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
