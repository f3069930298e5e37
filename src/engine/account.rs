//! One account inside the engine: what was last seen of it, its rules, its
//! locks and its enforcement.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::conditions::{self, Caches, Context, Reading, Tree};
use super::effect::{Audience, Notice, Severity};
use super::enforcement::Enforcement;
use super::locks::Locks;
use super::memory::AccountMemory;
use super::out::Out;
use super::quality::{Suspicion, suspicions};
use super::record::{EntryKind, Fields, Goal, Record};
use super::rule_state::{Change, RuleState};
use super::session::{SessionPnl, VenueDay};
use super::truth::Truth;
use crate::domain::account::RuleName;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::now::Now;
use crate::domain::observation::{Content, Figures, Learned, Missing, Observation, Timestamp};
use crate::domain::session::Session;
use crate::rules::ruleset::{Account, Leaf, Rearm, Rule};

/// How long working orders that were read stay known without a new read.
const ORDERS_KEPT: TimeDelta = TimeDelta::seconds(90);
/// Missing observations in a row before the account's data is called lost.
const LOST_AFTER: u32 = 3;
/// How long a rule may be unknown, with data coming in, before that is reported.
const UNKNOWN_REPORTED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// One account inside the engine.
#[derive(Debug)]
pub struct AccountRun {
    pub(super) account: Arc<Account>,
    pub(super) day: Option<VenueDay>,
    pub(super) session: Option<Session>,
    pub(super) memory: AccountMemory,
    stored_memory: Option<AccountMemory>,
    pub(super) seen: Seen,
    pub(super) rules: Vec<RuleRun>,
    /// States of rules that are not in the rule file, should they come back.
    pub(super) parked_rules: HashMap<RuleName, RuleState>,
    pub(super) locks: Locks,
    pub(super) enforcement: Enforcement,
    /// When the last verification read that counted was asked for.
    pub(super) verified_at: Option<Timestamp>,
    /// When the enforcement that is going on last asked for a read.
    pub(super) read_asked_at: Timestamp,
    /// The last time that what is read of the holdings may have been frozen,
    /// by the steady clock, and why.
    pub(super) frozen: Option<Frozen>,
}

/// Why what is read of the holdings may be frozen, and until when it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frozen {
    pub(super) why: Missing,
    /// When an observation showed the account alive again, by the steady clock.
    pub(super) until: Option<Timestamp>,
}

/// One rule for one account.
#[derive(Debug)]
pub struct RuleRun {
    pub(super) rule: Arc<Rule>,
    /// A looser form of the rule that waits for the next session.
    pub(super) held_back: Option<Option<Arc<Rule>>>,
    pub(super) state: RuleState,
    stored: Option<RuleState>,
    pub(super) caches: Caches,
    /// Whether its answer may change with time at instants that depend on more
    /// than the caches.
    watches_time: bool,
    pub(super) reading: Reading,
    pub(super) unknown_since: Option<Timestamp>,
    unknown_reported: bool,
}

/// What was last seen of an account.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How good the newest observation is.
    pub data: Data,
    /// The figures of it; all unknown unless it is good.
    pub figures: Figures,
    /// Open positions.
    pub positions: Option<Arc<[Position]>>,
    /// Working orders.
    pub orders: WorkingOrders,
    /// When those were asked for, by the steady clock.
    orders_at: Timestamp,
    /// When the newest observation was asked for, by the steady clock.
    pub at: Option<Timestamp>,
    /// When the newest trustworthy one was asked for, or when the engine
    /// started, by the steady clock.
    pub trusted_at: Timestamp,
    /// Whether an observation since the start could be trusted.
    pub has_been_good: bool,
    missing_in_a_row: u32,
    lost_reported: bool,
    /// The suspicion that was taken for the truth because it was repeated; it
    /// is not raised again until an observation is free of it.
    settled: Option<Suspicion>,
}

/// How good the newest observation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// There has been none since the start.
    None,
    /// It can be trusted.
    Good,
    /// Its figures cannot be trusted.
    Suspect(Suspicion),
    /// Nothing was learned.
    Missing(Missing),
}

impl Data {
    /// The stable name, as in `status`.
    pub const fn name(self) -> &'static str {
        match self {
            Data::None => "none",
            Data::Good => "good",
            Data::Suspect(_) => "suspect",
            Data::Missing(_) => "missing",
        }
    }

    /// Why it is not good, in words.
    pub fn reason(self) -> Option<String> {
        match self {
            Data::None | Data::Good => None,
            Data::Suspect(suspicion) => Some(suspicion.words().to_owned()),
            Data::Missing(missing) => Some(missing.to_string()),
        }
    }
}

impl RuleRun {
    pub(super) fn new(rule: Arc<Rule>, stored: Option<RuleState>, now: Now) -> RuleRun {
        RuleRun {
            caches: Caches::of(&rule.when),
            watches_time: watches_time(&rule),
            state: stored.clone().unwrap_or_else(|| RuleState::new(now.wall)),
            stored,
            held_back: None,
            reading: Reading::of(Truth::Unknown),
            unknown_since: None,
            unknown_reported: false,
            rule,
        }
    }

    /// Puts a changed form of the rule in force; its state stays.
    pub(super) fn replace(&mut self, rule: Arc<Rule>) {
        self.caches = Caches::of(&rule.when);
        self.watches_time = watches_time(&rule);
        self.rule = rule;
        self.held_back = None;
    }
}

fn watches_time(rule: &Rule) -> bool {
    rule.when
        .has_leaf(|leaf| matches!(leaf, Leaf::NoData(_) | Leaf::Expr(_)))
}

impl AccountRun {
    pub(super) fn new(
        account: Arc<Account>,
        day: Option<VenueDay>,
        memory: Option<AccountMemory>,
        now: Now,
    ) -> AccountRun {
        let number = account.number.as_str();
        let mine = memory.filter(|memory| memory.number == number);
        AccountRun {
            day,
            session: None,
            stored_memory: mine.clone(),
            memory: mine.unwrap_or_else(|| AccountMemory {
                number: number.to_owned(),
                ..AccountMemory::default()
            }),
            seen: Seen::nothing(now),
            rules: Vec::new(),
            parked_rules: HashMap::new(),
            locks: Locks::default(),
            enforcement: Enforcement::default(),
            verified_at: None,
            read_asked_at: now.steady,
            frozen: None,
            account,
        }
    }

    /// Takes the end of a poll.
    pub(super) fn observe(&mut self, observation: Observation, now: Now, out: &mut Out<'_>) {
        if self.seen.at.is_some_and(|at| observation.at < at) {
            return;
        }
        if observation.content == Content::Missing(Missing::Unchanged) {
            self.look_again(now, out);
            return;
        }
        self.roll_session(now, out);
        match observation.content {
            Content::Missing(missing) => self.miss(missing, out),
            Content::Learned(learned) => self.take(learned, observation.at, now, out),
        }
        self.evaluate(true, now, out);
        self.pass_time(now, out);
        self.guard_locks(now, out);
    }

    /// Does what has become due, whatever it was that happened now.
    fn pass_time(&mut self, now: Now, out: &mut Out<'_>) {
        self.end_locks(now, out);
        self.tick_enforcement(now, out);
    }

    /// Takes a read of the working orders alone.
    pub(super) fn orders_read(
        &mut self,
        orders: WorkingOrders,
        at: Timestamp,
        now: Now,
        out: &mut Out<'_>,
    ) {
        if self.verified_at.is_some_and(|verified| at < verified) {
            return;
        }
        self.seen.orders = orders;
        self.seen.orders_at = at;
        self.look_again(now, out);
    }

    /// Reads the rules and the locks against what has just been learned, which
    /// was no observation of its own.
    pub(super) fn look_again(&mut self, now: Now, out: &mut Out<'_>) {
        self.roll_session(now, out);
        self.evaluate(false, now, out);
        self.pass_time(now, out);
        self.guard_locks(now, out);
    }

    /// Nothing but time passed.
    pub(super) fn tick(&mut self, now: Now, out: &mut Out<'_>) {
        self.roll_session(now, out);
        if let (Some(limit), Some(at)) = (out.config.stale_after, self.seen.at)
            && now.since(at) >= limit
            && !matches!(self.seen.data, Data::Missing(_))
        {
            // A whole limit of silence is as good as many polls that failed.
            self.seen.missing_in_a_row = LOST_AFTER;
            self.miss(Missing::Late, out);
        }
        self.evaluate(false, now, out);
        self.pass_time(now, out);
    }

    /// Moves to the session that the present belongs to.
    pub(super) fn roll_session(&mut self, now: Now, out: &mut Out<'_>) {
        let current = match self.session {
            Some(session) if session.contains(now.wall) => session,
            _ => match self.account.session.session_at(now.wall) {
                Some(session) => session,
                None => return,
            },
        };
        self.session = Some(current);
        let remembered = self.memory.session.as_ref().map(|session| session.date);
        // A wall clock that was set back must not bring an old session back.
        if remembered.is_none_or(|date| date < current.date) {
            self.memory.open_session(&current, self.day);
            self.put_held_back_rules_in_force(out);
            if self
                .memory
                .session
                .as_ref()
                .is_some_and(|s| s.anchor.is_some())
            {
                self.tell_session_opened(out);
            }
        }
        // Nor may it close the running session at the close of an old one.
        let is_running = self
            .memory
            .session
            .as_ref()
            .is_some_and(|session| session.date == current.date);
        if is_running && now.wall >= current.close {
            self.memory.close_session();
        }
    }

    fn miss(&mut self, missing: Missing, out: &mut Out<'_>) {
        if matches!(
            missing,
            Missing::Disconnected | Missing::NotListed | Missing::Frozen
        ) {
            self.frozen = Some(Frozen {
                why: missing,
                until: None,
            });
        }
        self.seen.figures = Figures::default();
        self.seen.positions = None;
        self.seen.orders = WorkingOrders::Unknown;
        self.seen.data = Data::Missing(missing);
        self.seen.missing_in_a_row = self.seen.missing_in_a_row.saturating_add(1);
        if self.seen.missing_in_a_row >= LOST_AFTER && !self.seen.lost_reported {
            self.seen.lost_reported = true;
            let message = format!(
                "no data of {}: {missing}; its rules are unknown until it is back",
                self.account.name
            );
            let mut fields = Fields::new();
            fields.put("reason", missing.name());
            out.entry(
                EntryKind::DataLost,
                Some(&self.account.name),
                message.clone(),
                fields,
            );
            out.notify(self.notice(Severity::Warning, EntryKind::DataLost, message));
        }
    }

    fn take(&mut self, learned: Learned, at: Timestamp, now: Now, out: &mut Out<'_>) {
        self.seen.at = Some(at);
        if let Some(frozen) = &mut self.frozen {
            frozen.until.get_or_insert(now.steady);
        }
        self.seen.missing_in_a_row = 0;
        if self.seen.lost_reported {
            self.seen.lost_reported = false;
            let message = format!("data of {} is back", self.account.name);
            out.entry(
                EntryKind::DataBack,
                Some(&self.account.name),
                message.clone(),
                Fields::new(),
            );
            out.notify(self.notice(Severity::Info, EntryKind::DataBack, message));
        }
        self.take_holdings(&learned, at, now);
        if let Some(doubt) = self.doubt(&learned) {
            self.seen.figures = Figures::default();
            self.seen.forget_results();
            if doubt == Suspicion::AllZero {
                self.seen.forget_emptiness();
                // One that has not loaded lists nothing either.
                self.frozen = Some(Frozen {
                    why: Missing::Malformed,
                    until: None,
                });
            }
            if self.seen.data != Data::Suspect(doubt) {
                self.tell_suspect(doubt, &learned.figures, out);
            }
            self.seen.data = Data::Suspect(doubt);
            return;
        }
        self.seen.data = Data::Good;
        self.seen.has_been_good = true;
        self.seen.figures = learned.figures;
        self.seen.trusted_at = at;
        let anchored = |memory: &AccountMemory| {
            memory
                .session
                .as_ref()
                .is_some_and(|session| session.anchor.is_some())
        };
        let was_anchored = anchored(&self.memory);
        // The record's times are wall times.
        let wall = now
            .wall
            .checked_sub_signed(now.since(at))
            .unwrap_or(now.wall);
        self.memory
            .learn(&learned.figures, learned.is_flat(), wall, self.day);
        if !was_anchored && anchored(&self.memory) {
            self.tell_session_opened(out);
        }
    }

    /// Positions and orders, unless a verification read has newer ones.
    fn take_holdings(&mut self, learned: &Learned, at: Timestamp, now: Now) {
        if self.verified_at.is_none_or(|verified| at >= verified) {
            self.seen.positions = learned.positions.clone();
            if learned.orders != WorkingOrders::Unknown {
                self.seen.orders = learned.orders.clone();
                self.seen.orders_at = at;
            }
        }
        if now.since(self.seen.orders_at) > ORDERS_KEPT {
            self.seen.orders = WorkingOrders::Unknown;
        }
    }

    /// What is suspect about the observation, unless it says the same thing for
    /// the second time or more.
    fn doubt(&mut self, learned: &Learned) -> Option<Suspicion> {
        let open = self.memory.session.as_ref().map(|session| session.open);
        let realized_before = self
            .memory
            .last
            .filter(|last| open.is_some_and(|open| last.at >= open))
            .and_then(|last| last.realized);
        let mut settled = None;
        let mut doubt = None;
        for found in suspicions(learned, realized_before) {
            let again = self.seen.data == Data::Suspect(found) || self.seen.settled == Some(found);
            if found.is_settled_by_repetition() && again {
                settled = settled.or(Some(found));
            } else {
                doubt = doubt.or(Some(found));
            }
        }
        self.seen.settled = settled;
        doubt
    }

    /// Everything that a condition may look at, now.
    pub(super) fn context(&self, now: Now) -> Context<'_> {
        let pnl: SessionPnl = self.memory.session_pnl(&self.seen.figures);
        Context {
            now,
            account: &self.account,
            memory: &self.memory,
            figures: self.seen.figures,
            pnl,
            week: AccountMemory::span_pnl(&self.memory.week, pnl.sum, &self.seen.figures),
            month: AccountMemory::span_pnl(&self.memory.month, pnl.sum, &self.seen.figures),
            positions: self.seen.positions.as_deref(),
            orders: &self.seen.orders,
            data_since: self.seen.trusted_at,
        }
    }

    /// Reads every rule and lets those fire that should.
    fn evaluate(&mut self, observed: bool, now: Now, out: &mut Out<'_>) {
        let mut rules = std::mem::take(&mut self.rules);
        let mut firing = Vec::new();
        {
            let context = self.context(now);
            let session = self.memory.session.as_ref().map(|session| session.date);
            for (index, run) in rules.iter_mut().enumerate() {
                if run.state.is_rearmed_by_time(run.rule.rearm, session, now) {
                    run.state.rearm();
                    tell_rearmed(&context, run, out);
                }
                run.reading =
                    Tree::new(&mut run.caches, run.state.handled).read(&run.rule.when, &context);
                let truth = run.reading.truth;
                run.state.awaits_holdings &= self.seen.is_flat_and_quiet() == Some(true);
                let change = if run.state.awaits_holdings {
                    Change::None
                } else {
                    run.state.answer(&run.rule, truth, observed, now)
                };
                match change {
                    Change::Fires => firing.push(index),
                    Change::Clears => tell_cleared(&context, run, out),
                    Change::None => {}
                }
                if run.state.fired.is_some() && change != Change::Fires {
                    rearm_by_knowledge(&context, run, &self.seen, out);
                }
                settle_schedule(run, truth, change, now);
                if !run.rule.warn_at.is_empty() {
                    warn(&context, run, session, out);
                }
                if truth == Truth::Unknown || run.unknown_since.is_some() {
                    watch_unknown(&context, run, self.seen.data, now, out);
                }
            }
        }
        let mut wanted = Vec::new();
        for index in firing {
            if let Some(run) = rules.get_mut(index) {
                wanted.extend(self.fire(run, now, out));
            }
        }
        if out.config.acts {
            wanted.extend(self.new_offenders(&rules, now));
        }
        self.rules = rules;
        // Rules that fire together act once: what covers the others goes first.
        wanted.sort_by_key(|(goal, _)| *goal != Goal::FlatAndQuiet);
        for (goal, cause) in wanted {
            self.ask(goal, cause, now, out);
        }
    }

    /// The next instants at which time alone may change something: by the wall
    /// clock, and by the steady clock. Instants that are not in the future have
    /// been dealt with.
    pub(super) fn deadlines(&self, now: Now, stale_after: Option<TimeDelta>) -> Deadlines {
        let mut next = Deadlines::default();
        if let Some(session) = &self.session {
            next.wall(Some(session.close), now);
            next.wall(Some(session.next_open), now);
        }
        next.wall(self.locks.deadline(), now);
        next.steady(self.locks.deadline(), now);
        next.steady(self.enforcement.deadline(), now);
        if let (Some(limit), Some(at)) = (stale_after, self.seen.at) {
            next.steady(at.checked_add_signed(limit), now);
        }
        for run in &self.rules {
            next.wall(run.caches.wall_deadline(), now);
            next.steady(run.state.steady_deadline(&run.rule), now);
        }
        let mut watching = self.rules.iter().filter(|run| run.watches_time).peekable();
        if watching.peek().is_some() {
            let context = self.context(now);
            for run in watching {
                next.wall(conditions::wall_deadline(&run.rule.when, &context), now);
                next.steady(conditions::steady_deadline(&run.rule.when, &context), now);
            }
        }
        next
    }

    /// Whether the working orders of the account must be read now: a lock or a
    /// rule turns on them.
    pub(super) fn needs_orders(&self, now: Now) -> bool {
        let locked = self
            .locks
            .get(crate::domain::lock::LockKind::Lock)
            .is_some()
            || self
                .locks
                .get(crate::domain::lock::LockKind::CloseOnly)
                .is_some();
        let context = self.context(now);
        locked
            || self.rules.iter().any(|run| {
                let waits_for_flat = run.rule.rearm == Rearm::Flat && run.state.fired.is_some();
                waits_for_flat || conditions::needs_orders(&run.rule.when, &context)
            })
    }

    /// The states that differ from what is stored. The time of the last
    /// trustworthy observation by itself is stored every ten seconds.
    pub(super) fn drain_states(&mut self, records: &mut Vec<Record>) {
        if self.is_memory_worth_storing()
            && let Ok(state) = serde_json::to_string(&self.memory)
        {
            self.stored_memory = Some(self.memory.clone());
            records.push(Record::AccountState {
                account: self.account.name.clone(),
                state,
            });
        }
        for run in &mut self.rules {
            if run.stored.as_ref() == Some(&run.state) {
                continue;
            }
            if let Ok(state) = serde_json::to_string(&run.state) {
                run.stored = Some(run.state.clone());
                records.push(Record::RuleState {
                    account: self.account.name.clone(),
                    rule: run.rule.name.clone(),
                    state,
                });
            }
        }
    }

    fn is_memory_worth_storing(&self) -> bool {
        const SAVE_TIME_EVERY: TimeDelta = TimeDelta::seconds(10);
        let Some(stored) = &self.stored_memory else {
            return true;
        };
        let recent = match (&stored.last, &self.memory.last) {
            (Some(old), Some(new)) => {
                new.at.signed_duration_since(old.at) < SAVE_TIME_EVERY
                    && super::memory::LastTrusted { at: old.at, ..*new } == *old
            }
            (None, None) => true,
            _ => false,
        };
        !(recent
            && stored.session == self.memory.session
            && stored.lifetime == self.memory.lifetime
            && stored.week == self.memory.week
            && stored.month == self.memory.month
            && stored.number == self.memory.number)
    }

    pub(super) fn rule_mut(&mut self, name: &RuleName) -> Option<&mut RuleRun> {
        self.rules.iter_mut().find(|run| run.rule.name == *name)
    }

    /// A notice about this account, to those who hear of any of its rules; to
    /// everyone when it is critical.
    pub(super) fn notice(&self, severity: Severity, kind: EntryKind, text: String) -> Notice {
        let mut names: Vec<_> = self
            .rules
            .iter()
            .flat_map(|run| run.rule.notifiers())
            .collect();
        names.sort();
        names.dedup();
        let to = if severity == Severity::Critical {
            Audience::Everyone
        } else {
            Audience::Named(names)
        };
        Notice {
            to,
            severity,
            kind,
            account: Some(self.account.name.clone()),
            rule: None,
            text,
        }
    }

    fn tell_session_opened(&self, out: &mut Out<'_>) {
        let Some(session) = &self.memory.session else {
            return;
        };
        let Some(anchor) = &session.anchor else {
            return;
        };
        let mut fields = Fields::new();
        fields
            .put("session", session.date)
            .put("open", session.open.to_rfc3339())
            .put("anchor_source", anchor.source.name())
            .put("anchor_at", anchor.at.to_rfc3339())
            .put_known("balance", anchor.balance)
            .put_known("equity", anchor.equity)
            .put_known("flat", anchor.flat);
        let message = format!(
            "session {} of {}: balance {}, equity {} at the open, by the {}",
            session.date,
            self.account.name,
            known(anchor.balance),
            known(anchor.equity),
            anchor.source.name()
        );
        out.entry(
            EntryKind::SessionOpened,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    fn tell_suspect(&self, doubt: Suspicion, figures: &Figures, out: &mut Out<'_>) {
        let mut fields = Fields::new();
        fields
            .put("reason", doubt.name())
            .put_known("realized", figures.realized)
            .put_known("unrealized", figures.unrealized)
            .put_known("balance", figures.balance)
            .put_known("equity", figures.equity);
        let message = format!(
            "an observation of {} is not trusted: {}; the next one decides",
            self.account.name,
            doubt.words()
        );
        out.entry(
            EntryKind::DataSuspect,
            Some(&self.account.name),
            message,
            fields,
        );
    }
}

/// An amount for people, or the word for not knowing it.
pub(super) fn known(amount: Option<crate::domain::money::Money>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), |amount| amount.grouped())
}

impl Seen {
    fn nothing(now: Now) -> Seen {
        Seen {
            data: Data::None,
            figures: Figures::default(),
            positions: None,
            orders: WorkingOrders::Unknown,
            orders_at: now.steady,
            at: None,
            trusted_at: now.steady,
            has_been_good: false,
            missing_in_a_row: 0,
            lost_reported: false,
            settled: None,
        }
    }

    /// Forgets the open result of each position: the positions are believed,
    /// their numbers are not.
    fn forget_results(&mut self) {
        if let Some(positions) = &mut self.positions {
            *positions = positions
                .iter()
                .map(|position| Position {
                    unrealized: None,
                    ..position.clone()
                })
                .collect();
        }
    }

    /// Forgets that nothing was there: an account that has not loaded shows no
    /// position and no order either. What was there is believed.
    fn forget_emptiness(&mut self) {
        self.positions = self.positions.take().filter(|held| !held.is_empty());
        if self.orders.count() == Some(0) {
            self.orders = WorkingOrders::Unknown;
        }
    }

    /// Takes what a verification read saw.
    pub(super) fn take_verified(
        &mut self,
        positions: Arc<[Position]>,
        orders: WorkingOrders,
        asked_at: Timestamp,
    ) {
        self.positions = Some(positions);
        self.orders = orders;
        self.orders_at = asked_at;
    }

    /// Whether there is neither a position nor a working order.
    pub(super) fn is_flat_and_quiet(&self) -> Option<bool> {
        let flat = self
            .positions
            .as_ref()
            .map(|positions| positions.is_empty());
        let quiet = self.orders.count().map(|count| count == 0);
        match (flat, quiet) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

/// The next instants at which time alone may change something.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deadlines {
    /// By the wall clock.
    pub(super) wall: Option<Timestamp>,
    /// By the steady clock.
    pub(super) steady: Option<Timestamp>,
}

impl Deadlines {
    pub(super) fn wall(&mut self, at: Option<Timestamp>, now: Now) {
        self.wall = earliest(self.wall, at.filter(|at| *at > now.wall));
    }

    pub(super) fn steady(&mut self, at: Option<Timestamp>, now: Now) {
        self.steady = earliest(self.steady, at.filter(|at| *at > now.steady));
    }
}

fn earliest(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

/// A scheduled time that was decided is not decided again. One that fires the
/// rule is settled by the firing, which puts it into evidence first.
fn settle_schedule(run: &mut RuleRun, truth: Truth, change: Change, now: Now) {
    let decided = truth == Truth::False || run.state.fired.is_some();
    if decided && change != Change::Fires && run.caches.has_due_time(&run.rule.when) {
        run.state.handled = now.wall;
    }
}

fn rearm_by_knowledge(context: &Context<'_>, run: &mut RuleRun, seen: &Seen, out: &mut Out<'_>) {
    let flat_and_quiet = seen.is_flat_and_quiet();
    if run
        .state
        .is_rearmed_by(run.rule.rearm, run.reading.truth, flat_and_quiet)
    {
        run.state.rearm();
        run.state.awaits_holdings = run.rule.rearm == Rearm::Flat;
        tell_rearmed(context, run, out);
    }
}

fn tell_rearmed(context: &Context<'_>, run: &RuleRun, out: &mut Out<'_>) {
    let message = format!(
        "{} may fire again on {}",
        run.rule.name, context.account.name
    );
    out.rule_entry(
        EntryKind::Rearmed,
        context.account,
        run,
        message,
        Fields::new(),
    );
}

fn tell_cleared(context: &Context<'_>, run: &mut RuleRun, out: &mut Out<'_>) {
    let mut fields = Fields::new();
    run.reading.describe(&mut fields);
    let message = format!(
        "{} is clear again on {}",
        run.rule.name, context.account.name
    );
    out.rule_entry(EntryKind::Cleared, context.account, run, message, fields);
}

/// Sends the warnings whose share of the limit is reached, each once a session.
fn warn(
    context: &Context<'_>,
    run: &mut RuleRun,
    session: Option<crate::domain::trade_date::TradeDate>,
    out: &mut Out<'_>,
) {
    if run.state.warned_in != session {
        run.state.warned = 0;
        run.state.warned_in = session;
    }
    if run.state.fired.is_some() || run.reading.truth != Truth::False {
        return;
    }
    let Some(used) = run.reading.used() else {
        return;
    };
    let reached = run
        .rule
        .warn_at
        .iter()
        .filter(|share| used >= share.decimal())
        .count();
    let reached = u32::try_from(reached).unwrap_or(u32::MAX);
    if reached <= run.state.warned {
        return;
    }
    run.state.warned = reached;
    let share = run.rule.warn_at.get(reached.saturating_sub(1) as usize);
    let mut fields =
        conditions::describe(&run.rule.when, &mut run.caches, run.state.handled, context);
    fields.put_known("warn_at", share);
    let message = format!(
        "{} on {}: {} of the limit is used; {}",
        run.rule.name,
        context.account.name,
        share.map_or_else(String::new, ToString::to_string),
        super::words::evidence(&fields)
    );
    out.rule_entry(
        EntryKind::Warned,
        context.account,
        run,
        message.clone(),
        fields,
    );
    out.notify(Notice {
        to: Audience::Named(run.rule.notifiers()),
        severity: Severity::Warning,
        kind: EntryKind::Warned,
        account: Some(context.account.name.clone()),
        rule: Some(run.rule.name.clone()),
        text: message,
    });
}

/// Reports a rule that stays unknown although data comes in: it protects
/// nothing, and nobody would see it.
fn watch_unknown(
    context: &Context<'_>,
    run: &mut RuleRun,
    data: Data,
    now: Now,
    out: &mut Out<'_>,
) {
    if run.reading.truth != Truth::Unknown {
        run.unknown_since = None;
        if std::mem::take(&mut run.unknown_reported) {
            let message = format!(
                "{} is known again on {}",
                run.rule.name, context.account.name
            );
            out.rule_entry(
                EntryKind::RuleKnown,
                context.account,
                run,
                message,
                Fields::new(),
            );
        }
        return;
    }
    if matches!(data, Data::None | Data::Missing(_)) {
        // Told of once for the account, not for each of its rules.
        return;
    }
    let since = *run.unknown_since.get_or_insert(now.steady);
    if run.unknown_reported || now.since(since) < UNKNOWN_REPORTED_AFTER {
        return;
    }
    run.unknown_reported = true;
    let fields = conditions::describe(&run.rule.when, &mut run.caches, run.state.handled, context);
    let message = format!(
        "{} cannot be evaluated on {} and protects nothing: a value that it needs has been unknown for {} s",
        run.rule.name,
        context.account.name,
        now.since(since).num_seconds()
    );
    out.rule_entry(
        EntryKind::RuleUnknown,
        context.account,
        run,
        message.clone(),
        fields,
    );
    out.notify(Notice {
        to: Audience::Everyone,
        severity: Severity::Warning,
        kind: EntryKind::RuleUnknown,
        account: Some(context.account.name.clone()),
        rule: Some(run.rule.name.clone()),
        text: message,
    });
}
