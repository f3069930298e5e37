//! Orders, for programs in the same process: without HTTP, JSON or faults.

use rust_decimal::Decimal;

use super::PaperVenue;
use crate::sim::order::Side;
use crate::sim::trade::{CancelBehaviour, TradeError};

/// An order that may still fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOrder {
    /// Its id.
    pub id: String,
    /// The instrument.
    pub instrument: String,
    /// Which way.
    pub side: Side,
    /// Contracts that may still fill.
    pub remaining: Decimal,
}

impl PaperVenue {
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
                let contract = state.sim.market.contracts.get(order.contract)?;
                Some(LiveOrder {
                    id: order.order_id.clone(),
                    instrument: contract.symbol.as_str().to_owned(),
                    side: order.side,
                    remaining: Decimal::from(order.quantity.saturating_sub(order.filled)),
                })
            })
            .collect())
    }
}
