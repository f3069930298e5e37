//! Orders: the regular ones in pages, conditional ones in a bare list.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::BitgetState;
use crate::dialect::bitget::markets::Product;
use crate::dialect::bitget::pages::{Row, page};
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::plans::kind_of;
use crate::dialect::bitget::reply::Done;
use crate::dialect::bitget::words::{
    client_id, margin_mode, milliseconds, mode, number, order_id, order_type, position_side, side,
    status, yes_or_no,
};
use crate::sim::Simulation;
use crate::sim::order::{Order, OrderType, Side};
use crate::sim::position::PositionSide;

/// `GET /api/v3/trade/unfilled-orders`.
pub(crate) fn regular(
    sim: &Simulation,
    known: &BitgetState,
    index: usize,
    params: &Params,
) -> Done {
    let scope = Scope::read(sim, params, PRODUCT)?;
    let newest_first = sim.orders.iter().rev();
    let meant =
        newest_first.filter(|order| scope.holds(sim, index, order) && !order.waits_for_trigger());
    let rows = meant.filter_map(|order| {
        let id = order_id(order.id).parse().ok()?;
        Some((id, regular_row(sim, known, order)?))
    });
    let rows: Vec<Row> = rows.collect();
    let (rows, end) = page(rows, params, "cursor", 100)?;
    let end = Some(end).filter(|end| !end.is_empty());
    Ok(json!({"list": rows, "cursor": end}))
}

/// `GET /api/v3/trade/unfilled-strategy-orders`: all at once, and without an envelope of
/// their own.
pub(crate) fn strategies(
    sim: &Simulation,
    known: &BitgetState,
    index: usize,
    params: &Params,
) -> Done {
    let scope = Scope::read(sim, params, PRODUCT)?;
    let newest_first = sim.orders.iter().rev();
    let meant =
        newest_first.filter(|order| scope.holds(sim, index, order) && order.waits_for_trigger());
    let rows = meant.filter_map(|order| strategy_row(sim, known, order));
    Ok(rows.collect())
}

fn regular_row(sim: &Simulation, known: &BitgetState, order: &Order) -> Option<Value> {
    let contract = sim.market.contracts.get(order.key.contract)?;
    let account = sim.accounts.get(order.account)?;
    let placed = milliseconds(order.placed);
    Some(json!({
        "orderId": order_id(order.id),
        "clientOid": client_id(known, order),
        "category": Product::of_coin(&contract.terms.asset).word(),
        "symbol": contract.symbol.as_str(),
        "orderType": order_type(order),
        "side": side(order.side),
        "price": number(order.limit_price),
        "qty": number(order.quantity),
        "amount": "0",
        "cumExecQty": number(order.filled),
        "cumExecValue": number(order.filled * order.average_fill),
        "avgPrice": number(order.average_fill),
        "timeInForce": "gtc",
        "orderStatus": status(order),
        "posSide": position_side(order.key.side),
        "holdMode": mode(account.mode),
        "delegateType": "normal",
        "reduceOnly": yes_or_no(order.only_reduces()),
        "marginMode": margin_mode(account.isolated),
        "stpMode": "none",
        "takeProfit": "",
        "stopLoss": "",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "tpOrderType": "",
        "slOrderType": "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "feeDetail": [{"feeCoin": null, "fee": null}],
        "createdTime": placed,
        "updatedTime": placed,
    }))
}

/// The side of the position that an order is about; in one-way mode of the one that it
/// closes.
fn about(order: &Order) -> &'static str {
    match (order.key.side, order.side) {
        (PositionSide::Long, _) | (PositionSide::Net, Side::Sell) => "long",
        (PositionSide::Short, _) | (PositionSide::Net, Side::Buy) => "short",
    }
}

/// Orders of a position's profit and loss have neither a state nor a trigger price of
/// their own; others have both.
fn strategy_row(sim: &Simulation, known: &BitgetState, order: &Order) -> Option<Value> {
    let contract = sim.market.contracts.get(order.key.contract)?;
    let (placed, trigger) = (milliseconds(order.placed), number(order.stop_price));
    let plan = known.plans.get(&order.order_id);
    let trigger_by = match plan.map(|plan| plan.trigger.as_str()) {
        Some("mark_price") => "mark",
        _ => "market",
    };
    let limit = limit(order.limit_price);
    let kind = kind_of(known, order);
    let size = if kind.is_whole() {
        String::new()
    } else {
        number(order.quantity)
    };
    let mut row = json!({
        "orderId": order_id(order.id),
        "clientOid": client_id(known, order),
        "category": Product::of_coin(&contract.terms.asset).word(),
        "symbol": contract.symbol.as_str(),
        "qty": size,
        "createdTime": placed,
        "updatedTime": placed,
    });
    let more = if kind.is_of_a_position() {
        let takes_profit = order.order_type == OrderType::TakeProfit;
        let when = |is_meant: bool, text: &str| {
            let text = if is_meant { text } else { "" };
            text.to_owned()
        };
        json!({
            "posSide": about(order),
            "tpTriggerBy": when(takes_profit, trigger_by),
            "slTriggerBy": when(!takes_profit, trigger_by),
            "takeProfit": when(takes_profit, &trigger),
            "stopLoss": when(!takes_profit, &trigger),
            "tpOrderType": when(takes_profit, order_type(order)),
            "slOrderType": when(!takes_profit, order_type(order)),
            "tpLimitPrice": when(takes_profit, &limit),
            "slLimitPrice": when(!takes_profit, &limit),
        })
    } else {
        json!({
            "posSide": position_side(order.key.side),
            "side": side(order.side),
            "status": "pending",
            "triggerBy": trigger_by,
            "triggerPrice": trigger,
            "triggerOrderType": order_type(order),
            "triggerOrderPrice": limit,
        })
    };
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    Some(row)
}

fn limit(price: Decimal) -> String {
    if price.is_zero() {
        String::new()
    } else {
        number(price)
    }
}
