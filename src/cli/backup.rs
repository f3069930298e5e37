//! `riskd backup`.

use std::path::PathBuf;

use serde::Serialize;

use super::find::{self, DatabaseArg, RulesArg};
use super::printer::Printer;
use super::size::bytes;
use super::verify;
use super::{Exit, runtime};
use crate::store::Reader;

/// Copies the record into a new file, while the daemon runs or while it is
/// stopped, and verifies the copy: SQLite's integrity check, and the chain over
/// the evidence. A file that is there is not overwritten. To restore a copy,
/// see docs/operation.md.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd backup /var/backups/riskd-2026-11-21.db\n  riskd backup --database /var/lib/riskd/riskd.db copy.db --json | jq .head\n\nExit codes: 0 the copy is made and whole, 1 it is not."
)]
pub(super) struct Args {
    /// The new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    rules: RulesArg,
    #[command(flatten)]
    database: DatabaseArg,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Json<'b> {
    backup: String,
    bytes: u64,
    #[serde(flatten)]
    verification: verify::Json<'b>,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::database(&args.database, &args.rules, out)?;
    let backup = runtime::short(async {
        let reader = Reader::open(&path).await?;
        let backup = reader.backup(&args.file).await;
        reader.close().await;
        Ok(backup?)
    })?;
    let database = path.display().to_string();
    let name = backup.path.display().to_string();
    if args.json {
        let json = Json {
            backup: name,
            bytes: backup.bytes,
            verification: verify::Json::new(&database, &backup.verification),
        };
        out.line(serde_json::to_string(&json)?)?;
    } else {
        out.line(format!("record   {database}"))?;
        out.line(format!("backup   {name}, {}", bytes(backup.bytes)))?;
        for line in verify::lines(&backup.verification, out) {
            out.line(line)?;
        }
    }
    Ok(if backup.verification.is_whole() {
        Exit::Done
    } else {
        out.warning("the copy is made, but it is a copy of a record that is not whole");
        Exit::Failed
    })
}
