//! Fills, as two calls have them. What was paid as a fee is negative in both.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::BingXState;
use super::params::{Params, missing, wrong};
use super::reply::{Done, Refusal};
use super::words::{late_order_id, money, position_side, price, quantity, side};
use crate::dialect::exchange::span::Span;
use crate::sim::Simulation;
use crate::sim::ledger::{Fill, Liquidity};
use crate::sim::market::Contract;

/// The longest spans of the two calls, as clients know them.
const LONGEST_OF_ALL: TimeDelta = TimeDelta::days(30);
const LONGEST_OF_HISTORY: TimeDelta = TimeDelta::days(7);
/// The zone of the times that are texts.
const ZONE_HOURS: i64 = 8;

fn span(params: &Params, longest: TimeDelta) -> Result<Span, Refusal> {
    let time = |name: &str| params.time(name)?.ok_or_else(|| missing(name));
    let span = Span {
        start: time("startTs")?,
        end: time("endTs")?,
    };
    if !span.is_at_most(longest) {
        return Err(wrong("endTs"));
    }
    Ok(span)
}

/// The fills of an account that a call is about, oldest first.
fn meant<'a>(
    sim: &'a Simulation,
    index: usize,
    params: &Params,
    span: Span,
) -> Result<Vec<(&'a Fill, &'a Contract)>, Refusal> {
    let wanted = params.optional_symbol(sim)?;
    let wanted = wanted.and_then(|contract| sim.market.contracts.get(contract));
    let wanted = wanted.map(|contract| contract.symbol.as_str());
    let asset = params.text("currency");
    let order = params.text("orderId");
    let fills = sim.ledger.fills(index).filter(|fill| {
        let is_wanted = wanted.is_none_or(|wanted| wanted == fill.instrument);
        let is_asset = asset.is_none_or(|asset| asset == fill.asset);
        let is_order = order.is_none_or(|order| order == order_of(sim, fill));
        span.holds(fill.at) && is_wanted && is_asset && is_order
    });
    let with_contract = fills.filter_map(|fill| {
        let mut contracts = sim.market.contracts.iter();
        let contract = contracts.find(|it| it.symbol.as_str() == fill.instrument)?;
        Some((fill, contract))
    });
    Ok(with_contract.collect())
}

fn order_of(sim: &Simulation, fill: &Fill) -> String {
    let mut orders = sim.orders.iter().rev();
    let order = orders.find(|order| order.order_id == fill.order_id);
    late_order_id(order.map_or(0, |order| order.id)).to_string()
}

/// Eight hours ahead of UTC, with that zone behind it.
fn local(at: DateTime<Utc>) -> String {
    let shifted = at.checked_add_signed(TimeDelta::hours(ZONE_HOURS));
    let shown = shifted.unwrap_or(at).format("%Y-%m-%dT%H:%M:%S%.3f");
    format!("{shown}+0800")
}

/// The same clock with the letter of UTC: so in a recorded reply.
fn mislabelled(at: DateTime<Utc>) -> String {
    let shifted = at.checked_add_signed(TimeDelta::hours(ZONE_HOURS));
    shifted
        .unwrap_or(at)
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// `GET /openApi/swap/v2/trade/allFillOrders`.
pub(crate) fn all(sim: &Simulation, known: &BingXState, index: usize, params: &Params) -> Done {
    if !matches!(params.needed("tradingUnit")?, "COIN" | "CONT") {
        return Err(wrong("tradingUnit"));
    }
    let fills = meant(sim, index, params, span(params, LONGEST_OF_ALL)?)?;
    let rows = fills.into_iter().map(|(fill, contract)| {
        json!({
            "filledTm": mislabelled(fill.at),
            "filledTime": local(fill.at),
            "volume": quantity(contract, fill.quantity),
            "price": price(contract, fill.price),
            "amount": money(contract.money(fill.price * fill.quantity)),
            "commission": money(-fill.fee),
            "currency": fill.asset,
            "orderId": order_of(sim, fill),
            "tradeId": fill.id.to_string(),
            "liquidatedPrice": "",
            "liquidatedMarginRatio": "",
            "clientOrderID": known.links.of(&fill.order_id),
            "symbol": fill.instrument,
            "side": side(fill.side),
            "positionSide": position_side(fill.position_side),
            "realisedPNL": money(fill.realized),
            "role": role(fill),
        })
    });
    Ok(json!({"fill_orders": rows.collect::<Vec<Value>>()}))
}

fn role(fill: &Fill) -> &'static str {
    match fill.liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}

/// `GET /openApi/swap/v2/trade/fillHistory`, in pages.
pub(crate) fn history(sim: &Simulation, index: usize, params: &Params) -> Done {
    params.symbol(sim)?;
    let fills = meant(sim, index, params, span(params, LONGEST_OF_HISTORY)?)?;
    let page = params.count("pageIndex", 1, usize::MAX)?;
    let size = params.count("pageSize", 50, 1000)?;
    let after = params.whole("lastFillId")?.unwrap_or_default();
    let fills: Vec<_> = fills
        .into_iter()
        .filter(|(fill, _)| i64::try_from(fill.id).is_ok_and(|id| id > after))
        .collect();
    let total = fills.len();
    let start = page.saturating_sub(1).saturating_mul(size);
    let rows = fills.into_iter().skip(start).take(size);
    let rows = rows.map(|(fill, contract)| {
        json!({
            "symbol": fill.instrument,
            "qty": quantity(contract, fill.quantity),
            "price": price(contract, fill.price),
            "quoteQty": money(contract.money(fill.price * fill.quantity)),
            "commission": money(-fill.fee),
            "commissionAsset": fill.asset,
            "orderId": order_of(sim, fill),
            "tradeId": fill.id.to_string(),
            "filledTime": local(fill.at),
            "side": side(fill.side),
            "positionSide": position_side(fill.position_side),
            "role": role(fill),
            "total": total,
            "realisedPNL": money(fill.realized),
        })
    });
    Ok(json!({"fill_history_orders": rows.collect::<Vec<Value>>(), "total": total}))
}
