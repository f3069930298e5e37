//! The simulation: pure, deterministic, with time as an argument.
//!
//! It knows prices, accounts, positions, orders and time, and nothing of how a
//! venue shows them: no JSON, no route, no HTTP. Everything happens at its own
//! instant: [`Simulation::advance`] carries out what is due in order of time, so
//! the result does not depend on how often it is called.

pub(crate) mod account;
pub(crate) mod automation;
pub(crate) mod cancel;
pub(crate) mod clock;
pub(crate) mod countdown;
pub(crate) mod fill;
pub(crate) mod flatten;
pub(crate) mod flows;
pub(crate) mod ledger;
pub(crate) mod margin;
pub(crate) mod market;
pub(crate) mod order;
pub(crate) mod position;
pub(crate) mod random;
pub(crate) mod rules;
pub(crate) mod script;
pub(crate) mod session;
pub(crate) mod symbol;
pub(crate) mod trade;
pub(crate) mod twap;

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use account::{Account, ConnectionStatus};
use automation::Automations;
use flatten::{FlattenScope, Share};
use ledger::Ledger;
use market::{Market, Motion};
use order::Order;
use random::SplitMix64;
use rules::in_range;
use script::{Later, RandomTrader, ScriptAction};
use session::{Crossing, Watch, next_reset};
use trade::TradeError;
use twap::Twap;

/// Finished orders kept beyond this number are forgotten, oldest first.
const MAX_ORDERS: usize = 4000;

/// Settings that do not change while the simulation runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Commission a contract and side, in dollars.
    pub(crate) commission: Decimal,
    /// How long a cancelled order stays `CancelPending`.
    pub(crate) cancel_phase_ms: u64,
    /// How long a conditional order rests before it is taken away; 0 is for ever.
    pub(crate) stops_live_ms: u64,
    /// Whether a flatten of an account without positions leaves its orders.
    pub(crate) flatten_without_position_leaves_orders: bool,
}

/// Accounts, prices and orders at one moment.
#[derive(Debug)]
pub(crate) struct Simulation {
    now: DateTime<Utc>,
    pub(crate) settings: Settings,
    pub(crate) market: Market,
    pub(crate) accounts: Vec<Account>,
    pub(crate) orders: Vec<Order>,
    pub(crate) ledger: Ledger,
    random: SplitMix64,
    script: VecDeque<(DateTime<Utc>, ScriptAction)>,
    later: Vec<(DateTime<Utc>, Later)>,
    traders: Vec<RandomTrader>,
    pub(crate) twaps: Vec<Twap>,
    pub(crate) automations: Automations,
    watches: Vec<Watch>,
    crossings: Vec<Crossing>,
    next_reset: DateTime<Utc>,
    next_id: u64,
}

impl Simulation {
    pub(crate) fn new(
        now: DateTime<Utc>,
        seed: u64,
        market: Market,
        accounts: Vec<Account>,
        settings: Settings,
    ) -> Simulation {
        Simulation {
            now,
            settings,
            market,
            accounts,
            orders: Vec::new(),
            ledger: Ledger::default(),
            random: SplitMix64::new(seed),
            script: VecDeque::new(),
            later: Vec::new(),
            traders: Vec::new(),
            twaps: Vec::new(),
            automations: Automations::default(),
            watches: Vec::new(),
            crossings: Vec::new(),
            next_reset: next_reset(now),
            next_id: 1,
        }
    }

    /// The simulation's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Carries out all that is due up to `now`. Time never steps back.
    pub(crate) fn advance(&mut self, now: DateTime<Utc>) {
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            self.now = self.now.max(due);
            self.run_due();
            self.settle();
        }
        self.now = self.now.max(now);
    }

    /// When something happens next.
    fn next_due(&self) -> Option<DateTime<Utc>> {
        let script = self.script.front().map(|(at, _)| *at);
        let moves = self.market.contracts.iter().filter_map(|c| c.next_move());
        let later = self.later.iter().map(|(at, _)| *at);
        let traders = self.traders.iter().map(|trader| trader.next);
        let funding = self.market.contracts.iter().filter_map(|c| c.next_funding);
        moves
            .chain(funding)
            .chain(later)
            .chain(traders)
            .chain(self.automations.next_due())
            .chain(self.next_twap())
            .chain(script)
            .chain([self.next_reset])
            .min()
    }

    fn run_due(&mut self) {
        if self.next_reset <= self.now {
            self.reset_day();
        }
        self.run_script();
        for contract in &mut self.market.contracts {
            if contract.next_move().is_some_and(|at| at <= self.now) {
                contract.step(&mut self.random);
            }
        }
        self.run_funding();
        self.run_traders();
        self.run_later();
        self.run_twaps();
        self.run_automations();
    }

    /// What follows from new prices and fills: resting orders fill, peaks
    /// rise, watched losses are recorded.
    pub(crate) fn settle(&mut self) {
        self.fill_resting_orders();
        self.notice_closes();
        for account in &mut self.accounts {
            account.raise_peaks(&self.market);
        }
        self.record_crossings();
        self.forget_old_orders();
    }

    fn forget_old_orders(&mut self) {
        if self.orders.len() <= MAX_ORDERS {
            return;
        }
        let mut surplus = self.orders.len() / 2;
        self.orders.retain(|order| {
            let forget = surplus > 0 && !order.state.is_live();
            surplus -= usize::from(forget);
            !forget
        });
    }

    /// The next number for accounts, orders and the like.
    pub(crate) fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        id
    }

    /// 32 hexadecimal digits for an order.
    pub(crate) fn take_order_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.random.next(), self.random.next())
    }

    /// Sets a price now.
    pub(crate) fn set_price(&mut self, instrument: &str, price: Decimal) -> Result<(), TradeError> {
        let index = self.contract_index(instrument)?;
        let price = in_range(Some(price))?;
        if let Some(contract) = self.market.contracts.get_mut(index) {
            contract.set_price(price);
        }
        self.settle();
        Ok(())
    }

    /// Sets the price at which positions are valued apart from the last one, or
    /// lets it follow again.
    pub(crate) fn set_mark(
        &mut self,
        instrument: &str,
        price: Option<Decimal>,
    ) -> Result<(), TradeError> {
        let index = self.contract_index(instrument)?;
        let price = price.map(|price| in_range(Some(price))).transpose()?;
        if let Some(contract) = self.market.contracts.get_mut(index) {
            contract.set_mark(price);
        }
        self.settle();
        Ok(())
    }

    /// Changes the largest market order in an instrument.
    pub(crate) fn set_largest_market_order(
        &mut self,
        instrument: &str,
        quantity: Decimal,
    ) -> Result<(), TradeError> {
        let index = self.contract_index(instrument)?;
        if let Some(contract) = self.market.contracts.get_mut(index) {
            contract.set_largest_market_order(quantity)?;
        }
        Ok(())
    }

    pub(crate) fn set_step(&mut self, instrument: &str, step: Decimal) -> Result<(), TradeError> {
        let index = self.contract_index(instrument)?;
        if let Some(contract) = self.market.contracts.get_mut(index) {
            contract.set_step(step)?;
        }
        Ok(())
    }

    /// Changes how a price moves, from now on.
    pub(crate) fn set_motion(
        &mut self,
        instrument: &str,
        motion: &Motion,
    ) -> Result<(), TradeError> {
        let index = self.contract_index(instrument)?;
        check_motion(motion)?;
        let now = self.now;
        if let Some(contract) = self.market.contracts.get_mut(index) {
            contract.set_motion(motion.clone(), now);
        }
        Ok(())
    }

    /// Changes an account's connection.
    pub(crate) fn set_connection(
        &mut self,
        account: &str,
        status: ConnectionStatus,
    ) -> Result<(), TradeError> {
        let index = self.account_index(account)?;
        if let Some(account) = self.accounts.get_mut(index) {
            account.set_connection(status, &self.market);
        }
        self.settle();
        Ok(())
    }

    /// Makes a unified account of a classic one, or the other way round; what it holds
    /// and has working stays.
    pub(crate) fn set_unified(&mut self, account: &str, unified: bool) -> Result<(), TradeError> {
        let index = self.account_index(account)?;
        if let Some(account) = self.accounts.get_mut(index) {
            account.unified = unified;
        }
        Ok(())
    }

    /// Closes everything of an account at the market, as its owner would.
    pub(crate) fn close_by_hand(&mut self, account: &str) -> Result<(), TradeError> {
        let index = self.account_index(account)?;
        self.close_positions(&FlattenScope::account(index), Share::Whole);
        self.settle();
        Ok(())
    }
}

/// Refuses motions that would keep the simulation busy for ever.
fn check_motion(motion: &Motion) -> Result<(), TradeError> {
    let sound = match motion {
        Motion::Still => true,
        Motion::Drift { ticks_per_second } => {
            ticks_per_second.abs() <= Decimal::ONE_THOUSAND
                && ticks_per_second.abs() >= Decimal::new(1, 3)
        }
        Motion::Walk {
            every_ms, ticks, ..
        } => (1..=86_400_000).contains(every_ms) && *ticks <= 10_000,
    };
    if sound {
        Ok(())
    } else {
        Err(TradeError::BadMotion)
    }
}
