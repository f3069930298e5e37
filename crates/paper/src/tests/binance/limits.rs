//! Section 2.5: weights of an address, orders of an account, bans.

use super::{BTC, CLOCK_MS, HEDGE_KEY, KEY, OPEN, OPEN_ALGO, ORDER, POSITIONS, Rig, number};
use crate::{PaperConfig, Side, Ticket};

const ACCOUNT: &str = "/fapi/v3/account";

/// The clock stands 20 seconds into a minute.
const MINUTE_LEFT_MS: u64 = 40_000;

fn time(rig: &Rig) -> super::Reply {
    rig.raw("GET", "/fapi/v1/time", "", "").unwrap()
}

#[test]
fn every_reply_says_the_weight_of_the_address() {
    let rig = Rig::start();
    assert_eq!(CLOCK_MS % 60_000, 20_000);
    let mut expected = 0;
    for (path, query, weight) in [
        (ACCOUNT, "", 5),
        (POSITIONS, "", 5),
        (OPEN, "", 40),
        (OPEN_ALGO, "", 40),
        (OPEN, "symbol=BTCUSDT", 1),
        (OPEN_ALGO, "symbol=BTCUSDT", 1),
        ("/fapi/v1/income", "", 30),
        ("/fapi/v1/positionSide/dual", "", 30),
        ("/fapi/v1/accountConfig", "", 5),
        ("/fapi/v1/userTrades", "symbol=BTCUSDT", 5),
        ("/fapi/v1/exchangeInfo", "", 1),
        ("/fapi/v1/rateLimit/order", "", 1),
    ] {
        expected += weight;
        // All keys of an address share it.
        let reply = rig.get_as(HEDGE_KEY, path, query);
        assert_eq!(reply.weight(), expected, "{path} {query}");
    }
    // So do refusals and writes; an order weighs nothing.
    assert_eq!(rig.close("SELL", "1").weight(), expected);
    let cancel = rig.delete("/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    assert_eq!(cancel.weight(), expected + 1);
    let countdown = "symbol=BTCUSDT&countdownTime=0";
    let reply = rig.post("/fapi/v1/countdownCancelAll", countdown);
    assert_eq!(reply.weight(), expected + 11);
    rig.time.advance_ms(MINUTE_LEFT_MS - 1);
    assert_eq!(time(&rig).weight(), expected + 12);
    rig.time.advance_ms(1);
    assert_eq!(time(&rig).weight(), 1, "a new minute");
}

/// An address that has used its minute.
fn used() -> Rig {
    let rig = Rig::start();
    for _ in 0..60 {
        assert_eq!(rig.get(OPEN, "").status, 200);
    }
    assert_eq!(
        rig.get_as(KEY, ORDER, "symbol=BTCUSDT&orderId=1").status,
        429
    );
    rig
}

#[test]
fn too_much_weight_waits_for_the_next_minute() {
    let rig = used();
    let reply = time(&rig);
    assert_eq!(reply.refusal(), (429, -1003));
    assert_eq!(reply.header("Retry-After"), Some("40"));
    assert_eq!(reply.weight(), 2402);
    let text = reply.body["msg"].as_str().unwrap();
    assert!(text.contains("2400 requests per minute"), "{text}");
    rig.time.advance_ms(MINUTE_LEFT_MS);
    assert_eq!(time(&rig).status, 200);
    assert_eq!(rig.venue.counters().rate_limited, 2);
}

#[test]
fn who_goes_on_is_banned_until_a_stated_time() {
    let rig = used();
    let ban = loop {
        let reply = time(&rig);
        if reply.status != 429 {
            break reply;
        }
    };
    assert_eq!(ban.status, 418);
    assert_eq!(ban.body["code"], -1003);
    assert_eq!(ban.header("Retry-After"), Some("120"));
    let text = ban.body["msg"].as_str().unwrap();
    let until = format!("IP(127.0.0.1) banned until {}.", CLOCK_MS + 120_000);
    assert!(text.contains(&until), "{text}");
    // Nothing is let through, of nobody, until then.
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.time.advance_ms(119_999);
    assert_eq!(rig.close("SELL", "1").status, 418);
    assert_eq!(rig.get_as(HEDGE_KEY, ACCOUNT, "").status, 418);
    rig.time.advance_ms(1);
    assert_eq!(rig.close("SELL", "1").status, 200);
}

#[test]
fn the_next_ban_is_longer() {
    let rig = used();
    let ban = || {
        let replies = std::iter::repeat_with(|| rig.get(OPEN, ""));
        let mut bans = replies.filter(|reply| reply.status == 418);
        let ban = bans.next().unwrap();
        ban.header("Retry-After").unwrap().to_owned()
    };
    assert_eq!(ban(), "120");
    rig.time.advance_ms(120_000);
    assert_eq!(ban(), "240");
}

#[test]
fn orders_of_an_account_are_counted() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    for count in 1..=299 {
        let reply = rig.close("SELL", "0.001");
        let shown = |name: &str| reply.header(name).map(str::to_owned);
        let count = Some(count.to_string());
        assert_eq!(shown("X-MBX-ORDER-COUNT-10S"), count);
        assert_eq!(shown("X-MBX-ORDER-COUNT-1M"), count);
    }
    let refused = rig.close("SELL", "0");
    assert_eq!(refused.code(), -4003, "it is counted, and does not say so");
    assert_eq!(refused.header("X-MBX-ORDER-COUNT-10S"), None);
    let over = rig.close("SELL", "0.001");
    assert_eq!(over.refusal(), (429, -1015));
    assert_eq!(over.header("Retry-After"), None, "no address is too fast");
    assert_eq!(rig.held(), number("0.701"));
    // Another account and other calls go on.
    assert_eq!(time(&rig).status, 200);
    let other = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&positionSide=LONG";
    assert_eq!(rig.post_as(HEDGE_KEY, ORDER, other).status, 200);
    rig.time.advance_ms(10_000);
    let again = rig.close("SELL", "0.001");
    assert_eq!(again.header("X-MBX-ORDER-COUNT-10S"), Some("1"));
    assert_eq!(again.header("X-MBX-ORDER-COUNT-1M"), Some("301"));
}

#[test]
fn limits_can_be_switched_off() {
    let rig = Rig::of(PaperConfig {
        rate_limit: false,
        ..super::binance()
    });
    let limit = Ticket::limit(BTC, Side::Buy, number("0.1"), number("40000"));
    rig.venue.place("main", &limit).unwrap();
    for _ in 0..70 {
        assert_eq!(rig.get(OPEN, "").list().len(), 1);
    }
}
