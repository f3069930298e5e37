//! Placing an order of any kind but TWAP, which is one way to close a position.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::BingXState;
use super::asked::{Asked, Force, Kind};
use super::markets::MINIMUM_NOTIONAL;
use super::orders::placed;
use super::params::{Params, missing, wrong};
use super::positions;
use super::reply::{Done, ONLY_REDUCES, Refusal};
use super::words::{late_order_id, order_id, position_side, side};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::coins::base_coin;
use crate::dialect::exchange::place::place;
use crate::sim::Simulation;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::market::Contract;
use crate::sim::order::Side;
use crate::sim::position::PositionSide;
use crate::venue::State;

/// How long the second order with an id is only one too fast.
const TOO_FAST: TimeDelta = TimeDelta::seconds(1);

/// `POST /openApi/swap/v2/trade/order`. The reply is an acknowledgement and no more.
pub(crate) fn create(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let asked = Asked::read(&state.sim, account, params)?;
    check(&state.sim, &state.bingx, &asked)?;
    check_named(&state.sim, &asked, params)?;
    let order = &asked.order;
    if let Some(text) = behaviour.refused.as_ref().filter(|_| order.only_reduces()) {
        return Err(Refusal::new(101_413, text));
    }
    let id = place(state, order, behaviour)?;
    let number = match &id {
        Some(id) => order_id(placed(&state.sim, id)?),
        None => late_order_id(state.sim.take_id()),
    };
    if let Some(id) = &id {
        state.bingx.links.add(account, id, &asked.link_id);
        if asked.closes_all {
            state.bingx.closing_all.insert(id.clone());
        }
        if asked.force == Force::Immediate {
            state
                .sim
                .cancel_each(std::slice::from_ref(id), CancelBehaviour::Normal);
        }
    }
    Ok(acknowledged(params, &asked, number))
}

/// `POST /openApi/swap/v2/trade/order/test`: nothing is placed.
pub(crate) fn test(sim: &Simulation, known: &BingXState, account: usize, params: &Params) -> Done {
    let asked = Asked::read(sim, account, params)?;
    check(sim, known, &asked)?;
    Ok(acknowledged(params, &asked, 0))
}

/// The id stands there twice: as a number, and in a text whose name ends in capitals.
fn acknowledged(params: &Params, asked: &Asked, id: u64) -> Value {
    let ticket = &asked.order.ticket;
    json!({
        "order": {
            "symbol": ticket.instrument,
            "orderId": id,
            "orderID": id.to_string(),
            "side": side(ticket.side),
            "positionSide": position_side(ticket.position_side),
            "type": params.text("type"),
            "clientOrderID": asked.link_id,
            "clientOrderId": asked.link_id,
            "workingType": "MARK_PRICE",
            "reduceOnly": ticket.reduce_only,
        },
    })
}

fn check(sim: &Simulation, known: &BingXState, asked: &Asked) -> Result<(), Refusal> {
    check_link(sim, known, asked)?;
    let order = &asked.order;
    let Some(contract) = sim.market.contracts.get(order.key.contract) else {
        return Ok(());
    };
    if asked.kind.protects() {
        check_trigger(contract, asked)?;
        return check_protects(sim, contract, asked);
    }
    check_minimum(contract, asked)?;
    contract.rules.check(&order.ticket)?;
    check_value(contract, asked)?;
    if asked.force == Force::PostOnly && fills_at_once(contract, asked) {
        let text = "The Maker (Post Only) order ensures that the user always acts as a maker. \
                    If the order would immediately match with available orders in the market, \
                    it will be canceled.";
        return Err(Refusal::new(101_215, text));
    }
    if order.only_reduces() && !asked.kind.has_trigger() {
        return check_reducible(sim, contract, asked);
    }
    Ok(())
}

/// With a margin for each opening an order that closes says which position it means.
fn check_named(sim: &Simulation, asked: &Asked, params: &Params) -> Result<(), Refusal> {
    let order = &asked.order;
    let account = sim.accounts.get(order.account);
    let account = account.filter(|account| account.separate && order.only_reduces());
    let Some(account) = account else {
        return Ok(());
    };
    let mut held = account.positions.iter();
    let held = held.find(|position| position.key == order.key);
    let id = held.map(|position| positions::id(sim, order.account, position));
    match params.text("positionId") {
        None => Err(missing("positionId")),
        named if named == id.as_deref() => Ok(()),
        Some(_) => Err(wrong("positionId")),
    }
}

/// A client's id is taken once.
fn check_link(sim: &Simulation, known: &BingXState, asked: &Asked) -> Result<(), Refusal> {
    let account = asked.order.account;
    if asked.link_id.is_empty() || !known.links.holds(account, &asked.link_id) {
        return Ok(());
    }
    let mut orders = sim.orders.iter().rev();
    let same = orders.find(|order| known.links.of(&order.order_id) == asked.link_id);
    let age = same.map(|order| sim.now().signed_duration_since(order.placed));
    if age.is_some_and(|age| age < TOO_FAST) {
        let text = "The same order number is only allowed to be submitted once within 1 second.";
        return Err(Refusal::new(109_201, text));
    }
    Err(Refusal::new(101_481, "clientOrderID cannot be repeated"))
}

fn check_minimum(contract: &Contract, asked: &Asked) -> Result<(), Refusal> {
    let minimum = contract.rules.minimum;
    if asked.order.ticket.quantity >= minimum {
        return Ok(());
    }
    let coin = base_coin(contract);
    let text = format!("The minimum order amount is {minimum} {coin}.");
    let code = if asked.order.only_reduces() {
        101_485
    } else {
        101_400
    };
    Err(Refusal::new(code, &text))
}

/// The least value is no rule for what closes. Not confirmed.
fn check_value(contract: &Contract, asked: &Asked) -> Result<(), Refusal> {
    let ticket = &asked.order.ticket;
    let price = ticket.limit_price.unwrap_or(contract.last);
    let value = contract.money(price * ticket.quantity);
    if asked.order.only_reduces() || value >= MINIMUM_NOTIONAL {
        return Ok(());
    }
    let text = "Please ensure that the minimum nominal value of the order placed must be \
                greater than 2u";
    Err(Refusal::new(110_425, text))
}

fn fills_at_once(contract: &Contract, asked: &Asked) -> bool {
    let ticket = &asked.order.ticket;
    ticket.limit_price.is_some_and(|limit| match ticket.side {
        Side::Buy => contract.last <= limit,
        Side::Sell => contract.last >= limit,
    })
}

/// Where the stop or the target of a position may be.
fn check_trigger(contract: &Contract, asked: &Asked) -> Result<(), Refusal> {
    let ticket = &asked.order.ticket;
    let trigger = ticket.stop_price.unwrap_or_default();
    let is_target = asked.kind == Kind::TakeProfitMarket;
    let closes_long = ticket.side == Side::Sell;
    let is_right = if closes_long == is_target {
        trigger > contract.last
    } else {
        trigger < contract.last
    };
    if is_right {
        return Ok(());
    }
    let (code, text) = match (is_target, closes_long) {
        (false, true) => (
            110_411,
            "Stop Loss price should be lower than the current price",
        ),
        (false, false) => (
            110_412,
            "Stop Loss price should be greater than the current price",
        ),
        (true, true) => (
            110_413,
            "Take Profit price should be greater than the current price",
        ),
        (true, false) => (
            110_414,
            "Take Profit price should be lower than the current price",
        ),
    };
    Err(Refusal::new(code, text))
}

/// The stops of a position, and its targets, name together at most what is held.
fn check_protects(sim: &Simulation, contract: &Contract, asked: &Asked) -> Result<(), Refusal> {
    let order = &asked.order;
    let ticket = &order.ticket;
    let held = sim.held(order.account, order.key);
    if held.is_zero() || Side::of(held) == ticket.side {
        return Err(Refusal::new(109_420, "position not exist"));
    }
    contract.rules.check(ticket)?;
    let same = sim.orders.iter().filter(|other| {
        let is_about_it = other.account == order.account && other.key == order.key;
        let is_same = other.order_type == ticket.order_type && other.side == ticket.side;
        is_about_it && is_same && other.state.is_live() && other.waits_for_trigger()
    });
    let resting: Decimal = same.map(|other| other.quantity.min(held.abs())).sum();
    if !asked.closes_all && resting + ticket.quantity > held.abs() {
        return Err(too_large(contract, held.abs() - resting));
    }
    Ok(())
}

/// What is to close a position needs one, and names at most what no resting limit holds.
fn check_reducible(sim: &Simulation, contract: &Contract, asked: &Asked) -> Result<(), Refusal> {
    let order = &asked.order;
    let (account, key, quantity) = (order.account, order.key, order.ticket.quantity);
    let held = sim.held(account, key);
    let is_there = !held.is_zero() && Side::of(held) != order.ticket.side;
    if !is_there || quantity > held.abs() {
        return Err(match (key.side, is_there) {
            (PositionSide::Net, _) => Refusal::new(101_290, ONLY_REDUCES),
            (_, false) => Refusal::new(101_205, "No position to close"),
            (_, true) => too_large(contract, held.abs()),
        });
    }
    let resting = sim.closing_in_book(account, key, order.ticket.side);
    if quantity > held.abs() - resting {
        let text = "The available amount for closing is insufficient";
        return Err(Refusal::new(110_203, text));
    }
    Ok(())
}

fn too_large(contract: &Contract, free: Decimal) -> Refusal {
    let free = free.max(Decimal::ZERO).normalize();
    let coin = base_coin(contract);
    let text = format!("The order size must be less than the available amount of {free} {coin}");
    Refusal::new(110_424, &text)
}
