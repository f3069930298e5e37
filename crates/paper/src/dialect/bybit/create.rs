//! Placing an order, which is how a position is closed.

use rust_decimal::Decimal;
use serde_json::json;

use super::markets::{self, MINIMUM_NOTIONAL};
use super::params::{Params, wrong};
use super::reply::{Done, Refusal};
use super::words::{number, order_id};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::{Wanted, place};
use crate::sim::Simulation;
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
struct Asked {
    order: Wanted,
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
    let mut asked = read(&state.sim, account, params)?;
    if state.bybit.links.holds(account, &asked.link_id) {
        return Err(Refusal::new(110_072, "OrderLinkedID is duplicate"));
    }
    check(&state.sim, &mut asked)?;
    let closes = asked.order.ticket.reduce_only;
    if let Some(text) = behaviour.refused.as_ref().filter(|_| closes) {
        return Err(Refusal::new(110_063, text));
    }
    let id = place(state, &asked.order, behaviour)?;
    let id = id.unwrap_or_else(|| state.sim.take_order_id());
    state.bybit.links.add(account, &id, &asked.link_id);
    Ok(json!({"orderId": order_id(&id), "orderLinkId": asked.link_id}))
}

fn read(sim: &Simulation, account: usize, params: &Params) -> Result<Asked, Refusal> {
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
    let key = PositionKey {
        contract,
        side: position_side,
    };
    Ok(Asked {
        closes_all: quantity.is_zero()
            && params.flag("reduceOnly")
            && params.flag("closeOnTrigger"),
        order: Wanted {
            account,
            key,
            ticket,
        },
        link_id,
    })
}

/// A trigger above the price to buy and below it to sell is a stop's, the other way
/// round that of a market order that takes profit.
fn order_type(params: &Params, has_trigger: bool, side: Side) -> Result<OrderType, Refusal> {
    let kind = params.text("orderType");
    if !has_trigger {
        return match kind {
            Some("Market") => Ok(OrderType::Market),
            Some("Limit") => Ok(OrderType::Limit),
            _ => Err(wrong("orderType")),
        };
    }
    let is_stop = match (params.whole("triggerDirection")?, side) {
        (Some(1), Side::Buy) | (Some(2), Side::Sell) => true,
        (Some(1 | 2), _) => false,
        _ => return Err(wrong("triggerDirection")),
    };
    match (kind, is_stop) {
        (Some("Market"), true) => Ok(OrderType::StopMarket),
        (Some("Market"), false) => Ok(OrderType::TakeProfit),
        (Some("Limit"), true) => Ok(OrderType::StopLimit),
        _ => Err(wrong("orderType")),
    }
}

/// What the venue says of its own before the order's rules; the quantity of an order
/// that closes all is filled in.
fn check(sim: &Simulation, asked: &mut Asked) -> Result<(), Refusal> {
    let wanted = &mut asked.order;
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
        if asked.closes_all {
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
