//! One account inside the engine: what was last seen of it, its rules, its
//! locks and its enforcement.

mod band;
mod deadlines;
mod rule_run;
mod seen;
mod tell;

use band::Band;
pub(super) use deadlines::Deadlines;
pub use rule_run::RuleRun;
pub use seen::Data;
use seen::Seen;
use tell::{tell_cleared, tell_rearmed, warn, watch_unknown};

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::conditions::{self, Context, Reading, Tree};
use super::effect::Severity;
use super::enforcement::Enforcement;
use super::held_account::HeldAccount;
use super::locks::Locks;
use super::memory::{AccountMemory, LastTrusted, PnlSum};
use super::out::Out;
use super::quality::{Suspicion, suspicions};
use super::record::{EntryKind, Fields, Goal, Record};
use super::rule_state::{Change, RuleState};
use super::session::VenueDay;
use super::truth::Truth;
use crate::domain::account::RuleName;
use crate::domain::holdings::WorkingOrders;
use crate::domain::money::Money;
use crate::domain::now::Now;
use crate::domain::observation::{Content, Figures, Learned, Missing, Timestamp};
use crate::domain::session::Session;
use crate::rules::ruleset::{Account, Rearm};

/// How long working orders that were read stay known without a new read.
const ORDERS_KEPT: TimeDelta = TimeDelta::seconds(90);
/// Missing observations in a row before the account's data is called lost.
const LOST_AFTER: u32 = 3;
/// How long a rule may be unknown, with data coming in, before that is reported.
const UNKNOWN_REPORTED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// How long a scheduled time is true before it is looked at again.
const MOMENT: TimeDelta = TimeDelta::seconds(1);

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
    pub(super) held_account: HeldAccount,
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
    /// Whether the last observation changed nothing of when time alone may
    /// change something next.
    pub(super) is_calm: bool,
    /// How far the figures may move before the rules are read again.
    pub(super) band: Option<Band>,
    /// On how many observations in a row all rules rested.
    rested: u32,
    /// How many of them the band has held for.
    band_held: u32,
}

/// Why what is read of the holdings may be frozen, and until when it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frozen {
    pub(super) why: Missing,
    /// When an observation showed the account alive again, by the steady clock.
    pub(super) until: Option<Timestamp>,
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
            held_account: HeldAccount::default(),
            parked_rules: HashMap::new(),
            locks: Locks::default(),
            enforcement: Enforcement::default(),
            verified_at: None,
            read_asked_at: now.steady,
            frozen: None,
            is_calm: false,
            band: None,
            rested: 0,
            band_held: 0,
            account,
        }
    }

    /// Takes the end of a poll.
    pub(super) fn observe(
        &mut self,
        content: &Content,
        at: Timestamp,
        now: Now,
        out: &mut Out<'_>,
    ) {
        self.is_calm = false;
        if self.seen.at.is_some_and(|seen| at < seen) {
            return;
        }
        if *content == Content::Missing(Missing::Unchanged) {
            self.look_again(now, out);
            return;
        }
        let session = self.session;
        self.roll_session(now, out);
        let is_trusted = match content {
            Content::Missing(missing) => {
                self.miss(*missing, out);
                false
            }
            Content::Learned(learned) => self.take(learned, at, now, out),
        };
        let pnl = match &self.memory.session {
            Some(session) if is_trusted => session.pnl,
            _ => self.pnl(),
        };
        let is_calm = self.evaluate(true, pnl, now, out);
        self.pass_time(now, out);
        self.guard_locks(now, out);
        self.is_calm = is_calm && self.session.is_some() && self.session == session;
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
        self.evaluate(false, self.pnl(), now, out);
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
        self.evaluate(false, self.pnl(), now, out);
        self.pass_time(now, out);
    }

    /// Moves to the session that the present belongs to.
    pub(super) fn roll_session(&mut self, now: Now, out: &mut Out<'_>) {
        self.put_held_account_in_force(now, out);
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

    /// Takes what was learned; whether its figures can be trusted.
    fn take(&mut self, learned: &Learned, at: Timestamp, now: Now, out: &mut Out<'_>) -> bool {
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
        self.take_holdings(learned, at, now);
        // The record's times are wall times.
        let wall = match at == now.steady {
            true => now.wall,
            false => now
                .wall
                .checked_sub_signed(now.since(at))
                .unwrap_or(now.wall),
        };
        if let Some(doubt) = self.doubt(learned, wall) {
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
            return false;
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
        self.memory
            .learn(&learned.figures, learned.is_flat(), wall, self.day);
        if !was_anchored && anchored(&self.memory) {
            self.tell_session_opened(out);
        }
        true
    }

    /// Positions and orders, unless a verification read has newer ones.
    fn take_holdings(&mut self, learned: &Learned, at: Timestamp, now: Now) {
        if self.verified_at.is_none_or(|verified| at >= verified) {
            self.seen.take_positions(learned.positions.as_ref());
            if learned.orders != WorkingOrders::Unknown {
                self.seen.orders = learned.orders.clone();
                self.seen.orders_at = at;
            }
        }
        if self.seen.orders_at < now.steady && now.since(self.seen.orders_at) > ORDERS_KEPT {
            self.seen.orders = WorkingOrders::Unknown;
        }
    }

    /// What is suspect about the observation, unless it says the same thing for
    /// the second time or more.
    fn doubt(&mut self, learned: &Learned, wall: Timestamp) -> Option<Suspicion> {
        let open = self.memory.session.as_ref().map(|session| session.open);
        let last = self.memory.last.as_ref();
        let last = last.filter(|last| open.is_some_and(|open| last.at >= open));
        let is_zero_now = learned.figures.realized.is_some_and(Money::is_zero);
        // A day figure that starts anew at its time is not suspect. The calendar
        // need not be asked about one that was zero before.
        let is_reset = last.is_some_and(|last| {
            let was_made = last.figures.realized.is_some_and(|made| !made.is_zero());
            was_made && is_zero_now && self.day.is_some_and(|day| !day.is_same(last.at, wall))
        });
        let others;
        let before = match last {
            Some(last) if is_reset => {
                others = Figures {
                    realized: None,
                    ..last.figures
                };
                Some(&others)
            }
            last => last.map(|last| &last.figures),
        };
        let mut settled = None;
        let mut doubt = None;
        for found in suspicions(learned, before) {
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
        self.context_of(self.pnl(), now)
    }

    /// Session P&L by the newest figures.
    fn pnl(&self) -> PnlSum {
        self.memory.session_pnl(&self.seen.figures)
    }

    /// The same with session P&L that was computed before.
    fn context_of(&self, pnl: PnlSum, now: Now) -> Context<'_> {
        Context {
            now,
            account: &self.account,
            memory: &self.memory,
            figures: &self.seen.figures,
            pnl,
            positions: self.seen.positions.as_deref(),
            orders: &self.seen.orders,
            data_since: self.seen.trusted_at,
        }
    }

    /// Reads every rule and lets those fire that should; `pnl` is session P&L by
    /// the newest figures. Whether all of them rest, and keep the instants at
    /// which time alone may change their answers.
    fn evaluate(&mut self, observed: bool, pnl: PnlSum, now: Now, out: &mut Out<'_>) -> bool {
        let mut rules = std::mem::take(&mut self.rules);
        let mut firing = Vec::new();
        let mut is_calm = true;
        if self.is_within_band(&mut rules, observed, pnl, now) {
            self.band_held = self.band_held.saturating_add(1);
            self.rules = rules;
            return is_calm;
        }
        {
            let context = self.context_of(pnl, now);
            let session = self.memory.session.as_ref().map(|session| session.date);
            for (index, run) in rules.iter_mut().enumerate() {
                if run.rests(&context) {
                    is_calm &= !run.nature.watches_time && !run.caches.take_asked_clock();
                    run.last = None;
                    continue;
                }
                is_calm = false;
                if run.state.is_rearmed_by_time(run.rule.rearm, session, now) {
                    run.state.rearm();
                    tell_rearmed(&context, run, out);
                }
                let mut tree = Tree::new(&mut run.caches, run.state.handled);
                let reading: Reading = tree.read(&run.rule.when, &context);
                run.last = Some(reading);
                let truth = reading.truth;
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
                if run.nature.warns {
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
        self.look_for_band(&mut rules, observed && is_calm, pnl, now);
        self.rules = rules;
        // Rules that fire together act once: what covers the others goes first.
        wanted.sort_by_key(|(goal, _)| *goal != Goal::FlatAndQuiet);
        for (goal, cause) in wanted {
            self.ask(goal, cause, now, out);
        }
        is_calm
    }

    /// Whether all rules rest because the figures have hardly moved since they
    /// were read.
    fn is_within_band(&self, rules: &mut [RuleRun], observed: bool, pnl: PnlSum, now: Now) -> bool {
        let Some(band) = self.band.as_ref().filter(|_| observed) else {
            return false;
        };
        let context = self.context_of(pnl, now);
        let is_within = self.seen.data == Data::Good && band.holds(&context);
        debug_assert!(!is_within || rules.iter_mut().all(|run| run.rests(&context)));
        is_within
    }

    /// Asks all rules how far the figures may move, once they have rested for a
    /// while, or at once where that was worth it the last time: it is only where
    /// the next observations are like this one.
    fn look_for_band(&mut self, rules: &mut [RuleRun], rest: bool, pnl: PnlSum, now: Now) {
        const A_WHILE: u32 = 8;
        self.band = None;
        let was_worth_it = std::mem::take(&mut self.band_held) >= A_WHILE;
        self.rested = match rest {
            true if was_worth_it => A_WHILE,
            true => self.rested.saturating_add(1),
            false => 0,
        };
        if self.rested < A_WHILE || self.seen.data != Data::Good {
            return;
        }
        self.rested = 0;
        let context = self.context_of(pnl, now);
        let distances = rules.iter_mut().map(|run| run.distance(&context));
        let nearest = distances.min().unwrap_or(u64::MAX);
        let until = rules.iter().filter_map(|run| run.caches.wall_deadline());
        let positions = self.seen.positions.as_ref();
        self.band = Band::around(&context, positions, nearest, until.min());
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
        for run in self.rules.iter().filter(|run| run.nature.keeps_time) {
            next.wall(run.caches.wall_deadline(), now);
            next.steady(run.state.steady_deadline(&run.rule), now);
            if run.nature.is_scheduled && run.caches.has_due_time() {
                // A scheduled time is true for a moment, and the next one is
                // known only once that is over.
                next.steady(now.steady.checked_add_signed(MOMENT), now);
            }
        }
        let mut watching = self
            .rules
            .iter()
            .filter(|run| run.nature.watches_time)
            .peekable();
        if watching.peek().is_some() {
            let context = self.context(now);
            for run in watching {
                next.wall(conditions::wall_deadline(&run.rule.when, &context), now);
                next.steady(conditions::steady_deadline(&run.rule.when, &context), now);
            }
        }
        next
    }

    /// Whether the instant at which time alone may change something next is the
    /// same as before the last observation, unless it has come.
    pub(super) fn keeps_deadlines(&self) -> bool {
        self.is_calm && self.locks.deadline().is_none() && self.enforcement.deadline().is_none()
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
    /// trustworthy observation by itself is stored every ten seconds, and with
    /// each while a rule waits for its `hold`: what was held before a restart
    /// counts after it.
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

    /// Whether a condition is true and must stay so for a while.
    fn is_holding(&self) -> bool {
        self.rules
            .iter()
            .any(|run| run.state.true_since.is_some() && run.rule.hold.is_some())
    }

    fn is_memory_worth_storing(&self) -> bool {
        const SAVE_TIME_EVERY: TimeDelta = TimeDelta::seconds(10);
        let Some(stored) = &self.stored_memory else {
            return true;
        };
        let recent = match (&stored.last, &self.memory.last) {
            (Some(old), Some(new)) => {
                (new.at == old.at
                    || new.at.signed_duration_since(old.at) < SAVE_TIME_EVERY && !self.is_holding())
                    && LastTrusted { at: old.at, ..*new } == *old
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
}

/// A scheduled time that was decided is not decided again. One that fires the
/// rule is settled by the firing, which puts it into evidence first.
fn settle_schedule(run: &mut RuleRun, truth: Truth, change: Change, now: Now) {
    let decided = truth == Truth::False || run.state.fired.is_some();
    if run.nature.is_scheduled && decided && change != Change::Fires && run.caches.has_due_time() {
        run.state.handled = now.wall;
    }
}

fn rearm_by_knowledge(context: &Context<'_>, run: &mut RuleRun, seen: &Seen, out: &mut Out<'_>) {
    let flat_and_quiet = seen.is_flat_and_quiet();
    if run
        .state
        .is_rearmed_by(run.rule.rearm, run.truth(), flat_and_quiet)
    {
        run.state.rearm();
        run.state.awaits_holdings = run.rule.rearm == Rearm::Flat;
        tell_rearmed(context, run, out);
    }
}
