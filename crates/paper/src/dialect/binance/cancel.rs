//! Cancelling: one order or a symbol's, in each of the two books; and the dead man's
//! switch.

use serde_json::{Value, json};

use super::params::{Params, missing};
use super::reply::{Done, Refusal};
use super::{algo, orders};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::order::{Order, OrderState};
use crate::venue::State;

fn unknown_order() -> Refusal {
    Refusal::new(-2011, "Unknown order sent.")
}

/// `DELETE /fapi/v1/order`.
pub(crate) fn one(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let found = orders::find(&state.sim, &state.binance, account, params)?;
    let id = cancel_found(state, found.cloned(), behaviour)?;
    let order = orders::placed(&state.sim, &id)?;
    let mut body = orders::reply(&state.sim, &state.binance, order).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        // That is what it says, whatever becomes of it.
        fields.insert("status".to_owned(), json!("CANCELED"));
    }
    Ok(body)
}

/// `DELETE /fapi/v1/algoOrder`. Its code is a string.
pub(crate) fn one_algo(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let found = algo::find(&state.sim, &state.binance, account, params)?;
    let is_waiting = |order: &&Order| order.waits_for_trigger() && !behaviour.forgets_stops;
    let found = found.filter(is_waiting).cloned();
    let id = cancel_found(state, found, behaviour)?;
    let order = orders::placed(&state.sim, &id)?;
    Ok(json!({
        "algoId": super::words::algo_id(order),
        "clientAlgoId": orders::client_id(&state.binance, order),
        "code": "200",
        "msg": "success",
    }))
}

/// Cancels a live order and returns its id.
fn cancel_found(
    state: &mut State,
    found: Option<Order>,
    behaviour: &Behaviour,
) -> Result<String, Refusal> {
    let order = found.filter(|order| order.state.is_live());
    let order = order.ok_or_else(unknown_order)?;
    state
        .sim
        .cancel(order.account, &order.order_id, behaviour.cancel)
        .map_err(|_| unknown_order())?;
    let after = orders::placed(&state.sim, &order.order_id)?;
    if after.state == OrderState::Filled {
        return Err(unknown_order());
    }
    Ok(order.order_id)
}

/// `DELETE /fapi/v1/allOpenOrders`.
pub(crate) fn book(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let contract = params.symbol(&state.sim)?;
    let ids = state.sim.book_orders(account, contract);
    state.sim.cancel_each(&ids, behaviour.cancel);
    Ok(all_done())
}

/// `DELETE /fapi/v1/algoOpenOrders`.
pub(crate) fn algo_book(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let contract = params.symbol(&state.sim)?;
    if behaviour.leaves_stops || behaviour.forgets_stops {
        return Ok(all_done());
    }
    let is_meant = |order: &&Order| {
        let is_about_it = order.account == account && order.key.contract == contract;
        is_about_it && order.state.is_live() && order.waits_for_trigger()
    };
    let orders = state.sim.orders.iter().filter(is_meant);
    let ids: Vec<String> = orders.map(|order| order.order_id.clone()).collect();
    state.sim.cancel_each(&ids, behaviour.cancel);
    Ok(all_done())
}

/// Code 200, a number, whether or not there was an order.
fn all_done() -> Value {
    json!({"code": 200, "msg": "The operation of cancel all open order is done."})
}

/// `POST /fapi/v1/countdownCancelAll`: the regular book of one symbol.
pub(crate) fn countdown(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let contract = params.symbol(&state.sim)?;
    let wanted = params.whole("countdownTime")?;
    let ms = wanted.and_then(|ms| u64::try_from(ms).ok());
    let ms = ms.ok_or_else(|| missing("countdownTime"))?;
    if behaviour.cancel == CancelBehaviour::Normal {
        state.sim.set_countdown(account, Some(contract), ms);
    }
    Ok(json!({"symbol": params.text("symbol"), "countdownTime": ms.to_string()}))
}
