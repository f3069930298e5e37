//! What moved money, and fills.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::BinanceState;
use super::orders;
use super::params::{Params, missing};
use super::reply::{Done, Refusal};
use super::words::{milliseconds, money, order_id, position_side, price, quantity, side};
use crate::dialect::exchange::span::Span;
use crate::sim::Simulation;
use crate::sim::ledger::{EntryKind, Fill, LedgerEntry, Liquidity};
use crate::sim::market::Contract;

/// How far back a list goes that does not say.
const USUAL_SPAN: TimeDelta = TimeDelta::days(7);
/// How long income and trades are kept.
const KEPT: TimeDelta = TimeDelta::days(90);
/// What is added to the number of a movement of money.
const FIRST_TRANSACTION: u64 = 9_689_322_000;

/// The times that a request names, and whether it names the first.
fn span(params: &Params, now: DateTime<Utc>, longest: TimeDelta) -> Result<(Span, bool), Refusal> {
    let time = |name: &str| -> Result<Option<DateTime<Utc>>, Refusal> {
        match params.whole(name)? {
            None => Ok(None),
            Some(ms) => DateTime::from_timestamp_millis(ms)
                .map(Some)
                .ok_or_else(|| missing(name)),
        }
    };
    let (from, to) = (time("startTime")?, time("endTime")?);
    let end = to.unwrap_or(now);
    let usual = || end.checked_sub_signed(USUAL_SPAN).unwrap_or(end);
    let start = from.unwrap_or_else(usual);
    let span = Span { start, end };
    if !span.is_at_most(longest) {
        return Err(Refusal::new(-4165, "Invalid time interval."));
    }
    Ok((span, from.is_some()))
}

/// A page of rows that are sorted by time: from the first one on when its time was
/// asked for, else the newest.
fn page(mut rows: Vec<Value>, limit: usize, is_from: bool) -> Value {
    if is_from {
        rows.truncate(limit);
    } else {
        rows.drain(..rows.len().saturating_sub(limit));
    }
    Value::Array(rows)
}

/// `GET /fapi/v1/income`. There are no pages: a list ends at its limit, and the next
/// begins at its last time.
pub(crate) fn income(sim: &Simulation, index: usize, params: &Params) -> Done {
    let now = sim.now();
    let limit = params.limit(100, 1000)?;
    let (span, is_from) = span(params, now, TimeDelta::MAX)?;
    let kind = params.text("incomeType");
    let symbol = params.optional_symbol(sim)?;
    let symbol = symbol.and_then(|contract| sim.market.contracts.get(contract));
    let symbol = symbol.map(|contract| contract.symbol.as_str());
    let is_meant = |entry: &&LedgerEntry| {
        let is_kept = now.signed_duration_since(entry.at) <= KEPT;
        let is_kind = kind.is_none_or(|kind| kind == income_type(entry));
        let is_wanted = symbol.is_none_or(|wanted| entry.instrument.as_deref() == Some(wanted));
        span.holds(entry.at) && is_kept && is_kind && is_wanted
    };
    let entries = sim.ledger.entries(index).filter(is_meant);
    let rows = entries.map(movement).collect();
    Ok(page(rows, limit, is_from))
}

fn income_type(entry: &LedgerEntry) -> &str {
    match (&entry.word, entry.kind) {
        (Some(word), _) => word,
        (None, EntryKind::RealizedPnl) => "REALIZED_PNL",
        (None, EntryKind::Fee) => "COMMISSION",
        (None, EntryKind::Funding) => "FUNDING_FEE",
        (None, EntryKind::Transfer) => "TRANSFER",
    }
}

fn movement(entry: &LedgerEntry) -> Value {
    let kind = income_type(entry);
    json!({
        "symbol": entry.instrument.as_deref().unwrap_or_default(),
        "incomeType": kind,
        "income": money(entry.amount),
        "asset": entry.asset,
        "info": kind,
        "time": milliseconds(entry.at),
        // One fill's result and fee have the same: it is unique with its type.
        "tranId": FIRST_TRANSACTION.saturating_add(entry.fill.unwrap_or(entry.id)),
        "tradeId": entry.fill.map(|fill| fill.to_string()).unwrap_or_default(),
    })
}

/// `GET /fapi/v1/userTrades`.
pub(crate) fn trades(
    sim: &Simulation,
    known: &BinanceState,
    index: usize,
    params: &Params,
) -> Done {
    let contract = params.symbol(sim)?;
    let Some(contract) = sim.market.contracts.get(contract) else {
        return Ok(json!([]));
    };
    let now = sim.now();
    let limit = params.limit(500, 1000)?;
    let from_id = params.whole("fromId")?;
    let has_time = params.is_sent("startTime") || params.is_sent("endTime");
    if from_id.is_some() && has_time {
        return Err(Refusal::new(
            -1128,
            "Combination of optional parameters invalid.",
        ));
    }
    let (span, is_from) = span(params, now, USUAL_SPAN)?;
    let order = if params.is_sent("orderId") {
        let Some(order) = orders::find(sim, known, index, params)? else {
            return Ok(json!([]));
        };
        Some(order.order_id.as_str())
    } else {
        None
    };
    let is_meant = |fill: &&Fill| {
        let is_due = match from_id {
            Some(id) => u64::try_from(id).is_ok_and(|id| fill.id >= id),
            None => span.holds(fill.at),
        };
        let is_kept = now.signed_duration_since(fill.at) <= KEPT;
        let is_of_order = order.is_none_or(|order| fill.order_id == order);
        fill.instrument == contract.symbol.as_str() && is_due && is_kept && is_of_order
    };
    let fills = sim.ledger.fills(index).filter(is_meant);
    let rows = fills.map(|fill| trade(sim, contract, fill)).collect();
    Ok(page(rows, limit, is_from || from_id.is_some()))
}

fn trade(sim: &Simulation, contract: &Contract, fill: &Fill) -> Value {
    let order = orders::placed(sim, &fill.order_id).map_or(0, order_id);
    json!({
        "symbol": fill.instrument,
        "id": fill.id,
        "orderId": order,
        "side": side(fill.side),
        "price": price(contract, fill.price),
        "qty": quantity(contract, fill.quantity),
        "realizedPnl": money(fill.realized),
        "quoteQty": money(contract.money(fill.price * fill.quantity)),
        "commission": money(fill.fee),
        "commissionAsset": fill.asset,
        "time": milliseconds(fill.at),
        "positionSide": position_side(fill.position_side),
        "maker": fill.liquidity == Liquidity::Maker,
        "buyer": side(fill.side) == "BUY",
    })
}
