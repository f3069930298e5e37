//! `riskd flatten`.

mod note;
mod proof;
mod proof_by_daemon;
mod targets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::find::{self, DatabaseArg, HttpArg, RulesArg};
use super::printer::{Paint, Printer};
use super::{Exit, runtime, time};
use crate::daemon::flatten::{self, OtherProgram, Progress};
use crate::domain::account::AccountName;
use crate::domain::plural::counted;
use crate::domain::request;
use crate::rules::settings;
use crate::rules::settings::SecretSource;
use crate::rules::{Loaded, Target};
use crate::venue::Venue;
use proof::{Prover, Side};
use targets::targets;

/// How many steps may wait to be shown.
const STEPS: usize = 1024;

/// Makes accounts flat and quiet by hand, now, from the rule file alone: it
/// needs no daemon and no record, and the rules may be broken as long as the
/// account and its venue can be read. It sends by itself, at once, and goes on
/// until an observation after the last request shows neither a position nor a
/// working order. A running daemon that sees the account makes that observation
/// and goes on to protect it until then, so that both do not spend the venue's
/// request budget twice; without one, or when it does not get on, the command
/// looks by itself.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd flatten apex-1\n  riskd flatten apex-1 apex-2 --timeout 2m\n  riskd flatten --all --rules /etc/riskd/rules.yaml\n\nA token that is a systemd credential is read from $CREDENTIALS_DIRECTORY; outside the service, set it\nto the folder that holds the credential's file. To have the daemon look, run it as the daemon's user or as\nroot: it shows the daemon its token.\n\nExit codes: 0 every account is verified flat and quiet, 1 not so."
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
    #[command(flatten)]
    http: HttpArg,
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
    let daemon = Daemon::of(args, &loaded);
    runtime::short(async {
        let ended = flatten(&targets, &daemon, args.timeout, out).await?;
        sum_up(&ended, out);
        note::write(&daemon.database, &ended, out).await;
        let is_all_flat = ended.values().all(|end| end.proof.is_some());
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

/// Where the daemon and its record would be.
#[derive(Clone, Debug)]
struct Daemon {
    /// Its address, or why it has none.
    address: Result<std::net::SocketAddr, String>,
    database: PathBuf,
    /// Whether the database was named on the command line.
    is_database_named: bool,
}

impl Daemon {
    fn of(args: &Args, loaded: &Loaded) -> Daemon {
        let settings = loaded.daemon.as_ref();
        let named = args.database.database.as_deref().map(Path::to_owned);
        Daemon {
            address: find::http(&args.http, settings).map_err(|error| error.to_string()),
            is_database_named: named.is_some(),
            database: named.unwrap_or_else(|| find::record_of(settings)),
        }
    }
}

/// How far an account came.
#[derive(Clone, Debug, Default)]
struct End {
    /// Who verified that it is flat and quiet, once that is so.
    proof: Option<Proof>,
    /// What was seen or heard last.
    last: String,
}

/// Who has seen that an account is flat and quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// This command, after so many rounds.
    Here { rounds: u32 },
    /// The daemon.
    Daemon,
}

/// Something to show.
#[derive(Debug)]
enum Shown {
    /// A step of the work on an account.
    Step(AccountName, Progress),
    /// What the daemon does for an account.
    Daemon(AccountName, String),
    /// Who looks at the accounts of a venue, and why.
    Way(String),
}

/// Works on all accounts side by side, until they are flat and quiet or the
/// time is over.
async fn flatten(
    targets: &[Target],
    daemon: &Daemon,
    limit: Duration,
    out: &mut Printer,
) -> anyhow::Result<BTreeMap<AccountName, End>> {
    // A terminal that goes away must not stop the work.
    let _hangup = signal(SignalKind::hangup()).context("no signals")?;
    let (show, mut shown) = mpsc::channel(STEPS);
    let mut ended = begin(targets, daemon, &show, out)?;
    drop(show);
    let began = Instant::now();
    let deadline = tokio::time::sleep(limit);
    tokio::pin!(deadline);
    loop {
        let shown = tokio::select! {
            shown = shown.recv() => match shown {
                Some(shown) => shown,
                None => return Ok(ended),
            },
            () = &mut deadline => return Ok(ended),
        };
        let passed = began.elapsed().as_secs_f32();
        let text = take(shown, &mut ended);
        out.line_if_read(format_args!("{passed:8.3} s  {text}"));
    }
}

/// Takes what is to be shown, and gives it in words.
fn take(shown: Shown, ended: &mut BTreeMap<AccountName, End>) -> String {
    let (account, text, proof) = match shown {
        Shown::Way(text) => return text,
        Shown::Daemon(account, text) => (account, text, None),
        // That something was sent says nothing of the account.
        Shown::Step(account, step @ Progress::Sent { .. }) => {
            return format!("{account}: {}", words(&step));
        }
        Shown::Step(account, step) => {
            let proof = match &step {
                Progress::Done { rounds } => Some(Proof::Here { rounds: *rounds }),
                Progress::ProvenByOther => Some(Proof::Daemon),
                _ => None,
            };
            (account, words(&step), proof)
        }
    };
    let line = format!("{account}: {text}");
    let end = ended.entry(account).or_default();
    end.proof = end.proof.or(proof);
    end.last = text;
    line
}

/// Starts the work on the accounts, those of one venue together: they share its
/// adapter, its request budget and who looks at them. One venue that cannot be
/// set up does not keep the others.
fn begin(
    targets: &[Target],
    daemon: &Daemon,
    show: &mpsc::Sender<Shown>,
    out: &Printer,
) -> anyhow::Result<BTreeMap<AccountName, End>> {
    let mut venues: Vec<(&settings::Venue, Vec<Target>)> = Vec::new();
    let mut ended = BTreeMap::new();
    for target in targets {
        let venue = &target.venue;
        match venues
            .iter_mut()
            .find(|(other, _)| other.is_reached_as(venue))
        {
            Some((_, its)) => its.push(target.clone()),
            None => venues.push((venue, vec![target.clone()])),
        }
        ended.insert(target.account.clone(), End::default());
    }
    let mut sides = Vec::new();
    for (config, its) in venues {
        let Some(first) = its.first() else { continue };
        match flatten::set_up(&first.venue) {
            Ok(venue) => {
                let (other, side) = Side::of(&its);
                sides.push(side);
                start(venue, its, other, show.clone());
            }
            Err(problem) => {
                for target in its {
                    out.error(&anyhow::anyhow!(
                        "{}: {problem}{}",
                        target.account,
                        hint(config)
                    ));
                    ended.entry(target.account).or_default().last = problem.to_string();
                }
            }
        }
    }
    // What is sent goes first: the prover is started behind it.
    tokio::spawn(Prover::new(daemon.clone(), sides, show.clone()).run());
    Ok(ended)
}

fn hint(venue: &settings::Venue) -> &'static str {
    let is_for_the_service = |source: &SecretSource| matches!(source, SecretSource::Credential(_));
    let mut parts = venue.credential.0.iter();
    if parts.any(|(_, source)| is_for_the_service(source))
        && std::env::var_os("CREDENTIALS_DIRECTORY").is_none()
    {
        "; set CREDENTIALS_DIRECTORY to the folder that holds the credential's file"
    } else {
        ""
    }
}

fn start(
    venue: Arc<dyn Venue>,
    targets: Vec<Target>,
    other: OtherProgram,
    show: mpsc::Sender<Shown>,
) {
    tokio::spawn(async move {
        let mut tell = |account: &AccountName, step| {
            // Showing a step must never hold up the next one.
            let _ = show.try_send(Shown::Step(account.clone(), step));
        };
        flatten::flatten(venue, &targets, Some(other), &mut tell).await;
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
        Progress::ProvenByOther => {
            "flat and quiet, by what the daemon saw after the last request".to_owned()
        }
    }
}

fn sum_up(ended: &BTreeMap<AccountName, End>, out: &mut Printer) {
    let flat = ended.values().filter(|end| end.proof.is_some()).count();
    for (account, end) in ended.iter().filter(|(_, end)| end.proof.is_none()) {
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
