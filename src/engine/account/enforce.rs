//! Enforcement of one account, as seen from the engine: its steps become
//! requests, reads and log entries.

use std::sync::Arc;

use super::AccountRun;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::RequestId;
use crate::domain::lock::LockKind;
use crate::domain::now::Now;
use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::{Answer, Outcome};
use crate::engine::effect::{Effect, Severity};
use crate::engine::enforcement::plan::{Planned, increasing_orders};
use crate::engine::enforcement::{Intent, REOPENED_WITHIN, Shown, Step};
use crate::engine::event::{ReadFailure, ReadResult};
use crate::engine::output::Output;
use crate::engine::record::{
    AnswerRow, Cause, EntryKind, Fields, Goal, IntentEnd, Record, RequestRow,
};
use crate::engine::words;

/// Rounds whose every step stands in the story; the requests of later ones are
/// recorded too, but only each 60th (five minutes) is told.
const ROUNDS_TOLD: u32 = 10;

const fn is_told(round: u32) -> bool {
    round <= ROUNDS_TOLD || round.is_multiple_of(60)
}

impl AccountRun {
    /// Takes up an intent and sends what it needs.
    pub(in crate::engine) fn begin(&mut self, intent: Intent, now: Now, out: &mut Output<'_>) {
        self.report_started(&intent, out);
        // Which orders reduce is known only with the positions.
        let reads_first = intent.goal == Goal::ReduceOnly && self.seen.positions.is_none();
        let steps = if reads_first {
            self.enforcement.resume(intent, now)
        } else {
            self.enforcement
                .begin(intent, self.seen.positions.as_ref(), &self.seen.orders, now)
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
            ResumedFirst::Look => self.enforcement.resume(intent, now),
            ResumedFirst::Send => {
                self.enforcement
                    .begin(intent, None, &WorkingOrders::Unknown, now)
            }
        };
        self.carry_out(steps, now, out);
    }

    /// A locked account that is not as it must be is made so again.
    pub(in crate::engine) fn guard_locks(&mut self, now: Now, out: &mut Output<'_>) {
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
            since: now.steady,
        };
        out.record(Record::Intent(crate::engine::record::IntentRow {
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
        self.begin(intent, now, out);
    }

    fn has_increasing_order(&self) -> bool {
        let (Some(positions), Some(orders)) = (&self.seen.positions, self.seen.orders.listed())
        else {
            return false;
        };
        let hedge_mode = self.account.profile.abilities.hedge_mode;
        !increasing_orders(orders, positions, hedge_mode).is_empty()
    }

    /// A write was answered, or given up.
    pub(in crate::engine) fn answered(
        &mut self,
        request: RequestId,
        answer: &Answer,
        now: Now,
        out: &mut Output<'_>,
    ) {
        out.record(Record::Answer(AnswerRow {
            request,
            at: now.wall,
            outcome: answer.outcome,
            status: answer.status,
            words: answer.words.to_string(),
        }));
        let is_told = is_told(self.enforcement.round());
        let steps = self.enforcement.answered(request, answer, now);
        if is_told {
            self.report_answered(request, answer, out);
        }
        self.carry_out(steps, now, out);
    }

    fn report_answered(&self, request: RequestId, answer: &Answer, out: &mut Output<'_>) {
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

    /// A request has left riskd.
    pub(in crate::engine) fn sent(
        &mut self,
        request: RequestId,
        unrecorded: Option<Arc<str>>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        self.enforcement.left(request, now);
        out.record(Record::Sent {
            request,
            at: now.wall,
            unrecorded: unrecorded.as_deref().map(str::to_owned),
        });
    }

    /// A read that enforcement asked for ended.
    pub(in crate::engine) fn read_ended(
        &mut self,
        read: u64,
        at: Timestamp,
        result: Result<ReadResult, ReadFailure>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        let is_watch = self.enforcement.is_watching(read);
        if !self.enforcement.awaits_read(read) {
            return;
        }
        let result = result.and_then(|seen| match self.doubt_of(&seen, at) {
            // Of an empty list of positions a watch takes nothing anyway.
            Some(failure) if !is_watch || matches!(seen, ReadResult::Orders(_)) => Err(failure),
            _ => Ok(seen),
        });
        let steps = match result {
            Err(failure) => {
                if !is_watch {
                    self.report_verify_failed(&failure, out);
                }
                let is_busy = failure.missing == Missing::RateLimited;
                self.enforcement.read_failed(is_busy, now)
            }
            Ok(seen) => {
                self.take_read(seen, is_watch, at);
                self.enforcement.read_ended(now)
            }
        };
        self.carry_out(steps, now, out);
        // A rule must see the moment in which its condition was false.
        self.look_again(now, out);
    }

    /// Takes what a read has shown, unless something newer is known.
    fn take_read(&mut self, seen: ReadResult, is_watch: bool, at: Timestamp) {
        match seen {
            ReadResult::Orders(orders) => {
                let shown = orders.clone();
                self.enforcement.saw(Shown::Orders {
                    orders: shown,
                    as_of: at,
                });
                self.seen.take_orders(orders, at);
            }
            // That a watched account is flat was not verified.
            ReadResult::Positions(positions) if is_watch && positions.is_empty() => {}
            ReadResult::Positions(positions) => {
                let positions = self.enforcement.closable(&positions).unwrap_or(positions);
                self.enforcement.saw(Shown::Positions {
                    positions: Arc::clone(&positions),
                    as_of: at,
                });
                if self.verified_at.is_none_or(|verified| at >= verified) {
                    self.verified_at = Some(at);
                    self.seen.positions = Some(positions);
                }
            }
        }
    }

    /// Shows enforcement what a poll has shown, where it is known since when
    /// that is so.
    pub(in crate::engine) fn show_positions(
        &mut self,
        positions: Option<&Arc<[Position]>>,
        as_of: Option<Timestamp>,
    ) {
        let (Some(positions), Some(as_of)) = (positions, as_of) else {
            return;
        };
        if positions.is_empty() && self.doubt_of_emptiness(as_of).is_some() {
            return;
        }
        self.enforcement.saw(Shown::Positions {
            positions: Arc::clone(positions),
            as_of,
        });
    }

    /// Shows enforcement working orders that were read for others.
    pub(in crate::engine) fn show_orders(&mut self, orders: &WorkingOrders, at: Timestamp) {
        if orders.count() == Some(0) && self.doubt_of_emptiness(at).is_some() {
            return;
        }
        self.enforcement.saw(Shown::Orders {
            orders: orders.clone(),
            as_of: at,
        });
    }

    fn doubt_of(&self, seen: &ReadResult, at: Timestamp) -> Option<ReadFailure> {
        let is_empty = match seen {
            ReadResult::Orders(orders) => orders.count() == Some(0),
            ReadResult::Positions(positions) => positions.is_empty(),
        };
        is_empty.then(|| self.doubt_of_emptiness(at)).flatten()
    }

    /// Why an empty list that was asked for at `at` cannot be believed: one of a
    /// connection that is down is not flat. That it was down then, or at any time
    /// since, is enough; and as long as nothing was observed since the start,
    /// nobody knows whether it is.
    fn doubt_of_emptiness(&self, at: Timestamp) -> Option<ReadFailure> {
        let frozen = self
            .frozen
            .filter(|frozen| frozen.until.is_none_or(|until| at <= until));
        if let Some(frozen) = frozen {
            return Some(ReadFailure {
                missing: frozen.why,
                words: Arc::from("its holdings may be frozen"),
            });
        }
        self.seen.at.is_none().then(|| ReadFailure {
            missing: Missing::Late,
            words: Arc::from("it was not observed since the start"),
        })
    }

    /// A position that comes back so soon after a proof that there was none was
    /// opened by something that undoes what riskd does: that is told, with what
    /// may be behind it.
    pub(in crate::engine) fn report_reopened(&mut self, now: Now, out: &mut Output<'_>) {
        let is_held = self
            .seen
            .positions
            .as_ref()
            .is_some_and(|held| !held.is_empty());
        let Some(proven) = self.flat_proven_at.filter(|_| is_held) else {
            return;
        };
        self.flat_proven_at = None;
        let passed = now.since(proven);
        if passed > REOPENED_WITHIN {
            self.reopened = 0;
            return;
        }
        self.reopened = self.reopened.saturating_add(1);
        self.enforcement.note_reopened();
        let holdings = words::holdings(self.seen.positions.as_deref(), &self.seen.orders);
        let mut fields = Fields::new();
        fields
            .put("holdings", &holdings)
            .put("count", self.reopened)
            .put("after_ms", passed.num_milliseconds());
        let message = format!(
            "{} was re-opened from outside {} ms after it was proven flat (time {}): {holdings}. A running strategy, a trade copier or a delayed signal does this; switch it off",
            self.account.name,
            passed.num_milliseconds(),
            self.reopened
        );
        out.entry(
            EntryKind::Reopened,
            Some(&self.account.name),
            message.clone(),
            fields,
        );
        if self.reopened.is_power_of_two() {
            out.notify(self.notice(Severity::Critical, EntryKind::Reopened, message));
        }
    }

    pub(in crate::engine) fn advance_enforcement(&mut self, now: Now, out: &mut Output<'_>) {
        if !out.config.acts {
            return;
        }
        let is_locked = self.locks.get(LockKind::Lock).is_some();
        self.enforcement.set_locked(is_locked);
        let steps = self.enforcement.advance(now);
        self.carry_out(steps, now, out);
    }

    pub(in crate::engine) fn carry_out(
        &mut self,
        steps: Vec<Step>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        for step in steps {
            match step {
                Step::Send { round, writes } => self.send(round, writes, now, out),
                Step::Withdraw { requests } => {
                    for request in requests {
                        out.effects.push(Effect::Withdraw {
                            account: self.account.name.clone(),
                            request,
                        });
                    }
                }
                Step::Read { read, what } => {
                    out.effects.push(Effect::Read {
                        account: self.account.name.clone(),
                        read,
                        what,
                    });
                }
                Step::WithdrawRead { read } => out.effects.push(Effect::WithdrawRead {
                    account: self.account.name.clone(),
                    read,
                }),
                Step::Reached {
                    intents,
                    rounds,
                    flat_at,
                } => self.end_reached(intents, rounds, flat_at, now, out),
                Step::NotYet { round } => self.report_not_yet(round, out),
                Step::Stuck { attempts } => self.report_stuck(attempts, out),
                Step::Slowed => self.report_slowed(out),
            }
        }
    }

    fn end_reached(
        &mut self,
        intents: Vec<Intent>,
        rounds: u32,
        flat_at: Option<Timestamp>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        if intents.iter().any(|one| one.goal == Goal::FlatAndQuiet) {
            self.flat_proven_at = Some(now.steady);
        }
        self.note_proof(&intents, rounds, now);
        // The record's times are wall times.
        let flat_at = flat_at.and_then(|at| now.wall.checked_sub_signed(now.since(at)));
        self.report_reached(intents, rounds, flat_at, out);
    }

    fn send(&mut self, round: u32, writes: Vec<Planned>, now: Now, out: &mut Output<'_>) {
        let intents: Vec<_> = self.enforcement.intents().iter().map(|i| i.id).collect();
        let mut requests = Vec::with_capacity(writes.len());
        for planned in writes {
            let id = out.request_id();
            let write = planned.write.clone();
            let urgency = planned.urgency;
            requests.push((id, planned));
            let row = RequestRow {
                id,
                account: self.account.name.clone(),
                write: write.clone(),
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
                urgency,
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
        self.enforcement.queued(requests);
    }

    pub(in crate::engine) fn report_started(&self, intent: &Intent, out: &mut Output<'_>) {
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

    fn report_reached(
        &self,
        intents: Vec<Intent>,
        rounds: u32,
        flat_at: Option<Timestamp>,
        out: &mut Output<'_>,
    ) {
        let at = out.now.wall;
        let mut fields = Fields::new();
        fields.put("rounds", rounds).put(
            "holdings",
            words::holdings(self.seen.positions.as_deref(), &self.seen.orders),
        );
        if let Some(flat_at) = flat_at {
            fields.put("positions_proven", flat_at.to_rfc3339());
        }
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
            "{} is {}, by what was read after the last request ({rounds} round{})",
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

    fn report_not_yet(&self, round: u32, out: &mut Output<'_>) {
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

    fn report_verify_failed(&self, failure: &ReadFailure, out: &mut Output<'_>) {
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

    fn report_stuck(&self, attempts: u32, out: &mut Output<'_>) {
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

    fn report_slowed(&self, out: &mut Output<'_>) {
        let message = format!(
            "{} needed more than {} rounds within a minute; the next ones are slowed down. Somebody or something keeps on trading it",
            self.account.name,
            crate::engine::enforcement::RUNAWAY_ROUNDS
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

/// What is done first for an intent from before a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum ResumedFirst {
    /// It may have been done already: the account is looked at.
    Look,
    /// The last that is known is that it was not done: it is sent.
    Send,
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
