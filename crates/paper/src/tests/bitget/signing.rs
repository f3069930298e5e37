//! Section 4.2: who asks, and when; and what a key may do (4.3 to 4.5).

use serde_json::{Value, json};

use super::{
    BTC, CLOCK_MS, KEY, PASSPHRASE, POSITIONS, Reply, Rig, SECRET, base64, bitget, close, sign,
    unified,
};

const QUERY: &str = "marginCoin=USDT&productType=USDT-FUTURES";
const RIGHTS: &str = "/api/v2/spot/account/info";
const RIGHTS_OF_UNIFIED: &str = "/api/v3/account/info";

/// Vectors C1 to C4: method, target, body, signature.
const VECTORS: [(&str, &str, &str, &str); 4] = [
    (
        "GET",
        "/api/v2/mix/position/all-position?marginCoin=USDT&productType=USDT-FUTURES",
        "",
        "rILdbsW/6NOD/ZagT2Pjljxku0XBnpyeG6royGHkPOM=",
    ),
    (
        "POST",
        "/api/v2/mix/order/place-order",
        r#"{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.01","side":"sell","orderType":"market","reduceOnly":"YES","clientOid":"rd-flat-1"}"#,
        "h/3HhQuX/plCtQEE31DC3IL2IDsLUWdTpGuueD332yM=",
    ),
    (
        "POST",
        "/api/v2/mix/order/cancel-all-orders",
        r#"{"productType":"USDT-FUTURES","marginCoin":"USDT"}"#,
        "cfd0T0GGdwSslXnc30/Fnqud63VYlCBJ0NLvzrDbEiE=",
    ),
    (
        "POST",
        "/api/v3/trade/close-positions",
        r#"{"category":"USDT-FUTURES"}"#,
        "DqFgYuFG7Sa5qwESLapu3B8+AFJG5gi8rry7IiEMYkk=",
    ),
];

#[test]
fn the_computed_vectors_are_let_in() {
    for (method, target, body, signature) in VECTORS {
        let is_unified = target.starts_with("/api/v3");
        let rig = Rig::of(if is_unified { unified() } else { bitget() });
        rig.venue.open("main", BTC, 1, None).unwrap();
        let text = format!("{CLOCK_MS}{method}{target}{body}");
        assert_eq!(base64(&sign(SECRET, &text)), signature, "{target}");
        let reply = rig.signed(KEY, method, target, body).unwrap();
        // Nothing rests that could be cancelled.
        let expected = if target.contains("cancel-all") {
            "22001"
        } else {
            "00000"
        };
        assert_eq!(reply.code(), expected, "{target}: {}", reply.body);
        assert_eq!(reply.body["requestTime"], json!(CLOCK_MS));
    }
}

/// Reads positions with these headers, signed with this secret.
fn read(rig: &Rig, changed: (&str, &str), secret: &str, query: &str) -> Reply {
    let timestamp = match changed {
        ("ACCESS-TIMESTAMP", text) => text.to_owned(),
        _ => CLOCK_MS.to_string(),
    };
    let signature = base64(&sign(secret, &format!("{timestamp}GET{POSITIONS}?{query}")));
    let mut headers = vec![
        ("ACCESS-KEY", KEY),
        ("ACCESS-SIGN", signature.as_str()),
        ("ACCESS-TIMESTAMP", timestamp.as_str()),
        ("ACCESS-PASSPHRASE", PASSPHRASE),
    ];
    for (name, value) in &mut headers {
        if *name == changed.0 {
            *value = changed.1;
        }
    }
    headers.retain(|(_, value)| !value.is_empty());
    rig.raw(&format!("GET {POSITIONS}?{QUERY}"), &headers, "")
        .unwrap()
}

#[test]
fn each_credential_has_its_code() {
    let rig = Rig::start();
    for (name, value, code) in [
        ("", "", "00000"),
        ("ACCESS-KEY", "", "40001"),
        ("ACCESS-KEY", "another", "40006"),
        ("ACCESS-SIGN", "", "40003"),
        ("ACCESS-SIGN", "AAAA", "40009"),
        ("ACCESS-TIMESTAMP", "", "40005"),
        ("ACCESS-TIMESTAMP", "yesterday", "40005"),
        ("ACCESS-PASSPHRASE", "", "40011"),
        ("ACCESS-PASSPHRASE", "another", "40012"),
    ] {
        let reply = read(&rig, (name, value), SECRET, QUERY);
        assert_eq!(reply.code(), code, "{name}: {value}");
        let status = if code == "00000" { 200 } else { 400 };
        assert_eq!(reply.status, status, "{name}: {value}");
    }
    assert_eq!(rig.venue.counters().unauthorized, 3);
}

#[test]
fn a_timestamp_is_good_for_thirty_seconds() {
    let rig = Rig::start();
    for (off, code) in [
        (-30_000, "00000"),
        (-30_001, "40008"),
        (30_000, "00000"),
        (30_001, "40008"),
    ] {
        let timestamp = (CLOCK_MS + off).to_string();
        let reply = read(&rig, ("ACCESS-TIMESTAMP", &timestamp), SECRET, QUERY);
        assert_eq!(reply.code(), code, "{off}");
    }
}

#[test]
fn a_signature_covers_secret_and_query_as_sent() {
    let rig = Rig::start();
    let wrong = read(&rig, ("", ""), "another-secret", QUERY);
    assert_eq!(wrong.code(), "40009");
    let other_order = "productType=USDT-FUTURES&marginCoin=USDT";
    assert_eq!(read(&rig, ("", ""), SECRET, other_order).code(), "40009");
    // Unsorted keys are good where they are sent so.
    let unsorted = rig.get(&format!("{POSITIONS}?{other_order}"));
    assert_eq!(unsorted.code(), "00000");
    // A client signs values before they are percent-encoded.
    let text = format!("{CLOCK_MS}GET{POSITIONS}?productType=USDT-FUTURES&marginCoin=US/DT");
    let signature = base64(&sign(SECRET, &text));
    let timestamp = CLOCK_MS.to_string();
    let headers = [
        ("ACCESS-KEY", KEY),
        ("ACCESS-SIGN", signature.as_str()),
        ("ACCESS-TIMESTAMP", timestamp.as_str()),
        ("ACCESS-PASSPHRASE", PASSPHRASE),
        ("paptrading", "1"),
    ];
    let line = format!("GET {POSITIONS}?productType=USDT-FUTURES&marginCoin=US%2FDT");
    assert_eq!(rig.raw(&line, &headers, "").unwrap().code(), "00000");
}

#[test]
fn what_is_not_there_is_not_found() {
    let rig = Rig::start();
    let reply = rig.raw("GET /api/v2/mix/order/all", &[], "").unwrap();
    assert_eq!((reply.status, reply.code()), (404, "40404"));
    assert_eq!(rig.venue.counters().unknown_paths, 1);
}

#[test]
fn a_classic_key_says_what_it_may_do() {
    let rights = |change: &dyn Fn(&mut crate::KeyConfig)| {
        let mut config = bitget();
        change(&mut config.keys[0]);
        Rig::of(config).get(RIGHTS)
    };
    let usual = rights(&|_| ());
    let shown = usual.data();
    assert_eq!(
        shown["authorities"],
        json!(["coor", "cpor", "stor", "coow", "cpow"])
    );
    assert!(shown["parentId"].is_i64(), "a number among texts");
    assert_eq!(shown["ips"], "");
    let bound = rights(&|key| {
        key.may_withdraw = true;
        key.read_only = true;
        key.addresses = vec!["192.0.2.7".to_owned(), "192.0.2.8".to_owned()];
    });
    let shown = bound.data();
    assert_eq!(
        shown["authorities"],
        json!(["coor", "cpor", "stor", "wwow"])
    );
    assert_eq!(shown["ips"], "192.0.2.7,192.0.2.8");
    assert!(!shown.to_string().contains(SECRET));
    // A key of futures alone cannot be asked.
    let blind = rights(&|key| key.may_read_spot = false);
    assert_eq!((blind.status, blind.code()), (400, "40014"));
}

#[test]
fn a_unified_key_says_what_it_may_do_whatever_that_is() {
    let mut config = unified();
    config.keys[0].may_read_spot = false;
    config.keys[0].may_withdraw = true;
    config.keys[1].read_only = true;
    config.keys[1].may_trade = false;
    let rig = Rig::of(config);
    let shown = rig.get(RIGHTS_OF_UNIFIED);
    assert_eq!(shown.data()["permType"], "read-and-write");
    assert_eq!(
        shown.data()["permissions"],
        json!(["uta_mgt", "uta_trade", "withdraw"])
    );
    let shown = rig.get_as(super::HEDGE_KEY, RIGHTS_OF_UNIFIED);
    assert_eq!(shown.data()["permType"], "read-only");
    assert_eq!(shown.data()["permissions"], json!([]));
}

#[test]
fn a_key_that_may_not_trade_reads_alone() {
    let mut config = bitget();
    config.keys[0].read_only = true;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, 1, None).unwrap();
    assert_eq!(rig.place(&close("sell", "1")).code(), "40014");
    let cancel = rig.post(super::CANCEL_ALL, &super::product());
    assert_eq!(cancel.code(), "40014");
    assert_eq!(rig.positions().len(), 1);
}

#[test]
fn a_body_is_a_json_object() {
    let rig = Rig::start();
    let reply = rig.signed(KEY, "POST", super::CANCEL_ALL, "productType=USDT-FUTURES");
    assert_eq!(reply.unwrap().code(), "40017");
    let empty = rig.post(super::CLOSE, &json!({}));
    assert_eq!(empty.code(), "40019");
    assert_eq!(empty.body["data"], Value::Null);
}
