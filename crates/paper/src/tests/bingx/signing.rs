//! Section 5.2: signatures, keys and times.

use serde_json::json;

use super::{
    BALANCE, BTC, CLOCK_MS, HEDGE_KEY, KEY, ORDER, POSITIONS, Rig, bingx, sign, signed_at,
};
use crate::{KeyConfig, PaperConfig};

/// C1: as it stands on the wire.
#[test]
fn the_computed_vector_of_a_read_is_let_in() {
    let rig = Rig::start();
    let signature = "608f4fdc33d184cc541991b2776671a4676ad91464112dfb8b13bd2b57d3afc8";
    let query = "symbol=BTC-USDT&timestamp=1700000000000";
    let target = format!("{POSITIONS}?{query}&signature={signature}");
    let reply = rig.raw("GET", &target, KEY).unwrap();
    assert_eq!(reply.list().len(), 0);
    let spoilt = target.replace("608f", "608e");
    let reply = rig.raw("GET", &spoilt, KEY).unwrap();
    assert_eq!(reply.refusal(), (200, 100_001));
    let upper = format!("{POSITIONS}?{query}&signature={}", signature.to_uppercase());
    assert_eq!(rig.raw("GET", &upper, KEY).unwrap().code(), 100_001);
}

/// C2.
#[test]
fn the_computed_vector_of_a_close_closes() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let query = "clientOrderId=rd-flat-1&positionSide=BOTH&quantity=0.01&reduceOnly=true&side=SELL&symbol=BTC-USDT&timestamp=1700000000000&type=MARKET";
    let signature = "f3e95009cf5fe2033b0b673e990dbf979c6000405d4e2d2d83a02db99818a2bf";
    let target = format!("{ORDER}?{query}&signature={signature}");
    let reply = rig.raw("POST", &target, KEY).unwrap();
    assert_eq!(reply.data()["order"]["clientOrderID"], "rd-flat-1");
    assert_eq!(rig.held(), super::number("0.99"));
}

/// C3: a list is signed raw and sent encoded.
#[test]
fn the_computed_vector_of_a_list_is_signed_raw() {
    let rig = Rig::start();
    let path = "/openApi/swap/v2/trade/batchOrders";
    let encoded = "orderIdList=%5B1736008778921491200%2C1736008778921491201%5D&symbol=BTC-USDT&timestamp=1700000000000";
    let signature = "434e9708802680502f1ea611a6e57ba78d17a209f3b65d5825cff240736fa1ac";
    let target = format!("{path}?{encoded}&signature={signature}");
    let reply = rig.raw("DELETE", &target, KEY).unwrap();
    let failed = super::rows(reply.data(), "failed");
    let ids: Vec<_> = failed
        .iter()
        .map(|entry| entry["orderId"].as_u64())
        .collect();
    let expected = [1_736_008_778_921_491_200, 1_736_008_778_921_491_201];
    assert_eq!(ids, expected.map(Some), "exactly as they were sent");
}

/// P1: the vendor's own vector, with its key.
#[test]
fn the_published_vector_is_right() {
    let secret = "UuGuyEGt6ZEkpUObCYCmIfh0elYsZVh80jlYwpJuRZEw70t6vomMH7Sjmf94ztSI";
    let key = "Zsm4DcrHBTewmVaElrdwA67PmivPv6VDK6JAkiECZ9QfcUnmn67qjCOgvRuZVOzU";
    let text = "quoteOrderQty=20&side=BUY&symbol=ETHUSDT&timestamp=1649404670162&type=MARKET";
    let signature = "428a3c383bde514baff0d10d3c20e5adfaacaf799e324546dafe5ccc480dd827";
    assert_eq!(sign(secret, text), signature);
    let mut config = bingx();
    config.keys = vec![KeyConfig::new("main", key, secret)];
    let rig = Rig::of(config);
    let target = format!("{ORDER}?{text}&signature={signature}");
    let reply = rig.raw("POST", &target, key).unwrap();
    assert_eq!(reply.code(), 100_421, "signed, but years ago");
}

#[test]
fn parameters_are_sorted_before_they_are_signed() {
    let rig = Rig::start();
    let sorted = format!("symbol={BTC}&timestamp={CLOCK_MS}");
    let turned = format!("timestamp={CLOCK_MS}&symbol={BTC}");
    let ask = |sent: &str, signed: &str| {
        let target = format!(
            "{POSITIONS}?{sent}&signature={}",
            sign(super::SECRET, signed)
        );
        rig.raw("GET", &target, KEY).unwrap().code()
    };
    assert_eq!(ask(&sorted, &sorted), 0);
    assert_eq!(ask(&turned, &sorted), 0, "in any order on the wire");
    assert_eq!(ask(&turned, &turned), 100_001);
}

#[test]
fn a_post_has_its_parameters_in_query_form_or_json() {
    let rig = Rig::start();
    let params = format!("symbol={BTC}&side=BUY&type=MARKET&quantity=1&positionSide=BOTH");
    assert_eq!(rig.post(ORDER, &params).code(), 0);
    let body = signed_at(&params, rig.now_ms());
    let send = |kind: &str, body: &str| {
        let headers = [("X-BX-APIKEY", KEY), ("Content-Type", kind)];
        let reply = rig.send(&format!("POST {ORDER}"), &headers, body);
        reply.unwrap().body["code"].clone()
    };
    assert_eq!(send("application/x-www-form-urlencoded", &body), 0);
    let payload = format!(
        "positionSide=BOTH&quantity=0.5&side=BUY&symbol={BTC}&timestamp={CLOCK_MS}&type=MARKET"
    );
    let body = json!({
        "symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": 0.5, "positionSide": "BOTH",
        "timestamp": CLOCK_MS, "signature": sign(super::SECRET, &payload),
    });
    assert_eq!(send("application/json", &body.to_string()), 0);
    assert_eq!(send("application/json", "[]"), 109_400);
    assert_eq!(rig.held(), super::number("2.5"));
}

#[test]
fn who_asks_is_checked_in_this_order() {
    let rig = Rig::start();
    let ask = |target: &str, key: &str| {
        let reply = rig.raw("GET", target, key).unwrap();
        (reply.code(), reply.body.get("data").is_some())
    };
    let signed = format!("{BALANCE}?{}", signed_at("", CLOCK_MS));
    assert_eq!(ask(&signed, ""), (100_413, false));
    assert_eq!(ask(&signed, "another"), (100_413, false));
    let bare = format!("{BALANCE}?timestamp={CLOCK_MS}");
    assert_eq!(ask(&bare, KEY), (100_412, false));
    let timeless = format!("{BALANCE}?signature={}", sign(super::SECRET, ""));
    assert_eq!(ask(&timeless, KEY), (100_421, false));
    assert_eq!(ask(&signed, KEY), (0, true));
    assert_eq!(rig.venue.counters().unauthorized, 3);
    let nowhere = rig.raw("GET", "/openApi/swap/v9/nothing", KEY).unwrap();
    assert_eq!(nowhere.refusal(), (404, 100_404));
    let method = rig.raw("DELETE", POSITIONS, KEY).unwrap();
    assert_eq!(method.refusal(), (404, 100_404));
    assert_eq!(rig.venue.counters().unknown_paths, 2);
}

#[test]
fn a_request_is_good_for_five_seconds() {
    let rig = Rig::start();
    let ask = |offset: i64, more: &str| {
        let query = signed_at(more, CLOCK_MS + offset);
        let reply = rig.raw("GET", &format!("{BALANCE}?{query}"), KEY);
        reply.unwrap().code()
    };
    for (offset, more, code) in [
        (-5000, "", 0),
        (-5001, "", 100_421),
        (999, "", 0),
        (1000, "", 100_421),
        (-2001, "recvWindow=2000", 100_421),
        (-2000, "recvWindow=2000", 0),
        // More than the most is no more than that, and nothing is as if left out.
        (-5001, "recvWindow=10000", 100_421),
        (-5000, "recvWindow=10000", 0),
        (-5000, "recvWindow=0", 0),
        (0, "recvWindow=soon", 109_400),
    ] {
        assert_eq!(ask(offset, more), code, "{offset} {more}");
    }
}

#[test]
fn a_key_does_what_it_may() {
    let mut reader = KeyConfig::new("main", KEY, super::SECRET);
    reader.read_only = true;
    let mut stranger = KeyConfig::new("hedge", HEDGE_KEY, super::SECRET);
    stranger.may_trade = false;
    stranger.may_withdraw = true;
    stranger.addresses = vec!["10.0.0.1".to_owned()];
    let keys = vec![reader, stranger];
    let rig = Rig::of(PaperConfig { keys, ..bingx() });
    for key in [KEY, HEDGE_KEY] {
        assert_eq!(rig.get_as(key, BALANCE, "").code(), 0);
        for path in [ORDER, super::CLOSE_ALL, "/openApi/swap/v2/trade/order/test"] {
            let refused = rig.post_as(key, path, "");
            assert_eq!(refused.refusal(), (200, 100_004), "{path}");
        }
    }
    let rights = |key: &str| {
        let reply = rig.get_as(key, "/openApi/v1/account/apiPermissions", "");
        let data = reply.data().clone();
        [
            "ipRestrict",
            "enableReading",
            "enableFutures",
            "enableWithdrawals",
        ]
        .map(|name| data[name].as_bool().unwrap())
    };
    assert_eq!(rights(KEY), [false, true, false, false]);
    assert_eq!(rights(HEDGE_KEY), [true, true, false, true]);
    let info = rig.get_as(HEDGE_KEY, "/openApi/account/v1/apiKey/query", "uid=1");
    let info = &info.data()["apiInfos"][0];
    assert_eq!(info["permissions"], json!([2, 5]));
    assert_eq!(info["ipAddresses"], json!(["10.0.0.1"]));
}

#[test]
fn what_anybody_may_ask_needs_no_key() {
    let rig = Rig::start();
    let time = rig.raw("GET", "/openApi/swap/v2/server/time", "").unwrap();
    assert_eq!(time.data()["serverTime"], json!(CLOCK_MS));
    let list = rig.raw("GET", "/openApi/swap/v2/quote/contracts", "");
    assert_eq!(list.unwrap().list().len(), 2);
}
