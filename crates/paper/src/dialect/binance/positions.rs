//! Positions, as two calls have them.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::Params;
use super::reply::Done;
use super::words::{average, milliseconds, money, position_side, quantity};
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::market::Contract;
use crate::sim::order::Order;
use crate::sim::position::{Position, PositionKey};

/// What both calls say of a position, or of the place of one.
struct Figures<'a> {
    contract: &'a Contract,
    key: PositionKey,
    position: Option<&'a Position>,
    quantity: Decimal,
    mark: Decimal,
    unrealized: Decimal,
    initial: Decimal,
    maintenance: Decimal,
    aside: Decimal,
    updated: i64,
}

/// The positions with something in them, and those that an order in the book is about.
fn keys(sim: &Simulation, index: usize) -> BTreeSet<PositionKey> {
    let accounts = sim.accounts.get(index).into_iter();
    let held = accounts.flat_map(|it| &it.positions).map(|it| it.key);
    let is_in_book = |order: &&Order| {
        order.account == index && order.state.is_live() && !order.waits_for_trigger()
    };
    let ordered = sim.orders.iter().filter(is_in_book).map(|it| it.key);
    held.chain(ordered).collect()
}

fn figures<'a>(
    sim: &'a Simulation,
    index: usize,
    account: &'a Account,
    key: PositionKey,
) -> Option<Figures<'a>> {
    let market = &sim.market;
    let contract = market.contracts.get(key.contract)?;
    let position = account.position(key);
    let none = Decimal::ZERO;
    let symbol = contract.symbol.as_str();
    let fills = sim.ledger.fills(index);
    let last = fills
        .filter(|fill| fill.instrument == symbol && fill.position_side == key.side)
        .last();
    Some(Figures {
        contract,
        key,
        position,
        quantity: account.quantity(key),
        mark: account.price(market, key.contract),
        unrealized: position.map_or(none, |it| account.position_unrealized(it, market)),
        initial: position.map_or(none, |it| account.initial(it, contract, market)),
        maintenance: position.map_or(none, |it| account.maintenance(it, contract, market)),
        aside: position.map_or(none, |it| account.set_aside(it, contract)),
        updated: last.map_or(0, |fill| milliseconds(fill.at)),
    })
}

/// `GET /fapi/v3/positionRisk`.
pub(crate) fn list(sim: &Simulation, index: usize, params: &Params) -> Done {
    let wanted = params.optional_symbol(sim)?;
    let Some(account) = sim.accounts.get(index) else {
        return Ok(json!([]));
    };
    let keys = keys(sim, index).into_iter();
    let rows = keys
        .filter(|key| wanted.is_none_or(|contract| key.contract == contract))
        .filter_map(|key| figures(sim, index, account, key))
        .map(|figures| row(sim, account, &figures))
        .collect();
    Ok(Value::Array(rows))
}

fn row(sim: &Simulation, account: &Account, figures: &Figures<'_>) -> Value {
    let contract = figures.contract;
    let entry = figures
        .position
        .map_or(Decimal::ZERO, Position::average_price);
    let fee = entry * contract.terms.taker_rate;
    let even = if figures.quantity.is_sign_negative() {
        entry - fee
    } else {
        entry + fee
    };
    let liquidation = figures
        .position
        .and_then(|held| account.liquidation_price(held, &sim.market))
        .map(money);
    json!({
        "symbol": contract.symbol.as_str(),
        "positionSide": position_side(figures.key.side),
        "positionAmt": quantity(contract, figures.quantity),
        "entryPrice": average(entry),
        "breakEvenPrice": average(even),
        "markPrice": money(figures.mark),
        "unRealizedProfit": money(figures.unrealized),
        "liquidationPrice": liquidation.unwrap_or_else(|| "0".to_owned()),
        "isolatedMargin": isolated_margin(figures),
        "notional": money(contract.money(figures.mark * figures.quantity)),
        "marginAsset": contract.terms.asset,
        "isolatedWallet": or_nothing(figures.aside),
        "initialMargin": money(figures.initial),
        "maintMargin": money(figures.maintenance),
        "positionInitialMargin": money(figures.initial),
        "openOrderInitialMargin": "0",
        "adl": 1,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": figures.updated,
    })
}

/// What is set aside, and the open result of it.
fn isolated_margin(figures: &Figures<'_>) -> String {
    if figures.aside.is_zero() {
        return or_nothing(Decimal::ZERO);
    }
    money(figures.aside + figures.unrealized)
}

/// Money; nothing is a nought without a point.
fn or_nothing(amount: Decimal) -> String {
    if amount.is_zero() {
        "0".to_owned()
    } else {
        money(amount)
    }
}

/// The `positions` of the account.
pub(crate) fn of_account(sim: &Simulation, index: usize) -> Value {
    let Some(account) = sim.accounts.get(index) else {
        return json!([]);
    };
    let keys = keys(sim, index).into_iter();
    let rows = keys.filter_map(|key| figures(sim, index, account, key));
    let rows = rows.map(|figures| {
        let contract = figures.contract;
        json!({
            "symbol": contract.symbol.as_str(),
            "positionSide": position_side(figures.key.side),
            "positionAmt": quantity(contract, figures.quantity),
            "unrealizedProfit": money(figures.unrealized),
            "isolatedMargin": isolated_margin(&figures),
            "notional": money(contract.money(figures.mark * figures.quantity)),
            "isolatedWallet": or_nothing(figures.aside),
            "initialMargin": money(figures.initial),
            "maintMargin": money(figures.maintenance),
            "updateTime": figures.updated,
        })
    });
    Value::Array(rows.collect())
}
