//! Sections 2.3, 2.4, 2.6 and 8: closing by an order.

use super::{BTC, HEDGE_KEY, KEY, ORDER, Rig, amount, binance, close, number, text};
use crate::PositionSide::{Long, Short};
use crate::{RequestClass, Side, Ticket};

/// A rig whose `main` is long by so much.
fn long(quantity: &str) -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number(quantity), None).unwrap();
    rig
}

#[test]
fn a_close_says_its_result_where_it_is_asked_to() {
    let rig = long("0.5");
    let reply = rig.close("SELL", "0.2");
    for (key, expected) in [
        ("status", "FILLED"),
        ("executedQty", "0.200"),
        ("avgPrice", "50000.0"),
        ("cumQuote", "10000.00000000"),
        ("type", "MARKET"),
        ("timeInForce", "GTC"),
    ] {
        assert_eq!(text(&reply.body, key), expected, "{key}");
    }
    assert_eq!(reply.body["reduceOnly"], true);
    let order = close("SELL", "0.2").replace("&newOrderRespType=RESULT", "");
    let reply = rig.post(ORDER, &format!("{order}&newClientOrderId=flat-1"));
    assert_eq!(text(&reply.body, "status"), "NEW", "an acknowledgement");
    assert_eq!(text(&reply.body, "clientOrderId"), "flat-1");
    for key in ["avgPrice", "cumQuote"] {
        assert_eq!(reply.body.get(key), None, "{key}");
    }
    assert_eq!(rig.held(), number("0.1"));
    let by_link = rig.get(ORDER, "symbol=BTCUSDT&origClientOrderId=flat-1");
    assert_eq!(text(&by_link.body, "status"), "FILLED");
}

#[test]
fn a_reduce_only_order_never_turns_a_position_round() {
    let rig = long("0.5");
    assert_eq!(rig.close("SELL", "3").code(), 0);
    assert_eq!(rig.held(), number("0"));
    // B6: two closers, and the second is refused.
    assert_eq!(rig.close("SELL", "0.5").refusal(), (400, -2022));
    let wrong_way = long("0.5");
    assert_eq!(wrong_way.close("BUY", "0.5").code(), -2022);
    assert_eq!(wrong_way.held(), number("0.5"));
}

#[test]
fn hedge_mode_asks_for_the_side_and_refuses_reduce_only() {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
    rig.venue.open("hedge", BTC, number("-0.2"), None).unwrap();
    let send = |side: &str, more: &str| {
        let order = format!("symbol=BTCUSDT&side={side}&type=MARKET&quantity=0.2{more}");
        rig.post_as(HEDGE_KEY, ORDER, &order).code()
    };
    assert_eq!(send("SELL", ""), -4061);
    assert_eq!(send("SELL", "&positionSide=BOTH"), -4061);
    assert_eq!(send("SELL", "&positionSide=LONG&reduceOnly=true"), -1106);
    assert_eq!(send("SELL", "&positionSide=UP"), -4060);
    assert_eq!(send("SELL", "&positionSide=LONG"), 0);
    assert_eq!(send("BUY", "&positionSide=SHORT"), 0);
    // B6: rejected as reduce-only, though none was sent.
    assert_eq!(send("BUY", "&positionSide=SHORT"), -2022);
    let held = super::super::held(&rig.venue, "hedge", BTC);
    assert_eq!(held, [(Long, number("0.3"))]);
    assert_eq!(rig.venue.counters().opening_orders, 0);
    assert_eq!(send("SELL", "&positionSide=SHORT"), 0);
    let held = super::super::held(&rig.venue, "hedge", BTC);
    assert_eq!(held, [(Long, number("0.3")), (Short, number("-0.2"))]);
    assert_eq!(rig.venue.counters().opening_orders, 1);
    let one_way = "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.2&positionSide=LONG";
    assert_eq!(rig.post_as(KEY, ORDER, one_way).code(), -4061);
}

#[test]
fn a_large_position_is_closed_in_parts() {
    let rig = Rig::start();
    rig.venue.transfer("main", "USDT", 10_000_000).unwrap();
    for _ in 0..2 {
        rig.venue.open("main", BTC, 6, None).unwrap();
    }
    assert_eq!(rig.close("SELL", "12").refusal(), (400, -4005));
    assert_eq!(rig.close("SELL", "10").code(), 0);
    assert_eq!(rig.close("SELL", "2").code(), 0);
    assert_eq!(rig.held(), number("0"));
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=40000&quantity=12";
    assert_eq!(
        rig.post(ORDER, limit).code(),
        0,
        "a limit order may be larger"
    );
}

#[test]
fn quantities_are_of_whole_steps() {
    let rig = long("0.5");
    for (quantity, code) in [
        ("0.0015", -4023),
        ("0.00015", -1111),
        ("0.0004", -4004),
        ("0", -4003),
        ("-0.1", -1100),
        ("1e-3", -1100),
        ("", -1102),
    ] {
        let reply = rig.close("SELL", quantity);
        assert_eq!(reply.code(), code, "{quantity}: {}", reply.body);
    }
    assert_eq!(rig.held(), number("0.5"));
    assert_eq!(rig.close("SELL", "0.1000").code(), 0);
}

/// B7, and section 2.4: orders that only reduce are exempt.
#[test]
fn the_least_value_holds_for_orders_that_open() {
    let mut config = binance();
    config.instruments[0].price = number("1000");
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, number("0.01"), None).unwrap();
    let open = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.004";
    assert_eq!(rig.post(ORDER, open).code(), -4164);
    assert_eq!(rig.close("SELL", "0.004").code(), 0);
    rig.venue.open("hedge", BTC, number("0.01"), None).unwrap();
    let hedged = "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.004&positionSide=LONG";
    assert_eq!(rig.post_as(HEDGE_KEY, ORDER, hedged).code(), 0);
}

/// Section 2.4: cancel first, then close.
#[test]
fn resting_orders_that_only_reduce_hold_what_they_would_close() {
    let rig = long("1");
    let target = |quantity: &str| {
        let order = Ticket::limit(BTC, Side::Sell, number(quantity), number("60000"));
        rig.venue.place("main", &order.reduce_only()).unwrap();
    };
    target("0.4");
    assert_eq!(rig.close("SELL", "1").code(), -4118);
    assert_eq!(rig.close("SELL", "0.1").code(), 0);
    target("0.5");
    assert_eq!(rig.close("SELL", "0.1").code(), -2022);
    // A conditional order holds nothing.
    rig.delete("/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    rig.stop("0.9");
    assert_eq!(rig.close("SELL", "0.9").code(), 0);
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn an_id_of_the_client_is_taken_while_its_order_is_open() {
    let rig = long("1");
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=40000";
    let limit = format!("{limit}&newClientOrderId=rest-1");
    assert_eq!(rig.post(ORDER, &limit).code(), 0);
    assert_eq!(rig.post(ORDER, &limit).code(), -4116);
    // One that is done may be sent again: an id makes no second try safe.
    let order = format!("{}&newClientOrderId=flat-1", close("SELL", "0.1"));
    assert_eq!(rig.post(ORDER, &order).code(), 0);
    assert_eq!(rig.post(ORDER, &order).code(), 0);
    assert_eq!(rig.held(), number("0.8"));
    for (id, code) in [("x".repeat(37), -4015), ("a+b".to_owned(), -1100)] {
        let order = format!("{}&newClientOrderId={id}", close("SELL", "0.1"));
        assert_eq!(rig.post(ORDER, &order).code(), code, "{id}");
    }
}

#[test]
fn what_does_not_belong_to_an_order_is_refused() {
    let rig = long("1");
    for (more, code) in [
        ("&price=50000", -1106),
        ("&timeInForce=GTC", -1106),
        ("&closePosition=true", -4136),
    ] {
        let order = format!("{}{more}", close("SELL", "0.1"));
        assert_eq!(rig.post(ORDER, &order).code(), code, "{more}");
    }
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.1&price=40000";
    assert_eq!(rig.post(ORDER, limit).code(), -1102);
    let immediate = format!("{limit}&timeInForce=IOC&newOrderRespType=RESULT");
    let reply = rig.post(ORDER, &immediate);
    assert_eq!(amount(&reply.body, "executedQty"), number("0"));
    assert_eq!(rig.live(), 0);
    for (order, code) in [
        ("symbol=BTCUSDT&side=SHORT&type=MARKET&quantity=1", -1117),
        ("symbol=BTCUSDT&side=SELL&type=STOPPED&quantity=1", -1116),
        ("symbol=NOSUCH&side=SELL&type=MARKET&quantity=1", -1121),
        ("side=SELL&type=MARKET&quantity=1", -1102),
    ] {
        assert_eq!(rig.post(ORDER, order).code(), code, "{order}");
    }
    assert_eq!(rig.held(), number("1"));
}

/// There is no call that closes all.
#[test]
fn nothing_closes_more_than_one_position() {
    let rig = long("1");
    for path in [
        "/fapi/v1/closePosition",
        "/fapi/v1/closeAllPositions",
        "/fapi/v1/positions",
    ] {
        for method in ["POST", "DELETE"] {
            assert_eq!(rig.signed(KEY, method, path, "").unwrap().status, 404);
        }
    }
    assert_eq!(rig.held(), number("1"));
}

#[test]
fn the_record_knows_a_close_from_an_entry() {
    let rig = long("1");
    rig.close("SELL", "1");
    rig.close("SELL", "1");
    rig.post(ORDER, "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1");
    rig.venue.open("hedge", BTC, 1, None).unwrap();
    let hedged = "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1&positionSide=LONG";
    rig.post_as(HEDGE_KEY, ORDER, hedged);
    let classes: Vec<_> = rig.venue.requests().iter().map(|it| it.class).collect();
    use RequestClass::{Flatten, Place};
    assert_eq!(classes, [Flatten, Flatten, Place, Flatten]);
    assert_eq!(rig.venue.counters().needless_flattens, 1);
    assert_eq!(rig.venue.counters().opening_orders, 1);
}
