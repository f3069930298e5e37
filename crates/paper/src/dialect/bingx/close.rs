//! Closing at the market by a call of its own: all positions of the account or of a
//! symbol, or one by its id.

use rust_decimal::Decimal;
use serde_json::json;

use super::orders::placed;
use super::params::Params;
use super::positions::{self, closing_side, direction};
use super::reply::{BUSY, Done, Refusal, outcome};
use super::words::{late_order_id, order_id, quantity};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::{Wanted, place};
use crate::sim::order::{Side, Ticket};
use crate::sim::position::{Position, PositionMode, PositionSide};
use crate::venue::State;

/// `POST /openApi/swap/v2/trade/closeAllPositions`: of a symbol both sides of hedge mode
/// (B19). Orders stay, and a position that resting limits hold fails.
pub(crate) fn all(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let wanted = params.optional_symbol(&state.sim)?;
    let positions = held(state, account);
    let meant = positions
        .into_iter()
        .filter(|position| wanted.is_none_or(|wanted| wanted == position.key.contract));
    let meant: Vec<Position> = meant.collect();
    if meant.is_empty() {
        return Err(Refusal::new(101_205, "No position to close"));
    }
    let (mut success, mut failed) = (Vec::new(), Vec::new());
    for position in meant {
        match close(state, account, &position, behaviour) {
            Ok(ids) => success.extend(ids.into_iter().map(|id| json!(id))),
            Err(refusal) => failed.push(json!({
                "positionId": positions::id(&state.sim, account, &position),
                "symbol": symbol(state, &position),
                "errorCode": refusal.code,
                "errorMessage": refusal.text,
            })),
        }
    }
    Ok(outcome(success, failed))
}

/// `POST /openApi/swap/v1/trade/closePosition`.
pub(crate) fn one(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let id = params.needed("positionId")?;
    let mut positions = held(state, account).into_iter();
    let found = positions.find(|position| positions::id(&state.sim, account, position) == id);
    let position = found.ok_or_else(|| Refusal::new(109_420, "position not exist"))?;
    let size = shown_size(state, &position);
    let ids = close(state, account, &position, behaviour)?;
    let is_hedge = state.sim.mode(account) == PositionMode::Hedge;
    Ok(json!({
        "orderId": ids.first(),
        "positionId": id,
        "symbol": symbol(state, &position),
        // Words of this call alone.
        "side": match closing_side(&position) { Side::Buy => "Bid", Side::Sell => "Ask" },
        "type": "Market",
        "positionSide": if is_hedge { direction(&position) } else { "BOTH" },
        "origQty": size,
    }))
}

fn held(state: &State, account: usize) -> Vec<Position> {
    let accounts = state.sim.accounts.get(account).into_iter();
    accounts.flat_map(|it| &it.positions).cloned().collect()
}

fn symbol(state: &State, position: &Position) -> String {
    let contract = state.sim.market.contracts.get(position.key.contract);
    contract.map_or(String::new(), |it| it.symbol.as_str().to_owned())
}

fn shown_size(state: &State, position: &Position) -> String {
    let contract = state.sim.market.contracts.get(position.key.contract);
    contract.map_or(String::new(), |it| quantity(it, position.quantity.abs()))
}

/// Closes a position in orders that are not larger than one may be, and gives their ids.
/// What is no multiple of a step stays.
fn close(
    state: &mut State,
    account: usize,
    position: &Position,
    behaviour: &Behaviour,
) -> Result<Vec<u64>, Refusal> {
    let symbol = symbol(state, position);
    if let Some(text) = &behaviour.refused {
        return Err(Refusal::new(101_413, text));
    }
    if behaviour.fails_for.as_deref() == Some(&symbol) {
        return Err(Refusal::new(109_500, BUSY));
    }
    let size = position.quantity.abs();
    if positions::available(&state.sim, account, position) < size {
        let text = "Failed. Please check if you have pending orders under the trading pair. \
                    If yes, please cancel them and try again";
        return Err(Refusal::new(101_212, text));
    }
    let contract = state.sim.market.contracts.get(position.key.contract);
    let rules = contract.map(|contract| contract.rules.clone());
    let rules = rules.unwrap_or_default();
    let mut left = rules.round_down(size);
    if left < rules.minimum {
        let text = format!("The minimum order amount is {}.", rules.minimum);
        return Err(Refusal::new(101_485, &text));
    }
    let most = rules.round_down(rules.market_maximum.unwrap_or(rules.maximum));
    let mut ids = Vec::new();
    while left > Decimal::ZERO && !most.is_zero() {
        let part = left.min(most);
        left -= part;
        let ticket = Ticket {
            reduce_only: position.key.side == PositionSide::Net,
            position_side: position.key.side,
            ..Ticket::market(&symbol, closing_side(position), part)
        };
        let order = Wanted {
            account,
            key: position.key,
            ticket,
        };
        ids.push(match place(state, &order, behaviour)? {
            Some(id) => order_id(placed(&state.sim, &id)?),
            None => late_order_id(state.sim.take_id()),
        });
    }
    Ok(ids)
}
