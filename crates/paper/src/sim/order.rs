//! Orders and their states.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most contracts that one order may name.
pub const MAX_QUANTITY: u32 = 100_000;

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Adds to the net position.
    Buy,
    /// Takes from the net position.
    Sell,
}

impl Side {
    /// The side that adds a signed quantity.
    pub(crate) fn of(quantity: i64) -> Side {
        if quantity < 0 { Side::Sell } else { Side::Buy }
    }

    /// `quantity` with this side's sign.
    pub(crate) fn signed(self, quantity: u32) -> i64 {
        match self {
            Side::Buy => i64::from(quantity),
            Side::Sell => -i64::from(quantity),
        }
    }
}

/// How an order is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// Fills at once at the last price.
    Market,
    /// Fills at its limit or better.
    Limit,
    /// Becomes a market order when the price reaches its stop.
    StopMarket,
    /// Becomes a limit order when the price reaches its stop.
    StopLimit,
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the session's end (18:00 New York).
    Day,
    /// Until cancelled.
    #[default]
    Gtc,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum OrderState {
    /// At the exchange and waiting for its stop.
    Accepted,
    /// At the exchange and waiting for its limit.
    Working,
    /// A cancel was asked for; the order may still fill.
    CancelPending,
    /// Gone without a further fill.
    Cancelled,
    /// Done.
    Filled,
    /// Never reached the exchange.
    Rejected,
}

impl OrderState {
    /// Whether the order may still fill.
    pub fn is_live(self) -> bool {
        matches!(
            self,
            OrderState::Accepted | OrderState::Working | OrderState::CancelPending
        )
    }
}

/// What somebody asks for when placing an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// Any accepted spelling of a listed instrument.
    pub instrument: String,
    /// Which way.
    pub side: Side,
    /// Contracts, 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
    /// How it is priced.
    pub order_type: OrderType,
    /// The limit of a limit or stop-limit order.
    #[serde(default)]
    pub limit_price: Option<Decimal>,
    /// The stop of a stop order.
    #[serde(default)]
    pub stop_price: Option<Decimal>,
    /// How long it lives.
    #[serde(default)]
    pub time_in_force: TimeInForce,
    /// Orders of one account with the same text cancel each other on a fill.
    #[serde(default)]
    pub oco_id: Option<String>,
    /// A name that the order keeps, such as `Stop1`.
    #[serde(default)]
    pub name: Option<String>,
}

impl Ticket {
    /// A market order.
    pub fn market(instrument: &str, side: Side, quantity: u32) -> Ticket {
        Ticket {
            instrument: instrument.to_owned(),
            side,
            quantity,
            order_type: OrderType::Market,
            limit_price: None,
            stop_price: None,
            time_in_force: TimeInForce::default(),
            oco_id: None,
            name: None,
        }
    }

    /// A limit order.
    pub fn limit(instrument: &str, side: Side, quantity: u32, price: Decimal) -> Ticket {
        Ticket {
            order_type: OrderType::Limit,
            limit_price: Some(price),
            ..Ticket::market(instrument, side, quantity)
        }
    }

    /// A stop-market order.
    pub fn stop(instrument: &str, side: Side, quantity: u32, price: Decimal) -> Ticket {
        Ticket {
            order_type: OrderType::StopMarket,
            stop_price: Some(price),
            ..Ticket::market(instrument, side, quantity)
        }
    }

    /// The same ticket in a group of orders that cancel each other.
    #[must_use]
    pub fn in_oco(mut self, oco_id: &str) -> Ticket {
        self.oco_id = Some(oco_id.to_owned());
        self
    }
}

/// An order in the simulation's book.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u64,
    /// 32 hexadecimal digits, as on a Sim account.
    pub(crate) order_id: String,
    pub(crate) name: String,
    pub(crate) account: usize,
    pub(crate) contract: usize,
    pub(crate) side: Side,
    /// What was held when it was placed, negative when short.
    pub(crate) held_before: i64,
    pub(crate) order_type: OrderType,
    pub(crate) state: OrderState,
    pub(crate) quantity: u32,
    pub(crate) filled: u32,
    pub(crate) average_fill: Decimal,
    pub(crate) limit_price: Decimal,
    pub(crate) stop_price: Decimal,
    /// A stop-limit whose stop was reached.
    pub(crate) triggered: bool,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) oco_id: String,
    pub(crate) placed: DateTime<Utc>,
}

impl Order {
    /// The price at which the order fills when the market stands at `last`,
    /// or `None` while it rests.
    pub(crate) fn fill_price(&mut self, last: Decimal) -> Option<Decimal> {
        let buys = self.side == Side::Buy;
        let limit_reached = if buys {
            last <= self.limit_price
        } else {
            last >= self.limit_price
        };
        let stop_reached = if buys {
            last >= self.stop_price
        } else {
            last <= self.stop_price
        };
        match self.order_type {
            OrderType::Market => Some(last),
            OrderType::Limit => limit_reached.then_some(last),
            OrderType::StopMarket => stop_reached.then_some(last),
            OrderType::StopLimit => {
                self.triggered |= stop_reached;
                (self.triggered && limit_reached).then_some(last)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_under_cancellation_is_live() {
        assert!(OrderState::CancelPending.is_live());
        assert!(!OrderState::Cancelled.is_live());
    }
}
