//! The handle on a running paper venue: everything that tests, the demo and
//! the control door can do to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::account::ConnectionStatus;
use super::api::Reply;
use super::clock::PaperClock;
use super::config::{ConfigError, PaperConfig};
use super::faults::{Faults, Strike};
use super::limit::Bucket;
use super::market::Motion;
use super::order::{OrderState, Ticket};
use super::record::{Counters, Found, Record, RequestRecord};
use super::routes::{Call, CallKind, NoCall};
use super::sim::{Crossing, Simulation};
use super::snapshots::SnapshotCache;
use super::trade::TradeError;

/// A paper venue. Clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct PaperVenue(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    clock: PaperClock,
    pub(super) config: PaperConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) sim: Simulation,
    pub(super) faults: Faults,
    pub(super) bucket: Bucket,
    pub(super) record: Record,
    pub(super) snapshots: SnapshotCache,
    addon_connected: bool,
}

/// An account's true figures, without noise or faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountFigures {
    /// The name as NinjaTrader spells it.
    pub account: String,
    /// Cash in dollars.
    pub cash: Decimal,
    /// The day's closed result, net of commission, with NinjaTrader's gap for
    /// carried positions.
    pub realized: Decimal,
    /// The open result.
    pub unrealized: Decimal,
    /// Cash and open result.
    pub net_liquidation: Decimal,
    /// Contracts held by instrument, negative when short.
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

/// What the front of the venue decides about a request.
pub(crate) enum Admission {
    /// The web site answers, not the API.
    WebSite,
    /// Answered without reaching an account.
    Answer(Reply),
    /// It goes on, with the faults that strike it.
    Proceed {
        /// Its number in the record.
        number: u64,
        call: Call,
        strikes: Vec<Strike>,
        /// The add-on is away; the platform waits so many milliseconds.
        away_ms: Option<u64>,
    },
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
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
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
            .find(|contract| contract.instrument.as_str() == instrument)
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

    /// Opens a position by hand, at `price` or at the market; negative is short.
    ///
    /// # Errors
    /// When the venue would refuse it.
    pub fn open(
        &self,
        account: &str,
        instrument: &str,
        quantity: i64,
        price: Option<Decimal>,
    ) -> Result<(), TradeError> {
        let mut state = self.state();
        state.sim.open_by_hand(account, instrument, quantity, price)
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
    /// every call but the watermarks is answered with 408.
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

    /// An account's true figures.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn figures(&self, account: &str) -> Result<AccountFigures, TradeError> {
        let state = self.state();
        let index = state.sim.account_index(account)?;
        figures(&state.sim, index).ok_or_else(|| TradeError::UnknownAccount(account.to_owned()))
    }

    /// The state of an order, whoever's it is.
    pub fn order_state(&self, order_id: &str) -> Option<OrderState> {
        let state = self.state();
        let mut orders = state.sim.orders.iter();
        let found = orders.find(|order| order.order_id.eq_ignore_ascii_case(order_id));
        found.map(|order| order.state)
    }

    /// Everything at one moment.
    pub fn snapshot(&self) -> PaperState {
        let state = self.state();
        let contracts = state.sim.market.contracts.iter();
        PaperState {
            now: state.sim.now(),
            addon_connected: state.addon_connected,
            prices: contracts
                .map(|contract| (contract.instrument.to_string(), contract.last))
                .collect(),
            accounts: (0..state.sim.accounts.len())
                .filter_map(|index| figures(&state.sim, index))
                .collect(),
        }
    }

    /// Notes a request and decides whether it goes on.
    pub(crate) fn admit(
        &self,
        method: &str,
        path: &str,
        call: Result<Call, NoCall>,
        authorization: Option<&str>,
    ) -> (u64, Admission) {
        let now = self.0.clock.now();
        let mut state = self.state();
        let number = state.record.arrived(now, method, path, call.as_ref().ok());
        let admission = self.decide(&mut state, now, number, call, authorization);
        if let Admission::Proceed { call, .. } = &admission
            && let Some(found) = found(&state.sim, call)
        {
            state.record.found(number, found);
        }
        (number, admission)
    }

    fn decide(
        &self,
        state: &mut State,
        now: DateTime<Utc>,
        number: u64,
        call: Result<Call, NoCall>,
        authorization: Option<&str>,
    ) -> Admission {
        if call == Err(NoCall::WebSite) {
            return Admission::WebSite;
        }
        let counters = &mut state.record.counters;
        if !self.is_authorized(authorization) {
            counters.unauthorized = counters.unauthorized.saturating_add(1);
            let detail = "Missing or invalid bearer token";
            return Admission::Answer(Reply::error(401, "unauthorized", detail));
        }
        if self.0.config.rate_limit
            && let Err(seconds) = state.bucket.take(now)
        {
            counters.rate_limited = counters.rate_limited.saturating_add(1);
            return Admission::Answer(Reply::rate_limited(seconds));
        }
        let call = match call {
            Ok(call) => call,
            Err(no_call) => {
                counters.unknown_paths = counters.unknown_paths.saturating_add(1);
                return Admission::Answer(not_found(no_call));
            }
        };
        let account = call.account.as_deref();
        let strikes = state.faults.strike(call.kind.class(), account);
        // The platform itself serves the watermarks.
        let away = !state.addon_connected && call.kind != CallKind::GetWatermarks;
        Admission::Proceed {
            number,
            call,
            strikes,
            away_ms: away.then_some(self.0.config.addon_timeout_ms),
        }
    }

    /// `Bearer` in any casing and exactly the token.
    fn is_authorized(&self, authorization: Option<&str>) -> bool {
        authorization
            .and_then(|text| text.split_once(' '))
            .is_some_and(|(scheme, token)| {
                scheme.eq_ignore_ascii_case("bearer") && token.trim() == self.0.config.token
            })
    }

    /// Notes an answer.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        let now = self.0.clock.now();
        self.state().record.answered(number, now, status);
    }
}

fn not_found(no_call: NoCall) -> Reply {
    let mut reply = Reply::error(404, "not_found", "No such endpoint");
    if let NoCall::Unknown { did_you_mean } = no_call {
        reply.put("did_you_mean", Value::String(did_you_mean));
    }
    reply
}

/// What the account of a write holds; `None` for a read, and for a write that
/// names no account that is there.
fn found(sim: &Simulation, call: &Call) -> Option<Found> {
    let name = call.account.as_deref().filter(|_| call.kind.is_write())?;
    let index = sim.account_index(name).ok()?;
    Some(Found {
        positions: sim.accounts.get(index)?.positions.len(),
        working_orders: sim.count_live_orders(index),
        is_closing: sim.is_closing(index),
    })
}

fn figures(sim: &Simulation, index: usize) -> Option<AccountFigures> {
    let account = sim.accounts.get(index)?;
    let positions = account.positions.iter().filter_map(|position| {
        let contract = sim.market.contracts.get(position.contract)?;
        Some((contract.instrument.to_string(), position.quantity))
    });
    Some(AccountFigures {
        account: account.name.clone(),
        cash: account.cash,
        realized: account.realized(),
        unrealized: account.unrealized(&sim.market),
        net_liquidation: account.net_liquidation(&sim.market),
        positions: positions.collect(),
        working_orders: sim.count_live_orders(index),
    })
}
