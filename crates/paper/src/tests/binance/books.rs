//! Sections 2.3 and 2.6: two books, two cancels, both for a symbol alone; the dead
//! man's switch.

use serde_json::json;

use super::{ALGO_ORDER, BTC, ETH, HEDGE_KEY, KEY, OPEN, OPEN_ALGO, ORDER, Rig, number, text};
use crate::{PositionSide, Side, Ticket};

const BOOK: &str = "/fapi/v1/allOpenOrders";
const ALGO_BOOK: &str = "/fapi/v1/algoOpenOrders";

/// A limit order and a stop in two symbols.
fn resting() -> Rig {
    let rig = Rig::start();
    for (symbol, price) in [(BTC, "40000"), (ETH, "1000")] {
        let limit = Ticket::limit(symbol, Side::Buy, number("0.1"), number(price));
        rig.venue.place("main", &limit).unwrap();
        let stop = Ticket::stop(symbol, Side::Sell, number("0.1"), number(price));
        rig.venue.place("main", &stop).unwrap();
    }
    rig
}

#[test]
fn each_book_lists_its_own() {
    let rig = resting();
    let reply = rig.get(OPEN, "symbol=BTCUSDT");
    let [limit] = reply.list() else {
        panic!("{reply:?}");
    };
    for (key, expected) in [
        ("symbol", BTC),
        ("side", "BUY"),
        ("positionSide", "BOTH"),
        ("type", "LIMIT"),
        ("status", "NEW"),
        ("price", "40000.0"),
        ("origQty", "0.100"),
        ("executedQty", "0.000"),
    ] {
        assert_eq!(text(limit, key), expected, "{key}");
    }
    assert_eq!(limit["reduceOnly"], false);
    assert!(limit["orderId"].as_u64().unwrap() > 1 << 53);
    let reply = rig.get(OPEN_ALGO, "symbol=BTCUSDT");
    let [stop] = reply.list() else {
        panic!("{reply:?}");
    };
    for (key, expected) in [
        ("algoType", "CONDITIONAL"),
        ("orderType", "STOP_MARKET"),
        ("side", "SELL"),
        ("quantity", "0.100"),
        ("algoStatus", "NEW"),
        ("triggerPrice", "40000.0"),
        ("actualOrderId", ""),
    ] {
        assert_eq!(text(stop, key), expected, "{key}");
    }
    assert_eq!(stop["icebergQuantity"], json!(null));
    assert_eq!(rig.get(OPEN, "").list().len(), 2);
    assert_eq!(rig.get(OPEN_ALGO, "").list().len(), 2);
    assert!(rig.get_as(HEDGE_KEY, OPEN, "").list().is_empty());
    let id = format!("algoId={}", stop["algoId"]);
    assert_eq!(rig.get(OPEN_ALGO, &id).list().len(), 1);
}

#[test]
fn each_cancel_is_of_one_book_and_one_symbol() {
    let rig = resting();
    let done = rig.delete(BOOK, "symbol=BTCUSDT");
    assert_eq!(done.body["code"], 200, "a number");
    assert_eq!(rig.live(), 3);
    assert!(rig.get(OPEN, "symbol=BTCUSDT").list().is_empty());
    assert_eq!(rig.get(OPEN_ALGO, "").list().len(), 2);
    let done = rig.delete(ALGO_BOOK, "symbol=BTCUSDT");
    assert_eq!(done.body["code"], 200);
    assert_eq!(rig.live(), 2);
    // Nothing to cancel is no error.
    assert_eq!(rig.delete(BOOK, "symbol=BTCUSDT").body["code"], 200);
    for path in [BOOK, ALGO_BOOK] {
        assert_eq!(rig.delete(path, "").refusal(), (400, -1102));
        assert_eq!(rig.delete(path, "symbol=NOSUCH").code(), -1121);
    }
    assert_eq!(rig.live(), 2);
}

#[test]
fn no_other_account_is_touched() {
    let rig = resting();
    let order = Ticket::limit(BTC, Side::Buy, number("0.1"), number("40000"));
    let order = order.about(PositionSide::Long);
    rig.venue.place("hedge", &order).unwrap();
    rig.delete(BOOK, "symbol=BTCUSDT");
    assert_eq!(rig.venue.live_orders("hedge").unwrap().len(), 1);
}

#[test]
fn one_order_is_cancelled_by_either_id() {
    let rig = resting();
    let id = rig.get(OPEN, "symbol=BTCUSDT").list()[0]["orderId"].clone();
    let query = format!("symbol=BTCUSDT&orderId={id}");
    let reply = rig.delete(ORDER, &query);
    assert_eq!((reply.code(), text(&reply.body, "status")), (0, "CANCELED"));
    assert_eq!(rig.delete(ORDER, &query).refusal(), (400, -2011));
    assert_eq!(text(&rig.get(ORDER, &query).body, "status"), "CANCELED");
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=40000";
    rig.post(ORDER, &format!("{order}&newClientOrderId=mine-1"));
    let by_link = "symbol=BTCUSDT&origClientOrderId=mine-1";
    assert_eq!(text(&rig.get(ORDER, by_link).body, "status"), "NEW");
    assert_eq!(rig.delete(ORDER, by_link).code(), 0);
    assert_eq!(rig.get(ORDER, "symbol=BTCUSDT").code(), -1102);
    assert_eq!(rig.get(ORDER, "symbol=BTCUSDT&orderId=1").code(), -2013);
}

/// B2: the old calls do not know it.
#[test]
fn a_conditional_order_is_cancelled_in_its_own_book_alone() {
    let rig = resting();
    let id = rig.get(OPEN_ALGO, "symbol=BTCUSDT").list()[0]["algoId"].clone();
    assert_eq!(
        rig.get(ORDER, &format!("symbol=BTCUSDT&orderId={id}"))
            .code(),
        -2013
    );
    assert_eq!(
        rig.delete(ORDER, &format!("symbol=BTCUSDT&orderId={id}"))
            .code(),
        -2011
    );
    let by_id = format!("algoId={id}");
    assert_eq!(text(&rig.get(ALGO_ORDER, &by_id).body, "algoStatus"), "NEW");
    let reply = rig.delete(ALGO_ORDER, &by_id);
    assert_eq!((reply.status, text(&reply.body, "code")), (200, "200"));
    assert_eq!(rig.delete(ALGO_ORDER, &by_id).code(), -2011);
    assert_eq!(
        text(&rig.get(ALGO_ORDER, &by_id).body, "algoStatus"),
        "CANCELED"
    );
}

/// B1 and B5.
#[test]
fn conditional_orders_are_placed_in_their_own_book_alone() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    for kind in [
        "STOP_MARKET",
        "STOP",
        "TAKE_PROFIT_MARKET",
        "TRAILING_STOP_MARKET",
    ] {
        let order = format!("symbol=BTCUSDT&side=SELL&type={kind}&quantity=1&stopPrice=45000");
        assert_eq!(rig.post(ORDER, &order).code(), -4120, "{kind}");
    }
    let place = |more: &str| {
        let order = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL";
        rig.post(ALGO_ORDER, &format!("{order}&{more}"))
    };
    let stop = place("type=STOP_MARKET&triggerPrice=45000&quantity=0.5&reduceOnly=true");
    assert_eq!(text(&stop.body, "algoStatus"), "NEW", "{}", stop.body);
    assert_eq!(stop.body["reduceOnly"], true);
    let target = place("type=TAKE_PROFIT_MARKET&triggerPrice=60000&quantity=0.5");
    assert_eq!(text(&target.body, "orderType"), "TAKE_PROFIT_MARKET");
    let limit = place("type=STOP&triggerPrice=45000&price=44000&quantity=0.5");
    assert_eq!(text(&limit.body, "price"), "44000.0");
    let all = "type=STOP_MARKET&triggerPrice=44000&closePosition=true";
    assert_eq!(place(&format!("{all}&reduceOnly=true")).code(), -1106);
    assert_eq!(place(&format!("{all}&quantity=1")).code(), -1106);
    let all = place(all);
    assert_eq!(all.body["closePosition"], true);
    assert_eq!(text(&all.body, "quantity"), "0.000");
    assert_eq!(
        place("type=STOP_MARKET&triggerPrice=55000&quantity=1").code(),
        -2021
    );
    assert_eq!(place("type=STOP_MARKET&quantity=1").code(), -1102);
    let untyped = "symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=45000&quantity=1";
    assert_eq!(rig.post(ALGO_ORDER, untyped).code(), -1102);
    assert_eq!(rig.get(OPEN_ALGO, "").list().len(), 4);
    assert!(rig.get(OPEN, "").list().is_empty());
}

/// B4: what is left of a bracket opens a position again.
#[test]
fn a_target_stays_when_the_stop_has_closed_the_position() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.stop("1");
    let target = Ticket::take_profit(BTC, Side::Sell, 1, number("52000"));
    rig.venue.place("main", &target).unwrap();
    rig.venue.set_price(BTC, 45_000).unwrap();
    assert_eq!(rig.held(), number("0"));
    let reply = rig.get(OPEN_ALGO, "");
    assert_eq!(text(&reply.list()[0], "orderType"), "TAKE_PROFIT_MARKET");
    assert!(rig.positions().is_empty());
    rig.venue.set_price(BTC, 52_000).unwrap();
    assert_eq!(rig.held(), number("-1"));
}

#[test]
fn a_triggered_order_moves_into_the_regular_book() {
    let rig = Rig::start();
    let order = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP&quantity=0.5";
    let placed = rig.post(
        ALGO_ORDER,
        &format!("{order}&triggerPrice=49000&price=49500"),
    );
    let id = placed.body["algoId"].clone();
    rig.venue.set_price(BTC, 48_900).unwrap();
    assert!(rig.get(OPEN_ALGO, "").list().is_empty());
    let reply = rig.get(OPEN, "");
    let [row] = reply.list() else {
        panic!("{reply:?}");
    };
    assert_eq!(
        (text(row, "type"), text(row, "price")),
        ("LIMIT", "49500.0")
    );
    let algo = rig.get(ALGO_ORDER, &format!("algoId={id}"));
    assert_eq!(text(&algo.body, "algoStatus"), "TRIGGERED");
    assert_eq!(
        text(&algo.body, "actualOrderId"),
        row["orderId"].to_string()
    );
    assert_eq!(
        rig.delete(ALGO_ORDER, &format!("algoId={id}")).code(),
        -2011
    );
    rig.delete(BOOK, "symbol=BTCUSDT");
    assert_eq!(rig.live(), 0);
}

#[test]
fn a_countdown_cancels_the_regular_book_of_its_symbol() {
    const COUNTDOWN: &str = "/fapi/v1/countdownCancelAll";
    let rig = resting();
    let set = |ms: u32| rig.post(COUNTDOWN, &format!("symbol=BTCUSDT&countdownTime={ms}"));
    let reply = set(120_000);
    assert_eq!(
        reply.body,
        json!({"symbol": BTC, "countdownTime": "120000"})
    );
    rig.time.advance_ms(119_000);
    set(120_000);
    rig.time.advance_ms(119_999);
    assert_eq!(rig.live(), 4, "it begins anew");
    set(0);
    rig.time.advance_ms(200_000);
    assert_eq!(rig.live(), 4, "it has stopped");
    set(1000);
    rig.time.advance_ms(1000);
    assert_eq!(rig.live(), 3);
    assert!(rig.get(OPEN, "symbol=BTCUSDT").list().is_empty());
    assert_eq!(rig.get_as(KEY, OPEN_ALGO, "symbol=BTCUSDT").list().len(), 1);
    assert_eq!(rig.post(COUNTDOWN, "countdownTime=1").code(), -1102);
}

/// B9: what a demo host does, some 53 s after a stop was placed.
#[test]
fn stops_vanish_without_a_word_where_that_is_the_habit() {
    let mut config = super::binance();
    config.stops_live_ms = 53_000;
    let rig = Rig::of(config);
    let limit = Ticket::limit(BTC, Side::Buy, number("0.1"), number("40000"));
    rig.venue.place("main", &limit).unwrap();
    rig.stop("0.1");
    rig.time.advance_ms(52_999);
    assert_eq!(rig.live(), 2);
    rig.time.advance_ms(1);
    assert_eq!(rig.get(OPEN_ALGO, "").list().len(), 0);
    assert_eq!(rig.get(OPEN, "").list().len(), 1);
}
