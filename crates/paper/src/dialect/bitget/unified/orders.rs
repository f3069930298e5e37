//! Orders: the regular ones in pages, conditional ones in a bare list.

use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::BitgetState;
use crate::dialect::bitget::markets::Product;
use crate::dialect::bitget::pages::{Row, page};
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::plans::{kind_of, partner};
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
    let meant = newest_first.filter(|order| {
        // Of a pair the first stands for both.
        let is_second = partner(sim, order).is_some_and(|first| first.id < order.id);
        scope.holds(sim, index, order) && order.waits_for_trigger() && !is_second
    });
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

/// What a row says of when an order is triggered, and what it is then.
struct Trigger {
    by: &'static str,
    price: String,
    order_type: &'static str,
    limit: String,
}

impl Trigger {
    fn of(known: &BitgetState, order: &Order) -> Trigger {
        let plan = known.plans.get(&order.order_id);
        let by_mark = plan.is_some_and(|plan| plan.trigger == "mark_price");
        let limit = order.limit_price;
        Trigger {
            by: if by_mark { "mark" } else { "market" },
            price: number(order.stop_price),
            order_type: order_type(order),
            limit: if limit.is_zero() {
                String::new()
            } else {
                number(limit)
            },
        }
    }
}

/// Orders of a position's profit and loss have neither a state nor a trigger price of
/// their own; others have both.
fn strategy_row(sim: &Simulation, known: &BitgetState, order: &Order) -> Option<Value> {
    let contract = sim.market.contracts.get(order.key.contract)?;
    let placed = milliseconds(order.placed);
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
        protection(sim, known, order)
    } else {
        let trigger = Trigger::of(known, order);
        json!({
            "posSide": position_side(order.key.side),
            "side": side(order.side),
            "status": "pending",
            "triggerBy": trigger.by,
            "triggerPrice": trigger.price,
            "triggerOrderType": trigger.order_type,
            "triggerOrderPrice": trigger.limit,
        })
    };
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    Some(row)
}

/// What takes profit of a position and what stops its loss, each empty without an order.
fn protection(sim: &Simulation, known: &BitgetState, order: &Order) -> Value {
    let both = [Some(order), partner(sim, order)];
    let find = |takes_profit: bool| {
        let mut orders = both.into_iter().flatten();
        let found = orders.find(|one| (one.order_type == OrderType::TakeProfit) == takes_profit);
        found.map(|one| Trigger::of(known, one))
    };
    let (profit, loss) = (find(true), find(false));
    let text = |of: &Option<Trigger>, field: fn(&Trigger) -> &str| {
        of.as_ref().map(field).unwrap_or_default().to_owned()
    };
    json!({
        "posSide": about(order),
        "tpTriggerBy": text(&profit, |it| it.by),
        "slTriggerBy": text(&loss, |it| it.by),
        "takeProfit": text(&profit, |it| &it.price),
        "stopLoss": text(&loss, |it| &it.price),
        "tpOrderType": text(&profit, |it| it.order_type),
        "slOrderType": text(&loss, |it| it.order_type),
        "tpLimitPrice": text(&profit, |it| &it.limit),
        "slLimitPrice": text(&loss, |it| &it.limit),
    })
}
