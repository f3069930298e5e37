//! What moved money.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::params::{Params, wrong};
use super::reply::{Done, Refusal};
use super::words::{milliseconds, money};
use crate::dialect::exchange::span::Span;
use crate::sim::Simulation;
use crate::sim::ledger::{EntryKind, LedgerEntry};

/// How far back the list goes when it is not said.
const USUAL_SPAN: TimeDelta = TimeDelta::days(7);
/// How long it is kept.
const KEPT: TimeDelta = TimeDelta::days(90);

/// The types that can be asked for. Others are in the list too.
const KINDS: [&str; 9] = [
    "TRANSFER",
    "REALIZED_PNL",
    "FUNDING_FEE",
    "TRADING_FEE",
    "INSURANCE_CLEAR",
    "TRIAL_FUND",
    "ADL",
    "SYSTEM_DEDUCTION",
    "GTD_PRICE",
];

/// `GET /openApi/swap/v2/user/income`. The newest comes first; there are no pages, and a
/// list ends at its limit: what is older is asked for by its time.
pub(crate) fn list(sim: &Simulation, index: usize, params: &Params) -> Done {
    let now = sim.now();
    let limit = params.count("limit", 100, 1000)?;
    let span = span(params, now)?;
    let kind = params.text("incomeType");
    if kind.is_some_and(|kind| !KINDS.contains(&kind)) {
        return Err(wrong("incomeType"));
    }
    let contract = params.optional_symbol(sim)?;
    let contract = contract.and_then(|contract| sim.market.contracts.get(contract));
    let symbol = contract.map(|contract| contract.symbol.as_str());
    let is_meant = |entry: &&LedgerEntry| {
        let is_kept = now.signed_duration_since(entry.at) <= KEPT;
        let is_kind = kind.is_none_or(|kind| kind == income_type(entry));
        let is_wanted = symbol.is_none_or(|wanted| entry.instrument.as_deref() == Some(wanted));
        span.holds(entry.at) && is_kept && is_kind && is_wanted
    };
    let entries = sim.ledger.entries(index).filter(is_meant);
    let mut rows: Vec<Value> = entries.map(movement).collect();
    rows.reverse();
    rows.truncate(limit);
    Ok(Value::Array(rows))
}

fn span(params: &Params, now: DateTime<Utc>) -> Result<Span, Refusal> {
    let end = params.time("endTime")?.unwrap_or(now);
    let usual = || end.checked_sub_signed(USUAL_SPAN).unwrap_or(end);
    let start = params.time("startTime")?.unwrap_or_else(usual);
    if start > end {
        return Err(Refusal::new(109_400, "startTime is later than endTime"));
    }
    Ok(Span { start, end })
}

fn income_type(entry: &LedgerEntry) -> &str {
    match (&entry.word, entry.kind) {
        (Some(word), _) => word,
        (None, EntryKind::RealizedPnl) => "REALIZED_PNL",
        (None, EntryKind::Fee) => "TRADING_FEE",
        (None, EntryKind::Funding) => "FUNDING_FEE",
        (None, EntryKind::Transfer) => "TRANSFER",
    }
}

fn movement(entry: &LedgerEntry) -> Value {
    let info = match (income_type(entry), entry.kind) {
        ("FUNDING_FEE", _) => "Funding Fee",
        ("TRADING_FEE", _) => "Trading Fee",
        ("REALIZED_PNL", _) => "Realized PNL",
        (other, _) => other,
    };
    // One fill's result and fee have the same: with its type it is unique.
    let number = entry.fill.unwrap_or(entry.id);
    let id = format!("{}_{number}", milliseconds(entry.at));
    json!({
        "symbol": entry.instrument.as_deref().unwrap_or_default(),
        "incomeType": income_type(entry),
        "income": money(entry.amount),
        "asset": entry.asset,
        "info": info,
        "time": milliseconds(entry.at),
        "tranId": id,
        "tradeId": if entry.fill.is_some() { id.clone() } else { String::new() },
    })
}
