//! From a scenario to the simulation at its start, or what is wrong with it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use thiserror::Error;

use super::PaperConfig;
use crate::faults::rule::FaultError;
use crate::sim::account::Account;
use crate::sim::market::{Contract, MAX_PRICE, Market};
use crate::sim::trade::TradeError;
use crate::sim::{Settings, Simulation};

/// The most accounts of one venue.
pub const MAX_ACCOUNTS: usize = 1000;
/// The largest balance either way, in dollars.
const MAX_BALANCE: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);
/// The largest tick size and point value.
const MAX_POINT_VALUE: Decimal = Decimal::ONE_THOUSAND;

/// What is wrong with a scenario.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Requests could not be kept apart from those of strangers'.
    #[error("the token is empty")]
    EmptyToken,
    /// A venue whose requests are signed, and nothing to sign them with.
    #[error("a venue with signed requests needs a key")]
    NoKey,
    /// A key that is empty, there twice, or of an account that is not there.
    #[error("the key of account {0:?} is empty, there twice, or of no account")]
    Key(String),
    /// More than [`MAX_ACCOUNTS`].
    #[error("at most 1000 accounts are simulated")]
    TooManyAccounts,
    /// Blank, or with a slash, or the same as another but for casing.
    #[error("account name {0:?} is blank, holds a slash, or is there twice")]
    AccountName(String),
    /// Beyond a trillion dollars either way.
    #[error("the balance of {0} is out of range")]
    Balance(String),
    /// A root that is not built in, without tick size or point value.
    #[error("instrument {0} needs tick_size and point_value")]
    UnknownRoot(String),
    /// Prices, sizes, rules or terms that cannot be simulated.
    #[error("instrument {0} has a price, size, rule or rate out of range")]
    InstrumentNumbers(String),
    /// A position, order or trader that cannot be.
    #[error("the scenario cannot be set up")]
    Trade(#[from] TradeError),
    /// A fault that cannot be.
    #[error("the scenario has an impossible fault")]
    Fault(#[from] FaultError),
}

impl PaperConfig {
    /// The simulation at its start.
    pub(crate) fn simulation(&self, now: DateTime<Utc>) -> Result<Simulation, ConfigError> {
        if self.token.is_empty() {
            return Err(ConfigError::EmptyToken);
        }
        self.check_keys()?;
        let market = self.market(now)?;
        let accounts = self.checked_accounts()?;
        let settings = Settings {
            commission: self.commission.clamp(Decimal::ZERO, Decimal::ONE_THOUSAND),
            cancel_phase_ms: self.cancel_phase_ms,
            stops_live_ms: self.stops_live_ms,
            flatten_without_position_leaves_orders: self.flatten_without_position_leaves_orders,
        };
        let mut simulation = Simulation::new(now, self.seed, market, accounts, settings);
        self.set_up(&mut simulation)?;
        Ok(simulation)
    }

    fn check_keys(&self) -> Result<(), ConfigError> {
        if self.kind.is_signed() && self.keys.is_empty() {
            return Err(ConfigError::NoKey);
        }
        let mut seen = HashSet::new();
        for key in &self.keys {
            let mut accounts = self.accounts.iter();
            let has_account = accounts.any(|account| account.name == key.account);
            let is_blank = key.key.is_empty() || key.secret.is_empty();
            if is_blank || !has_account || !seen.insert(key.key.as_str()) {
                return Err(ConfigError::Key(key.account.clone()));
            }
        }
        Ok(())
    }

    fn set_up(&self, simulation: &mut Simulation) -> Result<(), ConfigError> {
        for entry in &self.positions {
            simulation.open_by_hand(
                &entry.account,
                &entry.instrument,
                entry.quantity,
                entry.price,
            )?;
        }
        for order in &self.orders {
            simulation.place(&order.account, &order.ticket)?;
        }
        for account in &self.accounts {
            simulation.set_connection(&account.name, account.connection)?;
        }
        for instrument in &self.instruments {
            simulation.set_motion(&instrument.symbol, &instrument.motion)?;
        }
        for entry in &self.traders {
            simulation.add_trader(
                &entry.account,
                &entry.instrument,
                entry.every_ms,
                entry.max_quantity,
            )?;
        }
        for watch in &self.watches {
            simulation.watch(&watch.account, watch.loss)?;
        }
        simulation.set_script(&self.script);
        Ok(())
    }

    fn market(&self, now: DateTime<Utc>) -> Result<Market, ConfigError> {
        let mut market = Market::default();
        for entry in &self.instruments {
            let mut contract = Contract::new(
                &entry.symbol,
                entry.price,
                entry.tick_size,
                entry.point_value,
                now,
            )
            .ok_or_else(|| ConfigError::UnknownRoot(entry.symbol.clone()))?;
            let positive =
                |number: Decimal, most: Decimal| number > Decimal::ZERO && number <= most;
            let sound = positive(contract.last, MAX_PRICE)
                && positive(contract.tick_size, MAX_POINT_VALUE)
                && positive(contract.point_value, MAX_POINT_VALUE * Decimal::ONE_HUNDRED);
            if !sound || !entry.rules.is_sound() || !entry.terms.is_sound() {
                return Err(ConfigError::InstrumentNumbers(entry.symbol.clone()));
            }
            contract.set_rules(entry.rules.clone(), entry.terms.clone(), now);
            market.contracts.push(contract);
        }
        Ok(market)
    }

    fn checked_accounts(&self) -> Result<Vec<Account>, ConfigError> {
        if self.accounts.len() > MAX_ACCOUNTS {
            return Err(ConfigError::TooManyAccounts);
        }
        let mut seen = HashSet::new();
        let mut accounts = Vec::with_capacity(self.accounts.len());
        for (id, entry) in (1..).zip(&self.accounts) {
            let name = entry.name.as_str();
            let blank = name.trim().is_empty() || name == "." || name == "..";
            if blank || name.contains('/') || !seen.insert(name.to_ascii_lowercase()) {
                return Err(ConfigError::AccountName(entry.name.clone()));
            }
            if entry.balance.abs() > MAX_BALANCE {
                return Err(ConfigError::Balance(entry.name.clone()));
            }
            let mut account = Account::new(id, name, &entry.asset, entry.balance);
            account.mode = entry.mode;
            account.multi_assets = entry.multi_assets;
            account.isolated = entry.isolated;
            account.separate = entry.separate;
            account.unified = entry.unified;
            account.may_trade = entry.may_trade;
            for (asset, balance) in &entry.wallets {
                if balance.abs() > MAX_BALANCE || asset.trim().is_empty() {
                    return Err(ConfigError::Balance(entry.name.clone()));
                }
                account.add_wallet(asset, *balance);
            }
            accounts.push(account);
        }
        Ok(accounts)
    }
}
