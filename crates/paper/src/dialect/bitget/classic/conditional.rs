//! Placing conditional orders: plans, and what takes profit or stops a loss.

use rust_decimal::Decimal;

use super::PRODUCT;
use super::create::{Direction, check_margin};
use crate::dialect::bitget::order::{Asked, conditional_type, submit};
use crate::dialect::bitget::params::Params;
use crate::dialect::bitget::plans::{Plan, PlanKind};
use crate::dialect::bitget::reply::{Done, Refusal, missing, wrong};
use crate::dialect::bitget::words::number;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::Wanted;
use crate::sim::Simulation;
use crate::sim::order::{OrderType, Side, Ticket};
use crate::sim::position::{PositionKey, PositionMode, PositionSide};
use crate::venue::State;

fn kind(params: &Params) -> Result<PlanKind, Refusal> {
    let text = params.text("planType").ok_or_else(|| missing("planType"))?;
    PlanKind::read(text).ok_or_else(|| wrong("planType"))
}

/// What kind of order it is, and by what it trails.
fn plan_of(params: &Params, kind: PlanKind) -> Result<Plan, Refusal> {
    let callback = match kind {
        PlanKind::Trailing => Some("callbackRatio"),
        PlanKind::Moving => Some("rangeRate"),
        _ => None,
    };
    let callback = match callback {
        Some(name) => number(params.needed(name)?),
        None => String::new(),
    };
    let trigger = params.text("triggerType").unwrap_or("fill_price");
    if !matches!(trigger, "fill_price" | "mark_price") {
        return Err(wrong("triggerType"));
    }
    Ok(Plan {
        kind,
        callback,
        trigger: trigger.to_owned(),
    })
}

/// `POST /api/v2/mix/order/place-plan-order`.
pub(crate) fn plan(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let sim = &state.sim;
    let contract = params.symbol(sim, params.product(PRODUCT)?)?;
    let kind = kind(params)?;
    if kind.is_of_a_position() {
        return Err(wrong("planType"));
    }
    check_margin(params)?;
    let direction = Direction::read(sim, account, params)?;
    let trigger = params.needed("triggerPrice")?;
    let limit_price = match params.text("orderType") {
        Some("market") => None,
        Some("limit") => match params.price("price")? {
            Some(price) => Some(price),
            None => Some(params.needed("executePrice")?),
        },
        _ => return Err(wrong("orderType")),
    };
    let has_limit = limit_price.is_some();
    let ticket = Ticket {
        order_type: conditional_type(sim, contract, direction.side, trigger, has_limit)?,
        limit_price,
        stop_price: Some(trigger),
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
        is_immediate: false,
        plan: Some(plan_of(params, kind)?),
    };
    submit(state, asked, behaviour)
}

/// `POST /api/v2/mix/order/place-tpsl-order`.
pub(crate) fn tpsl(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let sim = &state.sim;
    let contract = params.symbol(sim, params.product(PRODUCT)?)?;
    let kind = kind(params)?;
    if !kind.is_of_a_position() {
        return Err(wrong("planType"));
    }
    let is_long = match (sim.mode(account), params.text("holdSide")) {
        (PositionMode::Hedge, Some("long")) | (PositionMode::OneWay, Some("buy" | "long")) => true,
        (PositionMode::Hedge, Some("short")) | (PositionMode::OneWay, Some("sell" | "short")) => {
            false
        }
        (_, Some(_)) => return Err(wrong("holdSide")),
        (_, None) => return Err(missing("holdSide")),
    };
    let protects = Protects {
        account,
        contract,
        is_long,
    };
    let size = if kind.is_whole() {
        None
    } else {
        Some(params.needed("size")?)
    };
    let order = Protection {
        takes_profit: match kind {
            PlanKind::Profit | PlanKind::PositionProfit => Some(true),
            PlanKind::Loss | PlanKind::PositionLoss => Some(false),
            _ => None,
        },
        trigger: params.needed("triggerPrice")?,
        limit: params.price("executePrice")?,
        size,
    };
    let asked = Asked {
        wanted: protects.order(sim, &order)?,
        link: params.link()?,
        is_immediate: false,
        plan: Some(plan_of(params, kind)?),
    };
    submit(state, asked, behaviour)
}

/// The position that an order takes the profit of, or stops the loss of.
pub(crate) struct Protects {
    pub(crate) account: usize,
    pub(crate) contract: usize,
    pub(crate) is_long: bool,
}

/// Such an order.
pub(crate) struct Protection {
    /// Whether it takes profit; by where the trigger lies where it does not say.
    pub(crate) takes_profit: Option<bool>,
    pub(crate) trigger: Decimal,
    /// A market order without it.
    pub(crate) limit: Option<Decimal>,
    /// All of the position, whatever it is, without it.
    pub(crate) size: Option<Decimal>,
}

impl Protects {
    fn key(&self, sim: &Simulation) -> PositionKey {
        let side = match (sim.mode(self.account), self.is_long) {
            (PositionMode::OneWay, _) => PositionSide::Net,
            (PositionMode::Hedge, true) => PositionSide::Long,
            (PositionMode::Hedge, false) => PositionSide::Short,
        };
        PositionKey {
            contract: self.contract,
            side,
        }
    }

    /// The order in the simulation: it closes, and so needs a position.
    pub(crate) fn order(&self, sim: &Simulation, asked: &Protection) -> Result<Wanted, Refusal> {
        let key = self.key(sim);
        let side = if self.is_long { Side::Sell } else { Side::Buy };
        let held = sim.held(self.account, key);
        if held.is_zero() || held.is_sign_negative() == self.is_long {
            let text = "Insufficient position, can not set profit or stop loss";
            return Err(Refusal::new("43023", text));
        }
        let has_limit = asked.limit.is_some();
        let order_type = conditional_type(sim, self.contract, side, asked.trigger, has_limit)?;
        let takes_profit = order_type == OrderType::TakeProfit;
        if asked
            .takes_profit
            .is_some_and(|wanted| wanted != takes_profit)
        {
            return Err(self.wrong_side(sim, takes_profit));
        }
        let contract = sim.market.contracts.get(self.contract);
        let (symbol, most) = contract.map_or(("", Decimal::ONE), |contract| {
            (contract.symbol.as_str(), contract.rules.maximum)
        });
        let ticket = Ticket {
            order_type,
            limit_price: asked.limit,
            stop_price: Some(asked.trigger),
            reduce_only: true,
            position_side: key.side,
            ..Ticket::market(symbol, side, asked.size.unwrap_or(most))
        };
        Ok(Wanted {
            account: self.account,
            key,
            ticket,
        })
    }

    /// The trigger lies where a profit's would while a loss was meant, or the other way
    /// round.
    fn wrong_side(&self, sim: &Simulation, lies_in_profit: bool) -> Refusal {
        let contract = sim.market.contracts.get(self.contract);
        let mark = contract.map(|contract| number(contract.mark()));
        let mark = mark.unwrap_or_default();
        let (code, text) = match (self.is_long, lies_in_profit) {
            (true, true) => ("40917", "Stop price for long positions please < mark price"),
            (false, true) => (
                "45122",
                "Short position stop loss price please > mark price",
            ),
            (true, false) => (
                "40915",
                "Long position take profit price please > mark price",
            ),
            (false, false) => (
                "45121",
                "Short position take profit price please < mark price",
            ),
        };
        Refusal::new(code, &format!("{text} {mark}"))
    }
}
