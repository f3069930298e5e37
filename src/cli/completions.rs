//! `riskd completions`.

use clap_complete::{Shell, generate};

use super::Exit;
use super::printer::Printer;

/// Prints the completions for a shell.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd completions bash > /etc/bash_completion.d/riskd\n  riskd completions zsh > ~/.zfunc/_riskd\n  riskd completions fish > ~/.config/fish/completions/riskd.fish"
)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(
    args: &Args,
    command: &mut clap::Command,
    out: &mut Printer,
) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    generate(args.shell, command, "riskd", &mut script);
    out.raw(&script)?;
    Ok(Exit::Done)
}
