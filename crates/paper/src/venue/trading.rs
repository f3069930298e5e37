//! Orders, for programs in the same process: without HTTP, JSON or faults.

use rust_decimal::Decimal;

use super::PaperVenue;
use crate::sim::Simulation;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::order::Side;
use crate::sim::position::PositionSide;
use crate::sim::trade::TradeError;
use crate::sim::twap::{Twap, TwapTicket};

/// An order that may still fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOrder {
    /// Its id.
    pub id: String,
    /// The instrument.
    pub instrument: String,
    /// Which way.
    pub side: Side,
    /// What may still fill.
    pub remaining: Decimal,
    /// Which position it is about.
    pub position_side: PositionSide,
    /// Whether it can only make a position smaller.
    pub only_reduces: bool,
    /// Whether it waits for a trigger, and is in no book before.
    pub waits_for_trigger: bool,
}

impl PaperVenue {
    /// Takes a token of the rate limit, as a request does; whether there was one.
    pub fn takes_token(&self) -> bool {
        let now = self.now();
        let mut state = self.state();
        !self.config().rate_limit || state.bucket.take(now).is_ok()
    }

    /// Cancels every live order of an account, those in parts included.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn cancel_orders(&self, account: &str) -> Result<(), TradeError> {
        let mut state = self.state();
        let index = state.sim.account_index(account)?;
        let orders = state.sim.live_orders(index, None);
        state.sim.cancel_each(&orders, CancelBehaviour::Normal);
        let twaps: Vec<u64> = state.sim.live_twaps(index).map(|twap| twap.id).collect();
        for id in twaps {
            state.sim.cancel_twap(index, id, CancelBehaviour::Normal)?;
        }
        Ok(())
    }

    /// Places an order that the venue trades in parts, at even times, and returns its
    /// number. The first part is traded at once.
    ///
    /// # Errors
    /// When the venue would refuse it.
    pub fn place_twap(&self, account: &str, ticket: &TwapTicket) -> Result<u64, TradeError> {
        self.state().sim.place_twap(account, ticket)
    }

    /// The live orders of an account, oldest first, and then those in parts.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn live_orders(&self, account: &str) -> Result<Vec<LiveOrder>, TradeError> {
        let state = self.state();
        let index = state.sim.account_index(account)?;
        let live = state.sim.orders.iter();
        let twaps = state.sim.live_twaps(index);
        let twaps = twaps.filter_map(|twap| in_parts(&state.sim, twap));
        Ok(live
            .filter(|order| order.account == index && order.state.is_live())
            .filter_map(|order| {
                let contract = state.sim.market.contracts.get(order.key.contract)?;
                Some(LiveOrder {
                    id: order.order_id.clone(),
                    instrument: contract.symbol.as_str().to_owned(),
                    side: order.side,
                    remaining: order.quantity - order.filled,
                    position_side: order.key.side,
                    only_reduces: order.only_reduces(),
                    waits_for_trigger: order.waits_for_trigger(),
                })
            })
            .chain(twaps)
            .collect())
    }
}

fn in_parts(sim: &Simulation, twap: &Twap) -> Option<LiveOrder> {
    let contract = sim.market.contracts.get(twap.key.contract)?;
    Some(LiveOrder {
        id: twap.id.to_string(),
        instrument: contract.symbol.as_str().to_owned(),
        side: twap.side,
        remaining: twap.total - twap.executed,
        position_side: twap.key.side,
        only_reduces: twap.key.side.is_closed_by(twap.side),
        waits_for_trigger: false,
    })
}
