//! The book of conditional orders, which the venue keeps in a service of its own.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::BinanceState;
use super::book::{Book, Named, not_there, open_in};
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
        let is_named = id.is_none_or(|id| id == algo_id(order));
        is_named && kind.is_none_or(|kind| kind == "CONDITIONAL")
    };
    let open = open_in(Book::Conditional, sim, index, wanted).filter(is_meant);
    Ok(open.filter_map(|order| row(sim, known, order)).collect())
}

/// `GET /fapi/v1/algoOrder`, which shows finished orders too.
pub(crate) fn one(sim: &Simulation, known: &BinanceState, index: usize, params: &Params) -> Done {
    let found = find(sim, known, index, params)?;
    found
        .and_then(|order| row(sim, known, order))
        .ok_or_else(not_there)
}

/// The newest conditional order of an account that a request names by an id.
pub(crate) fn find<'a>(
    sim: &'a Simulation,
    known: &BinanceState,
    index: usize,
    params: &Params,
) -> Result<Option<&'a Order>, Refusal> {
    let named = Named::read(params, "algoId", "clientAlgoId")?;
    let mut orders = sim.orders.iter().rev();
    Ok(orders.find(|order| {
        let is_its_own = order.account == index && order.order_type.has_trigger();
        is_its_own && named.is(known, order, algo_id)
    }))
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
