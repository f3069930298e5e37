//! Bitget's futures: every run for a classic account and for a unified one.

mod classic;
mod closes;
mod pages;
mod plans;
mod rights;
mod switch;
mod unified;

use super::{Elsewhere, Exchange};

/// A contract that is settled in its coin.
const ELSEWHERE: Elsewhere = Elsewhere {
    symbol: "BTCUSD",
    price: 50_000,
    asset: "BTC",
    quantity: "0.1",
};
const PARTS: &[&str] = &["key", "secret", "passphrase"];
const CARRIED_OVER: &str = "-510.00";
/// Nothing to close.
const NOTHING_TO_REDUCE: i64 = 22_002;
/// The margin is held by something else.
const NOT_NOW: i64 = 40_762;
const CODES: [i64; 5] = [40_008, 40_009, 40_006, 429, 40_015];
const HIDES_POSITIONS: &[&str] = &[r#"{"fault": "positions_missing", "class": "positions"}"#];
const TOO_MANY: &str = r#"{"fault": {"code": {"code": 429}}, "class": "flatten", "count": 3}"#;
const UNKNOWN_OUTCOMES: &[&str] = &[
    r#"{"fault": {"code": {"code": 40725, "after_effect": true}}, "class": "flatten", "count": 1}"#,
    r#"{"fault": {"code": {"code": 40015}}, "class": "flatten", "count": 1}"#,
    r#"{"fault": "lost_after_effect", "class": "flatten", "count": 1}"#,
    r#"{"fault": "html_body", "class": "flatten", "count": 1}"#,
    r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 1}"#,
];

fn is_public(path: &str) -> bool {
    [
        "/api/v2/public/time",
        "/api/v2/mix/market/",
        "/api/v3/market/",
    ]
    .iter()
    .any(|public| path.starts_with(public))
}

/// Whether a guard has business there: nowhere that a mode or a margin is set, or a
/// conditional order placed.
fn is_known(path: &str) -> bool {
    let is_of_it = path.starts_with("/api/v2/") || path.starts_with("/api/v3/");
    let is_set = path.contains("/set-") || path.contains("place-plan");
    is_of_it && !is_set && !path.contains("place-tpsl") && !path.contains("place-strategy")
}
