//! The book of regular orders. Those that wait for a trigger are in the other one.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::BinanceState;
use super::book::{Book, Named, not_there, open_in};
use super::params::{Params, missing};
use super::reply::{Done, Refusal};
use super::words::{
    average, milliseconds, money, order_id, order_status, order_type, position_side, price,
    quantity, side,
};
use crate::sim::Simulation;
use crate::sim::order::Order;

/// `GET /fapi/v1/openOrders`.
pub(crate) fn list(sim: &Simulation, known: &BinanceState, index: usize, params: &Params) -> Done {
    let wanted = params.optional_symbol(sim)?;
    let open = open_in(Book::Regular, sim, index, wanted);
    Ok(open.filter_map(|order| row(sim, known, order)).collect())
}

/// `GET /fapi/v1/order`, which shows finished orders too.
pub(crate) fn one(sim: &Simulation, known: &BinanceState, index: usize, params: &Params) -> Done {
    let found = find(sim, known, index, params)?;
    found
        .and_then(|order| row(sim, known, order))
        .ok_or_else(not_there)
}

/// The newest order of an account that a request names by an id and its symbol.
pub(crate) fn find<'a>(
    sim: &'a Simulation,
    known: &BinanceState,
    index: usize,
    params: &Params,
) -> Result<Option<&'a Order>, Refusal> {
    let contract = params.symbol(sim)?;
    let named = Named::read(params, "orderId", "origClientOrderId")?;
    let mut orders = sim.orders.iter().rev();
    Ok(orders.find(|order| {
        let is_its_own = order.account == index && order.key.contract == contract;
        is_its_own && !order.waits_for_trigger() && named.is(known, order, order_id)
    }))
}

/// The order that was placed under an id of the simulation.
pub(crate) fn placed<'a>(sim: &'a Simulation, id: &str) -> Result<&'a Order, Refusal> {
    let mut orders = sim.orders.iter().rev();
    let found = orders.find(|order| order.order_id == id);
    found.ok_or_else(|| missing("orderId"))
}

/// A row of the list.
pub(crate) fn row(sim: &Simulation, known: &BinanceState, order: &Order) -> Option<Value> {
    let mut row = reply(sim, known, order)?;
    if let Some(fields) = row.as_object_mut() {
        fields.insert("time".to_owned(), json!(milliseconds(order.placed)));
        fields.remove("cumQty");
    }
    Some(row)
}

/// What a write says of an order.
pub(crate) fn reply(sim: &Simulation, known: &BinanceState, order: &Order) -> Option<Value> {
    let contract = sim.market.contracts.get(order.key.contract)?;
    let kind = order_type(order);
    let paid = contract.money(order.average_fill * order.filled);
    Some(json!({
        "orderId": order_id(order),
        "symbol": contract.symbol.as_str(),
        "status": order_status(order),
        "clientOrderId": client_id(known, order),
        "price": price(contract, order.limit_price),
        "avgPrice": average(order.average_fill),
        "origQty": quantity(contract, order.quantity),
        "executedQty": quantity(contract, order.filled),
        "cumQty": quantity(contract, order.filled),
        "cumQuote": money(paid),
        "timeInForce": "GTC",
        "type": kind,
        "reduceOnly": order.reduce_only,
        "closePosition": false,
        "side": side(order.side),
        "positionSide": position_side(order.key.side),
        "stopPrice": price(contract, Decimal::ZERO),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": false,
        "origType": kind,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "goodTillDate": 0,
        "updateTime": milliseconds(order.placed),
    }))
}

/// The client's id, or one of the venue's making.
pub(crate) fn client_id(known: &BinanceState, order: &Order) -> String {
    match known.links.of(&order.order_id) {
        "" => order.order_id.chars().take(22).collect(),
        link_id => link_id.to_owned(),
    }
}

/// Whether an account has an order open under a client's id.
pub(crate) fn is_open(sim: &Simulation, known: &BinanceState, index: usize, link_id: &str) -> bool {
    let is_its_own = |order: &&Order| order.account == index && order.state.is_live();
    let mut open = sim.orders.iter().filter(is_its_own);
    !link_id.is_empty() && open.any(|order| known.links.of(&order.order_id) == link_id)
}
