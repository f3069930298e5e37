//! `riskd why`.

mod evidence;
mod json;
mod rule;
mod show;

use std::path::PathBuf;

use anyhow::bail;

use super::events::show::human;
use super::find::{self, DatabaseArg, RulesArg};
use super::printer::Printer;
use super::{Exit, runtime};
use crate::domain::ids::FiringId;
use crate::domain::observation::Timestamp;
use crate::engine::record::EntryKind;
use crate::store::{EntryFilter, EntryRow, FiringReport, Reader};

/// How many firings are listed when none is named.
const LISTED: u32 = 20;
/// How many of them an unknown number is answered with.
const SUGGESTED: usize = 5;
/// Most log entries that are looked through for what happened meanwhile.
const MEANWHILE: u32 = 1_000;

/// Explains one firing: what was compared with what, what was sent and what
/// came back, how the account was verified, and how it was locked. Without a
/// number, lists the last firings.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd why\n  riskd why 17\n  riskd why 17 --json | jq .requests"
)]
pub(super) struct Args {
    /// The number of the firing, as `riskd events` and `riskd status` show it
    #[arg(value_name = "ID", value_parser = number)]
    id: Option<FiringId>,
    #[command(flatten)]
    rules: RulesArg,
    #[command(flatten)]
    database: DatabaseArg,
    /// As JSON
    #[arg(long)]
    json: bool,
}

fn number(text: &str) -> Result<FiringId, String> {
    text.parse()
        .map_err(|_| "expected the number of a firing; `riskd why` lists them".to_owned())
}

/// A firing with everything that explains it.
#[derive(Debug)]
struct Explained {
    report: FiringReport,
    rule: rule::Then,
    /// What happened on the account until the firing's work was done.
    meanwhile: Vec<EntryRow>,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::database(&args.database, &args.rules, out)?;
    let folder = find::rules_file(&args.rules)
        .ok()
        .and_then(|file| file.parent().map(ToOwned::to_owned))
        .unwrap_or_default();
    runtime::short(async {
        let reader = Reader::open(&path).await?;
        match args.id {
            Some(id) => explain(&reader, id, folder, args.json, out).await?,
            None => list(&reader, args.json, out).await?,
        }
        reader.close().await;
        Ok(Exit::Done)
    })
}

async fn explain(
    reader: &Reader,
    id: FiringId,
    folder: PathBuf,
    is_json: bool,
    out: &mut Printer,
) -> anyhow::Result<()> {
    let Some(report) = reader.firing(id).await? else {
        bail!(
            "there is no firing {id} in the record; {}",
            newest(reader).await?
        );
    };
    let explained = Explained {
        rule: rule::then(&report, folder),
        meanwhile: meanwhile(reader, &report).await?,
        report,
    };
    if is_json {
        return out.line(serde_json::to_string(&json::explained(&explained))?);
    }
    for line in show::explained(&explained, out) {
        out.line(line)?;
    }
    Ok(())
}

async fn list(reader: &Reader, is_json: bool, out: &mut Printer) -> anyhow::Result<()> {
    let mut firings = firings(reader, LISTED).await?;
    if firings.is_empty() {
        out.note("no rule has fired yet");
    }
    firings.reverse();
    for firing in firings {
        if is_json {
            out.line(serde_json::to_string(&super::events::show::Json(&firing))?)?;
        } else {
            out.line(human(&firing, out))?;
        }
    }
    Ok(())
}

/// The last firings, newest first.
async fn firings(reader: &Reader, limit: u32) -> anyhow::Result<Vec<EntryRow>> {
    let filter = EntryFilter {
        kind: Some(EntryKind::Fired),
        limit,
        newest_first: true,
        ..EntryFilter::default()
    };
    Ok(reader.entries(&filter).await?)
}

async fn newest(reader: &Reader) -> anyhow::Result<String> {
    let firings = firings(reader, LISTED).await?;
    let ids: Vec<String> = firings
        .iter()
        .filter_map(|entry| entry.firing)
        .take(SUGGESTED)
        .map(|id| id.to_string())
        .collect();
    Ok(if ids.is_empty() {
        "no rule has fired yet".to_owned()
    } else {
        format!("the newest are {}", ids.join(", "))
    })
}

/// What happened on the account from the firing until its work was done: what
/// stood in the way, and the verification.
async fn meanwhile(reader: &Reader, report: &FiringReport) -> anyhow::Result<Vec<EntryRow>> {
    let filter = EntryFilter {
        account: Some(report.firing.account.as_str().into()),
        since: Some(report.firing.at),
        limit: MEANWHILE,
        ..EntryFilter::default()
    };
    let end = done_at(report);
    let mut entries = reader.entries(&filter).await?;
    entries.retain(|entry| end.is_none_or(|end| entry.at <= end) && is_telling(&entry.kind));
    Ok(entries)
}

/// When the last intent of the firing ended; `None` while one is open.
fn done_at(report: &FiringReport) -> Option<Timestamp> {
    let mut last = report.firing.at;
    for intent in &report.intents {
        last = last.max(intent.ended?.0);
    }
    Some(last)
}

/// Whether a kind tells something that the rows of the firing do not.
fn is_telling(kind: &str) -> bool {
    [
        EntryKind::NotYet,
        EntryKind::VerifyFailed,
        EntryKind::Verified,
        EntryKind::EnforcementStuck,
        EntryKind::EnforcementSlowed,
        EntryKind::Resumed,
        EntryKind::WouldSend,
        EntryKind::DataLost,
        EntryKind::DataSuspect,
        EntryKind::DataBack,
    ]
    .iter()
    .any(|telling| telling.name() == kind)
}
