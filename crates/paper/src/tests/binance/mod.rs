//! Binance's API from outside: plain HTTP and a signature of the client's own making.
//! Sections are those of the facts about exchanges, B and a number the bugs that
//! others met.

mod books;
mod closes;
mod faults;
mod limits;
mod logs;
mod reads;
mod signing;

use std::ops::Deref;

use rust_decimal::Decimal;
use serde_json::Value;

use super::wire::{self, CLOCK_MS, HEDGE_KEY, KEY, SECRET, Wire, sign};
use super::{BTC, ETH, exchange, number};
use crate::{KeyConfig, PaperConfig, Side, Ticket, VenueKind};

const ORDER: &str = "/fapi/v1/order";
const ALGO_ORDER: &str = "/fapi/v1/algoOrder";
const OPEN: &str = "/fapi/v1/openOrders";
const OPEN_ALGO: &str = "/fapi/v1/openAlgoOrders";
const POSITIONS: &str = "/fapi/v3/positionRisk";

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
    /// The code of a refusal; 0 of anything else.
    fn code(&self) -> i64 {
        match self.status {
            200 => 0,
            _ => self.body["code"].as_i64().unwrap_or(1),
        }
    }

    /// The status and the code of a refusal.
    fn refusal(&self) -> (u16, i64) {
        (self.status, self.code())
    }

    fn list(&self) -> &[Value] {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body.as_array().unwrap()
    }

    /// The weight that the address has used, by the header.
    fn weight(&self) -> u32 {
        let shown = self.header("X-MBX-USED-WEIGHT-1M");
        shown.unwrap().parse().unwrap()
    }
}

fn binance() -> PaperConfig {
    let mut config = exchange();
    config.kind = VenueKind::Binance;
    config.tick_ms = 0;
    config
        .key(KeyConfig::new("main", KEY, SECRET))
        .key(KeyConfig::new("hedge", HEDGE_KEY, SECRET))
}

impl Rig {
    fn start() -> Rig {
        Rig::of(binance())
    }

    fn of(config: PaperConfig) -> Rig {
        Rig(Wire::of(config))
    }

    /// A request as it stands on the wire; `None` when no response came.
    fn raw(&self, method: &str, target: &str, key: &str, body: &str) -> Option<Reply> {
        let headers = [
            ("X-MBX-APIKEY", key),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let headers = if key.is_empty() {
            &headers[1..]
        } else {
            &headers[..]
        };
        let line = format!("{method} {target}");
        self.send(&line, headers, body).map(Reply)
    }

    /// A request signed with a key at the venue's time: a POST in its body, others in
    /// their query.
    fn signed(&self, key: &str, method: &str, path: &str, params: &str) -> Option<Reply> {
        let join = if params.is_empty() { "" } else { "&" };
        let text = format!("{params}{join}timestamp={}", self.now_ms());
        let text = format!("{text}&signature={}", sign(SECRET, &text));
        match method {
            "POST" => self.raw(method, path, key, &text),
            _ => self.raw(method, &format!("{path}?{text}"), key, ""),
        }
    }

    fn get_as(&self, key: &str, path: &str, params: &str) -> Reply {
        self.signed(key, "GET", path, params).unwrap()
    }

    fn get(&self, path: &str, params: &str) -> Reply {
        self.get_as(KEY, path, params)
    }

    fn post_as(&self, key: &str, path: &str, params: &str) -> Reply {
        self.signed(key, "POST", path, params).unwrap()
    }

    fn post(&self, path: &str, params: &str) -> Reply {
        self.post_as(KEY, path, params)
    }

    fn delete(&self, path: &str, params: &str) -> Reply {
        self.signed(KEY, "DELETE", path, params).unwrap()
    }

    /// A market order of one-way mode that only reduces, with its result.
    fn close(&self, side: &str, quantity: &str) -> Reply {
        self.post(ORDER, &close(side, quantity))
    }

    fn positions(&self) -> Vec<Value> {
        self.get(POSITIONS, "").list().to_vec()
    }

    /// What `main` holds of the first perpetual.
    fn held(&self) -> Decimal {
        let held = super::held(&self.venue, "main", BTC);
        held.first()
            .map(|(_, quantity)| *quantity)
            .unwrap_or_default()
    }

    /// A sell stop of `main`, by hand.
    fn stop(&self, quantity: &str) {
        let stop = Ticket::stop(BTC, Side::Sell, number(quantity), number("45000"));
        self.venue.place("main", &stop).unwrap();
    }

    /// How many orders of `main` may still fill.
    fn live(&self) -> usize {
        self.venue.live_orders("main").unwrap().len()
    }
}

fn close(side: &str, quantity: &str) -> String {
    format!(
        "symbol={BTC}&side={side}&type=MARKET&quantity={quantity}&reduceOnly=true&newOrderRespType=RESULT"
    )
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {row}"))
}

fn amount(row: &Value, key: &str) -> Decimal {
    number(text(row, key))
}
