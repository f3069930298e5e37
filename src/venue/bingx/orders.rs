//! Working orders, which stand in two lists: TWAP orders, which the venue trades in parts,
//! and those of all other kinds.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::holdings::{OrderBook, OrderKind, OrderSide, WorkingOrder};
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::position_key::PositionSide;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// States in which an order can no longer fill, of both lists and in all spellings (pages
/// of the calls, recorded replies). Every other state, known or not, may still fill: a
/// limit that rests is `PENDING` in one place and `NEW` in another.
const TERMINAL: [&str; 9] = [
    "FILLED",
    "CANCELED",
    "CANCELLED",
    "FAILED",
    "REJECTED",
    "EXPIRED",
    "PARTIALLYFILLEDANDRESIDUEFAILED",
    "PARTIALLYFILLEDANDRESIDUECANCELLED",
    "PARTIALLYFILLEDANDRESIDUECANCELED",
];

/// The orders of all kinds but TWAP that may still fill: a list, or one in an object.
///
/// # Errors
/// When it is neither, or a row is no order: then none is believed.
pub(super) fn read(data: Node<'_>) -> Result<Vec<WorkingOrder>, Unexpected> {
    let rows = match data.object() {
        Some(object) => object.need("orders")?.as_list()?,
        None => data.as_list()?,
    };
    let mut working = Vec::new();
    for row in rows {
        let fields = row.as_object()?;
        let symbol = fields.need("symbol")?.as_label()?;
        let state = fields.need("status")?.as_label()?;
        if may_fill(&state) {
            working.push(order(&fields, &symbol, &state));
        }
    }
    Ok(working)
}

/// The TWAP orders that may still fill.
///
/// # Errors
/// When it is no list of them, or not the whole of it.
pub(super) fn read_twaps(data: Node<'_>) -> Result<Vec<WorkingOrder>, Unexpected> {
    let rows = match data.object() {
        Some(object) => {
            let rows = object.need("list")?.as_list()?;
            let total = object.need("total")?;
            if usize::try_from(total.as_integer()?) != Ok(rows.len()) {
                return Err(total.unexpected("the number of rows"));
            }
            rows
        }
        None => data.as_list()?,
    };
    let mut working = Vec::new();
    for row in rows {
        let fields = row.as_object()?;
        let symbol = fields.need("symbol")?.as_label()?;
        let state = fields.need("orderStatus")?.as_label()?;
        if may_fill(&state) {
            working.push(twap(&fields, &symbol, &state));
        }
    }
    Ok(working)
}

fn may_fill(state: &str) -> bool {
    !TERMINAL.contains(&state.to_ascii_uppercase().as_str())
}

fn order(fields: &Object<'_>, symbol: &str, state: &str) -> WorkingOrder {
    let text = |name| fields.member(name).and_then(Node::text);
    let flag = |name| fields.member(name).and_then(Node::boolean);
    let closes_all = flag("closePosition") == Some(true);
    WorkingOrder {
        id: id(fields, "orderId"),
        instrument: Some(Instrument::of(symbol, Dialect::Symbols)),
        side: side(fields),
        position: text("positionSide").and_then(|word| position_side(&word)),
        kind: text("type").map(|word| kind_of(&word)),
        book: Some(OrderBook::Regular),
        // What closes a position can only reduce it.
        reduce_only: if closes_all {
            Some(true)
        } else {
            flag("reduceOnly")
        },
        remaining: remaining(fields, "origQty").filter(|_| !closes_all),
        state: Arc::from(state),
    }
}

/// In one-way mode a TWAP order names the side to which it trades, so that the position
/// that it acts on is not known by that.
fn twap(fields: &Object<'_>, symbol: &str, state: &str) -> WorkingOrder {
    WorkingOrder {
        id: id(fields, "mainOrderId"),
        instrument: Some(Instrument::of(symbol, Dialect::Symbols)),
        side: side(fields),
        position: None,
        kind: Some(OrderKind::Other),
        book: Some(OrderBook::Twap),
        reduce_only: None,
        remaining: remaining(fields, "totalAmount"),
        state: Arc::from(state),
    }
}

/// To its last digit: ids are above 2^53.
fn id(fields: &Object<'_>, name: &str) -> Option<Arc<str>> {
    fields.member(name).and_then(Node::label).map(Arc::from)
}

fn side(fields: &Object<'_>) -> Option<OrderSide> {
    match fields.member("side")?.text()?.as_str() {
        "BUY" => Some(OrderSide::Buy),
        "SELL" => Some(OrderSide::Sell),
        _ => None,
    }
}

fn position_side(word: &str) -> Option<PositionSide> {
    match word {
        "BOTH" => Some(PositionSide::OneWay),
        "LONG" => Some(PositionSide::Long),
        "SHORT" => Some(PositionSide::Short),
        _ => None,
    }
}

fn kind_of(word: &str) -> OrderKind {
    match word {
        "MARKET" => OrderKind::Market,
        "LIMIT" => OrderKind::Limit,
        "STOP_MARKET" => OrderKind::Stop,
        "STOP" => OrderKind::StopLimit,
        "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" => OrderKind::Target,
        "TRAILING_STOP_MARKET" | "TRAILING_TP_SL" => OrderKind::Trailing,
        // A trigger order may lie on either side of the price.
        _ => OrderKind::Other,
    }
}

/// What may still fill.
fn remaining(fields: &Object<'_>, ordered: &str) -> Option<Decimal> {
    let number = |name: &str| fields.member(name).and_then(Node::decimal);
    let left = number(ordered)?.checked_sub(number("executedQty")?)?;
    (left > Decimal::ZERO).then(|| left.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const LIMIT: &str = r#"{"symbol": "BTC-USDT", "orderId": 1736008778921491201,
        "side": "SELL", "positionSide": "LONG", "type": "LIMIT", "origQty": "0.50",
        "price": "44459.6", "executedQty": "0.20", "stopPrice": "", "status": "PENDING",
        "reduceOnly": false, "closePosition": "", "takeProfit": {"type": "", "quantity": 0}}"#;
    const TWAP: &str = r#"{"mainOrderId": "4633860139993029715", "symbol": "BTC-USDT",
        "side": "BUY", "positionSide": "LONG", "priceType": "constant", "interval": 8,
        "amountPerOrder": "0.111", "totalAmount": "0.511", "orderStatus": "Running",
        "executedQty": "0.1"}"#;

    fn rows(rows: &str) -> Result<Vec<WorkingOrder>, String> {
        let body = format!(r#"{{"orders": [{rows}]}}"#);
        let json = Json::parse(body.as_bytes()).unwrap();
        read(json.root()).map_err(|error| error.to_string())
    }

    fn twaps(body: &str) -> Result<Vec<WorkingOrder>, String> {
        let json = Json::parse(body.as_bytes()).unwrap();
        read_twaps(json.root()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_order_is_read_as_far_as_it_goes() {
        let limit = WorkingOrder {
            id: Some("1736008778921491201".into()),
            instrument: Some(Instrument::of("BTC-USDT", Dialect::Symbols)),
            side: Some(OrderSide::Sell),
            position: Some(PositionSide::Long),
            kind: Some(OrderKind::Limit),
            book: Some(OrderBook::Regular),
            reduce_only: Some(false),
            remaining: Some(Decimal::new(3, 1)),
            state: "PENDING".into(),
        };
        assert_eq!(rows(LIMIT).unwrap(), std::slice::from_ref(&limit));
        // A list that stands for itself, with ids as texts.
        let text = LIMIT.replace("1736008778921491201", "\"1736008778921491201\"");
        let body = format!("[{text}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        assert_eq!(read(json.root()).unwrap(), [limit]);
        let whole = LIMIT
            .replace(r#""closePosition": """#, r#""closePosition": "true""#)
            .replace("\"LIMIT\"", "\"STOP_MARKET\"");
        let whole = rows(&whole).unwrap().remove(0);
        assert_eq!((whole.reduce_only, whole.remaining), (Some(true), None));
        assert_eq!(whole.kind, Some(OrderKind::Stop));
        let bare = rows(r#"{"symbol": "A", "status": "THINKING"}"#).unwrap();
        assert_eq!((&bare[0].id, bare[0].kind), (&None, None));
    }

    #[test]
    fn a_twap_order_stands_in_a_list_of_its_own() {
        let expected = WorkingOrder {
            id: Some("4633860139993029715".into()),
            instrument: Some(Instrument::of("BTC-USDT", Dialect::Symbols)),
            side: Some(OrderSide::Buy),
            kind: Some(OrderKind::Other),
            book: Some(OrderBook::Twap),
            remaining: Some(Decimal::new(411, 3)),
            state: "Running".into(),
            ..WorkingOrder::default()
        };
        let one = format!(r#"{{"total": 1, "list": [{TWAP}]}}"#);
        assert_eq!(twaps(&one).unwrap(), [expected]);
        assert_eq!(twaps(r#"{"total": 0, "list": []}"#).unwrap(), []);
        assert_eq!(twaps(&format!("[{TWAP}]")).unwrap().len(), 1);
        for wrong in [
            &format!(r#"{{"total": 2, "list": [{TWAP}]}}"#),
            &format!(r#"{{"list": [{TWAP}]}}"#),
            &one.replace("\"BTC-USDT\"", "\"\""),
            &one.replace("orderStatus", "status"),
            r#"{"total": 0, "list": null}"#,
            "null",
            "{}",
        ] {
            assert!(twaps(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_can_no_longer_fill_is_left_out() {
        for (state, works) in [
            ("NEW", true),
            ("PENDING", true),
            ("PARTIALLY_FILLED", true),
            ("Running", true),
            ("TRIGGERED", true),
            ("FILLED", false),
            ("CANCELED", false),
            ("CANCELLED", false),
            ("Cancelled", false),
            ("FAILED", false),
            ("EXPIRED", false),
            ("Canceling", true),
            ("PartiallyFilledAndResidueFailed", false),
            ("PartiallyFilledAndResidueCancelled", false),
        ] {
            let row = format!(r#"{{"symbol": "A", "status": "{state}"}}"#);
            assert_eq!(rows(&row).unwrap().len(), usize::from(works), "{state}");
            let list = format!(r#"[{{"symbol": "A", "orderStatus": "{state}"}}]"#);
            assert_eq!(twaps(&list).unwrap().len(), usize::from(works), "{state}");
        }
    }

    #[test]
    fn what_is_no_order_spoils_the_list() {
        for wrong in [
            "null",
            "[]",
            "{}",
            r#"{"symbol": "A"}"#,
            r#"{"status": "NEW"}"#,
            r#"{"symbol": "", "status": "NEW"}"#,
            r#"{"symbol": "A", "status": null}"#,
        ] {
            assert!(rows(&format!("{LIMIT},{wrong}")).is_err(), "{wrong}");
        }
        for wrong in [r#"{"orders": null}"#, r#"{"list": []}"#, "null", "{}"] {
            let json = Json::parse(wrong.as_bytes()).unwrap();
            assert!(read(json.root()).is_err(), "{wrong}");
        }
    }
}
