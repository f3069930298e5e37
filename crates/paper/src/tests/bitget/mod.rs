//! Bitget's APIs from outside: plain HTTP and a signature of the client's own making.
//! Sections are those of the facts about exchanges; `main` and `hedge` are classic
//! accounts, unless a test says otherwise.

mod cancels;
mod closes;
mod faults;
mod limits;
mod logs;
mod orders;
mod reads;
mod signing;
mod switch;
mod unified;

use std::ops::Deref;

use serde_json::{Value, json};

use super::wire::{self, CLOCK_MS, HEDGE_KEY, KEY, SECRET, Wire, sign};
use super::{BTC, coin, exchange, number};
use crate::{KeyConfig, PaperConfig, VenueKind};

const PASSPHRASE: &str = "rd-pass";
/// A coin future.
const COIN: &str = "BTCUSD";

/// A venue that listens.
struct Rig(Wire);

impl Deref for Rig {
    type Target = Wire;

    fn deref(&self) -> &Wire {
        &self.0
    }
}

/// What came back.
#[derive(Debug)]
struct Reply(wire::Reply);

impl Deref for Reply {
    type Target = wire::Reply;

    fn deref(&self) -> &wire::Reply {
        &self.0
    }
}

impl Reply {
    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap()
    }

    /// The data of a reply that succeeded.
    fn data(&self) -> &Value {
        assert_eq!((self.status, self.code()), (200, "00000"), "{}", self.body);
        &self.body["data"]
    }

    fn list(&self, name: &str) -> Vec<Value> {
        let list = &self.data()[name];
        list.as_array().cloned().unwrap_or_default()
    }
}

fn bitget() -> PaperConfig {
    let mut config = exchange();
    config.kind = VenueKind::Bitget;
    config.tick_ms = 0;
    config.instruments.push(coin(COIN, 50_000, "BTC"));
    let key = |account: &str, key: &str| KeyConfig {
        passphrase: PASSPHRASE.to_owned(),
        ..KeyConfig::new(account, key, SECRET)
    };
    config.key(key("main", KEY)).key(key("hedge", HEDGE_KEY))
}

/// The same with unified accounts.
fn unified() -> PaperConfig {
    let mut config = bitget();
    for account in &mut config.accounts {
        account.unified = true;
    }
    config
}

/// The base64 of the bytes of hexadecimal digits.
fn base64(hex: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: String = hex
        .chars()
        .map(|digit| format!("{:04b}", digit.to_digit(16).unwrap()))
        .collect();
    let mut text: String = (0..bits.len())
        .step_by(6)
        .map(|start| {
            let six = format!("{:0<6}", &bits[start..(start + 6).min(bits.len())]);
            char::from(DIGITS[usize::from_str_radix(&six, 2).unwrap()])
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

impl Rig {
    fn start() -> Rig {
        Rig::of(bitget())
    }

    fn unified() -> Rig {
        Rig::of(unified())
    }

    fn of(config: PaperConfig) -> Rig {
        Rig(Wire::of(config))
    }

    /// A request as it stands on the wire; `None` when no response came.
    fn raw(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        self.send(line, headers, body).map(Reply)
    }

    /// A request signed with a key, at the venue's time.
    fn signed(&self, key: &str, method: &str, target: &str, body: &str) -> Option<Reply> {
        let timestamp = self.now_ms().to_string();
        let text = format!("{timestamp}{method}{target}{body}");
        let signature = base64(&sign(SECRET, &text));
        let headers = [
            ("ACCESS-KEY", key),
            ("ACCESS-SIGN", signature.as_str()),
            ("ACCESS-TIMESTAMP", timestamp.as_str()),
            ("ACCESS-PASSPHRASE", PASSPHRASE),
            ("Content-Type", "application/json"),
            ("locale", "en-US"),
        ];
        self.raw(&format!("{method} {target}"), &headers, body)
    }

    fn get_as(&self, key: &str, target: &str) -> Reply {
        self.signed(key, "GET", target, "").unwrap()
    }

    fn get(&self, target: &str) -> Reply {
        self.get_as(KEY, target)
    }

    fn post_as(&self, key: &str, path: &str, body: &Value) -> Reply {
        self.signed(key, "POST", path, &body.to_string()).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(KEY, path, body)
    }

    /// Positions of an account in USDT.
    fn positions_as(&self, key: &str) -> Vec<Value> {
        let reply = self.get_as(key, &format!("{POSITIONS}?{USDT}"));
        reply.data().as_array().unwrap().clone()
    }

    fn positions(&self) -> Vec<Value> {
        self.positions_as(KEY)
    }

    /// Regular orders in USDT.
    fn orders(&self) -> Vec<Value> {
        let reply = self.get(&format!("{ORDERS}?{USDT}"));
        reply.list("entrustedList")
    }

    /// Conditional orders in USDT of a plan type.
    fn plans(&self, kind: &str) -> Vec<Value> {
        let reply = self.get(&format!("{PLANS}?{USDT}&planType={kind}"));
        reply.list("entrustedList")
    }

    fn place(&self, order: &Value) -> Reply {
        self.post(PLACE, order)
    }

    /// What an account holds of the linear perpetual.
    fn held(&self, account: &str) -> Vec<(crate::PositionSide, rust_decimal::Decimal)> {
        super::held(&self.venue, account, BTC)
    }

    /// A second later, when limits have room again.
    fn pause(&self) {
        self.time.advance_ms(1000);
    }
}

const USDT: &str = "productType=USDT-FUTURES";
const POSITIONS: &str = "/api/v2/mix/position/all-position";
const ORDERS: &str = "/api/v2/mix/order/orders-pending";
const PLANS: &str = "/api/v2/mix/order/orders-plan-pending";
const PLACE: &str = "/api/v2/mix/order/place-order";
const CLOSE: &str = "/api/v2/mix/order/close-positions";
const CANCEL_ALL: &str = "/api/v2/mix/order/cancel-all-orders";
const CANCEL_PLANS: &str = "/api/v2/mix/order/cancel-plan-order";

/// The parameters with others over them.
fn with(mut body: Value, more: &Value) -> Value {
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    body
}

fn product() -> Value {
    json!({"productType": "USDT-FUTURES"})
}

/// A market order of a classic account.
fn market(side: &str, size: &str) -> Value {
    json!({
        "symbol": BTC, "productType": "USDT-FUTURES", "marginMode": "crossed",
        "marginCoin": "USDT", "size": size, "side": side, "orderType": "market",
    })
}

/// A limit order of a classic account.
fn limit(side: &str, size: &str, price: &str) -> Value {
    with(
        market(side, size),
        &json!({"orderType": "limit", "price": price}),
    )
}

/// A market order of one-way mode that only reduces.
fn close(side: &str, size: &str) -> Value {
    with(market(side, size), &json!({"reduceOnly": "YES"}))
}
