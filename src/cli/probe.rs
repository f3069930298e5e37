//! `riskd probe`.

use anyhow::bail;
use serde::Serialize;

use super::find::{self, RulesArg};
use super::printer::{Paint, Printer};
use super::{Exit, runtime};
use crate::daemon;
use crate::domain::account::AccountName;
use crate::domain::plural::counted;
use crate::rules::book::Account;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Venue;
use crate::rules::suggest;
use crate::venue::probe::{self, Heard, Question, Report, Wire};

/// Asks a venue of the rule file what its documents leave open: what the key may do, how
/// the clocks differ, which lists are empty and how the venue says so, which fields are
/// null or not there, which headers speak of limits. Nothing but reads can be sent, some
/// ten of them; the daemon may run beside it. The report shows no secret, no amount, no
/// symbol and no account, so that it can be shown to others.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd probe bybit\n  riskd probe crosstrade --account apex-1\n  riskd probe bitget --json | jq '.questions[].answers[].shape.nulls'\n\nA secret that is a systemd credential is read from $CREDENTIALS_DIRECTORY; outside the service, set it\nto the folder that holds the credential's file.\n\nExit codes: 0 every answer was understood, 1 not so."
)]
pub(super) struct Args {
    /// The venue, by its name in the rule file
    #[arg(value_name = "VENUE")]
    venue: String,
    /// The account to ask about, by its name in the rule file [default: the first one there]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Print the whole report as JSON, with every field that was seen
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    rules: RulesArg,
}

/// The report, for other programs.
#[derive(Serialize)]
struct Whole<'a> {
    venue: &'a str,
    kind: &'static str,
    requests: usize,
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::rules_file(&args.rules)?;
    let loaded = find::load(&path)?;
    let report = loaded.render(out.err);
    let Some(rules) = loaded.rules else {
        out.note(report.trim_end());
        bail!("the rule file {} is refused", path.display());
    };
    let venue = chosen(&rules, &args.venue)?;
    let account = account(&rules, venue, args.account.as_deref())?;
    let wire = Wire::default();
    let adapter = daemon::connect_over(venue, &wire)?;
    let report = runtime::short(async {
        let asked = probe::probe(&*adapter, &wire, &account.number, daemon::wall());
        Ok(asked.await)
    })?;
    show(args, venue, &report, out)?;
    Ok(if report.is_understood() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn chosen<'r>(rules: &'r RuleSet, name: &str) -> anyhow::Result<&'r Venue> {
    let found = rules
        .venues
        .iter()
        .find(|venue| venue.name.as_str() == name);
    let Some(found) = found else {
        let known: Vec<&str> = rules
            .venues
            .iter()
            .map(|venue| venue.name.as_str())
            .collect();
        let near = suggest::did_you_mean(name, known.iter().copied());
        let near = near.map_or(String::new(), |near| format!(" ({near})"));
        bail!(
            "no venue {name} in the rule file{near}; it declares {}",
            known.join(", ")
        );
    };
    Ok(found)
}

fn account<'r>(
    rules: &'r RuleSet,
    venue: &Venue,
    name: Option<&str>,
) -> anyhow::Result<&'r Account> {
    let accounts = || {
        let all = rules.book.accounts.iter();
        all.filter(|account| account.venue == venue.name)
    };
    let is_wanted = |of: &AccountName| name.is_none_or(|name| of.as_str() == name);
    match (accounts().find(|account| is_wanted(&account.name)), name) {
        (Some(account), _) => Ok(account),
        (None, Some(name)) => {
            let known: Vec<&str> = accounts().map(|account| account.name.as_str()).collect();
            bail!(
                "no account {name} at venue {}; there are {}",
                venue.name,
                known.join(", ")
            )
        }
        (None, None) => bail!("venue {} has no account in the rule file", venue.name),
    }
}

fn show(args: &Args, venue: &Venue, report: &Report, out: &mut Printer) -> anyhow::Result<()> {
    let (name, kind) = (venue.name.as_str(), venue.profile.name);
    let requests = report.requests();
    if args.json {
        let whole = Whole {
            venue: name,
            kind,
            requests,
            report,
        };
        return out.line(serde_json::to_string(&whole)?);
    }
    let asked = counted(requests, "read");
    let head = format!("venue {name} ({kind}): {asked}, nothing was written");
    out.line(out.paint(Paint::Bold, &head))?;
    out.line(clock(report))?;
    for question in &report.questions {
        show_question(question, out)?;
    }
    Ok(())
}

fn clock(report: &Report) -> String {
    match report.clock_ahead_ms {
        None => "clock: no answer says what time it is there".to_owned(),
        Some(0) => "clock: as this machine's, as far as the answers tell".to_owned(),
        Some(ms) if ms > 0 => format!("clock: this machine is at least {ms} ms ahead"),
        Some(ms) => format!(
            "clock: this machine is at least {} ms behind",
            ms.unsigned_abs()
        ),
    }
}

fn show_question(question: &Question, out: &mut Printer) -> anyhow::Result<()> {
    let Question {
        name,
        is_understood,
        said,
        answers,
    } = question;
    let (paint, text) = if *is_understood {
        (Paint::Green, format!("{name}: {said}"))
    } else {
        (Paint::Red, format!("{name}: not understood: {said}"))
    };
    out.line(out.paint(paint, &text))?;
    for answer in answers {
        out.line(format!("  {}", line(answer)))?;
        for finding in findings(answer) {
            out.line(format!("    {finding}"))?;
        }
    }
    Ok(())
}

/// What was asked, and whether it was answered.
fn line(answer: &Heard) -> String {
    let mut text = format!("GET {}: ", answer.path);
    match (answer.status, &answer.trouble) {
        (Some(status), None) => text += &format!("status {status}"),
        (Some(status), Some(trouble)) => text += &format!("status {status}, {trouble}"),
        (None, trouble) => text += trouble.as_deref().unwrap_or("no answer"),
    }
    if answer.status.is_some() && answer.shape.is_none() {
        text += ", not JSON";
    }
    text
}

/// What its shape says, and its headers.
fn findings(answer: &Heard) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(shape) = &answer.shape {
        let words = shape.words.iter();
        let words: Vec<String> = words
            .map(|(name, words)| {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                format!("{name} {}", words.join("/"))
            })
            .collect();
        let lists = shape.lists.iter();
        let lists: Vec<String> = lists
            .map(|(place, rows)| match rows {
                0 => format!("{} is []", named(place)),
                rows => format!("{} in {}", counted(*rows, "row"), named(place)),
            })
            .collect();
        let places = |places: &std::collections::BTreeSet<String>| -> Vec<String> {
            places.iter().map(|place| named(place).to_owned()).collect()
        };
        for (what, all) in [
            ("says", words),
            ("lists", lists),
            ("null", places(&shape.nulls)),
            ("empty text", places(&shape.empty_texts)),
            ("not in every row", places(&shape.not_in_all)),
        ] {
            if !all.is_empty() {
                found.push(format!("{what}: {}", all.join(", ")));
            }
        }
    }
    if !answer.limits.is_empty() {
        let limits = answer.limits.iter();
        let limits: Vec<String> = limits
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        found.push(format!("headers of limits: {}", limits.join(", ")));
    }
    found
}

/// The answer itself has no name.
const fn named(place: &str) -> &str {
    if place.is_empty() {
        "the answer"
    } else {
        place
    }
}
