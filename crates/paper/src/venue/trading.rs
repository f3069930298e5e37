//! Orders, for programs in the same process: without HTTP, JSON or faults.

use rust_decimal::Decimal;

use super::PaperVenue;
use crate::sim::cancel::CancelBehaviour;
use crate::sim::order::Side;
use crate::sim::position::PositionSide;
use crate::sim::trade::TradeError;

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

    /// Cancels every live order of an account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn cancel_orders(&self, account: &str) -> Result<(), TradeError> {
        let mut state = self.state();
        let index = state.sim.account_index(account)?;
        let orders = state.sim.live_orders(index, None);
        state.sim.cancel_each(&orders, CancelBehaviour::Normal);
        Ok(())
    }

    /// The live orders of an account, oldest first.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn live_orders(&self, account: &str) -> Result<Vec<LiveOrder>, TradeError> {
        let state = self.state();
        let index = state.sim.account_index(account)?;
        let live = state.sim.orders.iter();
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
            .collect())
    }
}
