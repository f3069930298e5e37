//! What an order is asked to be.

use rust_decimal::Decimal;

use super::orders::read_link;
use super::params::{Params, missing, wrong};
use super::reply::{HEDGED, ONE_WAY, Refusal, UNFIT};
use crate::dialect::exchange::place::Wanted;
use crate::sim::Simulation;
use crate::sim::order::{OrderType, Side, Ticket};
use crate::sim::position::{PositionKey, PositionMode, PositionSide};

/// The longest client id.
const LONGEST_LINK: usize = 40;

/// The type of an order, by the venue's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Market,
    Limit,
    StopMarket,
    Stop,
    TakeProfitMarket,
    TriggerMarket,
    TriggerLimit,
}

impl Kind {
    fn read(params: &Params) -> Result<Kind, Refusal> {
        Ok(match params.needed("type")? {
            "MARKET" => Kind::Market,
            "LIMIT" => Kind::Limit,
            "STOP_MARKET" => Kind::StopMarket,
            "STOP" => Kind::Stop,
            "TAKE_PROFIT_MARKET" => Kind::TakeProfitMarket,
            "TRIGGER_MARKET" => Kind::TriggerMarket,
            "TRIGGER_LIMIT" => Kind::TriggerLimit,
            // Not simulated.
            "TAKE_PROFIT" | "TRAILING_STOP_MARKET" | "TRAILING_TP_SL" => {
                return Err(Refusal::new(110_400, UNFIT));
            }
            _ => return Err(wrong("type")),
        })
    }

    /// Whether it belongs to a position, which has to be there and which alone it closes.
    pub(crate) fn protects(self) -> bool {
        matches!(self, Kind::StopMarket | Kind::Stop | Kind::TakeProfitMarket)
    }

    fn has_limit(self) -> bool {
        matches!(self, Kind::Limit | Kind::Stop | Kind::TriggerLimit)
    }

    pub(crate) fn has_trigger(self) -> bool {
        !matches!(self, Kind::Market | Kind::Limit)
    }

    /// A trigger above the price to buy and below it to sell is a stop's.
    fn order_type(self, is_stop: bool) -> Result<OrderType, Refusal> {
        Ok(match self {
            Kind::Market => OrderType::Market,
            Kind::Limit => OrderType::Limit,
            Kind::StopMarket => OrderType::StopMarket,
            Kind::Stop => OrderType::StopLimit,
            Kind::TakeProfitMarket => OrderType::TakeProfit,
            Kind::TriggerMarket if is_stop => OrderType::StopMarket,
            Kind::TriggerMarket => OrderType::TakeProfit,
            Kind::TriggerLimit if is_stop => OrderType::StopLimit,
            // The simulation has no limit behind a target.
            Kind::TriggerLimit => return Err(Refusal::new(110_400, UNFIT)),
        })
    }
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    Stays,
    /// What does not fill at once is cancelled.
    Immediate,
    /// It is not placed where it would fill at once.
    PostOnly,
}

/// An order as it was asked for.
pub(crate) struct Asked {
    pub(crate) order: Wanted,
    pub(crate) kind: Kind,
    pub(crate) force: Force,
    /// The whole position, whatever it is by then.
    pub(crate) closes_all: bool,
    pub(crate) link_id: String,
}

impl Asked {
    pub(crate) fn read(
        sim: &Simulation,
        account: usize,
        params: &Params,
    ) -> Result<Asked, Refusal> {
        let contract = params.symbol(sim)?;
        let side = read_side(params)?;
        let kind = Kind::read(params)?;
        let position_side = read_position_side(sim, account, params)?;
        let reduce_only = read_reduce_only(sim, account, params)?;
        let closes_all = read_closes_all(params, kind)?;
        let rules = sim.market.contracts.get(contract).map(|it| &it.rules);
        let quantity = if closes_all {
            rules.map_or(Decimal::ONE, |rules| rules.maximum)
        } else {
            read_quantity(params)?
        };
        let last = sim.market.contracts.get(contract).map(|it| it.last);
        let stop_price = read_if(params, "stopPrice", kind.has_trigger())?;
        let is_stop = match (stop_price, last) {
            (Some(stop), Some(last)) => (side == Side::Buy) == (stop >= last),
            _ => true,
        };
        let is_net = position_side == PositionSide::Net;
        let ticket = Ticket {
            order_type: kind.order_type(is_stop)?,
            limit_price: read_if(params, "price", kind.has_limit())?,
            stop_price,
            reduce_only: reduce_only || (kind.protects() && is_net),
            position_side,
            ..Ticket::market(params.needed("symbol")?, side, quantity)
        };
        Ok(Asked {
            order: Wanted {
                account,
                key: PositionKey {
                    contract,
                    side: position_side,
                },
                ticket,
            },
            kind,
            force: read_force(params)?,
            closes_all,
            link_id: read_checked_link(params, kind)?,
        })
    }
}

pub(crate) fn read_side(params: &Params) -> Result<Side, Refusal> {
    match params.needed("side")? {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(wrong("side")),
    }
}

/// Left out, it is `LONG`: also for an order that was meant to close a short (B20).
fn read_position_side(
    sim: &Simulation,
    account: usize,
    params: &Params,
) -> Result<PositionSide, Refusal> {
    let side = match params.text("positionSide") {
        None | Some("LONG") => PositionSide::Long,
        Some("SHORT") => PositionSide::Short,
        Some("BOTH") => PositionSide::Net,
        Some(_) => return Err(wrong("positionSide")),
    };
    let mode = sim.mode(account);
    if side.belongs_to(mode) {
        return Ok(side);
    }
    let text = match mode {
        PositionMode::OneWay => ONE_WAY,
        PositionMode::Hedge => HEDGED,
    };
    Err(Refusal::new(109_400, text))
}

fn read_reduce_only(sim: &Simulation, account: usize, params: &Params) -> Result<bool, Refusal> {
    if sim.mode(account) == PositionMode::Hedge && params.is_sent("reduceOnly") {
        let text = "In the Hedge mode, the 'ReduceOnly' field can not be filled.";
        return Err(Refusal::new(109_400, text));
    }
    params.flag("reduceOnly")
}

/// It stands for the quantity, and beside one it is refused (B20).
fn read_closes_all(params: &Params, kind: Kind) -> Result<bool, Refusal> {
    if !params.flag("closePosition")? {
        return Ok(false);
    }
    let has_more = params.is_sent("quantity") || params.is_sent("reduceOnly");
    if has_more || !matches!(kind, Kind::StopMarket | Kind::TakeProfitMarket) {
        return Err(wrong("closePosition"));
    }
    Ok(true)
}

fn read_quantity(params: &Params) -> Result<Decimal, Refusal> {
    let quantity = params.decimal("quantity")?;
    let quantity = quantity.ok_or_else(|| Refusal::new(109_400, "parameter quantity is must"))?;
    if quantity <= Decimal::ZERO {
        return Err(wrong("quantity"));
    }
    Ok(quantity)
}

fn read_if(params: &Params, name: &str, is_needed: bool) -> Result<Option<Decimal>, Refusal> {
    if !is_needed {
        return Ok(None);
    }
    let number = params.decimal(name)?;
    number.map(Some).ok_or_else(|| missing(name))
}

fn read_force(params: &Params) -> Result<Force, Refusal> {
    match params.text("timeInForce") {
        None | Some("GTC") => Ok(Force::Stays),
        Some("IOC" | "FOK") => Ok(Force::Immediate),
        Some("PostOnly") => Ok(Force::PostOnly),
        Some(_) => Err(wrong("timeInForce")),
    }
}

/// Only market and limit orders keep the client's id.
fn read_checked_link(params: &Params, kind: Kind) -> Result<String, Refusal> {
    let link_id = read_link(params);
    if link_id.len() > LONGEST_LINK {
        return Err(wrong("clientOrderId"));
    }
    if kind.has_trigger() {
        return Ok(String::new());
    }
    Ok(link_id)
}
