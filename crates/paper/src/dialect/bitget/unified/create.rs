//! Placing an order in the book, which is one way to close a position.

use super::PRODUCT;
use crate::dialect::bitget::order::{Asked, submit};
use crate::dialect::bitget::params::Params;
use crate::dialect::bitget::reply::{Done, Refusal, missing, wrong};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::Wanted;
use crate::sim::Simulation;
use crate::sim::order::{OrderType, Ticket};
use crate::sim::position::{PositionKey, PositionMode, PositionSide};
use crate::sim::trade::TradeError;
use crate::venue::State;

/// What v2 calls otherwise: here it is refused.
const OF_CLASSIC: [&str; 4] = ["holdSide", "oneWayMode", "tradeSide", "productType"];

/// Refuses parameters of v2.
pub(crate) fn refuse_classic(params: &Params) -> Result<(), Refusal> {
    let found = OF_CLASSIC
        .into_iter()
        .find(|name| params.value(name).is_some());
    match found {
        Some(name) => Err(Refusal::new("25236", &format!("Parameter {name} error"))),
        None => Ok(()),
    }
}

/// The position that is meant: named in hedge mode, and not named in one-way mode.
pub(crate) fn position_side(
    sim: &Simulation,
    index: usize,
    params: &Params,
) -> Result<PositionSide, Refusal> {
    let side = match params.text("posSide") {
        None => PositionSide::Net,
        Some("long") => PositionSide::Long,
        Some("short") => PositionSide::Short,
        Some(_) => return Err(wrong("posSide")),
    };
    if side.belongs_to(sim.mode(index)) {
        Ok(side)
    } else {
        Err(TradeError::WrongPositionSide.into())
    }
}

/// Whether an order may only make a position smaller; in hedge mode its sides say it.
pub(crate) fn reduce_only(
    sim: &Simulation,
    index: usize,
    params: &Params,
) -> Result<bool, Refusal> {
    let asked = params.is_yes("reduceOnly")?;
    Ok(asked && sim.mode(index) == PositionMode::OneWay)
}

/// Whether an order can only make a position smaller.
pub(crate) fn closes(sim: &Simulation, index: usize, params: &Params) -> bool {
    let about = position_side(sim, index, params);
    let is_close = |about: PositionSide| {
        let side = params.side();
        side.is_ok_and(|side| about.is_closed_by(side))
    };
    about.is_ok_and(is_close) || reduce_only(sim, index, params).unwrap_or(false)
}

/// `POST /api/v3/trade/place-order`.
pub(crate) fn create(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    refuse_classic(params)?;
    for preset in ["takeProfit", "stopLoss"] {
        if params.text(preset).is_some() {
            return Err(wrong(preset));
        }
    }
    let sim = &state.sim;
    let contract = params.symbol(sim, params.product(PRODUCT)?)?;
    let about = position_side(sim, account, params)?;
    let order_type = match params.text("orderType") {
        Some("market") => OrderType::Market,
        Some("limit") => OrderType::Limit,
        Some(_) => return Err(wrong("orderType")),
        None => return Err(missing("orderType")),
    };
    let limit_price = match order_type {
        OrderType::Limit => Some(params.needed("price")?),
        _ => None,
    };
    let ticket = Ticket {
        order_type,
        limit_price,
        reduce_only: reduce_only(sim, account, params)?,
        position_side: about,
        ..Ticket::market(
            params.text("symbol").unwrap_or_default(),
            params.side()?,
            params.needed("qty")?,
        )
    };
    let asked = Asked {
        wanted: Wanted {
            account,
            key: PositionKey {
                contract,
                side: about,
            },
            ticket,
        },
        link: params.link()?,
        is_immediate: params.is_immediate("timeInForce"),
        plan: None,
    };
    submit(state, asked, behaviour)
}
