//! The results of replays and rule tests as text.

use std::fmt::Write;

use super::log::{ReplayEvent, ReplayEventKind};
use super::rule_test::{Difference, Expected, RuleTest, TestOutcome};
use crate::domain::duration;
use crate::domain::observation::Timestamp;
use crate::domain::plural::counted;
use crate::engine::record::Fields;
use crate::engine::status::RuleStatus;
use crate::engine::words;

/// Most differences of one test that are printed.
const MAX_DIFFERENCES: usize = 20;
/// Most notes of one test that are printed.
const MAX_NOTES: usize = 5;

/// One event of a replay on a line, for people:
/// `2026-03-05T14:30:20Z apex-1 daily loss limit fired: session P&L ...`.
pub fn event(happened: &ReplayEvent) -> String {
    let ReplayEvent {
        time,
        account,
        rule,
        event,
        ..
    } = happened;
    let start = format!("{} {account}: {rule} {}", instant(*time), event.name());
    match event {
        ReplayEventKind::Fired => format!(
            "{start}: {}; {}",
            words::evidence(&happened.evidence),
            happened.actions.join(", ")
        ),
        ReplayEventKind::Warned => format!("{start}: {}", words::evidence(&happened.evidence)),
        ReplayEventKind::Cleared | ReplayEventKind::Rearmed => start,
    }
}

/// One event of a replay as a line of JSON.
///
/// # Errors
/// None that can happen: the parts are texts.
pub fn event_json(event: &ReplayEvent) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

/// How many rows there were and how often a rule fired, for the end of a replay.
pub fn replay_summary(rows: u64, firings: u64) -> String {
    format!(
        "{} read, {}",
        counted(rows, "row"),
        counted(firings, "firing")
    )
}

/// What came of one test: a line when it passed, else what was expected, what
/// happened, and the evidence.
pub fn test_outcome(file: &str, test: &RuleTest, outcome: &TestOutcome) -> String {
    if outcome.passed() {
        return format!("ok   {}\n", test.name);
    }
    let mut out = format!("FAIL {} ({file}:{})\n", test.name, test.line);
    for difference in outcome.differences.iter().take(MAX_DIFFERENCES) {
        push_difference(test, difference, &mut out);
    }
    let more = outcome.differences.len().saturating_sub(MAX_DIFFERENCES);
    if more > 0 {
        line(
            &mut out,
            format_args!("  and {}", counted(more, "more difference")),
        );
    }
    for note in outcome.notes.iter().take(MAX_NOTES) {
        let at = since_start(test, note.time);
        line(&mut out, format_args!("  note at {at}: {}", note.text));
    }
    out
}

/// The last line of a run of tests.
pub fn test_summary(passed: usize, failed: usize) -> String {
    let all = passed.saturating_add(failed);
    let all = counted(all, "test");
    format!("{all}: {passed} passed, {failed} failed\n")
}

fn push_difference(test: &RuleTest, difference: &Difference, out: &mut String) {
    match difference {
        Difference::Missing {
            expected,
            time,
            status,
        } => {
            line(out, format_args!("  expected: {}", firing(expected)));
            let when = instant(*time);
            line(
                out,
                format_args!("  happened: it did not fire then ({when})"),
            );
            if let Some(status) = status {
                line(out, format_args!("  evidence: {}", standing(status)));
            }
        }
        Difference::Unexpected(happened) => {
            line(out, format_args!("  expected: nothing"));
            push_happened(test, happened, out);
        }
        Difference::OtherActions { expected, happened } => {
            line(out, format_args!("  expected: {}", firing(expected)));
            push_happened(test, happened, out);
        }
    }
}

fn push_happened(test: &RuleTest, happened: &ReplayEvent, out: &mut String) {
    let at = since_start(test, happened.time);
    let when = instant(happened.time);
    line(
        out,
        format_args!(
            "  happened: {} at {at} ({when}): {}; actions [{}]",
            happened.rule,
            words::evidence(&happened.evidence),
            happened.actions.join(", ")
        ),
    );
    line(
        out,
        format_args!("  evidence: {}", fields(&happened.evidence)),
    );
}

fn firing(expected: &Expected) -> String {
    let at = duration::write(expected.at);
    let line = expected.line;
    match &expected.actions {
        None => format!("{} at {at} (line {line})", expected.rule),
        Some(actions) => format!(
            "{} at {at}, actions [{}] (line {line})",
            expected.rule,
            actions.join(", ")
        ),
    }
}

fn standing(status: &RuleStatus) -> String {
    let mut text = format!(
        "the rule is {}, its condition {}",
        status.state, status.truth
    );
    let numbers = [
        ("value", status.value),
        ("limit", status.limit),
        ("distance", status.distance),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            push(&mut text, format_args!(", {name} {number}"));
        }
    }
    if let Some(at) = &status.fired_at {
        push(&mut text, format_args!(", fired at {at}"));
    }
    text
}

fn fields(fields: &Fields) -> String {
    let pairs: Vec<String> = fields
        .0
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    pairs.join(", ")
}

/// An instant, as in `--json`.
fn instant(time: Timestamp) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn since_start(test: &RuleTest, time: Timestamp) -> String {
    duration::write(time.signed_duration_since(test.start))
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    push(out, text);
    out.push('\n');
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = out.write_fmt(text);
}
