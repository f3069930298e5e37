//! Working orders, which stand in two lists: regular ones, and those that wait for a
//! condition.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::positions::side_of;
use crate::domain::holdings::{OrderBook, OrderKind, OrderSide, WorkingOrder};
use crate::domain::instrument::{Dialect, Instrument};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// States in which an order can no longer fill (common-definition page). Every other
/// state, known or not, may still fill.
const TERMINAL: [&str; 7] = [
    "FILLED",
    "CANCELED",
    "CANCELLED",
    "REJECTED",
    "EXPIRED",
    "EXPIRED_IN_MATCH",
    "FINISHED",
];

/// The orders of a list that may still fill.
///
/// # Errors
/// When it is no list, or a row is no order: then none is believed.
pub(super) fn read(list: Node<'_>, book: OrderBook) -> Result<Vec<WorkingOrder>, Unexpected> {
    let mut working = Vec::new();
    for row in list.as_list()? {
        let fields = row.as_object()?;
        let symbol = fields.need("symbol")?.as_label()?;
        let state = fields.need(names(book).state)?.as_label()?;
        if !TERMINAL.contains(&state.as_str()) {
            working.push(order(&fields, book, &symbol, &state));
        }
    }
    Ok(working)
}

/// How a list names what both have.
struct Names {
    id: &'static str,
    state: &'static str,
    kind: &'static str,
}

const fn names(book: OrderBook) -> Names {
    match book {
        OrderBook::Regular | OrderBook::Twap => Names {
            id: "orderId",
            state: "status",
            kind: "type",
        },
        OrderBook::Conditional => Names {
            id: "algoId",
            state: "algoStatus",
            kind: "orderType",
        },
    }
}

fn order(fields: &Object<'_>, book: OrderBook, symbol: &str, state: &str) -> WorkingOrder {
    let text = |name| fields.member(name).and_then(Node::text);
    let flag = |name| fields.member(name).and_then(Node::boolean);
    let closes_all = flag("closePosition") == Some(true);
    let Names { id, kind, .. } = names(book);
    WorkingOrder {
        id: fields.member(id).and_then(Node::label).map(Arc::from),
        instrument: Some(Instrument::of(symbol, Dialect::Symbols)),
        side: match text("side").as_deref() {
            Some("BUY") => Some(OrderSide::Buy),
            Some("SELL") => Some(OrderSide::Sell),
            _ => None,
        },
        position: text("positionSide").and_then(|word| side_of(&word)),
        kind: text(kind).map(|word| kind_of(&word)),
        book: Some(book),
        // What closes a position can only reduce it.
        reduce_only: if closes_all {
            Some(true)
        } else {
            flag("reduceOnly")
        },
        remaining: remaining(fields, book).filter(|_| !closes_all),
        state: Arc::from(state),
    }
}

fn kind_of(word: &str) -> OrderKind {
    match word {
        "MARKET" => OrderKind::Market,
        "LIMIT" => OrderKind::Limit,
        "STOP_MARKET" => OrderKind::Stop,
        "STOP" => OrderKind::StopLimit,
        "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" => OrderKind::Target,
        "TRAILING_STOP_MARKET" => OrderKind::Trailing,
        _ => OrderKind::Other,
    }
}

/// What may still fill.
fn remaining(fields: &Object<'_>, book: OrderBook) -> Option<Decimal> {
    let number = |name| fields.member(name).and_then(Node::decimal);
    let left = match book {
        OrderBook::Regular | OrderBook::Twap => {
            number("origQty")?.checked_sub(number("executedQty")?)?
        }
        OrderBook::Conditional => number("quantity")?,
    };
    (left > Decimal::ZERO).then(|| left.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position_key::PositionSide;
    use crate::venue::rest::json::Json;
    use OrderBook::{Conditional, Regular};

    fn read_rows(rows: &str, book: OrderBook) -> Result<Vec<WorkingOrder>, String> {
        let body = format!("[{rows}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        read(json.root(), book).map_err(|error| error.to_string())
    }

    const LIMIT: &str = r#"{"orderId": 8389765700000000123, "symbol": "BTCUSDT",
        "side": "BUY", "positionSide": "LONG", "type": "LIMIT", "origType": "LIMIT",
        "status": "PARTIALLY_FILLED", "origQty": "0.50", "executedQty": "0.20",
        "reduceOnly": false, "closePosition": false}"#;
    const STOP: &str = r#"{"algoId": 3000000000000007, "symbol": "BTCUSDT", "side": "SELL",
        "positionSide": "BOTH", "orderType": "STOP_MARKET", "algoStatus": "NEW",
        "quantity": "0.50", "reduceOnly": true, "closePosition": false, "actualOrderId": ""}"#;

    #[test]
    fn an_order_of_each_list_is_read_as_far_as_it_goes() {
        let limit = WorkingOrder {
            id: Some("8389765700000000123".into()),
            instrument: Some(Instrument::of("BTCUSDT", Dialect::Symbols)),
            side: Some(OrderSide::Buy),
            position: Some(PositionSide::Long),
            kind: Some(OrderKind::Limit),
            book: Some(Regular),
            reduce_only: Some(false),
            remaining: Some(Decimal::new(3, 1)),
            state: "PARTIALLY_FILLED".into(),
        };
        assert_eq!(read_rows(LIMIT, Regular).unwrap(), [limit]);
        let stop = read_rows(STOP, Conditional).unwrap().remove(0);
        assert_eq!(stop.id.as_deref(), Some("3000000000000007"));
        assert_eq!(stop.kind, Some(OrderKind::Stop));
        assert_eq!(stop.book, Some(Conditional));
        assert_eq!(stop.remaining, Some(Decimal::new(5, 1)));
        // One that closes whatever is held has no quantity.
        let whole = STOP
            .replace(r#""closePosition": false"#, r#""closePosition": true"#)
            .replace(r#""reduceOnly": true"#, r#""reduceOnly": false"#);
        let whole = read_rows(&whole, Conditional).unwrap().remove(0);
        assert_eq!((whole.reduce_only, whole.remaining), (Some(true), None));
        let bare = read_rows(r#"{"symbol": "A", "status": "THINKING"}"#, Regular).unwrap();
        assert_eq!((&bare[0].id, bare[0].kind), (&None, None));
    }

    #[test]
    fn only_what_can_no_longer_fill_is_left_out() {
        for (state, works) in [
            ("NEW", true),
            ("PARTIALLY_FILLED", true),
            ("PENDING_CANCEL", true),
            ("TRIGGERING", true),
            ("TRIGGERED", true),
            ("FILLED", false),
            ("CANCELED", false),
            ("EXPIRED", false),
            ("EXPIRED_IN_MATCH", false),
            ("REJECTED", false),
            ("FINISHED", false),
            ("canceled", true),
        ] {
            for (book, name) in [(Regular, "status"), (Conditional, "algoStatus")] {
                let row = format!(r#"{{"symbol": "A", "{name}": "{state}"}}"#);
                let count = read_rows(&row, book).unwrap().len();
                assert_eq!(count, usize::from(works), "{state}");
            }
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
            r#"{"symbol": "A", "algoStatus": "NEW"}"#,
        ] {
            assert!(
                read_rows(&format!("{LIMIT},{wrong}"), Regular).is_err(),
                "{wrong}"
            );
        }
        let json = Json::parse(br#"{"data": []}"#).unwrap();
        assert!(read(json.root(), Regular).is_err());
    }
}
