//! Positions: those that are held, and no others. A list of none is null, as somebody has
//! seen it at the venue.

use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::classic::positions::{locked, margin};
use crate::dialect::bitget::life::life;
use crate::dialect::bitget::markets::Product;
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::reply::{Done, wrong};
use crate::dialect::bitget::words::{hold_side, margin_mode, milliseconds, mode, number};
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::margin::LEVERAGE;
use crate::sim::position::Position;

/// `GET /api/v3/position/current-position`.
pub(crate) fn list(sim: &Simulation, index: usize, params: &Params) -> Done {
    let scope = Scope::read(sim, params, PRODUCT)?;
    let side = params.text("posSide");
    if side.is_some_and(|side| !matches!(side, "long" | "short")) {
        return Err(wrong("posSide"));
    }
    let Some(account) = sim.accounts.get(index) else {
        return Ok(json!({"list": null}));
    };
    let positions = account.positions.iter();
    let meant = positions.filter(|position| {
        let is_side = side.is_none_or(|side| side == hold_side(position.quantity));
        is_side && scope.covers(sim, position.key.contract)
    });
    let rows: Vec<Value> = meant
        .filter_map(|position| row(sim, index, account, position))
        .collect();
    let rows = Some(rows).filter(|rows| !rows.is_empty());
    Ok(json!({"list": rows}))
}

/// Fees and funding that were paid are negative here.
fn row(sim: &Simulation, index: usize, account: &Account, position: &Position) -> Option<Value> {
    let contract = sim.market.contracts.get(position.key.contract)?;
    let (size, locked) = (position.quantity.abs(), locked(sim, index, position));
    let life = life(sim, index, position.key);
    let time = |at: Option<_>| at.map(milliseconds).unwrap_or_default();
    let liquidation = account.liquidation_price(position, &sim.market);
    let (entry, margin) = (position.average_price(), margin(sim, account, position));
    let unrealized = account.position_unrealized(position, &sim.market);
    let rate = unrealized.checked_div(margin).unwrap_or_default();
    Some(json!({
        "category": Product::of_coin(&contract.terms.asset).word(),
        "symbol": contract.symbol.as_str(),
        "marginCoin": contract.terms.asset,
        "holdMode": mode(account.mode),
        "posSide": hold_side(position.quantity),
        "marginMode": margin_mode(account.isolated),
        "positionBalance": number(margin),
        "available": number(size - locked),
        "frozen": number(locked),
        "total": number(size),
        "leverage": number(LEVERAGE),
        "curRealisedPnl": number(life.realized),
        "avgPrice": number(entry),
        "positionStatus": "normal",
        "unrealisedPnl": number(unrealized),
        "liquidationPrice": liquidation.map_or_else(|| "0".to_owned(), number),
        "mmr": number(contract.terms.maintenance_rate),
        "profitRate": number(rate),
        "markPrice": number(account.price(&sim.market, position.key.contract)),
        "breakEvenPrice": number(entry),
        "totalFunding": number(life.funding),
        "openFeeTotal": number(life.open_fees),
        "closeFeeTotal": number(life.close_fees),
        "createdTime": time(life.opened),
        "updatedTime": time(life.changed),
    }))
}
