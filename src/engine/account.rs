//! One account inside the engine: what was last seen of it, its rules, its
//! locks and its enforcement.

mod band;
mod deadlines;
pub(super) mod enforce;
mod evaluate;
mod learn;
mod log;
mod rule_run;
mod storing;
mod view;

use band::Band;
pub(super) use deadlines::Deadlines;
pub(in crate::engine) use rule_run::Deferred;
pub use rule_run::RuleRun;
pub use view::Data;
use view::View;

use std::collections::HashMap;
use std::sync::Arc;

use super::conditions::{self, Context};
use super::deferred_account::DeferredAccount;
use super::enforcement::Enforcement;
use super::locks::Locks;
use super::memory::{AccountMemory, PnlSum};
use super::output::Output;
use super::rule_state::RuleState;
use super::status::ProvenFlat;
use crate::domain::account::RuleName;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::IntentId;
use crate::domain::now::Now;
use crate::domain::observation::{Content, Missing, Timestamp};
use crate::domain::position_key::PositionKey;
use crate::domain::session::Session;
use crate::rules::ruleset::{Account, Rearm};

/// Missing observations in a row before the account's data is called lost.
const LOST_AFTER: u32 = 3;

/// One account inside the engine.
#[derive(Debug)]
pub struct AccountRun {
    pub(super) account: Arc<Account>,
    pub(super) session: Option<Session>,
    pub(super) memory: AccountMemory,
    stored_memory: Option<AccountMemory>,
    pub(super) seen: View,
    pub(super) rules: Vec<RuleRun>,
    pub(super) deferred_account: DeferredAccount,
    /// States of rules that are not in the rule file, should they come back.
    pub(super) parked_rules: HashMap<RuleName, RuleState>,
    pub(super) locks: Locks,
    pub(super) enforcement: Enforcement,
    /// The positions that were told last from those before them.
    followed: Option<Arc<[Position]>>,
    /// When the last read of its own that showed its positions was asked for.
    pub(super) verified_at: Option<Timestamp>,
    /// When the account was last proven flat and quiet, until something is seen
    /// to be held again.
    pub(super) flat_proven_at: Option<Timestamp>,
    /// The newest proof that the account was flat and quiet.
    pub(super) proven_flat: Option<ProvenFlat>,
    /// The open intents that a person's locks asked for: they end with the lock.
    pub(super) asked_by_lock: Vec<IntentId>,
    /// What is held of it that no order can close, and was told.
    pub(super) dust: Vec<PositionKey>,
    /// How often in a row the account was re-opened from outside so soon.
    pub(super) reopened: u32,
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
        memory: Option<AccountMemory>,
        now: Now,
    ) -> AccountRun {
        let number = &account.number;
        let mine = memory.filter(|memory| number.matches(&memory.number));
        AccountRun {
            session: None,
            stored_memory: mine.clone(),
            memory: mine.unwrap_or_else(|| AccountMemory {
                number: number.to_string(),
                ..AccountMemory::default()
            }),
            seen: View::nothing(now),
            rules: Vec::new(),
            deferred_account: DeferredAccount::default(),
            parked_rules: HashMap::new(),
            locks: Locks::default(),
            enforcement: Enforcement::new(account.profile),
            followed: None,
            verified_at: None,
            flat_proven_at: None,
            proven_flat: None,
            asked_by_lock: Vec::new(),
            dust: Vec::new(),
            reopened: 0,
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
        out: &mut Output<'_>,
    ) {
        self.is_calm = false;
        if self.seen.at.is_some_and(|seen| at < seen) {
            return;
        }
        if *content == Content::Missing(Missing::Unchanged) {
            self.enforcement.polled_unchanged(at);
            self.look_again(now, out);
            return;
        }
        let session = self.session;
        self.roll_session(now, out);
        let is_trusted = match content {
            Content::Missing(missing) => {
                self.on_missing(*missing, out);
                false
            }
            Content::Learned(learned) => self.accept(learned, at, now, out),
        };
        let pnl = match &self.memory.session {
            Some(session) if is_trusted => session.pnl,
            _ => self.pnl(),
        };
        let is_calm = self.evaluate(true, pnl, now, out);
        self.enforce(now, out);
        self.is_calm = is_calm && self.session.is_some() && self.session == session;
    }

    /// Has the locks and whatever else is asked for hold against what was just
    /// learned, or with the time that has passed.
    fn enforce(&mut self, now: Now, out: &mut Output<'_>) {
        self.end_locks(now, out);
        self.report_reopened(now, out);
        self.guard_locks(now, out);
        self.advance_enforcement(now, out);
    }

    /// Takes a read of the working orders alone.
    pub(super) fn orders_read(
        &mut self,
        orders: WorkingOrders,
        at: Timestamp,
        now: Now,
        out: &mut Output<'_>,
    ) {
        if at < self.seen.orders_at {
            return;
        }
        self.show_orders(&orders, at);
        self.seen.take_orders(orders, at);
        self.look_again(now, out);
    }

    /// Reads the rules and the locks against what has just been learned, which
    /// was no observation of its own.
    pub(super) fn look_again(&mut self, now: Now, out: &mut Output<'_>) {
        self.roll_session(now, out);
        // Those of a suspect observation are believed, but end nothing.
        let are_verified = self.verified_at.is_some() && self.verified_at >= self.seen.at;
        if are_verified || self.seen.data == Data::Good {
            self.follow_positions(now.wall);
        }
        self.evaluate(false, self.pnl(), now, out);
        self.enforce(now, out);
    }

    /// Nothing but time passed.
    pub(super) fn tick(&mut self, now: Now, out: &mut Output<'_>) {
        self.roll_session(now, out);
        if let (Some(limit), Some(at)) = (out.config.stale_after, self.seen.at)
            && now.since(at) >= limit
            && !matches!(self.seen.data, Data::Missing(_))
        {
            // A whole limit of silence is as good as many polls that failed.
            self.seen.missing_in_a_row = LOST_AFTER;
            self.on_missing(Missing::Late, out);
        }
        self.evaluate(false, self.pnl(), now, out);
        self.enforce(now, out);
    }

    /// Moves to the session that the present belongs to.
    pub(super) fn roll_session(&mut self, now: Now, out: &mut Output<'_>) {
        self.put_deferred_account_in_force(now, out);
        self.memory.note_early_open(now);
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
            self.memory.open_session(&current, self.account.profile.day);
            self.put_deferred_rules_in_force(out);
            if self
                .memory
                .session
                .as_ref()
                .is_some_and(|s| s.anchor.is_some())
            {
                self.report_session_opened(out);
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

    pub(super) fn rule_mut(&mut self, name: &RuleName) -> Option<&mut RuleRun> {
        self.rules.iter_mut().find(|run| run.rule.name == *name)
    }
}
