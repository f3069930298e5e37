//! The simulation: pure, deterministic, with time as an argument.
//!
//! Everything happens at its own instant: [`Simulation::advance`] carries out
//! what is due in order of time, so the result does not depend on how often it
//! is called. What trades look like is in `trade.rs`.

use std::collections::VecDeque;

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::America::New_York;
use rust_decimal::Decimal;
use serde::Serialize;

use super::account::{Account, ConnectionStatus, RandomTrader};
use super::clock;
use super::config::{ScriptAction, ScriptStep};
use super::flatten::{FlattenScope, Share};
use super::habit::Habits;
use super::market::{MAX_PRICE, Market, Motion};
use super::order::{Order, OrderState, Side, Ticket, TimeInForce};
use super::random::SplitMix64;
use super::trade::TradeError;

/// Finished orders kept beyond this number are forgotten, oldest first.
const MAX_ORDERS: usize = 4000;

/// A session loss at which the moment is recorded.
#[derive(Clone, Debug)]
struct Watch {
    account: usize,
    loss: Decimal,
    crossed: bool,
}

/// A session loss that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crossing {
    /// The account.
    pub account: String,
    /// The watched loss, positive, in dollars.
    pub loss: Decimal,
    /// The day's result at that moment, realized and unrealized.
    pub pnl: Decimal,
    /// When a read would first have shown it.
    pub at: DateTime<Utc>,
}

/// Something that happens by itself later.
#[derive(Clone, Debug)]
pub(super) enum Later {
    /// A cancel is confirmed.
    CancelDone { order: u64 },
    /// A flatten that was accepted earlier is carried out.
    Flatten { scope: FlattenScope, share: Share },
    /// The market order of a flatten that was accepted earlier fills.
    CloseFills {
        account: usize,
        contract: usize,
        quantity: i64,
    },
    /// A trader opens a position again.
    Enter {
        account: usize,
        contract: usize,
        quantity: i64,
    },
}

/// Settings that do not change while the simulation runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behaviour {
    /// Commission a contract and side, in dollars.
    pub(crate) commission: Decimal,
    /// How long a cancelled order stays `CancelPending`.
    pub(crate) cancel_phase_ms: u64,
    /// Whether a flatten of an account without positions leaves its orders.
    pub(crate) flatten_without_position_leaves_orders: bool,
}

/// Accounts, prices and orders at one moment.
#[derive(Debug)]
pub(crate) struct Simulation {
    now: DateTime<Utc>,
    pub(super) behaviour: Behaviour,
    pub(super) market: Market,
    pub(super) accounts: Vec<Account>,
    pub(super) orders: Vec<Order>,
    random: SplitMix64,
    script: VecDeque<(DateTime<Utc>, ScriptAction)>,
    later: Vec<(DateTime<Utc>, Later)>,
    traders: Vec<RandomTrader>,
    pub(super) habits: Habits,
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
        behaviour: Behaviour,
    ) -> Simulation {
        Simulation {
            now,
            behaviour,
            market,
            accounts,
            orders: Vec::new(),
            random: SplitMix64::new(seed),
            script: VecDeque::new(),
            later: Vec::new(),
            traders: Vec::new(),
            habits: Habits::default(),
            watches: Vec::new(),
            crossings: Vec::new(),
            next_reset: next_reset(now),
            next_id: 1,
        }
    }

    /// Adds the price script; times count from now.
    pub(crate) fn set_script(&mut self, steps: &[ScriptStep]) {
        let mut timed: Vec<_> = steps
            .iter()
            .map(|step| (clock::after(self.now, step.after_ms), step.action.clone()))
            .collect();
        timed.sort_by_key(|(at, _)| *at);
        self.script = timed.into();
    }

    /// Lets a trader enter and leave at random from now on.
    pub(crate) fn add_trader(
        &mut self,
        account: &str,
        instrument: &str,
        every_ms: u64,
        max_quantity: u32,
    ) -> Result<(), TradeError> {
        let trader = RandomTrader {
            account: self.account_index(account)?,
            contract: self.contract_index(instrument)?,
            every_ms: every_ms.max(1),
            max_quantity: max_quantity.max(1),
            next: clock::after(self.now, every_ms.max(1)),
        };
        self.traders.push(trader);
        Ok(())
    }

    /// The simulation's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Session losses reached so far.
    pub(crate) fn crossings(&self) -> &[Crossing] {
        &self.crossings
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
        moves
            .chain(later)
            .chain(traders)
            .chain(self.habits.next_due())
            .chain(script)
            .chain([self.next_reset])
            .min()
    }

    fn run_due(&mut self) {
        if self.next_reset <= self.now {
            self.reset_day();
        }
        while self.script.front().is_some_and(|(at, _)| *at <= self.now) {
            if let Some((_, action)) = self.script.pop_front() {
                self.run_script_action(&action);
            }
        }
        for contract in &mut self.market.contracts {
            if contract.next_move().is_some_and(|at| at <= self.now) {
                contract.step(&mut self.random);
            }
        }
        self.run_traders();
        self.run_later();
        self.run_habits();
    }

    /// A step that cannot be carried out (an account that is away, say) is
    /// skipped, as a person's click would be.
    fn run_script_action(&mut self, action: &ScriptAction) {
        let _refused = match action {
            ScriptAction::Price { instrument, price } => self.set_price(instrument, *price),
            ScriptAction::Motion { instrument, motion } => self.set_motion(instrument, motion),
            ScriptAction::Order { account, ticket } => self.place(account, ticket).map(drop),
            ScriptAction::Close { account } => self.close_by_hand(account),
            ScriptAction::Connection { account, status } => self.set_connection(account, *status),
        };
    }

    fn run_traders(&mut self) {
        for index in 0..self.traders.len() {
            let Some(trader) = self.traders.get_mut(index) else {
                return;
            };
            if trader.next > self.now {
                continue;
            }
            trader.next = clock::after(trader.next, trader.every_ms);
            let trader = trader.clone();
            let held = self
                .accounts
                .get(trader.account)
                .map_or(0, |account| account.quantity(trader.contract));
            let quantity = if held == 0 {
                self.random_entry(trader.max_quantity)
            } else {
                -held
            };
            self.trade_at_market(trader.account, trader.contract, quantity, "Entry");
        }
    }

    fn random_entry(&mut self, max_quantity: u32) -> i64 {
        let size = self.random.below(u64::from(max_quantity)).saturating_add(1);
        let size = i64::try_from(size).unwrap_or(1);
        if self.random.chance(0.5) { size } else { -size }
    }

    fn run_later(&mut self) {
        let now = self.now;
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.later = waiting;
        for (_, event) in due {
            match event {
                Later::CancelDone { order } => self.confirm_cancel(order),
                Later::Flatten { scope, share } => self.close_positions(&scope, share),
                Later::CloseFills {
                    account,
                    contract,
                    quantity,
                } => self.trade_at_market(account, contract, quantity, "Close"),
                Later::Enter {
                    account,
                    contract,
                    quantity,
                } => self.trade_at_market(account, contract, quantity, "Entry"),
            }
        }
    }

    /// What is to happen by itself.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Later> {
        self.later.iter().map(|(_, event)| event)
    }

    /// Lets something happen after so many milliseconds.
    pub(super) fn schedule(&mut self, ms: u64, event: Later) {
        self.later.push((clock::after(self.now, ms), event));
    }

    /// 18:00 New York: day figures start again and day orders end.
    fn reset_day(&mut self) {
        self.next_reset = next_reset(self.now);
        for account in &mut self.accounts {
            account.reset_day(&self.market);
        }
        for watch in &mut self.watches {
            watch.crossed = false;
        }
        for order in &mut self.orders {
            if order.time_in_force == TimeInForce::Day && order.state.is_live() {
                order.state = OrderState::Cancelled;
            }
        }
        for contract in &mut self.market.contracts {
            (contract.open, contract.volume) = (contract.last, 0);
            (contract.high, contract.low) = (contract.last, contract.last);
        }
    }

    /// What follows from new prices and fills: resting orders fill, peaks
    /// rise, watched losses are recorded.
    pub(super) fn settle(&mut self) {
        self.fill_resting_orders();
        self.notice_closes();
        for account in &mut self.accounts {
            account.raise_peaks(&self.market);
        }
        self.record_crossings();
        self.forget_old_orders();
    }

    fn record_crossings(&mut self) {
        for watch in self.watches.iter_mut().filter(|watch| !watch.crossed) {
            let Some(account) = self.accounts.get(watch.account) else {
                continue;
            };
            let pnl = account.day_pnl(&self.market);
            if pnl <= -watch.loss {
                watch.crossed = true;
                self.crossings.push(Crossing {
                    account: account.name.clone(),
                    loss: watch.loss,
                    pnl,
                    at: self.now,
                });
            }
        }
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
    pub(super) fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        id
    }

    /// 32 hexadecimal digits for an order.
    pub(super) fn take_order_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.random.next(), self.random.next())
    }

    /// Sets a price now.
    pub(crate) fn set_price(&mut self, instrument: &str, price: Decimal) -> Result<(), TradeError> {
        let index = self.contract_index(instrument)?;
        if price <= Decimal::ZERO || price > MAX_PRICE {
            return Err(TradeError::BadPrice);
        }
        if let Some(contract) = self.market.contracts.get_mut(index) {
            contract.set_price(price);
        }
        self.settle();
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

    /// Records the moment at which the day's loss reaches `loss`.
    pub(crate) fn watch(&mut self, account: &str, loss: Decimal) -> Result<(), TradeError> {
        let account = self.account_index(account)?;
        self.watches.push(Watch {
            account,
            loss,
            crossed: false,
        });
        self.settle();
        Ok(())
    }

    /// Closes everything of an account at the market, as its owner would.
    pub(crate) fn close_by_hand(&mut self, account: &str) -> Result<(), TradeError> {
        let index = self.account_index(account)?;
        self.close_positions(&FlattenScope::account(index), Share::Whole);
        self.settle();
        Ok(())
    }

    /// Opens a position by hand, at `price` or at the market. Negative is short.
    pub(crate) fn open_by_hand(
        &mut self,
        account: &str,
        instrument: &str,
        quantity: i64,
        price: Option<Decimal>,
    ) -> Result<(), TradeError> {
        let size = u32::try_from(quantity.unsigned_abs()).map_err(|_| TradeError::BadQuantity)?;
        let ticket = Ticket::market(instrument, Side::of(quantity), size);
        self.place_at(account, &ticket, price)?;
        Ok(())
    }
}

/// The first 18:00 New York after `now`.
fn next_reset(now: DateTime<Utc>) -> DateTime<Utc> {
    let local = now.with_timezone(&New_York);
    let six = NaiveTime::from_hms_opt(18, 0, 0).unwrap_or_default();
    [0, 1]
        .into_iter()
        .filter_map(|days| local.date_naive().checked_add_days(Days::new(days)))
        .filter_map(|date| New_York.from_local_datetime(&date.and_time(six)).single())
        .map(|reset| reset.with_timezone(&Utc))
        .find(|reset| *reset > now)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
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
