//! The process of a world: it stands still, is killed and started again, gets
//! other rules and commands.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use riskd::domain::account::AccountName;
use riskd::domain::now::Now;
use riskd::engine::event::{Command, Event};
use riskd::engine::record::{EntryKind, Fields, LogEntry, RecordRow};
use riskd::engine::restore::{Kept, KeptRows, RecentRequest, Started};
use riskd::engine::{Engine, EngineConfig};
use riskd::rules::book::RuleBook;
use riskd::store::Batch;
use tokio::task::JoinSet;

use super::{CONFIG, Desk, Happening, World, say, sets};
use crate::invariants::{Trigger, Violation};
use crate::rules;
use crate::{mutations, trader};

/// A start of an engine that runs no account, to which each is then handed over: it
/// comes to the same as one that takes them up at once.
fn taken_up(rules: Arc<RuleBook>, config: EngineConfig, kept: Kept, now: Now) -> Started {
    let mut names: BTreeSet<AccountName> =
        kept.rows.accounts.iter().map(|row| row.0.clone()).collect();
    names.extend(rules.accounts.iter().map(|account| account.name.clone()));
    names.extend(kept.rows.locks.iter().map(|row| row.account.clone()));
    let nobody = Kept {
        rows: KeptRows::default(),
        elsewhere: names.iter().cloned().collect(),
        ..kept.clone()
    };
    let mut started = Engine::start(rules, config, nobody, now);
    for account in names {
        let event = Event::Adopted {
            kept: Box::new(rows_of(&account, &kept.rows)),
            account,
            earlier: kept.earlier.clone(),
        };
        started
            .effects
            .extend(started.engine.step(now, event).effects);
    }
    started
}

/// What is kept under the name of one account.
fn rows_of(account: &AccountName, rows: &KeptRows) -> KeptRows {
    let mut rows = rows.clone();
    rows.accounts.retain(|(name, _)| name == account);
    rows.rules.retain(|(name, ..)| name == account);
    rows.locks.retain(|row| row.account == *account);
    rows.intents.retain(|row| row.account == *account);
    rows.recent.retain(|row| row.account == *account);
    rows
}

impl World {
    /// The process stands still, and the machine too for `asleep` of it.
    pub(crate) fn pause(&mut self, lasts: TimeDelta, asleep: TimeDelta) {
        if self.paused.is_some() {
            return;
        }
        if !asleep.is_zero() {
            self.leave_all_unclean();
        }
        self.paused = Some(self.time.now() + lasts);
        self.at(lasts, Happening::Resumes(asleep));
    }

    pub(crate) fn resume(&mut self, asleep: TimeDelta) -> Result<(), Violation> {
        say!(self, "the process goes on");
        self.paused = None;
        self.steady -= asleep;
        self.wall += asleep;
        self.look_at_the_clock();
        self.checker.resumed(self.now());
        for desk in &mut self.desks {
            desk.polls.hold(self.time.now());
        }
        self.step(Event::Time, &Trigger::Other)?;
        match self.edited.take() {
            Some(number) => self.reload(number),
            None => Ok(()),
        }
    }

    pub(crate) fn crash(&mut self) -> Result<(), Violation> {
        say!(self, "crash and restart");
        self.stats.crashes += 1;
        self.forget_process();
        if let Some(number) = self.edited.take() {
            self.rules = number;
            self.checker.reloaded();
        }
        // The transaction under way is whole or not there.
        if !self.disk_fails() && self.random.percent(50) {
            self.disk.commit()?;
        }
        self.disk.crash();
        // A new process takes the wall clock as it finds it.
        let now = self.now();
        let shift = now.wall - now.steady;
        self.steady += shift;
        self.wall = TimeDelta::zero();
        let now = self.now();
        let mut kept = self.disk.restore(now.wall)?;
        self.handed = self.disk.durable.clone();
        self.leaving.rows.killed(&self.handed)?;
        let is_recent = |request| self.handed.is_recent(request, now.wall);
        self.leaving.closes.restarted(now.steady, shift, is_recent);
        let rules = self.rule_set(self.rules);
        self.desks = Desk::all(self.kind(), self.options.names, &self.wires, &rules);
        self.count_earlier(&kept.rows.recent);
        mutations::spoil(self.options.mutation, &mut kept);
        let one_by_one = self.stats.crashes.is_multiple_of(3);
        let started = if one_by_one {
            taken_up(rules, self.config(), kept, now)
        } else {
            Engine::start(rules, self.config(), kept, now)
        };
        self.engine = started.engine;
        self.checker.restarted(now, &self.handed);
        self.after(started.effects, &Trigger::Other)?;
        self.checker.agree(&self.engine.keep(), &self.handed)
    }

    /// What goes with a process.
    fn forget_process(&mut self) {
        self.generation += 1;
        self.tasks = JoinSet::new();
        self.truths.clear();
        self.lied.clear();
        self.realized.clear();
        self.polled.clear();
        self.held.clear();
        self.waiting.clear();
        self.asked.clear();
        self.dies_on_leaving = false;
        self.is_ready = false;
        self.paused = None;
        self.queue.retain(|_, happening| {
            !matches!(happening, Happening::Noted(_) | Happening::Resumes(_))
        });
    }

    /// Takes out of the budget what left shortly before this start, as the daemon
    /// does.
    fn count_earlier(&self, recent: &[RecentRequest]) {
        let limits = &self.kind().profile().limits;
        let remembered = TimeDelta::from_std(limits.remembered()).unwrap();
        let wall = self.now().wall;
        for desk in &self.desks {
            let its = recent.iter().filter(|request| {
                let left_at = request.sent_at.unwrap_or(request.queued_at);
                desk.number_of(&request.account).is_some() && wall - left_at <= remembered
            });
            let count = u32::try_from(its.count()).unwrap();
            desk.adapter.count_earlier(count);
        }
    }

    pub(crate) fn config(&self) -> riskd::engine::EngineConfig {
        riskd::engine::EngineConfig {
            acts: !self.observes,
            ..CONFIG
        }
    }

    /// The rule file of this number, as it is spelled now.
    fn rule_set(&self, number: usize) -> Arc<RuleBook> {
        let rules = &sets(self.kind())[number];
        if self.is_spelled {
            rules::spelled_otherwise(rules)
        } else {
            Arc::clone(rules)
        }
    }

    /// Polls ask for the numbers that are in the rule file.
    fn take_numbers(&mut self) {
        for desk in &mut self.desks {
            desk.take_numbers(self.engine.rules());
        }
    }

    pub(crate) fn random_rules(&mut self) -> usize {
        usize::try_from(self.random.within(0, rules::COUNT)).unwrap()
    }

    /// The rule file is edited. A process that stands still sees that when it goes
    /// on, or starts with it.
    pub(crate) fn reload(&mut self, number: usize) -> Result<(), Violation> {
        if self.paused.is_some() {
            self.edited = Some(number);
            return Ok(());
        }
        self.rules = number;
        say!(self, "reload of rule file {number}");
        self.checker.reloaded();
        let rules = self.rule_set(number);
        self.is_ready = false;
        self.step(Event::Reloaded(rules), &Trigger::Other)?;
        self.take_numbers();
        self.checker.agree(&self.engine.keep(), &self.handed)
    }

    pub(crate) fn command(&mut self) -> Result<(), Violation> {
        let command = trader::command(&mut self.random);
        self.carry_out(command)
    }

    /// A person asks for something.
    pub(crate) fn carry_out(&mut self, command: Command) -> Result<(), Violation> {
        // A riskd that only observes says so, and does nothing.
        let acts = matches!(command, Command::Flatten { .. } | Command::Lock { .. });
        if self.paused.is_some() || (acts && self.observes) {
            return Ok(());
        }
        say!(self, "person: {command:?}");
        let account = command.account().to_string();
        match command {
            Command::Rearm { .. } => self.checker.rearmed(&account),
            Command::Lock { .. } => self.checker.asked_for_lock(&account),
            _ => {}
        }
        let trigger = match command {
            Command::Unlock { .. } => Trigger::Unlock(account),
            _ => Trigger::Other,
        };
        self.step(Event::Command(command), &trigger)
    }

    /// Somebody deletes the write-ahead log. riskd looks at its files each second,
    /// and with each transaction.
    pub(crate) fn lose_log(&mut self) -> Result<(), Violation> {
        self.disk.commit()?;
        self.disk.lose_log();
        let entry = LogEntry {
            at: self.now().wall,
            kind: EntryKind::RecordBack,
            account: None,
            rule: None,
            firing: None,
            message: "the log of the record was deleted".to_owned(),
            fields: Fields::new(),
        };
        self.disk.submit(Batch {
            records: vec![RecordRow::LogEntry(entry)],
            ..Batch::default()
        });
        // The first try says so, and the second one goes on.
        if !self.disk_fails() && !self.disk.commit()? {
            self.disk.commit()?;
        }
        Ok(())
    }
}
