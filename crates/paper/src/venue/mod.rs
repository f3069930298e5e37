//! The handle on a running paper venue: everything that tests, the demo and
//! the control API can do to it.

mod faults;
mod figures;
mod holdings;
mod trading;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::config::{ConfigError, PaperConfig};
use crate::dialect::binance::BinanceState;
use crate::dialect::bingx::BingXState;
use crate::dialect::bitget::BitgetState;
use crate::dialect::bybit::BybitState;
use crate::dialect::crosstrade::snapshots::SnapshotCache;
use crate::faults::rule::Faults;
use crate::http::limit::Bucket;
use crate::record::{Counters, Record, RequestRecord};
use crate::sim::Simulation;
use crate::sim::account::ConnectionStatus;
use crate::sim::clock::PaperClock;
use crate::sim::market::Motion;
use crate::sim::order::{OrderState, Ticket};
use crate::sim::session::Crossing;
use crate::sim::trade::TradeError;

pub use figures::{AccountFigures, PaperState};
pub use holdings::{Holding, WalletFigures};
pub use trading::LiveOrder;

/// A paper venue. Clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct PaperVenue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: PaperClock,
    config: PaperConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) sim: Simulation,
    pub(crate) faults: Faults,
    pub(crate) bucket: Bucket,
    pub(crate) record: Record,
    pub(crate) snapshots: SnapshotCache,
    pub(crate) bybit: BybitState,
    pub(crate) binance: BinanceState,
    pub(crate) bitget: BitgetState,
    pub(crate) bingx: BingXState,
    pub(crate) addon_connected: bool,
}

impl PaperVenue {
    /// A venue at its start, with nothing listening yet.
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn new(config: PaperConfig, clock: PaperClock) -> Result<PaperVenue, ConfigError> {
        let now = clock.now();
        let mut state = State {
            sim: config.simulation(now)?,
            faults: Faults::default(),
            bucket: Bucket::full(now),
            record: Record::new(now),
            snapshots: SnapshotCache::new(config.snapshot_cache_ms),
            bybit: BybitState::default(),
            binance: BinanceState::default(),
            bitget: BitgetState::default(),
            bingx: BingXState::default(),
            addon_connected: true,
        };
        for rule in &config.faults {
            state.add_fault(rule.clone())?;
        }
        Ok(PaperVenue(Arc::new(Shared {
            clock,
            config,
            state: Mutex::new(state),
        })))
    }

    /// The state, brought up to now.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves a state that is still whole enough to read.
        let state = self.0.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.sim.advance(self.0.clock.now());
        state
    }

    /// The scenario that the venue started with.
    pub fn config(&self) -> &PaperConfig {
        &self.0.config
    }

    /// The venue's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// Carries out what is due. Every other call does so too.
    pub fn tick(&self) {
        drop(self.state());
    }

    /// Sets a price now.
    ///
    /// # Errors
    /// When the instrument is not listed or the price is out of range.
    pub fn set_price(&self, instrument: &str, price: impl Into<Decimal>) -> Result<(), TradeError> {
        self.state().sim.set_price(instrument, price.into())
    }

    /// The last price of an instrument, spelled as it is listed.
    pub fn price(&self, instrument: &str) -> Option<Decimal> {
        let state = self.state();
        let mut contracts = state.sim.market.contracts.iter();
        contracts
            .find(|contract| contract.symbol.as_str() == instrument)
            .map(|contract| contract.last)
    }

    /// Changes how a price moves, from now on.
    ///
    /// # Errors
    /// When the instrument is not listed or the motion is out of range.
    pub fn set_motion(&self, instrument: &str, motion: &Motion) -> Result<(), TradeError> {
        self.state().sim.set_motion(instrument, motion)
    }

    /// Places an order by hand and returns its id.
    ///
    /// # Errors
    /// When the venue would refuse it.
    pub fn place(&self, account: &str, ticket: &Ticket) -> Result<String, TradeError> {
        self.state().sim.place(account, ticket)
    }

    /// Opens a position by hand, at `price` or at the market; negative is short, and
    /// in hedge mode the short one.
    ///
    /// # Errors
    /// When the venue would refuse it.
    pub fn open(
        &self,
        account: &str,
        instrument: &str,
        quantity: impl Into<Decimal>,
        price: Option<Decimal>,
    ) -> Result<(), TradeError> {
        let mut state = self.state();
        state
            .sim
            .open_by_hand(account, instrument, quantity.into(), price)
    }

    /// Adds to a position what no order could: what is held is no multiple of a step
    /// that the venue has made wider. Negative is short, and in hedge mode the short one.
    ///
    /// # Errors
    /// When there is no such account or instrument.
    pub fn leave_dust(
        &self,
        account: &str,
        instrument: &str,
        quantity: impl Into<Decimal>,
    ) -> Result<(), TradeError> {
        let sim = &mut self.state().sim;
        let ticket = sim.opening_ticket(account, instrument, quantity.into())?;
        sim.leave_dust(account, &ticket)
    }

    /// Closes an account's positions by hand; its orders stay.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn close(&self, account: &str) -> Result<(), TradeError> {
        self.state().sim.close_by_hand(account)
    }

    /// Changes an account's connection; figures freeze while it is away.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn set_connection(
        &self,
        account: &str,
        status: ConnectionStatus,
    ) -> Result<(), TradeError> {
        self.state().sim.set_connection(account, status)
    }

    /// Takes the add-on on the trader's PC away, or brings it back. Without it
    /// every call but the watermarks gives 408.
    pub fn set_addon(&self, connected: bool) {
        self.state().addon_connected = connected;
    }

    /// Records the moment at which an account's day loss reaches `loss` dollars.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn watch(&self, account: &str, loss: impl Into<Decimal>) -> Result<(), TradeError> {
        self.state().sim.watch(account, loss.into())
    }

    /// The watched losses that were reached, oldest first.
    pub fn crossings(&self) -> Vec<Crossing> {
        self.state().sim.crossings().to_vec()
    }

    /// How long a snapshot is kept and sent again, from now on; 0 is not at all.
    pub fn set_snapshot_cache(&self, ms: u64) {
        self.state().snapshots = SnapshotCache::new(ms);
    }

    /// The requests received, oldest first; the newest 100,000 are kept.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.state().record.requests().cloned().collect()
    }

    /// Sums over all requests received.
    pub fn counters(&self) -> Counters {
        self.state().record.counters
    }

    /// Forgets requests and their sums.
    pub fn clear_requests(&self) {
        self.state().record.clear();
    }

    /// The first flatten of an account at or after a time.
    pub fn first_flatten(&self, account: &str, after: DateTime<Utc>) -> Option<RequestRecord> {
        self.state().record.first_flatten(account, after).cloned()
    }

    /// The state of an order, whoever's it is.
    pub fn order_state(&self, order_id: &str) -> Option<OrderState> {
        let state = self.state();
        let mut orders = state.sim.orders.iter();
        let found = orders.find(|order| order.order_id.eq_ignore_ascii_case(order_id));
        found.map(|order| order.state)
    }

    /// Notes a response.
    pub(crate) fn responded(&self, number: u64, status: u16) {
        let now = self.0.clock.now();
        self.state().record.responded(number, now, status);
    }
}
