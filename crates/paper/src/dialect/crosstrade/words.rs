//! CrossTrade's words, which are NinjaTrader 8's, for what the simulation knows.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::sim::account::ConnectionStatus;
use crate::sim::order::{Order, OrderState, OrderType, Side, TimeInForce};

/// The connection of an account row.
pub(crate) fn connection(status: ConnectionStatus) -> &'static str {
    match status {
        ConnectionStatus::Connected => "Connected",
        ConnectionStatus::Connecting => "Connecting",
        ConnectionStatus::ConnectionLost => "ConnectionLost",
        ConnectionStatus::Disconnecting => "Disconnecting",
        ConnectionStatus::Disconnected => "Disconnected",
    }
}

/// The type of an order row.
pub(crate) fn order_type(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Market => "Market",
        OrderType::Limit => "Limit",
        OrderType::StopMarket => "StopMarket",
        OrderType::StopLimit => "StopLimit",
        // Market if touched.
        OrderType::TakeProfit => "MIT",
    }
}

/// The state of an order row.
pub(crate) fn order_state(state: OrderState) -> &'static str {
    match state {
        OrderState::Accepted => "Accepted",
        OrderState::Working => "Working",
        OrderState::CancelPending => "CancelPending",
        OrderState::Cancelled => "Cancelled",
        OrderState::Filled => "Filled",
        OrderState::Rejected => "Rejected",
    }
}

/// The time in force of an order row.
pub(crate) fn time_in_force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Day => "Day",
        TimeInForce::Gtc => "Gtc",
    }
}

/// What an order does to the position that was held when it was placed.
pub(crate) fn action(order: &Order) -> &'static str {
    let held = order.held_before;
    match order.side {
        Side::Buy if held < Decimal::ZERO => "BuyToCover",
        Side::Buy => "Buy",
        Side::Sell if held > Decimal::ZERO => "Sell",
        Side::Sell => "SellShort",
    }
}

/// A size as whole contracts. A part of one counts as one: what is held is never
/// shown as nothing.
pub(crate) fn contracts(quantity: Decimal) -> i64 {
    quantity.abs().ceil().to_i64().unwrap_or(i64::MAX)
}

/// Reads `BUY` or `SELL` in any casing.
pub(crate) fn read_side(text: &str) -> Option<Side> {
    match text.to_ascii_lowercase().as_str() {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        _ => None,
    }
}

/// Reads the spelling of the place call, such as `STOPMARKET`.
pub(crate) fn read_order_type(text: &str) -> Option<OrderType> {
    let plain: String = text.chars().filter(|c| !" _".contains(*c)).collect();
    match plain.to_ascii_lowercase().as_str() {
        "market" => Some(OrderType::Market),
        "limit" => Some(OrderType::Limit),
        "stopmarket" => Some(OrderType::StopMarket),
        "stoplimit" => Some(OrderType::StopLimit),
        _ => None,
    }
}

/// Reads `DAY` or `GTC` in any casing.
pub(crate) fn read_time_in_force(text: &str) -> Option<TimeInForce> {
    match text.to_ascii_lowercase().as_str() {
        "day" => Some(TimeInForce::Day),
        "gtc" => Some(TimeInForce::Gtc),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_place_call() {
        for (text, expected) in [
            ("MARKET", Some(OrderType::Market)),
            ("StopMarket", Some(OrderType::StopMarket)),
            ("STOP_LIMIT", Some(OrderType::StopLimit)),
            ("limit", Some(OrderType::Limit)),
            ("iceberg", None),
        ] {
            assert_eq!(read_order_type(text), expected, "{text}");
        }
        assert_eq!(read_side("Buy"), Some(Side::Buy));
        assert_eq!(read_side("hold"), None);
        assert_eq!(read_time_in_force("gtc"), Some(TimeInForce::Gtc));
    }
}
