//! What moved money, and fills: both newest first. What was paid is negative.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::PRODUCT;
use crate::dialect::bitget::find::placed;
use crate::dialect::bitget::markets::Product;
use crate::dialect::bitget::pages::{Row, page, span};
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::reply::Done;
use crate::dialect::bitget::words::{
    classic_side, milliseconds, mode, number, order_id, trade_side,
};
use crate::dialect::exchange::movements::{Movement, with_balances};
use crate::sim::Simulation;
use crate::sim::ledger::{EntryKind, Fill, Liquidity};
use crate::sim::order::Side;
use crate::sim::position::PositionSide;

/// The longest span of bills that may be asked for.
pub(crate) const LONGEST_BILLS: TimeDelta = TimeDelta::days(30);
/// The longest span of fills.
pub(crate) const LONGEST_FILLS: TimeDelta = TimeDelta::days(90);
/// What is added to the number of a movement of money or of a fill.
const FIRST_BILL: u64 = 1_111_499_428_000_000_000;

/// The id of a movement or a fill.
pub(crate) fn log_id(number: u64) -> u64 {
    FIRST_BILL.saturating_add(number)
}

/// What the venue calls a movement.
pub(crate) fn business(row: &Movement<'_>) -> String {
    if let Some(word) = &row.entry.word {
        return word.clone();
    }
    let word = match (row.entry.kind, row.fill) {
        (EntryKind::Funding, _) => "contract_settle_fee",
        (EntryKind::Transfer, _) if row.cash_flow.is_sign_negative() => "trans_to_exchange",
        (EntryKind::Transfer, _) => "trans_from_exchange",
        (_, Some(fill)) => match (fill.position_side, fill.side) {
            (PositionSide::Net, Side::Buy) => "buy",
            (PositionSide::Net, Side::Sell) => "sell",
            (PositionSide::Long, Side::Buy) => "open_long",
            (PositionSide::Long, Side::Sell) => "close_long",
            (PositionSide::Short, Side::Sell) => "open_short",
            (PositionSide::Short, Side::Buy) => "close_short",
        },
        // Its fill is forgotten.
        (_, None) => "unknown",
    };
    word.to_owned()
}

/// `GET /api/v2/mix/account/bill`.
pub(crate) fn bills(sim: &Simulation, index: usize, params: &Params) -> Done {
    let scope = Scope::read(sim, params, PRODUCT)?;
    let span = span(params, sim.now(), LONGEST_BILLS)?;
    let (coin, kind) = (params.text("coin"), params.text("businessType"));
    let symbol = params.text("symbol");
    let meant = with_balances(sim, index).into_iter().filter(|(row, _)| {
        let entry = row.entry;
        span.holds(entry.at)
            && Product::of_coin(&entry.asset) == scope.product
            && coin.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&entry.asset))
            && symbol.is_none_or(|wanted| entry.instrument.as_deref() == Some(wanted))
            && kind.is_none_or(|wanted| wanted == business(row))
    });
    let rows: Vec<Row> = meant.map(|(row, after)| bill(&row, after)).collect();
    let (rows, end) = page(rows, params, "idLessThan", 20)?;
    Ok(json!({"bills": rows, "endId": end}))
}

fn bill(row: &Movement<'_>, after: Decimal) -> Row {
    let entry = row.entry;
    let id = log_id(entry.id);
    let value = json!({
        "billId": id.to_string(),
        "symbol": entry.instrument.as_deref().unwrap_or_default(),
        "amount": number(row.cash_flow + row.funding),
        "fee": number(-row.fee),
        "feeByCoupon": "",
        "businessType": business(row),
        "coin": entry.asset,
        "balance": number(after),
        "cTime": milliseconds(entry.at),
    });
    (id, value)
}

/// `GET /api/v2/mix/order/fills`.
pub(crate) fn fills(sim: &Simulation, index: usize, params: &Params) -> Done {
    let scope = Scope::read(sim, params, PRODUCT)?;
    let span = span(params, sim.now(), LONGEST_FILLS)?;
    let order = params.text("orderId");
    let fills: Vec<&Fill> = sim.ledger.fills(index).collect();
    let meant = fills.into_iter().rev().filter(|fill| {
        let contract = contract_of(sim, fill);
        let is_covered = contract.is_some_and(|contract| scope.covers(sim, contract));
        let is_of_order = order.is_none_or(|order| order_of(sim, fill) == order);
        span.holds(fill.at) && is_covered && is_of_order
    });
    let rows: Vec<Row> = meant.map(|fill| fill_row(sim, index, fill)).collect();
    let (rows, end) = page(rows, params, "idLessThan", 100)?;
    Ok(json!({"fillList": rows, "endId": end}))
}

/// The place of a fill's contract.
pub(crate) fn contract_of(sim: &Simulation, fill: &Fill) -> Option<usize> {
    let mut contracts = sim.market.contracts.iter();
    contracts.position(|contract| contract.symbol.as_str() == fill.instrument)
}

/// The id of a fill's order; empty of one that is forgotten.
pub(crate) fn order_of(sim: &Simulation, fill: &Fill) -> String {
    let order = placed(sim, &fill.order_id);
    order.map(|order| order_id(order.id)).unwrap_or_default()
}

pub(crate) fn scope_of(fill: &Fill) -> &'static str {
    match fill.liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}

fn fill_row(sim: &Simulation, index: usize, fill: &Fill) -> Row {
    let id = log_id(fill.id);
    let value: Value = json!({
        "tradeId": id.to_string(),
        "symbol": fill.instrument,
        "orderId": order_of(sim, fill),
        "price": number(fill.price),
        "baseVolume": number(fill.quantity),
        "feeDetail": [{
            "deduction": "no",
            "feeCoin": fill.asset,
            "totalDeductionFee": "0",
            "totalFee": number(-fill.fee),
        }],
        "side": classic_side(fill.position_side, fill.side),
        "quoteVolume": number(fill.price * fill.quantity),
        "profit": number(fill.realized),
        "enterPointSource": "api",
        "tradeSide": trade_side(fill.position_side, fill.side),
        "posMode": mode(sim.mode(index)),
        "tradeScope": scope_of(fill),
        "cTime": milliseconds(fill.at),
    });
    (id, value)
}
