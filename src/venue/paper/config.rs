//! What a paper venue starts with.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::account::{Account, ConnectionStatus};
use super::faults::{FaultError, FaultRule};
use super::market::{Contract, MAX_PRICE, Market, Motion};
use super::order::Ticket;
use super::sim::{Behaviour, Simulation};
use super::trade::TradeError;

/// The most accounts of one venue.
pub const MAX_ACCOUNTS: usize = 1000;
/// The largest balance either way, in dollars.
const MAX_BALANCE: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);
/// The largest tick size and point value.
const MAX_POINT_VALUE: Decimal = Decimal::ONE_THOUSAND;

/// A start-up scenario. The scenario file of `riskd paper` is this in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaperConfig {
    /// The bearer token that the API asks for.
    pub token: String,
    /// Seed of everything random.
    pub seed: u64,
    /// The accounts.
    pub accounts: Vec<AccountConfig>,
    /// The listed contracts. A root alone means its first contract.
    pub instruments: Vec<InstrumentConfig>,
    /// Positions open at the start.
    pub positions: Vec<PositionConfig>,
    /// Orders placed at the start.
    pub orders: Vec<OrderConfig>,
    /// What happens later.
    pub script: Vec<ScriptStep>,
    /// Traders who enter and leave at random.
    pub traders: Vec<TraderConfig>,
    /// Session losses whose moment is recorded.
    pub watches: Vec<WatchConfig>,
    /// Faults present from the start.
    pub faults: Vec<FaultRule>,
    /// Whether the bucket of 20 requests, refilled with 3 a second, applies.
    pub rate_limit: bool,
    /// Whether amounts carry the float noise of NinjaTrader.
    pub float_noise: bool,
    /// Commission a contract and side, in dollars.
    pub commission: Decimal,
    /// How long a cancelled order stays `CancelPending`.
    pub cancel_phase_ms: u64,
    /// Whether a flatten of an account without positions leaves its orders.
    /// CrossTrade's pages and its users disagree; the default is what users saw.
    pub flatten_without_position_leaves_orders: bool,
    /// Whether a flatten with nothing open is 400 `nothing_to_flatten` instead
    /// of 200 with a `warning`. Both are documented.
    pub flatten_when_flat_is_error: bool,
    /// How long the snapshot of all accounts is sent again as it was made, with
    /// its time; 0 is not at all. CrossTrade is said to keep it for 3000 ms.
    pub snapshot_cache_ms: u64,
    /// How long the platform waits for an absent add-on before it answers 408.
    pub addon_timeout_ms: u64,
    /// The time zone of the trader's PC, for times without offset.
    pub pc_timezone: Tz,
    /// Milliseconds between two turns of the background ticker; 0 leaves time
    /// to the requests and to [`PaperVenue::tick`](super::PaperVenue::tick).
    pub tick_ms: u64,
}

impl Default for PaperConfig {
    fn default() -> PaperConfig {
        PaperConfig {
            token: "paper-token".to_owned(),
            seed: 1,
            accounts: Vec::new(),
            instruments: InstrumentConfig::usual(),
            positions: Vec::new(),
            orders: Vec::new(),
            script: Vec::new(),
            traders: Vec::new(),
            watches: Vec::new(),
            faults: Vec::new(),
            rate_limit: true,
            float_noise: true,
            commission: Decimal::ZERO,
            cancel_phase_ms: 0,
            flatten_without_position_leaves_orders: true,
            flatten_when_flat_is_error: false,
            snapshot_cache_ms: 0,
            addon_timeout_ms: 0,
            pc_timezone: chrono_tz::America::Chicago,
            tick_ms: 50,
        }
    }
}

/// One account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// The name in every path, such as `Sim101`.
    pub name: String,
    /// Cash at the start, in dollars.
    pub balance: Decimal,
    /// The connection at the start.
    #[serde(default)]
    pub connection: ConnectionStatus,
}

/// One listed contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentConfig {
    /// Root and month, such as `ES 03-26`.
    pub symbol: String,
    /// The first price.
    pub price: Decimal,
    /// Needed for roots other than ES, MES, NQ, MNQ, CL and GC.
    #[serde(default)]
    pub tick_size: Option<Decimal>,
    /// Dollars a point; needed as the tick size is.
    #[serde(default)]
    pub point_value: Option<Decimal>,
    /// How the price moves.
    #[serde(default)]
    pub motion: Motion,
}

impl InstrumentConfig {
    /// A contract that stands still.
    pub fn new(symbol: &str, price: Decimal) -> InstrumentConfig {
        InstrumentConfig {
            symbol: symbol.to_owned(),
            price,
            tick_size: None,
            point_value: None,
            motion: Motion::Still,
        }
    }

    /// The contracts listed when a scenario names none.
    pub fn usual() -> Vec<InstrumentConfig> {
        [
            ("ES 03-26", 5000),
            ("MES 03-26", 5000),
            ("NQ 03-26", 20_000),
            ("MNQ 03-26", 20_000),
            ("CL 02-26", 70),
            ("GC 02-26", 2600),
        ]
        .into_iter()
        .map(|(symbol, price)| InstrumentConfig::new(symbol, Decimal::from(price)))
        .collect()
    }

    /// The same contract with a motion.
    #[must_use]
    pub fn moving(mut self, motion: Motion) -> InstrumentConfig {
        self.motion = motion;
        self
    }
}

/// A position open at the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionConfig {
    /// Whose.
    pub account: String,
    /// In what.
    pub instrument: String,
    /// Contracts, negative when short.
    pub quantity: i64,
    /// The entry price; the first price when left out.
    #[serde(default)]
    pub price: Option<Decimal>,
}

/// An order placed at the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderConfig {
    /// Whose.
    pub account: String,
    /// The order.
    pub ticket: Ticket,
}

/// A trader who, every so often, enters at random when flat and leaves when not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraderConfig {
    /// Whose account.
    pub account: String,
    /// What is traded.
    pub instrument: String,
    /// Milliseconds between two trades, at least 1.
    pub every_ms: u64,
    /// The largest entry in contracts.
    pub max_quantity: u32,
}

/// A session loss whose moment is recorded, once a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// Whose.
    pub account: String,
    /// The loss in dollars, positive.
    pub loss: Decimal,
}

/// Something that happens some time after the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptStep {
    /// Milliseconds after the start.
    pub after_ms: u64,
    /// What happens.
    pub action: ScriptAction,
}

/// What a script can do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScriptAction {
    /// Sets a price.
    Price {
        /// Of what.
        instrument: String,
        /// The price.
        price: Decimal,
    },
    /// Changes how a price moves.
    Motion {
        /// Of what.
        instrument: String,
        /// The new motion.
        motion: Motion,
    },
    /// Places an order.
    Order {
        /// Whose.
        account: String,
        /// The order.
        ticket: Ticket,
    },
    /// Closes an account's positions by hand; its orders stay.
    Close {
        /// Whose.
        account: String,
    },
    /// Changes an account's connection.
    Connection {
        /// Whose.
        account: String,
        /// The new state.
        status: ConnectionStatus,
    },
}

/// What is wrong with a scenario.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Requests could not be told from strangers'.
    #[error("the token is empty")]
    EmptyToken,
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
    /// Prices and sizes that cannot be simulated.
    #[error("instrument {0} has a price, tick size or point value out of range")]
    InstrumentNumbers(String),
    /// A position, order or trader that cannot be.
    #[error("the scenario cannot be set up")]
    Trade(#[from] TradeError),
    /// A fault that cannot be.
    #[error("the scenario has an impossible fault")]
    Fault(#[from] FaultError),
}

impl PaperConfig {
    /// Adds an account.
    #[must_use]
    pub fn account(mut self, name: &str, balance: impl Into<Decimal>) -> PaperConfig {
        self.accounts.push(AccountConfig {
            name: name.to_owned(),
            balance: balance.into(),
            connection: ConnectionStatus::Connected,
        });
        self
    }

    /// Adds `count` accounts of 50,000 dollars: `Sim101`, `Sim102`, ...
    #[must_use]
    pub fn sim_accounts(mut self, count: usize) -> PaperConfig {
        for number in (101_usize..).take(count) {
            self = self.account(&format!("Sim{number}"), 50_000);
        }
        self
    }

    /// Adds an open position, negative when short.
    #[must_use]
    pub fn position(mut self, account: &str, instrument: &str, quantity: i64) -> PaperConfig {
        self.positions.push(PositionConfig {
            account: account.to_owned(),
            instrument: instrument.to_owned(),
            quantity,
            price: None,
        });
        self
    }

    /// Adds an order.
    #[must_use]
    pub fn order(mut self, account: &str, ticket: Ticket) -> PaperConfig {
        self.orders.push(OrderConfig {
            account: account.to_owned(),
            ticket,
        });
        self
    }

    /// The simulation at its start.
    pub(crate) fn simulation(&self, now: DateTime<Utc>) -> Result<Simulation, ConfigError> {
        if self.token.is_empty() {
            return Err(ConfigError::EmptyToken);
        }
        let market = self.market(now)?;
        let accounts = self.checked_accounts()?;
        let behaviour = Behaviour {
            commission: self.commission.clamp(Decimal::ZERO, Decimal::ONE_THOUSAND),
            cancel_phase_ms: self.cancel_phase_ms,
            flatten_without_position_leaves_orders: self.flatten_without_position_leaves_orders,
        };
        let mut simulation = Simulation::new(now, self.seed, market, accounts, behaviour);
        self.set_up(&mut simulation)?;
        Ok(simulation)
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
            let contract = Contract::new(
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
            if !sound {
                return Err(ConfigError::InstrumentNumbers(entry.symbol.clone()));
            }
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
            accounts.push(Account::new(id, name, entry.balance));
        }
        Ok(accounts)
    }
}
