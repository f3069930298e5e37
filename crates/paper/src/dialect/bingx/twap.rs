//! TWAP orders, which the venue trades in parts. They have a list of their own, and only
//! a call of their own cancels them.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::asked::read_side;
use super::orders::not_there;
use super::params::{Params, missing, wrong};
use super::reply::{Done, Refusal};
use super::words::{milliseconds, quantity, side, twap_id, twap_number};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::sim::Simulation;
use crate::sim::order::Side;
use crate::sim::position::{PositionMode, PositionSide};
use crate::sim::twap::{LONGEST_MS, Twap, TwapState, TwapTicket};

/// The shortest and the longest time between two parts, in seconds.
const SHORTEST: i64 = 5;
const LONGEST: i64 = 120;

/// `POST /openApi/swap/v1/twap/order`. It names `LONG` or `SHORT` in one-way mode too.
pub(crate) fn create(sim: &mut Simulation, account: usize, params: &Params) -> Done {
    let contract = params.symbol(sim)?;
    let rules = sim.market.contracts.get(contract);
    let rules = rules.map(|contract| contract.rules.clone());
    let needed = |name: &str| params.decimal(name)?.ok_or_else(|| missing(name));
    let position_side = match (sim.mode(account), params.needed("positionSide")?) {
        (PositionMode::OneWay, "LONG" | "SHORT" | "BOTH") => PositionSide::Net,
        (PositionMode::Hedge, "LONG") => PositionSide::Long,
        (PositionMode::Hedge, "SHORT") => PositionSide::Short,
        _ => return Err(wrong("positionSide")),
    };
    if !matches!(params.needed("priceType")?, "constant" | "percentage") {
        return Err(wrong("priceType"));
    }
    needed("priceVariance")?;
    let seconds = params.whole("interval")?;
    let seconds = seconds.ok_or_else(|| missing("interval"))?;
    if !(SHORTEST..=LONGEST).contains(&seconds) {
        return Err(wrong("interval"));
    }
    let (per_order, total) = (needed("amountPerOrder")?, needed("totalAmount")?);
    let is_sized = |amount: Decimal| {
        let rules = rules.as_ref();
        rules.is_some_and(|it| it.round_down(amount) == amount && amount >= it.minimum)
    };
    if !is_sized(per_order) || !is_sized(total) || per_order > total {
        return Err(wrong("amountPerOrder"));
    }
    let ticket = TwapTicket {
        instrument: params.needed("symbol")?.to_owned(),
        side: read_side(params)?,
        position_side,
        per_order,
        total,
        every_ms: u64::try_from(seconds)
            .unwrap_or_default()
            .saturating_mul(1000),
        limit: needed("triggerPrice")?,
    };
    let name = sim
        .accounts
        .get(account)
        .map(|account| account.name.clone());
    let number = sim.place_twap(&name.unwrap_or_default(), &ticket)?;
    Ok(json!({"mainOrderId": twap_id(number).to_string()}))
}

/// `GET /openApi/swap/v1/twap/openOrders`.
pub(crate) fn list(sim: &Simulation, account: usize, params: &Params) -> Done {
    let wanted = params.optional_symbol(sim)?;
    let twaps = sim.live_twaps(account);
    let rows: Vec<Value> = twaps
        .filter(|twap| wanted.is_none_or(|wanted| wanted == twap.key.contract))
        .filter_map(|twap| row(sim, twap))
        .collect();
    Ok(json!({"total": rows.len(), "list": rows}))
}

/// `GET /openApi/swap/v1/twap/orderDetail`, which shows finished ones too.
pub(crate) fn one(sim: &Simulation, account: usize, params: &Params) -> Done {
    let number = twap_number(params.needed("mainOrderId")?);
    let mut twaps = sim.twaps.iter();
    let found = twaps.find(|twap| Some(twap.id) == number && twap.account == account);
    found.and_then(|twap| row(sim, twap)).ok_or_else(not_there)
}

/// `POST /openApi/swap/v1/twap/cancelOrder`. The reply is the order as it was.
pub(crate) fn cancel(
    sim: &mut Simulation,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let shown = one(sim, account, params)?;
    let number = twap_number(params.needed("mainOrderId")?).unwrap_or_default();
    sim.cancel_twap(account, number, behaviour.cancel)
        .map_err(|_| -> Refusal { not_there() })?;
    Ok(shown)
}

fn row(sim: &Simulation, twap: &Twap) -> Option<Value> {
    let contract = sim.market.contracts.get(twap.key.contract)?;
    // In one-way mode it is the side that it trades to.
    let position_side = match (twap.key.side, twap.side) {
        (PositionSide::Long, _) | (PositionSide::Net, Side::Buy) => "LONG",
        (PositionSide::Short, _) | (PositionSide::Net, Side::Sell) => "SHORT",
    };
    let now = sim.now();
    let age = now.signed_duration_since(twap.placed).num_seconds();
    Some(json!({
        "mainOrderId": twap_id(twap.id).to_string(),
        "symbol": contract.symbol.as_str(),
        "side": side(twap.side),
        "positionSide": position_side,
        "priceType": "constant",
        "priceVariance": "0",
        "triggerPrice": twap.limit.normalize().to_string(),
        "interval": twap.every_ms / 1000,
        "amountPerOrder": quantity(contract, twap.per_order),
        "totalAmount": quantity(contract, twap.total),
        "orderStatus": status(twap),
        "executedQty": quantity(contract, twap.executed),
        "duration": age,
        "maxDuration": LONGEST_MS / 1000,
        "createdTime": milliseconds(twap.placed),
        "updateTime": milliseconds(twap.updated),
    }))
}

fn status(twap: &Twap) -> &'static str {
    match (twap.state, twap.executed.is_zero()) {
        (TwapState::Running, true) => "Pending",
        (TwapState::Running, false) => "Running",
        (TwapState::Filled, _) => "Filled",
        (TwapState::Cancelled, true) => "Cancelled",
        (TwapState::Cancelled, false) => "PartiallyFilledAndResidueCancelled",
    }
}
