//! A firing for people.

use chrono::TimeDelta;

use super::rule::Then;
use super::{Explained, done_at, evidence};
use crate::cli::events::show::human;
use crate::cli::printer::{Paint, Printer};
use crate::cli::time;
use crate::domain::observation::Timestamp;
use crate::domain::request::{self, Outcome};
use crate::engine::record::{AnswerRow, Cause, IntentEnd};
use crate::store::{FiringReport, IntentView, LockView, RequestView};

/// Characters of a hash that tell two rule sets apart.
const HASH: usize = 12;

/// The whole explanation, a line each.
pub(super) fn explained(found: &Explained, out: &Printer) -> Vec<String> {
    let report = &found.report;
    let firing = &report.firing;
    let title = format!(
        "firing {}: {} on {}",
        firing.id, firing.rule, firing.account
    );
    let mut lines = vec![
        out.paint(Paint::Bold, &title),
        format!("  at {}", time::full(firing.at)),
    ];
    let mut section = |name: &str, content: Vec<String>| {
        if !content.is_empty() {
            lines.push(String::new());
            lines.push(out.paint(Paint::Bold, name));
            lines.extend(content.into_iter().map(|line| format!("  {line}")));
        }
    };
    section("the rule, as it stood then", rule(found));
    section("what was compared", evidence::sentences(&firing.evidence));
    section("what it does", vec![firing.actions.join(", ")]);
    section("what was to be reached", intents(report));
    section("what was sent", requests(report));
    let meanwhile = found.meanwhile.iter().map(|entry| human(entry, out));
    section("what happened meanwhile", meanwhile.collect());
    section("verification", vec![verification(report, out)]);
    section("locks", report.locks.iter().map(lock).collect());
    lines
}

fn rule(found: &Explained) -> Vec<String> {
    let mut lines: Vec<String> = match &found.rule {
        Then::Words(words) => vec![words.clone()],
        Then::Yaml(yaml) => yaml.lines().map(ToOwned::to_owned).collect(),
        Then::Unknown => vec!["the record does not hold it".to_owned()],
    };
    let hash = &found.report.firing.rules_hash;
    let hash = hash.get(..HASH).unwrap_or(hash);
    lines.push(match &found.report.rule_set {
        Some(set) => format!(
            "rule set {hash}, first in force {}",
            time::full(set.loaded_at)
        ),
        None => format!("rule set {hash}"),
    });
    lines
}

fn intents(report: &FiringReport) -> Vec<String> {
    report.intents.iter().map(intent).collect()
}

fn intent(view: &IntentView) -> String {
    let intent = &view.intent;
    let end = match view.ended {
        None => "still being worked on".to_owned(),
        Some((at, IntentEnd::Verified)) => {
            format!(
                "verified after {}",
                time::took(at.signed_duration_since(intent.at))
            )
        }
        Some((_, IntentEnd::Observed)) => "nothing was sent: observe mode".to_owned(),
        Some((at, IntentEnd::Abandoned)) => {
            format!(
                "given up after {}",
                time::took(at.signed_duration_since(intent.at))
            )
        }
    };
    let cause = match &intent.cause {
        Cause::Firing(_) => String::new(),
        Cause::Lock => " (asked by the lock)".to_owned(),
        Cause::Person(reason) => format!(" (asked by a person: {reason})"),
    };
    format!(
        "intent {}: {}{cause}: {end}",
        intent.id,
        intent.goal.words()
    )
}

fn requests(report: &FiringReport) -> Vec<String> {
    let fired = report.firing.at;
    report
        .requests
        .iter()
        .map(|view| request(view, fired))
        .collect()
}

fn request(view: &RequestView, fired: Timestamp) -> String {
    let after = time::took(view.at.signed_duration_since(fired));
    let target = view
        .target
        .as_ref()
        .map_or(String::new(), |target| format!(" {target}"));
    format!(
        "{after:>9} later  round {}  request {}: {}{target}: {}; {}",
        view.round,
        view.id,
        view.write,
        left(view),
        answer(view)
    )
}

/// When it left, counted from its decision: what lies between is riskd's own
/// queue, and no fault of the venue.
fn left(view: &RequestView) -> String {
    let is_unsent = |answer: &AnswerRow| answer.outcome == Outcome::NotSent;
    match &view.sent {
        None if view.answer.as_ref().is_some_and(is_unsent) => "never left".to_owned(),
        None => "when it left is not on record".to_owned(),
        Some(sent) => {
            let waited = time::took(sent.at.signed_duration_since(view.at));
            let mut text = format!("left {waited} after it was decided (riskd's own queue)");
            if let Some(reason) = &sent.unrecorded {
                text.push_str(&format!(", before it was on record: {reason}"));
            }
            text
        }
    }
}

fn answer(view: &RequestView) -> String {
    let Some(answer) = &view.answer else {
        return "no answer is on record".to_owned();
    };
    let since = view.sent.as_ref().map_or(view.at, |sent| sent.at);
    let took = time::took(answer.at.signed_duration_since(since));
    request::told(answer.outcome, &took, answer.status, &answer.words)
}

fn verification(report: &FiringReport, out: &Printer) -> String {
    let is_verified = |view: &IntentView| matches!(view.ended, Some((_, IntentEnd::Verified)));
    if report.intents.is_empty() {
        return "nothing was to be reached".to_owned();
    }
    match done_at(report) {
        None => out.paint(
            Paint::Yellow,
            "not verified yet: riskd is still working on it",
        ),
        Some(at) if report.intents.iter().all(is_verified) => {
            let took: TimeDelta = at.signed_duration_since(report.firing.at);
            let text = format!(
                "everything was verified at {}, {} after the firing, by a read after the last request",
                time::full(at),
                time::took(took)
            );
            out.paint(Paint::Green, &text)
        }
        Some(_) => "not everything was verified: see the intents above".to_owned(),
    }
}

fn lock(view: &LockView) -> String {
    let lock = &view.lock;
    let mut text = format!("{} {}: {}", lock.kind.name(), lock.end, lock.reason);
    if let Some(next) = view.replaced_by {
        text.push_str(&format!("; extended by lock {next}"));
    }
    match &view.ended {
        Some((at, reason)) => text.push_str(&format!("; ended {}: {reason}", time::full(*at))),
        None => text.push_str("; in force on the record"),
    }
    text
}
