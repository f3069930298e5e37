//! Working orders of all kinds, which stand in one list.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::positions::side_of;
use crate::domain::holdings::{OrderBook, OrderKind, OrderSide, WorkingOrder};
use crate::domain::instrument::{Dialect, Instrument};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// States in which an order can no longer fill (enum page). Every other state, known
/// or not, may still fill.
const TERMINAL: [&str; 5] = [
    "Rejected",
    "PartiallyFilledCanceled",
    "Filled",
    "Cancelled",
    "Deactivated",
];

/// Adds the orders of one page that may still fill to what was read. A list may move
/// between two pages, so one that is there already is left out.
///
/// # Errors
/// When a row is no order: then none is believed.
pub(super) fn add(working: &mut Vec<WorkingOrder>, rows: &[Node<'_>]) -> Result<(), Unexpected> {
    for row in rows {
        let fields = row.as_object()?;
        let symbol = fields.need("symbol")?.as_label()?;
        let state = fields.need("orderStatus")?.as_label()?;
        if TERMINAL.contains(&state.as_str()) {
            continue;
        }
        let order = order(&fields, &symbol, &state);
        let is_known = order.id.is_some() && working.iter().any(|known| known.id == order.id);
        if !is_known {
            working.push(order);
        }
    }
    Ok(())
}

fn order(fields: &Object<'_>, symbol: &str, state: &str) -> WorkingOrder {
    let side = side(fields);
    let is_waiting = state == "Untriggered";
    let flag = |name| fields.member(name).and_then(Node::boolean);
    // What closes on a trigger can only reduce too (create-order page).
    let reduce_only = match (flag("reduceOnly"), flag("closeOnTrigger")) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (reduce_only, _) => reduce_only,
    };
    let index = fields.member("positionIdx");
    WorkingOrder {
        id: fields
            .member("orderId")
            .and_then(Node::label)
            .map(Arc::from),
        instrument: Some(Instrument::of(symbol, Dialect::Symbols)),
        side,
        position: index.and_then(|index| side_of(index).ok()),
        kind: kind(fields, side),
        book: Some(if is_waiting {
            OrderBook::Conditional
        } else {
            OrderBook::Regular
        }),
        reduce_only,
        remaining: remaining(fields, is_waiting),
        state: Arc::from(state),
    }
}

fn side(fields: &Object<'_>) -> Option<OrderSide> {
    match fields.member("side")?.text()?.as_str() {
        "Buy" => Some(OrderSide::Buy),
        "Sell" => Some(OrderSide::Sell),
        _ => None,
    }
}

/// What makes it trade. A conditional order is a stop where its trigger lies beyond the
/// price, seen from its side (`triggerDirection`: 1 rises to it, 2 falls to it), and
/// else a target.
fn kind(fields: &Object<'_>, side: Option<OrderSide>) -> Option<OrderKind> {
    let text = |name| fields.member(name).and_then(Node::text).unwrap_or_default();
    let is_limit = text("orderType") == "Limit";
    let stop = if is_limit {
        OrderKind::StopLimit
    } else {
        OrderKind::Stop
    };
    Some(match text("stopOrderType").as_str() {
        "" | "UNKNOWN" => match text("orderType").as_str() {
            "Limit" => OrderKind::Limit,
            "Market" => OrderKind::Market,
            "" => return None,
            _ => OrderKind::Other,
        },
        "StopLoss" | "PartialStopLoss" => stop,
        "TakeProfit" | "PartialTakeProfit" => OrderKind::Target,
        "TrailingStop" => OrderKind::Trailing,
        "Stop" => {
            let direction = fields.member("triggerDirection");
            match (side, direction.and_then(|way| way.as_integer().ok())) {
                (Some(OrderSide::Buy), Some(2)) | (Some(OrderSide::Sell), Some(1)) => {
                    OrderKind::Target
                }
                _ => stop,
            }
        }
        _ => OrderKind::Other,
    })
}

/// What may still fill. `leavesQty` of an order that waits for its trigger is zero, and
/// so is `qty` of one that closes whatever is held then.
fn remaining(fields: &Object<'_>, is_waiting: bool) -> Option<Decimal> {
    let number = |name| fields.member(name).and_then(Node::decimal);
    let left = if is_waiting {
        number("qty")?
    } else {
        number("leavesQty")?
    };
    (left > Decimal::ZERO).then(|| left.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position_key::PositionSide;
    use crate::venue::rest::json::Json;

    fn read(rows: &str) -> Result<Vec<WorkingOrder>, String> {
        let body = format!("[{rows}]");
        let json = Json::parse(body.as_bytes()).unwrap();
        let mut working = Vec::new();
        add(&mut working, &json.root().list().unwrap()).map_err(|error| error.to_string())?;
        Ok(working)
    }

    const STOP: &str = r#"{"orderId": "16f6-4a", "orderLinkId": "", "symbol": "BTCUSDT",
        "side": "Sell", "positionIdx": 1, "orderStatus": "Untriggered", "orderType": "Market",
        "stopOrderType": "Stop", "price": "0", "qty": "0.50", "leavesQty": "0",
        "cumExecQty": "0", "triggerPrice": "45000", "triggerDirection": 2,
        "reduceOnly": true, "closeOnTrigger": false}"#;

    #[test]
    fn an_order_is_read_as_far_as_it_goes() {
        let expected = WorkingOrder {
            id: Some("16f6-4a".into()),
            instrument: Some(Instrument::of("BTCUSDT", Dialect::Symbols)),
            side: Some(OrderSide::Sell),
            position: Some(PositionSide::Long),
            kind: Some(OrderKind::Stop),
            book: Some(OrderBook::Conditional),
            reduce_only: Some(true),
            // `leavesQty` says nothing of an order that is not in the book.
            remaining: Some(Decimal::new(5, 1)),
            state: "Untriggered".into(),
        };
        assert_eq!(read(STOP).unwrap(), [expected]);
        let bare = read(r#"{"symbol": "A", "orderStatus": "Thinking"}"#).unwrap();
        let expected = WorkingOrder {
            instrument: Some(Instrument::of("A", Dialect::Symbols)),
            book: Some(OrderBook::Regular),
            state: "Thinking".into(),
            ..WorkingOrder::default()
        };
        assert_eq!(bare, [expected]);
    }

    #[test]
    fn every_kind_has_a_name() {
        use OrderKind as K;
        for (kind, order_type, side, direction, expected) in [
            ("", "Limit", "Buy", 0, K::Limit),
            ("UNKNOWN", "Market", "Buy", 0, K::Market),
            ("Stop", "Market", "Sell", 2, K::Stop),
            ("Stop", "Limit", "Buy", 1, K::StopLimit),
            ("Stop", "Market", "Sell", 1, K::Target),
            ("Stop", "Limit", "Buy", 2, K::Target),
            ("StopLoss", "Market", "Sell", 2, K::Stop),
            ("PartialStopLoss", "Limit", "Sell", 2, K::StopLimit),
            ("TakeProfit", "Market", "Sell", 1, K::Target),
            ("PartialTakeProfit", "Limit", "Sell", 1, K::Target),
            ("TrailingStop", "Market", "Sell", 2, K::Trailing),
            ("tpslOrder", "Market", "Sell", 2, K::Other),
        ] {
            let row = format!(
                r#"{{"symbol": "A", "orderStatus": "New", "stopOrderType": "{kind}",
                "orderType": "{order_type}", "side": "{side}", "triggerDirection": {direction}}}"#
            );
            assert_eq!(read(&row).unwrap()[0].kind, Some(expected), "{row}");
        }
    }

    #[test]
    fn only_what_can_no_longer_fill_is_left_out() {
        for (state, works) in [
            ("New", true),
            ("PartiallyFilled", true),
            ("Untriggered", true),
            ("Triggered", true),
            ("Active", true),
            ("Created", true),
            ("Rejected", false),
            ("Filled", false),
            ("Cancelled", false),
            ("Deactivated", false),
            ("PartiallyFilledCanceled", false),
            ("cancelled", true),
        ] {
            let row = format!(r#"{{"symbol": "A", "orderStatus": "{state}"}}"#);
            assert_eq!(read(&row).unwrap().len(), usize::from(works), "{state}");
        }
        let twice = read(&format!("{STOP},{STOP}")).unwrap();
        assert_eq!(twice.len(), 1);
    }

    #[test]
    fn what_is_no_order_spoils_the_list() {
        for wrong in [
            "null",
            "[]",
            "{}",
            r#"{"symbol": "A"}"#,
            r#"{"orderStatus": "New"}"#,
            r#"{"symbol": "", "orderStatus": "New"}"#,
            r#"{"symbol": "A", "orderStatus": null}"#,
        ] {
            assert!(read(&format!("{STOP},{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_size_that_is_not_said_is_unknown() {
        let left = |from: &str, to: &str| read(&STOP.replace(from, to)).unwrap()[0].remaining;
        assert_eq!(left(r#""qty": "0.50""#, r#""qty": "0""#), None);
        assert_eq!(left(r#""qty": "0.50""#, r#""qty": """#), None);
        assert_eq!(left("Untriggered", "New"), None);
        let part = STOP.replace("Untriggered", "PartiallyFilled");
        let part = part.replace(r#""leavesQty": "0""#, r#""leavesQty": "0.2""#);
        assert_eq!(read(&part).unwrap()[0].remaining, Some(Decimal::new(2, 1)));
    }
}
