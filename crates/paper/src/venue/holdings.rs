//! What an account holds and owes, exactly: positions, wallets, ledger, fills, and
//! the money that moves without a trade.

use rust_decimal::Decimal;
use serde::Serialize;

use super::PaperVenue;
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::ledger::{Fill, LedgerEntry};
use crate::sim::position::{Position, PositionMode, PositionSide};
use crate::sim::trade::TradeError;

/// An open position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// The instrument, as it is listed.
    pub instrument: String,
    /// Which position of it.
    pub side: PositionSide,
    /// In contracts or coins, negative when short.
    pub quantity: Decimal,
    /// The average entry price.
    pub entry_price: Decimal,
    /// The price at which it is valued.
    pub mark_price: Decimal,
    /// The asset of its result and margin.
    pub asset: String,
    /// The open result.
    pub unrealized: Decimal,
    /// The margin below which it may not fall.
    pub maintenance_margin: Decimal,
    /// The mark price at which the equity of its asset is down to the maintenance
    /// margin; `None` when no price does that.
    pub liquidation_price: Option<Decimal>,
}

/// One wallet of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalletFigures {
    /// The margin asset.
    pub asset: String,
    /// Without open results.
    pub balance: Decimal,
    /// The open result of the positions in this asset.
    pub unrealized: Decimal,
    /// Balance and open result.
    pub equity: Decimal,
    /// The maintenance margin of the positions in this asset.
    pub maintenance_margin: Decimal,
}

impl PaperVenue {
    /// The open positions of an account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn holdings(&self, account: &str) -> Result<Vec<Holding>, TradeError> {
        self.read(account, |sim, _, account| {
            let positions = account.positions.iter();
            positions
                .filter_map(|position| holding(sim, account, position))
                .collect()
        })
    }

    /// The wallets of an account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn wallets(&self, account: &str) -> Result<Vec<WalletFigures>, TradeError> {
        self.read(account, |sim, _, account| {
            let assets = account.wallets.iter().map(|wallet| wallet.asset.as_str());
            assets.map(|asset| wallet(sim, account, asset)).collect()
        })
    }

    /// What moved an account's money, oldest first.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn ledger(&self, account: &str) -> Result<Vec<LedgerEntry>, TradeError> {
        self.read(account, |sim, index, _| {
            sim.ledger.entries(index).cloned().collect()
        })
    }

    /// The fills of an account, oldest first.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn fills(&self, account: &str) -> Result<Vec<Fill>, TradeError> {
        self.read(account, |sim, index, _| {
            sim.ledger.fills(index).cloned().collect()
        })
    }

    /// Pays money into a wallet, or out of it when negative, and returns the id of
    /// its ledger entry.
    ///
    /// # Errors
    /// When there is no such account, or not enough in the wallet.
    pub fn transfer(
        &self,
        account: &str,
        asset: &str,
        amount: impl Into<Decimal>,
    ) -> Result<u64, TradeError> {
        let amount = amount.into();
        self.state().sim.transfer(account, asset, amount, None)
    }

    /// The same under a word that the venue has for it, such as a bonus.
    ///
    /// # Errors
    /// As [`PaperVenue::transfer`].
    pub fn transfer_as(
        &self,
        word: &str,
        account: &str,
        asset: &str,
        amount: impl Into<Decimal>,
    ) -> Result<u64, TradeError> {
        let amount = amount.into();
        self.state()
            .sim
            .transfer(account, asset, amount, Some(word))
    }

    /// Lets every position in an instrument pay or get funding now, as a part of
    /// its value. Longs pay when the rate is positive.
    ///
    /// # Errors
    /// When the instrument is not listed or the rate is out of range.
    pub fn pay_funding(&self, instrument: &str, rate: Decimal) -> Result<(), TradeError> {
        self.state().sim.pay_funding(instrument, rate)
    }

    /// Sets the mark price apart from the last one; `None` lets it follow again.
    ///
    /// # Errors
    /// When the instrument is not listed or the price is out of range.
    pub fn set_mark(&self, instrument: &str, price: Option<Decimal>) -> Result<(), TradeError> {
        self.state().sim.set_mark(instrument, price)
    }

    /// Changes the largest market order in an instrument.
    ///
    /// # Errors
    /// When the instrument is not listed or the quantity is none that it may allow.
    pub fn set_largest_market_order(
        &self,
        instrument: &str,
        quantity: impl Into<Decimal>,
    ) -> Result<(), TradeError> {
        let quantity = quantity.into();
        self.state()
            .sim
            .set_largest_market_order(instrument, quantity)
    }

    /// Changes of what every quantity of an instrument is a multiple, as a venue may at
    /// any time. What is held stays as it is.
    ///
    /// # Errors
    /// When there is no such instrument, or the step cannot be.
    pub fn set_step(&self, instrument: &str, step: impl Into<Decimal>) -> Result<(), TradeError> {
        self.state().sim.set_step(instrument, step.into())
    }

    /// Changes how an account holds positions.
    ///
    /// # Errors
    /// When there is no such account, or it has positions or live orders.
    pub fn set_position_mode(&self, account: &str, mode: PositionMode) -> Result<(), TradeError> {
        self.state().sim.set_mode(account, mode)
    }

    /// Makes a unified account of a classic one, or the other way round, where the venue
    /// has both; what it holds and has working stays.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn set_unified(&self, account: &str, unified: bool) -> Result<(), TradeError> {
        self.state().sim.set_unified(account, unified)
    }

    fn read<T>(
        &self,
        account: &str,
        read: impl FnOnce(&Simulation, usize, &Account) -> T,
    ) -> Result<T, TradeError> {
        let state = self.state();
        let index = state.sim.account_index(account)?;
        let found = state.sim.accounts.get(index);
        let found = found.ok_or_else(|| TradeError::UnknownAccount(account.to_owned()))?;
        Ok(read(&state.sim, index, found))
    }
}

fn holding(sim: &Simulation, account: &Account, position: &Position) -> Option<Holding> {
    let contract = sim.market.contracts.get(position.key.contract)?;
    Some(Holding {
        instrument: contract.symbol.as_str().to_owned(),
        side: position.key.side,
        quantity: position.quantity,
        entry_price: position.average_price(),
        mark_price: account.price(&sim.market, position.key.contract),
        asset: contract.terms.asset.clone(),
        unrealized: account.position_unrealized(position, &sim.market),
        maintenance_margin: account.maintenance(position, contract, &sim.market),
        liquidation_price: account.liquidation_price(position, &sim.market),
    })
}

fn wallet(sim: &Simulation, account: &Account, asset: &str) -> WalletFigures {
    WalletFigures {
        asset: asset.to_owned(),
        balance: account.balance(asset).unwrap_or_default(),
        unrealized: account.unrealized_in(asset, &sim.market),
        equity: account.equity_in(asset, &sim.market),
        maintenance_margin: account.maintenance_in(asset, &sim.market),
    }
}
