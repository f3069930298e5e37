//! The command line: one file a command; arguments and printing, nothing else.
//!
//! Data goes to stdout through the [`Printer`], everything else to stderr.
//! Errors are printed once, here, with their causes.

mod backup;
mod check;
mod client;
mod completions;
mod demo;
mod events;
mod find;
mod flatten;
mod lock;
mod log;
mod man;
mod notify_test;
mod paper;
mod printer;
mod probe;
mod replay;
mod run;
mod runtime;
mod schema;
mod size;
mod status;
mod test;
mod time;
mod verify;
mod why;

use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use printer::{Closed, Printer};

use crate::secret;

/// What a command ends with, as `--help` documents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// It did what it was asked.
    Done,
    /// It did not, or found something wrong.
    Failed,
    /// What it was to look at cannot be read.
    Unreadable,
    /// No daemon answers.
    NoDaemon,
    /// The daemon cannot start until a person corrects its configuration:
    /// `EX_CONFIG` of sysexits.h, which systemd shows as `CONFIG`.
    Refused,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Unreadable => 2,
            Exit::NoDaemon => 3,
            Exit::Refused => 78,
        }
    }
}

/// What a shell reports of a program that was ended by a closed pipe; riskd
/// ends the same way, by itself.
const CLOSED_PIPE: u8 = 141;

/// The version, with that of the time zone rules that are built in.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} (time zone rules {})",
        env!("CARGO_PKG_VERSION"),
        chrono_tz::IANA_TZDB_VERSION
    )
});

#[derive(Debug, Parser)]
#[command(
    name = "riskd",
    version = VERSION.as_str(),
    about = "Protects trading accounts: loads risk rules from YAML, watches the accounts, and cancels and flattens when a rule fires",
    after_help = "Examples:\n  riskd demo                      see it work, with simulated accounts\n  riskd check rules.yaml          see what it understood\n  riskd run --rules rules.yaml    run it\n\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 no daemon answers.",
    propagate_version = false,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    /// When to use colour; the environment variable NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    color: When,
    #[command(subcommand)]
    command: Command,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal
    Auto,
    /// Even into a file
    Always,
    /// Not at all
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon
    Run(run::Args),
    /// Check rule files and say in plain words what they mean
    Check(check::Args),
    /// Run rule tests
    Test(test::Args),
    /// Show what would have fired in a history
    Replay(replay::Args),
    /// Show the live accounts, rules and locks of the running daemon
    Status(status::Args),
    /// Show the record: what was seen, decided and done
    Events(events::Args),
    /// Explain one firing: inputs, formula, requests, answers, verification
    Why(why::Args),
    /// Look whether the record is what was written
    Verify(verify::Args),
    /// Copy the record, also while the daemon runs, and verify the copy
    Backup(backup::Args),
    /// Make accounts flat and quiet, now, with or without the daemon
    Flatten(flatten::Args),
    /// Lock an account by hand, through the running daemon
    ///
    /// Until then it is kept flat and quiet, and whatever appears meanwhile is
    /// cancelled and flattened. A lock can be extended, never shortened: a longer
    /// one that is in force stays as it is.
    Lock(lock::LockArgs),
    /// End all locks of an account by hand, through the running daemon
    ///
    /// Whoever set them, close-only ones among them. Rules that have fired are not
    /// armed by it: those that do not act again before they are armed are named,
    /// with what arms them.
    Unlock(lock::UnlockArgs),
    /// Let a fired rule fire again, through the running daemon
    Rearm(lock::RearmArgs),
    /// Send a test message through a notifier of the rule file, without the daemon
    NotifyTest(notify_test::Args),
    /// Ask a venue, by reads alone, what its documents leave open
    Probe(probe::Args),
    /// See riskd work on simulated accounts
    Demo(demo::Args),
    /// Run the paper venue alone: a venue's API over simulated accounts
    Paper(paper::Args),
    /// Print the JSON Schema of the rule file
    Schema(schema::Args),
    /// Print the completions for a shell
    Completions(completions::Args),
    /// Print the manual page, or write one for each command
    Man(man::Args),
}

/// Runs the command that the arguments name. Usage errors end the process with
/// exit code 2.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    secret::keep_out_of_dumps();
    let mut out = Printer::new(cli.color);
    match carry_out(cli.command, &mut out) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) if error.is::<Closed>() => ExitCode::from(CLOSED_PIPE),
        Err(error) => {
            out.error(&error);
            if error.downcast_ref().is_some_and(find::is_no_record) {
                out.note(find::RECORD_PLACES);
            }
            ExitCode::from(Exit::Failed.code())
        }
    }
}

fn carry_out(command: Command, out: &mut Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Run(args) => run::run(&args, out),
        Command::Check(args) => check::run(&args, out),
        Command::Test(args) => test::run(&args, out),
        Command::Replay(args) => replay::run(&args, out),
        Command::Status(args) => status::run(&args, out),
        Command::Events(args) => events::run(&args, out),
        Command::Why(args) => why::run(&args, out),
        Command::Verify(args) => verify::run(&args, out),
        Command::Backup(args) => backup::run(&args, out),
        Command::Flatten(args) => flatten::run(&args, out),
        Command::Lock(args) => lock::lock(&args, out),
        Command::Unlock(args) => lock::unlock(&args, out),
        Command::Rearm(args) => lock::rearm(&args, out),
        Command::NotifyTest(args) => notify_test::run(&args, out),
        Command::Probe(args) => probe::run(&args, out),
        Command::Demo(args) => demo::run(&args, out),
        Command::Paper(args) => paper::run(&args, out),
        Command::Schema(args) => schema::run(&args, out),
        Command::Completions(args) => completions::run(&args, &mut Cli::command(), out),
        Command::Man(args) => man::run(&args, Cli::command(), out),
    }
}
