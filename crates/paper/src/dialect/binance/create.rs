//! Placing an order in the regular book, which is how a position is closed.

use rust_decimal::Decimal;
use serde_json::json;

use super::markets::{self, MINIMUM_NOTIONAL};
use super::orders::{is_open, placed, reply};
use super::params::{Params, missing, not_required};
use super::reply::{Done, Refusal};
use super::words::{late_order_id, position_side, quantity, side};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::{Wanted, place};
use crate::sim::Simulation;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::market::Contract;
use crate::sim::order::{OrderType, Side, Ticket};
use crate::sim::position::{PositionKey, PositionMode, PositionSide};
use crate::sim::trade::TradeError;
use crate::venue::State;

/// The longest client id.
const LONGEST_LINK: usize = 36;

/// An order as it was asked for.
struct Asked {
    order: Wanted,
    link_id: String,
    /// Whether what does not fill at once is cancelled.
    is_immediate: bool,
    /// Whether the reply says what became of it; else it is an acknowledgement.
    wants_result: bool,
}

/// `POST /fapi/v1/order`.
pub(crate) fn create(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let asked = read(&state.sim, account, params)?;
    let order = &asked.order;
    if is_open(&state.sim, &state.binance, account, &asked.link_id) {
        return Err(Refusal::new(-4116, "ClientOrderId is duplicated."));
    }
    check(&state.sim, order)?;
    if let Some(text) = behaviour.refused.as_ref().filter(|_| order.only_reduces()) {
        return Err(Refusal::new(-4141, text));
    }
    let Some(id) = place(state, order, behaviour)? else {
        return Ok(acknowledge_late(&mut state.sim, &asked));
    };
    state.binance.links.add(account, &id, &asked.link_id);
    if asked.is_immediate {
        state
            .sim
            .cancel_each(std::slice::from_ref(&id), CancelBehaviour::Normal);
    }
    let found = placed(&state.sim, &id)?;
    let mut body = reply(&state.sim, &state.binance, found).unwrap_or_default();
    if !asked.wants_result
        && let Some(fields) = body.as_object_mut()
    {
        let contract = state.sim.market.contracts.get(found.key.contract);
        let none = contract.map(|contract| quantity(contract, Decimal::ZERO));
        fields.insert("status".to_owned(), json!("NEW"));
        fields.insert("executedQty".to_owned(), json!(none));
        fields.insert("cumQty".to_owned(), json!(none));
        fields.remove("avgPrice");
        fields.remove("cumQuote");
    }
    Ok(body)
}

/// Of an order that fills later nothing else can be said.
fn acknowledge_late(sim: &mut Simulation, asked: &Asked) -> serde_json::Value {
    let ticket = &asked.order.ticket;
    json!({
        "orderId": late_order_id(sim.take_id()),
        "symbol": ticket.instrument,
        "status": "NEW",
        "clientOrderId": asked.link_id,
        "origQty": ticket.quantity.to_string(),
        "executedQty": "0",
        "cumQty": "0",
        "type": "MARKET",
        "reduceOnly": ticket.reduce_only,
        "side": side(ticket.side),
        "positionSide": position_side(ticket.position_side),
        "updateTime": sim.now().timestamp_millis(),
    })
}

fn read(sim: &Simulation, account: usize, params: &Params) -> Result<Asked, Refusal> {
    let contract = params.symbol(sim)?;
    let side = read_side(params)?;
    let order_type = match params.text("type") {
        None => return Err(missing("type")),
        Some("MARKET") => OrderType::Market,
        Some("LIMIT") => OrderType::Limit,
        Some(
            "STOP" | "STOP_MARKET" | "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" | "TRAILING_STOP_MARKET",
        ) => {
            let text = "Order type not supported for this endpoint. \
                        Please use the Algo Order API endpoints instead.";
            return Err(Refusal::new(-4120, text));
        }
        Some(_) => return Err(Refusal::new(-1116, "Invalid orderType.")),
    };
    if params.flag("closePosition")? {
        let kind = params.text("type").unwrap_or_default();
        let text = format!("Target strategy invalid for orderType {kind},closePosition true");
        return Err(Refusal::new(-4136, &text));
    }
    let position_side = read_position_side(params)?;
    let reduce_only = read_reduce_only(sim, account, params)?;
    let quantity = params
        .decimal("quantity")?
        .ok_or_else(|| missing("quantity"))?;
    let (limit_price, is_immediate) = read_price(params, order_type)?;
    let symbol = params.text("symbol").unwrap_or_default();
    Ok(Asked {
        order: Wanted {
            account,
            key: PositionKey {
                contract,
                side: position_side,
            },
            ticket: Ticket {
                order_type,
                limit_price,
                reduce_only,
                position_side,
                ..Ticket::market(symbol, side, quantity)
            },
        },
        link_id: read_link(params, "newClientOrderId")?,
        is_immediate,
        wants_result: params.text("newOrderRespType") == Some("RESULT"),
    })
}

pub(crate) fn read_side(params: &Params) -> Result<Side, Refusal> {
    match params.text("side") {
        Some("BUY") => Ok(Side::Buy),
        Some("SELL") => Ok(Side::Sell),
        Some(_) => Err(Refusal::new(-1117, "Invalid side.")),
        None => Err(missing("side")),
    }
}

pub(crate) fn read_position_side(params: &Params) -> Result<PositionSide, Refusal> {
    match params.text("positionSide") {
        None | Some("BOTH") => Ok(PositionSide::Net),
        Some("LONG") => Ok(PositionSide::Long),
        Some("SHORT") => Ok(PositionSide::Short),
        Some(_) => Err(Refusal::new(-4060, "Invalid position side.")),
    }
}

/// In hedge mode it may not be sent.
pub(crate) fn read_reduce_only(
    sim: &Simulation,
    account: usize,
    params: &Params,
) -> Result<bool, Refusal> {
    let is_hedged = sim.mode(account) == PositionMode::Hedge;
    if is_hedged && params.is_sent("reduceOnly") {
        return Err(not_required("reduceonly"));
    }
    params.flag("reduceOnly")
}

/// The limit, and whether what does not fill at once is cancelled.
fn read_price(params: &Params, order_type: OrderType) -> Result<(Option<Decimal>, bool), Refusal> {
    if order_type == OrderType::Market {
        for name in ["price", "timeInForce"] {
            if params.is_sent(name) {
                return Err(not_required(&name.to_ascii_lowercase()));
            }
        }
        return Ok((None, false));
    }
    let price = params.decimal("price")?.ok_or_else(|| missing("price"))?;
    match params.text("timeInForce") {
        None => Err(missing("timeInForce")),
        Some("GTC") => Ok((Some(price), false)),
        Some("IOC" | "FOK") => Ok((Some(price), true)),
        Some(_) => Err(Refusal::new(-1115, "Invalid timeInForce.")),
    }
}

/// A client's id; empty without one.
pub(crate) fn read_link(params: &Params, name: &str) -> Result<String, Refusal> {
    let link_id = params.text(name).unwrap_or_default();
    if link_id.len() > LONGEST_LINK {
        let text = "Client order id length should be less than 36 chars";
        return Err(Refusal::new(-4015, text));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:/_-".contains(&byte);
    if !link_id.bytes().all(is_plain) {
        let legal = r"^[\.A-Z\:/a-z0-9_-]{1,36}$";
        let text =
            format!("Illegal characters found in parameter '{name}'; legal range is '{legal}'.");
        return Err(Refusal::new(-1100, &text));
    }
    Ok(link_id.to_owned())
}

/// What the venue says of an order before its quantity's rules.
fn check(sim: &Simulation, order: &Wanted) -> Result<(), Refusal> {
    let Some(contract) = sim.market.contracts.get(order.key.contract) else {
        return Err(missing("symbol"));
    };
    if !order.key.side.belongs_to(sim.mode(order.account)) {
        return Err(TradeError::WrongPositionSide.into());
    }
    check_quantity(contract, &order.ticket)?;
    if order.only_reduces() {
        return check_reducible(sim, order);
    }
    let price = order.ticket.limit_price.unwrap_or(contract.last);
    if contract.money(price * order.ticket.quantity) < MINIMUM_NOTIONAL {
        let text = format!(
            "Order's notional must be no smaller than {MINIMUM_NOTIONAL} (unless you choose reduce only)."
        );
        return Err(Refusal::new(-4164, &text));
    }
    Ok(())
}

/// The rules of quantities and prices.
pub(crate) fn check_quantity(contract: &Contract, ticket: &Ticket) -> Result<(), Refusal> {
    if ticket.quantity.is_zero() {
        return Err(Refusal::new(-4003, "Quantity less than or equal to zero."));
    }
    if ticket.quantity.normalize().scale() > markets::quantity_precision(contract) {
        let text = "Precision is over the maximum defined for this asset.";
        return Err(Refusal::new(-1111, text));
    }
    Ok(contract.rules.check(ticket)?)
}

/// An order that only reduces needs something to reduce that no order in the book
/// closes already. Conditional orders hold nothing.
fn check_reducible(sim: &Simulation, order: &Wanted) -> Result<(), Refusal> {
    let (account, key, side) = (order.account, order.key, order.ticket.side);
    let held = sim.held(account, key);
    let resting = sim.closing_in_book(account, key, side);
    let free = held.abs() - resting;
    if held.is_zero() || Side::of(held) == side || free <= Decimal::ZERO {
        return Err(TradeError::NothingToReduce.into());
    }
    if !resting.is_zero() && order.ticket.quantity > free {
        let text = "ReduceOnly Order Failed. Please check your existing position and open orders";
        return Err(Refusal::new(-4118, text));
    }
    Ok(())
}
