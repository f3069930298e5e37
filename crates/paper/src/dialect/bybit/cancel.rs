//! Cancelling all orders of a category.

use serde_json::{Value, json};

use super::markets::Category;
use super::orders::Kinds;
use super::params::{Params, Scope};
use super::reply::Done;
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
