//! Binance USD-M: a key for each account, two lists of orders, and weights that are
//! counted for the address of all of them together.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderName;
use riskd::domain::observation::Timestamp;
use riskd::domain::venue::VenueProfile;
use riskd::secret::{Credential, Secret};
use riskd::venue::Venue;
use riskd::venue::binance::{Binance, Hosts};
use riskd::venue::budget::{Scope, shared};
use riskd::venue::rest::query::Pairs;
use riskd::venue::rest::sign::{InQuery, QueryNames, Sign, Unsigned, ValuesSigned};
use riskd::venue::rest::{Limits, Outgoing};
use riskd_paper::{Page, PaperConfig, RequestClass, VenueKind};

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
        name: "BTCUSDC",
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

pub const FIGURES: [&str; 4] = [
    "unrealizedProfit",
    "marginBalance",
    "walletBalance",
    "positionAmt",
];

pub const CLASSES: [RequestClass; 9] = [
    RequestClass::All,
    RequestClass::All,
    RequestClass::Accounts,
    RequestClass::Flatten,
    RequestClass::Cancel,
    RequestClass::Orders,
    RequestClass::Positions,
    RequestClass::Ledger,
    RequestClass::Market,
];

pub const PARTS: [Part; 2] = [Part::Regular, Part::Conditional];

/// Weights of 2400 in a minute of one address, of which polls leave a part alone.
pub const BUDGET: Budget = Budget {
    per_window: 2_300,
    window: Duration::from_secs(61),
    room_within: Duration::from_millis(334),
    is_shared: true,
    // The look itself weighs 80, and leaves 400 where polls leave 100.
    look: 380,
    told_by: Some("x-mbx-used-weight-1m"),
};

pub fn paper(random: &mut Random, names: &[&str]) -> PaperConfig {
    let listed = Listed {
        traded: &TRADED,
        prices: [50_000, 50_000, 2_000],
        assets: ["USDT", "USDC", "USDT"],
    };
    let mut config = exchange::paper(VenueKind::Binance, &listed, random, names);
    for account in &mut config.accounts {
        account.multi_assets = random.percent(30);
    }
    config
}

/// Each process of each week has an address of its own, whose weights its keys share.
fn address() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("process {}", COUNT.fetch_add(1, Ordering::Relaxed))
}

pub fn adapters(names: &[&str], wires: &Wires) -> Vec<(Arc<dyn Venue>, Range<usize>)> {
    let profile = &VenueProfile::BINANCE;
    let limits = Limits {
        jitter: Duration::ZERO,
        ..Limits::DEFAULT
    };
    let address = address();
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let adapter = |(place, name): (usize, &&str)| -> (Arc<dyn Venue>, Range<usize>) {
        let user = secret(&key(name));
        let budget = shared(Scope::new(&address, &user), &profile.limits);
        let hosts = Hosts {
            base_url: "http://127.0.0.1",
            rights_url: None,
        };
        let adapter = Binance::over(
            |_| Ok(wires.of(place)),
            hosts,
            Credential::new([("key", user), ("secret", secret(SECRET))]),
            profile.assets.iter().map(ToString::to_string).collect(),
            budget,
            Arc::new(wires.wall()),
            limits.clone(),
        );
        (Arc::new(adapter.unwrap()), place..place + 1)
    };
    names.iter().enumerate().map(adapter).collect()
}

pub fn asked(asked: &Outgoing) -> Asked {
    let account = key_name(asked, "x-mbx-apikey").and_then(|name| known(&name));
    let query = asked.query.expose().unwrap_or_default();
    let is_of_one = query.split('&').any(|pair| pair.starts_with("symbol="));
    let what = match asked.url.path() {
        "/fapi/v3/account" => What::Snapshot,
        "/fapi/v3/positionRisk" => What::Positions(Part::All),
        "/fapi/v1/openOrders" if !is_of_one => What::Orders(Part::Regular),
        "/fapi/v1/openAlgoOrders" if !is_of_one => What::Orders(Part::Conditional),
        "/fapi/v1/order" if asked.method == Method::POST => What::Close,
        _ if asked.method != Method::GET => What::Cancel,
        _ => What::Other,
    };
    Asked { account, what }
}

/// What a poll takes from an answer, and what a read does: a poll has the positions
/// from the account itself, and those that are listed beside it say prices alone.
pub fn told(what: What, is_poll: bool) -> What {
    match (what, is_poll) {
        (What::Snapshot, false) => What::Figures,
        (What::Positions(_), true) => What::Other,
        _ => what,
    }
}

/// What a request weighs, by the pages of the calls.
pub fn weight(asked: &Outgoing) -> usize {
    let query = asked.query.expose().unwrap_or_default();
    let is_of_one = query.split('&').any(|pair| pair.starts_with("symbol="));
    match (asked.url.path(), &asked.method) {
        ("/fapi/v3/account" | "/fapi/v3/positionRisk", _) => 5,
        ("/fapi/v1/accountConfig" | "/fapi/v1/userTrades", _) => 5,
        ("/fapi/v1/countdownCancelAll", _) => 10,
        ("/fapi/v1/openOrders" | "/fapi/v1/openAlgoOrders", _) if !is_of_one => 40,
        ("/fapi/v1/income", _) => 30,
        ("/fapi/v1/order", &Method::POST) => 0,
        _ => 1,
    }
}

/// For how long an address that is banned is told to stay away, in milliseconds.
pub fn pause(page: &Page) -> Option<i64> {
    let told = page.retry_after.and_then(|told| i64::try_from(told).ok())?;
    let is_ban = VenueProfile::BINANCE
        .limits
        .ban_statuses
        .contains(&page.status);
    is_ban.then_some(told * 1_000)
}

/// A close as it must never leave: the same order the other way round, and free to open.
pub fn opening(close: &Outgoing, time: Timestamp) -> Outgoing {
    let query = close.query.expose().unwrap_or_default();
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    };
    let side = match value("side") {
        Some("BUY") => "SELL",
        _ => "BUY",
    };
    let mut pairs = Pairs::default()
        .with("symbol", value("symbol").unwrap())
        .with("side", side)
        .with("type", "MARKET")
        .with("quantity", value("quantity").unwrap());
    if let Some(position) = value("positionSide") {
        pairs = pairs.with("positionSide", position);
    }
    let names = QueryNames {
        key: HeaderName::from_static("x-mbx-apikey"),
        time: "timestamp",
        window: Some(("recvWindow", Duration::from_secs(5))),
        signature: "signature",
        signs: ValuesSigned::Encoded,
    };
    let secret = |text: String| Secret::new(text).unwrap();
    let name = key_name(close, "x-mbx-apikey").unwrap();
    let signer = InQuery::new(names, secret(key(&name)), secret(SECRET.to_owned())).unwrap();
    let signed = signer.sign(&Unsigned {
        method: &close.method,
        path: close.url.path(),
        query: &pairs,
        body: "",
        time,
    });
    let signed = signed.unwrap();
    Outgoing {
        method: close.method.clone(),
        url: close.url.clone(),
        query: signed.query,
        headers: signed.headers,
        body: None,
        timeout: close.timeout,
        most: close.most,
    }
}
