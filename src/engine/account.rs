//! One account inside the engine. It has four parts, each of which keeps its own
//! state: the ledger, the view, the rules and the guard. What happens to the account
//! goes through here.

mod data;
mod deadlines;
mod enforcement;
mod evaluate;
mod fire;
mod guard;
mod intents;
mod learn;
mod ledger;
mod log;
mod reopened;
mod reports;
mod rule_run;
mod rules;
mod view;

pub use data::Data;
pub(super) use deadlines::Deadlines;
pub(in crate::engine) use guard::{GivenUp, Guard};
pub(in crate::engine) use intents::ResumedFirst;
pub(in crate::engine) use ledger::Ledger;
pub(in crate::engine) use reports::intent_fields;
pub use rule_run::RuleRun;
pub(in crate::engine) use rules::Rules;
pub(in crate::engine) use view::View;

use std::sync::Arc;

use super::conditions::{self, Context};
use super::deferred_account::DeferredAccount;
use super::memory::{AccountMemory, PnlSum};
use super::output::Output;
use super::record::{Goal, RecordRow};
use crate::domain::holdings::WorkingOrders;
use crate::domain::now::Now;
use crate::domain::observation::{Content, Missing, Timestamp};
use crate::rules::book::{Account, Rearm};

/// One account inside the engine.
#[derive(Debug)]
pub struct AccountRun {
    pub(super) account: Arc<Account>,
    pub(super) deferred_account: DeferredAccount,
    pub(super) ledger: Ledger,
    pub(super) view: View,
    pub(super) rules: Rules,
    pub(super) guard: Guard,
}

impl AccountRun {
    pub(super) fn new(
        account: Arc<Account>,
        memory: Option<AccountMemory>,
        now: Now,
    ) -> AccountRun {
        AccountRun {
            deferred_account: DeferredAccount::default(),
            ledger: Ledger::new(&account.number, memory),
            view: View::nothing(now),
            rules: Rules::default(),
            guard: Guard::new(account.profile),
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
        if self.view.at().is_some_and(|seen| at < seen) {
            return;
        }
        if *content == Content::Missing(Missing::Unchanged) {
            self.guard.enforcement_mut().polled_unchanged(at);
            self.look_again(now, out);
            return;
        }
        self.roll_session(now, out);
        let is_trusted = match content {
            Content::Missing(missing) => {
                self.on_missing(*missing, out);
                false
            }
            Content::Learned(learned) => self.accept(learned, at, now, out),
        };
        let pnl = match self.ledger.session() {
            Some(session) if is_trusted => session.pnl,
            _ => self.pnl(),
        };
        self.evaluate(true, pnl, now, out);
        self.advance_guard(now, out);
    }

    /// Has the locks and whatever else is asked for hold against what was just
    /// learned, or with the time that has passed.
    fn advance_guard(&mut self, now: Now, out: &mut Output<'_>) {
        self.end_locks(now, out);
        self.report_reopened(now, out);
        self.meet_lock_demand(now, out);
        self.advance_enforcement(now, out);
    }

    /// Takes a read of the working orders alone.
    pub(super) fn orders_read(
        &mut self,
        orders: WorkingOrders,
        at: Timestamp,
        are_all: bool,
        now: Now,
        out: &mut Output<'_>,
    ) {
        if at < self.view.orders_at() {
            return;
        }
        if are_all {
            self.show_orders(&orders, at);
        }
        self.view.take_orders(orders, at);
        self.look_again(now, out);
    }

    /// Reads the rules and the locks against what has just been learned, which
    /// was no observation of its own.
    pub(super) fn look_again(&mut self, now: Now, out: &mut Output<'_>) {
        self.roll_session(now, out);
        if self.view.are_positions_sure() {
            self.ledger.follow_positions(&self.view, now.wall);
        }
        self.evaluate(false, self.pnl(), now, out);
        self.advance_guard(now, out);
    }

    /// Nothing but time passed.
    pub(super) fn tick(&mut self, now: Now, out: &mut Output<'_>) {
        self.roll_session(now, out);
        let limit = out.config.stale_after;
        if limit.is_some_and(|limit| self.view.is_silent_for(limit, now)) {
            self.on_silence(out);
        }
        self.evaluate(false, self.pnl(), now, out);
        self.advance_guard(now, out);
    }

    /// Moves to the session that the present belongs to.
    pub(super) fn roll_session(&mut self, now: Now, out: &mut Output<'_>) {
        self.put_deferred_account_in_force(now, out);
        if !self.ledger.roll(&self.account, now) {
            return;
        }
        self.put_deferred_rules_in_force(out);
        if self.ledger.is_anchored() {
            self.report_session_opened(out);
        }
    }

    /// Reads every rule and lets those fire that should; `pnl` is session P&L by
    /// the newest figures.
    fn evaluate(&mut self, observed: bool, pnl: PnlSum, now: Now, out: &mut Output<'_>) {
        let context = context(&self.account, &self.ledger, &self.view, pnl, now);
        let firing = self.rules.evaluate(&context, &self.view, observed, out);
        let mut wanted = Vec::new();
        for index in firing {
            wanted.extend(self.fire(index, now, out));
        }
        if out.config.acts {
            wanted.extend(self.new_offenders(now));
        }
        // Rules that fire together act once: what covers the others goes first.
        wanted.sort_by_key(|(goal, _)| *goal != Goal::FlatAndQuiet);
        for (goal, cause) in wanted {
            self.ask(goal, cause, now, out);
        }
    }

    /// Everything that a condition may look at, now.
    pub(super) fn context(&self, now: Now) -> Context<'_> {
        context(&self.account, &self.ledger, &self.view, self.pnl(), now)
    }

    /// Session P&L by the newest figures.
    fn pnl(&self) -> PnlSum {
        self.ledger.pnl(self.view.figures())
    }

    /// Whether the working orders of the account must be read now: a lock or a
    /// rule turns on them.
    pub(super) fn needs_orders(&self, now: Now) -> bool {
        let context = self.context(now);
        self.guard.is_locked()
            || self.rules.iter().any(|run| {
                let waits_for_flat = run.rule.rearm == Rearm::Flat && run.state.fired.is_some();
                waits_for_flat || conditions::needs_orders(&run.rule.when, &context)
            })
    }

    /// The states that differ from what is stored.
    pub(super) fn drain_states(&mut self, records: &mut Vec<RecordRow>) {
        let account = &self.account.name;
        let is_holding = self.rules.is_holding();
        if let Some(state) = self.ledger.take_unstored(is_holding) {
            records.push(RecordRow::AccountState {
                account: account.clone(),
                state,
            });
        }
        let states = self.rules.take_unstored().into_iter();
        records.extend(states.map(|(rule, state)| RecordRow::RuleState {
            account: account.clone(),
            rule,
            state,
        }));
    }
}

/// Everything that a condition may look at; `pnl` is session P&L by the newest figures.
fn context<'a>(
    account: &'a Account,
    ledger: &'a Ledger,
    view: &'a View,
    pnl: PnlSum,
    now: Now,
) -> Context<'a> {
    Context {
        now,
        account,
        memory: ledger.memory(),
        figures: view.figures(),
        pnl,
        positions: view.positions().map(AsRef::as_ref),
        orders: view.orders(),
        data_since: view.trusted_at(),
    }
}
