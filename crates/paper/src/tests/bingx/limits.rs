//! Section 5.5: limits of an address and of an account, and what they end in.

use super::{BALANCE, CLOCK_MS, HEDGE_KEY, KEY, Reply, Rig, bingx};
use crate::{Fault, FaultRule};

const COUNTDOWN: &str = "/openApi/swap/v2/trade/cancelAllAfter";

fn limited() -> Rig {
    let mut config = bingx();
    config.rate_limit = true;
    Rig::of(config)
}

/// One of the account in a second, and two of the address.
fn countdown(rig: &Rig, key: &str) -> Reply {
    rig.post_as(key, COUNTDOWN, "type=CLOSE")
}

#[test]
fn an_account_has_so_many_in_a_second() {
    let rig = limited();
    let first = countdown(&rig, KEY);
    assert_eq!(first.code(), 0);
    assert_eq!(first.header("X-RateLimit-Requests-Remain"), Some("0"));
    let ends = (CLOCK_MS + 1000).to_string();
    assert_eq!(
        first.header("X-RateLimit-Requests-Expire"),
        Some(ends.as_str())
    );
    rig.time.advance_ms(500);
    let over = countdown(&rig, KEY);
    assert_eq!(over.refusal(), (200, 100_410));
    assert_eq!(over.text(), "rate limited");
    assert_eq!(over.body.get("data"), None);
    rig.time.advance_ms(1000);
    assert_eq!(countdown(&rig, HEDGE_KEY).code(), 0, "another account");
    assert_eq!(countdown(&rig, KEY).code(), 0);
    assert_eq!(rig.venue.counters().rate_limited, 1);
}

#[test]
fn an_address_has_so_many_of_each_call() {
    let rig = limited();
    let ask = |key: &str| rig.get_as(key, BALANCE, "").refusal();
    assert_eq!([ask(KEY), ask(HEDGE_KEY), ask(KEY)], [(200, 0); 3]);
    let over = rig.get(BALANCE, "");
    assert_eq!(over.refusal(), (429, 100_410));
    assert_eq!(over.header("Retry-After"), None);
    assert_eq!(rig.get(super::POSITIONS, "").code(), 0, "another call");
    rig.time.advance_ms(1000);
    assert_eq!(ask(KEY), (200, 0));
}

#[test]
fn who_goes_on_is_shut_out_of_the_call_for_five_minutes() {
    let rig = limited();
    // Of two in a second the address lets both in and the account one.
    let mut last = countdown(&rig, KEY);
    for _ in 0..21 {
        rig.time.advance_ms(501);
        last = countdown(&rig, KEY);
    }
    let until = rig.now_ms() + 300_000;
    let said = format!("will be unblocked after {until}");
    assert_eq!(last.code(), 100_410);
    assert!(last.text().ends_with(&said), "{} {said}", last.body);
    rig.time.advance_ms(1000);
    assert_eq!(countdown(&rig, HEDGE_KEY).code(), 0);
    assert_eq!(rig.get(BALANCE, "").code(), 0, "other calls go on");
    rig.time.advance_ms(298_999);
    assert_eq!(countdown(&rig, KEY).code(), 100_410);
    rig.time.advance_ms(1);
    assert_eq!(countdown(&rig, KEY).code(), 0);
}

#[test]
fn an_address_that_goes_on_is_banned() {
    let rig = limited();
    let ask = || rig.get(BALANCE, "").status;
    let seen: Vec<u16> = (0..3 + 10).map(|_| ask()).collect();
    assert_eq!(seen, [[200; 3].as_slice(), &[429; 10]].concat());
    let ban = rig.raw("GET", BALANCE, KEY).unwrap();
    assert_eq!((ban.status, ban.header("Retry-After")), (418, None));
    assert!(ban.body.is_string(), "no JSON");
    let time = || {
        rig.raw("GET", "/openApi/swap/v2/server/time", "")
            .unwrap()
            .status
    };
    assert_eq!(time(), 418, "whatever it asks for");
    rig.time.advance_ms(299_999);
    assert_eq!(time(), 418);
    rig.time.advance_ms(1);
    assert_eq!(time(), 200);
}

/// The errors of every call's page: a call is blocked after twenty refusals of one kind.
#[test]
fn who_is_refused_too_often_is_blocked() {
    let rig = limited();
    let close = || rig.post(super::CLOSE_ALL, "");
    for _ in 0..20 {
        assert_eq!(close().code(), 101_205);
        rig.time.advance_ms(1000);
    }
    let blocked = close();
    assert_eq!(blocked.refusal(), (200, 100_410));
    let text = blocked.text();
    assert!(
        text.starts_with("over 20 error code:101205 requests within 480000 ms"),
        "{text}"
    );
    assert!(text.ends_with(&(CLOCK_MS + 480_000).to_string()), "{text}");
    rig.venue.open("main", super::BTC, 1, None).unwrap();
    assert_eq!(
        close().code(),
        100_410,
        "though there is something to close now"
    );
    rig.time.advance_ms(459_999);
    assert_eq!(close().code(), 100_410);
    rig.time.advance_ms(1);
    assert_eq!(close().code(), 0);
}

#[test]
fn a_ban_by_request_ends_when_it_says() {
    let rig = Rig::start();
    let ban = FaultRule::new(Fault::Ban { ms: 5000 });
    rig.venue.set_fault(ban).unwrap();
    assert_eq!(rig.raw("GET", BALANCE, KEY).unwrap().status, 418);
    rig.time.advance_ms(5000);
    assert_eq!(rig.get(BALANCE, "").code(), 0);
}

#[test]
fn a_slow_one_is_never_turned_away() {
    let rig = limited();
    for _ in 0..300 {
        assert_eq!(rig.get(BALANCE, "").refusal(), (200, 0));
        rig.time.advance_ms(334);
    }
}
