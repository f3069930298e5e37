//! A paper venue in this process, a folder, and the program beside them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Timelike as _, Utc};
use riskd::engine::record::EntryKind;
use riskd::store::{EntryFilter, EntryRow, Reader};
use riskd_paper::{PaperConfig, PaperVenue, Side, Ticket, serve};
use rust_decimal::Decimal;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

pub const ES: &str = "ES 03-26";
const TOKEN: &str = "bench-token";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a rig is made of.
pub struct Plan {
    pub accounts: usize,
    /// How many venue entries share the token.
    pub entries: usize,
    /// What the one rule does.
    pub then: &'static str,
    pub snapshot_cache_ms: u64,
}

pub struct Rig {
    pub venue: PaperVenue,
    /// The accounts' names at the venue.
    pub names: Vec<String>,
    folder: tempfile::TempDir,
    address: SocketAddr,
    runtime: Runtime,
    stop: CancellationToken,
    daemon: Option<Child>,
}

impl Rig {
    /// Each account holds 2 ES at 5,000, with a stop and a target far away.
    pub fn new(plan: &Plan) -> Rig {
        let runtime = Runtime::new().unwrap();
        let stop = CancellationToken::new();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let serving = runtime
            .block_on(serve(config(plan), any, stop.clone()))
            .unwrap();
        let names = serving.venue.config().accounts.iter();
        let rig = Rig {
            names: names.map(|account| account.name.clone()).collect(),
            venue: serving.venue.clone(),
            folder: tempfile::tempdir().unwrap(),
            address: serving.address,
            runtime,
            stop,
            daemon: None,
        };
        let token = rig.path("token");
        fs::write(&token, format!("{TOKEN}\n")).unwrap();
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(rig.path("rules.yaml"), rig.rules(plan)).unwrap();
        rig
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn rules(&self, plan: &Plan) -> String {
        // The session's edge is far away, whatever the hour is.
        let opened = Utc::now() - TimeDelta::hours(6);
        let mut text = format!(
            "version: 1\ndaemon: {{ http: \"127.0.0.1:{}\", database: \"{}\" }}\n\
             sessions:\n  day: {{ timezone: UTC, open: \"{:02}:00\", days: [mon, tue, wed, thu, fri, sat, sun] }}\n\
             venues:\n",
            free_port(),
            self.path("riskd.db").display(),
            opened.hour(),
        );
        for entry in 0..plan.entries {
            let _ = writeln!(
                text,
                "  paper-{entry}: {{ kind: crosstrade, token: {{ file: \"{}\" }}, poll: {}s, base_url: \"http://{}/v1/api\" }}",
                self.path("token").display(),
                // Together they ask for one snapshot a second.
                plan.entries,
                self.address
            );
        }
        text.push_str("accounts:\n");
        for (index, name) in self.names.iter().enumerate() {
            let entry = index % plan.entries;
            let _ = writeln!(
                text,
                "  {}: {{ venue: paper-{entry}, number: \"{name}\", session: day, starting_balance: 50000 }}",
                alias(index)
            );
        }
        let then = plan.then;
        let _ = writeln!(
            text,
            "rules:\n  - name: limit\n    accounts: [\"*\"]\n    when: {{ pnl: {{ loss: 500 }} }}\n    then: {then}"
        );
        text
    }

    /// A command of the program.
    pub fn riskd(&self, output: &str) -> Command {
        let program = std::env::var("MANY_RISKD");
        let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_riskd").to_owned());
        let open = |name: String| File::create(self.path(&name)).unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("RISKD_RULES", self.path("rules.yaml"))
            .env_remove("RISKD_LOG")
            .stdin(Stdio::null())
            .stdout(open(format!("{output}.out")))
            .stderr(open(format!("{output}.err")));
        command
    }

    /// What a command has printed.
    pub fn printed(&self, output: &str) -> String {
        let read = |end: &str| fs::read_to_string(self.path(&format!("{output}.{end}")));
        read("out").unwrap_or_default() + &read("err").unwrap_or_default()
    }

    /// Starts the daemon without waiting for anything.
    pub fn start(&mut self) {
        self.daemon = Some(self.riskd("daemon").arg("run").spawn().unwrap());
    }

    /// Starts the daemon and waits until it is ready.
    pub fn start_ready(&mut self) {
        self.start();
        let begun = Instant::now();
        while self.entries(EntryKind::Ready).is_empty() {
            let printed = self.printed("daemon");
            assert!(begun.elapsed() < PATIENCE, "it is not ready: {printed}");
            sleep(Duration::from_millis(50));
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
        }
    }

    /// The entries of one kind in the record, oldest first; none without one.
    pub fn entries(&self, kind: EntryKind) -> Vec<EntryRow> {
        let filter = EntryFilter {
            kind: Some(kind),
            limit: 10_000,
            ..EntryFilter::default()
        };
        let read = self.runtime.block_on(async {
            let reader = Reader::open(&self.path("riskd.db")).await.ok()?;
            let entries = reader.entries(&filter).await.ok();
            reader.close().await;
            entries
        });
        read.unwrap_or_default()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.kill();
        self.stop.cancel();
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The name of an account in the rule file.
pub fn alias(index: usize) -> String {
    format!("a{index}")
}

fn config(plan: &Plan) -> PaperConfig {
    let mut config = PaperConfig {
        token: TOKEN.to_owned(),
        snapshot_cache_ms: plan.snapshot_cache_ms,
        ..PaperConfig::default()
    }
    .sim_accounts(plan.accounts);
    let accounts = config.accounts.clone();
    for account in accounts {
        let price = |points: i64| Decimal::from(points);
        let stop = Ticket::stop(ES, Side::Sell, 2, price(4_000));
        let target = Ticket::limit(ES, Side::Sell, 2, price(6_000));
        config = config
            .position(&account.name, ES, 2)
            .order(&account.name, stop.in_oco("bracket"))
            .order(&account.name, target.in_oco("bracket"));
    }
    config
}
