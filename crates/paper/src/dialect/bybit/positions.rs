//! Positions and the position mode.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::markets::{self, Category};
use super::params::{Params, Scope, page, wrong};
use super::reply::{Done, Refusal};
use super::words::{milliseconds, number, position_index, side};
use crate::dialect::exchange::opened::opened_by;
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::margin::LEVERAGE;
use crate::sim::order::Side;
use crate::sim::position::{PositionKey, PositionMode, PositionSide};
use crate::sim::trade::TradeError;

/// `GET /v5/position/list`: by a coin only what is held, by a symbol also the empty
/// rows, one for each side in hedge mode.
pub(crate) fn list(sim: &Simulation, index: usize, params: &Params) -> Done {
    let scope = Scope::read(params, sim, &[Category::Linear])?;
    let account = sim.accounts.get(index);
    let keys: Vec<PositionKey> = match scope.symbol {
        Some(contract) => sides(sim.mode(index))
            .iter()
            .map(|side| PositionKey {
                contract,
                side: *side,
            })
            .collect(),
        None => account
            .into_iter()
            .flat_map(|account| &account.positions)
            .map(|position| position.key)
            .collect(),
    };
    let rows = keys
        .into_iter()
        .filter(|key| {
            let contract = sim.market.contracts.get(key.contract);
            contract.is_some_and(|contract| scope.covers(key.contract, contract))
        })
        .filter_map(|key| row(sim, index, account?, key))
        .collect();
    let (list, next) = page(rows, params, 20, 200)?;
    let category = params.text("category");
    Ok(json!({"category": category, "list": list, "nextPageCursor": next}))
}

fn sides(mode: PositionMode) -> &'static [PositionSide] {
    match mode {
        PositionMode::OneWay => &[PositionSide::Net],
        PositionMode::Hedge => &[PositionSide::Long, PositionSide::Short],
    }
}

fn row(sim: &Simulation, index: usize, account: &Account, key: PositionKey) -> Option<Value> {
    let contract = sim.market.contracts.get(key.contract)?;
    let position = account.position(key);
    let size = account.quantity(key);
    let mark = account.price(&sim.market, key.contract);
    let symbol = contract.symbol.as_str();
    let unrealized = position.map(|held| number(account.position_unrealized(held, &sim.market)));
    let entry = position.map_or(Decimal::ZERO, |held| held.average_price());
    let liquidation = position.and_then(|held| account.liquidation_price(held, &sim.market));
    let aside = position.map(|held| number(account.set_aside(held, contract)));
    let margin = position.map(|held| number(account.maintenance(held, contract, &sim.market)));
    let fills = || {
        let fills = sim.ledger.fills(index);
        fills.filter(|fill| fill.instrument == symbol && fill.position_side == key.side)
    };
    let realized: Decimal = fills().map(|fill| fill.realized - fill.fee).sum();
    let opened = position.and_then(|held| opened_by(fills(), held.quantity).map(|fill| fill.at));
    let created = fills().next().map(|fill| milliseconds(fill.at));
    let updated = fills().last().map(|fill| milliseconds(fill.at));
    let side = position.map_or("", |held| side(Side::of(held.quantity)));
    Some(json!({
        "positionIdx": position_index(key.side),
        "riskId": 1,
        "riskLimitValue": "2000000",
        "symbol": symbol,
        "side": side,
        "size": number(size.abs()),
        "avgPrice": number(entry),
        "positionValue": position.map_or(String::new(), |_| number(contract.money(mark * size.abs()))),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 0,
        "leverage": number(LEVERAGE),
        "markPrice": number(mark),
        "liqPrice": liquidation.map(number).unwrap_or_default(),
        "bustPrice": "",
        "positionMM": margin.unwrap_or_default(),
        "positionBalance": aside.unwrap_or_else(|| "0".to_owned()),
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "unrealisedPnl": unrealized.unwrap_or_default(),
        "curRealisedPnl": number(realized),
        "cumRealisedPnl": number(realized),
        "isReduceOnly": false,
        "seq": fills().last().map_or(-1, |fill| i64::try_from(fill.id).unwrap_or(i64::MAX)),
        "createdTime": created.unwrap_or_default(),
        "updatedTime": updated.unwrap_or_default(),
        "openTime": opened.map_or(0, |at| at.timestamp_millis()),
    }))
}

/// `POST /v5/position/switch-mode`: 0 is one-way, 3 hedge.
pub(crate) fn switch_mode(sim: &mut Simulation, index: usize, params: &Params) -> Done {
    let category = params.category()?;
    if let Some(symbol) = params.text("symbol") {
        markets::find(sim, category, symbol)?;
    }
    let mode = match params.whole("mode")? {
        Some(0) => PositionMode::OneWay,
        Some(3) => PositionMode::Hedge,
        _ => return Err(wrong("mode")),
    };
    let Some(account) = sim.accounts.get(index) else {
        return Err(wrong("account"));
    };
    if account.mode == mode {
        return Err(Refusal::new(110_025, "Position mode is not modified"));
    }
    let (name, holds) = (account.name.clone(), !account.positions.is_empty());
    match sim.set_mode(&name, mode) {
        Ok(()) => Ok(json!({})),
        Err(TradeError::ModeInUse) if holds => {
            let text = "You have an existing position, so the position mode cannot be switched";
            Err(Refusal::new(110_024, text))
        }
        Err(TradeError::ModeInUse) => {
            let text = "You have existing open orders, so the position mode cannot be switched";
            Err(Refusal::new(110_028, text))
        }
        Err(error) => Err(error.into()),
    }
}
