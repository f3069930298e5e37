//! What an exchange is asked at a poll a second, flat and with ten symbols, by the venue's
//! own count; and how soon a crossed limit leads to the first request: the program itself
//! against the paper venue, over real sockets.
//!
//! Run with `cargo bench --bench exchange`; it takes about four minutes a venue.
//! `EXCHANGES` names the venues, `EXCHANGE_CROSSINGS` and `EXCHANGE_SECONDS` how often
//! and how long is measured.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its figures"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use riskd_paper::{InstrumentConfig, PaperConfig, PaperVenue, VenueKind, serve};
use rust_decimal::Decimal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "main";
const KEY: &str = "paper-key-main";
const SECRET: &str = "paper-secret";
const SYMBOLS: usize = 10;

/// One line of the table.
struct Figure {
    what: &'static str,
    values: Vec<String>,
}

fn main() {
    let names = std::env::var("EXCHANGES").unwrap_or_else(|_| "bybit,binance".to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut table: Vec<Figure> = Vec::new();
    let venues: Vec<&str> = names.split(',').collect();
    for name in &venues {
        for (what, value) in runtime.block_on(measure(name)) {
            match table.iter_mut().find(|figure| figure.what == what) {
                Some(figure) => figure.values.push(value),
                None => table.push(Figure {
                    what,
                    values: vec![value],
                }),
            }
        }
    }
    println!("{:<56} {}", "", venues.join("        "));
    for figure in table {
        println!("{:<56} {}", figure.what, figure.values.join("        "));
    }
}

async fn measure(name: &str) -> Vec<(&'static str, String)> {
    let mut figures = Vec::new();
    for (symbols, [second, minute, longest]) in [
        (
            0,
            [
                "requests a second at most, flat",
                "requests a minute, flat",
                "longest between two polls, flat",
            ],
        ),
        (
            SYMBOLS,
            [
                "requests a second at most, ten symbols",
                "requests a minute, ten symbols",
                "longest between two polls, ten symbols",
            ],
        ),
    ] {
        let asked = idle(name, symbols).await;
        figures.push((second, asked.most_a_second.to_string()));
        figures.push((minute, asked.a_minute.to_string()));
        figures.push((longest, format!("{:.2} s", asked.longest_gap)));
    }
    let mut waits = crossings(name).await;
    waits.sort_by(f64::total_cmp);
    let at = |share: usize| waits[(waits.len() - 1) * share / 100];
    figures.push((
        "crossing to first request, p50 (limit 0.51 s)",
        format!("{:.3} s", at(50)),
    ));
    figures.push((
        "crossing to first request, max (limit 1.03 s)",
        format!("{:.3} s", at(100)),
    ));
    figures
}

struct Asked {
    most_a_second: usize,
    a_minute: usize,
    longest_gap: f64,
}

/// What a venue is asked while nothing happens.
async fn idle(name: &str, symbols: usize) -> Asked {
    let stop = CancellationToken::new();
    let mut rig = start(name, "loss: 5000", &stop).await;
    for symbol in rig.symbols().into_iter().take(symbols) {
        rig.open(&symbol, 1);
    }
    // The rules of symbols are read once.
    sleep(Duration::from_secs(5)).await;
    let from = rig.venue.now();
    let span = number("EXCHANGE_SECONDS", 60);
    sleep(Duration::from_secs(span)).await;
    let requests = rig.venue.requests();
    let times: Vec<DateTime<Utc>> = requests
        .iter()
        .filter(|request| request.at >= from)
        .map(|request| request.at)
        .collect();
    let is_poll = |path: &str| path.contains("/wallet-balance") || path.contains("/account?");
    let polls: Vec<DateTime<Utc>> = requests
        .iter()
        .filter(|request| request.at >= from && is_poll(&request.path))
        .map(|request| request.at)
        .collect();
    let within_a_second = |first: &DateTime<Utc>| {
        let end = *first + TimeDelta::seconds(1);
        times
            .iter()
            .filter(|at| **at >= *first && **at < end)
            .count()
    };
    let gaps = polls.windows(2).map(|two| seconds(two[1] - two[0]));
    let asked = Asked {
        most_a_second: times.iter().map(within_a_second).max().unwrap_or_default(),
        a_minute: times.len() * 60 / usize::try_from(span).unwrap(),
        longest_gap: gaps.fold(0.0, f64::max),
    };
    rig.end();
    stop.cancel();
    asked
}

/// How soon the first close leaves, at phases spread over the second of the polls.
async fn crossings(name: &str) -> Vec<f64> {
    let stop = CancellationToken::new();
    let mut rig = start(name, "loss: 100, of: unrealized", &stop).await;
    let symbol = "BTCUSDT";
    let mut waits = Vec::new();
    for turn in 0..number("EXCHANGE_CROSSINGS", 60) {
        rig.venue.set_price(symbol, 50_000).unwrap();
        rig.open(symbol, 1);
        // The golden ratio spreads the phases evenly.
        let phase = (turn as f64 * 0.618_034).fract();
        sleep(Duration::from_millis(1200) + Duration::from_secs_f64(phase)).await;
        let crossed = rig.venue.now();
        rig.venue.set_price(symbol, 49_000).unwrap();
        let flatten = loop {
            if let Some(request) = rig.venue.first_flatten(ACCOUNT, crossed) {
                break request;
            }
            sleep(Duration::from_millis(5)).await;
        };
        waits.push(seconds(flatten.at - crossed));
        // What is opened before riskd has proven it flat is closed as well.
        while rig.proofs() < turn + 1 {
            sleep(Duration::from_millis(20)).await;
        }
    }
    rig.end();
    stop.cancel();
    waits
}

fn seconds(span: TimeDelta) -> f64 {
    span.num_microseconds().unwrap() as f64 / 1e6
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A paper venue in this process, and the program beside it.
struct Rig {
    venue: PaperVenue,
    folder: tempfile::TempDir,
    daemon: Child,
}

impl Rig {
    fn symbols(&self) -> Vec<String> {
        let instruments = self.venue.config().instruments.iter();
        instruments.map(|one| one.symbol.clone()).collect()
    }

    fn open(&self, symbol: &str, quantity: i64) {
        let quantity = Decimal::from(quantity);
        self.venue.open(ACCOUNT, symbol, quantity, None).unwrap();
    }

    /// How often the program has proven its account flat.
    fn proofs(&self) -> u64 {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        log.matches("event=\"verified\"").count() as u64
    }

    fn end(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

async fn start(name: &str, loss: &str, stop: &CancellationToken) -> Rig {
    let kind: VenueKind = serde_json::from_value(name.into()).unwrap();
    let mut config = PaperConfig::exchange(kind);
    config.accounts[0].balance = Decimal::from(1_000_000);
    for place in config.instruments.len()..SYMBOLS {
        let symbol = format!("COIN{place}USDT");
        let instrument = InstrumentConfig::perpetual(&symbol, 100, "USDT");
        config.instruments.push(instrument);
    }
    let serving = serve(config, "127.0.0.1:0".parse().unwrap(), stop.clone())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [("key", KEY), ("secret", SECRET)] {
        let path = folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let rules = rules(name, &format!("http://{}", serving.address), loss);
    std::fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    let daemon = program(folder.path()).spawn().unwrap();
    sleep(Duration::from_secs(3)).await;
    Rig {
        venue: serving.venue.clone(),
        folder,
        daemon,
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_riskd"));
    let log = std::fs::File::create(folder.join("log")).unwrap();
    command
        .current_dir(folder)
        .args(["run", "--rules", "rules.yaml"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    command
}

fn rules(kind: &str, address: &str, loss: &str) -> String {
    format!(
        "version: 1\n\
         daemon: {{ http: off, database: riskd.db }}\n\
         sessions:\n  utc: {{ timezone: UTC, open: \"00:00\", days: [mon, tue, wed, thu, fri, sat, sun] }}\n\
         venues:\n  v: {{ kind: {kind}, key: {{ file: key }}, secret: {{ file: secret }}, poll: 1s, base_url: \"{address}\" }}\n\
         accounts:\n  a: {{ venue: v, session: utc, starting_balance: 1000000 }}\n\
         rules:\n  - {{ name: limit, accounts: [a], when: {{ pnl: {{ {loss} }} }}, then: [cancel_orders, flatten], rearm: clear }}\n"
    )
}
