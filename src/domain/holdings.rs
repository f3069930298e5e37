//! What an account holds: positions and working orders.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::instrument::Instrument;
use super::money::Money;
use super::observation::Timestamp;
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
    /// The price by which the venue values it, where the venue says it.
    pub mark_price: Option<Decimal>,
    /// Where the venue would liquidate it.
    pub liquidation: Liquidation,
    /// What it is worth at its mark price in the currency of the account, long or
    /// short, where the venue says it; never below zero.
    pub notional: Option<Money>,
    /// Since when it has been held, by the venue's clock, where the venue says it.
    pub opened: Option<Timestamp>,
}

/// Where a venue would liquidate a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Liquidation {
    /// The venue does not say.
    #[default]
    Unknown,
    /// The venue says that no price does it: that is far, not unknown.
    Never,
    /// At this mark price.
    At(Decimal),
}

impl Position {
    /// A position of which nothing else is known.
    pub const fn new(key: PositionKey, quantity: Decimal) -> Position {
        Position {
            key,
            quantity,
            average_price: None,
            unrealized: None,
            mark_price: None,
            liquidation: Liquidation::Unknown,
            notional: None,
            opened: None,
        }
    }

    /// The same, of which it is not known what it is worth now: that is in doubt.
    pub fn without_worth(&self) -> Position {
        Position {
            average_price: self.average_price,
            opened: self.opened,
            ..Position::new(self.key.clone(), self.quantity)
        }
    }

    /// With what the venue says of its worth, as far as it does:
    /// `BTCUSDT:+0.5@50000 (mark 49000, notional 24,500.00, liquidation 41000)`.
    pub fn with_worth(&self) -> String {
        let mark = self.mark_price.map(|price| price.normalize().to_string());
        let liquidation = self.liquidation.text();
        let worth = worth_in_words(mark.as_deref(), self.notional, liquidation.as_deref());
        format!("{self}{worth}")
    }
}

impl Liquidation {
    /// The price, or `none` where there is none.
    pub fn text(self) -> Option<String> {
        match self {
            Liquidation::Unknown => None,
            Liquidation::Never => Some("none".to_owned()),
            Liquidation::At(price) => Some(price.normalize().to_string()),
        }
    }
}

/// What stands behind a position: ` (mark 49000, notional 24,500.00, liquidation
/// 41000)`, as far as it is known; nothing where nothing is. `liquidation` is as in
/// [`Liquidation::text`].
pub fn worth_in_words(
    mark: Option<&str>,
    notional: Option<Money>,
    liquidation: Option<&str>,
) -> String {
    let liquidation = liquidation.map(|price| match price {
        "none" => "no liquidation price".to_owned(),
        price => format!("liquidation {price}"),
    });
    let parts = [
        mark.map(|price| format!("mark {price}")),
        notional.map(|worth| format!("notional {}", worth.grouped())),
        liquidation,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
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
    /// Orders that the venue trades in parts over some time. No cancel of several takes
    /// one along: each is cancelled by its id.
    Twap,
}

impl OrderBook {
    /// The stable name, as in the record.
    pub const fn name(self) -> &'static str {
        match self {
            OrderBook::Regular => "regular",
            OrderBook::Conditional => "conditional",
            OrderBook::Twap => "twap",
        }
    }

    /// Whether its orders are cancelled one by one alone.
    pub const fn is_by_order(self) -> bool {
        matches!(self, OrderBook::Twap)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_told_with_what_is_known_of_its_worth() {
        let mut held = Position {
            average_price: Some(Decimal::from(50_000)),
            ..Position::new(PositionKey::new("BTCUSDT/short"), Decimal::new(-50, 2))
        };
        assert_eq!(held.with_worth(), "BTCUSDT/short:-0.5@50000");
        held.liquidation = Liquidation::Never;
        assert_eq!(
            held.with_worth(),
            "BTCUSDT/short:-0.5@50000 (no liquidation price)"
        );
        let bare = held.without_worth();
        held.liquidation = Liquidation::At(Decimal::new(61_000_500, 3));
        held.mark_price = Some(Decimal::from(49_000));
        held.notional = Some(Money::from(24_500));
        assert_eq!(
            held.with_worth(),
            "BTCUSDT/short:-0.5@50000 (mark 49000, notional 24,500.00, liquidation 61000.5)"
        );
        assert_eq!(held.without_worth(), bare.without_worth());
        // What a history holds stays as it is.
        assert_eq!(held.to_string(), "BTCUSDT/short:-0.5@50000");
    }
}
