//! Placing strategy orders: triggers, and what takes profit or stops a loss.

use super::PRODUCT;
use super::create::{position_side, reduce_only, refuse_classic};
use crate::dialect::bitget::classic::conditional::{Protection, Protects};
use crate::dialect::bitget::order::{Asked, conditional_type, submit};
use crate::dialect::bitget::params::Params;
use crate::dialect::bitget::plans::{PAIR, Plan, PlanKind};
use crate::dialect::bitget::reply::{Done, Refusal, missing, wrong};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::Wanted;
use crate::sim::Simulation;
use crate::sim::order::Ticket;
use crate::sim::position::PositionKey;
use crate::venue::State;

/// `POST /api/v3/trade/place-strategy-order`.
pub(crate) fn strategy(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    refuse_classic(params)?;
    let sim = &state.sim;
    let contract = params.symbol(sim, params.product(PRODUCT)?)?;
    let orders = match params.text("type") {
        None | Some("tpsl") => tpsl(sim, account, contract, params)?,
        Some("trigger") => vec![trigger(sim, account, contract, params)?],
        Some(_) => return Err(wrong("type")),
    };
    let mut link = params.link()?;
    let is_pair = orders.len() > 1;
    let group = is_pair.then(|| format!("{PAIR}{}", state.sim.take_id()));
    let mut first = None;
    for (mut wanted, plan) in orders {
        wanted.ticket.oco_id.clone_from(&group);
        let asked = Asked {
            wanted,
            // The second of a pair has no name of its own.
            link: std::mem::take(&mut link),
            is_immediate: false,
            plan: Some(plan),
        };
        let reply = submit(state, asked, behaviour)?;
        first.get_or_insert(reply);
    }
    first.ok_or_else(|| missing("stopLoss"))
}

/// By which price it is triggered, in the word that is kept.
fn trigger_by(params: &Params, name: &str) -> Result<String, Refusal> {
    match params.text(name) {
        None | Some("market") => Ok("fill_price".to_owned()),
        Some("mark") => Ok("mark_price".to_owned()),
        Some(_) => Err(wrong(name)),
    }
}

/// What takes profit, what stops a loss, or both.
fn tpsl(
    sim: &Simulation,
    account: usize,
    contract: usize,
    params: &Params,
) -> Result<Vec<(Wanted, Plan)>, Refusal> {
    let is_long = match params.text("posSide") {
        Some("long") => true,
        Some("short") => false,
        Some(_) => return Err(wrong("posSide")),
        None => return Err(missing("posSide")),
    };
    let size = match params.text("tpslMode") {
        None | Some("partial") => Some(params.needed("qty")?),
        Some("full") => None,
        Some(_) => return Err(wrong("tpslMode")),
    };
    let protects = Protects {
        account,
        contract,
        is_long,
    };
    let mut orders = Vec::new();
    for (takes_profit, price, limit, by) in [
        (true, "takeProfit", "tpLimitPrice", "tpTriggerBy"),
        (false, "stopLoss", "slLimitPrice", "slTriggerBy"),
    ] {
        let Some(trigger) = params.price(price)? else {
            continue;
        };
        let order = Protection {
            takes_profit: Some(takes_profit),
            trigger,
            limit: params.price(limit)?,
            size,
        };
        let plan = Plan {
            kind: kind(takes_profit, size.is_none()),
            callback: String::new(),
            trigger: trigger_by(params, by)?,
        };
        orders.push((protects.order(sim, &order)?, plan));
    }
    Ok(orders)
}

fn kind(takes_profit: bool, is_whole: bool) -> PlanKind {
    match (takes_profit, is_whole) {
        (true, true) => PlanKind::PositionProfit,
        (true, false) => PlanKind::Profit,
        (false, true) => PlanKind::PositionLoss,
        (false, false) => PlanKind::Loss,
    }
}

fn trigger(
    sim: &Simulation,
    account: usize,
    contract: usize,
    params: &Params,
) -> Result<(Wanted, Plan), Refusal> {
    let about = position_side(sim, account, params)?;
    let (side, trigger) = (params.side()?, params.needed("triggerPrice")?);
    let limit_price = match params.text("triggerOrderType") {
        None | Some("market") => None,
        Some("limit") => Some(params.needed("triggerOrderPrice")?),
        Some(_) => return Err(wrong("triggerOrderType")),
    };
    let has_limit = limit_price.is_some();
    let ticket = Ticket {
        order_type: conditional_type(sim, contract, side, trigger, has_limit)?,
        limit_price,
        stop_price: Some(trigger),
        reduce_only: reduce_only(sim, account, params)?,
        position_side: about,
        ..Ticket::market(
            params.text("symbol").unwrap_or_default(),
            side,
            params.needed("qty")?,
        )
    };
    let wanted = Wanted {
        account,
        key: PositionKey {
            contract,
            side: about,
        },
        ticket,
    };
    let plan = Plan {
        kind: PlanKind::Normal,
        callback: String::new(),
        trigger: trigger_by(params, "triggerBy")?,
    };
    Ok((wanted, plan))
}
