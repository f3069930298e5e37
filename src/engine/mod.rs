//! The engine: everything that happens goes in as an [`Event`], everything
//! that is to be done comes out as [`Effect`]s.
//!
//! One engine holds all accounts of a rule set. It does no I/O, reads no clock
//! and keeps no lock; the daemon, the replay and the rule tests run this same
//! engine. Once it is started, what it knows of accounts changes nowhere but in
//! [`Engine::step`].

#![warn(clippy::arithmetic_side_effects)]

mod account;
mod blind_spots;
mod build_up;
pub mod conditions;
mod dust;
mod early_open;
pub mod effect;

pub mod commands;
mod deferred_account;
pub mod enforcement;
pub mod event;
pub mod explain;
mod flows;
mod handover;
mod held_positions;
mod identity;
mod latched;
mod locks;
pub mod loosening;
mod made_before;
mod memory;
mod output;
pub mod quality;
pub mod record;
mod reload;
pub mod restore;
mod rule_state;
mod session;
pub mod shortcut;
pub mod status;
pub mod truth;
mod unfinished;
pub mod words;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;

use account::{AccountRun, Deadlines};
use commands::CommandReply;
use effect::Effect;
use event::Event;
use output::Output;
use record::RecordRow;
use reload::Parked;
use shortcut::Shortcut;

pub use account::{Data, RuleRun};
pub use memory::PnlSum;
pub use output::NextIds;

use crate::domain::account::AccountName;
use crate::domain::now::Now;
use crate::domain::observation::{Observation, Timestamp};
use crate::rules::book::RuleBook;

/// How an engine is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Whether it asks for requests and locks, or only decides and records.
    pub acts: bool,
    /// How old the newest observation of an account may become, by the steady
    /// clock, before it is taken as missing; `None` in a replay, where the
    /// world stays as it was between two rows.
    pub stale_after: Option<TimeDelta>,
}

/// How old an observation may become under these rules: several polls of the
/// slowest venue, and at least ten seconds.
pub fn stale_after(rules: &RuleBook) -> TimeDelta {
    rules
        .slowest_poll
        .checked_mul(5)
        .unwrap_or_default()
        .max(TimeDelta::seconds(10))
}

/// What a step has to say.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// What is to be done, in the order in which it is to be started; nothing waits
    /// for the one before it.
    pub effects: Vec<Effect>,
    /// What came of a command; `None` for everything else, and for the command of an
    /// account that is not in the rule file.
    pub reply: Option<CommandReply>,
}

impl From<Vec<Effect>> for Response {
    fn from(effects: Vec<Effect>) -> Response {
        Response {
            effects,
            reply: None,
        }
    }
}

/// The engine.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    rules: Arc<RuleBook>,
    accounts: Vec<AccountRun>,
    index: HashMap<AccountName, usize>,
    ids: NextIds,
    /// The accounts that the last steps touched and whose states were not
    /// drained since.
    touched: Vec<usize>,
    /// Accounts that were once in the rule file and are not now.
    parked: HashMap<AccountName, Parked>,
    /// Accounts that this engine has let go of, whether they are in the rule file or
    /// not.
    elsewhere: HashSet<AccountName>,
}

impl Engine {
    /// Takes one thing that happened and says what is to be done about it. The
    /// records of one step belong into one transaction, together with
    /// [`Engine::drain_states`].
    pub fn step(&mut self, now: Now, event: Event) -> Response {
        if !matches!(event, Event::Observed(_)) {
            self.end_shortcuts();
        }
        let effects = match event {
            Event::Observed(Observation {
                account,
                at,
                content,
            }) => self.on_account(&account, now, |run, out| {
                run.observe(&content, at, now, out);
            }),
            Event::OrdersRead {
                account,
                at,
                orders,
                are_all,
            } => self.on_account(&account, now, |run, out| {
                run.orders_read(orders, at, are_all, now, out);
            }),
            Event::ResultsListed {
                account,
                span,
                made,
            } => self.on_account(&account, now, |run, out| {
                run.results_listed(span, made, out);
            }),
            Event::ReadLeft { account, read, at } => self.on_account(&account, now, |run, _| {
                run.guard.enforcement_mut().read_left(read, at)
            }),
            Event::ReadEnded {
                account,
                read,
                at,
                result,
            } => self.on_account(&account, now, |run, out| {
                run.read_ended(read, at, result, now, out);
            }),
            Event::Sent {
                account,
                request,
                unrecorded,
            } => self.on_account(&account, now, |run, out| {
                run.sent(request, unrecorded, now, out);
            }),
            Event::Answered {
                account,
                request,
                answer,
            } => self.on_account(&account, now, |run, out| {
                run.answered(request, &answer, now, out);
            }),
            Event::Time => self.on_all(now, |run, out| run.tick(now, out)),
            Event::Reloaded(rules) => self.reload(rules, now),
            Event::Adopted {
                account,
                kept,
                earlier,
            } => self.adopt(&account, *kept, &earlier, now),
            Event::Released { account } => self.release(&account, now),
            Event::Command(command) => return self.carry_out_command(command, now),
        };
        Response::from(effects)
    }

    /// Something else than an observation happened: it may change what the rules
    /// look at, and when.
    fn end_shortcuts(&mut self) {
        for run in &mut self.accounts {
            run.rules.end_shortcut();
        }
    }

    /// Has somebody say from now on when the rules of an account need not be read.
    pub fn use_shortcut(&mut self, account: &AccountName, shortcut: Box<dyn Shortcut>) {
        let index = self.index.get(account);
        if let Some(run) = index.and_then(|index| self.accounts.get_mut(*index)) {
            run.rules.use_shortcut(shortcut);
        }
    }

    /// Whether the last step was an observation with which the rules of this account
    /// were not read.
    pub fn has_skipped(&self, account: &AccountName) -> bool {
        let index = match self.accounts.as_slice() {
            [only] if only.account.name == *account => Some(0),
            _ => self.index.get(account).copied(),
        };
        let run = index.and_then(|index| self.accounts.get(index));
        run.is_some_and(|run| run.rules.are_skipped())
    }

    /// How long until time alone may change something; `None` when it never
    /// does. Zero or less never comes out.
    pub fn next_wake(&self, now: Now) -> Option<TimeDelta> {
        let next = self.deadlines(now);
        let wall = next.wall.map(|at| at.signed_duration_since(now.wall));
        let steady = next.steady.map(|at| at.signed_duration_since(now.steady));
        match (wall, steady) {
            (Some(wall), Some(steady)) => Some(wall.min(steady)),
            (wall, steady) => wall.or(steady),
        }
    }

    /// The instant at which time alone may change something next, for a present
    /// in which both clocks agree.
    pub fn next_instant(&self, now: Timestamp) -> Option<Timestamp> {
        let next = self.deadlines(Now::at(now));
        match (next.wall, next.steady) {
            (Some(wall), Some(steady)) => Some(wall.min(steady)),
            (wall, steady) => wall.or(steady),
        }
    }

    fn deadlines(&self, now: Now) -> Deadlines {
        let mut next = Deadlines::default();
        for run in &self.accounts {
            let own = run.deadlines(now, self.config.stale_after);
            next.wall(own.wall, now);
            next.steady(own.steady, now);
        }
        next
    }

    /// The states that changed since they were last drained, to be written with
    /// the records of the step.
    pub fn drain_states(&mut self, records: &mut Vec<RecordRow>) {
        self.touched.sort_unstable();
        self.touched.dedup();
        for index in std::mem::take(&mut self.touched) {
            if let Some(run) = self.accounts.get_mut(index) {
                run.drain_states(records);
            }
        }
    }

    /// The accounts whose working orders must be known now, in the order of the
    /// rule file; locked ones among them.
    pub fn accounts_needing_orders(&self, now: Now) -> Vec<AccountName> {
        self.accounts
            .iter()
            .filter(|run| run.needs_orders(now))
            .map(|run| run.account.name.clone())
            .collect()
    }

    /// How good the newest observation of an account is.
    pub fn data(&self, account: &AccountName) -> Option<Data> {
        let index = self.index.get(account)?;
        self.accounts.get(*index).map(|run| run.view.data())
    }

    /// The rule set in force.
    pub fn rules(&self) -> &Arc<RuleBook> {
        &self.rules
    }

    fn on_account(
        &mut self,
        name: &AccountName,
        now: Now,
        act: impl FnOnce(&mut AccountRun, &mut Output<'_>),
    ) -> Vec<Effect> {
        // A replay has an engine for each account, and one step for each row.
        let index = match self.accounts.as_slice() {
            [only] if only.account.name == *name => Some(0),
            _ => self.index.get(name).copied(),
        };
        let Some(index) = index else {
            return Vec::new();
        };
        let Some(run) = self.accounts.get_mut(index) else {
            return Vec::new();
        };
        if self.touched.last() != Some(&index) {
            self.touched.push(index);
        }
        let mut out = Output {
            now,
            config: &self.config,
            rules_hash: &self.rules.hash,
            ids: &mut self.ids,
            effects: Vec::new(),
        };
        act(run, &mut out);
        out.effects
    }

    fn on_all(
        &mut self,
        now: Now,
        mut act: impl FnMut(&mut AccountRun, &mut Output<'_>),
    ) -> Vec<Effect> {
        let mut out = Output {
            now,
            config: &self.config,
            rules_hash: &self.rules.hash,
            ids: &mut self.ids,
            effects: Vec::new(),
        };
        for run in &mut self.accounts {
            act(run, &mut out);
        }
        let effects = out.effects;
        self.touched = (0..self.accounts.len()).collect();
        effects
    }
}
