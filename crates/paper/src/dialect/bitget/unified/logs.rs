//! What moved money, and fills: both newest first.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::classic::logs::{
    LONGEST_BILLS, LONGEST_FILLS, business, contract_of, log_id, order_of, scope_of,
};
use crate::dialect::bitget::markets::Product;
use crate::dialect::bitget::pages::{Row, page, span};
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::reply::Done;
use crate::dialect::bitget::words::{milliseconds, number, side};
use crate::dialect::exchange::movements::{Movement, with_balances};
use crate::sim::Simulation;
use crate::sim::ledger::{EntryKind, Fill};
use crate::sim::position::PositionSide;

/// Where a movement is listed: what came in or went out belongs to no product.
fn product_of(row: &Movement<'_>) -> Product {
    match row.entry.kind {
        EntryKind::Transfer => Product::Other,
        _ => Product::of_coin(&row.entry.asset),
    }
}

fn kind(row: &Movement<'_>) -> String {
    let is_transfer = row.entry.kind == EntryKind::Transfer && row.entry.word.is_none();
    match (is_transfer, row.cash_flow.is_sign_negative()) {
        (true, true) => "TRANSFER_OUT".to_owned(),
        (true, false) => "TRANSFER_IN".to_owned(),
        (false, _) => business(row).to_ascii_uppercase(),
    }
}

/// `GET /api/v3/account/financial-records`: a paid fee is negative here.
pub(crate) fn records(sim: &Simulation, index: usize, params: &Params) -> Done {
    let product = params.product(PRODUCT)?;
    // Spot and margin are no product of their own here, and hold nothing.
    let is_named = params
        .text(PRODUCT)
        .is_some_and(|text| text.eq_ignore_ascii_case(product.word()));
    let span = span(params, sim.now(), LONGEST_BILLS)?;
    let (coin, wanted_kind) = (params.text("coin"), params.text("type"));
    let meant = with_balances(sim, index).into_iter().filter(|(row, _)| {
        span.holds(row.entry.at)
            && is_named
            && product_of(row) == product
            && coin.is_none_or(|wanted| wanted == row.entry.asset)
            && wanted_kind.is_none_or(|wanted| wanted == kind(row))
    });
    let rows: Vec<Row> = meant.map(|(row, after)| record(&row, after)).collect();
    let (rows, end) = page(rows, params, "cursor", 20)?;
    let end = Some(end).filter(|end| !end.is_empty());
    Ok(json!({"list": rows, "cursor": end}))
}

fn record(row: &Movement<'_>, after: Decimal) -> Row {
    let entry = row.entry;
    let id = log_id(entry.id);
    let value = json!({
        "category": product_of(row).word(),
        "id": id.to_string(),
        "symbol": entry.instrument.as_deref().unwrap_or_default(),
        "coin": entry.asset,
        "type": kind(row),
        "amount": number(row.cash_flow + row.funding),
        "fee": number(-row.fee),
        "balance": number(after),
        "ts": milliseconds(entry.at),
    });
    (id, value)
}

/// `GET /api/v3/trade/fills`: here, and nowhere else, a paid fee is positive.
pub(crate) fn fills(sim: &Simulation, index: usize, params: &Params) -> Done {
    let span = span(params, sim.now(), LONGEST_FILLS)?;
    let scope = match params.text(PRODUCT) {
        Some(_) => Some(Scope::read(sim, params, PRODUCT)?),
        None => None,
    };
    let order = params.text("orderId");
    let fills: Vec<&Fill> = sim.ledger.fills(index).collect();
    let meant = fills.into_iter().rev().filter(|fill| {
        let contract = contract_of(sim, fill);
        let is_covered = scope
            .as_ref()
            .is_none_or(|scope| contract.is_some_and(|contract| scope.covers(sim, contract)));
        let is_of_order = order.is_none_or(|order| order_of(sim, fill) == order);
        span.holds(fill.at) && is_covered && is_of_order
    });
    let rows: Vec<Row> = meant.map(|fill| fill_row(sim, fill)).collect();
    let (rows, end) = page(rows, params, "cursor", 100)?;
    let end = Some(end).filter(|end| !end.is_empty());
    Ok(json!({"list": rows, "cursor": end}))
}

fn fill_row(sim: &Simulation, fill: &Fill) -> Row {
    let id = log_id(fill.id);
    let closes = match fill.position_side {
        // Of one-way mode the result says it.
        PositionSide::Net => !fill.realized.is_zero(),
        about => about.is_closed_by(fill.side),
    };
    let value: Value = json!({
        "execId": id.to_string(),
        "execLinkId": id.to_string(),
        "orderId": order_of(sim, fill),
        "clientOid": "",
        "category": Product::of_coin(&fill.asset).word(),
        "symbol": fill.instrument,
        "orderType": "market",
        "side": side(fill.side),
        "execPrice": number(fill.price),
        "execQty": number(fill.quantity),
        "execValue": number(fill.price * fill.quantity),
        "tradeScope": scope_of(fill),
        "tradeSide": if closes { "close" } else { "open" },
        "feeDetail": [{"feeCoin": fill.asset, "fee": number(fill.fee)}],
        "createdTime": milliseconds(fill.at),
        "updatedTime": milliseconds(fill.at),
        "execPnl": number(fill.realized),
        "isRPI": "no",
    });
    (id, value)
}
