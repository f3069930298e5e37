//! A paper venue in this process and the real `riskd` beside it.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use riskd::store::{EntryFilter, Reader, Restored, Store};
use riskd_paper::{PaperClock, PaperConfig, PaperVenue, serve_venue};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::machine::{self, WEDNESDAY, WallClock};

/// The token of every rig: searched for where it must not be.
pub const CANARY: &str = "canary-7f3a9c51-token";

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The rules of most rigs.
pub const LOSS_LIMIT: &str = r#"
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: { pnl: { loss: 500 } }
    then: [cancel_orders, flatten, { lock: { until: session_end } }, { notify: log }]
"#;

pub struct Rig {
    pub folder: TempDir,
    pub venue: PaperVenue,
    pub address: SocketAddr,
    runtime: Runtime,
    stop: CancellationToken,
    /// The venue's clock, which is right.
    clock: WallClock,
    /// How the clock was set at first.
    first: WallClock,
    daemon: Option<Child>,
    starts: usize,
    /// What the next starts of the daemon find in their environment.
    pub environment: Vec<(&'static str, String)>,
    /// When a price moved last, and how long after that the account was first proven
    /// flat: told at the end, for the table of runs (`tests/figures/exchange`).
    moved: Cell<Option<Instant>>,
    flat_after: Cell<Option<Duration>>,
    /// What was read of the record last.
    seen: RefCell<Seen>,
}

/// Length and time of a file, where it is there.
type Stamp = Option<(u64, SystemTime)>;

/// The kind and the account of each entry, as the files of the record were then: what is
/// waited for is looked for forty times a second, and they change with each poll.
#[derive(Default)]
struct Seen {
    files: [Stamp; 2],
    entries: Vec<(String, Option<String>)>,
}

impl Rig {
    /// A rig with these accounts at the paper venue, each with 50,000, and the
    /// rules as given, on an unremarkable Wednesday. Nothing is started but the
    /// venue.
    pub fn new(accounts: &[&str], rules: &str) -> Rig {
        Rig::with(paper(accounts), accounts, rules)
    }

    /// The same on a machine whose clock, and the venue's, is at this time.
    pub fn at(time: &str, accounts: &[&str], rules: &str) -> Rig {
        Rig::with_at(time, paper(accounts), accounts, rules)
    }

    pub fn with(config: PaperConfig, accounts: &[&str], rules: &str) -> Rig {
        Rig::with_at(WEDNESDAY, config, accounts, rules)
    }

    fn with_at(time: &str, config: PaperConfig, accounts: &[&str], rules: &str) -> Rig {
        let runtime = Runtime::new().unwrap();
        let stop = CancellationToken::new();
        let any = "127.0.0.1:0".parse().unwrap();
        let clock = WallClock::at(time.parse().unwrap());
        let first = clock.plus(TimeDelta::zero());
        let venue = PaperVenue::new(config, venue_clock(clock.clone())).unwrap();
        let serving = runtime
            .block_on(serve_venue(venue, any, stop.clone()))
            .unwrap();
        let rig = Rig {
            folder: tempfile::tempdir().unwrap(),
            venue: serving.venue.clone(),
            address: serving.address,
            runtime,
            stop,
            clock,
            first,
            daemon: None,
            starts: 0,
            environment: Vec::new(),
            moved: Cell::new(None),
            flat_after: Cell::new(None),
            seen: RefCell::default(),
        };
        rig.set_daemon_clock(0);
        rig.write_token(CANARY);
        rig.write_rules(&rig.rule_file(accounts, rules));
        rig
    }

    /// A price has moved now, which may cross a limit.
    pub fn note_move(&self) {
        self.moved.set(Some(Instant::now()));
    }

    /// The account was proven flat; the first time counts.
    pub fn note_flat(&self) {
        let took = self.moved.get().map(|moved| moved.elapsed());
        self.flat_after.set(self.flat_after.get().or(took));
    }

    /// The right time, as the venue has it.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Sets the wall clock of the machine, and the venue's with it, so that it
    /// is this time now, also for a daemon that runs.
    pub fn set_clock(&self, time: &str) {
        self.clock.set(time.parse().unwrap());
        self.set_daemon_clock(0);
    }

    /// The same to so many seconds after the time at which the rig began.
    pub fn set_clock_by(&self, seconds: i64) {
        let set = self.first.plus(TimeDelta::seconds(seconds));
        self.clock.follow(&set);
        self.set_daemon_clock(0);
    }

    /// Sets the wall clock of the machine alone, so many seconds ahead of the
    /// venue's.
    pub fn set_daemon_clock(&self, seconds: i64) {
        let set = self.clock.plus(TimeDelta::seconds(seconds));
        set.write(&self.clock_file());
    }

    fn clock_file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// What a process finds in its environment on this machine.
    pub fn machine(&self) -> [(&'static str, String); 2] {
        machine::with_clock_file(&self.clock_file())
    }

    /// A whole rule file for these accounts.
    pub fn rule_file(&self, accounts: &[&str], rules: &str) -> String {
        let mut text = format!(
            r#"version: 1
daemon: {{ http: off, database: "{}" }}
sessions:
  globex: {{ timezone: America/New_York, open: "18:00", close: "17:00", days: [mon, tue, wed, thu, fri] }}
venues:
  paper: {{ kind: crosstrade, token: {{ file: "{}" }}, poll: 1s, base_url: "http://{}/v1/api" }}
notify:
  log: {{ kind: log }}
accounts:
"#,
            self.database().display(),
            self.folder.path().join("token").display(),
            self.address,
        );
        for (index, number) in accounts.iter().enumerate() {
            text.push_str(&format!(
                "  acct-{}: {{ venue: paper, number: \"{number}\", session: globex, starting_balance: 50000 }}\n",
                index + 1
            ));
        }
        text.push_str(rules);
        text
    }

    pub fn write_rules(&self, text: &str) {
        fs::write(self.rules(), text).unwrap();
    }

    pub fn write_token(&self, token: &str) {
        let path = self.folder.path().join("token");
        fs::write(&path, format!("{token}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn rules(&self) -> PathBuf {
        self.folder.path().join("rules.yaml")
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("riskd.db")
    }

    /// A command of the real binary.
    pub fn riskd(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_riskd"));
        command
            .current_dir(self.folder.path())
            .env_remove("RISKD_RULES")
            .env("RISKD_LOG", "debug")
            .envs(self.machine())
            .stdin(Stdio::null());
        command
    }

    /// Starts the daemon.
    pub fn start(&mut self) {
        self.start_as(|_| {});
    }

    /// Starts the daemon with more said of its process.
    pub fn start_as(&mut self, more: impl FnOnce(&mut Command)) {
        self.starts += 1;
        let log = |name: &str| {
            File::create(self.folder.path().join(format!("{name}-{}", self.starts))).unwrap()
        };
        let mut command = self.riskd();
        command
            .args(["run", "--rules"])
            .arg(self.rules())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(log("stdout"))
            .stderr(log("stderr"));
        more(&mut command);
        self.daemon = Some(command.spawn().unwrap());
    }

    /// Starts the daemon and waits until it is ready.
    pub fn start_ready(&mut self) {
        let before = self.count("ready");
        self.start();
        self.wait_for("the daemon to be ready", |rig| rig.count("ready") > before);
    }

    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().unwrap().id()
    }

    /// Whether the daemon still runs.
    pub fn is_running(&mut self) -> bool {
        self.daemon
            .as_mut()
            .is_some_and(|daemon| daemon.try_wait().unwrap().is_none())
    }

    /// Whether the daemon has ended by itself, or was ended.
    pub fn has_ended(&self) -> bool {
        let pid = self.pid();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The state follows the name, which stands in parentheses.
        stat.rsplit(") ")
            .next()
            .is_none_or(|rest| rest.starts_with(['Z', 'X']) || rest.is_empty())
    }

    /// Waits for something asynchronous.
    pub fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.runtime.block_on(task)
    }

    /// What a start would read from the database as it lies there, from a copy.
    pub fn on_disk(&self) -> Option<Restored> {
        self.copied().map(|(_, restored)| restored)
    }

    /// What a query counts in the database as a start finds it, in a copy too: rows
    /// that were committed as text alone are in their tables then.
    pub fn count_on_disk(&self, query: &'static str) -> usize {
        use sqlx::{Connection, SqliteConnection};
        let (copy, _) = self.copied().unwrap();
        let url = format!("sqlite://{}", copy.path().join("riskd.db").display());
        self.block_on(async {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            let rows: i64 = sqlx::query_scalar(query)
                .fetch_one(&mut connection)
                .await
                .unwrap();
            connection.close().await.unwrap();
            usize::try_from(rows).unwrap()
        })
    }

    fn copied(&self) -> Option<(TempDir, Restored)> {
        let copy = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let name = format!("riskd.db{suffix}");
            let _ = fs::copy(self.folder.path().join(&name), copy.path().join(&name));
        }
        let database = copy.path().join("riskd.db");
        if !database.exists() {
            return None;
        }
        let restored = self.block_on(async {
            let mut store = Store::open(&database, self.now()).await.unwrap();
            let restored = store.restore().await.unwrap();
            store.close().await.unwrap();
            restored
        });
        Some((copy, restored))
    }

    /// What SQLite says of the whole database.
    pub fn integrity(&self) -> String {
        use sqlx::{Connection, SqliteConnection};
        let url = format!("sqlite://{}", self.database().display());
        self.block_on(async {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            let said = sqlx::query_scalar("pragma integrity_check")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            connection.close().await.unwrap();
            said
        })
    }

    /// Waits until the daemon has ended by itself, which is to be a failure.
    pub fn wait_for_end(&mut self) {
        let begun = Instant::now();
        while self.is_running() {
            assert!(begun.elapsed() < PATIENCE, "the daemon does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut daemon = self.daemon.take().unwrap();
        assert!(!daemon.wait().unwrap().success());
    }

    /// Waits until the daemon has ended by itself, and gives its exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        let begun = Instant::now();
        while self.is_running() {
            assert!(begun.elapsed() < PATIENCE, "the daemon does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.daemon.take().unwrap().wait().unwrap().code()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }

    /// SIGTERM, and its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let mut daemon = self.daemon.take().unwrap();
        signal(daemon.id(), "TERM");
        let begun = Instant::now();
        loop {
            if let Some(status) = daemon.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the daemon does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The story, oldest first, as `riskd events --json` tells it.
    pub fn events(&self) -> Vec<Value> {
        let output = self
            .riskd()
            .args(["events", "--json", "--limit", "10000", "--rules"])
            .arg(self.rules())
            .output()
            .unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// How many entries of this kind there are; none before there is a record.
    pub fn count(&self, kind: &str) -> usize {
        let accounts = self.accounts_of(kind);
        accounts.len()
    }

    /// How many of them are about this account.
    pub fn count_of(&self, kind: &str, account: &str) -> usize {
        let accounts = self.accounts_of(kind);
        let of_it = accounts.iter().filter(|of| of.as_deref() == Some(account));
        of_it.count()
    }

    /// The account that each entry of this kind is about.
    fn accounts_of(&self, kind: &str) -> Vec<Option<String>> {
        let files = ["riskd.db", "riskd.db-wal"].map(|name| self.stamp(name));
        let mut seen = self.seen.borrow_mut();
        if files == [None; 2] || seen.files != files {
            let entries = self.entries();
            // What could not be read is read again, whatever the files are.
            let files = entries.as_ref().map_or([None; 2], |_| files);
            let entries = entries.unwrap_or_default();
            *seen = Seen { files, entries };
        }
        let of_kind = seen.entries.iter().filter(|(of, _)| of == kind);
        of_kind.map(|(_, account)| account.clone()).collect()
    }

    fn stamp(&self, name: &str) -> Stamp {
        let file = fs::metadata(self.folder.path().join(name)).ok()?;
        Some((file.len(), file.modified().unwrap()))
    }

    /// The kind and the account of each entry of the record.
    fn entries(&self) -> Option<Vec<(String, Option<String>)>> {
        let filter = EntryFilter {
            limit: 10_000,
            ..EntryFilter::default()
        };
        self.runtime.block_on(async {
            let reader = Reader::open(&self.database()).await.ok()?;
            let entries = reader.entries(&filter).await.ok();
            reader.close().await;
            let entries = entries?.into_iter();
            Some(entries.map(|entry| (entry.kind, entry.account)).collect())
        })
    }

    /// What the daemon printed to stderr, over all its starts.
    pub fn log(&self) -> String {
        let mut text = String::new();
        for start in 1..=self.starts {
            let path = self.folder.path().join(format!("stderr-{start}"));
            text.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
        }
        text
    }

    /// Whether the venue itself holds the account flat and quiet.
    pub fn is_flat_and_quiet(&self, account: &str) -> bool {
        self.venue.figures(account).unwrap().is_flat_and_quiet()
    }

    /// Waits for something that happens soon; fails with the log if it does not.
    pub fn wait_for(&self, what: &str, mut happens: impl FnMut(&Rig) -> bool) {
        let begun = Instant::now();
        while !happens(self) {
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain for {what}; the log:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// The times at which the venue was polled, by its own clock.
    pub fn polls(&self) -> Vec<DateTime<Utc>> {
        polls_of(&self.venue)
    }

    /// Waits for two whole polls that are asked from here on: what has not
    /// happened by then does not happen.
    pub fn let_polls_pass(&self) {
        let before = self.polls().len();
        // The third is asked once the second was answered.
        self.wait_for("polls", |rig| rig.polls().len() >= before + 3);
    }

    /// Every file that the daemon left behind.
    pub fn files(&self) -> Vec<PathBuf> {
        files_in(self.folder.path())
    }
}

impl Drop for Rig {
    #[expect(
        clippy::print_stdout,
        reason = "shown with --nocapture, for the table of runs"
    )]
    fn drop(&mut self) {
        if let Some(took) = self.flat_after.get() {
            let thread = std::thread::current();
            let test = thread.name().unwrap_or_default();
            println!("run {test} flat after {} ms", took.as_millis());
        }
        if let Some(daemon) = &mut self.daemon {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        self.stop.cancel();
    }
}

/// The times at which a venue was polled, by its own clock.
pub fn polls_of(venue: &PaperVenue) -> Vec<DateTime<Utc>> {
    let requests = venue.requests();
    let calls = [
        "/snapshot",
        "/wallet-balance",
        "/fapi/v3/account",
        "/api/v3/account/assets",
        "/user/balance",
    ];
    let is_poll = |path: &str| {
        // One of three that are asked at once.
        if path.ends_with("/account/accounts?productType=USDT-FUTURES") {
            return true;
        }
        let path = path.split('?').next().unwrap_or_default();
        calls.iter().any(|call| path.ends_with(call))
    };
    let polls = requests.iter().filter(|r| is_poll(&r.path));
    polls.map(|request| request.at).collect()
}

/// A venue with these accounts, each with 50,000.
fn paper(accounts: &[&str]) -> PaperConfig {
    let mut config = PaperConfig {
        token: CANARY.to_owned(),
        ..PaperConfig::default()
    };
    for account in accounts {
        config = config.account(account, 50_000);
    }
    config
}

fn venue_clock(clock: WallClock) -> PaperClock {
    PaperClock::from_fn(move || clock.now())
}

/// Sends a signal to a process that this test started.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_in(&path));
        } else {
            found.push(path);
        }
    }
    found
}
