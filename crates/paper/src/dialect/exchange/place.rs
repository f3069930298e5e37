//! Placing an order under the faults of its request.

use rust_decimal::Decimal;

use super::behaviour::Behaviour;
use crate::sim::Simulation;
use crate::sim::flatten::{Fills, Held, Share};
use crate::sim::order::{OrderType, Ticket};
use crate::sim::position::PositionKey;
use crate::sim::trade::TradeError;
use crate::venue::State;

/// An order as it was asked for.
pub(crate) struct Wanted {
    pub(crate) account: usize,
    pub(crate) key: PositionKey,
    pub(crate) ticket: Ticket,
}

impl Wanted {
    /// Whether it can only make a position smaller.
    pub(crate) fn only_reduces(&self) -> bool {
        self.ticket.reduce_only || self.key.side.is_closed_by(self.ticket.side)
    }
}

/// Places an order and returns its id; `None` of one that fills later, and is in no
/// list until then. One that may open or add to a position is counted; one that only
/// reduces fills as the faults say.
pub(crate) fn place(
    state: &mut State,
    wanted: &Wanted,
    behaviour: &Behaviour,
) -> Result<Option<String>, TradeError> {
    let before = state.sim.held(wanted.account, wanted.key);
    let id = carry_out(&mut state.sim, wanted, behaviour)?;
    if wanted.only_reduces() {
        meanwhile(state, wanted.account, wanted.key, before, behaviour);
    } else {
        let counters = &mut state.record.counters;
        counters.opening_orders = counters.opening_orders.saturating_add(1);
    }
    Ok(id)
}

fn carry_out(
    sim: &mut Simulation,
    wanted: &Wanted,
    behaviour: &Behaviour,
) -> Result<Option<String>, TradeError> {
    let name = sim.accounts.get(wanted.account).map(|it| it.name.clone());
    let name = name.unwrap_or_default();
    let ticket = &wanted.ticket;
    let is_close = wanted.only_reduces() && ticket.order_type == OrderType::Market;
    let close = behaviour.close;
    if !is_close || (close.share == Share::Whole && close.fills == Fills::AtOnce) {
        return sim.place(&name, ticket).map(Some);
    }
    if close.fills != Fills::AtOnce {
        sim.close_part(wanted.account, wanted.key, ticket.quantity, close);
        return Ok(None);
    }
    let held = sim.held(wanted.account, wanted.key).abs();
    let contract = sim.market.contracts.get(wanted.key.contract);
    let part = contract.map_or(Decimal::ZERO, |contract| match close.share {
        Share::Half => contract
            .rules
            .round_down(ticket.quantity.min(held) / Decimal::TWO),
        Share::Whole | Share::Nothing => Decimal::ZERO,
    });
    sim.place_in_part(&name, ticket, part).map(Some)
}

/// Closes so much of a position at the market by a call of the venue's own, which no
/// rule of the instrument stops, as the faults say.
pub(crate) fn close(
    state: &mut State,
    account: usize,
    key: PositionKey,
    count: Decimal,
    behaviour: &Behaviour,
) {
    let before = state.sim.held(account, key);
    state.sim.close_part(account, key, count, behaviour.close);
    meanwhile(state, account, key, before, behaviour);
}

/// What others do while a position is closed.
fn meanwhile(
    state: &mut State,
    account: usize,
    key: PositionKey,
    before: Decimal,
    behaviour: &Behaviour,
) {
    if let Some((instrument, quantity)) = &behaviour.appears {
        let name = state.sim.accounts.get(account);
        let name = name.map(|account| account.name.clone()).unwrap_or_default();
        // One that cannot be opened does not appear.
        let _refused = state.sim.open_by_hand(&name, instrument, *quantity, None);
    }
    if let Some((rule, after_ms)) = behaviour.reenters {
        state.faults.spend(rule);
        let held = Held {
            account,
            key,
            quantity: before,
        };
        state.sim.enter_again(&[held], after_ms);
    }
}
