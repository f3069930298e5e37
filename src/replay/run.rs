//! Driving the engine through the past.

use std::sync::Arc;

use super::log::ReplayLog;
use super::rest::Rest;
use crate::domain::account::{AccountName, RuleName};
use crate::domain::now::Now;
use crate::domain::observation::{Content, Observation, Timestamp};
use crate::engine::event::Event;
use crate::engine::restore::Kept;
use crate::engine::status::RuleStatus;
use crate::engine::{Engine, EngineConfig};
use crate::rules::book::{Account, RuleBook};

/// How the engine is run over the past: it decides and asks for nothing, and
/// the world stays as it was between two rows.
pub const REPLAY: EngineConfig = EngineConfig {
    acts: false,
    stale_after: None,
};

/// One account on its way through the past. It has an engine of its own:
/// accounts know nothing of one another, and each begins with its first row.
#[derive(Debug)]
pub struct AccountReplay {
    rules: Arc<RuleBook>,
    account: AccountName,
    engine: Engine,
    now: Timestamp,
    wake: Option<Timestamp>,
    /// Whether every rule is read with every row.
    is_plain: bool,
}

impl AccountReplay {
    /// Begins at `at`, with nothing remembered.
    pub fn start(
        rules: &RuleBook,
        account: &Arc<Account>,
        at: Timestamp,
        log: &mut ReplayLog,
    ) -> AccountReplay {
        AccountReplay::begin(rules, account, at, false, log)
    }

    /// The same, where every rule is read with every row, as riskd does it live. What is
    /// told is the same; it takes longer.
    pub fn start_plain(
        rules: &RuleBook,
        account: &Arc<Account>,
        at: Timestamp,
        log: &mut ReplayLog,
    ) -> AccountReplay {
        AccountReplay::begin(rules, account, at, true, log)
    }

    fn begin(
        rules: &RuleBook,
        account: &Arc<Account>,
        at: Timestamp,
        is_plain: bool,
        log: &mut ReplayLog,
    ) -> AccountReplay {
        let name = account.name.clone();
        let alone = RuleBook {
            accounts: vec![Arc::clone(account)],
            rules: rules.rules_of(&name).cloned().collect(),
            ..rules.clone()
        };
        let alone = Arc::new(alone);
        let started = Engine::start(Arc::clone(&alone), REPLAY, Kept::default(), Now::at(at));
        let mut replay = AccountReplay {
            rules: alone,
            account: name,
            engine: started.engine,
            now: at,
            wake: None,
            is_plain,
        };
        log.add(started.effects);
        replay.take_shortcuts();
        replay.plan();
        replay
    }

    fn take_shortcuts(&mut self) {
        if !self.is_plain {
            let rest = Box::new(Rest::default());
            self.engine.use_shortcut(&self.account, rest);
        }
    }

    /// The next instant at which time alone may change something.
    pub const fn wake(&self) -> Option<Timestamp> {
        self.wake
    }

    /// Lets time pass up to `until`; what is due at that very instant is left
    /// to the observation that comes then.
    pub fn pass_before(&mut self, until: Timestamp, log: &mut ReplayLog) {
        while let Some(wake) = self.wake.filter(|wake| *wake < until) {
            self.wake_at(wake, log);
        }
    }

    /// Lets time pass up to `until` and deals with what is due at that instant.
    pub fn pass_through(&mut self, until: Timestamp, log: &mut ReplayLog) {
        while let Some(wake) = self.wake.filter(|wake| *wake <= until) {
            self.wake_at(wake, log);
        }
    }

    /// Takes an observation made at `at`, which must not be earlier than
    /// anything that was taken before.
    pub fn observe(&mut self, at: Timestamp, content: Content, log: &mut ReplayLog) {
        self.pass_before(at, log);
        self.now = at;
        let observation = Observation {
            account: self.account.clone(),
            at,
            content,
        };
        self.step(Event::Observed(observation), log);
        self.plan();
    }

    /// Stops and starts again at `at` from what is stored, as after a crash.
    pub fn restart(&mut self, at: Timestamp, log: &mut ReplayLog) {
        self.pass_before(at, log);
        let kept = self.engine.keep();
        let started = Engine::start(Arc::clone(&self.rules), REPLAY, kept, Now::at(at));
        log.add(started.effects);
        self.engine = started.engine;
        self.now = at;
        self.take_shortcuts();
        self.plan();
    }

    /// How a rule stands at the instant of the last step.
    pub fn rule_status(&mut self, rule: &RuleName) -> Option<RuleStatus> {
        if self.has_skipped() {
            // Its numbers are those of an earlier row.
            let response = self.engine.step(Now::at(self.now), Event::Time);
            debug_assert!(response.effects.is_empty(), "{:?}", response.effects);
        }
        let accounts = self.engine.status(Now::at(self.now));
        let rules = accounts.into_iter().flat_map(|account| account.rules);
        rules
            .into_iter()
            .find(|status| status.rule == rule.as_str())
    }

    fn wake_at(&mut self, at: Timestamp, log: &mut ReplayLog) {
        self.now = at;
        self.step(Event::Time, log);
        self.plan();
    }

    fn step(&mut self, event: Event, log: &mut ReplayLog) {
        log.add(self.engine.step(Now::at(self.now), event).effects);
    }

    /// Finds the next instant at which time alone may change something. A row with which
    /// no rule was read leaves it as it is, unless it has come.
    fn plan(&mut self) {
        let is_ahead = self.wake.is_none_or(|wake| self.now < wake);
        if is_ahead && self.has_skipped() {
            debug_assert_eq!(self.wake, self.engine.next_instant(self.now));
            return;
        }
        self.wake = self.engine.next_instant(self.now);
    }

    fn has_skipped(&self) -> bool {
        self.engine.has_skipped(&self.account)
    }
}
