//! Section 4.6: limits and bans.

use serde_json::json;

use super::{BTC, CLOSE, HEDGE_KEY, KEY, POSITIONS, Rig, USDT, product};
use crate::{Fault, FaultRule};

#[test]
fn a_call_has_so_many_in_a_rolling_second() {
    let rig = Rig::start();
    let read = |key: &str| rig.get_as(key, &format!("{POSITIONS}?{USDT}"));
    for _ in 0..5 {
        assert_eq!(read(KEY).code(), "00000");
        rig.time.advance_ms(100);
    }
    let over = read(KEY);
    assert_eq!((over.status, over.code()), (429, "429"));
    assert_eq!(over.body["data"], json!(null));
    // Another call and another account have limits of their own.
    assert!(rig.orders().is_empty());
    assert_eq!(read(HEDGE_KEY).code(), "00000");
    rig.time.advance_ms(499);
    assert_eq!(read(KEY).code(), "429");
    rig.time.advance_ms(1);
    assert_eq!(read(KEY).code(), "00000");
    assert_eq!(rig.venue.counters().rate_limited, 2);
}

#[test]
fn closing_all_is_once_a_second() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    assert_eq!(rig.post(CLOSE, &product()).code(), "00000");
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.time.advance_ms(999);
    assert_eq!(rig.post(CLOSE, &product()).status, 429);
    assert_eq!(rig.positions().len(), 1);
    rig.time.advance_ms(1);
    assert_eq!(rig.post(CLOSE, &product()).code(), "00000");
}

#[test]
fn an_address_has_six_thousand_in_a_minute() {
    let rig = Rig::start();
    let ask = || rig.raw("GET /api/v2/none", &[], "").unwrap().status;
    for _ in 0..6000 {
        assert_eq!(ask(), 404);
    }
    assert_eq!(ask(), 429);
    rig.time.advance_ms(60_000);
    assert_eq!(ask(), 404);
}

#[test]
fn a_ban_ends_by_itself() {
    let rig = Rig::start();
    rig.venue
        .set_fault(FaultRule::new(Fault::Ban { ms: 5000 }))
        .unwrap();
    let read = || rig.get(&format!("{POSITIONS}?{USDT}")).status;
    assert_eq!(read(), 429);
    rig.time.advance_ms(4999);
    assert_eq!(read(), 429);
    rig.time.advance_ms(1);
    assert_eq!(read(), 200);
}

#[test]
fn limits_can_be_off() {
    let mut config = super::bitget();
    config.rate_limit = false;
    let rig = Rig::of(config);
    for _ in 0..20 {
        assert!(rig.positions().is_empty());
    }
}
