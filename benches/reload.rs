//! Whether a reload of 1,000 rules keeps any poll waiting: the daemon with 20
//! accounts at one poll a second against the paper venue, over real sockets; the
//! file is edited and comes into force by itself, again and again.
//!
//! Run with `cargo bench --bench reload`; it takes about a minute.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its figures"
)]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use riskd::daemon::{Options, run};
use riskd_paper::{PaperConfig, PaperVenue, serve};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const HTTP: &str = "127.0.0.1:17392";
const ACCOUNTS: usize = 20;
const RULES: usize = 1_000;
const RELOADS: usize = 12;
/// Seconds that are watched before and after the reloads.
const CALM: u64 = 15;
/// A swap takes at most so long, in milliseconds.
const LIMIT_MS: f64 = 50.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(reloads());
}

async fn reloads() {
    let stop = CancellationToken::new();
    let config = PaperConfig {
        token: "bench-token".to_owned(),
        ..PaperConfig::default()
    }
    .sim_accounts(ACCOUNTS);
    let any = "127.0.0.1:0".parse().unwrap();
    let serving = serve(config, any, stop.clone()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    let file = File {
        folder: folder.path().to_owned(),
        accounts: serving
            .venue
            .config()
            .accounts
            .iter()
            .map(|account| account.name.clone())
            .collect(),
        address: serving.address,
    };
    write(&path, &file.text(0));
    let options = Options {
        rules: path.clone(),
        observe: false,
        database: None,
    };
    let daemon_stop = stop.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(options, daemon_stop)).unwrap();
    });
    sleep(Duration::from_secs(3)).await;

    let begun = serving.venue.now();
    sleep(Duration::from_secs(CALM)).await;
    let first = serving.venue.now();
    let mut swaps = Vec::new();
    for number in 1..=RELOADS {
        let old = status()["rules"]["hash"].clone();
        write(&path, &file.text(number));
        while status()["rules"]["hash"] == old {
            sleep(Duration::from_millis(20)).await;
        }
        swaps.push(status()["rules"]["swap_us"].as_u64().unwrap() as f64 / 1000.0);
    }
    let last = serving.venue.now();
    sleep(Duration::from_secs(CALM)).await;
    let ended = serving.venue.now();

    swaps.sort_by(f64::total_cmp);
    println!("{RELOADS} reloads of {RULES} rules, {ACCOUNTS} accounts, 1 s polls");
    println!(
        "  dispatcher kept by a swap: median {:.1} ms, longest {:.1} ms   (limit {LIMIT_MS} ms)",
        swaps[swaps.len() / 2],
        swaps[swaps.len() - 1]
    );
    let phases = [
        ("before", begun, first),
        ("while", first, last),
        ("after", last, ended),
    ];
    for (name, from, to) in phases {
        polls(name, &serving.venue, from, to);
    }
    let venue = &status()["venues"][0];
    println!("  failed polls: {}   (limit 0)", venue["failed_polls"]);
    stop.cancel();
    sleep(Duration::from_millis(500)).await;
    drop(folder);
}

type Instant = chrono::DateTime<chrono::Utc>;

/// Prints how often the venue was polled in a span; one poll is for every
/// account.
fn polls(name: &str, venue: &PaperVenue, from: Instant, to: Instant) {
    let seconds = |span: chrono::TimeDelta| span.num_microseconds().unwrap() as f64 / 1e6;
    let requests = venue.requests();
    let polls: Vec<Instant> = requests
        .iter()
        .filter(|request| request.path.ends_with("/accounts/snapshot"))
        .map(|request| request.at)
        .collect();
    let is_in = |at: Instant| from <= at && at < to;
    let count = polls.iter().filter(|at| is_in(**at)).count();
    let gaps = polls.windows(2).filter(|pair| is_in(pair[1]));
    let longest = gaps
        .map(|pair| seconds(pair[1] - pair[0]))
        .fold(0.0, f64::max);
    println!(
        "  {name:<6} {:.3} polls of each account a second over {:.1} s, longest gap {longest:.3} s   (limit 1 a second, no gap of 2 s)",
        count as f64 / seconds(to - from),
        seconds(to - from)
    );
}

fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

/// What the rule file is made of.
struct File {
    folder: PathBuf,
    accounts: Vec<String>,
    address: SocketAddr,
}

impl File {
    /// A file of several kinds of rule, each for every account; every number
    /// gives other limits.
    fn text(&self, number: usize) -> String {
        let token = self.folder.join("token");
        std::fs::write(&token, "bench-token\n").unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut text = format!(
            "version: 1\ndaemon: {{ http: \"{HTTP}\", database: \"{}\" }}\n\
             sessions:\n  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}\n\
             venues:\n  paper: {{ kind: crosstrade, token: {{ file: \"{}\" }}, poll: 1s, base_url: \"http://{}/v1/api\" }}\n\
             accounts:\n",
            self.folder.join("riskd.db").display(),
            token.display(),
            self.address,
        );
        for (index, name) in self.accounts.iter().enumerate() {
            let _ = writeln!(
                text,
                "  a{index}: {{ venue: paper, number: \"{name}\", session: globex, starting_balance: 50000 }}"
            );
        }
        text.push_str("rules:\n");
        for rule in 0..RULES {
            let limit = 1_000 + rule + number;
            let when = match rule % 4 {
                0 => format!("pnl: {{ loss: {limit} }}"),
                1 => format!(
                    "trailing_drawdown: {{ metric: equity, trail: {limit}, span: lifetime }}"
                ),
                2 => format!("position: {{ contracts: {limit} }}"),
                _ => format!(
                    "all: [{{ orders: {{ working: {limit} }} }}, {{ pnl: {{ loss: 1% }} }}]"
                ),
            };
            let _ = writeln!(
                text,
                "  - name: rule {rule}\n    accounts: [\"*\"]\n    when: {{ {when} }}\n    then: [cancel_orders, flatten]"
            );
        }
        text
    }
}

fn status() -> serde_json::Value {
    let mut stream = TcpStream::connect(HTTP).unwrap();
    let request = format!("GET /status HTTP/1.1\r\nHost: {HTTP}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap()
}
