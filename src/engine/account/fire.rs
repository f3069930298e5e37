//! What a firing does: it is recorded, and its actions become intents, locks
//! and messages.

use super::rules::Firing;
use super::{AccountRun, RuleRun, context};
use crate::domain::ids::FiringId;
use crate::domain::lock::LockKind;
use crate::domain::now::Now;
use crate::domain::position_key::PositionKey;
use crate::engine::conditions;
use crate::engine::effect::{Audience, Notice, Severity};
use crate::engine::output::Output;
use crate::engine::record::{Cause, EntryKind, Fields, FiringRow, Goal, RecordRow};
use crate::engine::truth::Truth;
use crate::engine::words;
use crate::rules::book::{Action, Rearm, Rule};

impl AccountRun {
    /// Lets the rule at this place fire: records it, locks the account where it says
    /// so, and gives back what is to be reached.
    pub(super) fn fire(
        &mut self,
        index: usize,
        now: Now,
        out: &mut Output<'_>,
    ) -> Vec<(Goal, Cause)> {
        let id = out.firing_id();
        let context = context(&self.account, &self.ledger, &self.view, self.pnl(), now);
        let fired = self.rules.fire(index, id, &context, out.config.acts);
        let Some(Firing {
            rule,
            evidence,
            offending,
        }) = fired
        else {
            return Vec::new();
        };
        out.record(RecordRow::Firing(FiringRow {
            id,
            account: self.account.name.clone(),
            rule: rule.name.clone(),
            at: now.wall,
            actions: rule.then.iter().map(Action::name).collect(),
            evidence: evidence.clone(),
            rules_hash: out.rules_hash.to_owned(),
        }));
        self.report_fired(&rule, id, evidence, out);
        let reason = || format!("rule {}", rule.name);
        let mut wanted = Vec::new();
        for action in &rule.then {
            match action {
                Action::CancelOrders => wanted.push(Goal::Quiet),
                Action::Flatten => wanted.push(Goal::FlatAndQuiet),
                Action::ClosePosition if offending.is_empty() => {}
                Action::ClosePosition => wanted.push(Goal::Closed(offending.clone())),
                Action::Lock { until } => {
                    self.lock(LockKind::Lock, *until, reason(), Some(id), now, out);
                }
                Action::CloseOnly { until } => {
                    self.lock(LockKind::CloseOnly, *until, reason(), Some(id), now, out);
                    wanted.push(Goal::ReduceOnly);
                }
                // All who are to hear of the firing hear of it once, above.
                Action::Notify(_) => {}
            }
        }
        wanted
            .into_iter()
            .map(|goal| (goal, Cause::Firing(id)))
            .collect()
    }

    /// Positions that a fired rule objects to and that nothing closes yet: its
    /// condition has stayed true, but for something else than it fired for.
    pub(super) fn new_offenders(&self, now: Now) -> Vec<(Goal, Cause)> {
        let closes = |run: &&RuleRun| {
            run.truth() == Truth::True
                && run.rule.rearm == Rearm::Clear
                && run.rule.then.contains(&Action::ClosePosition)
        };
        let context = self.context(now);
        let mut wanted = Vec::new();
        for run in self.rules.iter().filter(closes) {
            let Some(fired) = run.state.fired.filter(|fired| fired.at < now.steady) else {
                continue;
            };
            let offending = conditions::offending(&run.rule.when, &context)
                .into_iter()
                .filter(|position| !self.is_being_closed(&position.key))
                .map(|position| position.key.clone());
            let offending: Vec<PositionKey> = offending.collect();
            if !offending.is_empty() {
                wanted.push((Goal::Closed(offending), Cause::Firing(fired.id)));
            }
        }
        wanted
    }

    fn is_being_closed(&self, position: &PositionKey) -> bool {
        self.guard
            .intents()
            .iter()
            .any(|intent| match &intent.goal {
                Goal::FlatAndQuiet => true,
                Goal::Closed(keys) => keys.contains(position),
                Goal::Quiet | Goal::ReduceOnly => false,
            })
    }

    fn report_fired(&self, rule: &Rule, id: FiringId, evidence: Fields, out: &mut Output<'_>) {
        let does: Vec<&str> = rule.then.iter().map(Action::name).collect();
        let message = format!(
            "{} fired on {}: {}; {} ({})",
            rule.name,
            self.account.name,
            words::evidence(&evidence),
            does.join(", "),
            self.view.holdings()
        );
        let about = (&rule.name, Some(id));
        let text = message.clone();
        out.firing_entry(EntryKind::Fired, &self.account, about, message, evidence);
        out.notify(Notice {
            to: Audience::Named(rule.notifiers()),
            severity: Severity::Critical,
            kind: EntryKind::Fired,
            account: Some(self.account.name.clone()),
            rule: Some(rule.name.clone()),
            text,
        });
    }
}
