//! What the daemon says came of a command, in sentences.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::time;
use crate::domain::observation::Timestamp;

/// The daemon's answer as it comes over the wire. What a daemon of another
/// version leaves out or adds does not keep the rest from being told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct CommandAnswer {
    outcome: String,
    recorded: bool,
    timezone: String,
    lock: Option<Lock>,
    asked_until: String,
    ended: Vec<Lock>,
    given_up: Vec<i64>,
    fired: Vec<Fired>,
    truth: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Lock {
    kind: String,
    until: String,
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Fired {
    rule: String,
    rearm: String,
    armed_at: Option<String>,
}

/// What holds now, line by line. `rule` is the one that was to be re-armed.
pub(super) fn lines(answer: Value, account: &str, rule: Option<&str>) -> Vec<String> {
    let answer: CommandAnswer = serde_json::from_value(answer).unwrap_or_default();
    match answer.outcome.as_str() {
        "set" | "extended" | "kept" => locked(&answer, account),
        "unlocked" | "not_locked" => unlocked(&answer, account),
        "rearmed" | "not_fired" => vec![rearmed(&answer, account, rule.unwrap_or_default())],
        "observed" => vec!["riskd only observes; nothing has changed".to_owned()],
        _ => vec![format!(
            "the daemon has taken it up, and does not say what came of it; see {account} in `riskd status`"
        )],
    }
}

fn locked(answer: &CommandAnswer, account: &str) -> Vec<String> {
    let held = answer.lock.clone().unwrap_or_default().until;
    let until = until(&held, &answer.timezone);
    let on_record = on_record(answer);
    match answer.outcome.as_str() {
        "set" => vec![format!("{account} is locked {until}{on_record}")],
        "extended" => vec![format!(
            "{account} stays locked, and longer than before: {until}{on_record}"
        )],
        _ => {
            let why = if held == answer.asked_until {
                "as it was before"
            } else {
                "which is longer than what was asked for"
            };
            vec![
                format!("{account} stays locked {until}, {why}"),
                "it is made flat and quiet all the same".to_owned(),
            ]
        }
    }
}

fn unlocked(answer: &CommandAnswer, account: &str) -> Vec<String> {
    let mut lines = if answer.ended.is_empty() {
        vec![format!("{account} was not locked; nothing has changed")]
    } else {
        vec![format!(
            "{account} is not locked any more{}",
            on_record(answer)
        )]
    };
    lines.extend(answer.ended.iter().map(|lock| {
        let what = match lock.kind.as_str() {
            "close_only" => "the close-only lock",
            _ => "the lock",
        };
        let until = until(&lock.until, &answer.timezone);
        format!("{what} has ended that was set {until} ({})", lock.reason)
    }));
    if !answer.given_up.is_empty() {
        lines.push(format!(
            "what was being done for it was not finished and has ended with it: look at what {account} holds (`riskd status`); `riskd flatten {}` closes it",
            quoted(account)
        ));
    }
    let Some(first) = answer.fired.first() else {
        return lines;
    };
    lines.push("These rules have fired and do not act again before they are armed:".to_owned());
    lines.extend(answer.fired.iter().map(|fired| {
        let when = armed(fired, &answer.timezone);
        format!("  \"{}\" ({when})", fired.rule)
    }));
    lines.push(format!(
        "`riskd rearm {} {} --reason TEXT` arms one now; where its limit is still exceeded it fires again.",
        quoted(account),
        quoted(&first.rule)
    ));
    lines
}

fn rearmed(answer: &CommandAnswer, account: &str, rule: &str) -> String {
    if answer.outcome == "not_fired" {
        return format!("rule {rule} on {account} has not fired; nothing has changed");
    }
    let again = match answer.truth.as_str() {
        "true" => {
            "\nits condition is true: it fires again at once, or when its `hold` and `confirm` are met"
        }
        _ => "",
    };
    let on_record = on_record(answer);
    format!("rule {rule} may fire again on {account}{on_record}{again}")
}

fn on_record(answer: &CommandAnswer) -> &'static str {
    if answer.recorded {
        "; it is on record"
    } else {
        ""
    }
}

/// `until Sun 2026-11-22 16:00 America/New_York (2026-11-22 21:00 UTC)`
fn until(end: &str, zone: &str) -> String {
    match end {
        "manual" => "until a person unlocks it".to_owned(),
        end => format!("until {}", instant(end, zone)),
    }
}

/// What arms a rule, and when, as far as that is known.
fn armed(fired: &Fired, zone: &str) -> String {
    let at = fired.armed_at.as_deref().map(|at| instant(at, zone));
    match (fired.rearm.as_str(), at) {
        ("session", Some(at)) => format!("next session, {at}"),
        ("session", None) => "next session".to_owned(),
        ("clear", _) => "once its condition is false".to_owned(),
        ("flat", _) => "once the account is flat and quiet".to_owned(),
        ("never", _) => "only by `riskd rearm`".to_owned(),
        (span, Some(at)) => format!("{span} after it fired, {at}"),
        (span, None) => format!("{span} after it fired"),
    }
}

/// A time of the wire for people; as it is when it cannot be read.
fn instant(text: &str, zone: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(at) => time::in_zone(at, zone),
        Err(_) => text.to_owned(),
    }
}

/// A word of a command line, as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_special = |c: char| matches!(c, '"' | '$' | '`' | '\\' | '!');
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else if word.contains(is_special) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        format!("\"{word}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(answer: Value) -> String {
        lines(answer, "apex", Some("X")).join("\n")
    }

    #[test]
    fn what_holds_is_told_and_not_what_was_asked_for() {
        let lock = |outcome: &str, until: &str, asked: &str| {
            told(json!({
                "ok": true, "recorded": true, "timezone": "America/New_York",
                "outcome": outcome, "asked_until": asked,
                "lock": { "kind": "lock", "until": until, "reason": "news" },
            }))
        };
        let four = "2026-11-22T21:00:00+00:00";
        let cases = [
            (
                lock("set", four, four),
                "apex is locked until Sun 2026-11-22 16:00 America/New_York (2026-11-22 21:00 UTC); it is on record",
            ),
            (
                lock("extended", "manual", "manual"),
                "apex stays locked, and longer than before: until a person unlocks it; it is on record",
            ),
            (
                lock("kept", "manual", four),
                "apex stays locked until a person unlocks it, which is longer than what was asked for\nit is made flat and quiet all the same",
            ),
            (
                lock("kept", "manual", "manual"),
                "apex stays locked until a person unlocks it, as it was before\nit is made flat and quiet all the same",
            ),
            (
                told(json!({"ok": true, "outcome": "not_locked"})),
                "apex was not locked; nothing has changed",
            ),
            (
                told(json!({"ok": true, "outcome": "not_fired", "recorded": false})),
                "rule X on apex has not fired; nothing has changed",
            ),
            (
                told(json!({"ok": true})),
                "the daemon has taken it up, and does not say what came of it; see apex in `riskd status`",
            ),
        ];
        for (said, expect) in cases {
            assert_eq!(said, expect);
        }
    }

    #[test]
    fn rules_that_have_fired_are_named_with_what_arms_them() {
        let said = told(json!({
            "ok": true, "recorded": true, "timezone": "America/New_York", "outcome": "unlocked",
            "ended": [{ "kind": "close_only", "until": "manual", "reason": "rule slow" }],
            "fired": [
                { "rule": "daily loss limit", "rearm": "session", "armed_at": "2026-11-22T23:00:00Z" },
                { "rule": "big \"size\"", "rearm": "never", "armed_at": null },
                { "rule": "b", "rearm": "10m", "armed_at": "2026-11-22T19:30:05.250Z" },
                { "rule": "c", "rearm": "clear", "armed_at": null },
                { "rule": "d", "rearm": "flat", "armed_at": null },
            ],
        }));
        let expect = r#"apex is not locked any more; it is on record
the close-only lock has ended that was set until a person unlocks it (rule slow)
These rules have fired and do not act again before they are armed:
  "daily loss limit" (next session, Sun 2026-11-22 18:00 America/New_York (2026-11-22 23:00 UTC))
  "big "size"" (only by `riskd rearm`)
  "b" (10m after it fired, Sun 2026-11-22 14:30:05 America/New_York (2026-11-22 19:30:05 UTC))
  "c" (once its condition is false)
  "d" (once the account is flat and quiet)
`riskd rearm apex "daily loss limit" --reason TEXT` arms one now; where its limit is still exceeded it fires again."#;
        assert_eq!(said, expect);
    }

    #[test]
    fn a_word_is_quoted_as_a_shell_needs_it() {
        let cases = [
            ("apex-1", "apex-1"),
            ("daily loss", "\"daily loss\""),
            ("no \"size\"", "'no \"size\"'"),
            ("it's $5", r"'it'\''s $5'"),
        ];
        for (word, expect) in cases {
            assert_eq!(quoted(word), expect);
        }
    }
}
