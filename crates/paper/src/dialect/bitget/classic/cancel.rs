//! Cancelling orders, by scope or by plan type, and closing positions: both say of each
//! order what became of it.

use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::cancel::{cancel_book, cancel_those, entry};
use crate::dialect::bitget::closing::{Closing, close_positions};
use crate::dialect::bitget::find::Named;
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::plans::{PlanKind, kind_of};
use crate::dialect::bitget::reply::{Done, Refusal, missing, nothing_to_close, wrong};
use crate::dialect::bitget::words::{made_up, order_id};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::sim::order::Order;
use crate::sim::position::PositionSide;
use crate::venue::State;

/// The most orders that a list names.
const MOST_NAMED: usize = 50;

fn nothing_to_cancel() -> Refusal {
    Refusal::new("22001", "No order to cancel")
}

fn answer(done: Vec<Value>, failed: Vec<Value>) -> Value {
    json!({"successList": done, "failureList": failed})
}

/// An order that is not there.
fn not_there(named: &Named) -> Value {
    json!({
        "orderId": named.id,
        "clientOid": named.link,
        "errorMsg": "notExistend",
        "errorCode": "43025",
    })
}

/// The orders that a list names; `None` without a list.
fn named(params: &Params) -> Result<Option<Vec<Named>>, Refusal> {
    let Some(list) = params.value("orderIdList") else {
        return Ok(None);
    };
    let list = list.as_array().ok_or_else(|| wrong("orderIdList"))?;
    if list.len() > MOST_NAMED {
        return Err(wrong("orderIdList"));
    }
    if params.text("symbol").is_none() {
        return Err(missing("symbol"));
    }
    Ok(Some(list.iter().map(Named::of_entry).collect()))
}

/// Cancels each order that is named, if it is one of those that are meant.
fn cancel_named(
    state: &mut State,
    behaviour: &Behaviour,
    list: &[Named],
    is_meant: impl Fn(&State, &Order) -> bool,
) -> Value {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for named in list {
        let is_it =
            |state: &State, order: &Order| is_meant(state, order) && named.is(&state.bitget, order);
        let found = cancel_those(state, behaviour, is_it);
        match found.into_iter().next() {
            Some(entry) => done.push(entry),
            None => failed.push(not_there(named)),
        }
    }
    answer(done, failed)
}

/// `POST /api/v2/mix/order/cancel-all-orders`: regular orders alone.
pub(crate) fn all(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let scope = Scope::read(&state.sim, params, PRODUCT)?;
    let done = cancel_book(state, account, &scope, behaviour);
    if done.is_empty() {
        return Err(nothing_to_cancel());
    }
    Ok(answer(done, Vec::new()))
}

/// `POST /api/v2/mix/order/batch-cancel-orders`: those of a list, or all.
pub(crate) fn batch(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let scope = Scope::read(&state.sim, params, PRODUCT)?;
    let Some(list) = named(params)? else {
        return all(state, account, params, behaviour);
    };
    let is_meant = |state: &State, order: &Order| {
        scope.holds(&state.sim, account, order) && !order.waits_for_trigger()
    };
    Ok(cancel_named(state, behaviour, &list, is_meant))
}

/// `POST /api/v2/mix/order/cancel-plan-order`: those of a list, or all of a plan type.
/// Without a type `normal_plan` is meant, so that what takes profit or stops a loss is
/// not found without its own.
pub(crate) fn plans(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let scope = Scope::read(&state.sim, params, PRODUCT)?;
    let kind = match params.text("planType") {
        None => PlanKind::Normal,
        Some(text) => PlanKind::read(text).ok_or_else(|| wrong("planType"))?,
    };
    let is_meant = |state: &State, order: &Order| {
        let is_its_own = scope.holds(&state.sim, account, order) && order.waits_for_trigger();
        is_its_own && !behaviour.forgets_stops && kind_of(&state.bitget, order) == kind
    };
    if let Some(list) = named(params)? {
        return Ok(cancel_named(state, behaviour, &list, is_meant));
    }
    // The page does not list it among the types that can be cancelled.
    if kind == PlanKind::Trailing {
        return Err(wrong("planType"));
    }
    let done = if behaviour.leaves_stops {
        let left = state
            .sim
            .orders
            .iter()
            .filter(|order| is_meant(state, order));
        left.map(|order| entry(&state.bitget, order)).collect()
    } else {
        cancel_those(state, behaviour, is_meant)
    };
    if done.is_empty() {
        return Err(nothing_to_cancel());
    }
    Ok(answer(done, Vec::new()))
}

/// `POST /api/v2/mix/order/close-positions`: at the market, and one answer for all.
pub(crate) fn close(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let scope = Scope::read(&state.sim, params, PRODUCT)?;
    let side = match params.text("holdSide") {
        None => None,
        Some("long" | "buy") => Some(PositionSide::Long),
        Some("short" | "sell") => Some(PositionSide::Short),
        Some(_) => return Err(wrong("holdSide")),
    };
    let closings = close_positions(state, account, &scope, side, behaviour);
    if closings.is_empty() {
        return Err(nothing_to_close());
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for closing in &closings {
        match &closing.outcome {
            Ok(number) => done.push(closed(state, closing, *number)),
            Err(refusal) => failed.push(json!({
                "orderId": "",
                "clientOid": "",
                "errorMsg": refusal.text,
                "errorCode": refusal.code,
            })),
        }
    }
    let mut answer = answer(done, failed);
    if let Some(fields) = answer.as_object_mut() {
        // It is false whatever was done.
        fields.insert("result".to_owned(), json!(false));
    }
    Ok(answer)
}

fn closed(state: &State, closing: &Closing, number: u64) -> Value {
    let contract = state.sim.market.contracts.get(closing.contract);
    json!({
        "orderId": order_id(number),
        "clientOid": made_up(number),
        "symbol": contract.map(|contract| contract.symbol.as_str()),
    })
}
