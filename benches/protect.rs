//! How soon a crossed threshold leads to a flatten on the wire, and how many
//! requests that takes: the daemon against the paper venue, over real sockets.
//!
//! Run with `cargo bench --bench protect`; it takes about three minutes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its figures"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use riskd::daemon::{Options, run};
use riskd_paper::{PaperConfig, PaperVenue, serve};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const ES: &str = "ES 03-26";
const HTTP: &str = "127.0.0.1:17391";
const CROSSINGS: u32 = 40;
const ACCOUNTS: usize = 20;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        crossings().await;
        twenty_accounts().await;
    });
}

/// One account, one poll a second, crossings at phases spread over the second.
async fn crossings() {
    let stop = CancellationToken::new();
    let (venue, folder) = start(
        1,
        "{ pnl: { loss: 100, of: unrealized } }",
        "[cancel_orders, flatten]",
        "rearm: clear",
        &stop,
    )
    .await;
    let account = "Sim101";
    let mut waits = Vec::new();
    for turn in 0..CROSSINGS {
        venue.set_price(ES, 5000).unwrap();
        venue.open(account, ES, 1, None).unwrap();
        // The golden ratio spreads the phases evenly.
        let phase = (f64::from(turn) * 0.618_034).fract();
        sleep(Duration::from_millis(1200) + Duration::from_secs_f64(phase)).await;
        let crossed = venue.now();
        venue.set_price(ES, 4990).unwrap();
        let flatten = loop {
            if let Some(request) = venue.first_flatten(account, crossed) {
                break request;
            }
            sleep(Duration::from_millis(5)).await;
        };
        waits.push((flatten.at - crossed).num_microseconds().unwrap());
        while !venue.figures(account).unwrap().is_flat_and_quiet() {
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_millis(700)).await;
    }
    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100] as f64 / 1e6;
    println!("threshold crossed to flatten on the wire, 1 s polls, {CROSSINGS} crossings");
    println!("  median {:.3} s   (limit 0.51 s)", at(50));
    println!("  p90    {:.3} s", at(90));
    println!("  max    {:.3} s   (limit 1.03 s)", at(100));
    let status = status();
    println!("observation received to first protective request, in the process");
    println!(
        "  {} firings, p50 {} us, p99 {} us, max {} us   (limit p99 1000 us)",
        status["reaction"]["count"],
        status["reaction"]["p50_us"],
        status["reaction"]["p99_us"],
        status["reaction"]["max_us"]
    );
    stop.cancel();
    sleep(Duration::from_millis(500)).await;
    drop(folder);
}

/// Twenty accounts at one poll a second; all of them cross at once.
async fn twenty_accounts() {
    let stop = CancellationToken::new();
    let (venue, folder) = start(
        ACCOUNTS,
        "{ pnl: { loss: 500 } }",
        "[cancel_orders, flatten, { lock: { until: session_end } }]",
        "",
        &stop,
    )
    .await;
    let names: Vec<String> = venue
        .config()
        .accounts
        .iter()
        .map(|account| account.name.clone())
        .collect();
    for name in &names {
        venue.open(name, ES, 1, None).unwrap();
    }
    sleep(Duration::from_secs(20)).await;
    let crossed = venue.now();
    venue.set_price(ES, 4980).unwrap();
    sleep(Duration::from_secs(55)).await;
    let mut waits: Vec<f64> = names
        .iter()
        .map(|name| {
            let flatten = venue.first_flatten(name, crossed).unwrap();
            (flatten.at - crossed).num_microseconds().unwrap() as f64 / 1e6
        })
        .collect();
    waits.sort_by(f64::total_cmp);
    let flat = names
        .iter()
        .filter(|name| venue.figures(name).unwrap().is_flat_and_quiet())
        .count();
    let counters = venue.counters();
    println!("{ACCOUNTS} accounts, 1 s polls, all cross at once");
    println!(
        "  flatten on the wire: first {:.3} s, median {:.3} s, last {:.3} s",
        waits[0],
        waits[waits.len() / 2],
        waits[waits.len() - 1]
    );
    println!("  flat and quiet at the venue: {flat} of {ACCOUNTS}");
    println!(
        "  requests in the worst minute, by the venue's count: {}   (limit 180)",
        counters.worst_minute
    );
    println!(
        "  refused with 429: {}; calls to endpoints for all accounts: {}",
        counters.rate_limited, counters.all_accounts
    );
    stop.cancel();
    sleep(Duration::from_millis(500)).await;
    drop(folder);
}

async fn start(
    accounts: usize,
    when: &str,
    then: &str,
    more: &str,
    stop: &CancellationToken,
) -> (PaperVenue, tempfile::TempDir) {
    let config = PaperConfig {
        token: "bench-token".to_owned(),
        ..PaperConfig::default()
    }
    .sim_accounts(accounts);
    let serving = serve(config, "127.0.0.1:0".parse().unwrap(), stop.clone())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rules = write_rules(
        folder.path(),
        &serving.venue,
        serving.address,
        when,
        then,
        more,
    );
    serving.venue.set_price(ES, 5000).unwrap();
    let venue = serving.venue.clone();
    let options = Options {
        rules,
        observe: false,
        database: None,
    };
    let stop = stop.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(options, stop)).unwrap();
    });
    sleep(Duration::from_secs(2)).await;
    (venue, folder)
}

fn write_rules(
    folder: &Path,
    venue: &PaperVenue,
    address: SocketAddr,
    when: &str,
    then: &str,
    more: &str,
) -> std::path::PathBuf {
    let token = folder.join("token");
    std::fs::write(&token, "bench-token\n").unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut text = format!(
        "version: 1\ndaemon: {{ http: \"{HTTP}\", database: \"{}\" }}\n\
         sessions:\n  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}\n\
         venues:\n  paper: {{ kind: crosstrade, token: {{ file: \"{}\" }}, poll: 1s, base_url: \"http://{address}/v1/api\" }}\n\
         accounts:\n",
        folder.join("riskd.db").display(),
        token.display(),
    );
    for (index, account) in venue.config().accounts.iter().enumerate() {
        text.push_str(&format!(
            "  a{index}: {{ venue: paper, number: \"{}\", session: globex, starting_balance: 50000 }}\n",
            account.name
        ));
    }
    text.push_str(&format!(
        "rules:\n  - name: limit\n    accounts: [\"*\"]\n    when: {when}\n    then: {then}\n"
    ));
    if !more.is_empty() {
        text.push_str(&format!("    {more}\n"));
    }
    let path = folder.join("rules.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

fn status() -> serde_json::Value {
    let mut stream = TcpStream::connect(HTTP).unwrap();
    stream
        .write_all(b"GET /status HTTP/1.1\r\nHost: 127.0.0.1:17391\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap()
}
