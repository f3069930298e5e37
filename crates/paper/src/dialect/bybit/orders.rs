//! Orders of all kinds, in one list.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::BybitState;
use super::markets::Category;
use super::params::{Params, Scope, page, wrong};
use super::reply::{Done, Refusal};
use super::words::{
    milliseconds, number, order_id, order_status, order_type, position_index, side,
};
use crate::sim::Simulation;
use crate::sim::order::{Order, OrderType, Side};

/// Which kinds of orders a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kinds {
    All,
    Active,
    Conditional,
}

impl Kinds {
    pub(crate) fn read(params: &Params) -> Result<Kinds, Refusal> {
        match params.text("orderFilter") {
            None => Ok(Kinds::All),
            Some("Order") => Ok(Kinds::Active),
            Some("StopOrder") => Ok(Kinds::Conditional),
            Some(_) => Err(wrong("orderFilter")),
        }
    }

    pub(crate) fn covers(self, order: &Order) -> bool {
        match self {
            Kinds::All => true,
            Kinds::Active => !order.waits_for_trigger(),
            Kinds::Conditional => order.waits_for_trigger(),
        }
    }
}

/// `GET /v5/order/realtime`. Asked by an id it shows finished orders too.
pub(crate) fn list(sim: &Simulation, known: &BybitState, index: usize, params: &Params) -> Done {
    let id = params.text("orderId");
    let link_id = params.text("orderLinkId");
    let is_by_id = id.is_some() || link_id.is_some();
    let needs_more: &[Category] = if is_by_id { &[] } else { &[Category::Linear] };
    let scope = Scope::read(params, sim, needs_more)?;
    let kinds = Kinds::read(params)?;
    let wants_finished = match params.whole("openOnly")? {
        None | Some(0) => false,
        Some(1 | 2) => true,
        Some(_) => return Err(wrong("openOnly")),
    };
    let is_meant = |order: &&Order| {
        let contract = sim.market.contracts.get(order.key.contract);
        let is_in_scope = contract.is_some_and(|it| scope.covers(order.key.contract, it));
        let is_named = id.is_none_or(|id| order_id(&order.order_id) == id)
            && link_id.is_none_or(|link_id| known.links.of(&order.order_id) == link_id);
        let is_due = is_by_id || order.state.is_live() != wants_finished;
        order.account == index && is_in_scope && is_named && is_due && kinds.covers(order)
    };
    // The newest comes first.
    let orders = sim.orders.iter().rev().filter(is_meant);
    let rows = orders.filter_map(|order| row(sim, known, order)).collect();
    let (list, next) = page(rows, params, 20, 50)?;
    let category = params.text("category");
    Ok(json!({"category": category, "list": list, "nextPageCursor": next}))
}

fn row(sim: &Simulation, known: &BybitState, order: &Order) -> Option<Value> {
    let contract = sim.market.contracts.get(order.key.contract)?;
    let has_trigger = order.order_type.has_trigger();
    let takes_profit = order.order_type == OrderType::TakeProfit;
    // Nothing is left of an order that is not in the book.
    let is_in_book = order.state.is_live() && !order.waits_for_trigger();
    let left = if is_in_book {
        order.quantity - order.filled
    } else {
        Decimal::ZERO
    };
    let direction = match (has_trigger, (order.side == Side::Buy) != takes_profit) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => 2,
    };
    let trigger = if has_trigger {
        number(order.stop_price)
    } else {
        String::new()
    };
    let placed = milliseconds(order.placed);
    Some(json!({
        "orderId": order_id(&order.order_id),
        "orderLinkId": known.links.of(&order.order_id),
        "blockTradeId": "",
        "symbol": contract.symbol.as_str(),
        "price": number(order.limit_price),
        "qty": number(order.quantity),
        "side": side(order.side),
        "isLeverage": "",
        "positionIdx": position_index(order.key.side),
        "orderStatus": order_status(order),
        "createType": "CreateByUser",
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "avgPrice": if order.filled.is_zero() { String::new() } else { number(order.average_fill) },
        "leavesQty": number(left),
        "cumExecQty": number(order.filled),
        "cumExecValue": number(contract.money(order.average_fill * order.filled)),
        "timeInForce": if order.order_type == OrderType::Market { "IOC" } else { "GTC" },
        "orderType": order_type(order),
        "stopOrderType": if has_trigger { "Stop" } else { "" },
        "triggerPrice": trigger,
        "triggerDirection": direction,
        "triggerBy": if has_trigger { "LastPrice" } else { "" },
        "takeProfit": "",
        "stopLoss": "",
        "tpslMode": "Full",
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": false,
        "createdTime": placed,
        "updatedTime": placed,
    }))
}
