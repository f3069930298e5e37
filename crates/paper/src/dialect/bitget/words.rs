//! The venue's words.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::BitgetState;
use crate::sim::order::{Order, OrderType, Side};
use crate::sim::position::{PositionMode, PositionSide};

/// Digits of computed money; what is exact has fewer.
const DIGITS: u32 = 8;
/// What is added to the number of an order: ids are above 2^53.
const FIRST_ORDER: u64 = 1_190_384_645_000_000_000;
/// What is added to the number of an order for the client's id that the venue makes up.
const FIRST_CLIENT: u64 = 1_190_384_646_000_000_000;

/// A number as the venue writes it: a text without needless zeros.
pub(crate) fn number(number: Decimal) -> String {
    let number = number.round_dp(DIGITS).normalize();
    if number.is_zero() {
        // No minus before nothing.
        return "0".to_owned();
    }
    number.to_string()
}

pub(crate) fn milliseconds(time: DateTime<Utc>) -> String {
    time.timestamp_millis().to_string()
}

/// The id of the order of a number.
pub(crate) fn order_id(number: u64) -> String {
    FIRST_ORDER.saturating_add(number).to_string()
}

/// The client's id of an order; the venue makes one up where there is none.
pub(crate) fn client_id(known: &BitgetState, order: &Order) -> String {
    match known.links.of(&order.order_id) {
        "" => made_up(order.id),
        link => link.to_owned(),
    }
}

/// The id that the venue makes up for the order of a number.
pub(crate) fn made_up(number: u64) -> String {
    FIRST_CLIENT.saturating_add(number).to_string()
}

pub(crate) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// The side of an order as v2 says it: in hedge mode it names the position, so that a
/// long one is closed by `buy` (Place-Order).
pub(crate) fn classic_side(about: PositionSide, traded: Side) -> &'static str {
    match about {
        PositionSide::Net => side(traded),
        PositionSide::Long => "buy",
        PositionSide::Short => "sell",
    }
}

/// Whether an order opens or closes; of one-way mode which way it goes.
pub(crate) fn trade_side(about: PositionSide, traded: Side) -> &'static str {
    match (about, traded) {
        (PositionSide::Net, Side::Buy) => "buy_single",
        (PositionSide::Net, Side::Sell) => "sell_single",
        _ if about.is_closed_by(traded) => "close",
        _ => "open",
    }
}

pub(crate) fn position_side(side: PositionSide) -> &'static str {
    match side {
        PositionSide::Net => "net",
        PositionSide::Long => "long",
        PositionSide::Short => "short",
    }
}

/// The side of a position that is held.
pub(crate) fn hold_side(quantity: Decimal) -> &'static str {
    if quantity.is_sign_negative() {
        "short"
    } else {
        "long"
    }
}

pub(crate) fn mode(mode: PositionMode) -> &'static str {
    match mode {
        PositionMode::OneWay => "one_way_mode",
        PositionMode::Hedge => "hedge_mode",
    }
}

pub(crate) fn margin_mode(isolated: bool) -> &'static str {
    if isolated { "isolated" } else { "crossed" }
}

pub(crate) fn yes_or_no(yes: bool) -> &'static str {
    if yes { "YES" } else { "NO" }
}

/// The state of an order that is listed: it is live, whatever is under way.
pub(crate) fn status(order: &Order) -> &'static str {
    if order.filled.is_zero() {
        "live"
    } else {
        "partially_filled"
    }
}

pub(crate) fn order_type(order: &Order) -> &'static str {
    match order.order_type {
        OrderType::Market | OrderType::StopMarket | OrderType::TakeProfit => "market",
        OrderType::Limit | OrderType::StopLimit => "limit",
    }
}
