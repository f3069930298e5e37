//! Placing a conditional order.

use rust_decimal::Decimal;

use super::algo;
use super::create::{check_quantity, read_link, read_position_side, read_reduce_only, read_side};
use super::orders::{is_open, placed};
use super::params::{Params, missing, not_required};
use super::reply::{Done, Refusal};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::{Wanted, place};
use crate::sim::Simulation;
use crate::sim::order::{OrderType, Side, Ticket};
use crate::sim::position::PositionKey;
use crate::sim::trade::TradeError;
use crate::venue::State;

/// `POST /fapi/v1/algoOrder`.
pub(crate) fn create(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    if params.text("algoType") != Some("CONDITIONAL") {
        return Err(missing("algoType"));
    }
    let closes_all = params.flag("closePosition")?;
    let order = read(&state.sim, account, params, closes_all)?;
    let link_id = read_link(params, "clientAlgoId")?;
    if is_open(&state.sim, &state.binance, account, &link_id) {
        return Err(Refusal::new(-4116, "ClientOrderId is duplicated."));
    }
    if let Some(contract) = state.sim.market.contracts.get(order.key.contract) {
        check_quantity(contract, &order.ticket)?;
        if would_trigger(&order.ticket, contract.last) {
            return Err(Refusal::new(-2021, "Order would immediately trigger."));
        }
    }
    let Some(id) = place(state, &order, behaviour)? else {
        return Err(missing("type"));
    };
    state.binance.links.add(account, &id, &link_id);
    if closes_all {
        state.binance.closing_all.insert(id.clone());
    }
    let order = placed(&state.sim, &id)?;
    Ok(algo::row(&state.sim, &state.binance, order).unwrap_or_default())
}

fn read(
    sim: &Simulation,
    account: usize,
    params: &Params,
    closes_all: bool,
) -> Result<Wanted, Refusal> {
    let contract = params.symbol(sim)?;
    let order_type = match params.text("type") {
        None => return Err(missing("type")),
        Some("STOP_MARKET") => OrderType::StopMarket,
        Some("STOP") => OrderType::StopLimit,
        Some("TAKE_PROFIT_MARKET") => OrderType::TakeProfit,
        Some(_) => return Err(Refusal::new(-1116, "Invalid orderType.")),
    };
    let position_side = read_position_side(params)?;
    if !position_side.belongs_to(sim.mode(account)) {
        return Err(TradeError::WrongPositionSide.into());
    }
    let reduce_only = read_reduce_only(sim, account, params)?;
    if closes_all {
        for name in ["quantity", "reduceOnly"] {
            if params.is_sent(name) {
                return Err(not_required(&name.to_ascii_lowercase()));
            }
        }
    }
    let quantity = if closes_all {
        let contract = sim.market.contracts.get(contract);
        contract.map_or(Decimal::ONE, |contract| contract.rules.maximum)
    } else {
        params
            .decimal("quantity")?
            .ok_or_else(|| missing("quantity"))?
    };
    let limit_price = match order_type {
        OrderType::StopLimit => Some(params.decimal("price")?.ok_or_else(|| missing("price"))?),
        _ => None,
    };
    let trigger = params.decimal("triggerPrice")?;
    let symbol = params.text("symbol").unwrap_or_default();
    let ticket = Ticket {
        order_type,
        limit_price,
        stop_price: Some(trigger.ok_or_else(|| missing("triggerPrice"))?),
        reduce_only: reduce_only || closes_all,
        position_side,
        ..Ticket::market(symbol, read_side(params)?, quantity)
    };
    Ok(Wanted {
        account,
        key: PositionKey {
            contract,
            side: position_side,
        },
        ticket,
    })
}

/// A stop to buy and a target to sell lie above the price.
fn would_trigger(ticket: &Ticket, last: Decimal) -> bool {
    let trigger = ticket.stop_price.unwrap_or_default();
    let takes_profit = ticket.order_type == OrderType::TakeProfit;
    if (ticket.side == Side::Buy) != takes_profit {
        last >= trigger
    } else {
        last <= trigger
    }
}
