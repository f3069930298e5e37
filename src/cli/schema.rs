//! `riskd schema`.

use super::Exit;
use super::printer::Printer;
use crate::rules::schema;

/// Prints the JSON Schema of the rule file, for editors.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  riskd schema > rules.schema.json")]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    out.line(serde_json::to_string_pretty(&schema::schema())?)?;
    Ok(Exit::Done)
}
