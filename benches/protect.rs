//! How soon a crossed threshold leads to a flatten on the wire, how long that takes
//! in the process with the firing committed before, also on a disk that is full or
//! hangs, and how many requests twenty accounts take: the program itself against the
//! paper venue, over real sockets.
//!
//! Run with `cargo bench --bench protect`; it takes about six minutes, and gcc for
//! the disk that fails (`tests/it/e2e/points.c`). `PROTECT_CROSSINGS` says how many
//! crossings there are on each disk.
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
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use riskd_paper::{PaperConfig, PaperVenue, serve};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const ES: &str = "ES 03-26";
const HTTP: &str = "127.0.0.1:17391";
const CROSSINGS: u32 = 60;
const ACCOUNTS: usize = 20;

/// The instruments whose accounts cross in turn.
const INSTRUMENTS: [&str; 5] = ["ES 03-26", "MES 03-26", "NQ 03-26", "MNQ 03-26", "CL 02-26"];

/// What the disk does from the first crossing on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    Good,
    Full,
    Hanging,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        println!("observation received to first protective request, in the process, the firing committed before");
        for disk in [Disk::Good, Disk::Full, Disk::Hanging] {
            crossings(disk).await;
        }
        twenty_accounts().await;
    });
}

/// Accounts that cross one after the other, at phases spread over the second of
/// their polls.
async fn crossings(disk: Disk) {
    let crossings = std::env::var("PROTECT_CROSSINGS");
    let crossings: u32 = crossings.map_or(CROSSINGS, |text| text.parse().unwrap());
    let stop = CancellationToken::new();
    let mut rig = start(
        INSTRUMENTS.len(),
        "{ pnl: { loss: 100, of: unrealized } }",
        "[cancel_orders, flatten]",
        "rearm: clear",
        disk,
        &stop,
    )
    .await;
    if disk != Disk::Good {
        std::fs::write(rig.path("disk-fails"), "").unwrap();
    }
    let mut waits = Vec::new();
    for turn in 0..crossings {
        let place = turn as usize % INSTRUMENTS.len();
        let instrument = INSTRUMENTS[place];
        let account = rig.venue.config().accounts[place].name.clone();
        rig.venue.set_price(instrument, 5000).unwrap();
        rig.venue.open(&account, instrument, 5, None).unwrap();
        // The golden ratio spreads the phases evenly.
        let phase = (f64::from(turn) * 0.618_034).fract();
        // Some twenty a minute: what the token allows is a figure of `many`.
        sleep(Duration::from_millis(2000) + Duration::from_secs_f64(phase)).await;
        let crossed = rig.venue.now();
        rig.venue.set_price(instrument, 4900).unwrap();
        let first = || rig.venue.first_flatten(&account, crossed);
        let flatten = until("a flatten", first).await;
        waits.push((flatten.at - crossed).num_microseconds().unwrap());
        let is_flat = || rig.venue.figures(&account).unwrap().is_flat_and_quiet();
        until("a flat account", || is_flat().then_some(())).await;
    }
    let reaction = status()["reaction"].clone();
    println!(
        "  disk {:<8} {} firings, p50 {} us, p99 {} us, max {} us   {}",
        format!("{disk:?}").to_lowercase(),
        reaction["count"],
        reaction["p50_us"],
        reaction["p99_us"],
        reaction["max_us"],
        match disk {
            Disk::Good => "(limit p99 1000 us)",
            Disk::Full | Disk::Hanging => "(bound 20 ms for the record)",
        }
    );
    if disk == Disk::Good {
        waits.sort_unstable();
        let at = |share: usize| waits[(waits.len() - 1) * share / 100] as f64 / 1e6;
        println!("threshold crossed to flatten on the wire, 1 s polls, {crossings} crossings");
        println!("  median {:.3} s   (limit 0.51 s)", at(50));
        println!("  p90    {:.3} s", at(90));
        println!("  max    {:.3} s   (limit 1.03 s)", at(100));
    }
    rig.end();
    stop.cancel();
}

/// Waits for what must come, and fails when it does not.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..12_000 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come within a minute; is {HTTP} in use?");
}

/// Twenty accounts at one poll a second; all of them cross at once.
async fn twenty_accounts() {
    let stop = CancellationToken::new();
    let mut rig = start(
        ACCOUNTS,
        "{ pnl: { loss: 500 } }",
        "[cancel_orders, flatten, { lock: { until: session_end } }]",
        "",
        Disk::Good,
        &stop,
    )
    .await;
    let venue = rig.venue.clone();
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
    rig.end();
    stop.cancel();
}

/// A paper venue in this process, and the program beside it.
struct Rig {
    venue: PaperVenue,
    folder: tempfile::TempDir,
    daemon: Child,
}

impl Rig {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn end(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

/// The program with a library that lets its disk fail while a file is there.
fn program(folder: &Path, disk: Disk) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_riskd"));
    let log = std::fs::File::create(folder.join("state/log")).unwrap();
    command
        .args(["run", "--rules"])
        .arg(folder.join("rules/rules.yaml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    if disk == Disk::Good {
        return command;
    }
    let library = folder.join("points.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/e2e/points.c");
    let built = Command::new("gcc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status()
        .unwrap();
    assert!(built.success());
    let switch = folder.join("disk-fails");
    command
        .env("LD_PRELOAD", library)
        .env("POINTS_DATABASE", folder.join("state/riskd.db"));
    if disk == Disk::Full {
        command
            .env("POINTS_FAIL", "28")
            .env("POINTS_FAIL_WHILE", switch);
    } else {
        command.env("POINTS_HANG_WHILE", switch);
    }
    command
}

async fn start(
    accounts: usize,
    when: &str,
    then: &str,
    more: &str,
    disk: Disk,
    stop: &CancellationToken,
) -> Rig {
    let config = PaperConfig {
        token: "bench-token".to_owned(),
        ..PaperConfig::default()
    }
    .sim_accounts(accounts);
    let serving = serve(config, "127.0.0.1:0".parse().unwrap(), stop.clone())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_rules(
        folder.path(),
        &serving.venue,
        serving.address,
        when,
        then,
        more,
    );
    for instrument in INSTRUMENTS {
        serving.venue.set_price(instrument, 5000).unwrap();
    }
    let daemon = program(folder.path(), disk).spawn().unwrap();
    sleep(Duration::from_secs(3)).await;
    Rig {
        venue: serving.venue.clone(),
        folder,
        daemon,
    }
}

fn write_rules(
    folder: &Path,
    venue: &PaperVenue,
    address: SocketAddr,
    when: &str,
    then: &str,
    more: &str,
) {
    // In folders of their own, as the package has them: that of the rule file and the
    // one above it are watched, and each write to the record would wake that watch.
    std::fs::create_dir(folder.join("rules")).unwrap();
    std::fs::create_dir(folder.join("state")).unwrap();
    let token = folder.join("rules/token");
    std::fs::write(&token, "bench-token\n").unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut text = format!(
        "version: 1\ndaemon: {{ http: \"{HTTP}\", database: \"{}\" }}\n\
         sessions:\n  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}\n\
         venues:\n  paper: {{ kind: crosstrade, token: {{ file: \"{}\" }}, poll: 1s, base_url: \"http://{address}/v1/api\" }}\n\
         accounts:\n",
        folder.join("state/riskd.db").display(),
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
    std::fs::write(folder.join("rules/rules.yaml"), text).unwrap();
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
