//! What is told of enforcement: the way to what is asked for, and the end of it.

use super::AccountRun;
use crate::domain::ids::RequestId;
use crate::domain::observation::Timestamp;
use crate::domain::request::{Answer, Outcome};
use crate::engine::effect::Severity;
use crate::engine::enforcement::{Intent, RUNAWAY_ROUNDS};
use crate::engine::event::ReadFailure;
use crate::engine::output::Output;
use crate::engine::record::{Cause, EntryKind, Fields, IntentEnd, RecordRow};

/// Rounds whose every step stands in the story; the requests of later ones are
/// recorded too, but only each 60th (five minutes) is told.
const ROUNDS_TOLD: u32 = 10;

pub(super) const fn is_told(round: u32) -> bool {
    round <= ROUNDS_TOLD || round.is_multiple_of(60)
}

impl AccountRun {
    pub(super) fn report_answered(
        &self,
        request: RequestId,
        answer: &Answer,
        out: &mut Output<'_>,
    ) {
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

    pub(in crate::engine) fn report_started(&self, intent: &Intent, out: &mut Output<'_>) {
        let mut fields = intent_fields(intent);
        fields.put("intent", intent.id);
        let message = format!(
            "makes {} {}: {}",
            self.account.name,
            intent.goal.words(),
            self.view.holdings()
        );
        out.entry(
            EntryKind::EnforcementStarted,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    pub(super) fn report_reached(
        &self,
        intents: Vec<Intent>,
        rounds: u32,
        flat_at: Option<Timestamp>,
        out: &mut Output<'_>,
    ) {
        let at = out.now.wall;
        let mut fields = Fields::new();
        fields
            .put("rounds", rounds)
            .put("holdings", self.view.holdings());
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
            out.record(RecordRow::IntentEnded {
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

    pub(super) fn report_not_yet(&self, round: u32, out: &mut Output<'_>) {
        if !is_told(round) {
            return;
        }
        let holdings = self.view.holdings();
        let mut fields = Fields::new();
        fields.put("round", round).put("holdings", &holdings);
        let message = format!(
            "{} is not there yet after round {round}: {holdings}",
            self.account.name
        );
        out.entry(EntryKind::NotYet, Some(&self.account.name), message, fields);
    }

    pub(super) fn report_verify_failed(&self, failure: &ReadFailure, out: &mut Output<'_>) {
        if !is_told(self.guard.enforcement().failed_reads()) {
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

    pub(super) fn report_stuck(&self, attempts: u32, out: &mut Output<'_>) {
        let holdings = self.view.holdings();
        let goals: Vec<String> = self
            .guard
            .intents()
            .iter()
            .map(|intent| intent.goal.words())
            .collect();
        let mut fields = Fields::new();
        fields
            .put("attempts", attempts)
            .put("round", self.guard.enforcement().round())
            .put("holdings", &holdings);
        let said = match self.guard.enforcement().trouble() {
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

    pub(super) fn report_slowed(&self, out: &mut Output<'_>) {
        let message = format!(
            "{} needed more than {} rounds within a minute; the next ones are slowed down. Somebody or something keeps on trading it",
            self.account.name, RUNAWAY_ROUNDS
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

pub(in crate::engine) fn intent_fields(intent: &Intent) -> Fields {
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
