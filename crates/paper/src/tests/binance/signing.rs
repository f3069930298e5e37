//! Section 2.2: who asks, and when; and what a key may do (2.3, 2.4).

use chrono::DateTime;

use super::{BTC, CLOCK_MS, KEY, ORDER, POSITIONS, Reply, Rig, SECRET, binance, close, sign};
use crate::KeyConfig;

/// The key, secret and clock of the published vectors.
const PUBLISHED_KEY: &str = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83";
const PUBLISHED_SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";
const PUBLISHED_MS: i64 = 1_591_702_613_943;

/// P1 and P2 are all in the query and all in the body; of P3 the printed digest has a
/// stray space, this one has not.
const P1: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943";
const P1_SIGNATURE: &str = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9";
const P3_QUERY: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
const P3_BODY: &str = "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943";
const P3_SIGNATURE: &str = "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4";

/// C1 to C3: method, path, parameters, signature.
const COMPUTED: [(&str, &str, &str, &str); 3] = [
    (
        "GET",
        POSITIONS,
        "timestamp=1700000000000&symbol=BTCUSDT&recvWindow=5000",
        "3c488e78684d996181cdc167c9dfd31d326c5ae2adea0c19ecb345103d42f4fd",
    ),
    (
        "POST",
        ORDER,
        "timestamp=1700000000000&symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.010&reduceOnly=true&newClientOrderId=rd-flat-1&recvWindow=5000",
        "8b15822fdc0cbee72a330b7af469480a48f729edcd2f51a592820d719022ebb1",
    ),
    (
        "DELETE",
        ORDER,
        "timestamp=1700000000000&symbol=BTCUSDT&orderId=283194212&recvWindow=5000",
        "2b9a4f903ccd4809f11b1ed14894825c4c0b7c3991d7d790e61ece84050e0eac",
    ),
];

/// A rig with the published key, at the published time.
fn published() -> Rig {
    let config = binance().key(KeyConfig::new("main", PUBLISHED_KEY, PUBLISHED_SECRET));
    let rig = Rig::of(config);
    let at = DateTime::from_timestamp_millis(PUBLISHED_MS).unwrap();
    rig.time.set(at);
    rig
}

#[test]
fn the_published_vectors_are_let_in() {
    let query = format!("{ORDER}?{P1}&signature={P1_SIGNATURE}");
    let body = format!("{P1}&signature={P1_SIGNATURE}");
    let mixed = format!("{ORDER}?{P3_QUERY}");
    let rest = format!("{P3_BODY}&signature={P3_SIGNATURE}");
    for (target, body) in [
        (query.as_str(), ""),
        (ORDER, body.as_str()),
        (mixed.as_str(), rest.as_str()),
    ] {
        let rig = published();
        let reply = rig.raw("POST", target, PUBLISHED_KEY, body).unwrap();
        assert_eq!(reply.status, 200, "{target} {body}: {}", reply.body);
        assert_eq!(rig.live(), 1);
    }
}

#[test]
fn the_computed_vectors_are_let_in() {
    for (method, path, params, signature) in COMPUTED {
        let rig = Rig::start();
        rig.venue.open("main", BTC, 1, None).unwrap();
        assert_eq!(sign(SECRET, params), signature);
        let reply = send(&rig, method, path, params, signature);
        // The order of the third is not there.
        let expected = if method == "DELETE" { -2011 } else { 0 };
        assert_eq!(reply.code(), expected, "{}", reply.body);
        let loud = send(&rig, method, path, params, &signature.to_uppercase());
        assert_ne!(loud.code(), -1022, "the case of the digits does not matter");
    }
}

fn send(rig: &Rig, method: &str, path: &str, params: &str, signature: &str) -> Reply {
    let text = format!("{params}&signature={signature}");
    if method == "POST" {
        rig.raw(method, path, KEY, &text).unwrap()
    } else {
        rig.raw(method, &format!("{path}?{text}"), KEY, "").unwrap()
    }
}

#[test]
fn one_other_byte_is_refused() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    for (method, path, params, signature) in COMPUTED {
        let other = params.replacen("BTCUSDT", "BTCUSDt", 1);
        let reply = send(&rig, method, path, &other, signature);
        assert_eq!(reply.refusal(), (400, -1022), "{method}");
        let other = format!("{}0", &signature[..63]);
        let other = if other == signature {
            format!("{}1", &signature[..63])
        } else {
            other
        };
        assert_eq!(send(&rig, method, path, params, &other).code(), -1022);
        assert_eq!(
            send(&rig, method, path, params, &signature[..62]).code(),
            -1022
        );
        assert_eq!(send(&rig, method, path, params, "xyz").code(), -1022);
    }
    assert_eq!(rig.held(), super::number("1"));
}

/// A signed query is good for any call: the reason why none may be logged.
#[test]
fn neither_the_method_nor_the_path_is_signed() {
    let rig = Rig::start();
    rig.stop("0.5");
    let (_, _, params, signature) = COMPUTED[0];
    let reply = send(&rig, "DELETE", "/fapi/v1/algoOpenOrders", params, signature);
    assert_eq!(reply.body["code"], 200);
    assert_eq!(rig.live(), 0);
}

#[test]
fn the_signature_is_the_last_parameter() {
    let rig = Rig::start();
    let params = format!("symbol=BTCUSDT&timestamp={CLOCK_MS}");
    let signature = sign(SECRET, &params);
    let target = format!("{POSITIONS}?signature={signature}&{params}");
    assert_eq!(rig.raw("GET", &target, KEY, "").unwrap().code(), -1022);
    let without = format!("{POSITIONS}?{params}");
    assert_eq!(rig.raw("GET", &without, KEY, "").unwrap().code(), -1102);
}

#[test]
fn what_is_encoded_is_signed_as_it_was_sent() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let encoded = format!("symbol=BTC%55SDT&timestamp={CLOCK_MS}");
    let reply = send(&rig, "GET", POSITIONS, &encoded, &sign(SECRET, &encoded));
    assert_eq!(reply.list().len(), 1);
    let plain = format!("symbol=BTCUSDT&timestamp={CLOCK_MS}");
    let reply = send(&rig, "GET", POSITIONS, &encoded, &sign(SECRET, &plain));
    assert_eq!(reply.code(), -1022);
}

#[test]
fn the_query_wins_over_the_body() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let query = "quantity=0.2";
    let body = format!("{}&timestamp={CLOCK_MS}", close("SELL", "0.7"));
    let signature = sign(SECRET, &format!("{query}{body}"));
    let target = format!("{ORDER}?{query}");
    let reply = rig
        .raw(
            "POST",
            &target,
            KEY,
            &format!("{body}&signature={signature}"),
        )
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(rig.held(), super::number("0.8"));
}

#[test]
fn a_timestamp_is_good_from_the_window_before_to_a_second_after() {
    let rig = Rig::start();
    for (off, window, code) in [
        (0, "5000", 0),
        (-5000, "5000", 0),
        (-5001, "5000", -1021),
        (-5000, "", 0),
        (-5001, "", -1021),
        (999, "5000", 0),
        (1000, "5000", -1021),
        (-9000, "10000", 0),
        (-200, "100", -1021),
        (0, "60001", -1131),
    ] {
        let params = format!("timestamp={}&recvWindow={window}", CLOCK_MS + off);
        let reply = send(&rig, "GET", POSITIONS, &params, &sign(SECRET, &params));
        assert_eq!(reply.code(), code, "{off} {window}");
    }
}

#[test]
fn a_key_is_there_and_known() {
    let rig = Rig::start();
    let without = rig.raw("GET", POSITIONS, "", "").unwrap();
    assert_eq!(without.refusal(), (401, -2014));
    let unknown = rig.get_as("rd-test-key-9999", POSITIONS, "");
    assert_eq!(unknown.refusal(), (401, -2015));
    assert_eq!(rig.venue.counters().unauthorized, 2);
    let wrong = rig.raw("GET", "/fapi/v1/positions", KEY, "").unwrap();
    assert_eq!(wrong.status, 404);
    assert_eq!(rig.venue.counters().unknown_paths, 1);
}

#[test]
fn a_key_says_what_it_may_do() {
    let rights = |rig: &Rig| {
        let reply = rig.get("/sapi/v1/account/apiRestrictions", "");
        assert_eq!(reply.header("X-MBX-USED-WEIGHT-1M"), None, "counted apart");
        assert_eq!(reply.header("X-SAPI-USED-IP-WEIGHT-1M"), Some("1"));
        assert!(!reply.body.to_string().contains(SECRET));
        reply.body.clone()
    };
    let usual = rights(&Rig::start());
    let mut config = binance();
    config.keys[0].may_withdraw = true;
    config.keys[0].read_only = true;
    config.keys[0].addresses = vec!["192.0.2.7".to_owned()];
    let other = rights(&Rig::of(config));
    for (right, before, after) in [
        ("enableReading", true, true),
        ("enableFutures", true, false),
        ("enableWithdrawals", false, true),
        ("ipRestrict", false, true),
        ("enableInternalTransfer", false, false),
    ] {
        assert_eq!(usual[right], before, "{right}");
        assert_eq!(other[right], after, "{right}");
    }
}

#[test]
fn a_key_that_may_not_trade_reads_alone() {
    for may_trade in [true, false] {
        let mut config = binance();
        config.keys[0].read_only = may_trade;
        config.keys[0].may_trade = may_trade;
        let rig = Rig::of(config);
        rig.venue.open("main", BTC, 1, None).unwrap();
        assert_eq!(rig.close("SELL", "1").refusal(), (401, -2015));
        let cancel = rig.delete("/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
        assert_eq!(cancel.code(), -2015);
        assert_eq!(rig.positions().len(), 1);
    }
}
