//! The book of conditional orders, which the venue keeps in a service of its own.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::BinanceState;
use super::orders::client_id;
use super::params::Params;
use super::reply::{Done, Refusal};
use super::words::{
    algo_id, algo_type, milliseconds, order_id, position_side, price, quantity, side,
};
use crate::sim::Simulation;
use crate::sim::order::{Order, OrderState};

/// `GET /fapi/v1/openAlgoOrders`.
pub(crate) fn list(sim: &Simulation, known: &BinanceState, index: usize, params: &Params) -> Done {
    let wanted = params.optional_symbol(sim)?;
    let kind = params.text("algoType");
    let id = params
        .whole("algoId")?
        .map(|id| u64::try_from(id).unwrap_or_default());
    let is_meant = |order: &&Order| {
        let is_in_book = order.state.is_live() && order.waits_for_trigger();
        let is_wanted = wanted.is_none_or(|contract| order.key.contract == contract);
        let is_named = id.is_none_or(|id| id == algo_id(order));
        let is_kind = kind.is_none_or(|kind| kind == "CONDITIONAL");
        order.account == index && is_in_book && is_wanted && is_named && is_kind
    };
    let orders = sim.orders.iter().filter(is_meant);
    let rows = orders.filter_map(|order| row(sim, known, order)).collect();
    Ok(Value::Array(rows))
}

/// `GET /fapi/v1/algoOrder`, which shows finished orders too.
pub(crate) fn one(sim: &Simulation, known: &BinanceState, index: usize, params: &Params) -> Done {
    let found = find(sim, known, index, params)?;
    let row = found.and_then(|order| row(sim, known, order));
    row.ok_or_else(|| Refusal::new(-2013, "Order does not exist."))
}

/// The newest conditional order of an account that a request names by an id.
pub(crate) fn find<'a>(
    sim: &'a Simulation,
    known: &BinanceState,
    index: usize,
    params: &Params,
) -> Result<Option<&'a Order>, Refusal> {
    let id = params.whole("algoId")?;
    let link_id = params.text("clientAlgoId");
    if id.is_none() && link_id.is_none() {
        let text = "Param 'clientAlgoId' or 'algoId' must be sent, but both were empty/null!";
        return Err(Refusal::new(-1102, text));
    }
    let is_named = |order: &&Order| match id {
        Some(id) => u64::try_from(id).is_ok_and(|id| id == algo_id(order)),
        None => link_id == Some(known.links.of(&order.order_id)),
    };
    let mut orders = sim.orders.iter().rev();
    Ok(orders
        .find(|order| order.account == index && order.order_type.has_trigger() && is_named(order)))
}

/// A row of the list, and what placing one says.
pub(crate) fn row(sim: &Simulation, known: &BinanceState, order: &Order) -> Option<Value> {
    let contract = sim.market.contracts.get(order.key.contract)?;
    let closes_all = known.closing_all.contains(&order.order_id);
    let asked = if closes_all {
        Decimal::ZERO
    } else {
        order.quantity
    };
    let was_triggered = order.triggered || order.state == OrderState::Filled;
    let actual = if was_triggered {
        order_id(order).to_string()
    } else {
        String::new()
    };
    let placed = milliseconds(order.placed);
    Some(json!({
        "algoId": algo_id(order),
        "clientAlgoId": client_id(known, order),
        "algoType": "CONDITIONAL",
        "orderType": algo_type(order),
        "symbol": contract.symbol.as_str(),
        "side": side(order.side),
        "positionSide": position_side(order.key.side),
        "timeInForce": "GTC",
        "quantity": quantity(contract, asked),
        "algoStatus": status(order),
        "actualOrderId": actual,
        "actualPrice": price(contract, order.average_fill),
        "triggerPrice": price(contract, order.stop_price),
        "price": price(contract, order.limit_price),
        "icebergQuantity": null,
        "tpTriggerPrice": price(contract, Decimal::ZERO),
        "tpPrice": price(contract, Decimal::ZERO),
        "slTriggerPrice": price(contract, Decimal::ZERO),
        "slPrice": price(contract, Decimal::ZERO),
        "tpOrderType": "",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": "CONTRACT_PRICE",
        "priceMatch": "NONE",
        "closePosition": closes_all,
        "priceProtect": false,
        "reduceOnly": order.reduce_only,
        "createTime": placed,
        "updateTime": placed,
        "triggerTime": 0,
        "goodTillDate": 0,
    }))
}

fn status(order: &Order) -> &'static str {
    match order.state {
        OrderState::Filled => "FINISHED",
        OrderState::Cancelled => "CANCELED",
        OrderState::Rejected => "REJECTED",
        _ if order.triggered => "TRIGGERED",
        _ => "NEW",
    }
}
