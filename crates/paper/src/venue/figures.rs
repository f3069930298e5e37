//! What is true at the venue, without noise or faults.

use chrono::{DateTime, Utc};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::PaperVenue;
use crate::sim::Simulation;
use crate::sim::trade::TradeError;

/// An account's true figures, without noise or faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountFigures {
    /// Its name.
    pub account: String,
    /// What is in all wallets, each asset at par.
    pub cash: Decimal,
    /// The day's closed result, net of commission, without what was carried over
    /// the day's reset.
    pub realized: Decimal,
    /// The open result.
    pub unrealized: Decimal,
    /// Cash and open result.
    pub net_liquidation: Decimal,
    /// Whole contracts held by instrument, negative when short. A part of one
    /// counts as one; [`PaperVenue::holdings`] is exact.
    pub positions: Vec<(String, i64)>,
    /// Orders that may still fill.
    pub working_orders: usize,
}

impl AccountFigures {
    /// Whether there is neither a position nor a working order.
    pub fn is_flat_and_quiet(&self) -> bool {
        self.positions.is_empty() && self.working_orders == 0
    }
}

/// Prices, accounts and orders at one moment, without noise or faults.
#[derive(Clone, Debug, Serialize)]
pub struct PaperState {
    /// The simulation's time.
    pub now: DateTime<Utc>,
    /// Whether the simulated add-on is there.
    pub addon_connected: bool,
    /// Last price by instrument.
    pub prices: Vec<(String, Decimal)>,
    /// Every account.
    pub accounts: Vec<AccountFigures>,
}

impl PaperVenue {
    /// An account's true figures.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn figures(&self, account: &str) -> Result<AccountFigures, TradeError> {
        let state = self.state();
        let index = state.sim.account_index(account)?;
        figures(&state.sim, index).ok_or_else(|| TradeError::UnknownAccount(account.to_owned()))
    }

    /// Everything at one moment.
    pub fn snapshot(&self) -> PaperState {
        let state = self.state();
        let contracts = state.sim.market.contracts.iter();
        PaperState {
            now: state.sim.now(),
            addon_connected: state.addon_connected,
            prices: contracts
                .map(|contract| (contract.symbol.as_str().to_owned(), contract.last))
                .collect(),
            accounts: (0..state.sim.accounts.len())
                .filter_map(|index| figures(&state.sim, index))
                .collect(),
        }
    }
}

fn figures(sim: &Simulation, index: usize) -> Option<AccountFigures> {
    let account = sim.accounts.get(index)?;
    let positions = account.positions.iter().filter_map(|position| {
        let contract = sim.market.contracts.get(position.key.contract)?;
        let symbol = contract.symbol.as_str().to_owned();
        Some((symbol, whole_contracts(position.quantity)))
    });
    Some(AccountFigures {
        account: account.name.clone(),
        cash: account.cash(),
        realized: account.realized(),
        unrealized: account.unrealized(&sim.market),
        net_liquidation: account.net_liquidation(&sim.market),
        positions: positions.collect(),
        working_orders: sim.count_live_orders(index),
    })
}

/// A quantity in whole contracts, away from zero.
fn whole_contracts(quantity: Decimal) -> i64 {
    let strategy = RoundingStrategy::AwayFromZero;
    let whole = quantity.round_dp_with_strategy(0, strategy);
    whole.to_i64().unwrap_or(i64::MAX)
}
