//! The venue's words.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::sim::market::Contract;
use crate::sim::order::{Order, OrderState, OrderType, Side};
use crate::sim::position::PositionSide;

/// Digits of money behind the point.
const MONEY_DIGITS: u32 = 8;
/// What is added to the number of an order: ids are above 2^53.
const FIRST_ORDER: u64 = 8_389_765_700_000_000_000;
/// What is added to the number of a conditional order.
const FIRST_ALGO: u64 = 3_000_000_000_000_000;

/// Money and mark prices.
pub(crate) fn money(amount: Decimal) -> String {
    fixed(amount, MONEY_DIGITS)
}

/// A quantity, with the digits of the contract's step, or with its own where it is no
/// multiple of that.
pub(crate) fn quantity(contract: &Contract, quantity: Decimal) -> String {
    let own = quantity.normalize().scale();
    fixed(quantity, quantity_digits(contract).max(own))
}

/// The digits of a contract's step.
pub(crate) fn quantity_digits(contract: &Contract) -> u32 {
    contract.rules.step.normalize().scale()
}

/// The price of an order, with the digits of the contract's tick.
pub(crate) fn price(contract: &Contract, price: Decimal) -> String {
    let tick = contract.rules.price_step.unwrap_or(contract.tick_size);
    fixed(price, tick.normalize().scale())
}

/// A computed price: without needless zeros, but for a last one.
pub(crate) fn average(price: Decimal) -> String {
    let price = price.round_dp(MONEY_DIGITS).normalize();
    let digits = price.scale().max(1);
    fixed(price, digits)
}

fn fixed(number: Decimal, digits: u32) -> String {
    let mut number = number.round_dp(digits);
    if number.is_zero() {
        // No minus before nothing.
        number = Decimal::ZERO;
    }
    number.rescale(digits);
    number.to_string()
}

pub(crate) fn order_id(order: &Order) -> u64 {
    late_order_id(order.id)
}

/// The id of an order that is known by its number alone.
pub(crate) fn late_order_id(number: u64) -> u64 {
    FIRST_ORDER.saturating_add(number)
}

pub(crate) fn algo_id(order: &Order) -> u64 {
    FIRST_ALGO.saturating_add(order.id)
}

pub(crate) fn milliseconds(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

pub(crate) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(crate) fn position_side(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Net => "BOTH",
        PositionSide::Long => "LONG",
        PositionSide::Short => "SHORT",
    }
}

pub(crate) fn order_status(order: &Order) -> &'static str {
    match order.state {
        OrderState::Filled => "FILLED",
        OrderState::Rejected => "REJECTED",
        // What is left of a market order ends by itself.
        OrderState::Cancelled if order.order_type == OrderType::Market => "EXPIRED",
        OrderState::Cancelled => "CANCELED",
        // An order whose cancel is under way shows as it was.
        OrderState::Accepted | OrderState::Working | OrderState::CancelPending => {
            if order.filled.is_zero() {
                "NEW"
            } else {
                "PARTIALLY_FILLED"
            }
        }
    }
}

/// The type of an order in the book of regular orders.
pub(crate) fn order_type(order: &Order) -> &'static str {
    match order.order_type {
        OrderType::Market | OrderType::StopMarket | OrderType::TakeProfit => "MARKET",
        OrderType::Limit | OrderType::StopLimit => "LIMIT",
    }
}

/// The type of a conditional order.
pub(crate) fn algo_type(order: &Order) -> &'static str {
    match order.order_type {
        OrderType::StopLimit => "STOP",
        OrderType::TakeProfit => "TAKE_PROFIT_MARKET",
        _ => "STOP_MARKET",
    }
}
