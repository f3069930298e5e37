//! Cancelling: one order, some, all of a symbol or of the account; and the countdown.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::orders::{Scope, find, is_named, not_there, placed, row};
use super::params::{Params, wrong};
use super::reply::{BUSY, Done, Refusal, outcome};
use super::words::order_id;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::clock;
use crate::sim::order::{Order, OrderState};
use crate::venue::State;

/// The most ids of one call.
const MOST_IDS: usize = 10;
/// The shortest and the longest countdown, in seconds.
const SHORTEST: i64 = 10;
const LONGEST: i64 = 120;

fn already_filled() -> Refusal {
    Refusal::new(80_018, "order is already filled, The order doesn't exist")
}

/// `DELETE /openApi/swap/v2/trade/order`.
pub(crate) fn one(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let found = find(&state.sim, &state.bingx, account, params)?.cloned();
    let body = cancel_found(state, found, behaviour)?;
    Ok(json!({"order": body}))
}

/// Cancels an order and gives its row. It says that it is cancelled, whatever becomes of
/// it.
fn cancel_found(state: &mut State, found: Option<Order>, behaviour: &Behaviour) -> Done {
    let is_open = |order: &Order| {
        order.state.is_live() && !(behaviour.forgets_stops && order.waits_for_trigger())
    };
    let order = found.filter(is_open).ok_or_else(not_there)?;
    let id = order.order_id;
    state
        .sim
        .cancel_each(std::slice::from_ref(&id), behaviour.cancel);
    if placed(&state.sim, &id)?.state == OrderState::Filled {
        return Err(already_filled());
    }
    Ok(cancelled_row(state, &id))
}

fn cancelled_row(state: &State, id: &str) -> Value {
    let found = placed(&state.sim, id).ok();
    let shown = found.and_then(|order| row(&state.sim, &state.bingx, order));
    let mut shown = shown.unwrap_or_default();
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("status".to_owned(), json!("CANCELLED"));
    }
    shown
}

/// An entry of what was not done.
fn failure(id: &Value, refusal: &Refusal) -> Value {
    json!({"orderId": id, "errorCode": refusal.code, "errorMessage": refusal.text})
}

/// `DELETE /openApi/swap/v2/trade/batchOrders`: by the venue's ids or the client's.
pub(crate) fn batch(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let contract = params.symbol(&state.sim)?;
    let ids = params.list("orderIdList")?;
    let link_ids = params.list("clientOrderIdList")?;
    let by_id = ids.iter().map(|id| (Some(id.as_str()), ""));
    let by_link = link_ids.iter().map(|link_id| (None, link_id.as_str()));
    let named: Vec<_> = by_id.chain(by_link).collect();
    if named.is_empty() {
        let text = "orderIdList & clientOrderIDList are both empty";
        return Err(Refusal::new(109_400, text));
    }
    if named.len() > MOST_IDS {
        return Err(wrong("orderIdList"));
    }
    let (mut success, mut failed) = (Vec::new(), Vec::new());
    for (id, link_id) in named {
        let link_id = link_id.to_ascii_lowercase();
        let mut orders = state.sim.orders.iter().rev();
        let found = orders.find(|order| {
            let is_its_own = order.account == account && order.key.contract == contract;
            is_its_own && is_named(&state.bingx, order, id, &link_id)
        });
        match cancel_found(state, found.cloned(), behaviour) {
            Ok(shown) => success.push(shown),
            Err(refusal) => {
                let number = id.and_then(|id| id.parse::<u64>().ok()).unwrap_or(0);
                failed.push(failure(&json!(number), &refusal));
            }
        }
    }
    Ok(outcome(success, failed))
}

/// `DELETE /openApi/swap/v2/trade/allOpenOrders`: without a symbol every kind of the whole
/// account, but no TWAP order.
pub(crate) fn all(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let scope = Scope::read(&state.sim, account, params)?;
    let leaves_stops = behaviour.forgets_stops || (behaviour.leaves_stops && scope.kind.is_none());
    let orders = state
        .sim
        .orders
        .iter()
        .filter(|order| scope.covers(order) && !(leaves_stops && order.waits_for_trigger()));
    let meant: Vec<Order> = orders.cloned().collect();
    let (lost, taken): (Vec<Order>, Vec<Order>) = meant
        .into_iter()
        .partition(|order| fails(state, order, behaviour));
    let busy = Refusal::new(109_500, BUSY);
    let mut failed: Vec<Value> = lost
        .iter()
        .map(|order| failure(&json!(order_id(order)), &busy))
        .collect();
    let ids: Vec<String> = taken.iter().map(|order| order.order_id.clone()).collect();
    state.sim.cancel_each(&ids, behaviour.cancel);
    let mut success = Vec::new();
    for order in &taken {
        let is_filled = placed(&state.sim, &order.order_id)
            .is_ok_and(|order| order.state == OrderState::Filled);
        if is_filled {
            failed.push(failure(&json!(order_id(order)), &already_filled()));
        } else {
            success.push(cancelled_row(state, &order.order_id));
        }
    }
    Ok(outcome(success, failed))
}

/// Whether an order is of the instrument for which a call fails.
fn fails(state: &State, order: &Order, behaviour: &Behaviour) -> bool {
    let contract = state.sim.market.contracts.get(order.key.contract);
    let symbol = contract.map(|contract| contract.symbol.as_str());
    behaviour.fails_for.is_some() && behaviour.fails_for.as_deref() == symbol
}

/// `POST /openApi/swap/v2/trade/cancelAllAfter`: every order of the account, also those
/// that wait for a trigger, but no TWAP order.
pub(crate) fn after(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let seconds = params.whole("timeOut")?;
    let (ms, status) = match (params.needed("type")?, seconds) {
        ("ACTIVATE", Some(seconds)) if (SHORTEST..=LONGEST).contains(&seconds) => {
            let ms = u64::try_from(seconds).unwrap_or_default();
            (ms.saturating_mul(1000), "ACTIVATED")
        }
        ("CLOSE", _) => (0, "CLOSED"),
        ("ACTIVATE", _) => return Err(wrong("timeOut")),
        _ => return Err(wrong("type")),
    };
    if behaviour.cancel == CancelBehaviour::Normal {
        state.sim.set_countdown(account, None, ms);
    }
    if ms == 0 {
        return Ok(json!({"triggerTime": 0, "status": status, "note": ""}));
    }
    let at = clock::after(state.sim.now(), ms);
    let shown = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let shown = shown.replace('T', " ").replace('Z', " UTC(+0)");
    let note = format!(
        "All your perpetual pending orders will be closed automatically at {shown},before that \
         you can cancel the timer, or extend triggerTime time by this request"
    );
    // In seconds, in a recorded reply; the pages say milliseconds.
    Ok(json!({"triggerTime": at.timestamp(), "status": status, "note": note}))
}
