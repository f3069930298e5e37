//! Positions and orders, read so that doubt never looks like an empty account.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::amount;
use crate::domain::account::AccountNumber;
use crate::domain::holdings::{
    OrderBook, OrderKind, OrderSide, Position, WorkingOrder, WorkingOrders,
};
use crate::domain::instrument::Instrument;
use crate::domain::position_key::{PositionKey, PositionSide};
use crate::venue::rest::json::{Node, Object};

/// Names that a position's open result goes by (facts on the venue's replies
/// and its clients), the documented one first.
pub(super) const UNREALIZED: &[&str] = &["unrealizedprofitloss", "unrealizedpnl"];

/// Order states in which an order can no longer fill (NinjaTrader help, order
/// state definitions), in lower case without space and `_`. Every other state,
/// known or not, may still fill.
const TERMINAL: [&str; 4] = ["cancelled", "canceled", "filled", "rejected"];

/// The elements that an answer lists under `key`: bare, under the key, or
/// either of these under `data`; `one` is the key of a single element.
pub(super) fn listed<'a>(answer: Node<'a>, key: &str, one: &str) -> Option<Vec<Node<'a>>> {
    if let Some(elements) = answer.list() {
        return Some(elements);
    }
    let object = answer.object()?;
    if object.mentions(key) {
        return object.get(key)?.list();
    }
    if let Some(element) = object.get(one) {
        return element.object().map(|_| vec![element]);
    }
    let data = object.get("data")?;
    if let Some(elements) = data.list() {
        return Some(elements);
    }
    data.object()?.get(key)?.list()
}

/// The open positions among `rows`, all of which belong to `account`.
///
/// # Errors
/// When a row says something that cannot be: then none is believed.
pub(super) fn positions(
    rows: &[Node<'_>],
    account: &AccountNumber,
) -> Result<Arc<[Position]>, String> {
    let mut open = Vec::with_capacity(rows.len());
    for row in rows {
        let row = row.object().ok_or("a position is not an object")?;
        belongs(&row, account)?;
        if let Some(position) = position(&row)? {
            open.push(position);
        }
    }
    Ok(open.into())
}

/// One row: a position, or `None` when it is flat.
fn position(row: &Object<'_>) -> Result<Option<Position>, String> {
    let instrument = row.text("instrument").unwrap_or_default();
    let side = row.text("marketposition").map(|side| plain(&side));
    let quantity = row.decimal(&["quantity"]).map(amount::price);
    let named = |problem: &str| format!("position in {instrument:?}: {problem}");
    let size = match (side.as_deref(), quantity) {
        (Some("long" | "short" | "flat") | None, Some(size)) if size.is_zero() => return Ok(None),
        (Some("flat"), None) if !row.mentions("quantity") => return Ok(None),
        (Some("flat"), _) => return Err(named("flat, but with a quantity")),
        (Some("long"), Some(size)) if size < Decimal::ZERO => {
            return Err(named("long, but with a negative quantity"));
        }
        (Some("long"), Some(size)) => size,
        (Some("short"), Some(size)) => -size.abs(),
        (Some("long" | "short"), None) => return Err(named("without a quantity")),
        (Some(_), _) => return Err(named("neither long nor short nor flat")),
        (None, _) => return Err(named("without a side")),
    };
    if instrument.trim().is_empty() {
        return Err("a position without an instrument".to_owned());
    }
    Ok(Some(Position {
        average_price: row.decimal(&["averageprice"]).map(amount::price),
        unrealized: row.decimal(UNREALIZED).map(amount::money),
        ..Position::new(PositionKey::one_way(Instrument::new(&instrument)), size)
    }))
}

/// The orders among `rows` that may still fill, all of which belong to `account`.
///
/// # Errors
/// When a row cannot be an order of this account: then none is believed.
pub(super) fn working_orders(
    rows: &[Node<'_>],
    account: &AccountNumber,
) -> Result<WorkingOrders, String> {
    let mut working = Vec::with_capacity(rows.len());
    for row in rows {
        let row = row.object().ok_or("an order is not an object")?;
        belongs(&row, account)?;
        if let Some(order) = working_order(&row) {
            working.push(order);
        }
    }
    Ok(WorkingOrders::Listed(working.into()))
}

fn working_order(row: &Object<'_>) -> Option<WorkingOrder> {
    let state = row.text("orderstate").unwrap_or_default();
    if TERMINAL.contains(&plain(&state).as_str()) {
        return None;
    }
    let state = if state.trim().is_empty() {
        "Unknown"
    } else {
        state.trim()
    };
    Some(WorkingOrder {
        id: ["orderid", "id", "automatedtradingorderid"]
            .iter()
            .find_map(|key| row.get(key).and_then(Node::label))
            .map(Arc::from),
        instrument: row
            .text("instrument")
            .filter(|text| !text.trim().is_empty())
            .map(|text| Instrument::new(&text)),
        side: row.text("orderaction").and_then(|action| side(&action)),
        position: Some(PositionSide::OneWay),
        kind: row
            .text("ordertype")
            .filter(|kind| !kind.trim().is_empty())
            .map(|kind| order_kind(&kind)),
        book: Some(OrderBook::Regular),
        // NinjaTrader has no such orders.
        reduce_only: Some(false),
        remaining: remaining(row),
        state: Arc::from(state),
    })
}

fn side(action: &str) -> Option<OrderSide> {
    match plain(action).as_str() {
        "buy" | "buytocover" => Some(OrderSide::Buy),
        "sell" | "sellshort" => Some(OrderSide::Sell),
        _ => None,
    }
}

/// The documented types, and the trailing stop of NinjaTrader's own lists.
fn order_kind(text: &str) -> OrderKind {
    match plain(text).as_str() {
        "market" => OrderKind::Market,
        "limit" => OrderKind::Limit,
        "stopmarket" | "stop" => OrderKind::Stop,
        "stoplimit" => OrderKind::StopLimit,
        "mit" | "marketiftouched" => OrderKind::Target,
        "trailingstop" | "trailstop" => OrderKind::Trailing,
        _ => OrderKind::Other,
    }
}

/// What may still fill. An order that works with nothing left contradicts
/// itself, so its size is unknown.
fn remaining(row: &Object<'_>) -> Option<Decimal> {
    let quantity = row.decimal(&["quantity"])?;
    let filled = row.decimal(&["filled"])?;
    quantity
        .checked_sub(filled)
        .map(amount::price)
        .filter(|left| *left > Decimal::ZERO && filled >= Decimal::ZERO)
}

/// Refuses a row that names another account than the one asked for.
fn belongs(row: &Object<'_>, account: &AccountNumber) -> Result<(), String> {
    match row.text("account") {
        Some(other) if !account.matches(&other) => Err(format!(
            "the answer for {account} holds a row of account {other:?}"
        )),
        _ => Ok(()),
    }
}

/// In lower case, without space and `_`.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountNumber {
        AccountNumber::parse("Sim101").unwrap()
    }

    fn rows<'a>(body: &'a str, key: &str, one: &str) -> Option<Vec<Node<'a>>> {
        listed(Node::parse(body.as_bytes()).unwrap(), key, one)
    }

    fn read_positions(body: &str) -> Result<String, String> {
        let rows = rows(body, "positions", "position").ok_or("no list")?;
        let open = positions(&rows, &account())?;
        Ok(open
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(";"))
    }

    #[test]
    fn positions_in_every_wrapper() {
        let row = r#"{"type": "NinjaTrader.Cbi.Position", "account": "sim101",
            "instrument": "MES 12-25", "instrumentType": "Future", "marketPosition": "Short",
            "quantity": 1, "averagePrice": 5803.25, "unrealizedProfitLoss": 6.25, "tag": null}"#;
        for body in [
            format!(r#"{{"positions": [{row}], "success": true}}"#),
            format!("[{row}]"),
            format!(r#"{{"data": [{row}]}}"#),
            format!(r#"{{"success": true, "data": {{"positions": [{row}]}}}}"#),
            format!(r#"{{"Positions": [{row}], "count": 1}}"#),
            format!(r#"{{"position": {row}}}"#),
        ] {
            assert_eq!(
                read_positions(&body),
                Ok("MES 12-25:-1@5803.25".into()),
                "{body}"
            );
        }
        for empty in [
            r#"{"positions": []}"#,
            "[]",
            r#"{"data": {"positions": []}}"#,
        ] {
            assert_eq!(read_positions(empty), Ok(String::new()), "{empty}");
        }
        for nothing in [
            "{}",
            r#"{"success": true}"#,
            r#"{"positions": null}"#,
            r#"{"positions": {}}"#,
            r#"{"positions": "none"}"#,
            r#"{"positions": null, "data": []}"#,
            r#"{"orders": []}"#,
            r#"{"data": {}}"#,
            "null",
            "0",
            r#""[]""#,
        ] {
            assert_eq!(read_positions(nothing), Err("no list".into()), "{nothing}");
        }
    }

    #[test]
    fn side_and_quantity_agree_or_nothing_is_believed() {
        let cases = [
            (r#""marketPosition": "Long", "quantity": 2"#, Ok("ES:+2")),
            (r#""MARKET_POSITION": "LONG", "Quantity": "2""#, Ok("ES:+2")),
            (r#""marketPosition": "long", "quantity": 2.0"#, Ok("ES:+2")),
            (r#""marketPosition": "short", "quantity": 2"#, Ok("ES:-2")),
            (r#""marketPosition": "Short", "quantity": -2"#, Ok("ES:-2")),
            (r#""marketPosition": "Flat", "quantity": 0"#, Ok("")),
            (r#""marketPosition": "Flat""#, Ok("")),
            (r#""marketPosition": "Long", "quantity": 0"#, Ok("")),
            (
                r#""marketPosition": "Long", "quantity": -2"#,
                Err("negative"),
            ),
            (
                r#""marketPosition": "Flat", "quantity": 2"#,
                Err("flat, but"),
            ),
            (
                r#""marketPosition": "Flat", "quantity": "NaN""#,
                Err("flat, but"),
            ),
            (r#""marketPosition": "Long""#, Err("without a quantity")),
            (
                r#""marketPosition": "Long", "quantity": null"#,
                Err("without a quantity"),
            ),
            (
                r#""marketPosition": "Long", "quantity": 1, "QUANTITY": 2"#,
                Err("without a quantity"),
            ),
            (r#""quantity": 2"#, Err("without a side")),
            (r#""quantity": 0"#, Ok("")),
            (r#""marketPosition": "Both", "quantity": 0"#, Err("neither")),
            (
                r#""marketPosition": null, "quantity": 2"#,
                Err("without a side"),
            ),
            (r#""marketPosition": "Both", "quantity": 2"#, Err("neither")),
            (
                r#""account": "Sim102", "marketPosition": "Long", "quantity": 2"#,
                Err("Sim102"),
            ),
        ];
        for (row, expected) in cases {
            let body = format!(r#"{{"positions": [{{"instrument": "ES", {row}}}]}}"#);
            match (read_positions(&body), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{row}"),
                (Err(words), Err(part)) => assert!(words.contains(part), "{row}: {words}"),
                (found, _) => panic!("{row}: {found:?}"),
            }
        }
        for body in [
            r#"{"positions": [{"marketPosition": "Long", "quantity": 1}]}"#,
            r#"{"positions": ["ES"]}"#,
            r#"{"positions": [null]}"#,
        ] {
            assert!(read_positions(body).is_err(), "{body}");
        }
    }

    fn read_orders(body: &str) -> Result<Vec<WorkingOrder>, String> {
        let rows = rows(body, "orders", "order").ok_or("no list")?;
        let orders = working_orders(&rows, &account())?;
        Ok(orders.listed().unwrap().to_vec())
    }

    #[test]
    fn only_terminal_states_are_left_out() {
        for (state, works) in [
            ("Initialized", true),
            ("Submitted", true),
            ("Accepted", true),
            ("TriggerPending", true),
            ("Working", true),
            ("ChangePending", true),
            ("ChangeSubmitted", true),
            ("Suspended", true),
            ("PartFilled", true),
            ("Part Filled", true),
            ("PartiallyFilled", true),
            ("CancelPending", true),
            ("CancelSubmitted", true),
            ("Unknown", true),
            ("Hibernating", true),
            ("", true),
            ("Cancelled", false),
            ("CANCELED", false),
            ("filled", false),
            ("_Rejected ", false),
        ] {
            let body = format!(r#"{{"orders": [{{"orderId": "a", "orderState": "{state}"}}]}}"#);
            assert_eq!(
                read_orders(&body).unwrap().len(),
                usize::from(works),
                "{state}"
            );
        }
        for unknown in ["{}", r#"{"orderState": null}"#, r#"{"orderState": 3}"#] {
            let orders = read_orders(&format!(r#"{{"orders": [{unknown}]}}"#)).unwrap();
            assert_eq!(&*orders[0].state, "Unknown");
        }
    }

    #[test]
    fn an_order_is_read_as_far_as_it_goes() {
        let body = r#"{"orders": [{"account": "Sim101", "orderId": "16f6", "id": "4711",
            "instrument": "MES 12-25", "orderAction": "BuyToCover", "orderState": "Accepted",
            "orderType": "StopMarket", "quantity": 3, "filled": 1, "isShort": true}],
            "success": true}"#;
        assert_eq!(
            read_orders(body).unwrap(),
            [WorkingOrder {
                id: Some("16f6".into()),
                instrument: Some(Instrument::new("MES 12-25")),
                side: Some(OrderSide::Buy),
                position: Some(PositionSide::OneWay),
                kind: Some(OrderKind::Stop),
                book: Some(OrderBook::Regular),
                reduce_only: Some(false),
                remaining: Some(Decimal::TWO),
                state: "Accepted".into(),
            }]
        );
        let one = r#"{"order": {"orderState": "Working"}}"#;
        assert_eq!(read_orders(one).unwrap().len(), 1);
    }

    #[test]
    fn ids_fall_back_and_sizes_are_sure_or_unknown() {
        for (row, id) in [
            (r#""orderId": null, "id": 4711"#, Some("4711")),
            (r#""orderId": "", "id": "4711""#, Some("4711")),
            (
                r#""orderId": null, "id": null, "automatedTradingOrderId": "x1""#,
                Some("x1"),
            ),
            (r#""order_id": "o""#, Some("o")),
            (r#""orderId": null"#, None),
        ] {
            let orders = read_orders(&format!(r#"[{{"orderState": "Working", {row}}}]"#)).unwrap();
            assert_eq!(orders[0].id.as_deref(), id, "{row}");
        }
        for (row, left) in [
            (r#""quantity": 3, "filled": 0"#, Some(Decimal::from(3))),
            (r#""quantity": "3", "filled": "1""#, Some(Decimal::TWO)),
            (r#""quantity": 3"#, None),
            (r#""filled": 1"#, None),
            (r#""quantity": 3, "filled": 3"#, None),
            (r#""quantity": 3, "filled": -1"#, None),
        ] {
            let orders = read_orders(&format!(r#"[{{"orderState": "Working", {row}}}]"#)).unwrap();
            assert_eq!(orders[0].remaining, left, "{row}");
        }
        for (action, expected) in [
            ("Buy", Some(OrderSide::Buy)),
            ("SELL", Some(OrderSide::Sell)),
            ("sell_short", Some(OrderSide::Sell)),
            ("Hold", None),
        ] {
            assert_eq!(side(action), expected);
        }
        for (kind, expected) in [
            (r#", "orderType": "Market""#, Some(OrderKind::Market)),
            (r#", "OrderType": "STOP_LIMIT""#, Some(OrderKind::StopLimit)),
            (r#", "orderType": "Limit""#, Some(OrderKind::Limit)),
            (r#", "orderType": "MIT""#, Some(OrderKind::Target)),
            (r#", "orderType": "Iceberg""#, Some(OrderKind::Other)),
            (r#", "orderType": null"#, None),
            ("", None),
        ] {
            let row = format!(r#"[{{"orderState": "Working"{kind}}}]"#);
            assert_eq!(read_orders(&row).unwrap()[0].kind, expected, "{row}");
        }
        assert!(read_orders(r#"{"orders": [1]}"#).is_err());
        assert!(read_orders(r#"{"orders": [{"account": "Other"}]}"#).is_err());
        assert!(read_orders(r#"{"success": true}"#).is_err());
    }
}
