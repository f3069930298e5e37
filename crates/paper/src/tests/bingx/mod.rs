//! BingX's API from outside: plain HTTP and a signature of the client's own making.
//! Sections are those of the facts about exchanges, B and a number the bugs that others
//! met.

mod agree;
mod cancels;
mod closes;
mod faults;
mod limits;
mod logs;
mod orders;
mod reads;
mod shapes;
mod signing;
mod twap;

use std::ops::Deref;

use rust_decimal::Decimal;
use serde_json::Value;

use super::wire::{self, CLOCK_MS, HEDGE_KEY, KEY, SECRET, Wire, sign};
use super::{coin, exchange, number};
use crate::{KeyConfig, PaperConfig, Side, Ticket, VenueKind};

/// The contracts, as the venue spells them.
const BTC: &str = "BTC-USDT";
const ETH: &str = "ETH-USDC";

const ORDER: &str = "/openApi/swap/v2/trade/order";
const OPEN: &str = "/openApi/swap/v2/trade/openOrders";
const CANCEL_ALL: &str = "/openApi/swap/v2/trade/allOpenOrders";
const CLOSE_ALL: &str = "/openApi/swap/v2/trade/closeAllPositions";
const CLOSE_ONE: &str = "/openApi/swap/v1/trade/closePosition";
const POSITIONS: &str = "/openApi/swap/v2/user/positions";
const BALANCE: &str = "/openApi/swap/v3/user/balance";
const MODE: &str = "/openApi/swap/v1/positionSide/dual";

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
        let code = self.body["code"].as_i64();
        code.unwrap_or_else(|| panic!("no code in {}", self.body))
    }

    fn refusal(&self) -> (u16, i64) {
        (self.status, self.code())
    }

    fn text(&self) -> &str {
        text(&self.body, "msg")
    }

    /// What a call says that succeeded.
    fn data(&self) -> &Value {
        assert_eq!(self.refusal(), (200, 0), "{}", self.body);
        &self.body["data"]
    }

    fn list(&self) -> &[Value] {
        self.data().as_array().unwrap()
    }
}

/// Without limits, which have tests of their own: time stands still in the others.
fn bingx() -> PaperConfig {
    let mut config = exchange();
    config.kind = VenueKind::BingX;
    config.tick_ms = 0;
    config.rate_limit = false;
    config.instruments = vec![coin(BTC, 50_000, "USDT"), coin(ETH, 2000, "USDC")];
    config
        .key(KeyConfig::new("main", KEY, SECRET))
        .key(KeyConfig::new("hedge", HEDGE_KEY, SECRET))
}

impl Rig {
    fn start() -> Rig {
        Rig::of(bingx())
    }

    fn of(config: PaperConfig) -> Rig {
        Rig(Wire::of(config))
    }

    /// A request as it stands on the wire; `None` when no response came.
    fn raw(&self, method: &str, target: &str, key: &str) -> Option<Reply> {
        let headers: &[(&str, &str)] = if key.is_empty() {
            &[]
        } else {
            &[("X-BX-APIKEY", key)]
        };
        self.send(&format!("{method} {target}"), headers, "")
            .map(Reply)
    }

    /// A request whose parameters, in any order, are signed in the order of their names.
    fn signed(&self, key: &str, method: &str, path: &str, params: &str) -> Option<Reply> {
        let text = signed_at(params, self.now_ms());
        self.raw(method, &format!("{path}?{text}"), key)
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

    /// A market order of one-way mode that only reduces.
    fn close(&self, side: &str, quantity: &str) -> Reply {
        self.post(ORDER, &close(side, quantity))
    }

    fn positions(&self) -> Vec<Value> {
        self.get(POSITIONS, "").list().to_vec()
    }

    fn orders(&self) -> Vec<Value> {
        self.get(OPEN, "").data()["orders"]
            .as_array()
            .unwrap()
            .clone()
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

    /// A sell limit of `main` that only reduces, by hand.
    fn target(&self, quantity: &str) {
        let limit = Ticket::limit(BTC, Side::Sell, number(quantity), number("60000"));
        self.venue.place("main", &limit.reduce_only()).unwrap();
    }

    /// How many orders of `main` may still fill.
    fn live(&self) -> usize {
        self.venue.live_orders("main").unwrap().len()
    }
}

/// Parameters with time and signature.
fn signed_at(params: &str, ms: i64) -> String {
    let mut pairs: Vec<String> = params.split('&').map(str::to_owned).collect();
    pairs.retain(|pair| !pair.is_empty());
    pairs.push(format!("timestamp={ms}"));
    pairs.sort();
    let text = pairs.join("&");
    let signature = sign(SECRET, &text);
    // Only these have another form on the wire.
    let text = text
        .replace('[', "%5B")
        .replace(']', "%5D")
        .replace('"', "%22");
    format!("{text}&signature={signature}")
}

fn close(side: &str, quantity: &str) -> String {
    format!(
        "symbol={BTC}&side={side}&type=MARKET&quantity={quantity}&positionSide=BOTH&reduceOnly=true"
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

fn rows<'a>(row: &'a Value, key: &str) -> &'a [Value] {
    row[key]
        .as_array()
        .unwrap_or_else(|| panic!("{key} in {row}"))
}
