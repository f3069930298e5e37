//! Bybit's API from outside: plain HTTP and a signature of the client's own making.
//! Sections are those of the facts about exchanges.

mod cancels;
mod closes;
mod faults;
mod limits;
mod logs;
mod reads;
mod signing;

use std::ops::Deref;

use serde_json::{Value, json};

use super::wire::{self, CLOCK_MS, HEDGE_KEY, KEY, SECRET, Wire, sign};
use super::{BTC, coin, exchange, number};
use crate::{KeyConfig, PaperConfig, VenueKind};

/// An inverse contract.
const INVERSE: &str = "BTCUSD";

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
    fn code(&self) -> i64 {
        self.body["retCode"].as_i64().unwrap()
    }

    fn list(&self) -> &[Value] {
        assert_eq!(self.code(), 0, "{}", self.body);
        self.body["result"]["list"].as_array().unwrap()
    }
}

fn bybit() -> PaperConfig {
    let mut config = exchange();
    config.kind = VenueKind::Bybit;
    config.tick_ms = 0;
    config.instruments.push(coin(INVERSE, 50_000, "BTC"));
    config
        .key(KeyConfig::new("main", KEY, SECRET))
        .key(KeyConfig::new("hedge", HEDGE_KEY, SECRET))
}

impl Rig {
    fn start() -> Rig {
        Rig::of(bybit())
    }

    fn of(config: PaperConfig) -> Rig {
        Rig(Wire::of(config))
    }

    /// A request as it stands on the wire; `None` when no response came.
    fn raw(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        self.send(line, headers, body).map(Reply)
    }

    /// A request signed with a key, at the venue's time.
    fn signed(&self, key: &str, method: &str, path: &str, payload: &str) -> Option<Reply> {
        let timestamp = self.now_ms().to_string();
        let signature = sign(SECRET, &format!("{timestamp}{key}5000{payload}"));
        let headers = [
            ("X-BAPI-API-KEY", key),
            ("X-BAPI-TIMESTAMP", timestamp.as_str()),
            ("X-BAPI-RECV-WINDOW", "5000"),
            ("X-BAPI-SIGN", signature.as_str()),
            ("Content-Type", "application/json"),
        ];
        if method == "GET" {
            self.raw(&format!("GET {path}?{payload}"), &headers, "")
        } else {
            self.raw(&format!("{method} {path}"), &headers, payload)
        }
    }

    fn get_as(&self, key: &str, path: &str, query: &str) -> Reply {
        self.signed(key, "GET", path, query).unwrap()
    }

    fn get(&self, path: &str, query: &str) -> Reply {
        self.get_as(KEY, path, query)
    }

    fn post_as(&self, key: &str, path: &str, body: &Value) -> Reply {
        self.signed(key, "POST", path, &body.to_string()).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(KEY, path, body)
    }

    fn create(&self, order: &Value) -> Reply {
        self.post("/v5/order/create", order)
    }

    fn positions(&self, query: &str) -> Vec<Value> {
        self.get("/v5/position/list", query).list().to_vec()
    }

    fn orders(&self, query: &str) -> Vec<Value> {
        self.get("/v5/order/realtime", query).list().to_vec()
    }

    /// What `main` holds of the linear perpetual.
    fn held(&self) -> rust_decimal::Decimal {
        let held = super::held(&self.venue, "main", BTC);
        held.first()
            .map(|(_, quantity)| *quantity)
            .unwrap_or_default()
    }
}

/// A market order of one-way mode that only reduces.
fn close(side: &str, quantity: &str) -> Value {
    json!({
        "category": "linear", "symbol": BTC, "side": side, "orderType": "Market",
        "qty": quantity, "reduceOnly": true, "positionIdx": 0,
    })
}
