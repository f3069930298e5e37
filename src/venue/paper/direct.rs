//! The simulation's door for programs in the same process: what a request does
//! and what an account holds, without HTTP, JSON or faults in between.

use rust_decimal::Decimal;

use super::flatten::{Fills, FlattenManner, FlattenScope, Share};
use super::handle::PaperVenue;
use super::order::Side;
use super::trade::{CancelManner, TradeError};

/// How a flatten is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrying {
    /// As asked.
    #[default]
    Whole,
    /// Half of each position, rounded down, is closed.
    Half,
    /// Nothing is done.
    Nothing,
    /// Positions are closed and orders stay.
    LeavesOrders,
}

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
    /// Flattens an account, as its flatten call would.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn flatten(&self, account: &str, carrying: Carrying) -> Result<(), TradeError> {
        let mut state = self.state();
        let scope = FlattenScope::account(state.sim.account_index(account)?);
        state.sim.flatten(scope, manner(carrying));
        Ok(())
    }

    /// Closes the position in one instrument, as a flatten of it would.
    ///
    /// # Errors
    /// When there is no such account or instrument.
    pub fn close_position(&self, account: &str, instrument: &str) -> Result<(), TradeError> {
        let mut state = self.state();
        let scope = FlattenScope {
            contract: Some(state.sim.contract_index(instrument)?),
            ..FlattenScope::account(state.sim.account_index(account)?)
        };
        state.sim.flatten(scope, FlattenManner::default());
        Ok(())
    }

    /// Cancels every live order of an account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn cancel_orders(&self, account: &str) -> Result<(), TradeError> {
        let mut state = self.state();
        let index = state.sim.account_index(account)?;
        let orders = state.sim.live_orders(index, None);
        state.sim.cancel_each(&orders, CancelManner::Normal);
        Ok(())
    }

    /// Cancels one live order.
    ///
    /// # Errors
    /// When there is no such account, or no such live order of it.
    pub fn cancel_order(&self, account: &str, order: &str) -> Result<(), TradeError> {
        let mut state = self.state();
        let index = state.sim.account_index(account)?;
        state.sim.cancel(index, order, CancelManner::Normal)
    }

    /// Takes a token of the rate limit, as a request does; whether there was one.
    pub fn takes_token(&self) -> bool {
        let now = self.now();
        let mut state = self.state();
        !self.config().rate_limit || state.bucket.take(now).is_ok()
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
                    instrument: contract.instrument.to_string(),
                    side: order.side,
                    remaining: Decimal::from(order.quantity.saturating_sub(order.filled)),
                })
            })
            .collect())
    }
}

fn manner(carrying: Carrying) -> FlattenManner {
    let share = match carrying {
        Carrying::Whole | Carrying::LeavesOrders => Share::Whole,
        Carrying::Half => Share::Half,
        Carrying::Nothing => Share::Nothing,
    };
    FlattenManner {
        share,
        leaves_orders: carrying == Carrying::LeavesOrders,
        fills: Fills::AtOnce,
    }
}
