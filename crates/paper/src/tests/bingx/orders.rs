//! Sections 5.3 and 5.4: placing orders, and what refuses them.

use super::{BTC, ETH, HEDGE_KEY, ORDER, Rig, bingx, number, text};

/// An order of a type in one-way mode.
fn order(kind: &str, side: &str, more: &str) -> String {
    format!("symbol={BTC}&type={kind}&side={side}&positionSide=BOTH&{more}")
}

/// A rig whose `main` is long by one.
fn long() -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig
}

#[test]
fn parameters_are_refused_with_their_codes() {
    let rig = long();
    for (params, code) in [
        (order("MARKET", "BUY", ""), 109_400),
        (order("MARKET", "BUY", "quantity=-1"), 109_400),
        (order("MARKET", "BUY", "quantity=many"), 109_400),
        (order("MARKET", "HOLD", "quantity=1"), 109_400),
        (order("ANY", "BUY", "quantity=1"), 109_400),
        (order("LIMIT", "BUY", "quantity=1"), 109_400),
        (order("LIMIT", "BUY", "quantity=1&price=0"), 110_402),
        (order("LIMIT", "BUY", "quantity=1&price=40000.05"), 110_400),
        (
            order(
                "LIMIT",
                "BUY",
                "quantity=1&price=60000&timeInForce=PostOnly",
            ),
            101_215,
        ),
        (order("MARKET", "BUY", "quantity=0.0005"), 101_400),
        (order("MARKET", "BUY", "quantity=0.0015"), 110_425),
        (order("MARKET", "BUY", "quantity=11"), 101_400),
        (
            order("TRAILING_STOP_MARKET", "SELL", "quantity=1&priceRate=0.1"),
            110_400,
        ),
        (order("STOP_MARKET", "SELL", "quantity=1"), 109_400),
        (
            "symbol=NOPE-USDT&type=MARKET&side=BUY&quantity=1".to_owned(),
            109_425,
        ),
        ("type=MARKET&side=BUY&quantity=1".to_owned(), 109_400),
    ] {
        let reply = rig.post(ORDER, &params);
        assert_eq!(reply.refusal(), (200, code), "{params}: {}", reply.body);
        let test = rig.post("/openApi/swap/v2/trade/order/test", &params);
        assert_eq!(test.code(), code, "the same where nothing is traded");
    }
    assert_eq!(rig.held(), number("1"));
}

#[test]
fn a_test_order_trades_nothing() {
    let rig = long();
    let params = order("MARKET", "BUY", "quantity=1");
    let reply = rig.post("/openApi/swap/v2/trade/order/test", &params);
    assert_eq!(reply.data()["order"]["orderId"], 0);
    assert_eq!(rig.held(), number("1"));
}

/// B20 is about the side that is left out.
#[test]
fn the_side_of_a_position_is_that_of_the_mode() {
    let rig = long();
    for side in ["LONG", "SHORT", ""] {
        let params = format!("symbol={BTC}&type=MARKET&side=SELL&quantity=1&positionSide={side}");
        let reply = rig.post(ORDER, &params);
        assert_eq!(reply.code(), 109_400, "{side}");
        assert!(reply.text().contains("can only be set to BOTH"));
    }
    rig.venue.open("hedge", BTC, number("-0.5"), None).unwrap();
    let send = |more: &str| {
        let params = format!("symbol={BTC}&type=MARKET&quantity=0.5&{more}");
        rig.post_as(HEDGE_KEY, ORDER, &params)
    };
    let both = send("side=BUY&positionSide=BOTH");
    assert_eq!(both.code(), 109_400);
    assert!(both.text().contains("LONG or SHORT"));
    let reduces = send("side=BUY&positionSide=SHORT&reduceOnly=true");
    assert_eq!(reduces.code(), 109_400);
    assert!(reduces.text().contains("'ReduceOnly'"));
    // Without a side it is about the long one: this opens it beside the short.
    assert_eq!(send("side=BUY").code(), 0);
    let held = super::super::held(&rig.venue, "hedge", BTC);
    assert_eq!(held.len(), 2);
    assert_eq!(send("side=BUY&positionSide=SHORT").code(), 0);
    assert_eq!(send("side=SELL&positionSide=LONG").code(), 0);
    assert_eq!(send("side=SELL&positionSide=LONG").code(), 101_205);
    assert!(super::super::held(&rig.venue, "hedge", BTC).is_empty());
}

/// B22: a size that is rounded up, or taken before it changed, is refused.
#[test]
fn what_only_reduces_never_opens_and_names_at_most_what_is_held() {
    let rig = long();
    assert_eq!(rig.close("BUY", "1").code(), 101_290);
    assert_eq!(rig.close("SELL", "1.001").code(), 101_290);
    assert_eq!(rig.close("SELL", "0.0005").code(), 101_485);
    assert_eq!(rig.close("SELL", "1").code(), 0);
    assert_eq!(rig.close("SELL", "1").code(), 101_290);
    assert_eq!(rig.held(), number("0"));
    let hedge = Rig::start();
    hedge.venue.open("hedge", BTC, 1, None).unwrap();
    let params = format!("symbol={BTC}&type=MARKET&side=SELL&positionSide=LONG&quantity=2");
    assert_eq!(hedge.post_as(HEDGE_KEY, ORDER, &params).code(), 110_424);
}

#[test]
fn resting_limits_hold_what_they_would_close() {
    let rig = long();
    rig.target("0.4");
    assert_eq!(rig.close("SELL", "0.7").code(), 110_203);
    assert_eq!(rig.close("SELL", "0.6").code(), 0);
    assert_eq!(rig.close("SELL", "0.4").code(), 110_203);
    rig.delete(super::CANCEL_ALL, "");
    assert_eq!(rig.close("SELL", "0.4").code(), 0);
    assert_eq!(rig.held(), number("0"));
}

/// B7: the least value is no rule for what closes.
#[test]
fn the_least_value_holds_for_orders_that_open() {
    let mut config = bingx();
    config.instruments[0].price = number("1000");
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, number("0.01"), None).unwrap();
    let open = order("MARKET", "BUY", "quantity=0.001");
    let reply = rig.post(ORDER, &open);
    assert_eq!(reply.code(), 110_425);
    assert!(reply.text().contains("greater than 2u"));
    assert_eq!(rig.close("SELL", "0.001").code(), 0);
}

#[test]
fn too_large_a_market_order_is_refused_and_a_limit_is_not() {
    let rig = Rig::start();
    rig.venue.transfer("main", "USDT", 10_000_000).unwrap();
    for _ in 0..2 {
        rig.venue.open("main", BTC, 6, None).unwrap();
    }
    let reply = rig.close("SELL", "12");
    assert_eq!((reply.code(), reply.text()), (101_400, "Order size error"));
    assert_eq!(rig.close("SELL", "10").code(), 0);
    let limit = order("LIMIT", "BUY", "quantity=12&price=40000");
    assert_eq!(rig.post(ORDER, &limit).code(), 0);
    assert_eq!(rig.held(), number("2"));
}

#[test]
fn an_id_of_the_client_is_taken_once_and_in_lower_case() {
    let rig = long();
    let send = |id: &str| {
        let params = format!("{}&clientOrderId={id}", super::close("SELL", "0.1"));
        rig.post(ORDER, &params).code()
    };
    assert_eq!(send("Flat-1"), 0);
    assert_eq!(send("flat-1"), 109_201, "within a second");
    rig.time.advance_ms(1000);
    assert_eq!(send("FLAT-1"), 101_481);
    assert_eq!(send(&"x".repeat(41)), 109_400);
    assert_eq!(send(&"x".repeat(40)), 0);
    assert_eq!(rig.held(), number("0.8"));
}

#[test]
fn stops_and_targets_belong_to_a_position() {
    let rig = Rig::start();
    let stop = order("STOP_MARKET", "SELL", "quantity=1&stopPrice=45000");
    let reply = rig.post(ORDER, &stop);
    assert_eq!(
        (reply.code(), reply.text()),
        (109_420, "position not exist")
    );
    rig.venue.open("main", BTC, 1, None).unwrap();
    for (kind, side, stop, code) in [
        ("STOP_MARKET", "SELL", 51_000, 110_411),
        ("TAKE_PROFIT_MARKET", "SELL", 49_000, 110_413),
        ("STOP_MARKET", "BUY", 49_000, 110_412),
        ("TAKE_PROFIT_MARKET", "BUY", 51_000, 110_414),
    ] {
        let params = order(kind, side, &format!("quantity=1&stopPrice={stop}"));
        assert_eq!(rig.post(ORDER, &params).code(), code, "{kind} {side}");
    }
    let part = |quantity: &str| {
        let params = format!("quantity={quantity}&stopPrice=45000");
        rig.post(ORDER, &order("STOP_MARKET", "SELL", &params))
            .code()
    };
    assert_eq!(part("0.6"), 0);
    assert_eq!(part("0.5"), 110_424, "together more than is held");
    assert_eq!(part("0.4"), 0);
    let target = order("TAKE_PROFIT_MARKET", "SELL", "quantity=1&stopPrice=70000");
    assert_eq!(rig.post(ORDER, &target).code(), 0, "targets count apart");
    assert_eq!(rig.close("SELL", "1").code(), 0, "and none holds anything");
    assert_eq!(rig.live(), 3);
    rig.venue.set_price(BTC, 44_000).unwrap();
    assert_eq!(rig.held(), number("0"), "they only reduce");
}

/// B20.
#[test]
fn a_whole_position_is_named_without_a_quantity() {
    let rig = long();
    let stop = |more: &str| {
        let params = format!("closePosition=true&stopPrice=45000{more}");
        rig.post(ORDER, &order("STOP_MARKET", "SELL", &params))
    };
    assert_eq!(stop("&quantity=1").code(), 109_400);
    assert_eq!(stop("&reduceOnly=true").code(), 109_400);
    assert_eq!(stop("").code(), 0);
    let market = order("MARKET", "SELL", "closePosition=true");
    assert_eq!(rig.post(ORDER, &market).code(), 109_400);
    let row = &rig.orders()[0];
    assert_eq!(
        (text(row, "closePosition"), text(row, "origQty")),
        ("true", "0.000")
    );
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.set_price(BTC, 44_000).unwrap();
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn triggers_may_open_from_both_sides() {
    let rig = Rig::start();
    for (side, stop) in [("BUY", 55_000), ("BUY", 45_000), ("SELL", 45_000)] {
        let params = order(
            "TRIGGER_MARKET",
            side,
            &format!("quantity=1&stopPrice={stop}"),
        );
        assert_eq!(rig.post(ORDER, &params).code(), 0);
    }
    let limit = order(
        "TRIGGER_LIMIT",
        "BUY",
        "quantity=1&stopPrice=55000&price=55000",
    );
    assert_eq!(rig.post(ORDER, &limit).code(), 0);
    let kinds: Vec<_> = rig
        .orders()
        .iter()
        .map(|row| text(row, "type").to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "TRIGGER_LIMIT",
            "TRIGGER_MARKET",
            "TRIGGER_MARKET",
            "TRIGGER_MARKET"
        ]
    );
    rig.venue.set_price(BTC, 55_000).unwrap();
    assert_eq!(rig.held(), number("2"));
}

#[test]
fn what_is_immediate_does_not_stay() {
    let rig = Rig::start();
    for force in ["IOC", "FOK"] {
        let params = format!("quantity=1&price=40000&timeInForce={force}");
        assert_eq!(rig.post(ORDER, &order("LIMIT", "BUY", &params)).code(), 0);
    }
    assert_eq!(rig.live(), 0);
    let bad = order("LIMIT", "BUY", "quantity=1&price=40000&timeInForce=GTD");
    assert_eq!(rig.post(ORDER, &bad).code(), 109_400);
}

#[test]
fn the_record_knows_a_close_from_an_entry() {
    let rig = long();
    rig.venue.open("hedge", ETH, 1, None).unwrap();
    rig.close("SELL", "1");
    rig.close("SELL", "1");
    rig.post(ORDER, &order("MARKET", "BUY", "quantity=1"));
    let hedged = format!("symbol={ETH}&type=MARKET&side=SELL&positionSide=LONG&quantity=1");
    rig.post_as(HEDGE_KEY, ORDER, &hedged);
    rig.post(super::CLOSE_ALL, "");
    let classes: Vec<_> = rig.venue.requests().iter().map(|it| it.class).collect();
    use crate::RequestClass::{Flatten, Place};
    assert_eq!(classes, [Flatten, Flatten, Place, Flatten, Flatten]);
    assert_eq!(rig.venue.counters().needless_flattens, 1);
    assert_eq!(rig.venue.counters().opening_orders, 1);
}
