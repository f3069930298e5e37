//! Bybit's API from outside: plain HTTP and a signature of the client's own making.
//! Sections are those of the facts about exchanges.

mod cancels;
mod closes;
mod faults;
mod limits;
mod logs;
mod reads;
mod signing;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use chrono::DateTime;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{BTC, coin, exchange, number};
use crate::{KeyConfig, ManualTime, PaperClock, PaperConfig, PaperVenue, VenueKind, serve_venue};

/// The key, secret and clock of the computed vectors (section 1).
const KEY: &str = "rd-test-key-0001";
const SECRET: &str = "rd-test-secret-0123456789abcdef";
const CLOCK_MS: i64 = 1_700_000_000_000;
/// The key of the account in hedge mode.
const HEDGE_KEY: &str = "rd-test-key-0002";
/// An inverse contract.
const INVERSE: &str = "BTCUSD";

/// A venue that listens, whose time stands still until it is moved.
struct Rig {
    venue: PaperVenue,
    time: ManualTime,
    address: SocketAddr,
    stop: CancellationToken,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: Value,
}

impl Reply {
    fn code(&self) -> i64 {
        self.body["retCode"].as_i64().unwrap()
    }

    fn list(&self) -> &[Value] {
        assert_eq!(self.code(), 0, "{}", self.body);
        self.body["result"]["list"].as_array().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
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
        let start = DateTime::from_timestamp_millis(CLOCK_MS).unwrap();
        let (clock, time) = PaperClock::manual(start);
        let venue = PaperVenue::new(config, clock).unwrap();
        let stop = CancellationToken::new();
        let (sender, receiver) = std::sync::mpsc::channel();
        let (served, stopped) = (venue.clone(), stop.clone());
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(async move {
                let any = SocketAddr::from(([127, 0, 0, 1], 0));
                let serving = serve_venue(served, any, stopped.clone()).await.unwrap();
                sender.send(serving.address).unwrap();
                stopped.cancelled().await;
            });
        });
        Rig {
            venue,
            time,
            address: receiver.recv().unwrap(),
            stop,
        }
    }

    /// A request as it stands on the wire; `None` when no response came.
    fn raw(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        let mut text = format!("{line} HTTP/1.1\r\nHost: paper\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() {
            write!(text, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "{text}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Reply {
            status,
            head: head.to_owned(),
            body: serde_json::from_str(body).unwrap_or_else(|_| json!(body)),
        })
    }

    /// A request signed with a key, at the venue's time.
    fn signed(&self, key: &str, method: &str, path: &str, payload: &str) -> Option<Reply> {
        let timestamp = self.time.now().timestamp_millis().to_string();
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

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A market order of one-way mode that only reduces.
fn close(side: &str, quantity: &str) -> Value {
    json!({
        "category": "linear", "symbol": BTC, "side": side, "orderType": "Market",
        "qty": quantity, "reduceOnly": true, "positionIdx": 0,
    })
}

/// HMAC-SHA256 in lower-case hexadecimal digits, by RFC 2104.
fn sign(secret: &str, text: &str) -> String {
    let mut block = [0_u8; 64];
    block[..secret.len()].copy_from_slice(secret.as_bytes());
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    let mut hex = String::new();
    for byte in outer {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}
