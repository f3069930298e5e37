//! What an exchange is asked at a poll a second, flat and with ten symbols, by the venue's
//! own count; how soon a crossed limit leads to the first request; and what memory the
//! program takes with two accounts at each of the venues: the program itself against the
//! paper venue, over real sockets.
//!
//! Run with `cargo bench --bench exchange`; it takes about six minutes a venue.
//! `EXCHANGES` names the venues, `EXCHANGE_CROSSINGS` how often is measured.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its figures"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use riskd_paper::{InstrumentConfig, PaperConfig, PaperVenue, VenueKind, serve};
use rust_decimal::Decimal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const ALL: &str = "bybit,binance,bitget,bingx";
const ACCOUNT: &str = "main";
const KEY: &str = "paper-key-main";
const SECRET: &str = "paper-secret";
const PASSPHRASE: &str = "paper-passphrase";
const SYMBOLS: usize = 10;

/// One line of the table.
struct Figure {
    what: &'static str,
    values: Vec<String>,
}

fn main() {
    let names = std::env::var("EXCHANGES").unwrap_or_else(|_| ALL.to_owned());
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
    let memory = runtime.block_on(memory(&venues));
    println!(
        "{} entries, polled once a second for a minute: {memory} kB resident",
        2 * venues.len()
    );
}

async fn measure(name: &str) -> Vec<(&'static str, String)> {
    let mut figures = Vec::new();
    for (symbols, [second, minute, weight, longest]) in [
        (
            0,
            [
                "requests a second at most, flat",
                "requests a minute, flat",
                "weight of that minute by the venue's header, flat",
                "longest between two polls, flat",
            ],
        ),
        (
            SYMBOLS,
            [
                "requests a second at most, ten symbols",
                "requests a minute, ten symbols",
                "weight of that minute by the venue's header, ten symbols",
                "longest between two polls, ten symbols",
            ],
        ),
    ] {
        let asked = idle(name, symbols).await;
        figures.push((second, asked.most_a_second.to_string()));
        figures.push((minute, asked.a_minute.to_string()));
        let told = asked.weight.map_or("none".to_owned(), |it| it.to_string());
        figures.push((weight, told));
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
    /// By a header of the venue that counts from minute to minute.
    weight: Option<u32>,
    longest_gap: f64,
}

/// What a venue is asked while nothing happens.
async fn idle(name: &str, symbols: usize) -> Asked {
    let stop = CancellationToken::new();
    let mut rig = start(name, "loss: 5000", &stop).await;
    for symbol in rig.symbols().into_iter().take(symbols) {
        rig.open(&symbol, 1);
    }
    // The rules of symbols are read once, and what others count begins with a minute.
    sleep(Duration::from_secs(5)).await;
    let past = u64::from(rig.venue.now().timestamp_subsec_millis())
        + 1000 * rig.venue.now().timestamp().rem_euclid(60).unsigned_abs();
    sleep(Duration::from_millis(60_000 - past)).await;
    let from = rig.venue.now();
    sleep(Duration::from_millis(59_800)).await;
    let weight = used_weight(rig.address);
    let requests = rig.venue.requests();
    let times: Vec<DateTime<Utc>> = requests
        .iter()
        .filter(|request| request.at >= from)
        .map(|request| request.at)
        .collect();
    // One of the requests of a poll.
    let of_poll = match name {
        "bybit" => "/v5/account/wallet-balance",
        "binance" => "/account?",
        "bitget" => "/accounts?productType=USDT-FUTURES",
        _ => "/user/balance",
    };
    let is_poll = |path: &str| path.contains(of_poll);
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
        a_minute: times.len(),
        weight,
        longest_gap: gaps.fold(0.0, f64::max),
    };
    rig.end();
    stop.cancel();
    asked
}

/// What was used of the minute's weight before this was asked, which weighs 1 itself.
fn used_weight(address: SocketAddr) -> Option<u32> {
    let mut stream = TcpStream::connect(address).unwrap();
    let ask = format!("GET /fapi/v1/ping HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, rest) = answer.split_once("x-mbx-used-weight-1m: ")?;
    let used: u32 = rest.lines().next()?.parse().ok()?;
    Some(used - 1)
}

/// The memory of the program in kB, with both accounts of each of these venues.
async fn memory(names: &[&str]) -> u64 {
    let stop = CancellationToken::new();
    let folder = tempfile::tempdir().unwrap();
    let (mut venues, mut accounts) = (String::new(), String::new());
    for name in names {
        let kind: VenueKind = serde_json::from_value((*name).into()).unwrap();
        let config = PaperConfig::exchange(kind);
        let address = "127.0.0.1:0".parse().unwrap();
        let serving = serve(config, address, stop.clone()).await.unwrap();
        for account in ["main", "hedge"] {
            let entry = format!("{name}_{account}");
            let key = format!("paper-key-{account}");
            venues += &venue(&entry, name, &format!("http://{}", serving.address), &entry);
            accounts += &format!(
                "  {entry}: {{ venue: {entry}, session: utc, starting_balance: 15000 }}\n"
            );
            write_credential(folder.path(), &entry, &key);
        }
    }
    let rules = rules(&venues, &accounts, "loss: 5000");
    std::fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    let mut daemon = program(folder.path()).spawn().unwrap();
    sleep(Duration::from_secs(60)).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let (_, rest) = status.split_once("VmRSS:").unwrap();
    let resident = rest.split_whitespace().next().unwrap().parse().unwrap();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    stop.cancel();
    resident
}

/// How soon the first close leaves, at phases spread over the second of the polls.
async fn crossings(name: &str) -> Vec<f64> {
    let stop = CancellationToken::new();
    let mut rig = start(name, "loss: 100, of: unrealized", &stop).await;
    let symbol = &spelled(name, "BTC");
    let mut waits = Vec::new();
    for turn in 0..number("EXCHANGE_CROSSINGS", 60) {
        rig.venue.set_price(symbol, 50_000).unwrap();
        rig.open(symbol, 1);
        // The golden ratio spreads the phases evenly.
        let phase = (turn as f64 * 0.618_034).fract();
        // The list of what moved money may be read once in five seconds: a look at a
        // wallet that it does not explain yet arms no rule.
        let is_armed = || (rig.told("rearmed") >= turn).then_some(());
        until("a rule that may fire", is_armed).await;
        sleep(Duration::from_millis(1200) + Duration::from_secs_f64(phase)).await;
        let crossed = rig.venue.now();
        rig.venue.set_price(symbol, 49_000).unwrap();
        let first = || rig.venue.first_flatten(ACCOUNT, crossed);
        let flatten = until("a close", first).await;
        waits.push(seconds(flatten.at - crossed));
        // What is opened before riskd has proven it flat is closed as well.
        let is_proven = || (rig.told("verified") > turn).then_some(());
        until("a proof", is_proven).await;
    }
    rig.end();
    stop.cancel();
    waits
}

/// Waits for what must come, and fails when it does not.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..12_000 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come within a minute");
}

fn seconds(span: TimeDelta) -> f64 {
    span.num_microseconds().unwrap() as f64 / 1e6
}

/// How a venue spells what is traded of this coin.
fn spelled(name: &str, coin: &str) -> String {
    let between = if name == "bingx" { "-" } else { "" };
    format!("{coin}{between}USDT")
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A paper venue in this process, and the program beside it.
struct Rig {
    venue: PaperVenue,
    address: SocketAddr,
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

    /// How often the program has told of this.
    fn told(&self, event: &str) -> u64 {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        log.matches(&format!("event=\"{event}\"")).count() as u64
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
        let symbol = spelled(name, &format!("COIN{place}"));
        let instrument = InstrumentConfig::perpetual(&symbol, 100, "USDT");
        config.instruments.push(instrument);
    }
    let serving = serve(config, "127.0.0.1:0".parse().unwrap(), stop.clone())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_credential(folder.path(), "v", KEY);
    let rules = rules(
        &venue("v", name, &format!("http://{}", serving.address), "v"),
        "  a: { venue: v, session: utc, starting_balance: 1000000 }\n",
        loss,
    );
    std::fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    let daemon = program(folder.path()).spawn().unwrap();
    sleep(Duration::from_secs(3)).await;
    Rig {
        venue: serving.venue.clone(),
        address: serving.address,
        folder,
        daemon,
    }
}

fn write_credential(folder: &Path, name: &str, key: &str) {
    for (file, text) in [("key", key), ("secret", SECRET), ("passphrase", PASSPHRASE)] {
        let path = folder.join(format!("{name}.{file}"));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
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

fn venue(name: &str, kind: &str, address: &str, credential: &str) -> String {
    let more = match kind {
        "binance" => format!(", rights_url: \"{address}\""),
        "bitget" => format!(", passphrase: {{ file: {credential}.passphrase }}"),
        _ => String::new(),
    };
    format!(
        "  {name}: {{ kind: {kind}, key: {{ file: {credential}.key }}, secret: {{ file: {credential}.secret }}, poll: 1s, base_url: \"{address}\"{more} }}\n"
    )
}

fn rules(venues: &str, accounts: &str, loss: &str) -> String {
    format!(
        "version: 1\n\
         daemon: {{ http: off, database: riskd.db }}\n\
         sessions:\n  utc: {{ timezone: UTC, open: \"00:00\", days: [mon, tue, wed, thu, fri, sat, sun] }}\n\
         venues:\n{venues}\
         accounts:\n{accounts}\
         rules:\n  - {{ name: limit, accounts: [\"*\"], when: {{ pnl: {{ {loss} }} }}, then: [cancel_orders, flatten], rearm: clear }}\n"
    )
}
