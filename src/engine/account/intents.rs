//! Taking up what is asked of an account, by a firing, a lock or a person, now or
//! before a restart.

use super::{AccountRun, intent_fields};
use crate::domain::holdings::WorkingOrders;
use crate::domain::now::Now;
use crate::engine::enforcement::Intent;
use crate::engine::output::Output;
use crate::engine::record::{Cause, EntryKind, Fields, Goal, IntentEnd, IntentRow, RecordRow};

/// What is done first for an intent from before a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum ResumedFirst {
    /// It may have been done already: the account is looked at.
    Look,
    /// The last that is known is that it was not done: it is sent.
    Send,
}

impl AccountRun {
    /// Takes up an intent. While riskd only observes, what would have been done
    /// is recorded and nothing is sent.
    pub(in crate::engine) fn ask(
        &mut self,
        goal: Goal,
        cause: Cause,
        now: Now,
        out: &mut Output<'_>,
    ) {
        if let Cause::Person(reason) = &cause
            && self.guard.enforcement_mut().joins_earlier_wish(&goal, now)
        {
            self.report_asked_again(&goal, reason, out);
            return;
        }
        let intent = self.new_intent(goal, cause, now, out);
        if out.config.acts {
            self.begin(intent, now, out);
        } else {
            self.report_would_send(&intent, out);
        }
    }

    /// An intent that is asked for now, on record.
    pub(in crate::engine) fn new_intent(
        &self,
        goal: Goal,
        cause: Cause,
        now: Now,
        out: &mut Output<'_>,
    ) -> Intent {
        let id = out.intent_id();
        out.record(RecordRow::Intent(IntentRow {
            id,
            account: self.account.name.clone(),
            goal: goal.clone(),
            cause: cause.clone(),
            at: now.wall,
        }));
        Intent {
            id,
            goal,
            cause,
            since: now.steady,
        }
    }

    fn report_would_send(&self, intent: &Intent, out: &mut Output<'_>) {
        out.record(RecordRow::IntentEnded {
            id: intent.id,
            at: out.now.wall,
            end: IntentEnd::Observed,
        });
        let mut fields = Fields::new();
        fields.put("goal", intent.goal.name());
        let message = format!(
            "would make {} {}: {}; nothing is sent in observe mode",
            self.account.name,
            intent.goal.words(),
            self.view.holdings()
        );
        out.entry(
            EntryKind::WouldSend,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    /// A person asks for what is being done twice already.
    pub(in crate::engine) fn report_asked_again(
        &self,
        goal: &Goal,
        reason: &str,
        out: &mut Output<'_>,
    ) {
        let mut fields = Fields::new();
        fields
            .put("goal", goal.name())
            .put("cause", "person")
            .put("reason", reason);
        let message = format!(
            "{} is being made {} already; asked again: {reason}",
            self.account.name,
            goal.words()
        );
        out.entry(
            EntryKind::EnforcementStarted,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    /// Takes up an intent and sends what it needs.
    pub(in crate::engine) fn begin(&mut self, intent: Intent, now: Now, out: &mut Output<'_>) {
        self.report_started(&intent, out);
        // Which orders reduce is known only with the positions.
        let reads_first = intent.goal == Goal::ReduceOnly && self.view.positions().is_none();
        let steps = if reads_first {
            self.guard.enforcement_mut().resume(intent, now)
        } else {
            self.guard.enforcement_mut().begin(
                intent,
                self.view.positions(),
                self.view.orders(),
                now,
            )
        };
        self.carry_out(steps, now, out);
    }

    /// Takes up an intent from before a restart.
    pub(in crate::engine) fn resume(
        &mut self,
        intent: Intent,
        first: ResumedFirst,
        now: Now,
        out: &mut Output<'_>,
    ) {
        let message = format!(
            "takes up again on {}: {} (intent {})",
            self.account.name,
            intent.goal.words(),
            intent.id
        );
        let mut fields = intent_fields(&intent);
        fields.put("intent", intent.id);
        out.entry(
            EntryKind::Resumed,
            Some(&self.account.name),
            message,
            fields,
        );
        let steps = match first {
            ResumedFirst::Look => self.guard.enforcement_mut().resume(intent, now),
            ResumedFirst::Send => {
                self.guard
                    .enforcement_mut()
                    .begin(intent, None, &WorkingOrders::Unknown, now)
            }
        };
        self.carry_out(steps, now, out);
    }

    /// Takes up what was asked for while the account had another name.
    pub(in crate::engine) fn take_over_intent(
        &mut self,
        row: IntentRow,
        first: ResumedFirst,
        now: Now,
        out: &mut Output<'_>,
    ) {
        let intent = self.new_intent(row.goal, row.cause, now, out);
        self.resume(intent, first, now, out);
    }
}
