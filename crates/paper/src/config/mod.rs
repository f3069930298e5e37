//! What a paper venue starts with.

mod check;
mod demo;
mod exchange;
mod key;

use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::dialect::VenueKind;
use crate::faults::rule::FaultRule;
use crate::sim::account::ConnectionStatus;
use crate::sim::market::Motion;
use crate::sim::order::Ticket;
use crate::sim::position::PositionMode;
use crate::sim::rules::{Rules, Terms};
use crate::sim::script::ScriptStep;

pub use check::{ConfigError, MAX_ACCOUNTS};
pub use key::KeyConfig;

/// A start-up scenario. The scenario file of `riskd paper` is this in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaperConfig {
    /// Whose API it speaks.
    pub kind: VenueKind,
    /// The keys of a venue whose requests are signed; unused at CrossTrade.
    pub keys: Vec<KeyConfig>,
    /// The bearer token that CrossTrade's API asks for.
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
    /// Whether the venue's limits apply: at CrossTrade the bucket of 20 requests,
    /// refilled with 3 a second.
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
    /// How long the platform waits for an absent add-on before it gives 408.
    pub addon_timeout_ms: u64,
    /// The time zone of the trader's PC, for times without offset.
    pub pc_timezone: Tz,
    /// How long a conditional order rests before the venue takes it away without a
    /// word, as Binance's demo host was seen to do after some 53,000 ms; 0 is for ever.
    pub stops_live_ms: u64,
    /// Milliseconds between two turns of the background ticker; 0 leaves time
    /// to the requests and to [`PaperVenue::tick`](crate::PaperVenue::tick).
    pub tick_ms: u64,
}

impl Default for PaperConfig {
    fn default() -> PaperConfig {
        PaperConfig {
            kind: VenueKind::CrossTrade,
            keys: Vec::new(),
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
            stops_live_ms: 0,
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
    /// What is in its first wallet at the start.
    pub balance: Decimal,
    /// The connection at the start.
    #[serde(default)]
    pub connection: ConnectionStatus,
    /// The asset of the first wallet.
    #[serde(default = "dollars")]
    pub asset: String,
    /// More wallets: asset and balance.
    #[serde(default)]
    pub wallets: Vec<(String, Decimal)>,
    /// How it holds positions.
    #[serde(default)]
    pub mode: PositionMode,
    /// Whether all wallets together are the margin of every position, where the
    /// venue has such a mode.
    #[serde(default)]
    pub multi_assets: bool,
    /// Whether each position has a margin of its own, and its wallet is liable for
    /// no more.
    #[serde(default)]
    pub isolated: bool,
    /// Whether each opening has one, so that an order which closes names its position,
    /// where the venue has such a mode.
    #[serde(default)]
    pub separate: bool,
    /// Whether it is a unified account and no classic one, where the venue has both:
    /// each has calls of its own.
    #[serde(default)]
    pub unified: bool,
    /// Whether its venue lets it trade, whatever its keys may. Binance alone says so.
    #[serde(default = "yes")]
    pub may_trade: bool,
}

fn yes() -> bool {
    true
}

impl AccountConfig {
    /// An account in dollars, one-way and connected.
    pub fn new(name: &str, balance: impl Into<Decimal>) -> AccountConfig {
        AccountConfig {
            name: name.to_owned(),
            balance: balance.into(),
            connection: ConnectionStatus::Connected,
            asset: dollars(),
            wallets: Vec::new(),
            mode: PositionMode::OneWay,
            multi_assets: false,
            isolated: false,
            separate: false,
            unified: false,
            may_trade: true,
        }
    }
}

fn dollars() -> String {
    Terms::default().asset
}

/// One listed contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentConfig {
    /// Root and month, such as `ES 03-26`.
    pub symbol: String,
    /// The first price.
    pub price: Decimal,
    /// How the price moves. Needed for roots other than ES, MES, NQ, MNQ, CL and GC.
    #[serde(default)]
    pub tick_size: Option<Decimal>,
    /// Money a point of one contract or coin; needed as the tick size is.
    #[serde(default)]
    pub point_value: Option<Decimal>,
    /// How the price moves.
    #[serde(default)]
    pub motion: Motion,
    /// What an order's quantity and prices must be.
    #[serde(default)]
    pub rules: Rules,
    /// Asset, fees, margin and funding.
    #[serde(default)]
    pub terms: Terms,
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
            rules: Rules::default(),
            terms: Terms::default(),
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
    /// Contracts or coins, negative when short; in hedge mode the short position.
    pub quantity: Decimal,
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
    /// The largest entry, in steps of the instrument.
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

impl PaperConfig {
    /// Adds an account.
    #[must_use]
    pub fn account(mut self, name: &str, balance: impl Into<Decimal>) -> PaperConfig {
        self.accounts.push(AccountConfig::new(name, balance));
        self
    }

    /// Adds a key.
    #[must_use]
    pub fn key(mut self, key: KeyConfig) -> PaperConfig {
        self.keys.push(key);
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
    pub fn position(
        mut self,
        account: &str,
        instrument: &str,
        quantity: impl Into<Decimal>,
    ) -> PaperConfig {
        self.positions.push(PositionConfig {
            account: account.to_owned(),
            instrument: instrument.to_owned(),
            quantity: quantity.into(),
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
}
