//! Placing an order, which is how a position is closed.

use rust_decimal::Decimal;
use serde_json::json;

use super::behaviour::Behaviour;
use super::markets::{self, MINIMUM_NOTIONAL};
use super::params::{Params, wrong};
use super::reply::{Done, Refusal};
use super::words::{number, order_id};
use crate::sim::Simulation;
use crate::sim::flatten::{Fills, Held, Share};
use crate::sim::market::Contract;
use crate::sim::order::{OrderType, Side, Ticket};
use crate::sim::position::{PositionKey, PositionSide};
use crate::sim::trade::TradeError;
use crate::venue::State;

/// The longest client id.
const LONGEST_LINK: usize = 36;
/// By how much quantities are multiplied in the text about too large a one.
const SHOWN_BY: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 0);

/// An order as it was asked for.
struct Wanted {
    account: usize,
    key: PositionKey,
    ticket: Ticket,
    /// Of no more than can be closed, whatever is held.
    closes_all: bool,
    link_id: String,
}

/// `POST /v5/order/create`. The reply is an acknowledgement and no more.
pub(crate) fn create(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let mut wanted = read(&state.sim, account, params)?;
    if state.bybit.is_linked(account, &wanted.link_id) {
        return Err(Refusal::new(110_072, "OrderLinkedID is duplicate"));
    }
    check(&state.sim, &mut wanted)?;
    let closes = wanted.ticket.reduce_only;
    if let Some(text) = behaviour.refused.as_ref().filter(|_| closes) {
        return Err(Refusal::new(110_063, text));
    }
    let before = state.sim.held(account, wanted.key);
    let id = place(&mut state.sim, &wanted, behaviour)?;
    state.bybit.link(account, &id, &wanted.link_id);
    if closes {
        meanwhile(state, &wanted, before, behaviour);
    }
    Ok(json!({"orderId": order_id(&id), "orderLinkId": wanted.link_id}))
}

fn read(sim: &Simulation, account: usize, params: &Params) -> Result<Wanted, Refusal> {
    let symbol = params.text("symbol").ok_or_else(|| wrong("symbol"))?;
    let contract = markets::find(sim, params.category()?, symbol)?;
    let side = match params.text("side") {
        Some("Buy") => Side::Buy,
        Some("Sell") => Side::Sell,
        _ => return Err(wrong("side")),
    };
    let position_side = match params.whole("positionIdx")? {
        None | Some(0) => PositionSide::Net,
        Some(1) => PositionSide::Long,
        Some(2) => PositionSide::Short,
        Some(_) => return Err(wrong("positionIdx")),
    };
    let link_id = params.text("orderLinkId").unwrap_or_default().to_owned();
    if link_id.len() > LONGEST_LINK {
        return Err(wrong("orderLinkId"));
    }
    let quantity = params.decimal("qty")?.ok_or_else(|| wrong("qty"))?;
    let limit_price = params.decimal("price")?;
    let stop_price = params.decimal("triggerPrice")?;
    let ticket = Ticket {
        order_type: order_type(params, stop_price.is_some(), side)?,
        limit_price,
        stop_price,
        reduce_only: params.flag("reduceOnly"),
        position_side,
        ..Ticket::market(symbol, side, quantity)
    };
    Ok(Wanted {
        account,
        key: PositionKey {
            contract,
            side: position_side,
        },
        closes_all: quantity.is_zero()
            && params.flag("reduceOnly")
            && params.flag("closeOnTrigger"),
        ticket,
        link_id,
    })
}

/// A trigger lies where a stop has it: above the price to buy, below to sell.
fn order_type(params: &Params, has_trigger: bool, side: Side) -> Result<OrderType, Refusal> {
    let direction = match side {
        Side::Buy => 1,
        Side::Sell => 2,
    };
    if has_trigger && params.whole("triggerDirection")? != Some(direction) {
        return Err(wrong("triggerDirection"));
    }
    match (params.text("orderType"), has_trigger) {
        (Some("Market"), false) => Ok(OrderType::Market),
        (Some("Market"), true) => Ok(OrderType::StopMarket),
        (Some("Limit"), false) => Ok(OrderType::Limit),
        (Some("Limit"), true) => Ok(OrderType::StopLimit),
        _ => Err(wrong("orderType")),
    }
}

/// What the venue says of its own before the order's rules; the quantity of an order
/// that closes all is filled in.
fn check(sim: &Simulation, wanted: &mut Wanted) -> Result<(), Refusal> {
    let Some(contract) = sim.market.contracts.get(wanted.key.contract) else {
        return Err(wrong("symbol"));
    };
    if !wanted.key.side.belongs_to(sim.mode(wanted.account)) {
        return Err(TradeError::WrongPositionSide.into());
    }
    let ticket = &mut wanted.ticket;
    if ticket.reduce_only {
        let held = sim.held(wanted.account, wanted.key);
        if held.is_zero() || Side::of(held) == ticket.side {
            return Err(TradeError::NothingToReduce.into());
        }
        if wanted.closes_all {
            ticket.quantity = held.abs().min(largest(contract, ticket));
        } else if ticket.quantity > Decimal::ZERO && ticket.quantity < contract.rules.step {
            return Err(Refusal::new(110_017, "orderQty will be truncated to zero"));
        }
        return check_size(contract, ticket);
    }
    check_size(contract, ticket)?;
    let price = ticket.limit_price.unwrap_or(contract.last);
    if contract.money(price * ticket.quantity) < MINIMUM_NOTIONAL {
        let text = "Order does not meet minimum order value 5USDT";
        return Err(Refusal::new(110_094, text));
    }
    Ok(())
}

fn largest(contract: &Contract, ticket: &Ticket) -> Decimal {
    let rules = &contract.rules;
    let is_market = ticket.order_type == OrderType::Market;
    let market = rules.market_maximum.filter(|_| is_market);
    market.unwrap_or(rules.maximum)
}

fn check_size(contract: &Contract, ticket: &Ticket) -> Result<(), Refusal> {
    let most = largest(contract, ticket);
    let Some(shown) = ticket.quantity.checked_mul(SHOWN_BY) else {
        return Err(wrong("qty"));
    };
    if ticket.quantity > most {
        let text = format!(
            "The number of contracts exceeds maximum limit allowed: too large, order_qty:{} > max_qty:{}",
            number(shown),
            number(most * SHOWN_BY),
        );
        return Err(Refusal::parameter(&text));
    }
    Ok(())
}

/// Places it; an order that only reduces is filled as the faults say.
fn place(sim: &mut Simulation, wanted: &Wanted, behaviour: &Behaviour) -> Result<String, Refusal> {
    let name = sim.accounts.get(wanted.account).map(|it| it.name.clone());
    let name = name.unwrap_or_default();
    let ticket = &wanted.ticket;
    let is_close = ticket.reduce_only && ticket.order_type == OrderType::Market;
    let close = behaviour.close;
    if !is_close || (close.share == Share::Whole && close.fills == Fills::AtOnce) {
        return Ok(sim.place(&name, ticket)?);
    }
    if close.fills != Fills::AtOnce {
        sim.close_part(wanted.account, wanted.key, ticket.quantity, close);
        return Ok(sim.take_order_id());
    }
    let held = sim.held(wanted.account, wanted.key).abs();
    let contract = sim.market.contracts.get(wanted.key.contract);
    let part = contract.map_or(Decimal::ZERO, |contract| match close.share {
        Share::Half => contract
            .rules
            .round_down(ticket.quantity.min(held) / Decimal::TWO),
        Share::Whole | Share::Nothing => Decimal::ZERO,
    });
    Ok(sim.place_in_part(&name, ticket, part)?)
}

/// What others do while a position is closed.
fn meanwhile(state: &mut State, wanted: &Wanted, before: Decimal, behaviour: &Behaviour) {
    if let Some((instrument, quantity)) = &behaviour.appears {
        let name = state.sim.accounts.get(wanted.account);
        let name = name.map(|account| account.name.clone()).unwrap_or_default();
        // One that cannot be opened does not appear.
        let _refused = state.sim.open_by_hand(&name, instrument, *quantity, None);
    }
    if let Some((rule, after_ms)) = behaviour.reenters {
        state.faults.spend(rule);
        let held = Held {
            account: wanted.account,
            key: wanted.key,
            quantity: before,
        };
        state.sim.enter_again(&[held], after_ms);
    }
}
