//! Cancelling orders, as both families do it.

use serde_json::{Value, json};

use super::BitgetState;
use super::find::Named;
use super::params::{Params, Scope};
use super::reply::{Done, Refusal};
use super::words::{client_id, order_id};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::sim::order::Order;
use crate::venue::State;

/// The ids of an order as a reply names it.
pub(crate) fn entry(known: &BitgetState, order: &Order) -> Value {
    json!({"orderId": order_id(order.id), "clientOid": client_id(known, order)})
}

/// Cancels the orders that are meant, and returns their entries.
pub(crate) fn cancel_those(
    state: &mut State,
    behaviour: &Behaviour,
    is_meant: impl Fn(&State, &Order) -> bool,
) -> Vec<Value> {
    let meant = state
        .sim
        .orders
        .iter()
        .filter(|order| is_meant(state, order));
    let (ids, entries): (Vec<String>, Vec<Value>) = meant
        .map(|order| (order.order_id.clone(), entry(&state.bitget, order)))
        .unzip();
    state.sim.cancel_each(&ids, behaviour.cancel);
    entries
}

/// Cancels every order in the books of a scope; conditional ones stay.
pub(crate) fn cancel_book(
    state: &mut State,
    account: usize,
    scope: &Scope,
    behaviour: &Behaviour,
) -> Vec<Value> {
    cancel_those(state, behaviour, |state, order| {
        scope.holds(&state.sim, account, order) && !order.waits_for_trigger()
    })
}

/// Cancels one order in a book, by the venue's id or the client's.
pub(crate) fn cancel_one(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let named = Named::read(params)?;
    let entries = cancel_those(state, behaviour, |state, order| {
        let is_its_own = order.account == account && order.state.is_live();
        is_its_own && !order.waits_for_trigger() && named.is(&state.bitget, order)
    });
    entries
        .into_iter()
        .next()
        .ok_or_else(|| Refusal::new("40768", "Order does not exist"))
}
