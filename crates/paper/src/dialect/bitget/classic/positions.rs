//! Positions: those that are held, and no others.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::life::life;
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::reply::Done;
use crate::dialect::bitget::words::{hold_side, margin_mode, milliseconds, mode, number};
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::margin::LEVERAGE;
use crate::sim::order::Side;
use crate::sim::position::{Position, PositionSide};

/// `GET /api/v2/mix/position/all-position`.
pub(crate) fn list(sim: &Simulation, index: usize, params: &Params) -> Done {
    let scope = Scope::read(sim, params, PRODUCT)?;
    let Some(account) = sim.accounts.get(index) else {
        return Ok(json!([]));
    };
    let positions = account.positions.iter();
    let meant = positions.filter(|position| scope.covers(sim, position.key.contract));
    let rows = meant.filter_map(|position| row(sim, index, account, position));
    Ok(rows.collect())
}

/// What resting orders have locked of a position; in one-way mode nothing.
pub(crate) fn locked(sim: &Simulation, index: usize, position: &Position) -> Decimal {
    if position.key.side == PositionSide::Net {
        return Decimal::ZERO;
    }
    let closing = match Side::of(position.quantity) {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    };
    let resting = sim.closing_in_book(index, position.key, closing);
    resting.min(position.quantity.abs())
}

/// What is set aside for a position, or in cross margin bound by it.
pub(crate) fn margin(sim: &Simulation, account: &Account, position: &Position) -> Decimal {
    let Some(contract) = sim.market.contracts.get(position.key.contract) else {
        return Decimal::ZERO;
    };
    if account.isolated {
        account.set_aside(position, contract)
    } else {
        account.initial(position, contract, &sim.market)
    }
}

fn row(sim: &Simulation, index: usize, account: &Account, position: &Position) -> Option<Value> {
    let contract = sim.market.contracts.get(position.key.contract)?;
    let (size, locked) = (position.quantity.abs(), locked(sim, index, position));
    let life = life(sim, index, position.key);
    let time = |at: Option<_>| at.map(milliseconds).unwrap_or_default();
    let liquidation = account.liquidation_price(position, &sim.market);
    let entry = position.average_price();
    let maintenance = account.maintenance(position, contract, &sim.market);
    let equity = account.equity_in(&contract.terms.asset, &sim.market);
    let ratio = maintenance.checked_div(equity).unwrap_or_default();
    Some(json!({
        "marginCoin": contract.terms.asset,
        "symbol": contract.symbol.as_str(),
        "holdSide": hold_side(position.quantity),
        "openDelegateSize": "0",
        "marginSize": number(margin(sim, account, position)),
        "available": number(size - locked),
        "locked": number(locked),
        "total": number(size),
        "leverage": number(LEVERAGE),
        "achievedProfits": number(life.realized),
        "openPriceAvg": number(entry),
        "marginMode": margin_mode(account.isolated),
        "posMode": mode(account.mode),
        "unrealizedPL": number(account.position_unrealized(position, &sim.market)),
        "liquidationPrice": liquidation.map_or_else(|| "0".to_owned(), number),
        "keepMarginRate": number(contract.terms.maintenance_rate),
        "markPrice": number(account.price(&sim.market, position.key.contract)),
        "breakEvenPrice": number(entry),
        // What was paid is negative, as everywhere in v2; of funding it is empty
        // while there was none.
        "totalFee": if life.funding.is_zero() { String::new() } else { number(life.funding) },
        "deductedFee": number(-(life.open_fees + life.close_fees)),
        "marginRatio": number(ratio),
        "assetMode": if account.multi_assets { "union" } else { "single" },
        "autoMargin": "off",
        "grant": "0",
        "takeProfit": null,
        "stopLoss": null,
        "takeProfitId": null,
        "stopLossId": null,
        "cTime": time(life.opened),
        "uTime": time(life.changed),
    }))
}
