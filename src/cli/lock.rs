//! `riskd lock`, `riskd unlock` and `riskd rearm`: what a person asks of the
//! running daemon. What is printed is what came of it.

mod outcome;

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::Value;

use super::client::{Client, ClientError};
use super::find::{self, DatabaseArg, HttpArg, RulesArg};
use super::printer::Printer;
use super::{Exit, runtime, time};
use crate::secret;

/// Where the daemon is, and what proves the right to ask.
#[derive(Clone, Debug, clap::Args)]
struct Daemon {
    #[command(flatten)]
    rules: RulesArg,
    #[command(flatten)]
    http: HttpArg,
    #[command(flatten)]
    database: DatabaseArg,
}

/// Locks an account through the running daemon.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd lock apex-1 --until session_end --reason \"enough for today\"\n  riskd lock apex-1 --until 15:30\n  riskd lock apex-1 --until manual --reason \"under review\""
)]
pub(super) struct LockArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// session_end, a time HH:MM in the session's zone, a duration such as 2h, or manual
    #[arg(long, value_name = "WHEN", value_parser = until)]
    until: String,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT", default_value = "by hand", value_parser = reason)]
    reason: String,
    #[command(flatten)]
    daemon: Daemon,
}

/// Ends all locks of an account through the running daemon.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  riskd unlock apex-1 --reason \"reviewed with the desk\"")]
pub(super) struct UnlockArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    #[command(flatten)]
    daemon: Daemon,
}

/// Lets a rule that has fired fire again, through the running daemon.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Example:\n  riskd rearm apex-1 \"daily loss limit\" --reason \"the price was bad\""
)]
pub(super) struct RearmArgs {
    /// The account
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The rule
    #[arg(value_name = "RULE")]
    rule: String,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    #[command(flatten)]
    daemon: Daemon,
}

/// What is sent.
#[derive(Debug, Serialize)]
struct Body<'a> {
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    reason: &'a str,
}

/// Takes what a rule file takes; the daemon checks again.
fn until(text: &str) -> Result<String, String> {
    let is_time = || {
        let (hour, minute) = text.split_once(':')?;
        let is_two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        (is_two(hour) && is_two(minute) && hour <= "23" && minute <= "59").then_some(())
    };
    let is_known = matches!(text, "session_end" | "manual");
    if is_known || time::wait(text).is_ok() || is_time().is_some() {
        return Ok(text.to_owned());
    }
    Err("expected session_end, a time HH:MM, a duration such as 2h, or manual".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        Err("a reason is needed".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

pub(super) fn lock(args: &LockArgs, out: &mut Printer) -> anyhow::Result<Exit> {
    let body = Body {
        account: &args.account,
        rule: None,
        until: Some(&args.until),
        reason: &args.reason,
    };
    ask("/lock", &args.daemon, &body, out)
}

pub(super) fn unlock(args: &UnlockArgs, out: &mut Printer) -> anyhow::Result<Exit> {
    let body = Body {
        account: &args.account,
        rule: None,
        until: None,
        reason: &args.reason,
    };
    ask("/unlock", &args.daemon, &body, out)
}

pub(super) fn rearm(args: &RearmArgs, out: &mut Printer) -> anyhow::Result<Exit> {
    let body = Body {
        account: &args.account,
        rule: Some(&args.rule),
        until: None,
        reason: &args.reason,
    };
    ask("/rearm", &args.daemon, &body, out)
}

fn ask(path: &str, daemon: &Daemon, body: &Body<'_>, out: &mut Printer) -> anyhow::Result<Exit> {
    let settings = find::settings(&daemon.rules, out)?;
    let client = Client::new(find::http(&daemon.http, settings.as_ref())?)?;
    let database = daemon
        .database
        .database
        .clone()
        .unwrap_or_else(|| find::record_of(settings.as_ref()));
    runtime::short(async {
        // Whether a daemon is there comes before whether its token is.
        let status = match client.status().await {
            Ok(status) => status,
            Err(error) => return error.end(out),
        };
        let is_named = daemon.database.database.is_some();
        let of_daemon = status.pointer("/record/database").and_then(Value::as_str);
        let file = find::token_file(&database, is_named, of_daemon);
        let token = secret::from_file(&file).with_context(|| {
            format!(
                "cannot read the daemon's token; run this as the daemon's user or as root ({})",
                file.display()
            )
        })?;
        match client.post(path, token.expose(), body).await {
            Ok(answer) => {
                tell(answer, body, out)?;
                Ok(Exit::Done)
            }
            Err(ClientError::Refused {
                status,
                words,
                answer,
            }) => {
                // It may have been carried out without being on record.
                if answer.get("outcome").is_some() {
                    tell(answer, body, out)?;
                }
                bail!("the daemon says: {words} (HTTP {})", status.as_u16())
            }
            Err(error) => error.end(out),
        }
    })
}

fn tell(answer: Value, body: &Body<'_>, out: &mut Printer) -> anyhow::Result<()> {
    outcome::lines(answer, body.account, body.rule)
        .into_iter()
        .try_for_each(|line| out.line(line))
}
