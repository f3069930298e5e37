//! Section 3.5: limits and bans.

use serde_json::json;

use super::{CLOCK_MS, HEDGE_KEY, Reply, Rig};

fn cancel(rig: &Rig, key: &str) -> Reply {
    let body = json!({"category": "linear", "settleCoin": "USDT"});
    rig.post_as(key, "/v5/order/cancel-all", &body)
}

#[test]
fn a_call_has_so_many_in_a_rolling_second() {
    let rig = Rig::start();
    for left in (0..10).rev() {
        let reply = cancel(&rig, super::KEY);
        assert_eq!(reply.code(), 0);
        assert_eq!(reply.header("X-Bapi-Limit"), Some("10"));
        let shown = reply.header("X-Bapi-Limit-Status");
        assert_eq!(shown, Some(left.to_string().as_str()));
        rig.time.advance_ms(50);
    }
    let over = cancel(&rig, super::KEY);
    assert_eq!((over.status, over.code()), (200, 10006));
    assert_eq!(over.body["retMsg"], "Too many visits!");
    assert_eq!(over.header("X-Bapi-Limit-Status"), Some("0"));
    let reset = (CLOCK_MS + 1000).to_string();
    let shown = over.header("X-Bapi-Limit-Reset-Timestamp");
    assert_eq!(
        shown,
        Some(reset.as_str()),
        "when the first is a second ago"
    );
    // Another call and another account have limits of their own.
    assert_eq!(rig.orders("category=linear&settleCoin=USDT").len(), 0);
    assert_eq!(cancel(&rig, HEDGE_KEY).code(), 0);
    rig.time.advance_ms(499);
    assert_eq!(cancel(&rig, super::KEY).code(), 10006);
    rig.time.advance_ms(1);
    assert_eq!(cancel(&rig, super::KEY).code(), 0);
    assert_eq!(cancel(&rig, super::KEY).code(), 10006);
    assert_eq!(rig.venue.counters().rate_limited, 3);
}

#[test]
fn an_address_that_asks_too_often_waits_ten_minutes() {
    let rig = Rig::start();
    let ask = || rig.raw("GET /v5/market/time", &[], "").unwrap().status;
    for _ in 0..600 {
        assert_eq!(ask(), 200);
    }
    let over = rig.raw("GET /v5/market/time", &[], "").unwrap();
    assert_eq!(over.status, 403);
    assert!(over.body.as_str().unwrap().contains("access too frequent"));
    rig.time.advance_ms(599_999);
    assert_eq!(ask(), 403);
    rig.time.advance_ms(1);
    assert_eq!(ask(), 200);
}

#[test]
fn a_slow_address_is_never_turned_away() {
    let rig = Rig::start();
    for _ in 0..1300 {
        let reply = rig.raw("GET /v5/market/time", &[], "").unwrap();
        assert_eq!(reply.status, 200);
        rig.time.advance_ms(10);
    }
}
