//! By the vectors that venues publish, and by others that two independent
//! implementations agreed on.

use std::time::Duration;

use super::digest::{Writing, signature};
use super::*;

const KEY: &str = "rd-test-key-0001";
const SECRET: &str = "rd-test-secret-0123456789abcdef";
const PASSPHRASE: &str = "rd-pass";
const WINDOW: Duration = Duration::from_secs(5);

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned()).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(millis).unwrap()
}

fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

fn pairs(of: &[(&'static str, &str)]) -> Pairs {
    let with = |pairs: Pairs, (name, value): &(&'static str, &str)| pairs.with(name, *value);
    of.iter().fold(Pairs::default(), with)
}

/// A signature in the query, with a window, values signed as they leave.
fn weighed(key: &str, signing: &str) -> InQuery {
    let names = QueryNames {
        key: name("x-mbx-apikey"),
        time: "timestamp",
        window: Some(("recvWindow", WINDOW)),
        signature: "signature",
        signs: ValuesSigned::Encoded,
    };
    InQuery::new(names, secret(key), secret(signing)).unwrap()
}

/// A signature in the query, sorted, values signed as they are.
fn sorted(key: &str, signing: &str) -> InQuery {
    let names = QueryNames {
        key: name("x-bx-apikey"),
        time: "timestamp",
        window: None,
        signature: "signature",
        signs: ValuesSigned::PlainAndSorted,
    };
    InQuery::new(names, secret(key), secret(signing)).unwrap()
}

/// A signature in headers over time, key, window and what leaves.
fn windowed() -> InHeaders {
    let names = HeaderNames {
        key: name("x-bapi-api-key"),
        time: name("x-bapi-timestamp"),
        signature: name("x-bapi-sign"),
        text: SignedText::TimeKeyWindow {
            name: name("x-bapi-recv-window"),
            window: WINDOW,
        },
    };
    InHeaders::new(names, secret(KEY), secret(SECRET), None).unwrap()
}

/// The names of the scheme with a passphrase.
fn passphrase_names() -> HeaderNames {
    HeaderNames {
        key: name("access-key"),
        time: name("access-timestamp"),
        signature: name("access-sign"),
        text: SignedText::TimeMethodPath {
            passphrase: name("access-passphrase"),
        },
    }
}

fn with_passphrase() -> InHeaders {
    let passphrase = Some(secret(PASSPHRASE));
    InHeaders::new(passphrase_names(), secret(KEY), secret(SECRET), passphrase).unwrap()
}

/// What leaves at 1,700,000,000,000 ms.
fn signed(scheme: &dyn Sign, method: &Method, path: &str, query: &Pairs, body: &str) -> Signed {
    signed_at(1_700_000_000_000, scheme, method, path, query, body)
}

fn signed_at(
    millis: i64,
    scheme: &dyn Sign,
    method: &Method,
    path: &str,
    query: &Pairs,
    body: &str,
) -> Signed {
    let request = Unsigned {
        method,
        path,
        query,
        body,
        time: at(millis),
    };
    scheme.sign(&request).unwrap()
}

fn header<'a>(signed: &'a Signed, name: &str) -> &'a str {
    let value = signed.headers.get(name).unwrap();
    assert!(value.is_sensitive(), "{name}");
    value.to_str().unwrap()
}

#[test]
fn binance_p1_and_c1_to_c3() {
    let key = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83";
    let signing = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";
    let order = pairs(&[
        ("symbol", "BTCUSDT"),
        ("side", "BUY"),
        ("type", "LIMIT"),
        ("quantity", "1"),
        ("price", "9000"),
        ("timeInForce", "GTC"),
    ]);
    let scheme = weighed(key, signing);
    let time = 1_591_702_613_943;
    let found = signed_at(time, &scheme, &Method::POST, "/fapi/v1/order", &order, "");
    assert_eq!(
        found.query.expose().unwrap(),
        "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000\
         &timestamp=1591702613943\
         &signature=3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
    );
    assert_eq!(header(&found, "x-mbx-apikey"), key);
    // Query and body one after the other (P3, without the page's stray space).
    let parts = [
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC",
        "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943",
    ];
    assert_eq!(
        signature(&secret(signing), &parts, Writing::Hex).unwrap(),
        "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4"
    );
    for (text, expected) in [
        (
            "timestamp=1700000000000&symbol=BTCUSDT&recvWindow=5000",
            "3c488e78684d996181cdc167c9dfd31d326c5ae2adea0c19ecb345103d42f4fd",
        ),
        (
            "timestamp=1700000000000&symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.010\
             &reduceOnly=true&newClientOrderId=rd-flat-1&recvWindow=5000",
            "8b15822fdc0cbee72a330b7af469480a48f729edcd2f51a592820d719022ebb1",
        ),
        (
            "timestamp=1700000000000&symbol=BTCUSDT&orderId=283194212&recvWindow=5000",
            "2b9a4f903ccd4809f11b1ed14894825c4c0b7c3991d7d790e61ece84050e0eac",
        ),
    ] {
        let found = signature(&secret(SECRET), &[text], Writing::Hex).unwrap();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn bingx_p1_and_c1_to_c3() {
    let key = "Zsm4DcrHBTewmVaElrdwA67PmivPv6VDK6JAkiECZ9QfcUnmn67qjCOgvRuZVOzU";
    let signing = "UuGuyEGt6ZEkpUObCYCmIfh0elYsZVh80jlYwpJuRZEw70t6vomMH7Sjmf94ztSI";
    let order = pairs(&[
        ("symbol", "ETHUSDT"),
        ("side", "BUY"),
        ("type", "MARKET"),
        ("quoteOrderQty", "20"),
    ]);
    let time = 1_649_404_670_162;
    let scheme = sorted(key, signing);
    let found = signed_at(time, &scheme, &Method::POST, "/any", &order, "");
    assert_eq!(
        found.query.expose().unwrap(),
        "quoteOrderQty=20&side=BUY&symbol=ETHUSDT&timestamp=1649404670162&type=MARKET\
         &signature=428a3c383bde514baff0d10d3c20e5adfaacaf799e324546dafe5ccc480dd827"
    );
    let scheme = sorted(KEY, SECRET);
    for (method, query, expected) in [
        (
            Method::GET,
            vec![("symbol", "BTC-USDT")],
            "symbol=BTC-USDT&timestamp=1700000000000\
             &signature=608f4fdc33d184cc541991b2776671a4676ad91464112dfb8b13bd2b57d3afc8",
        ),
        (
            Method::POST,
            vec![
                ("symbol", "BTC-USDT"),
                ("side", "SELL"),
                ("positionSide", "BOTH"),
                ("type", "MARKET"),
                ("quantity", "0.01"),
                ("reduceOnly", "true"),
                ("clientOrderId", "rd-flat-1"),
            ],
            "clientOrderId=rd-flat-1&positionSide=BOTH&quantity=0.01&reduceOnly=true&side=SELL\
             &symbol=BTC-USDT&timestamp=1700000000000&type=MARKET\
             &signature=f3e95009cf5fe2033b0b673e990dbf979c6000405d4e2d2d83a02db99818a2bf",
        ),
        // Signed as they are, and encoded after that.
        (
            Method::DELETE,
            vec![
                ("symbol", "BTC-USDT"),
                ("orderIdList", "[1736008778921491200,1736008778921491201]"),
            ],
            "orderIdList=%5B1736008778921491200%2C1736008778921491201%5D&symbol=BTC-USDT\
             &timestamp=1700000000000\
             &signature=434e9708802680502f1ea611a6e57ba78d17a209f3b65d5825cff240736fa1ac",
        ),
    ] {
        let found = signed(&scheme, &method, "/any", &pairs(&query), "");
        assert_eq!(found.query.expose().unwrap(), expected);
        assert_eq!(header(&found, "x-bx-apikey"), KEY);
    }
    let unclear = pairs(&[("clientOrderId", "a&symbol=b")]);
    let request = Unsigned {
        method: &Method::GET,
        path: "/any",
        query: &unclear,
        body: "",
        time: at(0),
    };
    assert!(scheme.sign(&request).is_err());
}

#[test]
fn bybit_c1_to_c3() {
    let scheme = windowed();
    let order = r#"{"category":"linear","symbol":"BTCUSDT","side":"Sell","orderType":"Market","qty":"0.01","reduceOnly":true,"positionIdx":0,"orderLinkId":"rd-flat-1"}"#;
    let held = [
        ("category", "linear"),
        ("settleCoin", "USDT"),
        ("limit", "200"),
    ];
    for (method, query, body, expected) in [
        (
            Method::GET,
            pairs(&held),
            "",
            "777a333969e777acd795ae5d9499419b80c1a97ca246d458bac918ca45f91988",
        ),
        (
            Method::POST,
            Pairs::default(),
            order,
            "147dc60a9843a822e3658105af1dcb602e4a3c11a8597a81628f7f4e8852c54e",
        ),
        (
            Method::POST,
            Pairs::default(),
            r#"{"category":"linear","settleCoin":"USDT"}"#,
            "c8e4b8b525991793fdf1b19ed24e2ff04d0a945f7a2fddc90c5ce203f393b035",
        ),
    ] {
        // The path is not signed.
        let found = signed(&scheme, &method, "/any", &query, body);
        assert_eq!(header(&found, "x-bapi-sign"), expected, "{body}");
        assert_eq!(header(&found, "x-bapi-timestamp"), "1700000000000");
        assert_eq!(header(&found, "x-bapi-recv-window"), "5000");
        assert_eq!(header(&found, "x-bapi-api-key"), KEY);
        assert_eq!(found.query.expose().unwrap_or_default(), query.encoded());
    }
}

#[test]
fn bitget_c1_to_c4() {
    let scheme = with_passphrase();
    let order = r#"{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.01","side":"sell","orderType":"market","reduceOnly":"YES","clientOid":"rd-flat-1"}"#;
    let held = [("marginCoin", "USDT"), ("productType", "USDT-FUTURES")];
    for (method, path, query, body, expected) in [
        (
            Method::GET,
            "/api/v2/mix/position/all-position",
            pairs(&held),
            "",
            "rILdbsW/6NOD/ZagT2Pjljxku0XBnpyeG6royGHkPOM=",
        ),
        (
            Method::POST,
            "/api/v2/mix/order/place-order",
            Pairs::default(),
            order,
            "h/3HhQuX/plCtQEE31DC3IL2IDsLUWdTpGuueD332yM=",
        ),
        (
            Method::POST,
            "/api/v2/mix/order/cancel-all-orders",
            Pairs::default(),
            r#"{"productType":"USDT-FUTURES","marginCoin":"USDT"}"#,
            "cfd0T0GGdwSslXnc30/Fnqud63VYlCBJ0NLvzrDbEiE=",
        ),
        (
            Method::POST,
            "/api/v3/trade/close-positions",
            Pairs::default(),
            r#"{"category":"USDT-FUTURES"}"#,
            "DqFgYuFG7Sa5qwESLapu3B8+AFJG5gi8rry7IiEMYkk=",
        ),
    ] {
        let found = signed(&scheme, &method, path, &query, body);
        assert_eq!(header(&found, "access-sign"), expected, "{path}");
        assert_eq!(header(&found, "access-timestamp"), "1700000000000");
        assert_eq!(header(&found, "access-passphrase"), PASSPHRASE);
        assert_eq!(header(&found, "access-key"), KEY);
        assert_eq!(found.query.expose().unwrap_or_default(), query.encoded());
    }
    let without = InHeaders::new(passphrase_names(), secret(KEY), secret(SECRET), None);
    assert!(without.is_err());
}

#[test]
fn a_bearer_shows_its_token_and_nothing_else() {
    let scheme = Bearer::new(&secret("s3cret")).unwrap();
    let query = pairs(&[("activeOnly", "true")]);
    let found = signed(&scheme, &Method::GET, "/any", &query, "");
    assert_eq!(header(&found, "authorization"), "Bearer s3cret");
    assert_eq!(found.query.expose(), Some("activeOnly=true"));
}

#[test]
fn nothing_signed_and_no_secret_is_printed() {
    let schemes: [&dyn Sign; 5] = [
        &Bearer::new(&secret(SECRET)).unwrap(),
        &weighed(KEY, SECRET),
        &sorted(KEY, SECRET),
        &windowed(),
        &with_passphrase(),
    ];
    for scheme in schemes {
        let query = pairs(&[("a", "b")]);
        let found = signed(scheme, &Method::GET, "/any", &query, "");
        let shown = format!("{found:?} {:?} {:?}", found.headers, found.query);
        for hidden in [KEY, SECRET, PASSPHRASE, "1700000000000", "signature="] {
            assert!(!shown.contains(hidden), "{hidden}: {shown}");
        }
    }
}
