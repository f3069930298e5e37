//! BingX: a key for each account, a close of everything, and a few requests a second for
//! each call. Each account is at an address of its own.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderName;
use riskd::domain::observation::Timestamp;
use riskd::domain::venue::VenueProfile;
use riskd::secret::{Credential, Secret};
use riskd::venue::Venue;
use riskd::venue::bingx::BingX;
use riskd::venue::budget::RequestBudget;
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
        name: "BTC-USDT",
        tick: 1_000,
        size: 1_117,
        largest: Some(2_000),
        liveliness: 1,
    },
    Traded {
        name: "BTC-USDC",
        tick: 1_000,
        size: 823,
        largest: Some(1_500),
        liveliness: 2,
    },
    Traded {
        name: "ETH-USDT",
        tick: 100,
        size: 9_401,
        largest: Some(20_000),
        liveliness: 1,
    },
];

pub const FIGURES: [&str; 4] = ["unrealizedProfit", "equity", "balance", "positionAmt"];

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

pub const PARTS: [Part; 1] = [Part::All];

/// Three reads of the wallets in a second.
pub const BUDGET: Budget = Budget {
    per_window: 3,
    window: Duration::from_millis(1_250),
    room_within: Duration::from_millis(1_250),
    is_shared: false,
    look: 1,
    told_by: None,
};

const BALANCE: &str = "/openApi/swap/v3/user/balance";

pub fn paper(random: &mut Random, names: &[&str]) -> PaperConfig {
    let listed = Listed {
        traded: &TRADED,
        prices: [50_000, 50_000, 2_000],
        assets: ["USDT", "USDC", "USDT"],
    };
    PaperConfig {
        // It would count all accounts as those of one address.
        rate_limit: false,
        ..exchange::paper(VenueKind::BingX, &listed, random, names)
    }
}

pub fn adapters(names: &[&str], wires: &Wires) -> Vec<(Arc<dyn Venue>, Range<usize>)> {
    let profile = &VenueProfile::BINGX;
    let limits = Limits {
        jitter: Duration::ZERO,
        ..Limits::DEFAULT
    };
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let adapter = |(place, name): (usize, &&str)| -> (Arc<dyn Venue>, Range<usize>) {
        let parts = [("key", secret(&key(name))), ("secret", secret(SECRET))];
        let adapter = BingX::over(
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
    let account = key_name(asked, "x-bx-apikey").and_then(|name| known(&name));
    let what = match asked.url.path() {
        BALANCE => What::Figures,
        "/openApi/swap/v2/user/positions" => What::Positions(Part::All),
        "/openApi/swap/v2/trade/openOrders" => What::Orders(Part::All),
        "/openApi/swap/v2/trade/closeAllPositions" => What::Close,
        "/openApi/swap/v2/trade/order" if asked.method == Method::POST => What::Close,
        _ if asked.method != Method::GET => What::Cancel,
        _ => What::Other,
    };
    Asked { account, what }
}

/// How much a request takes of what polls may count on: each call has limits of its own.
pub fn weight(asked: &Outgoing) -> usize {
    usize::from(asked.url.path() == BALANCE)
}

/// Too many requests of an account, by the venue's code: for a second.
pub fn pause(page: &Page) -> Option<i64> {
    let text = std::str::from_utf8(&page.body).ok()?;
    text.contains("\"code\":100410").then_some(1_000)
}

/// A close as it must never leave: the same order the other way round, and free to open;
/// nothing for a close of everything, which names no symbol.
pub fn opening(close: &Outgoing, time: Timestamp) -> Option<Outgoing> {
    let query = close.query.expose().unwrap_or_default();
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    };
    let side = match value("side")? {
        "BUY" => "SELL",
        _ => "BUY",
    };
    let pairs = Pairs::default()
        .with("symbol", value("symbol")?)
        .with("side", side)
        .with("type", "MARKET")
        .with("positionSide", value("positionSide")?)
        .with("quantity", value("quantity")?);
    let names = QueryNames {
        key: HeaderName::from_static("x-bx-apikey"),
        time: "timestamp",
        window: None,
        signature: "signature",
        signs: ValuesSigned::PlainAndSorted,
    };
    let secret = |text: String| Secret::new(text).unwrap();
    let name = key_name(close, "x-bx-apikey").unwrap();
    let signer = InQuery::new(names, secret(key(&name)), secret(SECRET.to_owned())).unwrap();
    let signed = signer.sign(&Unsigned {
        method: &close.method,
        path: close.url.path(),
        query: &pairs,
        body: "",
        time,
    });
    let signed = signed.unwrap();
    Some(Outgoing {
        method: close.method.clone(),
        url: close.url.clone(),
        query: signed.query,
        headers: signed.headers,
        body: None,
        timeout: close.timeout,
        most: close.most,
    })
}
