//! Closing positions at the market by a call of the venue's own.

use rust_decimal::Decimal;

use super::params::Scope;
use super::reply::{Refusal, nothing_to_close, too_large};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::place::close;
use crate::sim::flatten::{FlattenScope, Held};
use crate::sim::order::Side;
use crate::sim::position::PositionSide;
use crate::venue::State;

/// What became of one position: the number of the order that closes it, or why there
/// is none.
pub(crate) struct Closing {
    pub(crate) contract: usize,
    pub(crate) outcome: Result<u64, Refusal>,
}

/// Closes the positions of a scope, in hedge mode those of one side where it is named.
pub(crate) fn close_positions(
    state: &mut State,
    account: usize,
    scope: &Scope,
    side: Option<PositionSide>,
    behaviour: &Behaviour,
) -> Vec<Closing> {
    let held = state.sim.covered_positions(&FlattenScope::account(account));
    let meant = held.into_iter().filter(|held| {
        // Of one-way mode there is no side to name.
        let is_side =
            side.is_none_or(|side| held.key.side == side) || held.key.side == PositionSide::Net;
        is_side && scope.covers(&state.sim, held.key.contract)
    });
    let meant: Vec<Held> = meant.collect();
    meant
        .into_iter()
        .map(|held| Closing {
            contract: held.key.contract,
            outcome: close_one(state, &held, behaviour),
        })
        .collect()
}

fn close_one(state: &mut State, held: &Held, behaviour: &Behaviour) -> Result<u64, Refusal> {
    if let Some(text) = &behaviour.refused {
        return Err(Refusal::new("40725", text));
    }
    let free = free_size(state, held);
    if free.is_zero() {
        return Err(nothing_to_close());
    }
    let contract = state.sim.market.contracts.get(held.key.contract);
    let most = contract.and_then(|contract| contract.rules.market_maximum);
    if most.is_some_and(|most| free > most) {
        return Err(too_large());
    }
    let before = state.sim.orders.len();
    close(state, held.account, held.key, free, behaviour);
    let placed = state.sim.orders.get(before).map(|order| order.id);
    Ok(placed.unwrap_or_else(|| state.sim.take_id()))
}

/// What hedge mode has resting in closing orders stays in them.
fn free_size(state: &State, held: &Held) -> Decimal {
    let size = held.quantity.abs();
    if held.key.side == PositionSide::Net {
        return size;
    }
    let closing = match Side::of(held.quantity) {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    };
    let resting = state.sim.closing_in_book(held.account, held.key, closing);
    size - resting.min(size)
}
