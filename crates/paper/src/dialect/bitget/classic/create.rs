//! Placing an order in the book, which is one way to close a position.

use super::PRODUCT;
use crate::dialect::bitget::order::{Asked, submit};
use crate::dialect::bitget::params::Params;
use crate::dialect::bitget::reply::{Done, Refusal, missing, wrong};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::Wanted;
use crate::sim::Simulation;
use crate::sim::order::{OrderType, Side, Ticket};
use crate::sim::position::{PositionKey, PositionMode, PositionSide};
use crate::sim::trade::TradeError;
use crate::venue::State;

/// Which way an order trades, of which position, and whether it may only reduce it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direction {
    pub(crate) side: Side,
    pub(crate) about: PositionSide,
    pub(crate) reduce_only: bool,
}

impl Direction {
    /// In hedge mode `side` names the position, and `tradeSide` says whether it is
    /// opened or closed; in one-way mode `tradeSide` is ignored (Place-Order).
    pub(crate) fn read(
        sim: &Simulation,
        index: usize,
        params: &Params,
    ) -> Result<Direction, Refusal> {
        let side = params.side()?;
        let reduce_only = params.is_yes("reduceOnly")?;
        if sim.mode(index) == PositionMode::OneWay {
            return Ok(Direction {
                side,
                about: PositionSide::Net,
                reduce_only,
            });
        }
        let about = match side {
            Side::Buy => PositionSide::Long,
            Side::Sell => PositionSide::Short,
        };
        let trade_side = params.text("tradeSide").map(str::to_ascii_lowercase);
        let side = match (trade_side.as_deref(), side) {
            (Some("open"), side) => side,
            (Some("close"), Side::Buy) => Side::Sell,
            (Some("close"), Side::Sell) => Side::Buy,
            (Some(_), _) => return Err(wrong("tradeSide")),
            (None, _) => return Err(TradeError::WrongPositionSide.into()),
        };
        Ok(Direction {
            side,
            about,
            reduce_only: false,
        })
    }
}

/// Whether an order can only make a position smaller.
pub(crate) fn closes(sim: &Simulation, index: usize, params: &Params) -> bool {
    Direction::read(sim, index, params).is_ok_and(|direction| {
        direction.reduce_only || direction.about.is_closed_by(direction.side)
    })
}

/// `POST /api/v2/mix/order/place-order`.
pub(crate) fn create(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    for preset in ["presetStopSurplusPrice", "presetStopLossPrice"] {
        if params.text(preset).is_some() {
            return Err(wrong(preset));
        }
    }
    let sim = &state.sim;
    let contract = params.symbol(sim, params.product(PRODUCT)?)?;
    check_margin(params)?;
    let direction = Direction::read(sim, account, params)?;
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
        reduce_only: direction.reduce_only,
        position_side: direction.about,
        ..Ticket::market(
            params.text("symbol").unwrap_or_default(),
            direction.side,
            params.needed("size")?,
        )
    };
    let asked = Asked {
        wanted: Wanted {
            account,
            key: PositionKey {
                contract,
                side: direction.about,
            },
            ticket,
        },
        link: params.link()?,
        is_immediate: params.is_immediate("force"),
        plan: None,
    };
    submit(state, asked, behaviour)
}

/// Both must be said; which margin a position has is the account's here.
pub(crate) fn check_margin(params: &Params) -> Result<(), Refusal> {
    match params.text("marginMode") {
        Some("crossed" | "isolated") => {}
        Some(_) => return Err(wrong("marginMode")),
        None => return Err(missing("marginMode")),
    }
    let coin = params.text("marginCoin");
    coin.map(|_| ()).ok_or_else(|| missing("marginCoin"))
}
