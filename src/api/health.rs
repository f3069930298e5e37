//! Whether riskd is well, and what is wrong if it is not.

use super::status::{Status, VenueStatus};
use crate::engine::status::AccountStatus;

/// Rounds after which enforcement is said not to get there.
const MANY_ROUNDS: u32 = 5;

/// What a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// It, in words.
    pub text: String,
}

/// The kinds of problems. Their names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// `not_ready`: not every account was observed since the start.
    NotReady,
    /// `record_failed`: the record cannot be written.
    RecordFailed,
    /// `rules_refused`: the rule file was refused; older rules are in force.
    RulesRefused,
    /// `venue_failed`: the last poll of a venue failed.
    VenueFailed,
    /// `data_missing`: nothing trustworthy is known of an account now.
    DataMissing,
    /// `not_flat`: enforcement has taken many rounds and goes on.
    NotFlat,
    /// `beyond_fired_limit`: an account is beyond the limit of a rule that has
    /// fired, holds what the rule would close or cancel, and nothing holds it
    /// back: it is not locked, nothing is being enforced, and the rule does not
    /// act again before it is armed. Working orders count as far as they are
    /// read: all the time only for rules that turn on them. Not told of while
    /// riskd only observes.
    BeyondFiredLimit,
}

impl ProblemKind {
    /// The stable name, as in `kinds` of `GET /healthz`.
    pub const fn name(self) -> &'static str {
        match self {
            ProblemKind::NotReady => "not_ready",
            ProblemKind::RecordFailed => "record_failed",
            ProblemKind::RulesRefused => "rules_refused",
            ProblemKind::VenueFailed => "venue_failed",
            ProblemKind::DataMissing => "data_missing",
            ProblemKind::NotFlat => "not_flat",
            ProblemKind::BeyondFiredLimit => "beyond_fired_limit",
        }
    }
}

/// Everything that a person should look at; none when all is well.
pub fn problems(status: &Status) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |kind, text| problems.push(Problem { kind, text });
    if !status.ready {
        let text = "not every account was observed since the start".to_owned();
        add(ProblemKind::NotReady, text);
    }
    if status.record.state != "good" {
        let reason = status.record.reason.as_deref().unwrap_or("unknown reason");
        let text = format!("the record cannot be written: {reason}");
        add(ProblemKind::RecordFailed, text);
    }
    if status.rules.refused.is_some() {
        let text = "the rule file was refused; older rules are in force".to_owned();
        add(ProblemKind::RulesRefused, text);
    }
    for text in status.venues.iter().filter_map(venue) {
        add(ProblemKind::VenueFailed, text);
    }
    for text in status.accounts.iter().filter_map(data) {
        add(ProblemKind::DataMissing, text);
    }
    for text in status.accounts.iter().filter_map(enforcement) {
        add(ProblemKind::NotFlat, text);
    }
    for text in status.accounts.iter().filter_map(fired) {
        add(ProblemKind::BeyondFiredLimit, text);
    }
    problems
}

fn venue(venue: &VenueStatus) -> Option<String> {
    let failure = venue.failure.as_ref()?;
    Some(format!("venue {}: {failure}", venue.venue))
}

fn data(account: &AccountStatus) -> Option<String> {
    if !matches!(account.data, "none" | "missing") {
        return None;
    }
    let reason = account.data_reason.as_deref().unwrap_or("not observed yet");
    let since = match account.data_age_seconds {
        Some(age) => format!("for {age} s"),
        None => "since riskd started".to_owned(),
    };
    Some(format!(
        "{}: no trustworthy figures {since} ({reason})",
        account.account
    ))
}

fn enforcement(account: &AccountStatus) -> Option<String> {
    let enforcement = account.enforcement.as_ref()?;
    let round = enforcement.round;
    (round > MANY_ROUNDS).then(|| {
        format!(
            "{} is not {} after {round} rounds; riskd goes on",
            account.account,
            enforcement.goals.join(" and ")
        )
    })
}

fn fired(account: &AccountStatus) -> Option<String> {
    let exposed = account.rules.iter().filter(|rule| rule.exposed);
    let names: Vec<String> = exposed.map(|rule| format!("\"{}\"", rule.rule)).collect();
    if names.is_empty() {
        return None;
    }
    let mut held = account.positions.clone().unwrap_or_default();
    match account.working_orders {
        None | Some(0) => {}
        Some(1) => held.push("1 working order".to_owned()),
        Some(count) => held.push(format!("{count} working orders")),
    }
    Some(format!(
        "{} is not locked, holds {}, and is beyond the limit of what has fired and does not act again before it is armed: {}; `riskd flatten`, `riskd lock` and `riskd rearm` are there",
        account.account,
        held.join(", "),
        names.join(", ")
    ))
}
