//! CrossTrade: many accounts under one token.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use riskd::domain::request::Write;
use riskd::secret::Secret;
use riskd::venue::Venue;
use riskd::venue::crosstrade::CrossTrade;
use riskd::venue::rest::{Limits, Outgoing};
use riskd_paper::{AccountConfig, InstrumentConfig, PaperConfig, RequestClass};
use rust_decimal::Decimal;

use super::{Asked, Part, Traded, What, known};
use crate::leaving::Budget;
use crate::net::Wires;
use crate::random::Random;

const TOKEN: &str = "paper-token";

pub const TRADED: [Traded; 2] = [
    Traded {
        name: "ES 03-26",
        tick: 25,
        size: 1_000,
        largest: None,
        liveliness: 1,
    },
    Traded {
        name: "NQ 03-26",
        tick: 25,
        size: 1_000,
        largest: None,
        liveliness: 2,
    },
];

pub const FIGURES: [&str; 4] = [
    "unrealizedProfitLoss",
    "realizedProfitLoss",
    "netLiquidation",
    "cashValue",
];

pub const CLASSES: [RequestClass; 8] = [
    RequestClass::All,
    RequestClass::All,
    RequestClass::Snapshot,
    RequestClass::Flatten,
    RequestClass::Cancel,
    RequestClass::Orders,
    RequestClass::Positions,
    RequestClass::Accounts,
];

/// 180 requests a minute, three a second.
pub const BUDGET: Budget = Budget {
    per_window: 180,
    window: Duration::from_secs(61),
    room_within: Duration::from_millis(334),
    is_shared: false,
    look: 1,
    told_by: None,
};

pub fn paper(random: &mut Random, names: &[&str]) -> PaperConfig {
    let still = |name: &str, price: i64| InstrumentConfig::new(name, Decimal::from(price));
    PaperConfig {
        token: TOKEN.to_owned(),
        seed: u64::try_from(random.within(0, 1 << 40)).unwrap(),
        accounts: names
            .iter()
            .map(|name| AccountConfig::new(name, 50_000))
            .collect(),
        instruments: vec![still("ES 03-26", 5000), still("NQ 03-26", 20_000)],
        ..PaperConfig::default()
    }
}

pub fn rule_file(names: &[&str]) -> String {
    let mut text =
        "venues:\n  ct: { kind: crosstrade, token: { credential: token } }\naccounts:".to_owned();
    for name in names {
        let _ = write!(
            text,
            "\n  {name}: {{ venue: ct, number: {name}, session: globex, starting_balance: 50000 }}"
        );
    }
    text
}

pub fn adapter(wires: &Wires) -> Arc<dyn Venue> {
    let token = Secret::new(TOKEN.to_owned()).unwrap();
    let limits = Limits {
        jitter: Duration::ZERO,
        ..Limits::DEFAULT
    };
    let base = "http://127.0.0.1/v1/api";
    Arc::new(CrossTrade::over(wires.of(0), base, token, wires.wall(), limits).unwrap())
}

pub fn asked(asked: &Outgoing) -> Asked {
    let path = asked.url.path();
    let account = account_of(path);
    let what = if path.ends_with("/accounts/snapshot") {
        What::Snapshot
    } else if asked.method != Method::GET {
        if path.ends_with(&format!("/positions/{}", Write::Flatten.name())) {
            What::Close
        } else {
            What::Cancel
        }
    } else if path.ends_with("/positions") {
        What::Positions(Part::All)
    } else if path.ends_with("/orders") {
        What::Orders(Part::All)
    } else {
        What::Other
    };
    Asked { account, what }
}

/// The account that a path names, however it is spelled.
fn account_of(path: &str) -> Option<&'static str> {
    let (_, rest) = path.split_once("/accounts/")?;
    let (account, _) = rest.split_once('/')?;
    known(account)
}
