//! `riskd check`.

mod closes;
mod deferred;
mod online;
mod rearmed;
mod secrets;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::printer::{Paint, Printer};
use super::{Exit, find, time};
use crate::daemon::rule_tests::{self, Report};
use crate::daemon::wall;
use crate::domain::observation::Timestamp;
use crate::domain::plural::counted;
use crate::engine::explain;
use crate::replay::text;
use crate::rules::Loaded;
use crate::rules::budget::{self, Budget};
use crate::rules::diagnostic::Diagnostic;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Mode;
use online::KeyAnswer;
use secrets::SecretReport;

/// Checks rule files: every error of every file in one go, then each rule in
/// plain words, made from the values that riskd will use, the sum of the requests
/// that polling takes, and what became of the rule tests that the file names.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd check rules.yaml\n  riskd check --json *.yaml | jq .message\n  riskd check --secrets rules.yaml   where each secret is read, never the secret\n  riskd check --secrets --online rules.yaml   what each venue says of its key\n\nExit codes: 0 no errors, 1 errors."
)]
pub(super) struct Args {
    /// The rule files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the diagnostics alone, one JSON object a line
    #[arg(long)]
    json: bool,
    /// Look at the secrets too: where each would be read, and whether it can be
    #[arg(long)]
    secrets: bool,
    /// Ask each venue what its key may do, with the secrets as they can be read now
    #[arg(long, requires = "secrets")]
    online: bool,
    /// As if it were this time: what turns on the date, and the next closes [default: now]
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    at: Option<Timestamp>,
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
    let now = args.at.unwrap_or_else(wall);
    for path in &args.files {
        match find::load(path).map(|loaded| loaded.as_of(now)) {
            Ok(loaded) => {
                is_good &= loaded.rules.is_some();
                let found = loaded
                    .rules
                    .as_ref()
                    .map(|rules| Found::of(path, rules, args));
                is_good &= found.as_ref().is_none_or(Found::is_good);
                if args.json {
                    print_json(path, &loaded, out)?;
                    found.map_or(Ok(()), |found| found.print_json(path, out))?;
                } else {
                    let head = (args.files.len() > 1).then(|| format!("{}:", path.display()));
                    print(path, &loaded, head, found.as_ref(), now, out)?;
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

/// What is found beyond the text of a rule file without errors.
struct Found {
    tests: Report,
    secrets: Option<Vec<SecretReport>>,
    /// What the venues say of their keys.
    keys: Vec<KeyAnswer>,
    help: Option<&'static str>,
}

impl Found {
    fn of(path: &Path, rules: &RuleSet, args: &Args) -> Found {
        Found {
            tests: rule_tests::read_and_run(path, rules),
            secrets: args.secrets.then(|| secrets::of(rules)),
            keys: if args.online {
                online::of(rules)
            } else {
                Vec::new()
            },
            help: secrets::credentials_help(rules).filter(|_| args.secrets),
        }
    }

    fn secret_problems(&self) -> impl Iterator<Item = String> + '_ {
        let of_keys = self
            .keys
            .iter()
            .flat_map(|key| key.problems.iter().cloned());
        self.secrets
            .iter()
            .flatten()
            .flat_map(SecretReport::problems)
            .chain(of_keys)
    }

    fn is_good(&self) -> bool {
        self.errors() == 0
    }

    fn errors(&self) -> usize {
        let problems = self.tests.problems.len();
        problems.saturating_add(self.secret_problems().count())
    }

    fn print(&self, path: &Path, out: &mut Printer) -> anyhow::Result<()> {
        for secret in self.secrets.iter().flatten() {
            out.line(secret.line())?;
        }
        for key in &self.keys {
            out.line(&key.line)?;
            for warning in &key.warnings {
                out.warning(warning);
            }
        }
        for problem in &self.tests.problems {
            let place = problem.file.place;
            let where_ = format!("{}:{}:{}", path.display(), place.line, place.column);
            out.error(&anyhow::anyhow!("{where_}: {}", problem.message));
            if !problem.details.is_empty() {
                out.note(problem.details.trim_end());
            }
        }
        for problem in self.secret_problems() {
            out.error(&anyhow::anyhow!(problem));
        }
        if let Some(help) = self.help {
            out.note(format_args!("help: {help}"));
        }
        if self.tests.passed.saturating_add(self.tests.failed) > 0 {
            let text = text::test_summary(self.tests.passed, self.tests.failed);
            out.line(format_args!("rule tests: {}", text.trim_end()))?;
        }
        Ok(())
    }

    fn print_json(&self, path: &Path, out: &mut Printer) -> anyhow::Result<()> {
        for problem in &self.tests.problems {
            let place = problem.file.place;
            let details = problem.details.trim_end();
            print_error(
                path,
                &problem.message,
                Some((place.line, place.column)),
                Some(details).filter(|details| !details.is_empty()),
                out,
            )?;
        }
        for problem in self.secret_problems() {
            print_error(path, &problem, None, self.help, out)?;
        }
        Ok(())
    }
}

fn print(
    path: &Path,
    loaded: &Loaded,
    head: Option<String>,
    found: Option<&Found>,
    now: Timestamp,
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
    if let Some(head) = head {
        out.line(out.paint(Paint::Bold, &head))?;
    }
    for text in explain::rules(&rules.book) {
        out.line(format_args!("{text}\n"))?;
    }
    for line in deferred::lines(path, rules) {
        out.line(line)?;
    }
    for line in rearmed::lines(rules) {
        out.line(line)?;
    }
    for line in closes::lines(rules, now) {
        out.line(line)?;
    }
    for budget in budget::budgets(&rules.venues) {
        out.line(budget_words(&budget))?;
    }
    let errors = found.map_or(0, Found::errors);
    if let Some(found) = found {
        found.print(path, out)?;
    }
    out.line(summary(rules, loaded, errors))
}

fn summary(rules: &RuleSet, loaded: &Loaded, errors: usize) -> String {
    let enabled = rules.book.rules.iter().filter(|rule| rule.enabled).count();
    let mode = match rules.daemon.mode {
        Mode::Enforce => "mode enforce: riskd acts",
        Mode::Observe => "mode observe: riskd decides and records, and sends nothing",
    };
    let warnings = match loaded.diagnostics.len() {
        0 => "no warnings".to_owned(),
        count => counted(count, "warning"),
    };
    let errors = match errors {
        0 => "no errors".to_owned(),
        count => counted(count, "error"),
    };
    format!(
        "{} for {}; {mode}; {errors}, {warnings}",
        counted(enabled, "rule"),
        counted(rules.book.accounts.len(), "account"),
    )
}

fn budget_words(budget: &Budget) -> String {
    let items: Vec<String> = budget
        .items
        .iter()
        .map(|item| {
            let of = match budget.unit {
                "requests" => String::new(),
                unit => format!("of {unit} for "),
            };
            format!("{} {of}{} at {}", item.per_minute, item.what, item.venue)
        })
        .collect();
    let tight = if budget.is_tight() {
        "; this is tight"
    } else {
        ""
    };
    format!(
        "{}: {} of {} a minute are planned ({}); of the {} that may go out at once, {} are kept from reads that can wait{tight}",
        budget.unit,
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
    print_error(path, message, None, None, out)
}

fn print_error(
    path: &Path,
    message: &str,
    place: Option<(u32, u32)>,
    help: Option<&str>,
    out: &mut Printer,
) -> anyhow::Result<()> {
    let line = Line {
        file: path.display().to_string(),
        severity: "error",
        message,
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        label: None,
        help,
    };
    out.line(serde_json::to_string(&line)?)
}
