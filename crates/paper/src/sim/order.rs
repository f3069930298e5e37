//! Orders and their states.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::ledger::Liquidity;
use super::position::{PositionKey, PositionSide};

/// The most contracts that one order may name, where its instrument has no rule of
/// its own.
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
    pub(crate) fn of(quantity: Decimal) -> Side {
        if quantity.is_sign_negative() {
            Side::Sell
        } else {
            Side::Buy
        }
    }

    /// `quantity` with this side's sign.
    pub(crate) fn signed(self, quantity: Decimal) -> Decimal {
        match self {
            Side::Buy => quantity,
            Side::Sell => -quantity,
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
    /// Becomes a market order when the price reaches its trigger from the other side
    /// than a stop's; the trigger stands in `stop_price`.
    TakeProfit,
}

impl OrderType {
    /// Whether it waits for a trigger price.
    pub(crate) fn has_trigger(self) -> bool {
        matches!(
            self,
            OrderType::StopMarket | OrderType::StopLimit | OrderType::TakeProfit
        )
    }
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
    /// Contracts or coins, by the rules of the instrument.
    pub quantity: Decimal,
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
    /// Which position it is about; in hedge mode a long or a short one.
    #[serde(default)]
    pub position_side: PositionSide,
    /// Whether it may only make a position smaller.
    #[serde(default)]
    pub reduce_only: bool,
}

impl Ticket {
    /// A market order.
    pub fn market(instrument: &str, side: Side, quantity: impl Into<Decimal>) -> Ticket {
        Ticket {
            instrument: instrument.to_owned(),
            side,
            quantity: quantity.into(),
            order_type: OrderType::Market,
            limit_price: None,
            stop_price: None,
            time_in_force: TimeInForce::default(),
            oco_id: None,
            name: None,
            position_side: PositionSide::Net,
            reduce_only: false,
        }
    }

    /// A limit order.
    pub fn limit(
        instrument: &str,
        side: Side,
        quantity: impl Into<Decimal>,
        price: Decimal,
    ) -> Ticket {
        Ticket {
            order_type: OrderType::Limit,
            limit_price: Some(price),
            ..Ticket::market(instrument, side, quantity)
        }
    }

    /// A stop-market order.
    pub fn stop(
        instrument: &str,
        side: Side,
        quantity: impl Into<Decimal>,
        price: Decimal,
    ) -> Ticket {
        Ticket {
            order_type: OrderType::StopMarket,
            stop_price: Some(price),
            ..Ticket::market(instrument, side, quantity)
        }
    }

    /// A market order that waits until the price has gone its way.
    pub fn take_profit(
        instrument: &str,
        side: Side,
        quantity: impl Into<Decimal>,
        price: Decimal,
    ) -> Ticket {
        Ticket {
            order_type: OrderType::TakeProfit,
            ..Ticket::stop(instrument, side, quantity, price)
        }
    }

    /// The same ticket about the long or the short position of hedge mode.
    #[must_use]
    pub fn about(mut self, position_side: PositionSide) -> Ticket {
        self.position_side = position_side;
        self
    }

    /// The same ticket, which may only make a position smaller.
    #[must_use]
    pub fn reduce_only(mut self) -> Ticket {
        self.reduce_only = true;
        self
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
    pub(crate) key: PositionKey,
    pub(crate) side: Side,
    /// What was held when it was placed, negative when short.
    pub(crate) held_before: Decimal,
    pub(crate) reduce_only: bool,
    /// Whether it has waited in the book for its limit.
    pub(crate) has_rested: bool,
    pub(crate) order_type: OrderType,
    pub(crate) state: OrderState,
    pub(crate) quantity: Decimal,
    pub(crate) filled: Decimal,
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
    /// Whether it can only make a position smaller.
    pub(crate) fn only_reduces(&self) -> bool {
        self.reduce_only || self.key.side.is_closed_by(self.side)
    }

    /// Whether it waits for its trigger. One that was triggered is in the book.
    pub(crate) fn waits_for_trigger(&self) -> bool {
        self.order_type.has_trigger() && !self.triggered
    }

    /// Whether a fill now takes from the book or has waited in it.
    pub(crate) fn liquidity(&self) -> Liquidity {
        if self.has_rested {
            Liquidity::Maker
        } else {
            Liquidity::Taker
        }
    }

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
        let target_reached = if buys {
            last <= self.stop_price
        } else {
            last >= self.stop_price
        };
        let price = match self.order_type {
            OrderType::Market => Some(last),
            OrderType::Limit => limit_reached.then_some(last),
            OrderType::StopMarket => stop_reached.then_some(last),
            OrderType::TakeProfit => target_reached.then_some(last),
            OrderType::StopLimit => {
                self.triggered |= stop_reached;
                (self.triggered && limit_reached).then_some(last)
            }
        };
        let is_in_book = self.order_type == OrderType::Limit || self.triggered;
        self.has_rested |= price.is_none() && is_in_book;
        price
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
