//! `riskd run`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::find::{self, RulesArg};
use super::printer::Printer;
use super::{Exit, log, runtime};
use crate::daemon::{self, Options, StartError};
use crate::rules::Loaded;

/// Runs the daemon until SIGTERM or SIGINT. A changed rule file comes into force by
/// itself; SIGHUP has it, and the secrets, read again.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd run --rules rules.yaml\n  riskd run --observe              decide and record, send nothing\n  RISKD_LOG=debug riskd run --log json\n\nThe environment variable RISKD_LOG says what is logged (default: info).\n\nExit codes: 0 stopped, 1 failed, 78 the rule file or a secret must be corrected first."
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArg,
    /// Decide and record, but send nothing, whatever the file says
    #[arg(long)]
    observe: bool,
    /// The database [default: the rule file's, $STATE_DIRECTORY/riskd.db, ./riskd.db]
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// How the log is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log: log::Format,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = match find::rules_file(&args.rules) {
        Ok(path) => path,
        Err(error) => {
            out.error(&error);
            return Ok(Exit::Refused);
        }
    };
    let log = log::start(args.log, out.err)?;
    // For people; the daemon reads the file itself.
    let loaded = find::load(&path).ok();
    if let Some(loaded) = &loaded
        && loaded.rules.is_some()
    {
        for line in loaded.render_short().lines() {
            warn!("{line}");
        }
    }
    let options = Options {
        rules: path.clone(),
        observe: args.observe,
        database: args.database.clone(),
    };
    let ended = runtime::long(async {
        // What ended it is looked at below; only the runtime's errors are the
        // outer ones.
        Ok(daemon::run(options, CancellationToken::new()).await)
    })?;
    // What it still had to say comes before what ended it.
    drop(log);
    let Err(error) = ended else {
        return Ok(Exit::Done);
    };
    let exit = if error.needs_a_person() {
        Exit::Refused
    } else {
        Exit::Failed
    };
    out.error(&told(error, loaded.as_ref(), &path, out));
    Ok(exit)
}

/// The error as it is told: mistakes in the rule file are shown at their lines.
fn told(error: StartError, loaded: Option<&Loaded>, path: &Path, out: &Printer) -> anyhow::Error {
    match (error, loaded) {
        (StartError::Rules { instead, .. }, Some(loaded)) if loaded.rules.is_none() => {
            out.note(loaded.render(out.err).trim_end());
            anyhow!(
                "the rule file {} is refused, and {instead}; correct it until `riskd check` is content, then start riskd again",
                path.display()
            )
        }
        (error, _) => anyhow::Error::new(error).context("the daemon cannot start"),
    }
}
