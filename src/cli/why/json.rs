//! A firing for other programs.

use serde_json::{Value, json};

use super::rule::Then;
use super::{Explained, done_at};
use crate::cli::events::show::{Json, Pairs};
use crate::cli::time::rfc3339;
use crate::domain::lock::LockEnd;
use crate::domain::observation::Timestamp;
use crate::engine::record::{Cause, Goal, IntentEnd};
use crate::store::{IntentView, LockView, RequestView};

/// The whole explanation as one object.
pub(super) fn explained(found: &Explained) -> Value {
    let report = &found.report;
    let firing = &report.firing;
    let fired = firing.at;
    json!({
        "id": firing.id,
        "time": rfc3339(fired),
        "account": firing.account,
        "rule": firing.rule,
        "rule_then": rule(&found.rule),
        "rules_hash": firing.rules_hash,
        "rules_loaded": report.rule_set.as_ref().map(|set| rfc3339(set.loaded_at)),
        "actions": firing.actions,
        "evidence": Pairs(&firing.evidence),
        "intents": report.intents.iter().map(intent).collect::<Vec<_>>(),
        "requests": report.requests.iter().map(|view| request(view, fired)).collect::<Vec<_>>(),
        "verified": verified(found),
        "locks": report.locks.iter().map(lock).collect::<Vec<_>>(),
        "events": report.entries.iter().chain(&found.meanwhile).map(Json).collect::<Vec<_>>(),
    })
}

fn rule(then: &Then) -> Value {
    match then {
        Then::Words(words) => json!({ "words": words }),
        Then::Yaml(yaml) => json!({ "yaml": yaml }),
        Then::Unknown => Value::Null,
    }
}

fn millis(from: Timestamp, to: Timestamp) -> i64 {
    to.signed_duration_since(from).num_milliseconds()
}

fn intent(view: &IntentView) -> Value {
    let intent = &view.intent;
    let positions = match &intent.goal {
        Goal::Closed(positions) => Some(positions),
        Goal::Quiet | Goal::FlatAndQuiet | Goal::ReduceOnly => None,
    };
    let cause = match &intent.cause {
        Cause::Firing(_) => "firing",
        Cause::Lock => "lock",
        Cause::Person(_) => "person",
    };
    json!({
        "id": intent.id,
        "time": rfc3339(intent.at),
        "goal": intent.goal.name(),
        "instruments": positions,
        "cause": cause,
        "end": view.ended.map(|(_, end)| end.name()),
        "ended": view.ended.map(|(at, _)| rfc3339(at)),
        "took_ms": view.ended.map(|(at, _)| millis(intent.at, at)),
    })
}

fn request(view: &RequestView, fired: Timestamp) -> Value {
    let answer = view.answer.as_ref().map(|answer| {
        json!({
            "time": rfc3339(answer.at),
            "took_ms": millis(view.at, answer.at),
            "after_sent_ms": view.sent.as_ref().map(|sent| millis(sent.at, answer.at)),
            "outcome": answer.outcome.name(),
            "status": answer.status,
            "words": answer.words,
        })
    });
    let sent = view.sent.as_ref().map(|sent| {
        json!({
            "time": rfc3339(sent.at),
            "waited_ms": millis(view.at, sent.at),
            "unrecorded": sent.unrecorded,
        })
    });
    json!({
        "id": view.id,
        "time": rfc3339(view.at),
        "after_ms": millis(fired, view.at),
        "sent": sent,
        "round": view.round,
        "write": view.write,
        "target": view.target,
        "intents": view.intents,
        "answer": answer,
    })
}

/// When everything was verified; null while it is not.
fn verified(found: &Explained) -> Value {
    let report = &found.report;
    let is_verified = !report.intents.is_empty()
        && report
            .intents
            .iter()
            .all(|view| matches!(view.ended, Some((_, IntentEnd::Verified))));
    match done_at(report) {
        Some(at) if is_verified => json!({
            "time": rfc3339(at),
            "after_ms": millis(report.firing.at, at),
        }),
        _ => Value::Null,
    }
}

fn lock(view: &LockView) -> Value {
    let lock = &view.lock;
    let until = match lock.end {
        LockEnd::At(at) => rfc3339(at),
        LockEnd::Manual => "manual".to_owned(),
    };
    json!({
        "id": view.id,
        "kind": lock.kind.name(),
        "since": rfc3339(lock.since),
        "until": until,
        "reason": lock.reason,
        "replaced_by": view.replaced_by,
        "ended": view.ended.as_ref().map(|(at, _)| rfc3339(*at)),
        "ended_reason": view.ended.as_ref().map(|(_, reason)| reason),
    })
}
