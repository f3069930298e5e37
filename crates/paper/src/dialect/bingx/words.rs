//! The venue's words.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::sim::market::Contract;
use crate::sim::order::{Order, OrderState, OrderType, Side};
use crate::sim::position::PositionSide;

/// Digits of money behind the point, and the most of them. The samples have four; whether
/// the venue books in four is not said, so that nothing is cut off here.
const MONEY_DIGITS: u32 = 4;
const MOST_DIGITS: u32 = 8;
/// What is added to the number of an order: ids are above 2^53, and neighbours are the
/// same where they are read as floats.
const FIRST_ORDER: u64 = 1_736_008_778_921_491_200;
/// What is added to the number of the fill with which a position began.
const FIRST_POSITION: u64 = 1_792_480_725_958_881_280;
/// What is added to the number of a TWAP order.
const FIRST_TWAP: u64 = 4_633_860_139_993_029_715;

/// Money and computed prices.
pub(crate) fn money(amount: Decimal) -> String {
    let amount = amount.round_dp(MOST_DIGITS).normalize();
    fixed(amount, amount.scale().max(MONEY_DIGITS))
}

/// A quantity, with the digits of the contract's step, or with its own where it is no
/// multiple of that.
pub(crate) fn quantity(contract: &Contract, quantity: Decimal) -> String {
    let own = quantity.normalize().scale();
    fixed(quantity, quantity_precision(contract).max(own))
}

/// The digits of a contract's step.
pub(crate) fn quantity_precision(contract: &Contract) -> u32 {
    contract.rules.step.normalize().scale()
}

/// The price of an order, with the digits of the contract's tick.
pub(crate) fn price(contract: &Contract, price: Decimal) -> String {
    let own = price.round_dp(MOST_DIGITS).normalize().scale();
    fixed(price, price_precision(contract).max(own))
}

/// The digits of a contract's tick.
pub(crate) fn price_precision(contract: &Contract) -> u32 {
    let tick = contract.rules.price_step.unwrap_or(contract.tick_size);
    tick.normalize().scale()
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

/// A number that is no text.
pub(crate) fn bare(number: Decimal) -> Value {
    let text = number.round_dp(MOST_DIGITS).normalize().to_string();
    serde_json::from_str(&text).unwrap_or_default()
}

pub(crate) fn order_id(order: &Order) -> u64 {
    late_order_id(order.id)
}

/// The id of an order that is known by its number alone.
pub(crate) fn late_order_id(number: u64) -> u64 {
    FIRST_ORDER.saturating_add(number)
}

pub(crate) fn position_id(first_fill: u64) -> u64 {
    FIRST_POSITION.saturating_add(first_fill)
}

pub(crate) fn twap_id(number: u64) -> u64 {
    FIRST_TWAP.saturating_add(number)
}

/// The number of a TWAP order of this id.
pub(crate) fn twap_number(id: &str) -> Option<u64> {
    id.parse::<u64>().ok()?.checked_sub(FIRST_TWAP)
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

/// As orders have it.
pub(crate) fn position_side(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Net => "BOTH",
        PositionSide::Long => "LONG",
        PositionSide::Short => "SHORT",
    }
}

/// A limit that rests is `PENDING` (recorded replies), what waits for a trigger `NEW`
/// (the pages).
pub(crate) fn order_status(order: &Order) -> &'static str {
    match order.state {
        OrderState::Filled => "FILLED",
        OrderState::Rejected => "FAILED",
        OrderState::Cancelled => "CANCELLED",
        // An order whose cancel is under way shows as it was.
        OrderState::Accepted | OrderState::Working | OrderState::CancelPending => {
            if order.waits_for_trigger() {
                "NEW"
            } else if order.filled.is_zero() {
                "PENDING"
            } else {
                "PARTIALLY_FILLED"
            }
        }
    }
}

/// Stops and targets are those that only reduce; others with a trigger may open.
pub(crate) fn order_type(order: &Order) -> &'static str {
    match (order.order_type, order.only_reduces()) {
        (OrderType::Market, _) => "MARKET",
        (OrderType::Limit, _) => "LIMIT",
        (OrderType::StopMarket, true) => "STOP_MARKET",
        (OrderType::StopLimit, true) => "STOP",
        (OrderType::TakeProfit, true) => "TAKE_PROFIT_MARKET",
        (OrderType::StopLimit, false) => "TRIGGER_LIMIT",
        (OrderType::StopMarket | OrderType::TakeProfit, false) => "TRIGGER_MARKET",
    }
}
