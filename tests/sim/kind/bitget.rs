//! Bitget, by its v3: a key for each account with limits of its own, positions and orders
//! by product, and orders of each product in two lists.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderName;
use riskd::domain::observation::Timestamp;
use riskd::domain::venue::VenueProfile;
use riskd::secret::{Credential, Secret};
use riskd::venue::Venue;
use riskd::venue::bitget::{Bitget, Host};
use riskd::venue::budget::RequestBudget;
use riskd::venue::rest::query::Pairs;
use riskd::venue::rest::sign::{HeaderNames, InHeaders, Sign, SignedText, Unsigned};
use riskd::venue::rest::{Limits, Outgoing};
use riskd_paper::{PaperConfig, VenueKind};
use serde_json::Value;

use super::exchange::{self, Listed, SECRET, key, key_name};
use super::{Asked, Part, What, known};
use crate::leaving::Budget;
use crate::net::Wires;
use crate::random::Random;

pub use super::bybit::{CLASSES, TRADED};

pub const FIGURES: [&str; 4] = ["unrealisedPnl", "equity", "balance", "total"];

const USDT: Part = Part::Asset("USDT");
const USDC: Part = Part::Asset("USDC");
const REST: Part = Part::Rest(&["USDT", "USDC"]);

/// Those of positions.
pub const PARTS: [Part; 3] = [USDT, USDC, REST];

/// Those of orders.
pub const ORDER_PARTS: [Part; 6] = [
    Part::Both(&USDT, &Part::Regular),
    Part::Both(&USDC, &Part::Regular),
    Part::Both(&REST, &Part::Regular),
    Part::Both(&USDT, &Part::Conditional),
    Part::Both(&USDC, &Part::Conditional),
    Part::Both(&REST, &Part::Conditional),
];

/// 6000 requests of an address in a minute, far beyond what three accounts ask; of a key
/// five reads of positions a second, of which a poll takes three.
pub const BUDGET: Budget = Budget {
    per_window: 6000,
    window: Duration::from_secs(61),
    room_within: Duration::from_millis(1_250),
    is_shared: false,
    look: 1,
    told_by: None,
};

/// What a key has beside its secret.
const PASSPHRASE: &str = "paper-passphrase";

pub fn paper(random: &mut Random, names: &[&str]) -> PaperConfig {
    let listed = Listed {
        traded: &TRADED,
        prices: [50_000, 50_000, 2_000],
        assets: ["USDT", "USDC", "USDT"],
    };
    let mut config = exchange::paper(VenueKind::Bitget, &listed, random, names);
    for account in &mut config.accounts {
        account.unified = true;
    }
    for key in &mut config.keys {
        key.passphrase = PASSPHRASE.to_owned();
    }
    config
}

pub fn adapters(names: &[&str], wires: &Wires) -> Vec<(Arc<dyn Venue>, Range<usize>)> {
    let profile = &VenueProfile::BITGET;
    let limits = Limits {
        jitter: Duration::ZERO,
        ..Limits::DEFAULT
    };
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let adapter = |(place, name): (usize, &&str)| -> (Arc<dyn Venue>, Range<usize>) {
        let parts = [
            ("key", secret(&key(name))),
            ("secret", secret(SECRET)),
            ("passphrase", secret(PASSPHRASE)),
        ];
        let host = Host {
            base_url: "http://127.0.0.1",
            is_demo: false,
        };
        let adapter = Bitget::over(
            wires.of(place),
            host,
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
    let account = key_name(asked, "access-key").and_then(|name| known(&name));
    let query = asked.query.expose().unwrap_or_default();
    let product = ["USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES"]
        .iter()
        .position(|product| query.contains(&format!("category={product}")));
    let what = match (asked.url.path(), product) {
        ("/api/v3/account/assets", _) => What::Figures,
        ("/api/v3/position/current-position", Some(place)) => What::Positions(PARTS[place]),
        ("/api/v3/trade/unfilled-orders", Some(place)) => What::Orders(ORDER_PARTS[place]),
        ("/api/v3/trade/unfilled-strategy-orders", Some(place)) => {
            What::Orders(ORDER_PARTS[place + 3])
        }
        ("/api/v3/trade/place-order", _) => What::Close,
        _ if asked.method != Method::GET => What::Cancel,
        _ => What::Other,
    };
    Asked { account, what }
}

/// A close as it must never leave: the same order the other way round, and free to open.
pub fn opening(close: &Outgoing, time: Timestamp) -> Outgoing {
    let mut body: Value = serde_json::from_str(close.body.as_deref().unwrap()).unwrap();
    body.as_object_mut().unwrap().remove("reduceOnly");
    body["side"] = match body["side"].as_str() {
        Some("buy") => "sell".into(),
        _ => "buy".into(),
    };
    body["clientOid"] = "opening".into();
    let body = body.to_string();
    let name = HeaderName::from_static;
    let names = HeaderNames {
        key: name("access-key"),
        time: name("access-timestamp"),
        signature: name("access-sign"),
        text: SignedText::TimeMethodPath {
            passphrase: name("access-passphrase"),
        },
    };
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let shown = close.headers.get("access-key").unwrap().to_str().unwrap();
    let passphrase = Some(secret(PASSPHRASE));
    let signer = InHeaders::new(names, secret(shown), secret(SECRET), passphrase).unwrap();
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
