//! `riskd status`.

mod fit;
mod show;
mod view;

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::client::Client;
use super::find::{self, HttpArg, RulesArg};
use super::printer::Printer;
use super::{Exit, runtime};
use view::Status;

/// Time between two drawings with `--watch`.
const EVERY: Duration = Duration::from_secs(1);
/// Clears what is below the cursor after it went home, line by line, so that
/// nothing flickers.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K\n";
const CLEAR_BELOW: &str = "\x1b[J";

/// Shows the live state of the running daemon: its accounts, each rule with
/// value, limit and distance, and the locks.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd status\n  riskd status --watch\n  riskd status --http 127.0.0.1:7380 --json | jq .accounts[].session_pnl\n\nExit codes: 0 shown, 3 no daemon answers."
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArg,
    #[command(flatten)]
    http: HttpArg,
    /// The state as one JSON object
    #[arg(long)]
    json: bool,
    /// Draw it again every second, until Ctrl-C
    #[arg(long, short)]
    watch: bool,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    // The address is enough; the rule file may be elsewhere.
    let settings = match args.http.http {
        Some(_) => None,
        None => find::settings(&args.rules, out)?,
    };
    let client = Client::new(find::http(&args.http, settings.as_ref())?)?;
    runtime::short(async {
        if args.watch {
            return watch(&client, args, out).await;
        }
        match client.status().await {
            Ok(status) => {
                out.raw(text(&status, args, out)?.as_bytes())?;
                Ok(Exit::Done)
            }
            Err(error) => error.end(out),
        }
    })
}

fn text(status: &Value, args: &Args, out: &Printer) -> anyhow::Result<String> {
    if args.json {
        return Ok(format!("{status}\n"));
    }
    let status: Status = serde_json::from_value(status.clone())
        .context("the daemon's state cannot be understood; is it of another version?")?;
    Ok(show::status(&status, out))
}

/// Draws for ever. A daemon that is away is part of the picture.
async fn watch(client: &Client, args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let is_screen = std::io::stdout().is_terminal() && !args.json;
    let mut due = tokio::time::interval(EVERY);
    if is_screen {
        out.raw(format!("{HOME}{CLEAR_BELOW}").as_bytes())?;
    }
    loop {
        due.tick().await;
        let text = match client.status().await {
            Ok(status) => text(&status, args, out)?,
            Err(error) if is_screen => format!("{error}\n"),
            Err(error) => {
                out.note(error);
                continue;
            }
        };
        if is_screen {
            let lines = fit::to_screen(&text).replace('\n', CLEAR_LINE);
            out.raw(format!("{HOME}{lines}{CLEAR_BELOW}").as_bytes())?;
        } else if args.json {
            out.raw(text.as_bytes())?;
        } else {
            out.raw(format!("{text}\n").as_bytes())?;
        }
    }
}
