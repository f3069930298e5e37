//! `riskd check`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::printer::{Paint, Printer};
use super::{Exit, find};
use crate::daemon::{database_path, load_rules};
use crate::engine::loosening::is_looser;
use crate::rules::Loaded;
use crate::rules::budget::{self, Budget};
use crate::rules::diagnostic::Diagnostic;
use crate::rules::explain;
use crate::rules::ruleset::{Loosening, Mode, RuleSet};
use crate::store::Reader;

/// Checks rule files: every error of every file in one go, then each rule in
/// plain words, made from the values that riskd will use, and the sum of the
/// requests that polling takes.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd check rules.yaml\n  riskd check --json *.yaml | jq .message\n\nExit codes: 0 no errors, 1 errors."
)]
pub(super) struct Args {
    /// The rule files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the diagnostics alone, one JSON object a line
    #[arg(long)]
    json: bool,
}

/// A diagnostic with its file, for other programs.
#[derive(Debug, Serialize)]
struct Line<'a> {
    file: String,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let mut is_good = true;
    for path in &args.files {
        match find::load(path) {
            Ok(loaded) => {
                is_good &= loaded.rules.is_some();
                if args.json {
                    print_json(path, &loaded, out)?;
                } else {
                    print(path, &loaded, args.files.len() > 1, out)?;
                }
            }
            Err(error) => {
                is_good = false;
                if args.json {
                    print_unreadable(path, &format!("{error:#}"), out)?;
                } else {
                    out.error(&error);
                }
            }
        }
    }
    Ok(if is_good { Exit::Done } else { Exit::Failed })
}

fn print(
    path: &Path,
    loaded: &Loaded,
    is_one_of_many: bool,
    out: &mut Printer,
) -> anyhow::Result<()> {
    let report = loaded.render(out.err);
    if !report.trim().is_empty() {
        out.note(report.trim_end());
        out.note("");
    }
    let errors = loaded
        .diagnostics
        .iter()
        .filter(|found| found.is_error())
        .count();
    let Some(rules) = &loaded.rules else {
        out.note(format_args!(
            "{}: {}",
            path.display(),
            counted(errors, "error")
        ));
        return Ok(());
    };
    if is_one_of_many {
        out.line(out.paint(Paint::Bold, &format!("{}:", path.display())))?;
    }
    for text in explain::rules(rules) {
        out.line(format_args!("{text}\n"))?;
    }
    for line in held_back(path, rules) {
        out.line(line)?;
    }
    for budget in budget::budgets(&rules.venues) {
        out.line(budget_words(&budget))?;
    }
    out.line(summary(rules, loaded))
}

/// What of this edit would wait for the next session, compared with the rules
/// that the record says are in force. Without a record there is nothing to
/// compare with.
fn held_back(path: &Path, rules: &RuleSet) -> Vec<String> {
    let Some(old) = in_force(path, rules) else {
        return Vec::new();
    };
    // The edit that allows loosening is itself one that loosens.
    let held = [&old, rules].map(|rules| rules.daemon.loosening);
    if !held.contains(&Loosening::NextSession) {
        return Vec::new();
    }
    old.rules
        .iter()
        .filter(|rule| rule.enabled)
        .filter_map(|rule| {
            let new = rules.rules.iter().find(|new| new.name == rule.name);
            let why = match new {
                Some(new) if is_looser(rule, new) => "this edit may loosen it",
                Some(_) => return None,
                None => "this edit removes it",
            };
            Some(format!(
                "{}: stays as it is until each account's next session: {why}, and `loosening` is `next_session`",
                rule.name
            ))
        })
        .collect()
}

fn in_force(path: &Path, rules: &RuleSet) -> Option<RuleSet> {
    let database = database_path(None, Some(rules));
    let text = super::runtime::short(async {
        let reader = Reader::open(&database).await?;
        let text = reader.rules_in_force().await?;
        reader.close().await;
        Ok(text)
    });
    load_rules(path, &text.ok()??).rules
}

fn summary(rules: &RuleSet, loaded: &Loaded) -> String {
    let enabled = rules.rules.iter().filter(|rule| rule.enabled).count();
    let mode = match rules.daemon.mode {
        Mode::Enforce => "mode enforce: riskd acts",
        Mode::Observe => "mode observe: riskd decides and records, and sends nothing",
    };
    let warnings = match loaded.diagnostics.len() {
        0 => "no warnings".to_owned(),
        count => counted(count, "warning"),
    };
    format!(
        "{} for {}; {mode}; no errors, {warnings}",
        counted(enabled, "rule"),
        counted(rules.accounts.len(), "account"),
    )
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn budget_words(budget: &Budget) -> String {
    let items: Vec<String> = budget
        .items
        .iter()
        .map(|item| format!("{} {} at {}", item.per_minute, item.what, item.venue))
        .collect();
    let tight = if budget.is_tight() {
        "; this is tight"
    } else {
        ""
    };
    format!(
        "requests: {} of {} a minute are planned ({}); of the {} that may go out at once, {} are kept for protective calls{tight}",
        budget.planned,
        budget.allowed,
        items.join(" + "),
        budget.bucket,
        budget.reserve
    )
}

fn print_json(path: &Path, loaded: &Loaded, out: &mut Printer) -> anyhow::Result<()> {
    for found in &loaded.diagnostics {
        let Diagnostic {
            message,
            place,
            label,
            help,
            ..
        } = found;
        let line = Line {
            file: path.display().to_string(),
            severity: found.severity.name(),
            message,
            line: Some(place.line),
            column: Some(place.column),
            label: label.as_deref(),
            help: help.as_deref(),
        };
        out.line(serde_json::to_string(&line)?)?;
    }
    if loaded.omitted > 0 {
        out.warning(format_args!("{} more are not shown", loaded.omitted));
    }
    Ok(())
}

fn print_unreadable(path: &Path, message: &str, out: &mut Printer) -> anyhow::Result<()> {
    let line = Line {
        file: path.display().to_string(),
        severity: "error",
        message,
        line: None,
        column: None,
        label: None,
        help: None,
    };
    out.line(serde_json::to_string(&line)?)
}
