//! Rules that have fired and do nothing more before they are armed again: by
//! design, but a person must be able to see it.

use std::sync::Arc;

use super::account::{AccountRun, RuleRun};
use super::effect::{Audience, Notice, Severity};
use super::output::Output;
use super::record::{EntryKind, Fields};
use super::truth::Truth;
use crate::domain::lock::LockKind;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::rules::book::{Action, Rearm, Rule};

impl RuleRun {
    /// Whether it has fired and would do nothing to the account before it is
    /// armed again. One that closes positions as long as it objects to them goes
    /// on by itself.
    pub(super) fn is_latched(&self) -> bool {
        let rule = &self.rule;
        let goes_on = rule.rearm == Rearm::Clear && rule.then.contains(&Action::ClosePosition);
        let only_notifies = |rule: &Rule| rule.then.iter().all(is_message);
        self.state.fired.is_some() && !goes_on && !only_notifies(rule)
    }
}

fn is_message(action: &Action) -> bool {
    matches!(action, Action::Notify(_))
}

impl AccountRun {
    /// Arms the rules again that fired while riskd only observed, where it acts:
    /// nothing was done for those firings.
    pub(super) fn rearm_observed(&mut self, out: &mut Output<'_>) {
        if !out.config.acts {
            return;
        }
        let account = Arc::clone(&self.account);
        let mut armed = Vec::new();
        for run in self.rules.iter_mut().filter(|run| run.state.is_undone()) {
            let message = format!(
                "{} fired on {} while riskd only observed, and nothing was done; it is armed again, and acts if its condition is true",
                run.rule.name, account.name
            );
            out.rule_entry(EntryKind::Rearmed, &account, run, message, Fields::new());
            run.state.rearm();
            armed.push(run.rule.name.to_string());
        }
        if armed.is_empty() {
            return;
        }
        let text = format!(
            "riskd acts from now on; armed again on {}, since they fired while it only observed: {}",
            account.name,
            armed.join(", ")
        );
        out.notify(Notice {
            to: Audience::Everyone,
            severity: Severity::Warning,
            kind: EntryKind::Rearmed,
            account: Some(account.name.clone()),
            rule: None,
            text,
        });
    }

    /// When time alone arms the rule again; `None` when it has not fired, and
    /// when something else arms it.
    pub(super) fn armed_at(&self, run: &RuleRun, now: Now) -> Option<Timestamp> {
        let fired = run.state.fired?;
        match run.rule.rearm {
            Rearm::Session => self.ledger.current().map(|session| session.next_open),
            Rearm::After(span) => {
                let left = span.checked_sub(&now.since(fired.at))?;
                now.wall.checked_add_signed(left)
            }
            Rearm::Clear | Rearm::Flat | Rearm::Never => None,
        }
    }

    /// Whether the rule is unarmed, and neither a lock nor what is being
    /// enforced stands in for it.
    pub(super) fn is_latched_idle(&self, run: &RuleRun) -> bool {
        let sets_close_only = |action: &Action| matches!(action, Action::CloseOnly { .. });
        let is_locked = self.guard.lock(LockKind::Lock).is_some()
            || self.guard.lock(LockKind::CloseOnly).is_some()
                && run.rule.then.iter().any(sets_close_only);
        run.is_latched() && !is_locked && self.guard.is_idle()
    }

    /// Whether the rule is spent, its condition is true, and the account holds
    /// what it would close or cancel.
    pub(super) fn is_unguarded(&self, run: &RuleRun) -> bool {
        let has_position = self.view.is_held();
        let has_orders = self.view.orders().count().is_some_and(|count| count > 0);
        let objects = |action: &Action| match action {
            Action::Flatten | Action::Lock { .. } => has_position || has_orders,
            Action::ClosePosition => has_position,
            Action::CancelOrders | Action::CloseOnly { .. } => has_orders,
            Action::Notify(_) => false,
        };
        run.truth() == Truth::True && run.rule.then.iter().any(objects) && self.is_latched_idle(run)
    }
}
