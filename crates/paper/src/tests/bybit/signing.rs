//! Section 3.2: who asks, and when; and what a key may do (3.3, 3.4).

use serde_json::{Value, json};

use super::{CLOCK_MS, KEY, Reply, Rig, SECRET, bybit, close, sign};
use crate::{ConfigError, KeyConfig, PaperClock, PaperVenue};

const POSITIONS: &str = "/v5/position/list";
const QUERY: &str = "category=linear&settleCoin=USDT&limit=200";

/// Vectors C1 to C3: payload, path, signature.
const VECTORS: [(&str, &str, &str); 3] = [
    (
        POSITIONS,
        QUERY,
        "777a333969e777acd795ae5d9499419b80c1a97ca246d458bac918ca45f91988",
    ),
    (
        "/v5/order/create",
        r#"{"category":"linear","symbol":"BTCUSDT","side":"Sell","orderType":"Market","qty":"0.01","reduceOnly":true,"positionIdx":0,"orderLinkId":"rd-flat-1"}"#,
        "147dc60a9843a822e3658105af1dcb602e4a3c11a8597a81628f7f4e8852c54e",
    ),
    (
        "/v5/order/cancel-all",
        r#"{"category":"linear","settleCoin":"USDT"}"#,
        "c8e4b8b525991793fdf1b19ed24e2ff04d0a945f7a2fddc90c5ce203f393b035",
    ),
];

/// Reads positions with these headers and what is signed with them.
fn read(rig: &Rig, secret: &str, timestamp: i64, window: &str, query: &str) -> Reply {
    let timestamp = timestamp.to_string();
    let signature = sign(secret, &format!("{timestamp}{KEY}{window}{query}"));
    let headers = [
        ("X-BAPI-API-KEY", KEY),
        ("X-BAPI-TIMESTAMP", timestamp.as_str()),
        ("X-BAPI-RECV-WINDOW", window),
        ("X-BAPI-SIGN", signature.as_str()),
    ];
    rig.raw(&format!("GET {POSITIONS}?{QUERY}"), &headers, "")
        .unwrap()
}

#[test]
fn the_computed_vectors_are_let_in() {
    let rig = Rig::start();
    rig.venue.open("main", "BTCUSDT", 1, None).unwrap();
    for (path, payload, signature) in VECTORS {
        let text = format!("1700000000000rd-test-key-00015000{payload}");
        assert_eq!(sign(SECRET, &text), signature, "{path}");
        let reply = if path == POSITIONS {
            rig.signed(KEY, "GET", path, payload)
        } else {
            rig.signed(KEY, "POST", path, payload)
        };
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.code()), (200, 0), "{path}: {reply:?}");
        assert_eq!(reply.body["time"], json!(CLOCK_MS), "{path}");
    }
}

#[test]
fn a_timestamp_is_good_from_the_window_before_to_a_second_after() {
    let rig = Rig::start();
    for (off, window, code) in [
        (0, "5000", 0),
        (-5000, "5000", 0),
        (-5001, "5000", 10002),
        (999, "5000", 0),
        (1000, "5000", 10002),
        (-9000, "10000", 0),
        (-200, "100", 10002),
    ] {
        let reply = read(&rig, SECRET, CLOCK_MS + off, window, QUERY);
        assert_eq!((reply.status, reply.code()), (200, code), "{off} {window}");
    }
}

#[test]
fn a_signature_covers_secret_and_query_as_sent() {
    let rig = Rig::start();
    let wrong = read(&rig, "another-secret", CLOCK_MS, "5000", QUERY);
    assert_eq!(wrong.code(), 10004);
    let other_order = "settleCoin=USDT&category=linear&limit=200";
    let wrong = read(&rig, SECRET, CLOCK_MS, "5000", other_order);
    assert_eq!(wrong.code(), 10004);
    // The vendor's own sample has a space behind the colon.
    let body = r#"{"category": "linear", "settleCoin": "USDT"}"#;
    let spaced = rig.signed(KEY, "POST", "/v5/order/cancel-all", body);
    assert_eq!(spaced.unwrap().code(), 0);
}

#[test]
fn a_signature_is_lower_case_hexadecimal() {
    let rig = Rig::start();
    let signature = VECTORS[0].2.to_uppercase();
    let headers = [
        ("X-BAPI-API-KEY", KEY),
        ("X-BAPI-TIMESTAMP", "1700000000000"),
        ("X-BAPI-RECV-WINDOW", "5000"),
        ("X-BAPI-SIGN", signature.as_str()),
    ];
    let line = format!("GET {POSITIONS}?{QUERY}");
    let reply = rig.raw(&line, &headers, "").unwrap();
    assert_eq!(reply.code(), 10004);
    assert_eq!(rig.venue.counters().unauthorized, 1);
}

#[test]
fn a_key_of_another_place_is_unknown() {
    let rig = Rig::start();
    let reply = rig.get_as("rd-test-key-9999", POSITIONS, QUERY);
    assert_eq!(reply.code(), 10003);
    let bare = rig.raw(&format!("GET {POSITIONS}?{QUERY}"), &[], "");
    assert_eq!(bare.unwrap().code(), 10003);
}

#[test]
fn a_get_with_a_body_is_forbidden() {
    let rig = Rig::start();
    let reply = rig.raw("GET /v5/market/time", &[], "{}").unwrap();
    assert_eq!(reply.status, 403);
}

#[test]
fn there_is_no_delete_and_no_other_path() {
    let rig = Rig::start();
    for line in ["DELETE /v5/order/create", "GET /v5/order/all"] {
        assert_eq!(rig.raw(line, &[], "").unwrap().code(), 10017, "{line}");
    }
    assert_eq!(rig.venue.counters().unknown_paths, 2);
}

/// The rights that the key of `main` shows.
fn rights(rig: &Rig) -> Value {
    let reply = rig.get("/v5/user/query-api", "");
    assert_eq!(reply.code(), 0);
    reply.body["result"].clone()
}

#[test]
fn a_key_says_what_it_may_do() {
    let rig = Rig::start();
    let shown = rights(&rig);
    assert_eq!(shown["readOnly"], 0);
    assert_eq!(
        shown["permissions"]["ContractTrade"],
        json!(["Order", "Position"])
    );
    assert_eq!(shown["permissions"]["Wallet"], json!([]));
    let mut config = bybit();
    config.keys[0].may_withdraw = true;
    config.keys[0].addresses = vec!["192.0.2.7".to_owned()];
    let shown = rights(&Rig::of(config));
    assert_eq!(shown["permissions"]["Wallet"], json!(["Withdraw"]));
    assert_eq!(shown["ips"], json!(["192.0.2.7"]));
    assert!(!shown.to_string().contains(SECRET));
}

#[test]
fn a_key_that_may_not_trade_reads_alone() {
    for may_trade in [true, false] {
        let mut config = bybit();
        config.keys[0].read_only = may_trade;
        config.keys[0].may_trade = may_trade;
        let rig = Rig::of(config);
        rig.venue.open("main", "BTCUSDT", 1, None).unwrap();
        assert_eq!(rig.create(&close("Sell", "1")).code(), 10005);
        let everything = json!({"category": "linear", "settleCoin": "USDT"});
        let cancel = rig.post("/v5/order/cancel-all", &everything);
        assert_eq!(cancel.code(), 10005);
        assert_eq!(rig.positions("category=linear&settleCoin=USDT").len(), 1);
        assert_eq!(rights(&rig)["readOnly"], u8::from(may_trade));
    }
}

#[test]
fn a_scenario_has_keys_of_its_accounts() {
    let refused = |keys: Vec<KeyConfig>| {
        let config = crate::PaperConfig { keys, ..bybit() };
        let (clock, _) = PaperClock::manual(super::super::start());
        PaperVenue::new(config, clock).unwrap_err()
    };
    assert!(matches!(refused(Vec::new()), ConfigError::NoKey));
    let one = KeyConfig::new("main", KEY, SECRET);
    for keys in [
        vec![KeyConfig::new("nobody", KEY, SECRET)],
        vec![KeyConfig::new("main", KEY, "")],
        vec![one.clone(), one.clone()],
    ] {
        assert!(matches!(refused(keys), ConfigError::Key(_)));
    }
    assert!(!format!("{one:?}").contains(SECRET));
}
