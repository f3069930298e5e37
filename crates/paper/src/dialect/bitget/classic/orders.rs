//! Orders: the regular ones in one list, conditional ones in three.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::BitgetState;
use crate::dialect::bitget::pages::{Row, page};
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::plans::kind_of;
use crate::dialect::bitget::reply::{Done, Refusal, missing, wrong};
use crate::dialect::bitget::words::{
    classic_side, client_id, margin_mode, milliseconds, mode, number, order_id, order_type,
    position_side, status, trade_side, yes_or_no,
};
use crate::sim::Simulation;
use crate::sim::margin::LEVERAGE;
use crate::sim::market::Contract;
use crate::sim::order::{Order, OrderType};

/// `GET /api/v2/mix/order/orders-pending`.
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
    let rows = meant.filter_map(|order| with_id(order, regular_row(sim, known, order)));
    answer(rows.collect(), params)
}

/// `GET /api/v2/mix/order/orders-plan-pending`, by plan type.
pub(crate) fn conditional(
    sim: &Simulation,
    known: &BitgetState,
    index: usize,
    params: &Params,
) -> Done {
    let scope = Scope::read(sim, params, PRODUCT)?;
    let kind = params.text("planType").ok_or_else(|| missing("planType"))?;
    if !matches!(kind, "normal_plan" | "track_plan" | "profit_loss") {
        return Err(wrong("planType"));
    }
    let newest_first = sim.orders.iter().rev();
    let meant = newest_first.filter(|order| {
        let is_its_own = scope.holds(sim, index, order) && order.waits_for_trigger();
        is_its_own && kind_of(known, order).is_listed_under(kind)
    });
    let rows = meant.filter_map(|order| with_id(order, conditional_row(sim, known, order)));
    answer(rows.collect(), params)
}

fn with_id(order: &Order, row: Option<Value>) -> Option<Row> {
    Some((order_id(order.id).parse().ok()?, row?))
}

/// A list of nothing is null.
fn answer(rows: Vec<Row>, params: &Params) -> Result<Value, Refusal> {
    let (rows, end) = page(rows, params, "idLessThan", 100)?;
    if rows.is_empty() {
        return Ok(json!({"entrustedList": null, "endId": null}));
    }
    Ok(json!({"entrustedList": rows, "endId": end}))
}

fn price(price: Decimal) -> String {
    if price.is_zero() {
        String::new()
    } else {
        number(price)
    }
}

fn contract<'a>(sim: &'a Simulation, order: &Order) -> Option<&'a Contract> {
    sim.market.contracts.get(order.key.contract)
}

fn regular_row(sim: &Simulation, known: &BitgetState, order: &Order) -> Option<Value> {
    let contract = contract(sim, order)?;
    let account = sim.accounts.get(order.account)?;
    let placed = milliseconds(order.placed);
    Some(json!({
        "symbol": contract.symbol.as_str(),
        "size": number(order.quantity),
        "orderId": order_id(order.id),
        "clientOid": client_id(known, order),
        "baseVolume": number(order.filled),
        "fee": "0",
        "price": price(order.limit_price),
        "priceAvg": price(order.average_fill),
        "status": status(order),
        "side": classic_side(order.key.side, order.side),
        "force": "gtc",
        "totalProfits": "0",
        "posSide": position_side(order.key.side),
        "marginCoin": contract.terms.asset,
        "quoteVolume": number(order.filled * order.average_fill),
        "leverage": number(LEVERAGE),
        "marginMode": margin_mode(account.isolated),
        "reduceOnly": yes_or_no(order.only_reduces()),
        "enterPointSource": "API",
        "tradeSide": trade_side(order.key.side, order.side),
        "posMode": mode(account.mode),
        "orderType": order_type(order),
        "orderSource": if order.order_type.has_trigger() { "plan_normal" } else { "normal" },
        "presetStopSurplusPrice": "",
        "presetStopLossPrice": "",
        "cTime": placed,
        "uTime": placed,
    }))
}

/// What is of the whole position has no size.
fn conditional_row(sim: &Simulation, known: &BitgetState, order: &Order) -> Option<Value> {
    let contract = contract(sim, order)?;
    let account = sim.accounts.get(order.account)?;
    let kind = kind_of(known, order);
    let plan = known.plans.get(&order.order_id);
    let trigger_type = plan.map_or("fill_price", |plan| &plan.trigger);
    let size = if kind.is_whole() {
        String::new()
    } else {
        number(order.quantity)
    };
    let (trigger, placed) = (number(order.stop_price), milliseconds(order.placed));
    let takes_profit = order.order_type == OrderType::TakeProfit;
    let of_position = |is_meant: bool| (kind.is_of_a_position() && is_meant).then_some(&trigger);
    Some(json!({
        "planType": kind.word(),
        "symbol": contract.symbol.as_str(),
        "size": size,
        "orderId": order_id(order.id),
        "clientOid": client_id(known, order),
        "price": price(order.limit_price),
        "executePrice": price(order.limit_price),
        "callbackRatio": plan.map_or("", |plan| &plan.callback),
        "triggerPrice": trigger,
        "triggerType": trigger_type,
        "planStatus": "live",
        "side": classic_side(order.key.side, order.side),
        "posSide": position_side(order.key.side),
        "marginCoin": contract.terms.asset,
        "marginMode": margin_mode(account.isolated),
        "enterPointSource": "API",
        "tradeSide": trade_side(order.key.side, order.side),
        "posMode": mode(account.mode),
        "orderType": order_type(order),
        "stopSurplusTriggerPrice": of_position(takes_profit),
        "stopSurplusExecutePrice": null,
        "stopSurplusTriggerType": of_position(takes_profit).map(|_| trigger_type),
        "stopLossTriggerPrice": of_position(!takes_profit),
        "stopLossExecutePrice": null,
        "stopLossTriggerType": of_position(!takes_profit).map(|_| trigger_type),
        "cTime": placed,
        "uTime": placed,
    }))
}
