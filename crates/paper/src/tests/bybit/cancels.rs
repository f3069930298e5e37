//! Sections 3.3 and 3.6: cancel-all.

use serde_json::{Value, json};

use super::{BTC, INVERSE, Reply, Rig, number};
use crate::{Side, Ticket};

fn cancel(rig: &Rig, body: &Value) -> Reply {
    rig.post("/v5/order/cancel-all", body)
}

/// A limit order and a stop in every settle coin.
fn resting() -> Rig {
    let rig = Rig::start();
    for (symbol, price) in [(BTC, "40000"), ("ETHUSDC", "1000"), (INVERSE, "40000")] {
        let limit = Ticket::limit(symbol, Side::Buy, number("0.1"), number(price));
        rig.venue.place("main", &limit).unwrap();
        let stop = Ticket::stop(symbol, Side::Sell, number("0.1"), number(price));
        rig.venue.place("main", &stop).unwrap();
    }
    rig
}

fn left(rig: &Rig) -> Vec<String> {
    let live = rig.venue.live_orders("main").unwrap().into_iter();
    live.map(|order| order.instrument).collect()
}

#[test]
fn every_kind_goes_and_one_settle_coin_alone() {
    let rig = resting();
    let reply = cancel(&rig, &json!({"category": "linear", "settleCoin": "USDT"}));
    assert_eq!(reply.list().len(), 2);
    assert_eq!(reply.body["result"]["success"], "1");
    assert_eq!(left(&rig), ["ETHUSDC", "ETHUSDC", INVERSE, INVERSE]);
    cancel(&rig, &json!({"category": "linear", "settleCoin": "USDC"}));
    assert_eq!(left(&rig), [INVERSE, INVERSE]);
    cancel(&rig, &json!({"category": "inverse", "settleCoin": "BTC"}));
    assert!(left(&rig).is_empty());
}

#[test]
fn it_needs_more_than_a_category() {
    let rig = resting();
    for category in ["linear", "inverse"] {
        let reply = cancel(&rig, &json!({"category": category}));
        assert_eq!(reply.code(), 10001, "{category}");
    }
    assert_eq!(cancel(&rig, &json!({"settleCoin": "USDT"})).code(), 10001);
    assert_eq!(left(&rig).len(), 6);
}

#[test]
fn a_symbol_goes_before_a_settle_coin() {
    let rig = resting();
    let body = json!({"category": "linear", "symbol": "ETHUSDC", "settleCoin": "USDT"});
    assert_eq!(cancel(&rig, &body).list().len(), 2);
    assert_eq!(left(&rig), [BTC, BTC, INVERSE, INVERSE]);
}

#[test]
fn a_filter_cancels_one_kind() {
    let rig = resting();
    let body = json!({"category": "linear", "settleCoin": "USDT", "orderFilter": "StopOrder"});
    assert_eq!(cancel(&rig, &body).list().len(), 1);
    let rows = rig.orders("category=linear&settleCoin=USDT");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["orderStatus"], "New");
}

#[test]
fn at_most_five_hundred_go_with_one_call() {
    let rig = Rig::start();
    for place in 0..501 {
        let order = Ticket::limit(BTC, Side::Buy, number("0.1"), (30_000 + place).into());
        rig.venue.place("main", &order).unwrap();
    }
    let body = json!({"category": "linear", "settleCoin": "USDT"});
    assert_eq!(cancel(&rig, &body).list().len(), 500);
    assert_eq!(left(&rig).len(), 1);
    assert_eq!(cancel(&rig, &body).list().len(), 1);
    assert!(cancel(&rig, &body).list().is_empty());
}

#[test]
fn no_other_account_is_touched() {
    let rig = resting();
    let order = Ticket::limit(BTC, Side::Buy, number("0.1"), number("40000"));
    let order = order.about(crate::PositionSide::Long);
    rig.venue.place("hedge", &order).unwrap();
    cancel(&rig, &json!({"category": "linear", "settleCoin": "USDT"}));
    assert_eq!(rig.venue.live_orders("hedge").unwrap().len(), 1);
}
