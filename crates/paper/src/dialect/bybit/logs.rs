//! What moved money, and fills: both newest first.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::BybitState;
use super::markets::Category;
use super::params::{Params, page, wrong};
use super::reply::{Done, Refusal};
use super::words::{milliseconds, number, order_id, side};
use crate::dialect::exchange::movements::{Movement, with_balances};
use crate::dialect::exchange::span::Span;
use crate::sim::Simulation;
use crate::sim::ledger::{EntryKind, Fill, Liquidity};
use crate::sim::position::{PositionSide, signed_as};

/// How far back a list goes that does not say.
const USUAL_SPAN: TimeDelta = TimeDelta::hours(24);
/// The longest span that may be asked for.
const LONGEST_SPAN: TimeDelta = TimeDelta::days(7);

/// Reads from when to when a call goes.
fn span(params: &Params, now: DateTime<Utc>) -> Result<Span, Refusal> {
    let time = |name: &str| -> Result<Option<DateTime<Utc>>, Refusal> {
        match params.whole(name)? {
            None => Ok(None),
            Some(ms) => DateTime::from_timestamp_millis(ms)
                .map(Some)
                .ok_or_else(|| wrong(name)),
        }
    };
    let moved = |from: DateTime<Utc>, by: TimeDelta| from.checked_add_signed(by);
    let (start, end) = match (time("startTime")?, time("endTime")?) {
        (None, None) => (moved(now, -USUAL_SPAN), Some(now)),
        (Some(start), None) => (Some(start), moved(start, USUAL_SPAN)),
        (None, Some(end)) => (moved(end, -USUAL_SPAN), Some(end)),
        (Some(start), Some(end)) => (Some(start), Some(end)),
    };
    let (Some(start), Some(end)) = (start, end) else {
        return Err(wrong("startTime"));
    };
    let span = Span { start, end };
    if !span.is_at_most(LONGEST_SPAN) {
        let text = "The time range between startTime and endTime must be within 7 days";
        return Err(Refusal::parameter(text));
    }
    Ok(span)
}

/// What the venue calls a movement.
fn kind<'a>(row: &Movement<'a>) -> &'a str {
    if let Some(word) = &row.entry.word {
        return word;
    }
    match row.entry.kind {
        EntryKind::RealizedPnl | EntryKind::Fee => "TRADE",
        EntryKind::Funding => "SETTLEMENT",
        EntryKind::Transfer if row.cash_flow.is_sign_negative() => "TRANSFER_OUT",
        EntryKind::Transfer => "TRANSFER_IN",
    }
}

/// `GET /v5/account/transaction-log`. Money that came in or went out belongs to no
/// category.
pub(crate) fn transactions(
    sim: &Simulation,
    known: &BybitState,
    index: usize,
    params: &Params,
) -> Done {
    let is_unified = params.text("accountType").unwrap_or("UNIFIED") == "UNIFIED";
    if !is_unified {
        return Err(wrong("accountType"));
    }
    let span = span(params, sim.now())?;
    let category = params.text("category");
    let (coin, wanted_kind) = (params.text("currency"), params.text("type"));
    let mut list = Vec::new();
    for (row, after) in with_balances(sim, index) {
        let asset = row.entry.asset.as_str();
        let of_category = category_of(sim, row.entry.instrument.as_deref());
        let is_meant = span.holds(row.entry.at)
            && category.is_none_or(|wanted| of_category == wanted)
            && coin.is_none_or(|wanted| asset == wanted)
            && wanted_kind.is_none_or(|wanted| kind(&row) == wanted);
        if is_meant {
            list.push(transaction(known, &row, of_category, after));
        }
    }
    let (list, next) = page(list, params, 20, 50)?;
    Ok(json!({"list": list, "nextPageCursor": next}))
}

fn transaction(known: &BybitState, row: &Movement<'_>, category: &str, after: Decimal) -> Value {
    let entry = row.entry;
    let fill = row.fill;
    json!({
        "id": entry.id.to_string(),
        "symbol": entry.instrument.as_deref().unwrap_or_default(),
        "category": category,
        "side": fill.map_or("None", |fill| side(fill.side)),
        "transactionTime": milliseconds(entry.at),
        "type": kind(row),
        "transSubType": "",
        "qty": fill.map(|fill| number(fill.quantity)).unwrap_or_default(),
        "size": "",
        "currency": entry.asset,
        "tradePrice": fill.map(|fill| number(fill.price)).unwrap_or_default(),
        "funding": if row.funding.is_zero() { String::new() } else { number(row.funding) },
        "fee": number(row.fee),
        "cashFlow": number(row.cash_flow),
        "change": number(row.change()),
        "cashBalance": number(after),
        "feeRate": "",
        "bonusChange": "",
        "tradeId": fill.map(|fill| fill.id.to_string()).unwrap_or_default(),
        "orderId": fill.map(|fill| order_id(&fill.order_id)).unwrap_or_default(),
        "orderLinkId": fill.map(|fill| known.links.of(&fill.order_id)).unwrap_or_default(),
    })
}

fn category_of(sim: &Simulation, instrument: Option<&str>) -> &'static str {
    let Some(instrument) = instrument else {
        return "";
    };
    let mut contracts = sim.market.contracts.iter();
    let found = contracts.find(|contract| contract.symbol.as_str() == instrument);
    found.map_or("", |contract| Category::of(contract).word())
}

/// `GET /v5/execution/list`.
pub(crate) fn executions(
    sim: &Simulation,
    known: &BybitState,
    index: usize,
    params: &Params,
) -> Done {
    let category = params.category()?.word();
    let span = span(params, sim.now())?;
    let symbol = params.text("symbol");
    let coin = params.text("settleCoin").filter(|_| symbol.is_none());
    let kind = params.text("execType");
    let mut held: HashMap<(&str, PositionSide), Decimal> = HashMap::new();
    let mut list = Vec::new();
    for fill in sim.ledger.fills(index) {
        let before = held
            .entry((&fill.instrument, fill.position_side))
            .or_default();
        let traded = fill.side.signed(fill.quantity);
        let closes = before.is_sign_negative() != traded.is_sign_negative();
        let closed = if closes {
            before.abs().min(fill.quantity)
        } else {
            Decimal::ZERO
        };
        *before += signed_as(fill.quantity, traded);
        let is_meant = span.holds(fill.at)
            && category_of(sim, Some(&fill.instrument)) == category
            && symbol.is_none_or(|wanted| fill.instrument == wanted)
            && coin.is_none_or(|wanted| fill.asset == wanted)
            && kind.is_none_or(|wanted| wanted == "Trade");
        if is_meant {
            list.push(execution(known, fill, closed));
        }
    }
    list.reverse();
    let (list, next) = page(list, params, 50, 100)?;
    Ok(json!({"category": category, "list": list, "nextPageCursor": next}))
}

fn execution(known: &BybitState, fill: &Fill, closed: Decimal) -> Value {
    json!({
        "symbol": fill.instrument,
        "orderId": order_id(&fill.order_id),
        "orderLinkId": known.links.of(&fill.order_id),
        "side": side(fill.side),
        "execId": fill.id.to_string(),
        "execPrice": number(fill.price),
        "execQty": number(fill.quantity),
        "execValue": number(fill.price * fill.quantity),
        "execFee": number(fill.fee),
        "feeCurrency": fill.asset,
        "execType": "Trade",
        "closedSize": number(closed),
        "isMaker": fill.liquidity == Liquidity::Maker,
        "execTime": milliseconds(fill.at),
        "seq": fill.id,
    })
}
