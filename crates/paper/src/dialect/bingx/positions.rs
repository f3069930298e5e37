//! Positions. Those of a one-way account are `LONG` or `SHORT` too, with a size that is
//! never negative (recorded replies).

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::Params;
use super::reply::Done;
use super::words::{bare, milliseconds, money, position_id, price, quantity};
use crate::dialect::exchange::opened::opened_by;
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::ledger::Fill;
use crate::sim::margin::LEVERAGE;
use crate::sim::order::Side;
use crate::sim::position::{Position, PositionMode};

/// `GET /openApi/swap/v2/user/positions`.
pub(crate) fn list(sim: &Simulation, index: usize, params: &Params) -> Done {
    let wanted = params.optional_symbol(sim)?;
    let accounts = sim.accounts.get(index).into_iter();
    let rows = accounts.flat_map(|account| {
        let positions = account.positions.iter();
        positions
            .filter(|position| wanted.is_none_or(|wanted| wanted == position.key.contract))
            .filter_map(|position| row(sim, index, account, position))
    });
    Ok(Value::Array(rows.collect()))
}

/// The id of a position; one that is opened anew has another.
pub(crate) fn id(sim: &Simulation, index: usize, position: &Position) -> String {
    let first = opened_by(fills(sim, index, position), position.quantity);
    position_id(first.map_or(0, |fill| fill.id)).to_string()
}

fn fills<'a>(
    sim: &'a Simulation,
    index: usize,
    position: &Position,
) -> impl Iterator<Item = &'a Fill> {
    let contract = sim.market.contracts.get(position.key.contract);
    let symbol = contract.map_or("", |contract| contract.symbol.as_str());
    let side = position.key.side;
    let fills = sim.ledger.fills(index);
    fills.filter(move |fill| fill.instrument == symbol && fill.position_side == side)
}

/// What of a position resting limits do not hold.
pub(crate) fn available(sim: &Simulation, index: usize, position: &Position) -> Decimal {
    let side = closing_side(position);
    let resting = sim.closing_in_book(index, position.key, side);
    (position.quantity.abs() - resting).max(Decimal::ZERO)
}

/// The side that makes a position smaller.
pub(crate) fn closing_side(position: &Position) -> Side {
    Side::of(-position.quantity)
}

/// `LONG` or `SHORT`, by what is held.
pub(crate) fn direction(position: &Position) -> &'static str {
    match Side::of(position.quantity) {
        Side::Buy => "LONG",
        Side::Sell => "SHORT",
    }
}

fn row(sim: &Simulation, index: usize, account: &Account, position: &Position) -> Option<Value> {
    let market = &sim.market;
    let contract = market.contracts.get(position.key.contract)?;
    let mark = account.price(market, position.key.contract);
    let size = position.quantity.abs();
    let unrealized = account.position_unrealized(position, market);
    let initial = account.initial(position, contract, market);
    let aside = account.set_aside(position, contract);
    let margin = if account.isolated {
        aside + unrealized
    } else {
        initial
    };
    let first = opened_by(fills(sim, index, position), position.quantity);
    let since = first.map_or(0, |fill| fill.id);
    let own = fills(sim, index, position).filter(|fill| fill.id >= since);
    let realized: Decimal = own.map(|fill| fill.realized - fill.fee).sum();
    let last = fills(sim, index, position).last();
    let time = |fill: Option<&Fill>| fill.map_or(0, |fill| milliseconds(fill.at));
    let liquidation = account.liquidation_price(position, market);
    let maintenance = account.maintenance(position, contract, market);
    let part = |amount: Decimal, of: Decimal| money(amount.checked_div(of).unwrap_or_default());
    Some(json!({
        "positionId": position_id(since).to_string(),
        "symbol": contract.symbol.as_str(),
        "currency": contract.terms.asset,
        "positionSide": direction(position),
        "positionAmt": quantity(contract, size),
        "availableAmt": quantity(contract, available(sim, index, position)),
        "isolated": account.isolated,
        "avgPrice": price(contract, position.average_price()),
        "markPrice": price(contract, mark),
        "positionValue": money(contract.money(mark * size)),
        "initialMargin": money(initial),
        "margin": money(margin),
        "leverage": bare(LEVERAGE),
        "unrealizedProfit": money(unrealized),
        "realisedProfit": money(realized),
        // A number, and 0 where no price does it.
        "liquidationPrice": bare(liquidation.unwrap_or_default()),
        "pnlRatio": part(unrealized, initial),
        "maxMarginReduction": money(Decimal::ZERO),
        "riskRate": part(maintenance, margin),
        "onlyOnePosition": sim.mode(index) == PositionMode::OneWay,
        "createTime": time(first),
        "updateTime": time(last),
    }))
}
