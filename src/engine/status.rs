//! What the engine shows of itself: every account with its rules, locks and
//! enforcement, as plain data with decimal strings.

use rust_decimal::Decimal;
use serde::Serialize;

use super::account::{AccountRun, RuleRun};
use super::locks::Lock;
use super::truth::Truth;
use super::{Engine, stale_after};
use crate::domain::account::AccountName;
use crate::domain::holdings::Position;
use crate::domain::ids::IntentId;
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::money::Money;
use crate::domain::now::Now;
use crate::rules::book::Action;

/// One account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountStatus {
    /// Its name in the rule file.
    pub account: String,
    /// The venue that it is at.
    pub venue: String,
    /// Its name at the venue.
    pub number: String,
    /// How good the newest observation is: `none`, `good`, `suspect`, `missing`.
    pub data: &'static str,
    /// Why it is not good.
    pub data_reason: Option<String>,
    /// Age of the newest trustworthy observation in seconds; `None` when there has
    /// been none since the start.
    pub data_age_seconds: Option<i64>,
    /// The session's trade date.
    pub session: Option<String>,
    /// When the next session opens, RFC 3339.
    pub next_session_opens: Option<String>,
    /// Balance.
    pub balance: Option<Money>,
    /// Equity.
    pub equity: Option<Money>,
    /// Session P&L.
    pub session_pnl: Option<Money>,
    /// Where the session P&L comes from: `venue` or `ledger`.
    pub session_pnl_from: Option<&'static str>,
    /// Open result.
    pub unrealized: Option<Money>,
    /// What the venue wants the account to keep for what it holds.
    pub maintenance_margin: Option<Money>,
    /// Open positions, as in a history file; `None` when unknown.
    pub positions: Option<Vec<String>>,
    /// The same positions with what the venue says of each; `None` when unknown.
    pub position_figures: Option<Vec<PositionStatus>>,
    /// Number of working orders; `None` when unknown.
    pub working_orders: Option<usize>,
    /// Locks in force.
    pub locks: Vec<LockStatus>,
    /// What is being enforced, if anything.
    pub enforcement: Option<EnforcementStatus>,
    /// The newest proof since the start that the account was flat and quiet.
    pub proven_flat: Option<ProvenFlat>,
    /// Its rules, in the order of the rule file.
    pub rules: Vec<RuleStatus>,
}

/// One open position; what the venue does not say is `None`.
#[derive(Clone, Debug, Serialize)]
pub struct PositionStatus {
    /// What is held, with its side where it has one: `BTCUSDT/long`.
    pub position: String,
    /// How much, below zero when short.
    pub quantity: String,
    /// Average entry price.
    pub average_price: Option<String>,
    /// Open result.
    pub unrealized: Option<Money>,
    /// The price by which the venue values it.
    pub mark_price: Option<String>,
    /// The mark price at which the venue would liquidate it; `none` where it says that
    /// no price does.
    pub liquidation_price: Option<String>,
    /// What it is worth at its mark price, in the currency of the account.
    pub notional: Option<Money>,
    /// Since when it has been held, RFC 3339.
    pub opened: Option<String>,
}

impl PositionStatus {
    fn of(held: &Position) -> PositionStatus {
        let plain = |number: Decimal| number.normalize().to_string();
        PositionStatus {
            position: held.key.to_string(),
            quantity: plain(held.quantity),
            average_price: held.average_price.map(plain),
            unrealized: held.unrealized,
            mark_price: held.mark_price.map(plain),
            liquidation_price: held.liquidation.text(),
            notional: held.notional,
            opened: held.opened.map(|at| at.to_rfc3339()),
        }
    }
}

/// A lock in force.
#[derive(Clone, Debug, Serialize)]
pub struct LockStatus {
    /// `lock` or `close_only`.
    pub kind: &'static str,
    /// Since when, RFC 3339.
    pub since: String,
    /// Until when, RFC 3339, or `manual`.
    pub until: String,
    /// Why.
    pub reason: String,
}

impl LockStatus {
    pub(super) fn of(kind: LockKind, lock: &Lock) -> LockStatus {
        LockStatus {
            kind: kind.name(),
            since: lock.since.to_rfc3339(),
            until: until(lock.end),
            reason: lock.reason.clone(),
        }
    }
}

/// The end of a lock: RFC 3339, or `manual`.
pub(super) fn until(end: LockEnd) -> String {
    match end {
        LockEnd::At(end) => end.to_rfc3339(),
        LockEnd::Manual => "manual".to_owned(),
    }
}

/// What is being enforced.
#[derive(Clone, Debug, Serialize)]
pub struct EnforcementStatus {
    /// What is to be reached, in words.
    pub goals: Vec<String>,
    /// The round that is going on.
    pub round: u32,
    /// Verification reads in a row that learned nothing.
    pub failed_reads: u32,
    /// The intents that are open.
    pub intents: Vec<IntentId>,
}

/// A proof that an account was flat and quiet: an observation made after the
/// last request showed neither a position nor a working order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvenFlat {
    /// The last of the intents that it ended; every earlier one that asked for a
    /// flat account has ended too.
    pub intent: IntentId,
    /// When it was known, RFC 3339.
    pub at: String,
    /// How many rounds of requests it took.
    pub rounds: u32,
}

/// One rule for one account.
#[derive(Clone, Debug, Serialize)]
pub struct RuleStatus {
    /// The rule's name.
    pub rule: String,
    /// `armed`, `building` (true, but not for long enough), `fired`, `unknown`.
    pub state: &'static str,
    /// The condition's answer: `true`, `false`, `unknown`.
    pub truth: &'static str,
    /// The tested value.
    pub value: Option<Money>,
    /// What it is tested against.
    pub limit: Option<Money>,
    /// How far the value may move before the limit is breached.
    pub distance: Option<Money>,
    /// The share of the limit that is used, as a fraction.
    pub used: Option<Money>,
    /// The firing, while the rule has fired.
    pub firing: Option<i64>,
    /// When it fired, RFC 3339.
    pub fired_at: Option<String>,
    /// What a firing does.
    pub actions: Vec<&'static str>,
    /// Whether a looser form of it waits for the next session.
    pub held_back: bool,
    /// When it may fire again once it has fired, as in a rule file: `session`,
    /// `clear`, `flat`, `never` or a duration.
    pub rearm: String,
    /// When time alone arms it again, RFC 3339; `None` when it has not fired,
    /// and when something else arms it.
    pub armed_at: Option<String>,
    /// Whether it has fired and does nothing more before it is armed again,
    /// while neither a lock nor enforcement that is going on stands in for it.
    /// Never so for rules that only notify, nor while riskd only observes.
    pub spent: bool,
    /// Whether it is spent, its condition is true, and the account holds what
    /// it would close or cancel, as far as that is known.
    pub exposed: bool,
}

/// The whole in a few numbers, cheap enough to be asked for after every round
/// of polls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// How many accounts there are.
    pub accounts: usize,
    /// The accounts that were not observed, trustworthily, since the start, each
    /// with the reason, if there is one.
    pub awaited: Vec<(AccountName, Option<String>)>,
    /// How many accounts' newest observation cannot be trusted or learned nothing.
    pub blind: usize,
    /// Seconds since the newest trustworthy observation of the account that was
    /// seen longest ago; zero when none was seen.
    pub seen_seconds: i64,
    /// How many rules have fired and are not armed again, counted an account.
    pub fired: usize,
    /// How many accounts are locked, in full or for closing only.
    pub locked: usize,
    /// How many accounts are being closed out.
    pub enforcing: usize,
}

impl Engine {
    /// Every account, in the order of the rule file.
    pub fn status(&self, now: Now) -> Vec<AccountStatus> {
        let acts = self.config.acts;
        self.accounts
            .iter()
            .map(|run| run.status(acts, now))
            .collect()
    }

    /// Whether the account was observed, trustworthily, not too long ago.
    pub fn sees(&self, account: &AccountName, now: Now) -> bool {
        let run = self.index.get(account);
        let run = run.and_then(|index| self.accounts.get(*index));
        let unseen_for = run.and_then(|run| run.view.unseen_for(now));
        unseen_for.is_some_and(|age| age < stale_after(&self.rules))
    }

    /// The whole in a few numbers.
    pub fn overview(&self, now: Now) -> Overview {
        let mut overview = Overview::default();
        for run in &self.accounts {
            run.add_to(&mut overview, now);
        }
        overview
    }
}

impl AccountRun {
    fn add_to(&self, overview: &mut Overview, now: Now) {
        let one_if = usize::from;
        let add = |count: &mut usize, more| *count = count.saturating_add(more);
        match self.data_age(now) {
            Some(age) => overview.seen_seconds = overview.seen_seconds.max(age),
            None => {
                let awaited = (self.account.name.clone(), self.view.data().reason());
                overview.awaited.push(awaited);
            }
        }
        let fired = self.rules.iter().filter(|run| run.state.fired.is_some());
        add(&mut overview.accounts, 1);
        add(&mut overview.fired, fired.count());
        add(&mut overview.locked, one_if(self.guard.is_locked()));
        add(&mut overview.blind, one_if(!self.view.is_good()));
        add(&mut overview.enforcing, one_if(!self.guard.is_idle()));
    }

    /// Full seconds since the newest trustworthy observation, if there has been one
    /// since the start.
    fn data_age(&self, now: Now) -> Option<i64> {
        self.view.unseen_for(now).map(|age| age.num_seconds())
    }

    fn status(&self, acts: bool, now: Now) -> AccountStatus {
        let context = self.context(now);
        let session = self.ledger.session();
        let figures = self.view.figures();
        let held = self.view.positions();
        let pnl = context.pnl.total;
        AccountStatus {
            account: self.account.name.to_string(),
            venue: self.account.venue.to_string(),
            number: self.account.number.to_string(),
            data: self.view.data().name(),
            data_reason: self.view.data().reason(),
            data_age_seconds: self.data_age(now),
            session: session.map(|session| session.date.to_string()),
            next_session_opens: self
                .ledger
                .current()
                .map(|session| session.next_open.to_rfc3339()),
            balance: figures.balance,
            equity: figures.equity,
            session_pnl: pnl,
            session_pnl_from: pnl.map(|_| context.pnl_basis()),
            unrealized: figures.unrealized,
            maintenance_margin: self.view.maintenance_margin(),
            positions: held.map(|held| held.iter().map(ToString::to_string).collect()),
            position_figures: held.map(|held| held.iter().map(PositionStatus::of).collect()),
            working_orders: self.view.orders().count(),
            locks: self.lock_status(),
            enforcement: (!self.guard.is_idle()).then(|| EnforcementStatus {
                goals: self
                    .guard
                    .intents()
                    .iter()
                    .map(|intent| intent.goal.words())
                    .collect(),
                round: self.guard.enforcement().round(),
                failed_reads: self.guard.enforcement().failed_reads(),
                intents: self.guard.intent_ids(),
            }),
            proven_flat: self.guard.proven_flat().cloned(),
            rules: self
                .rules
                .iter()
                .map(|run| RuleStatus {
                    armed_at: self.armed_at(run, now).map(|at| at.to_rfc3339()),
                    spent: acts && self.is_latched_idle(run),
                    exposed: acts && self.is_unguarded(run),
                    ..run.status()
                })
                .collect(),
        }
    }

    fn lock_status(&self) -> Vec<LockStatus> {
        [LockKind::Lock, LockKind::CloseOnly]
            .into_iter()
            .filter_map(|kind| {
                let lock = self.guard.lock(kind)?;
                Some(LockStatus::of(kind, lock))
            })
            .collect()
    }
}

impl RuleRun {
    fn status(&self) -> RuleStatus {
        let reading = self.reading();
        let state = match (&self.state.fired, reading.truth) {
            (Some(_), _) => "fired",
            (None, Truth::Unknown) => "unknown",
            (None, Truth::True) => "building",
            (None, Truth::False) => "armed",
        };
        RuleStatus {
            rule: self.rule.name.to_string(),
            state,
            truth: reading.truth.name(),
            value: reading.value.map(Money::new),
            limit: reading.limit.map(Money::new),
            distance: reading.distance().map(Money::new),
            used: reading.used().map(|used| Money::new(used.round_dp(4))),
            firing: self.state.fired.map(|fired| fired.id.0),
            fired_at: self.state.fired.map(|fired| fired.at.to_rfc3339()),
            actions: self.rule.then.iter().map(Action::name).collect(),
            held_back: self.deferred.is_some(),
            rearm: self.rule.rearm.word(),
            armed_at: None,
            spent: false,
            exposed: false,
        }
    }
}
