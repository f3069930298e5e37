//! The venue's words.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::sim::order::{Order, OrderState, OrderType, Side};
use crate::sim::position::PositionSide;

/// Digits of computed money; what is exact has fewer.
const DIGITS: u32 = 8;

/// A number as the venue writes it: a string without needless zeros.
pub(crate) fn number(number: Decimal) -> String {
    number.round_dp(DIGITS).normalize().to_string()
}

pub(crate) fn milliseconds(time: DateTime<Utc>) -> String {
    time.timestamp_millis().to_string()
}

pub(crate) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "Buy",
        Side::Sell => "Sell",
    }
}

/// 0 one-way, 1 the long one of hedge mode, 2 the short one.
pub(crate) fn position_index(side: PositionSide) -> u8 {
    match side {
        PositionSide::Net => 0,
        PositionSide::Long => 1,
        PositionSide::Short => 2,
    }
}

/// 32 digits in the groups of a UUID.
pub(crate) fn order_id(id: &str) -> String {
    let mut text = String::with_capacity(36);
    for (place, digit) in id.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn order_status(order: &Order) -> &'static str {
    let is_filled = !order.filled.is_zero();
    match order.state {
        OrderState::Filled => "Filled",
        OrderState::Rejected => "Rejected",
        OrderState::Cancelled if order.waits_for_trigger() && !is_filled => "Deactivated",
        OrderState::Cancelled => "Cancelled",
        // An order whose cancel is under way shows as it was.
        OrderState::Accepted | OrderState::Working | OrderState::CancelPending => {
            if order.waits_for_trigger() {
                "Untriggered"
            } else if is_filled {
                "PartiallyFilled"
            } else {
                "New"
            }
        }
    }
}

pub(crate) fn order_type(order: &Order) -> &'static str {
    match order.order_type {
        OrderType::Market | OrderType::StopMarket | OrderType::TakeProfit => "Market",
        OrderType::Limit | OrderType::StopLimit => "Limit",
    }
}
