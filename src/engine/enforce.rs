//! Enforcement of one account, as seen from the engine: its steps become
//! requests, reads and lines of the story.

use std::sync::Arc;

use super::account::AccountRun;
use super::effect::{Effect, Severity};
use super::enforcement::{Intent, Step};
use super::event::ReadFailure;
use super::out::Out;
use super::reconcile::Seen;
use super::record::{AnswerRow, Cause, EntryKind, Fields, Goal, IntentEnd, Record, RequestRow};
use super::words;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::RequestId;
use crate::domain::lock::LockKind;
use crate::domain::now::Now;
use crate::domain::observation::Missing;
use crate::domain::request::{Answer, Outcome, Write};

/// How soon after a verification a poll may still show what was there before:
/// a venue may answer polls from a cache of 3 s (CrossTrade, snapshot page).
const POLL_MAY_LAG: chrono::TimeDelta = chrono::TimeDelta::seconds(5);
/// Rounds whose every step stands in the story; the requests of later ones are
/// recorded too, but only each 60th (five minutes) is told.
const ROUNDS_TOLD: u32 = 10;

const fn is_told(round: u32) -> bool {
    round <= ROUNDS_TOLD || round.is_multiple_of(60)
}

impl AccountRun {
    /// Takes up an intent and sends what it needs.
    pub(super) fn begin(&mut self, intent: Intent, now: Now, out: &mut Out<'_>) {
        self.tell_started(&intent, out);
        // Which orders reduce is known only with the positions.
        let reads_first = intent.goal == Goal::ReduceOnly && self.seen.positions.is_none();
        let steps = if reads_first {
            self.enforcement.resume(intent, now)
        } else {
            let positions = self.seen.positions.clone().unwrap_or_default();
            self.enforcement
                .begin(intent, &positions, &self.seen.orders, now)
        };
        self.carry_out(steps, now, out);
    }

    /// Takes up an intent of before a restart: reads first.
    pub(super) fn resume(&mut self, intent: Intent, now: Now, out: &mut Out<'_>) {
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
        let steps = self.enforcement.resume(intent, now);
        self.carry_out(steps, now, out);
    }

    /// A locked account that is not as it must be is made so again.
    pub(super) fn guard_locks(&mut self, now: Now, out: &mut Out<'_>) {
        if !out.config.acts {
            return;
        }
        let goal = if self.locks.get(LockKind::Lock).is_some() {
            (self.seen.is_flat_and_quiet() == Some(false)).then_some(Goal::FlatAndQuiet)
        } else if self.locks.get(LockKind::CloseOnly).is_some() {
            self.has_increasing_order().then_some(Goal::ReduceOnly)
        } else {
            None
        };
        let Some(goal) = goal else { return };
        // Work towards a lesser goal, which may be stuck, does not stand in for
        // what the lock asks.
        let mut under_way = self.enforcement.intents().iter();
        if under_way.any(|intent| intent.goal.covers(&goal)) {
            return;
        }
        let id = out.intent_id();
        let intent = Intent {
            id,
            goal,
            cause: Cause::Lock,
        };
        out.record(Record::Intent(super::record::IntentRow {
            id,
            account: self.account.name.clone(),
            goal: intent.goal.clone(),
            cause: Cause::Lock,
            at: now.wall,
        }));
        let message = format!(
            "{} is locked and not {}: {}",
            self.account.name,
            intent.goal.words(),
            words::holdings(self.seen.positions.as_deref(), &self.seen.orders)
        );
        let mut fields = intent_fields(&intent);
        fields.put(
            "holdings",
            words::holdings(self.seen.positions.as_deref(), &self.seen.orders),
        );
        out.entry(
            EntryKind::LockViolated,
            Some(&self.account.name),
            message.clone(),
            fields,
        );
        out.notify(self.notice(Severity::Warning, EntryKind::LockViolated, message));
        let was_verified_just_now = self
            .verified_at
            .is_some_and(|verified| now.since(verified) < POLL_MAY_LAG);
        if was_verified_just_now {
            // The poll may show the past; a fresh read costs little.
            let steps = self.enforcement.resume(intent, now);
            self.carry_out(steps, now, out);
        } else {
            self.begin(intent, now, out);
        }
    }

    fn has_increasing_order(&self) -> bool {
        let (Some(positions), Some(orders)) = (&self.seen.positions, self.seen.orders.listed())
        else {
            return false;
        };
        !super::reconcile::increasing_orders(orders, positions).is_empty()
    }

    /// A write was answered, or given up.
    pub(super) fn answered(
        &mut self,
        request: RequestId,
        answer: &Answer,
        now: Now,
        out: &mut Out<'_>,
    ) {
        out.record(Record::Answer(AnswerRow {
            request,
            at: now.wall,
            outcome: answer.outcome,
            status: answer.status,
            words: answer.words.to_string(),
        }));
        self.enforcement.answered(request, answer, now);
        if !is_told(self.enforcement.round()) {
            return;
        }
        let mut fields = Fields::new();
        fields
            .put("request", request)
            .put("outcome", answer.outcome.name())
            .put_known("status", answer.status);
        if !answer.words.is_empty() {
            fields.put("words", &answer.words);
        }
        let message = format!(
            "request {request} on {}: {}{}",
            self.account.name,
            outcome_words(answer.outcome),
            if answer.words.is_empty() {
                String::new()
            } else {
                format!(" ({})", answer.words)
            }
        );
        out.entry(
            EntryKind::RequestAnswered,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    /// A verification read ended.
    pub(super) fn holdings_read(
        &mut self,
        read: u64,
        result: Result<(Arc<[Position]>, WorkingOrders), ReadFailure>,
        now: Now,
        out: &mut Out<'_>,
    ) {
        if !self.enforcement.awaits_read(read) {
            return;
        }
        let result = result.and_then(|holdings| {
            let doubt = self.doubt_of_holdings(&holdings.0);
            match doubt.or_else(|| self.overtaken(&holdings.0)) {
                Some(failure) => Err(failure),
                None => Ok(holdings),
            }
        });
        let has_learned = result.is_ok();
        let steps = match result {
            Err(failure) => {
                self.tell_verify_failed(&failure, out);
                self.enforcement.read_failed(now)
            }
            Ok((positions, orders)) => {
                let seen = Seen {
                    positions: &positions,
                    orders: &orders,
                };
                let steps = self.enforcement.learned(seen, now);
                self.verified_at = Some(self.read_asked_at);
                self.seen
                    .take_verified(positions, orders, self.read_asked_at);
                steps
            }
        };
        self.carry_out(steps, now, out);
        if has_learned {
            // A rule must see the moment in which its condition was false.
            self.look_again(now, out);
        }
    }

    /// Why the read is of the past: a poll that was asked for later shows a
    /// position that it lacks. One that shows all of them is acted upon: with a
    /// venue so slow that a poll overtakes each read, nothing would be done any
    /// more. One that fails is waited for, counted, and made up for by writes.
    fn overtaken(&self, read: &[Position]) -> Option<ReadFailure> {
        let is_newer = self.seen.at.is_some_and(|at| at > self.read_asked_at);
        let is_lacking = |held: &&Position| {
            let is_it = |position: &Position| position.instrument == held.instrument;
            !read.iter().any(is_it)
        };
        let polled = self.seen.positions.as_deref().filter(|_| is_newer)?;
        let lacking = polled.iter().find(is_lacking)?;
        Some(ReadFailure {
            missing: Missing::Frozen,
            words: Arc::from(format!(
                "a poll that was asked for later shows {}",
                lacking.instrument
            )),
        })
    }

    /// Why what was just read of the account's holdings cannot be believed: an
    /// empty list of a connection that is down is not flat. That it was down
    /// when the read was asked for, or at any time since, is enough; and as
    /// long as nothing was observed since the start, nobody knows whether it is.
    fn doubt_of_holdings(&self, positions: &[Position]) -> Option<ReadFailure> {
        let frozen = self
            .frozen
            .filter(|frozen| frozen.until.is_none_or(|until| self.read_asked_at <= until));
        if let Some(frozen) = frozen {
            return Some(ReadFailure {
                missing: frozen.why,
                words: Arc::from("its holdings may be frozen"),
            });
        }
        (self.seen.at.is_none() && positions.is_empty()).then(|| ReadFailure {
            missing: Missing::Late,
            words: Arc::from("it was not observed since the start"),
        })
    }

    pub(super) fn tick_enforcement(&mut self, now: Now, out: &mut Out<'_>) {
        if self.enforcement.is_at_rest() {
            return;
        }
        let steps = self.enforcement.tick(now);
        self.carry_out(steps, now, out);
    }

    fn carry_out(&mut self, steps: Vec<Step>, now: Now, out: &mut Out<'_>) {
        for step in steps {
            match step {
                Step::Send { round, writes } => self.send(round, writes, now, out),
                Step::Read { read } => {
                    self.read_asked_at = now.steady;
                    out.effects.push(Effect::Verify {
                        account: self.account.name.clone(),
                        read,
                    });
                }
                Step::Reached { intents, rounds } => self.tell_reached(intents, rounds, out),
                Step::NotYet { round } => self.tell_not_yet(round, out),
                Step::Stuck { attempts } => self.tell_stuck(attempts, out),
                Step::Slowed => self.tell_slowed(out),
            }
        }
    }

    fn send(&mut self, round: u32, writes: Vec<Write>, now: Now, out: &mut Out<'_>) {
        let intents: Vec<_> = self.enforcement.intents().iter().map(|i| i.id).collect();
        let mut requests = Vec::with_capacity(writes.len());
        for write in writes {
            let id = out.request_id();
            requests.push(id);
            let row = RequestRow {
                id,
                account: self.account.name.clone(),
                write: write.name(),
                target: write.target().map(str::to_owned),
                round,
                at: now.wall,
                intents: intents.clone(),
            };
            let mut fields = Fields::new();
            fields
                .put("request", id)
                .put("write", write.name())
                .put_known("target", write.target())
                .put("round", round);
            let message = format!(
                "request {id} on {}: {write} (round {round})",
                self.account.name
            );
            out.effects.push(Effect::Send {
                account: self.account.name.clone(),
                request: id,
                write,
            });
            out.record(Record::Request(row));
            if !is_told(round) {
                continue;
            }
            out.entry(
                EntryKind::RequestSent,
                Some(&self.account.name),
                message,
                fields,
            );
        }
        self.enforcement.sent(&requests, now);
    }

    fn tell_started(&self, intent: &Intent, out: &mut Out<'_>) {
        let mut fields = intent_fields(intent);
        fields.put("intent", intent.id);
        let message = format!(
            "makes {} {}: {}",
            self.account.name,
            intent.goal.words(),
            words::holdings(self.seen.positions.as_deref(), &self.seen.orders)
        );
        out.entry(
            EntryKind::EnforcementStarted,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    fn tell_reached(&self, intents: Vec<Intent>, rounds: u32, out: &mut Out<'_>) {
        let at = out.now.wall;
        let mut fields = Fields::new();
        fields.put("rounds", rounds).put(
            "holdings",
            words::holdings(self.seen.positions.as_deref(), &self.seen.orders),
        );
        let goals = intents.iter().map(|intent| intent.goal.words());
        let mut goals: Vec<String> = goals.collect();
        goals.dedup();
        for intent in intents {
            fields.put("intent", intent.id);
            if let Cause::Firing(firing) = intent.cause {
                fields.put("firing", firing);
            }
            out.record(Record::IntentEnded {
                id: intent.id,
                at,
                end: IntentEnd::Verified,
            });
        }
        let message = format!(
            "{} is {}, by a read after the last request ({rounds} round{})",
            self.account.name,
            goals.join(" and "),
            if rounds == 1 { "" } else { "s" }
        );
        out.entry(
            EntryKind::Verified,
            Some(&self.account.name),
            message.clone(),
            fields,
        );
        out.notify(self.notice(Severity::Info, EntryKind::Verified, message));
    }

    fn tell_not_yet(&self, round: u32, out: &mut Out<'_>) {
        if !is_told(round) {
            return;
        }
        let holdings = words::holdings(self.seen.positions.as_deref(), &self.seen.orders);
        let mut fields = Fields::new();
        fields.put("round", round).put("holdings", &holdings);
        let message = format!(
            "{} is not there yet after round {round}: {holdings}",
            self.account.name
        );
        out.entry(EntryKind::NotYet, Some(&self.account.name), message, fields);
    }

    fn tell_verify_failed(&self, failure: &ReadFailure, out: &mut Out<'_>) {
        if !is_told(self.enforcement.failed_reads()) {
            return;
        }
        let mut fields = Fields::new();
        fields
            .put("reason", failure.missing.name())
            .put("words", &failure.words);
        let message = format!(
            "what {} holds cannot be read: {}{}; it counts as not flat, and is read again",
            self.account.name,
            failure.missing,
            if failure.words.is_empty() {
                String::new()
            } else {
                format!(" ({})", failure.words)
            }
        );
        out.entry(
            EntryKind::VerifyFailed,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    fn tell_stuck(&self, attempts: u32, out: &mut Out<'_>) {
        let holdings = words::holdings(self.seen.positions.as_deref(), &self.seen.orders);
        let goals: Vec<String> = self
            .enforcement
            .intents()
            .iter()
            .map(|intent| intent.goal.words())
            .collect();
        let mut fields = Fields::new();
        fields
            .put("attempts", attempts)
            .put("round", self.enforcement.round())
            .put("holdings", &holdings);
        let said = match self.enforcement.trouble() {
            Some(words) => {
                fields.put("words", words);
                format!(" ({words})")
            }
            None => String::new(),
        };
        let message = format!(
            "{} is still not {} after {attempts} attempt{}: {holdings}{said}; riskd keeps trying, but look at the account now",
            self.account.name,
            goals.first().map_or("as it must be", String::as_str),
            if attempts == 1 { "" } else { "s" },
        );
        out.entry(
            EntryKind::EnforcementStuck,
            Some(&self.account.name),
            message.clone(),
            fields,
        );
        out.notify(self.notice(Severity::Critical, EntryKind::EnforcementStuck, message));
    }

    fn tell_slowed(&self, out: &mut Out<'_>) {
        let message = format!(
            "{} needed more than {} rounds within a minute; the next ones are slowed down. Somebody or something keeps on trading it",
            self.account.name,
            super::enforcement::RUNAWAY_ROUNDS
        );
        out.entry(
            EntryKind::EnforcementSlowed,
            Some(&self.account.name),
            message.clone(),
            Fields::new(),
        );
        out.notify(self.notice(Severity::Critical, EntryKind::EnforcementSlowed, message));
    }
}

fn intent_fields(intent: &Intent) -> Fields {
    let mut fields = Fields::new();
    fields.put("goal", intent.goal.name());
    match &intent.cause {
        Cause::Firing(firing) => fields.put("cause", "firing").put("firing", firing),
        Cause::Lock => fields.put("cause", "lock"),
        Cause::Person(reason) => fields.put("cause", "person").put("reason", reason),
    };
    fields
}

const fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Acknowledged => "acknowledged",
        Outcome::NothingToDo => "there was nothing to do",
        Outcome::Refused => "refused",
        Outcome::NotSent => "not sent",
        Outcome::Unknown => "the answer was lost; it may have been carried out",
    }
}
