//! What each read says.

use serde::Serialize;
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::reply::{Done, Reply, succeed};
use super::routes::{Call, CallKind};
use super::rows;
use super::rows::PositionRow;
use super::style::Style;
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::position::PositionKey;
use crate::sim::trade::TradeError;

/// The account that a call names.
pub(crate) fn account<'a>(sim: &'a Simulation, call: &Call) -> Done<(usize, &'a Account)> {
    let name = call.account.as_deref().unwrap_or_default();
    let index = sim.account_index(name)?;
    let missing = || Reply::from(TradeError::UnknownAccount(name.to_owned()));
    Ok((index, sim.accounts.get(index).ok_or_else(missing)?))
}

/// `GET accounts/{account}/positions`.
#[derive(Serialize)]
struct Positions<'a> {
    positions: Vec<PositionRow<'a>>,
    success: bool,
}

/// `GET accounts/{account}/orders`.
#[derive(Serialize)]
struct Orders {
    orders: Vec<Value>,
    success: bool,
}

pub(crate) fn read(sim: &Simulation, call: &Call, behaviour: &Behaviour) -> Done<Reply> {
    let style = &behaviour.style;
    Ok(match call.kind {
        CallKind::ListAccounts => {
            let rows = sim.accounts.iter().map(|a| rows::account(sim, a, style));
            let accounts: Vec<_> = rows.collect();
            succeed(json!({ "accounts": accounts }))
        }
        CallKind::GetAccount => {
            let mut row = rows::account(sim, account(sim, call)?.1, style);
            row.success = Some(true);
            Reply::of(&row, behaviour.form)
        }
        CallKind::AccountsSummary => Reply::of(&rows::snapshot(sim, style), behaviour.form),
        CallKind::GetWatermarks => Reply::ok(rows::watermarks(sim, account(sim, call)?.1, style)),
        CallKind::ListPositions => {
            let (_, account) = account(sim, call)?;
            let positions = rows::positions(sim, account, style);
            Reply::of(
                &Positions {
                    positions,
                    success: true,
                },
                behaviour.form,
            )
        }
        CallKind::GetPosition => position(sim, call, style)?,
        CallKind::GetAllPositions => all_positions(sim, call, style),
        CallKind::ListOrders => orders(sim, call, behaviour)?,
        CallKind::GetOrder => succeed(order(sim, call, style)?),
        CallKind::GetOrderStatus => {
            let row = order(sim, call, style)?;
            succeed(json!({"status": row.get("orderState")}))
        }
        CallKind::GetQuote => quote(sim, call, style)?,
        _ => Reply::sentence("Invalid request"),
    })
}

/// The reply without a position is not documented; this is the sentence
/// of the neighbouring calls.
fn position(sim: &Simulation, call: &Call, style: &Style) -> Done<Reply> {
    let (_, account) = account(sim, call)?;
    let wanted = call.parameter("instrument").unwrap_or_default();
    let contract = sim.contract_index(wanted)?;
    let held = account.position(PositionKey::net(contract));
    let row = held.and_then(|held| rows::position(sim, account, held, style));
    row.map(|row| succeed(json!(row)))
        .ok_or_else(|| no_position(wanted, &account.name))
}

fn no_position(instrument: &str, account: &str) -> Reply {
    Reply::sentence(&format!(
        "No position found for instrument '{instrument}' in account '{account}'"
    ))
}

fn all_positions(sim: &Simulation, call: &Call, style: &Style) -> Reply {
    let include_flat = call.flag("includeFlat");
    let mut rows = Vec::new();
    for account in &sim.accounts {
        rows.extend(rows::positions(sim, account, style));
        if include_flat {
            let flat = (0..sim.market.contracts.len())
                .filter(|contract| account.position(PositionKey::net(*contract)).is_none())
                .filter_map(|contract| rows::flat_position(sim, account, contract));
            rows.extend(flat);
        }
    }
    let count = rows.len();
    succeed(json!({"positions": rows, "count": count}))
}

/// The default of `activeOnly` is not documented; here it is false.
fn orders(sim: &Simulation, call: &Call, behaviour: &Behaviour) -> Done<Reply> {
    let (index, _) = account(sim, call)?;
    let active_only = call.flag("activeOnly");
    let orders: Vec<Value> = sim
        .orders
        .iter()
        .filter(|order| order.account == index && (!active_only || order.state.is_live()))
        .filter_map(|order| rows::order(sim, order, &behaviour.style))
        .collect();
    Ok(Reply::of(
        &Orders {
            orders,
            success: true,
        },
        behaviour.form,
    ))
}

fn order(sim: &Simulation, call: &Call, style: &Style) -> Done<Value> {
    let (index, _) = account(sim, call)?;
    let id = call.order_id.as_deref().unwrap_or_default();
    let wanted = |order: &&crate::sim::order::Order| {
        order.account == index && order.order_id.eq_ignore_ascii_case(id)
    };
    let found = sim.orders.iter().find(wanted);
    found
        .and_then(|order| rows::order(sim, order, style))
        .ok_or_else(|| Reply::error(400, "order_not_found", &format!("Order {id} not found")))
}

/// One symbol gives an object, several a bare list.
fn quote(sim: &Simulation, call: &Call, style: &Style) -> Done<Reply> {
    let wanted = call.parameter("instrument").unwrap_or_default();
    let mut quotes = Vec::new();
    for symbol in wanted.split(',') {
        let index = sim.contract_index(symbol.trim())?;
        if let Some(contract) = sim.market.contracts.get(index) {
            quotes.push(rows::quote(sim, contract, style));
        }
    }
    let single = quotes.len() == 1;
    let first = quotes.first().cloned().unwrap_or_default();
    Ok(Reply::ok(if single { first } else { json!(quotes) }))
}
