//! Orders of every kind but TWAP, in one list.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::BingXState;
use super::params::{Params, wrong};
use super::reply::{Done, Refusal};
use super::words::{
    milliseconds, money, order_id, order_status, order_type, position_side, price, quantity, side,
};
use crate::sim::Simulation;
use crate::sim::order::Order;

/// The kinds that a list or a cancel can be limited to.
const KINDS: [&str; 10] = [
    "LIMIT",
    "MARKET",
    "STOP_MARKET",
    "TAKE_PROFIT_MARKET",
    "STOP",
    "TAKE_PROFIT",
    "TRIGGER_LIMIT",
    "TRIGGER_MARKET",
    "TRAILING_STOP_MARKET",
    "TRAILING_TP_SL",
];

/// Which orders of an account a call is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    account: usize,
    contract: Option<usize>,
    pub(crate) kind: Option<&'a str>,
}

impl<'a> Scope<'a> {
    pub(crate) fn read(
        sim: &Simulation,
        account: usize,
        params: &'a Params,
    ) -> Result<Scope<'a>, Refusal> {
        let kind = params.text("type");
        if kind.is_some_and(|kind| !KINDS.contains(&kind)) {
            return Err(wrong("type"));
        }
        Ok(Scope {
            account,
            contract: params.optional_symbol(sim)?,
            kind,
        })
    }

    /// Whether an order is live and in it.
    pub(crate) fn covers(&self, order: &Order) -> bool {
        let is_wanted = self
            .contract
            .is_none_or(|wanted| wanted == order.key.contract);
        let is_kind = self.kind.is_none_or(|kind| kind == order_type(order));
        order.account == self.account && order.state.is_live() && is_wanted && is_kind
    }
}

/// `GET /openApi/swap/v2/trade/openOrders`. The newest comes first.
pub(crate) fn list(sim: &Simulation, known: &BingXState, index: usize, params: &Params) -> Done {
    let scope = Scope::read(sim, index, params)?;
    let open = sim.orders.iter().rev().filter(|order| scope.covers(order));
    let rows: Vec<Value> = open.filter_map(|order| row(sim, known, order)).collect();
    Ok(json!({"orders": rows}))
}

/// `GET /openApi/swap/v2/trade/openOrder`: one that is open.
pub(crate) fn open(
    sim: &Simulation,
    known: &BingXState,
    index: usize,
    params: &Params,
    forgets_stops: bool,
) -> Done {
    let found = find(sim, known, index, params)?;
    let found = found.filter(|order| order.state.is_live());
    shown(sim, known, found, forgets_stops)
}

/// `GET /openApi/swap/v2/trade/order`, which shows finished orders too.
pub(crate) fn one(
    sim: &Simulation,
    known: &BingXState,
    index: usize,
    params: &Params,
    forgets_stops: bool,
) -> Done {
    let found = find(sim, known, index, params)?;
    shown(sim, known, found, forgets_stops)
}

fn shown(sim: &Simulation, known: &BingXState, found: Option<&Order>, forgets_stops: bool) -> Done {
    let found = found.filter(|order| !(forgets_stops && order.waits_for_trigger()));
    let row = found.and_then(|order| row(sim, known, order));
    row.map(|row| json!({"order": row})).ok_or_else(not_there)
}

/// There is no such order.
pub(crate) fn not_there() -> Refusal {
    Refusal::new(109_421, "order not exist")
}

/// The client's id, in either of its two spellings. The venue knows it in lower case.
pub(crate) fn read_link(params: &Params) -> String {
    let link_id = params
        .text("clientOrderId")
        .or_else(|| params.text("clientOrderID"));
    link_id.unwrap_or_default().to_ascii_lowercase()
}

/// The newest order of an account that a request names by its symbol and an id, the
/// venue's or the client's.
pub(crate) fn find<'a>(
    sim: &'a Simulation,
    known: &BingXState,
    index: usize,
    params: &Params,
) -> Result<Option<&'a Order>, Refusal> {
    let contract = params.symbol(sim)?;
    let id = params.text("orderId");
    let link_id = read_link(params);
    if id.is_none() && link_id.is_empty() {
        let text = "orderId and clientOrderId are both empty";
        return Err(Refusal::new(109_400, text));
    }
    let mut orders = sim.orders.iter().rev();
    Ok(orders.find(|order| {
        let is_its_own = order.account == index && order.key.contract == contract;
        is_its_own && is_named(known, order, id, &link_id)
    }))
}

/// Whether an order has this id, or without one the client's.
pub(crate) fn is_named(known: &BingXState, order: &Order, id: Option<&str>, link_id: &str) -> bool {
    match id {
        Some(id) => id == order_id(order).to_string(),
        None => !link_id.is_empty() && link_id == known.links.of(&order.order_id),
    }
}

/// The order that was placed under an id of the simulation.
pub(crate) fn placed<'a>(sim: &'a Simulation, id: &str) -> Result<&'a Order, Refusal> {
    let mut orders = sim.orders.iter().rev();
    let found = orders.find(|order| order.order_id == id);
    found.ok_or_else(not_there)
}

/// A row of the list. Its id is a number.
pub(crate) fn row(sim: &Simulation, known: &BingXState, order: &Order) -> Option<Value> {
    let contract = sim.market.contracts.get(order.key.contract)?;
    let closes_all = known.closing_all.contains(&order.order_id);
    let has_trigger = order.order_type.has_trigger();
    let stop = if has_trigger {
        price(contract, order.stop_price)
    } else {
        String::new()
    };
    let asked = if closes_all {
        Decimal::ZERO
    } else {
        order.quantity
    };
    let fills = sim.ledger.fills(order.account);
    let own: Vec<_> = fills
        .filter(|fill| fill.order_id == order.order_id)
        .collect();
    Some(json!({
        "symbol": contract.symbol.as_str(),
        "orderId": order_id(order),
        "side": side(order.side),
        "positionSide": position_side(order.key.side),
        "type": order_type(order),
        "origQty": quantity(contract, asked),
        "price": price(contract, order.limit_price),
        "executedQty": quantity(contract, order.filled),
        "avgPrice": price(contract, order.average_fill),
        "cumQuote": money(contract.money(order.average_fill * order.filled)),
        "stopPrice": stop,
        "profit": money(own.iter().map(|fill| fill.realized).sum()),
        "commission": money(own.iter().map(|fill| -fill.fee).sum()),
        "status": order_status(order),
        "time": milliseconds(order.placed),
        "updateTime": milliseconds(order.placed),
        "clientOrderId": known.links.of(&order.order_id),
        "leverage": "",
        "takeProfit": attached(),
        "stopLoss": attached(),
        "advanceAttr": 0,
        "positionID": 0,
        "takeProfitEntrustPrice": 0,
        "stopLossEntrustPrice": 0,
        "orderType": "",
        "trailingStopRate": 0,
        "trailingStopDistance": 0,
        "postOnly": false,
        "workingType": "MARK_PRICE",
        "stopGuaranteed": "false",
        "reduceOnly": order.reduce_only,
        "closePosition": if closes_all { "true" } else { "" },
        "triggerOrderId": 0,
    }))
}

/// What stands for a stop or a target that is attached to an order: there is none.
fn attached() -> Value {
    json!({
        "type": "", "quantity": 0, "stopPrice": 0, "price": 0, "workingType": "",
        "StopGuaranteed": "",
    })
}
