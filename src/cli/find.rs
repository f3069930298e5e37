//! Finding the rule file, the record and the daemon.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::printer::Printer;
use crate::api;
use crate::daemon;
use crate::rules::Loaded;
use crate::rules::settings::Daemon;
use crate::store::StoreError;

/// The environment variable that names the rule file.
const RULES_VARIABLE: &str = "RISKD_RULES";
/// Where the rule file is looked for when nothing names it.
const RULES_PLACES: [&str; 2] = ["rules.yaml", "/etc/riskd/rules.yaml"];
/// Where the service of the package keeps its record.
const SERVICE_FOLDER: &str = "/var/lib/riskd";
/// Where the daemon listens when the rule file does not say.
const USUAL_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7380);

/// The rule file.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct RulesArg {
    /// The rule file [default: $RISKD_RULES, ./rules.yaml, /etc/riskd/rules.yaml]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
}

/// The record.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct DatabaseArg {
    /// The database [default: the rule file's, $STATE_DIRECTORY/riskd.db, ./riskd.db]
    #[arg(long, value_name = "FILE")]
    pub(super) database: Option<PathBuf>,
}

/// The daemon.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct HttpArg {
    /// The address of the daemon, such as 127.0.0.1:7380 [default: the rule file's]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) http: Option<SocketAddr>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix("http://").unwrap_or(text);
    let bare = bare
        .trim_end_matches('/')
        .replace("localhost:", "127.0.0.1:");
    bare.parse()
        .map_err(|_| "expected an address and a port, such as 127.0.0.1:7380".to_owned())
}

/// The rule file that was named, or the first one that is there.
pub(super) fn rules_file(args: &RulesArg) -> anyhow::Result<PathBuf> {
    if let Some(path) = named(args) {
        return Ok(path);
    }
    match RULES_PLACES
        .iter()
        .map(Path::new)
        .find(|path| may_exist(path))
    {
        Some(path) => Ok(path.to_owned()),
        None => bail!(
            "no rule file: looked for --rules, ${RULES_VARIABLE} (not set), ./{} and {}",
            RULES_PLACES[0],
            RULES_PLACES[1]
        ),
    }
}

fn named(args: &RulesArg) -> Option<PathBuf> {
    let variable = || std::env::var_os(RULES_VARIABLE).filter(|value| !value.is_empty());
    args.rules.clone().or_else(|| variable().map(PathBuf::from))
}

/// Reads a rule file and checks it.
pub(super) fn load(path: &Path) -> anyhow::Result<Loaded> {
    let text = daemon::read_text(path)
        .with_context(|| format!("cannot read the rule file {}", path.display()))?;
    Ok(daemon::load_rules(path, &text))
}

/// The settings of the rule file, for a command that can do without: a file
/// that was named must be readable; one whose settings have errors, or that
/// cannot be read to its end, is told of and passed over.
pub(super) fn settings(args: &RulesArg, out: &Printer) -> anyhow::Result<Option<Daemon>> {
    let path = match named(args) {
        Some(path) => path,
        None => match rules_file(args) {
            Ok(path) => path,
            Err(_) => return Ok(None),
        },
    };
    let loaded = load(&path)?;
    if loaded.daemon.is_none() {
        out.warning(format_args!(
            "{} has errors (see `riskd check`); going on with the usual places",
            path.display()
        ));
    }
    Ok(loaded.daemon)
}

/// The record: as named, else by the rule file, else in the usual places.
pub(super) fn database(
    args: &DatabaseArg,
    rules: &RulesArg,
    out: &Printer,
) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.database {
        return Ok(path.clone());
    }
    Ok(record_of(settings(rules, out)?.as_ref()))
}

/// Where commands look for the record, for those who are told that there is
/// none.
pub(super) const RECORD_PLACES: &str = "it was looked for at --database, else at `database` of the rule file, else at \
     $STATE_DIRECTORY/riskd.db, else at ./riskd.db, else at /var/lib/riskd/riskd.db; \
     --database FILE names another";

/// Whether there is no record where one was looked for.
pub(super) const fn is_no_record(error: &StoreError) -> bool {
    matches!(error, StoreError::NoRecord { .. })
}

/// The record that goes with the settings of a rule file; the service's, where
/// there is none in this folder.
pub(super) fn record_of(settings: Option<&Daemon>) -> PathBuf {
    let path = daemon::database_path(None, settings);
    if path.is_absolute() || may_exist(&path) {
        return path;
    }
    let service = Path::new(SERVICE_FOLDER).join(&path);
    if may_exist(&service) { service } else { path }
}

/// Whether a file is there, or cannot be seen from here: that is told by whoever
/// reads it, and is not the same as no file.
fn may_exist(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

/// The address of the daemon: as named, else by the rule file.
pub(super) fn http(args: &HttpArg, settings: Option<&Daemon>) -> anyhow::Result<SocketAddr> {
    match (args.http, settings) {
        (Some(address), _) => Ok(address),
        (None, None) => Ok(USUAL_ADDRESS),
        (None, Some(settings)) => settings
            .http
            .context("the rule file turns the daemon's API off (`http: off`)"),
    }
}

/// The file with the token of the API: beside the record, if that was named or
/// there is a token; else beside the one that the daemon says it writes.
pub(super) fn token_file(database: &Path, is_named: bool, of_daemon: Option<&str>) -> PathBuf {
    let beside = api::token_path(database);
    if is_named || beside.exists() {
        return beside;
    }
    of_daemon.map_or(beside, |database| api::token_path(Path::new(database)))
}
