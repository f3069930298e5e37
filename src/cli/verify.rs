//! `riskd verify`.

use serde::Serialize;

use super::find::{self, DatabaseArg, RulesArg};
use super::printer::{Paint, Printer};
use super::{Exit, runtime};
use crate::domain::ids::Numbered;
use crate::domain::observation::Timestamp;
use crate::store::{Finding, FindingKind, Reader, StoreError, Verification, WriterChain};

/// Looks whether the record is what was written: SQLite's own check of the
/// file, the chain over the evidence, and each row against it. Works while the
/// daemon runs and while it is stopped. Note the head that it prints somewhere
/// else: with --head a later look finds that the end was cut off, too.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd verify\n  riskd verify --database /var/backups/riskd.db --json\n  riskd verify --head 6f1c...e2   (64 digits, as an earlier `riskd verify` printed them)\n\nExit codes: 0 whole, 1 something was edited, removed, put in or damaged, 2 the record cannot be read."
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArg,
    #[command(flatten)]
    database: DatabaseArg,
    /// A head that was noted before, which must still be part of the chain
    #[arg(long, value_name = "HASH", value_parser = hash)]
    head: Option<String>,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

fn hash(text: &str) -> Result<String, String> {
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected the 64 hexadecimal digits that `riskd verify` prints".to_owned())
    }
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::database(&args.database, &args.rules, out)?;
    let verified = runtime::short(async {
        let reader = match Reader::open(&path).await {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(error)),
        };
        let verified = reader.verify(args.head.as_deref()).await;
        reader.close().await;
        Ok(verified)
    })?;
    let verification = match verified {
        Ok(verification) => verification,
        Err(error) => {
            let is_damaged = matches!(error, StoreError::Corrupt { .. });
            let is_missing = find::is_no_record(&error);
            out.error(&error.into());
            if is_missing {
                out.note(find::RECORD_PLACES);
            }
            return Ok(if is_damaged {
                Exit::Failed
            } else {
                Exit::Unreadable
            });
        }
    };
    let name = path.display().to_string();
    if args.json {
        out.line(serde_json::to_string(&Json::new(&name, &verification))?)?;
    } else {
        out.line(format!("record   {name}"))?;
        for line in lines(&verification, out) {
            out.line(line)?;
        }
    }
    Ok(if verification.is_whole() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// The result for people.
pub(super) fn lines(found: &Verification, out: &Printer) -> Vec<String> {
    let mut lines = Vec::new();
    let damage = |finding: &Finding| finding.kind == FindingKind::Damaged;
    if !found.findings.iter().any(damage) {
        lines.push("sqlite   integrity check: ok".to_owned());
    }
    lines.push(format!(
        "chain    {} links over {} rows of evidence, begun {}",
        found.links,
        found.rows,
        found
            .began
            .map_or_else(|| "at a time that is not known".to_owned(), second)
    ));
    if found.taken_over > 0 {
        lines.push(format!(
            "         {} rows were there before it was begun: they are guarded since then",
            found.taken_over
        ));
    }
    lines.extend(chains(found));
    if let Some(head) = &found.head {
        lines.push(format!(
            "head     {} (link {})",
            head.hash,
            Numbered(head.seq)
        ));
    }
    if let Some(noted) = found.noted {
        lines.push(format!(
            "noted    the noted head is link {}",
            Numbered(noted)
        ));
    }
    for finding in &found.findings {
        lines.push(told(finding, out));
    }
    if found.omitted > 0 {
        lines.push(format!("         and {} more", found.omitted));
    }
    lines.push(if found.is_whole() {
        out.paint(Paint::Green, "whole    every row is as it was written")
    } else {
        let text = format!(
            "BROKEN   the record is not what was written; the chain is whole from link {} on",
            Numbered(found.whole_from)
        );
        out.paint(Paint::Red, &text)
    });
    lines
}

/// The chain of each writer, where there are several.
fn chains(found: &Verification) -> Vec<String> {
    if found.chains.len() < 2 {
        return Vec::new();
    }
    let told = found.chains.iter().map(|chain| {
        let node = match &chain.node {
            Some((node, epoch)) => format!("node {node}, turn {epoch}"),
            None => "a node that is not known".to_owned(),
        };
        format!(
            "         writer {} ({node}): {} links, whole from link {} to link {}",
            chain.writer,
            chain.links,
            Numbered(chain.whole_from),
            Numbered(chain.head.seq)
        )
    });
    told.collect()
}

fn told(finding: &Finding, out: &Printer) -> String {
    let mut text = out.paint(Paint::Red, &format!("{:8} ", finding.kind.name()));
    if let Some(table) = &finding.table {
        text.push_str(table);
        if let Some(id) = &finding.id {
            text.push_str(&format!(" {id}"));
        }
        if let Some(at) = finding.at {
            text.push_str(&format!(" of {}", second(at)));
        }
        text.push_str(": ");
    }
    text.push_str(&finding.what);
    if let Some(link) = finding.link {
        text.push_str(&format!(" (link {})", Numbered(link)));
    }
    text
}

fn second(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The result for programs.
#[derive(Debug, Serialize)]
pub(super) struct Json<'v> {
    database: &'v str,
    whole: bool,
    links: u64,
    rows: u64,
    began: Option<String>,
    taken_over: i64,
    head: Option<&'v str>,
    head_link: Option<i64>,
    noted_link: Option<i64>,
    whole_from: i64,
    writers: Vec<JsonChain<'v>>,
    findings: Vec<JsonFinding<'v>>,
    omitted: u64,
}

#[derive(Debug, Serialize)]
struct JsonChain<'v> {
    writer: i64,
    node: Option<&'v str>,
    turn: Option<i64>,
    links: u64,
    head: &'v str,
    head_link: i64,
    whole_from: i64,
}

#[derive(Debug, Serialize)]
struct JsonFinding<'v> {
    kind: &'static str,
    table: Option<&'v str>,
    id: Option<&'v str>,
    time: Option<String>,
    link: Option<i64>,
    what: &'v str,
}

impl<'v> Json<'v> {
    pub(super) fn new(database: &'v str, found: &'v Verification) -> Json<'v> {
        Json {
            database,
            whole: found.is_whole(),
            links: found.links,
            rows: found.rows,
            began: found.began.map(second),
            taken_over: found.taken_over,
            head: found.head.as_ref().map(|head| head.hash.as_str()),
            head_link: found.head.as_ref().map(|head| head.seq),
            noted_link: found.noted,
            whole_from: found.whole_from,
            writers: found.chains.iter().map(JsonChain::new).collect(),
            findings: found.findings.iter().map(JsonFinding::new).collect(),
            omitted: found.omitted,
        }
    }
}

impl<'v> JsonChain<'v> {
    fn new(chain: &'v WriterChain) -> JsonChain<'v> {
        let node = chain.node.as_ref();
        JsonChain {
            writer: chain.writer.get(),
            node: node.map(|(node, _)| node.as_str()),
            turn: node.map(|(_, turn)| *turn),
            links: chain.links,
            head: &chain.head.hash,
            head_link: chain.head.seq,
            whole_from: chain.whole_from,
        }
    }
}

impl<'v> JsonFinding<'v> {
    fn new(finding: &'v Finding) -> JsonFinding<'v> {
        JsonFinding {
            kind: finding.kind.name(),
            table: finding.table.as_deref(),
            id: finding.id.as_deref(),
            time: finding.at.map(second),
            link: finding.link,
            what: &finding.what,
        }
    }
}
