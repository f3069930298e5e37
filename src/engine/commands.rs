//! What a person asks of the running engine, and what came of it: what holds
//! afterwards is not always what was asked for.

use std::sync::Arc;

use serde::Serialize;

use super::account::AccountRun;
use super::effect::Effect;
use super::enforcement::{Intent, Step};
use super::event::{Command, FlattenSent};
use super::locks::Locking;
use super::output::Output;
use super::record::{Cause, EntryKind, Fields, Goal};
use super::status::{LockStatus, until};
use super::{Engine, Response};
use crate::domain::account::RuleName;
use crate::domain::ids::IntentId;
use crate::domain::lock::LockKind;
use crate::domain::now::Now;
use crate::rules::book::Until;

/// What came of a person's command.
#[derive(Clone, Debug, Serialize)]
pub struct CommandReply {
    /// Whether anything was recorded.
    pub recorded: bool,
    /// The time zone of the account's sessions, by its IANA name: times of day
    /// were meant there.
    pub timezone: &'static str,
    /// What holds now.
    #[serde(flatten)]
    pub outcome: CommandOutcome,
}

/// What holds after a person's command; the stable name stands in `outcome`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CommandOutcome {
    /// The account is being made flat and quiet.
    Flattening,
    /// It is looked whether the account is flat and quiet, after a flatten that
    /// was sent elsewhere; what is missing then is sent.
    TakenOver {
        /// The intent that stands for it. The account was flat and quiet after the
        /// command once a proof has ended this one or a later one.
        intent: IntentId,
    },
    /// The account was not locked and is now; it is made flat and quiet.
    Set(Locked),
    /// The lock that was in force holds longer now; the account is made flat
    /// and quiet.
    Extended(Locked),
    /// The lock in force holds as long as was asked, or longer, and stays as it
    /// was; the account is made flat and quiet all the same.
    Kept(Locked),
    /// Nothing was done, because riskd only observes.
    Observed,
    /// Locks ended.
    Unlocked {
        /// Those that ended.
        ended: Vec<LockStatus>,
        /// The intents that were given up with them: what the locks, and the rules
        /// that set them, had asked for and what was not reached yet.
        given_up: Vec<IntentId>,
        /// The rules that do nothing to the account before they are armed again.
        fired: Vec<FiredStatus>,
    },
    /// There was no lock to end.
    NotLocked {
        /// The rules that do nothing to the account before they are armed again.
        fired: Vec<FiredStatus>,
    },
    /// The rule had fired and may fire again.
    Rearmed {
        /// The firing.
        firing: i64,
        /// What its condition answered last: `true`, `false`, `unknown`.
        truth: &'static str,
    },
    /// The rule had not fired: it may fire as it could before.
    NotFired,
}

/// The lock in force after one was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Locked {
    /// It.
    pub lock: LockStatus,
    /// Until when it was asked for: RFC 3339, or `manual`.
    pub asked_until: String,
}

/// A rule that has fired and does nothing to the account before it is armed
/// again.
#[derive(Clone, Debug, Serialize)]
pub struct FiredStatus {
    /// The rule's name.
    pub rule: String,
    /// The firing.
    pub firing: i64,
    /// What arms it: `session`, `clear`, `flat`, `never` or a duration.
    pub rearm: String,
    /// When time alone arms it, RFC 3339; `None` when something else does.
    pub armed_at: Option<String>,
}

impl Engine {
    /// Does what a person asks, and says what came of it.
    pub(super) fn carry_out_command(&mut self, command: Command, now: Now) -> Response {
        let account = command.account().clone();
        let mut reply = None;
        let effects = self.on_account(&account, now, |run, out| {
            let outcome = run.carry_out_command(command, now, out);
            let is_record = |effect: &Effect| matches!(effect, Effect::Record(_));
            reply = Some(CommandReply {
                recorded: out.effects.iter().any(is_record),
                timezone: run.account.session.timezone().name(),
                outcome,
            });
        });
        Response { effects, reply }
    }
}

impl AccountRun {
    fn carry_out_command(
        &mut self,
        command: Command,
        now: Now,
        out: &mut Output<'_>,
    ) -> CommandOutcome {
        match command {
            Command::Flatten { reason, .. } => {
                self.ask(Goal::FlatAndQuiet, Cause::Person(reason), now, out);
                if out.config.acts {
                    CommandOutcome::Flattening
                } else {
                    CommandOutcome::Observed
                }
            }
            Command::TakeOver { reason, sent, .. } => self.take_over(reason, sent, now, out),
            Command::Lock { until, reason, .. } => self.lock_by_command(until, reason, now, out),
            Command::Unlock { reason, .. } => self.unlock_by_command(&reason, now, out),
            Command::Rearm { rule, reason, .. } => self.rearm_by_command(&rule, &reason, out),
        }
    }

    /// Takes over from a command that has sent a flatten by itself. Where that was
    /// answered, the account is looked at first; what is then seen to be missing is
    /// sent.
    fn take_over(
        &mut self,
        reason: String,
        sent: FlattenSent,
        now: Now,
        out: &mut Output<'_>,
    ) -> CommandOutcome {
        if !out.config.acts {
            return CommandOutcome::Observed;
        }
        let goal = Goal::FlatAndQuiet;
        if self.guard.enforcement_mut().joins_earlier_wish(&goal, now) {
            let wishes = self.guard.intents().iter().rev();
            let is_wish = |one: &&Intent| one.goal == goal && matches!(one.cause, Cause::Person(_));
            if let Some(intent) = { wishes }.find(is_wish).map(|wish| wish.id) {
                self.report_asked_again(&goal, &reason, out);
                if sent == FlattenSent::Answered {
                    let steps = self.guard.enforcement_mut().flattened_elsewhere(now);
                    self.carry_out(steps, now, out);
                }
                return CommandOutcome::TakenOver { intent };
            }
        }
        let intent = self.new_intent(goal, Cause::Person(reason), now, out);
        let id = intent.id;
        self.report_started(&intent, out);
        let steps = match sent {
            FlattenSent::Answered => self.guard.enforcement_mut().take_over(intent, now),
            FlattenSent::Refused => self.flatten_in_place_of(intent, now),
        };
        self.carry_out(steps, now, out);
        CommandOutcome::TakenOver { intent: id }
    }

    /// Takes up an intent whose flatten the venue turned away elsewhere. It is sent
    /// from here at once, unless the account was last seen to hold nothing: then a
    /// look is enough, which takes no more of the budget than a flatten.
    fn flatten_in_place_of(&mut self, intent: Intent, now: Now) -> Vec<Step> {
        let held = self.view.positions();
        match held {
            Some(held) if held.is_empty() => self.guard.enforcement_mut().resume(intent, now),
            _ => self
                .guard
                .enforcement_mut()
                .begin(intent, held, self.view.orders(), now),
        }
    }

    fn lock_by_command(
        &mut self,
        asked: Until,
        reason: String,
        now: Now,
        out: &mut Output<'_>,
    ) -> CommandOutcome {
        let kind = LockKind::Lock;
        self.roll_session(now, out);
        let (end, locking) = self.lock(kind, asked, reason.clone(), None, now, out);
        let locked = self.guard.lock(kind).map(|lock| Locked {
            lock: LockStatus::of(kind, lock),
            asked_until: until(end),
        });
        self.ask_for_lock(reason, now, out);
        match (locking, locked) {
            (Some(Locking::Set), Some(locked)) => CommandOutcome::Set(locked),
            (Some(Locking::Extended), Some(locked)) => CommandOutcome::Extended(locked),
            (Some(Locking::Kept), Some(locked)) => CommandOutcome::Kept(locked),
            (None, _) | (_, None) => CommandOutcome::Observed,
        }
    }

    /// Asks for what a lock by hand is for, and notes the intent as the lock's.
    fn ask_for_lock(&mut self, reason: String, now: Now, out: &mut Output<'_>) {
        let before = self.guard.intents().last().map(|one| one.id);
        self.ask(Goal::FlatAndQuiet, Cause::Person(reason), now, out);
        self.guard.note_asked_by_lock(before);
    }

    fn unlock_by_command(
        &mut self,
        reason: &str,
        now: Now,
        out: &mut Output<'_>,
    ) -> CommandOutcome {
        let before = self.guard.intent_ids();
        let mut ended = Vec::new();
        for kind in [LockKind::Lock, LockKind::CloseOnly] {
            let lock = self.end_lock(kind, EntryKind::Unlocked, reason, now, out);
            ended.extend(lock.map(|lock| LockStatus::of(kind, &lock)));
        }
        if !ended.is_empty() {
            self.give_up_locked(now, out);
        }
        let open = self.guard.intent_ids();
        let is_given_up = |id: &IntentId| !open.contains(id);
        let given_up = before.into_iter().filter(is_given_up).collect();
        let fired = self.unarmed_rules(now);
        if ended.is_empty() {
            CommandOutcome::NotLocked { fired }
        } else {
            CommandOutcome::Unlocked {
                ended,
                given_up,
                fired,
            }
        }
    }

    /// Gives up what was asked for along with locks, by the rules and the commands
    /// that set them: a person who unlocks an account wants nothing of that to
    /// leave any more. What a person asked for without a lock, and what rules
    /// without one asked for, goes on.
    fn give_up_locked(&mut self, now: Now, out: &mut Output<'_>) {
        let firings = self.rules.firings_that_lock();
        let given_up = self.guard.give_up_locked(&firings);
        self.end_given_up(given_up, now, out);
    }

    fn unarmed_rules(&self, now: Now) -> Vec<FiredStatus> {
        let unarmed = self.rules.iter().filter(|run| run.is_latched());
        unarmed
            .filter_map(|run| {
                Some(FiredStatus {
                    rule: run.rule.name.to_string(),
                    firing: run.state.fired?.id.0,
                    rearm: run.rule.rearm.word(),
                    armed_at: self.armed_at(run, now).map(|at| at.to_rfc3339()),
                })
            })
            .collect()
    }

    fn rearm_by_command(
        &mut self,
        rule: &RuleName,
        reason: &str,
        out: &mut Output<'_>,
    ) -> CommandOutcome {
        let account = Arc::clone(&self.account);
        let Some(run) = self.rules.find_mut(rule) else {
            return CommandOutcome::NotFired;
        };
        let Some(fired) = run.state.fired else {
            return CommandOutcome::NotFired;
        };
        let mut fields = Fields::new();
        fields.put("reason", reason);
        let message = format!("{rule} was re-armed on {} by hand: {reason}", account.name);
        out.rule_entry(EntryKind::Rearmed, &account, run, message, fields);
        run.state.rearm();
        CommandOutcome::Rearmed {
            firing: fired.id.0,
            truth: run.truth().name(),
        }
    }
}
