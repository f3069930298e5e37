//! What a firing does: it is recorded, and its actions become intents, locks
//! and messages.

use super::account::{AccountRun, RuleRun};
use super::conditions;
use super::effect::{Audience, Notice, Severity};
use super::enforcement::Intent;
use super::locks::{Lock, Locking};
use super::output::Output;
use super::record::{
    Cause, EntryKind, Fields, FiringRow, Goal, IntentEnd, IntentRow, LockRow, Record,
};
use super::truth::Truth;
use super::words;
use crate::domain::ids::FiringId;
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::domain::position_key::PositionKey;
use crate::rules::ruleset::{Action, Rearm, Until};

impl AccountRun {
    /// Lets a rule fire: records it, locks the account where it says so, and
    /// gives back what is to be reached.
    pub(super) fn fire(
        &mut self,
        run: &mut RuleRun,
        now: Now,
        out: &mut Output<'_>,
    ) -> Vec<(Goal, Cause)> {
        let context = self.context(now);
        let evidence =
            conditions::describe(&run.rule.when, &mut run.caches, run.state.handled, &context);
        let offending: Vec<PositionKey> = conditions::offending(&run.rule.when, &context)
            .into_iter()
            .map(|position| position.key.clone())
            .collect();
        if run.caches.has_due_time() {
            run.state.handled = now.wall;
        }
        let id = out.firing_id();
        let session = self.memory.session.as_ref().map(|session| session.date);
        run.state.fire(id, session, now);
        if !out.config.acts {
            run.state.leave_undone(id);
        }
        out.record(Record::Firing(FiringRow {
            id,
            account: self.account.name.clone(),
            rule: run.rule.name.clone(),
            at: now.wall,
            actions: run.rule.then.iter().map(Action::name).collect(),
            evidence: evidence.clone(),
            rules_hash: out.rules_hash.to_owned(),
        }));
        self.report_fired(run, evidence, out);
        let reason = || format!("rule {}", run.rule.name);
        let mut wanted = Vec::new();
        for action in &run.rule.then {
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
    pub(super) fn new_offenders(&self, rules: &[RuleRun], now: Now) -> Vec<(Goal, Cause)> {
        let closes = |run: &&RuleRun| {
            run.truth() == Truth::True
                && run.rule.rearm == Rearm::Clear
                && run.rule.then.contains(&Action::ClosePosition)
        };
        let context = self.context(now);
        let mut wanted = Vec::new();
        for run in rules.iter().filter(closes) {
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
        self.enforcement
            .intents()
            .iter()
            .any(|intent| match &intent.goal {
                Goal::FlatAndQuiet => true,
                Goal::Closed(keys) => keys.contains(position),
                Goal::Quiet | Goal::ReduceOnly => false,
            })
    }

    /// Takes up an intent. While riskd only observes, what would have been done
    /// is recorded and nothing is sent.
    pub(super) fn ask(&mut self, goal: Goal, cause: Cause, now: Now, out: &mut Output<'_>) {
        if let Cause::Person(reason) = &cause
            && self.enforcement.joins_earlier_wish(&goal, now)
        {
            self.report_asked_again(&goal, reason, out);
            return;
        }
        let id = out.intent_id();
        out.record(Record::Intent(IntentRow {
            id,
            account: self.account.name.clone(),
            goal: goal.clone(),
            cause: cause.clone(),
            at: now.wall,
        }));
        if !out.config.acts {
            out.record(Record::IntentEnded {
                id,
                at: now.wall,
                end: IntentEnd::Observed,
            });
            let mut fields = Fields::new();
            fields.put("goal", goal.name());
            let message = format!(
                "would make {} {}: {}; nothing is sent in observe mode",
                self.account.name,
                goal.words(),
                words::holdings(self.seen.positions.as_deref(), &self.seen.orders)
            );
            out.entry(
                EntryKind::WouldSend,
                Some(&self.account.name),
                message,
                fields,
            );
            return;
        }
        let since = now.steady;
        let intent = Intent {
            id,
            goal,
            cause,
            since,
        };
        self.begin(intent, now, out);
    }

    /// A person asks for what is being done twice already.
    pub(super) fn report_asked_again(&self, goal: &Goal, reason: &str, out: &mut Output<'_>) {
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

    /// Locks the account, or extends its lock. Gives the end that was asked for
    /// and what that did; nothing is done while riskd only observes.
    pub(super) fn lock(
        &mut self,
        kind: LockKind,
        until: Until,
        reason: String,
        firing: Option<FiringId>,
        now: Now,
        out: &mut Output<'_>,
    ) -> (LockEnd, Option<Locking>) {
        let asking = self.asking(until, now);
        let end = self.end_of(&asking, now.wall);
        if !out.config.acts {
            let message = format!(
                "would lock {} {end}; nothing is locked in observe mode",
                self.account.name
            );
            out.entry(
                EntryKind::WouldSend,
                Some(&self.account.name),
                message,
                Fields::new(),
            );
            return (end, None);
        }
        let lock = Lock {
            since: now.wall,
            end,
            reason: reason.clone(),
            firing,
        };
        let locking = self.locks.ask(kind, lock, asking, now);
        let (entry, verb) = match locking {
            Locking::Kept => return (end, Some(locking)),
            Locking::Set => (EntryKind::Locked, "is locked"),
            Locking::Extended => (EntryKind::LockExtended, "stays locked"),
        };
        let since = self.locks.get(kind).map_or(now.wall, |lock| lock.since);
        out.record(Record::Lock(LockRow {
            account: self.account.name.clone(),
            kind,
            since,
            end,
            reason: reason.clone(),
            firing,
        }));
        let what = match kind {
            LockKind::Lock => verb,
            LockKind::CloseOnly => "may only reduce exposure",
        };
        let message = format!("{} {what} {end}: {reason}", self.account.name);
        let fields = lock_fields(kind, end, &reason);
        out.entry(entry, Some(&self.account.name), message, fields);
        (end, Some(locking))
    }

    /// Ends the locks whose time is over.
    pub(super) fn end_locks(&mut self, now: Now, out: &mut Output<'_>) {
        if self.locks.are_none() {
            return;
        }
        self.correct_locks(now, out);
        for kind in self.locks.over(now) {
            if let Some(lock) = self.locks.expire(kind, now) {
                let reason = "its time is over";
                self.lock_has_ended(kind, &lock, EntryKind::LockEnded, reason, now, out);
            }
        }
    }

    /// Ends the locks that were set for the account that had this name before:
    /// they must not act on another one.
    pub(super) fn end_locks_of_previous_account(&mut self, now: Now, out: &mut Output<'_>) {
        for kind in [LockKind::Lock, LockKind::CloseOnly] {
            let reason = "the account has another number at the venue now";
            let ended = self.end_lock(kind, EntryKind::LockEnded, reason, now, out);
            if ended.is_none() {
                continue;
            }
            let message = format!(
                "the {} of {} was set for another number at the venue and has ended: {} is not locked",
                kind.name(),
                self.account.name,
                self.account.number
            );
            out.notify(self.notice(Severity::Critical, EntryKind::LockEnded, message));
        }
    }

    /// Ends a lock, if there is one of this kind, and gives it back.
    pub(super) fn end_lock(
        &mut self,
        kind: LockKind,
        entry: EntryKind,
        reason: &str,
        now: Now,
        out: &mut Output<'_>,
    ) -> Option<Lock> {
        let lock = self.locks.end(kind)?;
        self.lock_has_ended(kind, &lock, entry, reason, now, out);
        Some(lock)
    }

    fn lock_has_ended(
        &mut self,
        kind: LockKind,
        lock: &Lock,
        entry: EntryKind,
        reason: &str,
        now: Now,
        out: &mut Output<'_>,
    ) {
        out.record(Record::LockEnded {
            account: self.account.name.clone(),
            kind,
            at: now.wall,
            reason: reason.to_owned(),
        });
        let message = format!(
            "the {} of {} ended: {reason} (its reason was: {})",
            kind.name(),
            self.account.name,
            lock.reason
        );
        let fields = lock_fields(kind, lock.end, reason);
        out.entry(entry, Some(&self.account.name), message.clone(), fields);
        out.notify(self.notice(Severity::Info, entry, message));
        // What the lock asked for is moot; what firings asked for is not.
        let goal = match kind {
            LockKind::Lock => Goal::FlatAndQuiet,
            LockKind::CloseOnly => Goal::ReduceOnly,
        };
        let (moot, steps) = self
            .enforcement
            .drop_intents(|intent| intent.cause == Cause::Lock && intent.goal == goal);
        self.carry_out(steps, now, out);
        for intent in moot {
            out.record(Record::IntentEnded {
                id: intent.id,
                at: now.wall,
                end: IntentEnd::Abandoned,
            });
        }
    }

    fn report_fired(&self, run: &RuleRun, evidence: Fields, out: &mut Output<'_>) {
        let does: Vec<&str> = run.rule.then.iter().map(Action::name).collect();
        let message = format!(
            "{} fired on {}: {}; {} ({})",
            run.rule.name,
            self.account.name,
            words::evidence(&evidence),
            does.join(", "),
            words::holdings(self.seen.positions.as_deref(), &self.seen.orders)
        );
        out.rule_entry(
            EntryKind::Fired,
            &self.account,
            run,
            message.clone(),
            evidence,
        );
        out.notify(Notice {
            to: Audience::Named(run.rule.notifiers()),
            severity: Severity::Critical,
            kind: EntryKind::Fired,
            account: Some(self.account.name.clone()),
            rule: Some(run.rule.name.clone()),
            text: message,
        });
    }
}

pub(super) fn lock_fields(kind: LockKind, end: LockEnd, reason: &str) -> Fields {
    let mut fields = Fields::new();
    fields.put("lock", kind.name());
    match end {
        LockEnd::At(end) => fields.put("until", end.to_rfc3339()),
        LockEnd::Manual => fields.put("until", "manual"),
    };
    fields.put("reason", reason);
    fields
}
