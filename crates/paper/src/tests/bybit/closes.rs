//! Sections 3.3, 3.4 and 8: closing by an order, and the position mode.

use serde_json::{Value, json};

use super::{BTC, HEDGE_KEY, Rig, bybit, close, number};
use crate::PositionSide::{Long, Short};

/// A rig whose `main` is long by so much.
fn long(quantity: &str) -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number(quantity), None).unwrap();
    rig
}

/// The order with another value.
fn with(mut order: Value, key: &str, value: Value) -> Value {
    order[key] = value;
    order
}

#[test]
fn a_close_is_acknowledged_and_no_more() {
    let rig = long("0.5");
    let order = with(close("Sell", "0.2"), "orderLinkId", json!("flat-1"));
    let reply = rig.create(&order);
    assert_eq!(reply.code(), 0);
    let result = reply.body["result"].as_object().unwrap();
    assert_eq!(result.len(), 2);
    assert_eq!(result["orderLinkId"], "flat-1");
    assert_eq!(result["orderId"].as_str().unwrap().len(), 36);
    assert_eq!(rig.held(), number("0.3"));
}

#[test]
fn a_reduce_only_order_never_turns_a_position_round() {
    let rig = long("0.5");
    assert_eq!(rig.create(&close("Sell", "3")).code(), 0);
    assert_eq!(rig.held(), number("0"));
    let again = rig.create(&close("Sell", "0.5"));
    assert_eq!(again.code(), 110_017);
    let wrong_way = long("0.5");
    assert_eq!(wrong_way.create(&close("Buy", "0.5")).code(), 110_017);
    assert_eq!(wrong_way.held(), number("0.5"));
}

#[test]
fn hedge_mode_asks_for_the_index_of_the_row() {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
    rig.venue.open("hedge", BTC, number("-0.2"), None).unwrap();
    let send = |side: &str, index: Option<u8>| {
        let mut order = close(side, "0.2");
        order.as_object_mut().unwrap().remove("positionIdx");
        if let Some(index) = index {
            order["positionIdx"] = json!(index);
        }
        rig.post_as(HEDGE_KEY, "/v5/order/create", &order)
    };
    let reply = send("Sell", None);
    assert_eq!(reply.code(), 10001);
    assert_eq!(reply.body["retMsg"], "position idx not match position mode");
    // B10: the index of the other side.
    assert_eq!(send("Sell", Some(2)).code(), 110_017);
    assert_eq!(send("Sell", Some(1)).code(), 0);
    assert_eq!(send("Buy", Some(2)).code(), 0);
    let held = super::super::held(&rig.venue, "hedge", BTC);
    assert_eq!(held, [(Long, number("0.3"))]);
}

#[test]
fn without_reduce_only_a_wrong_index_opens_the_opposite() {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
    let order = with(close("Sell", "0.5"), "positionIdx", json!(2));
    let order = with(order, "reduceOnly", json!(false));
    let reply = rig.post_as(HEDGE_KEY, "/v5/order/create", &order);
    assert_eq!(reply.code(), 0);
    let held = super::super::held(&rig.venue, "hedge", BTC);
    assert_eq!(held, [(Long, number("0.5")), (Short, number("-0.5"))]);
}

#[test]
fn too_large_a_market_order_is_shown_a_hundred_million_times() {
    let rig = Rig::start();
    rig.venue.transfer("main", "USDT", 10_000_000).unwrap();
    for _ in 0..2 {
        rig.venue.open("main", BTC, 6, None).unwrap();
    }
    let reply = rig.create(&close("Sell", "12"));
    assert_eq!(reply.code(), 10001);
    let text = reply.body["retMsg"].as_str().unwrap();
    assert!(
        text.contains("1200000000") && text.contains("1000000000"),
        "{text}"
    );
    // Zero closes as much as one market order may.
    let all = with(close("Sell", "0"), "closeOnTrigger", json!(true));
    assert_eq!(rig.create(&all).code(), 0);
    assert_eq!(rig.held(), number("2"));
    assert_eq!(rig.create(&all).code(), 0);
    assert_eq!(rig.held(), number("0"));
    assert_eq!(rig.create(&close("Sell", "0")).code(), 110_017);
}

#[test]
fn quantities_are_strings_of_whole_steps() {
    let rig = long("0.5");
    let number_form = with(close("Sell", "1"), "qty", json!(0.1));
    for (order, code) in [
        (number_form, 10001),
        (close("Sell", ""), 10001),
        (close("Sell", "0.0015"), 10001),
        (close("Sell", "0.0004"), 110_017),
        (close("Sell", "-0.1"), 10001),
    ] {
        let reply = rig.create(&order);
        assert_eq!(reply.code(), code, "{order}: {}", reply.body);
    }
    assert_eq!(rig.held(), number("0.5"));
}

#[test]
fn the_least_value_holds_for_orders_that_open() {
    let mut config = bybit();
    config.instruments[0].price = number("1000");
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, number("0.01"), None).unwrap();
    let open = with(close("Buy", "0.004"), "reduceOnly", json!(false));
    assert_eq!(rig.create(&open).code(), 110_094);
    assert_eq!(rig.create(&close("Sell", "0.004")).code(), 0, "B7");
    assert_eq!(rig.held(), number("0.006"));
}

#[test]
fn an_id_of_the_client_is_taken_once() {
    let rig = long("1");
    let order = with(close("Sell", "0.1"), "orderLinkId", json!("flat-1"));
    assert_eq!(rig.create(&order).code(), 0);
    assert_eq!(rig.create(&order).code(), 110_072);
    assert_eq!(rig.held(), number("0.9"));
    let long_id = with(order, "orderLinkId", json!("x".repeat(37)));
    assert_eq!(rig.create(&long_id).code(), 10001);
}

#[test]
fn the_record_knows_a_close_from_an_entry() {
    let rig = long("1");
    rig.create(&close("Sell", "1"));
    rig.create(&close("Sell", "1"));
    let entry = with(close("Buy", "1"), "reduceOnly", json!(false));
    rig.create(&entry);
    let classes: Vec<_> = rig.venue.requests().iter().map(|it| it.class).collect();
    use crate::RequestClass::{Flatten, Place};
    assert_eq!(classes, [Flatten, Flatten, Place]);
    assert_eq!(rig.venue.counters().needless_flattens, 1);
    assert!(
        rig.venue
            .first_flatten("main", super::super::start().min(rig.venue.now()))
            .is_some()
    );
}

#[test]
fn the_mode_changes_while_nothing_is_open() {
    let rig = Rig::start();
    let switch = |mode: u8| {
        let body = json!({"category": "linear", "coin": "USDT", "mode": mode});
        rig.post("/v5/position/switch-mode", &body).code()
    };
    assert_eq!(switch(0), 110_025);
    rig.venue.open("main", BTC, 1, None).unwrap();
    assert_eq!(switch(3), 110_024);
    rig.venue.close("main").unwrap();
    let resting = json!({
        "category": "linear", "symbol": BTC, "side": "Buy", "orderType": "Limit",
        "qty": "0.1", "price": "40000",
    });
    assert_eq!(rig.create(&resting).code(), 0);
    assert_eq!(switch(3), 110_028);
    rig.venue.cancel_orders("main").unwrap();
    assert_eq!(switch(3), 0);
    let rows = rig.positions("category=linear&symbol=BTCUSDT");
    assert_eq!(rows.len(), 2, "one for each side");
}
