//! Cancelling all orders of a category, or one.

use serde_json::{Value, json};

use super::markets::Category;
use super::orders::Kinds;
use super::params::{Params, Scope, wrong};
use super::reply::{Done, Refusal};
use super::words::order_id;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::sim::order::Order;
use crate::venue::State;

/// The most orders of one call; of more, it takes some.
const MOST: usize = 500;

/// `POST /v5/order/cancel-all`: without a filter every kind goes.
pub(crate) fn cancel_all(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let sim = &state.sim;
    let scope = Scope::read(params, sim, &[Category::Linear, Category::Inverse])?;
    let kinds = Kinds::read(params)?;
    let leaves_stops = behaviour.forgets_stops || (behaviour.leaves_stops && kinds == Kinds::All);
    let is_meant = |order: &&Order| {
        let contract = sim.market.contracts.get(order.key.contract);
        let is_in_scope = contract.is_some_and(|it| scope.covers(order.key.contract, it));
        let is_left = leaves_stops && order.waits_for_trigger();
        let is_its_own = order.account == account && order.state.is_live();
        is_its_own && is_in_scope && kinds.covers(order) && !is_left
    };
    let orders = sim.orders.iter().filter(is_meant).take(MOST);
    let ids: Vec<String> = orders.map(|order| order.order_id.clone()).collect();
    let list: Vec<Value> = ids
        .iter()
        .map(|id| json!({"orderId": order_id(id), "orderLinkId": state.bybit.links.of(id)}))
        .collect();
    state.sim.cancel_each(&ids, behaviour.cancel);
    Ok(json!({"list": list, "success": "1"}))
}

/// `POST /v5/order/cancel`: by the venue's id or the client's.
pub(crate) fn cancel_one(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let sim = &state.sim;
    let scope = Scope::read(params, sim, &[Category::Linear, Category::Inverse])?;
    if scope.symbol.is_none() {
        return Err(wrong("symbol"));
    }
    let (id, link_id) = (params.text("orderId"), params.text("orderLinkId"));
    if id.is_none() && link_id.is_none() {
        return Err(wrong("orderId"));
    }
    let is_meant = |order: &&Order| {
        let contract = sim.market.contracts.get(order.key.contract);
        let is_in_scope = contract.is_some_and(|it| scope.covers(order.key.contract, it));
        let is_named = match id {
            Some(id) => order_id(&order.order_id) == id,
            None => link_id == Some(state.bybit.links.of(&order.order_id)),
        };
        order.account == account && order.state.is_live() && is_in_scope && is_named
    };
    let found = sim.orders.iter().find(is_meant);
    let found = found.map(|order| order.order_id.clone());
    let Some(found) = found else {
        let text = "order not exists or too late to cancel";
        return Err(Refusal::new(110_001, text));
    };
    let link_id = state.bybit.links.of(&found).to_owned();
    state
        .sim
        .cancel_each(std::slice::from_ref(&found), behaviour.cancel);
    Ok(json!({"orderId": order_id(&found), "orderLinkId": link_id}))
}
