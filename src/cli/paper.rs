//! `riskd paper`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use riskd_paper::{self as paper, PaperConfig, Serving, VenueKind};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::printer::Printer;
use super::{Exit, runtime};
use crate::files;

/// Longest scenario, in bytes.
const MAX_SCENARIO: usize = 16 * 1024 * 1024;

/// Runs the paper venue until SIGTERM or Ctrl-C: the REST API of a venue over
/// simulated accounts, for trying rules and for tests.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd paper\n  riskd paper --venue binance\n  riskd paper --listen 127.0.0.1:7399 --accounts 3 --seed 42\n  riskd paper --scenario my-day.json"
)]
pub(super) struct Args {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7399")]
    listen: SocketAddr,
    /// Whose API it speaks
    #[arg(long, value_name = "VENUE", value_enum, default_value_t = Kind::Crosstrade, conflicts_with_all = ["scenario", "demo"])]
    venue: Kind,
    /// How many accounts of 50,000 dollars: Sim101, Sim102, ... An exchange has two,
    /// one in hedge mode, each with a key
    #[arg(long, value_name = "N", default_value_t = 1)]
    accounts: usize,
    /// The bearer token that the API asks for
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Seed of everything random
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// A scenario: the venue's whole start in JSON
    #[arg(long, value_name = "FILE", conflicts_with = "accounts")]
    scenario: Option<PathBuf>,
    /// The scenario of `riskd demo`
    #[arg(long, conflicts_with_all = ["scenario", "accounts"])]
    demo: bool,
}

/// Whose API the paper venue speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// CrossTrade's, in front of NinjaTrader.
    Crosstrade,
    /// Binance's USD-M futures.
    Binance,
    /// Bybit's v5.
    Bybit,
    /// Bitget's futures, of which its accounts are classic ones.
    Bitget,
    /// BingX's perpetual swaps.
    #[value(name = "bingx")]
    BingX,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let config = config(args)?;
    if !args.listen.ip().is_loopback() {
        out.warning("this is not a loopback address: riskd refuses plain HTTP to it");
    }
    runtime::long(async {
        let stop = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
        let serving = paper::serve(config.clone(), args.listen, stop.clone()).await?;
        introduce(&serving, &config, out)?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
        serving.ended().await?;
        Ok(Exit::Done)
    })
}

fn config(args: &Args) -> anyhow::Result<PaperConfig> {
    let mut config = match &args.scenario {
        Some(path) => scenario(path)?,
        None if args.demo => PaperConfig::demo(),
        None => match args.venue {
            Kind::Crosstrade => PaperConfig::default().sim_accounts(args.accounts),
            Kind::Binance => PaperConfig::exchange(VenueKind::Binance),
            Kind::Bybit => PaperConfig::exchange(VenueKind::Bybit),
            Kind::Bitget => PaperConfig::exchange(VenueKind::Bitget),
            Kind::BingX => PaperConfig::exchange(VenueKind::BingX),
        },
    };
    if let Some(token) = &args.token {
        config.token.clone_from(token);
    }
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    Ok(config)
}

fn scenario(path: &Path) -> anyhow::Result<PaperConfig> {
    let text = files::read_text(path, MAX_SCENARIO)
        .with_context(|| format!("cannot read the scenario {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("the scenario {} is wrong", path.display()))
}

fn introduce(serving: &Serving, config: &PaperConfig, out: &mut Printer) -> anyhow::Result<()> {
    let names: Vec<&str> = config
        .accounts
        .iter()
        .map(|account| account.name.as_str())
        .collect();
    let base = serving.base_url();
    out.line(format_args!("base_url: {base}"))?;
    let (names, control) = (names.join(", "), serving.control_url());
    out.line(format_args!("control:  {control}"))?;
    if config.kind != VenueKind::CrossTrade {
        for key in &config.keys {
            let (account, id, secret) = (&key.account, &key.key, &key.secret);
            let passphrase = match key.passphrase.as_str() {
                "" => String::new(),
                text => format!(" and {text}"),
            };
            out.line(format_args!(
                "key:      {id} with {secret}{passphrase}, of {account}"
            ))?;
        }
        out.line(format_args!("accounts: {names}"))?;
        out.note(format_args!(
            "try:      curl {control}/state\nstop with Ctrl-C"
        ));
        return Ok(());
    }
    out.line(format_args!("token:    {}", config.token))?;
    out.line(format_args!("accounts: {names}"))?;
    out.note(format_args!(
        "try:      curl -H 'Authorization: Bearer {}' {base}/accounts\n          curl {control}/state\nstop with Ctrl-C",
        config.token,
    ));
    Ok(())
}
