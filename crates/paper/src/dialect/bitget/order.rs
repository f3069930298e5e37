//! Placing an order, as both families do it.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::find::placed;
use super::markets::MINIMUM_VALUE;
use super::plans::Plan;
use super::reply::{Done, Refusal, nothing_to_close, too_large, wrong};
use super::words::{made_up, number, order_id};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::{Wanted, place};
use crate::sim::Simulation;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::market::Contract;
use crate::sim::order::{Order, OrderType, Side, Ticket};
use crate::sim::position::{PositionMode, PositionSide};
use crate::sim::trade::TradeError;
use crate::venue::State;

/// Conditional orders that are noted before those that have ended are forgotten.
const MOST_PLANS: usize = 10_000;

/// An order as it was asked for.
pub(crate) struct Asked {
    pub(crate) wanted: Wanted,
    /// The client's id; empty without one.
    pub(crate) link: String,
    /// Whether what does not fill at once is cancelled.
    pub(crate) is_immediate: bool,
    /// What kind of conditional order it is.
    pub(crate) plan: Option<Plan>,
}

/// Places an order and says its ids.
pub(crate) fn submit(state: &mut State, mut asked: Asked, behaviour: &Behaviour) -> Done {
    let account = asked.wanted.account;
    if state.bitget.links.holds(account, &asked.link) {
        return Err(Refusal::new("43118", "clientOrderId duplicate"));
    }
    check(&state.sim, &asked.wanted)?;
    let is_close = asked.wanted.only_reduces() && asked.plan.is_none();
    if let Some(text) = behaviour.refused.as_ref().filter(|_| is_close) {
        return Err(Refusal::new("40725", text));
    }
    let is_room_made = is_close && make_room(&mut state.sim, &mut asked.wanted)?;
    let id = place(state, &asked.wanted, behaviour)?;
    let order = id.as_deref().and_then(|id| placed(&state.sim, id));
    let order_number = match order.map(|order| order.id) {
        Some(order_number) => order_number,
        None => state.sim.take_id(),
    };
    if let Some(id) = id {
        state.bitget.links.add(account, &id, &asked.link);
        if asked.is_immediate {
            let rest = std::slice::from_ref(&id);
            state.sim.cancel_each(rest, CancelBehaviour::Normal);
        }
        if let Some(plan) = asked.plan {
            keep(state, id, plan);
        }
    }
    Ok(reply(order_number, &asked.link, is_room_made))
}

/// Notes a conditional order, and forgets those whose order is forgotten.
fn keep(state: &mut State, id: String, plan: Plan) {
    let (plans, sim) = (&mut state.bitget.plans, &state.sim);
    if plans.len() >= MOST_PLANS {
        plans.retain(|id, _| placed(sim, id).is_some_and(|order| order.state.is_live()));
    }
    plans.insert(id, plan);
}

/// The reply to an order that pushed others out names no order (Place-Order).
fn reply(order_number: u64, link: &str, is_room_made: bool) -> Value {
    let client = match link {
        "" => made_up(order_number),
        link => link.to_owned(),
    };
    let id = (!is_room_made).then(|| order_id(order_number));
    json!({"orderId": id, "clientOid": client})
}

/// What the venue says of an order before it is placed.
fn check(sim: &Simulation, wanted: &Wanted) -> Result<(), Refusal> {
    let Some(contract) = sim.market.contracts.get(wanted.key.contract) else {
        return Err(wrong("symbol"));
    };
    if !wanted.key.side.belongs_to(sim.mode(wanted.account)) {
        return Err(TradeError::WrongPositionSide.into());
    }
    check_size(contract, &wanted.ticket)?;
    if wanted.only_reduces() {
        return Ok(());
    }
    let ticket = &wanted.ticket;
    let price = ticket.limit_price.or(ticket.stop_price);
    let price = price.unwrap_or(contract.last);
    // Of the price, and not of the coin, where a contract is listed as inverse.
    if contract.money(price * ticket.quantity) < MINIMUM_VALUE {
        let text = format!(
            "less than the minimum amount {} USDT",
            number(MINIMUM_VALUE)
        );
        return Err(Refusal::new("45110", &text));
    }
    Ok(())
}

fn check_size(contract: &Contract, ticket: &Ticket) -> Result<(), Refusal> {
    let (rules, quantity) = (&contract.rules, ticket.quantity);
    if quantity > Decimal::ZERO && rules.round_down(quantity) != quantity {
        let text = format!(
            "Parameter verification exception size checkBDScale error value={} checkScale={}",
            number(quantity),
            rules.step.normalize().scale(),
        );
        return Err(Refusal::new("40808", &text));
    }
    if quantity < rules.minimum {
        return Err(TradeError::BelowMinimum(rules.minimum).into());
    }
    let is_market = ticket.order_type == OrderType::Market;
    let most = rules.market_maximum.filter(|_| is_market);
    if quantity > most.unwrap_or(rules.maximum) {
        return Err(too_large());
    }
    Ok(())
}

/// Fits a closing order in beside those that rest. In one-way mode a new one over the
/// position's size pushes the older ones out, and it is said whether it did; in hedge
/// mode they keep what they lock, and a market order closes what is left.
fn make_room(sim: &mut Simulation, wanted: &mut Wanted) -> Result<bool, Refusal> {
    let held = sim.held(wanted.account, wanted.key);
    let closes = !held.is_zero() && Side::of(held) != wanted.ticket.side;
    if !closes {
        return Err(match sim.mode(wanted.account) {
            PositionMode::OneWay => nothing_to_close(),
            // B18: seen where a short that was not there was closed.
            PositionMode::Hedge => Refusal::new(
                "40808",
                "Parameter verification exception delegate count 0 > 0 ",
            ),
        });
    }
    let resting = sim.closing_in_book(wanted.account, wanted.key, wanted.ticket.side);
    let size = held.abs();
    if wanted.key.side == PositionSide::Net {
        let is_over = !resting.is_zero() && resting + wanted.ticket.quantity > size;
        if is_over {
            push_out(sim, wanted);
        }
        return Ok(is_over);
    }
    if wanted.ticket.order_type == OrderType::Market {
        let free = size - resting.min(size);
        if free.is_zero() {
            return Err(nothing_to_close());
        }
        wanted.ticket.quantity = wanted.ticket.quantity.min(free);
    }
    Ok(false)
}

/// Cancels the closing orders that rest in the book beside a new one.
fn push_out(sim: &mut Simulation, wanted: &Wanted) {
    let is_older = |order: &&Order| {
        let is_about_it = order.account == wanted.account && order.key == wanted.key;
        let is_in_book = order.state.is_live() && !order.waits_for_trigger();
        is_about_it && is_in_book && order.only_reduces() && order.side == wanted.ticket.side
    };
    let older = sim.orders.iter().filter(is_older);
    let older: Vec<String> = older.map(|order| order.order_id.clone()).collect();
    sim.cancel_each(&older, CancelBehaviour::Normal);
}

/// The type of a conditional order, by where its trigger lies: a stop to buy and a
/// target to sell lie above the price. What takes profit is a market order here.
pub(crate) fn conditional_type(
    sim: &Simulation,
    contract: usize,
    side: Side,
    trigger: Decimal,
    has_limit: bool,
) -> Result<OrderType, Refusal> {
    let last = sim.market.contracts.get(contract).map(|it| it.last);
    let last = last.unwrap_or_default();
    let is_stop = match side {
        Side::Buy => trigger >= last,
        Side::Sell => trigger <= last,
    };
    match (is_stop, has_limit) {
        (true, false) => Ok(OrderType::StopMarket),
        (true, true) => Ok(OrderType::StopLimit),
        (false, false) => Ok(OrderType::TakeProfit),
        (false, true) => Err(wrong("executePrice")),
    }
}
