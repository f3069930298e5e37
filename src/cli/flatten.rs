//! `riskd flatten`.

mod note;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::find::{self, DatabaseArg, RulesArg};
use super::printer::{Paint, Printer};
use super::{Exit, runtime, time};
use crate::daemon::by_hand::{self, Progress};
use crate::domain::account::AccountName;
use crate::domain::plural::counted;
use crate::domain::request;
use crate::rules::ruleset::{SecretSource, VenueKind};
use crate::rules::{Doubled, Loaded, Target, suggest};
use crate::venue::Venue;

/// How many steps may wait to be shown.
const STEPS: usize = 1024;

/// Makes accounts flat and quiet by hand, now, from the rule file alone: it
/// needs no daemon and no record, and the rules may be broken as long as the
/// account and its venue can be read. It goes on until a read after the last
/// request shows neither a position nor a working order.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd flatten apex-1\n  riskd flatten apex-1 apex-2 --timeout 2m\n  riskd flatten --all --rules /etc/riskd/rules.yaml\n\nA token that is a systemd credential is read from $CREDENTIALS_DIRECTORY; outside the service, set it\nto the folder that holds the credential's file.\n\nExit codes: 0 every account is verified flat and quiet, 1 not so."
)]
pub(super) struct Args {
    /// The accounts, by their names in the rule file
    #[arg(value_name = "ACCOUNT", required_unless_present = "all")]
    accounts: Vec<String>,
    /// Every account of the rule file, each by itself
    #[arg(long, conflicts_with = "accounts")]
    all: bool,
    #[command(flatten)]
    rules: RulesArg,
    #[command(flatten)]
    database: DatabaseArg,
    /// How long to go on
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = time::wait)]
    timeout: Duration,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::rules_file(&args.rules)?;
    let loaded = find::load(&path)?;
    let has_errors = loaded.rules.is_none();
    if has_errors {
        out.warning(format_args!(
            "{} has errors (see `riskd check`); what it says of the accounts is used all the same",
            path.display()
        ));
    }
    let targets = targets(args, &loaded)?;
    let database = match &args.database.database {
        Some(path) => path.clone(),
        None => find::record_of(loaded.daemon.as_ref()),
    };
    runtime::short(async {
        let ended = flatten(&targets, args.timeout, out).await?;
        sum_up(&ended, out);
        note::write(&database, &ended, out).await;
        let is_all_flat = ended.values().all(|end| end.rounds.is_some());
        if args.all && has_errors {
            out.warning("the rule file has errors, so there may be accounts that riskd could not read from it: check them by hand");
            return Ok(Exit::Failed);
        }
        Ok(if is_all_flat {
            Exit::Done
        } else {
            Exit::Failed
        })
    })
}

/// The accounts that are asked for, each once.
fn targets(args: &Args, loaded: &Loaded) -> anyhow::Result<Vec<Target>> {
    if args.all {
        if loaded.targets.is_empty() {
            bail!("the rule file holds no account that can be acted on");
        }
        return Ok(loaded
            .targets
            .iter()
            .map(|one| told_apart(one, loaded))
            .collect());
    }
    let mut targets: Vec<Target> = Vec::new();
    for name in &args.accounts {
        if let Some(doubled) = doubled(name, loaded) {
            bail!("{}", ambiguous(doubled));
        }
        let found = loaded
            .targets
            .iter()
            .find(|target| target.account.as_str() == name);
        let target = found.with_context(|| unknown(name, loaded))?;
        if !targets.contains(target) {
            targets.push(target.clone());
        }
    }
    Ok(targets)
}

fn doubled<'l>(name: &str, loaded: &'l Loaded) -> Option<&'l Doubled> {
    let mut doubled = loaded.doubled.iter();
    doubled.find(|doubled| doubled.account.as_str() == name)
}

/// The account under a name that says which one it is, where its own does not:
/// each of them is worked on and told of by itself.
fn told_apart(target: &Target, loaded: &Loaded) -> Target {
    let mut target = target.clone();
    if doubled(target.account.as_str(), loaded).is_some() {
        let name = format!(
            "{} ({} at {})",
            target.account, target.number, target.venue.name
        );
        target.account = name.as_str().into();
    }
    target
}

/// Why nothing is done to an account whose name stands for several.
fn ambiguous(doubled: &Doubled) -> String {
    let numbers = doubled.numbers.iter().map(|number| match number {
        Some(number) => number.to_string(),
        None => "a number that cannot be read".to_owned(),
    });
    let numbers: Vec<String> = numbers.collect();
    let account = &doubled.account;
    format!(
        "{account} stands in the rule file more than once, as {}; nothing is sent, because it is not known which one is meant. Correct the file, name another one with --rules, or take --all to act on each account of this one",
        numbers.join(" and as ")
    )
}

fn unknown(name: &str, loaded: &Loaded) -> String {
    let by_number = loaded.targets.iter().filter(|target| {
        // Venues match without case.
        target.number.as_str().eq_ignore_ascii_case(name)
    });
    let by_number: Vec<&Target> = by_number.collect();
    if !by_number.is_empty() {
        let told: Vec<String> = by_number
            .iter()
            .map(|target| {
                format!(
                    "{name} is the number of {0} at the venue: riskd flatten {0}",
                    target.account
                )
            })
            .collect();
        return told.join("; ");
    }
    let known: Vec<&str> = loaded
        .targets
        .iter()
        .map(|target| target.account.as_str())
        .collect();
    let mut text = format!("no account {name} that can be acted on in the rule file");
    if let Some(near) = suggest::did_you_mean(name, known.iter().copied()) {
        text.push_str(&format!(" ({near})"));
    }
    match known.is_empty() {
        true => text.push_str("; it holds none"),
        false => text.push_str(&format!("; it holds {}", known.join(", "))),
    }
    text
}

/// How far an account came.
#[derive(Clone, Debug, Default)]
struct End {
    /// The rounds it took, once it was verified flat and quiet.
    rounds: Option<u32>,
    /// What was seen or heard last.
    last: String,
}

/// Works on all accounts side by side, until they are flat and quiet or the
/// time is over.
async fn flatten(
    targets: &[Target],
    limit: Duration,
    out: &mut Printer,
) -> anyhow::Result<BTreeMap<AccountName, End>> {
    // A terminal that goes away must not stop the work.
    let _hangup = signal(SignalKind::hangup()).context("no signals")?;
    let (tell, mut steps) = mpsc::channel(STEPS);
    let mut ended = begin(targets, &tell, out)?;
    drop(tell);
    let began = Instant::now();
    let deadline = tokio::time::sleep(limit);
    tokio::pin!(deadline);
    loop {
        let (account, step) = tokio::select! {
            step = steps.recv() => match step {
                Some(step) => step,
                None => return Ok(ended),
            },
            () = &mut deadline => return Ok(ended),
        };
        let text = words(&step);
        let passed = began.elapsed().as_secs_f32();
        out.line_if_read(format_args!("{passed:8.3} s  {account}: {text}"));
        let end = ended.entry(account).or_default();
        if let Progress::Done { rounds } = &step {
            end.rounds = Some(*rounds);
        }
        // That something was sent says nothing of the account.
        if !matches!(step, Progress::Sent { .. }) {
            end.last = text;
        }
    }
}

/// Starts the work on the accounts, those of one venue together: they share its
/// adapter, its request budget and its polls. One venue that cannot be set up
/// does not keep the others.
fn begin(
    targets: &[Target],
    tell: &mpsc::Sender<(AccountName, Progress)>,
    out: &Printer,
) -> anyhow::Result<BTreeMap<AccountName, End>> {
    let mut venues: Vec<(&VenueKind, Vec<Target>)> = Vec::new();
    let mut ended = BTreeMap::new();
    for target in targets {
        let kind = &target.venue.kind;
        match venues.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, its)) => its.push(target.clone()),
            None => venues.push((kind, vec![target.clone()])),
        }
        ended.insert(target.account.clone(), End::default());
    }
    for (kind, its) in venues {
        let Some(first) = its.first() else { continue };
        match by_hand::set_up(&first.venue) {
            Ok(venue) => start(venue, its, tell.clone()),
            Err(problem) => {
                for target in its {
                    out.error(&anyhow::anyhow!(
                        "{}: {problem}{}",
                        target.account,
                        hint(kind)
                    ));
                    ended.entry(target.account).or_default().last = problem.clone();
                }
            }
        }
    }
    Ok(ended)
}

fn hint(kind: &VenueKind) -> &'static str {
    match kind {
        VenueKind::CrossTrade {
            token: SecretSource::Credential(_),
            ..
        } if std::env::var_os("CREDENTIALS_DIRECTORY").is_none() => {
            "; set CREDENTIALS_DIRECTORY to the folder that holds the credential's file"
        }
        VenueKind::CrossTrade { .. } => "",
    }
}

fn start(venue: Arc<dyn Venue>, targets: Vec<Target>, tell: mpsc::Sender<(AccountName, Progress)>) {
    tokio::spawn(async move {
        let mut tell = |account: &AccountName, step| {
            // Showing a step must never hold up the next one.
            let _ = tell.try_send((account.clone(), step));
        };
        by_hand::flatten(venue, &targets, &mut tell).await;
    });
}

fn words(step: &Progress) -> String {
    match step {
        Progress::Sent { round, write } => format!("{write} is sent (round {round})"),
        Progress::Answered { write, answer } => {
            let told = request::told(answer.outcome, "", answer.status, &answer.words);
            format!("{write}: {told}")
        }
        Progress::NotYet { holdings } => format!("not yet: {holdings}"),
        Progress::ReadFailed { failure } => format!("the read learned nothing: {failure}"),
        Progress::Done { rounds } => format!(
            "flat and quiet, by what was read after the last request ({})",
            counted(*rounds, "round")
        ),
    }
}

fn sum_up(ended: &BTreeMap<AccountName, End>, out: &mut Printer) {
    let flat = ended.values().filter(|end| end.rounds.is_some()).count();
    for (account, end) in ended.iter().filter(|(_, end)| end.rounds.is_none()) {
        let text = format!(
            "{account} is NOT known to be flat and quiet; last: {}",
            end.last
        );
        out.line_if_read(out.paint(Paint::Red, &text));
    }
    let text = format!(
        "{flat} of {} flat and quiet",
        counted(ended.len(), "account")
    );
    let paint = if flat == ended.len() {
        Paint::Green
    } else {
        Paint::Red
    };
    out.line_if_read(out.paint(paint, &text));
}
