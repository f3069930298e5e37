//! `riskd events`.

pub(super) mod show;

use std::path::Path;
use std::time::Duration;

use super::find::{self, DatabaseArg, RulesArg};
use super::printer::Printer;
use super::time::Since;
use super::{Exit, runtime};
use crate::daemon::wall;
use crate::engine::record::EntryKind;
use crate::store::{EntryFilter, EntryRow, Reader};

/// Time between two looks at the record with `--follow`.
const LOOK: Duration = Duration::from_millis(250);

/// Shows the record, the newest lines last. Works while the daemon is stopped.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd events\n  riskd events --account apex-1 --kind fired --kind verified --since 2d\n  riskd events --since 2026-11-21 --limit 1000 --json | jq .message\n  riskd events --follow"
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArg,
    #[command(flatten)]
    database: DatabaseArg,
    /// Only of this account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only of this rule
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only of this kind, such as fired; may be given more than once
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<EntryKind>,
    /// Only since then: 2h, 2026-11-21 (UTC), or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = Since::parse)]
    since: Option<Since>,
    /// At most so many, the newest ones
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Go on with what happens from now on, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
}

fn kind(text: &str) -> Result<EntryKind, String> {
    let found = EntryKind::ALL.iter().find(|kind| kind.name() == text);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = EntryKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::database(&args.database, &args.rules, out)?;
    runtime::short(async {
        let reader = Reader::open(&path).await?;
        let entries = newest(&reader, args).await?;
        if entries.is_empty() {
            say_empty(&reader, &path, out).await?;
        }
        for entry in &entries {
            print(entry, args, out)?;
        }
        if args.follow {
            follow(&reader, args, &entries, out).await?;
        }
        reader.close().await;
        Ok(Exit::Done)
    })
}

/// The newest lines that are asked for, oldest first.
async fn newest(reader: &Reader, args: &Args) -> anyhow::Result<Vec<EntryRow>> {
    let mut filter = EntryFilter {
        account: args.account.as_deref().map(Into::into),
        rule: args.rule.as_deref().map(Into::into),
        since: args.since.map(|since| since.instant(wall())),
        limit: args.limit,
        newest_first: true,
        ..EntryFilter::default()
    };
    let mut found = Vec::new();
    if args.kind.is_empty() {
        found = reader.entries(&filter).await?;
    }
    for kind in &args.kind {
        filter.kind = Some(*kind);
        found.extend(reader.entries(&filter).await?);
    }
    found.sort_by_key(|entry| entry.id);
    found.dedup_by_key(|entry| entry.id);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let surplus = found.len().saturating_sub(limit);
    Ok(found.split_off(surplus))
}

/// Shows what is written from now on.
async fn follow(
    reader: &Reader,
    args: &Args,
    shown: &[EntryRow],
    out: &mut Printer,
) -> anyhow::Result<()> {
    let mut last = match shown.last() {
        Some(entry) => entry.id,
        None => last_id(reader).await?,
    };
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let filter = EntryFilter {
            after_id: Some(last),
            ..EntryFilter::default()
        };
        for entry in reader.entries(&filter).await? {
            last = entry.id;
            if is_wanted(&entry, args) {
                print(&entry, args, out)?;
            }
        }
    }
}

async fn last_id(reader: &Reader) -> anyhow::Result<i64> {
    let filter = EntryFilter {
        limit: 1,
        newest_first: true,
        ..EntryFilter::default()
    };
    let entries = reader.entries(&filter).await?;
    Ok(entries.first().map_or(0, |entry| entry.id))
}

fn is_wanted(entry: &EntryRow, args: &Args) -> bool {
    let is_same = |wanted: &Option<String>, found: &Option<String>| {
        wanted.is_none() || wanted.as_deref() == found.as_deref()
    };
    is_same(&args.account, &entry.account)
        && is_same(&args.rule, &entry.rule)
        && (args.kind.is_empty() || args.kind.iter().any(|kind| kind.name() == entry.kind))
}

fn print(entry: &EntryRow, args: &Args, out: &mut Printer) -> anyhow::Result<()> {
    if args.json {
        out.line(serde_json::to_string(&show::Json(entry))?)
    } else {
        out.line(show::human(entry, out))
    }
}

async fn say_empty(reader: &Reader, path: &Path, out: &Printer) -> anyhow::Result<()> {
    if last_id(reader).await? == 0 {
        out.note(format_args!(
            "nothing is recorded in {} yet: `riskd run` writes to it",
            path.display()
        ));
    } else {
        out.note("nothing in the record is like that; `riskd events` without filters shows the last lines");
    }
    Ok(())
}
