//! Sections 4.3, 4.7 and 8: closing by the venue's own call, and by orders.

use serde_json::{Value, json};

use super::{BTC, CLOSE, HEDGE_KEY, PLACE, Rig, close, limit, market, number, product, with};
use crate::PositionSide::{Long, Net, Short};
use crate::{Side, Ticket};

/// A hedge account with both sides and a resting close of a part of the long one.
fn hedged(resting: &str) -> Rig {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
    rig.venue.open("hedge", BTC, number("-0.2"), None).unwrap();
    let ticket = Ticket::limit(BTC, Side::Sell, number(resting), number("60000"));
    rig.venue.place("hedge", &ticket.about(Long)).unwrap();
    rig
}

#[test]
fn one_call_closes_a_product() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.open("main", "ETHUSDC", -1, None).unwrap();
    let reply = rig.post(CLOSE, &product());
    let [row] = reply.list("successList").try_into().unwrap();
    assert_eq!(row["symbol"], BTC);
    assert_eq!(reply.data()["failureList"], json!([]));
    assert_eq!(reply.data()["result"], json!(false), "whatever was done");
    assert!(rig.positions().is_empty());
    assert_eq!(
        rig.venue.holdings("main").unwrap().len(),
        1,
        "the other product"
    );
    rig.pause();
    let again = rig.post(CLOSE, &product());
    assert_eq!((again.status, again.code()), (400, "22002"));
}

#[test]
fn hedge_mode_is_closed_by_its_side() {
    let rig = hedged("0.1");
    let shut = |side: Option<&str>| {
        rig.pause();
        let body = match side {
            Some(side) => with(product(), &json!({"symbol": BTC, "holdSide": side})),
            None => product(),
        };
        rig.post_as(HEDGE_KEY, CLOSE, &body)
    };
    assert_eq!(shut(Some("short")).list("successList").len(), 1);
    assert_eq!(rig.held("hedge"), [(Long, number("0.5"))]);
    // What rests in a closing order stays.
    assert_eq!(shut(None).list("successList").len(), 1);
    assert_eq!(rig.held("hedge"), [(Long, number("0.1"))]);
    let failed = shut(Some("long"));
    assert_eq!(failed.code(), "00000", "a failure is in the list alone");
    assert_eq!(failed.list("failureList")[0]["errorCode"], "22002");
    rig.venue.cancel_orders("hedge").unwrap();
    assert_eq!(shut(Some("long")).list("successList").len(), 1);
    assert!(rig.held("hedge").is_empty());
}

#[test]
fn one_way_mode_ignores_the_side() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let body = with(product(), &json!({"holdSide": "short"}));
    assert_eq!(rig.post(CLOSE, &body).list("successList").len(), 1);
    assert!(rig.held("main").is_empty());
}

#[test]
fn a_part_of_it_fails_where_one_is_too_large() {
    let rig = Rig::start();
    rig.venue.transfer("main", "USDT", 10_000_000).unwrap();
    for _ in 0..2 {
        rig.venue.open("main", BTC, 6, None).unwrap();
    }
    let reply = rig.post(CLOSE, &product());
    assert_eq!(reply.list("failureList")[0]["errorCode"], "43007");
    assert_eq!(rig.held("main"), [(Net, number("12"))]);
    assert_eq!(rig.place(&close("sell", "12")).code(), "43007");
    assert_eq!(rig.place(&close("sell", "10")).code(), "00000");
    rig.pause();
    assert_eq!(rig.post(CLOSE, &product()).list("successList").len(), 1);
    assert!(rig.held("main").is_empty());
}

#[test]
fn dust_is_closed_by_the_call_and_by_no_order() {
    let rig = Rig::start();
    rig.venue.leave_dust("main", BTC, number("0.0004")).unwrap();
    assert_eq!(rig.place(&close("sell", "0.0004")).code(), "40808");
    assert_eq!(rig.post(CLOSE, &product()).list("successList").len(), 1);
    assert!(rig.held("main").is_empty());
}

#[test]
fn a_new_close_pushes_out_the_older_ones_in_one_way_mode() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let resting = with(limit("sell", "0.6", "60000"), &json!({"reduceOnly": "YES"}));
    assert!(rig.place(&resting).data()["orderId"].is_string());
    let more = with(limit("sell", "0.6", "61000"), &json!({"reduceOnly": "YES"}));
    let reply = rig.place(&more);
    assert_eq!(reply.data()["orderId"], Value::Null, "as the page says");
    let [row] = rig.orders().try_into().unwrap();
    assert_eq!(row["price"], "61000");
    rig.place(&close("sell", "1")).data();
    assert!(rig.held("main").is_empty());
}

#[test]
fn hedge_mode_closes_what_is_free() {
    let rig = hedged("0.3");
    let body = with(market("buy", "0.5"), &json!({"tradeSide": "close"}));
    rig.post_as(HEDGE_KEY, PLACE, &body).data();
    assert_eq!(
        rig.held("hedge"),
        [(Long, number("0.3")), (Short, number("-0.2"))]
    );
    let none = rig.post_as(HEDGE_KEY, PLACE, &body);
    assert_eq!(none.code(), "22002");
    // B18: of a short that is not there another code.
    let rig = Rig::start();
    let body = with(market("sell", "0.5"), &json!({"tradeSide": "close"}));
    let none = rig.post_as(HEDGE_KEY, PLACE, &body);
    assert_eq!(none.code(), "40808");
    assert!(
        none.body["msg"]
            .as_str()
            .unwrap()
            .contains("delegate count 0 > 0")
    );
}

#[test]
fn a_close_never_turns_a_position_round() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    rig.place(&close("sell", "3")).data();
    assert!(rig.held("main").is_empty());
    assert_eq!(rig.place(&close("sell", "0.5")).code(), "22002");
    assert_eq!(rig.venue.counters().opening_orders, 0);
    // Without it, it does.
    rig.place(&market("sell", "0.5")).data();
    assert_eq!(rig.held("main"), [(Net, number("-0.5"))]);
    assert_eq!(rig.venue.counters().opening_orders, 1);
}
