//! Bybit: a key for each account with limits of its own, one list of orders in parts.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderName;
use riskd::domain::observation::Timestamp;
use riskd::domain::venue::VenueProfile;
use riskd::secret::{Credential, Secret};
use riskd::venue::Venue;
use riskd::venue::budget::RequestBudget;
use riskd::venue::bybit::Bybit;
use riskd::venue::rest::query::Pairs;
use riskd::venue::rest::sign::{HeaderNames, InHeaders, Sign, SignedText, Unsigned};
use riskd::venue::rest::{Limits, Outgoing};
use riskd_paper::{Page, PaperConfig, RequestClass, VenueKind};
use serde_json::Value;

use super::exchange::{self, Listed, SECRET, key, key_name};
use super::{Asked, Part, Traded, What, known};
use crate::leaving::Budget;
use crate::net::Wires;
use crate::random::Random;

pub const TRADED: [Traded; 3] = [
    Traded {
        name: "BTCUSDT",
        tick: 1_000,
        size: 1_117,
        largest: Some(2_000),
        liveliness: 1,
    },
    Traded {
        name: "BTCPERP",
        tick: 1_000,
        size: 823,
        largest: Some(1_500),
        liveliness: 2,
    },
    Traded {
        name: "ETHUSDT",
        tick: 100,
        size: 9_401,
        largest: Some(20_000),
        liveliness: 1,
    },
];

pub const FIGURES: [&str; 4] = ["unrealisedPnl", "equity", "walletBalance", "size"];

pub const CLASSES: [RequestClass; 8] = [
    RequestClass::All,
    RequestClass::All,
    RequestClass::Accounts,
    RequestClass::Flatten,
    RequestClass::Cancel,
    RequestClass::Orders,
    RequestClass::Positions,
    RequestClass::Ledger,
];

pub const PARTS: [Part; 3] = [
    Part::Asset("USDT"),
    Part::Asset("USDC"),
    Part::Rest(&["USDT", "USDC"]),
];

/// 600 requests of an address in five seconds, far beyond what three accounts ask; of
/// a key so many a second, which a refusal for too many takes as used up.
pub const BUDGET: Budget = Budget {
    per_window: 600,
    window: Duration::from_secs(6),
    room_within: Duration::from_millis(1_250),
    is_shared: false,
    look: 1,
    told_by: None,
};

pub fn paper(random: &mut Random, names: &[&str]) -> PaperConfig {
    let listed = Listed {
        traded: &TRADED,
        prices: [50_000, 50_000, 2_000],
        assets: ["USDT", "USDC", "USDT"],
    };
    exchange::paper(VenueKind::Bybit, &listed, random, names)
}

pub fn adapters(names: &[&str], wires: &Wires) -> Vec<(Arc<dyn Venue>, Range<usize>)> {
    let profile = &VenueProfile::BYBIT;
    let limits = Limits {
        jitter: Duration::ZERO,
        ..Limits::DEFAULT
    };
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let adapter = |(place, name): (usize, &&str)| -> (Arc<dyn Venue>, Range<usize>) {
        let parts = [("key", secret(&key(name))), ("secret", secret(SECRET))];
        let adapter = Bybit::over(
            wires.of(place),
            "http://127.0.0.1",
            Credential::new(parts),
            profile.assets.iter().map(ToString::to_string).collect(),
            RequestBudget::new(&profile.limits),
            wires.wall(),
            limits.clone(),
        );
        (Arc::new(adapter.unwrap()), place..place + 1)
    };
    names.iter().enumerate().map(adapter).collect()
}

pub fn asked(asked: &Outgoing) -> Asked {
    let account = key_name(asked, "x-bapi-api-key").and_then(|name| known(&name));
    let part = || {
        let query = asked.query.expose().unwrap_or_default();
        let names = |part: &&Part| match part {
            Part::Asset(asset) => query.contains(&format!("settleCoin={asset}")),
            _ => query.contains("category=inverse"),
        };
        *PARTS.iter().find(names).unwrap()
    };
    let what = match asked.url.path() {
        "/v5/account/wallet-balance" => What::Figures,
        "/v5/position/list" => What::Positions(part()),
        "/v5/order/realtime" => What::Orders(part()),
        "/v5/order/create" => What::Close,
        _ if asked.method != Method::GET => What::Cancel,
        _ => What::Other,
    };
    Asked { account, what }
}

/// Too many requests of a key, by the venue's code: for a second.
pub fn pause(page: &Page) -> Option<i64> {
    let text = std::str::from_utf8(&page.body).ok()?;
    text.contains("\"retCode\":10006").then_some(1_000)
}

/// A close as it must never leave: the same order the other way round, and free to open.
pub fn opening(close: &Outgoing, time: Timestamp) -> Outgoing {
    let mut body: Value = serde_json::from_str(close.body.as_deref().unwrap()).unwrap();
    body["reduceOnly"] = Value::Bool(false);
    body["side"] = match body["side"].as_str() {
        Some("Buy") => "Sell".into(),
        _ => "Buy".into(),
    };
    body["orderLinkId"] = "opening".into();
    let body = body.to_string();
    let shown = |name: &str| {
        close
            .headers
            .get(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let secret = |text: String| Secret::new(text).unwrap();
    let names = HeaderNames {
        key: HeaderName::from_static("x-bapi-api-key"),
        time: HeaderName::from_static("x-bapi-timestamp"),
        signature: HeaderName::from_static("x-bapi-sign"),
        text: SignedText::TimeKeyWindow {
            name: HeaderName::from_static("x-bapi-recv-window"),
            window: Duration::from_secs(5),
        },
    };
    let key = secret(shown("x-bapi-api-key"));
    let signer = InHeaders::new(names, key, secret(SECRET.to_owned()), None).unwrap();
    let signed = signer.sign(&Unsigned {
        method: &close.method,
        path: close.url.path(),
        query: &Pairs::default(),
        body: &body,
        time,
    });
    let signed = signed.unwrap();
    Outgoing {
        method: close.method.clone(),
        url: close.url.clone(),
        query: signed.query,
        headers: signed.headers,
        body: Some(body),
        timeout: close.timeout,
        most: close.most,
    }
}
