//! `riskd man`.

use std::path::PathBuf;

use anyhow::Context;
use clap_mangen::Man;

use super::Exit;
use super::printer::Printer;

/// Prints the manual page of riskd, or writes one for each command.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd man | man -l -\n  riskd man --out /usr/local/share/man/man1"
)]
pub(super) struct Args {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, command: clap::Command, out: &mut Printer) -> anyhow::Result<Exit> {
    match &args.out {
        Some(folder) => clap_mangen::generate_to(command, folder)
            .with_context(|| format!("cannot write the pages into {}", folder.display()))?,
        None => {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            out.raw(&page)?;
        }
    }
    Ok(Exit::Done)
}
