//! `riskd demo`: the paper venue, an example rule file and the daemon in one
//! process.

mod folder;
mod log;
mod scene;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Context, bail};
use riskd_paper::{self as paper, Serving};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::printer::{Paint, Printer};
use super::{Exit, runtime};
use crate::daemon::{self, Options};
use folder::Folder;
use log::DemoLog;
use scene::{Scene, Venue};

/// The port of the page, when it is free.
const USUAL_PORT: u16 = 7380;
/// How many ports above it are tried.
const PORTS: u16 = 20;
/// How long `--exit-after-fired` waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// Shows riskd at work: simulated accounts trade, one of them loses, a rule
/// fires, and the account is made flat and locked. Nothing leaves this machine.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd demo\n  riskd demo --fast\n  riskd demo --venue binance\n\nWhile it runs, in another terminal:\n  riskd status --http 127.0.0.1:7380"
)]
pub(super) struct Args {
    /// Whose API the paper venue speaks
    #[arg(long, value_name = "VENUE", value_enum, default_value_t = Venue::Crosstrade)]
    venue: Venue,
    /// Let prices fall five times as fast
    #[arg(long)]
    fast: bool,
    /// Keep the rule file and the record when it ends
    #[arg(long)]
    keep: bool,
    /// End once a firing was verified flat; fail when that takes over a minute
    #[arg(long, hide = true)]
    exit_after_fired: bool,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    runtime::long(play(args, out))
}

async fn play(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let stop = CancellationToken::new();
    let scene = Scene::of(args.venue, args.fast);
    let venue = paper::serve(scene.config.clone(), loopback(0), stop.clone()).await?;
    let page = free_address()?;
    let mut folder = Folder::new(&scene, &venue.base_url(), page)?;
    if args.keep {
        folder.keep();
    }
    introduce(&folder, &scene, out)?;
    let options = Options {
        rules: folder.rules(),
        observe: false,
        database: None,
    };
    let daemon = daemon::run(options, stop.clone());
    tokio::pin!(daemon);
    let told = tokio::select! {
        told = tell(args, &folder, &venue, (&scene, page), out) => told,
        ended = &mut daemon => {
            ended.context("the daemon cannot start")?;
            return Ok(Exit::Done);
        }
    };
    stop.cancel();
    // The record is closed before its folder goes.
    let ended = daemon.await;
    let exit = told?;
    ended?;
    Ok(exit)
}

/// Tells the log until it is over.
async fn tell(
    args: &Args,
    folder: &Folder,
    venue: &Serving,
    (scene, page): (&Scene, SocketAddr),
    out: &mut Printer,
) -> anyhow::Result<Exit> {
    let mut log = DemoLog::new(folder.database(), venue.venue.clone(), scene);
    if args.exit_after_fired {
        return match timeout(PATIENCE, log.until_verified(out)).await {
            Ok(told) => told.map(|()| Exit::Done),
            Err(_) => bail!(
                "no firing was verified flat within {} s",
                PATIENCE.as_secs()
            ),
        };
    }
    log.until_verified(out).await?;
    explain(folder, page, out)?;
    log.for_ever(out).await?;
    Ok(Exit::Done)
}

fn introduce(folder: &Folder, scene: &Scene, out: &mut Printer) -> anyhow::Result<()> {
    out.line(out.paint(
        Paint::Bold,
        "riskd demo: nothing of this leaves your machine",
    ))?;
    out.line(format_args!(
        "
Simulated accounts trade at a paper venue, and riskd watches them once a second
by the rules in {}.

The account `{}` holds {} with a stop and a target resting, and the price falls.
It may lose 500 in a session. What you will see:
  1. warnings, when 50% and 80% of the limit are lost
  2. the rule fires: working orders are cancelled, the position is closed
  3. riskd reads the account again until it is verified flat and quiet
  4. the account stays locked until the next session
",
        folder.rules().display(),
        scene.loser.1,
        scene.holding,
    ))
}

fn explain(folder: &Folder, page: SocketAddr, out: &mut Printer) -> anyhow::Result<()> {
    let database = folder.database();
    let database = database.display();
    out.line(format_args!(
        "
{}
The account was over its limit, and now it is flat, quiet and locked. riskd goes on watching.

  the page     http://{page}/
  its state    riskd status --http {page}
  the record   riskd events --database {database}
  one firing   riskd why 1 --database {database}
  stop         Ctrl-C
",
        out.paint(Paint::Bold, "That was it.")
    ))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The usual address, or the next one that is free.
fn free_address() -> anyhow::Result<SocketAddr> {
    (USUAL_PORT..USUAL_PORT.saturating_add(PORTS))
        .map(loopback)
        .find(|address| TcpListener::bind(address).is_ok())
        .with_context(|| format!("no free port from {USUAL_PORT} on"))
}
