//! The daemon: the shell around the engine.
//!
//! One dispatcher task owns the engine. Pollers, executors, the writer of the
//! record, the notifiers and the API are tasks of their own behind bounded
//! queues; they share nothing but messages.

mod clock;
mod clock_skew;
mod connect;
mod counters;
mod dead_man;
mod dispatcher;
mod executor;
mod heartbeat;
mod http_server;
mod input;
mod key_rights;
mod latency;
mod lifecycle;
mod measure;
mod poller;
mod reload;
mod rule_file;
mod service_manager;
mod set_up;
mod start;
mod take_over;
mod venues;
mod vital;
mod watch;

pub mod flatten;
pub mod rule_tests;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use clock::{Clock, wall};
pub use connect::{connect, connect_over};
pub use executor::{Job, JobKind, carry_out, lane_of};
pub use poller::{lane_of_orders, observe};
pub use set_up::SetUpError;

use crate::api::{self, Api, ApiRequest, Token};
use crate::domain::account::VenueName;
use crate::domain::plural::counted;
use crate::engine::record::EntryKind;
use crate::engine::restore::{EarlierRules, Kept, Started};
use crate::engine::{self, Engine, EngineConfig};
use crate::notify::{Notifiers, Undelivered};
use crate::rules;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings;
use crate::rules::settings::Mode;
use crate::store::{
    Drained, KeptRuleSet, Reads, Restored, Retention, Store, StoreError, StoreHandle, Writer,
};
use counters::Counters;
use dispatcher::{Dispatcher, in_force, short};
use heartbeat::Heart;
use http_server::HttpServer;
use input::{Input, Queues, Why};
use key_rights::KeysTold;
use latency::Latencies;
use lifecycle::Lifecycle;
use reload::RulesFile;
use rule_file::{Fingerprint, Source};
use start::Choice;
use venues::{Prepared, Venues};

pub use key_rights::excess;
pub use rule_file::{Refusal, decoded, read_text};

/// How many inputs may wait for the dispatcher.
const INPUTS: usize = 4096;
/// How many failures of notifiers may wait for the dispatcher.
const UNDELIVERED: usize = 256;
/// Time between two polls when the rule file's cannot be used.
const DEFAULT_POLL: Duration = Duration::from_secs(1);
/// How long reading of the record may go on when the daemon stops.
const LAST_READS: Duration = Duration::from_secs(1);
/// How long the record may take to be written when the daemon stops.
const LAST_WRITES: Duration = Duration::from_secs(10);
/// Time between two clean-ups of old samples.
const RETAIN_EVERY: Duration = Duration::from_secs(3600);

/// What the daemon is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rule file.
    pub rules: PathBuf,
    /// Send nothing, whatever the file says.
    pub observe: bool,
    /// The database, when not the file's.
    pub database: Option<PathBuf>,
}

/// Why the daemon could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There are no rules in the rule file that can be used, and none of the
    /// record took their place.
    #[error("{report}\nthe rule file is refused, and {instead}")]
    Rules {
        /// What is wrong with the file.
        report: String,
        /// Why no earlier rules are used.
        instead: String,
    },
    /// The tests that the rule file names fail, and no rules were in force
    /// before.
    #[error("{report}\nthe rule file fails its own tests, and {instead}")]
    Tests {
        /// What was expected and what happened.
        report: String,
        /// Why no earlier rules are used.
        instead: String,
    },
    /// The record cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A venue or a notifier cannot be set up.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// The local API cannot listen.
    #[error(
        "http: nothing can listen at {address}; is another riskd running? `http: off` or another port in `daemon:` helps"
    )]
    Http {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Signals cannot be received.
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
    /// The record has no thread to be written in.
    #[error("the system gives no thread for the record")]
    Thread(#[source] io::Error),
}

impl StartError {
    /// Whether trying again is of no use before a person has corrected the rule
    /// file or a secret.
    pub const fn needs_a_person(&self) -> bool {
        match self {
            StartError::Rules { .. } | StartError::Tests { .. } | StartError::SetUp(_) => true,
            StartError::Store(_)
            | StartError::Http { .. }
            | StartError::Signals(_)
            | StartError::Thread(_) => false,
        }
    }
}

/// Checks the text of a rule file; files that it names lie beside it.
pub fn load_rules(path: &Path, text: &str) -> rules::Loaded {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let loader = move |file: &Path| rule_file::read_text(&folder.join(file));
    rules::load(&path.display().to_string(), text, &loader)
}

/// Reads and checks a rule set of the record, which was that of the rule file at
/// `path`, with the files that it named as they were then. Those that are not on
/// record are read where they are.
pub fn load_kept(path: &Path, kept: &KeptRuleSet) -> rules::Loaded {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let loader = move |file: &Path| rule_file::read_text(&folder.join(file));
    let name = path.display().to_string();
    rules::load_kept(&name, &kept.text, kept.files.as_deref(), &loader)
}

/// The database: the option, else the file's, else `riskd.db`. What is no whole
/// path lies in `$STATE_DIRECTORY`, which systemd gives to the service, else in
/// the folder that the program was started in.
pub fn database_path(option: Option<&Path>, settings: Option<&settings::Daemon>) -> PathBuf {
    if let Some(path) = option {
        return path.to_owned();
    }
    let said = settings.and_then(|settings| settings.database.as_deref());
    let path = said.unwrap_or(Path::new("riskd.db"));
    let folder = std::env::var_os("STATE_DIRECTORY").filter(|folder| !folder.is_empty());
    // It gives a list; riskd asks for one folder.
    let folder = folder.and_then(|folders| std::env::split_paths(&folders).next());
    folder.unwrap_or_default().join(path)
}

/// Runs the daemon until `stop` or a signal ends it.
///
/// # Errors
/// [`StartError`] when it cannot start; once it runs, nothing but a stop ends it.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), StartError> {
    let opened = open(&options).await?;
    let http = bind(&opened).await?;
    let (inputs, queue) = mpsc::channel(INPUTS);
    let (questions, asked) = mpsc::channel(api::QUESTIONS);
    let (failures, undelivered) = mpsc::channel(UNDELIVERED);
    let reader: Arc<dyn Reads> = Arc::new(opened.store.reader());
    let (clock, database) = (opened.clock.clone(), opened.database.clone());
    let (dispatcher, handle, writing) = begin(
        opened,
        Connections {
            reader: Arc::clone(&reader),
            inputs: inputs.clone(),
            questions: questions.clone(),
            failures,
            http: http.as_ref(),
            stop: stop.clone(),
        },
    )?;
    if let Some(http) = http {
        let api = Api {
            questions,
            reader: Arc::clone(&reader),
            token: token(&database),
        };
        tokio::spawn(http.serve(api, stop.clone()));
    }
    tokio::spawn(retain_for_ever(handle.clone(), clock, stop.clone()));
    tokio::spawn(watch_signals(inputs, stop.clone()).map_err(StartError::Signals)?);
    let queues = Queues {
        inputs: queue,
        questions: asked,
        undelivered,
    };
    let _ended = vital::spawn("the dispatcher", dispatcher.run(queues, stop)).await;
    service_manager::tell(&[sd_notify::NotifyState::Stopping]);
    // A reader that is still there would leave the write-ahead log behind.
    let _late = tokio::time::timeout(LAST_READS, reader.close()).await;
    handle.close(LAST_WRITES);
    // A little longer than it was given, for the end of it.
    let drained = tokio::time::timeout(LAST_WRITES.saturating_add(LAST_READS), writing).await;
    if !drained.is_ok_and(|ended| ended.is_ok_and(|drained| drained.is_closed)) {
        warn!("the record was not closed in order; nothing that was written is lost");
    }
    Ok(())
}

/// What a start has found: the rules to go by, and the record.
struct Opened {
    source: Source,
    clock: Clock,
    database: PathBuf,
    store: Store,
    kept: Kept,
    choice: Choice,
    fingerprint: Fingerprint,
    files: Vec<PathBuf>,
}

/// Reads the rule file and the record, and chooses the rules to start with.
async fn open(options: &Options) -> Result<Opened, StartError> {
    let source = Source {
        path: options.rules.clone(),
        observe: options.observe,
    };
    let first = start::read(&source)?;
    let clock = Clock::start();
    let database = database_path(options.database.as_deref(), first.daemon.as_ref());
    first.refuse_without(&database)?;
    let mut store = Store::open(&database, clock.now().wall).await?;
    let restored = store.restore().await?;
    report_last_end(&restored);
    let (fingerprint, files) = (first.fingerprint, first.files.clone());
    let kept = kept(restored.clone(), &options.rules);
    let choice = first.choose(&source, &restored, &kept, clock.now())?;
    let reader = store.reader();
    let refused = key_rights::refuse_first_start(&choice.prepared, &reader).await;
    reader.close().await;
    refused?;
    Ok(Opened {
        source,
        clock,
        database,
        store,
        kept,
        choice,
        fingerprint,
        files,
    })
}

/// Listens for the local API. An address that something else listens on ends a
/// first start alone: somebody is looking then.
async fn bind(opened: &Opened) -> Result<Option<HttpServer>, StartError> {
    let Some(address) = opened.choice.prepared.rules.daemon.http else {
        return Ok(None);
    };
    let server = HttpServer::bind(address).await;
    match server.bound {
        Err(source) if opened.choice.is_first => Err(StartError::Http { address, source }),
        bound => Ok(Some(HttpServer { address, bound })),
    }
}

/// What the dispatcher is connected to.
struct Connections<'a> {
    reader: Arc<dyn Reads>,
    inputs: mpsc::Sender<Input>,
    questions: mpsc::Sender<ApiRequest>,
    failures: mpsc::Sender<Undelivered>,
    http: Option<&'a HttpServer>,
    stop: CancellationToken,
}

impl Connections<'_> {
    /// The venues, none of which is connected yet.
    fn venues(&self, clock: &Clock, latencies: &Arc<Latencies>) -> Venues {
        Venues::new(
            clock.clone(),
            self.inputs.clone(),
            Arc::clone(&self.reader),
            Arc::clone(latencies),
            self.stop.clone(),
        )
    }

    /// Starts the heartbeat, whose settings can be changed from then on.
    fn beat(&self, heart: Heart) -> tokio::sync::watch::Sender<Heart> {
        let (heart, beating) = tokio::sync::watch::channel(heart);
        let (questions, stop) = (self.questions.clone(), self.stop.clone());
        tokio::spawn(heartbeat::run(questions, beating, stop));
        heart
    }
}

fn config_of(rules: &RuleSet) -> EngineConfig {
    EngineConfig {
        acts: rules.daemon.mode == Mode::Enforce,
        stale_after: Some(engine::stale_after(&rules.book)),
    }
}

/// Starts the engine and all that works for it. From here on the accounts are
/// polled.
fn begin(
    opened: Opened,
    connections: Connections<'_>,
) -> Result<(Dispatcher, StoreHandle, oneshot::Receiver<Drained>), StartError> {
    let Opened {
        source,
        clock,
        database,
        store,
        kept,
        choice,
        fingerprint,
        files,
    } = opened;
    let Prepared {
        rules,
        venues: connected,
        channels,
        heart,
        awaiting_credential,
        silent,
        ..
    } = choice.prepared;
    let rules = Arc::new(rules);
    let now = clock.now();
    venues::count_earlier(&connected, &rules, &kept.rows.recent, now.wall);
    let latencies = Arc::new(Latencies::default());
    let mut venues = connections.venues(&clock, &latencies);
    let (handle, writer) = Writer::new(store);
    let writing = writer.start().map_err(StartError::Thread)?;
    let (book, config) = (Arc::clone(&rules.book), config_of(&rules));
    let Started { engine, effects } = Engine::start(book, config, kept, now);
    handle.submit(in_force(&rules, now.wall));
    venues.change(&rules, connected);
    let watched = reload::watch(files, connections.inputs.clone());
    let heart = connections.beat(heart);
    let mut dispatcher = Dispatcher {
        engine,
        rules: Arc::clone(&rules),
        clock,
        started: now.wall,
        rules_file: RulesFile::new(source, fingerprint, watched, now.wall),
        health: handle.health(),
        store: handle.clone(),
        database: database.display().to_string(),
        record: Arc::clone(&connections.reader),
        extent: measure::measure(connections.reader, connections.stop),
        inputs: connections.inputs,
        venues,
        notifiers: Notifiers::start(channels, connections.failures),
        heart,
        latencies,
        counters: Counters::default(),
        lifecycle: Lifecycle::new(&rules),
        keys_told: KeysTold::default(),
        samples: HashMap::new(),
        polls: HashMap::new(),
        waiting: HashMap::new(),
        last_turn: None,
        due: tokio::time::Instant::now(),
        is_degraded: false,
    };
    dispatcher.begin(effects);
    if let Some(refusal) = choice.refused {
        dispatcher.refuse(refusal);
    }
    dispatcher.report_what_is_missing(awaiting_credential, silent, connections.http);
    Ok((dispatcher, handle, writing))
}

/// The token for writes over the API. Without one riskd protects all the same,
/// and the API only reads.
fn token(database: &Path) -> Option<Arc<Token>> {
    match Token::write_beside(database) {
        Ok(token) => Some(Arc::new(token)),
        Err(error) => {
            let path = api::token_path(database);
            error!(
                "{}: {error}; commands over the API are refused, `riskd flatten` works without it",
                path.display()
            );
            None
        }
    }
}

fn report_last_end(restored: &Restored) {
    let undone = restored.kept.intents.len();
    if undone > 0 {
        warn!("{undone} intents were left undone and are taken up again");
    }
    for lock in &restored.kept.locks {
        info!(account = %lock.account, "{} {}: {}", lock.kind.name(), lock.end, lock.reason);
    }
}

fn kept(mut restored: Restored, rules_file: &Path) -> Kept {
    let rule_sets = std::mem::take(&mut restored.rule_sets);
    let earlier = rule_sets.into_iter().filter_map(|kept| {
        let rules = load_kept(rules_file, &kept).rules?;
        Some(EarlierRules {
            from: kept.loaded_at,
            last_from: kept.last_loaded_at,
            rules: rules.book,
        })
    });
    restored.into_kept(earlier.collect())
}

async fn retain_for_ever(store: StoreHandle, clock: Clock, stop: CancellationToken) {
    let mut due = tokio::time::interval(RETAIN_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = due.tick() => store.retain(clock.now().wall, Retention::default()),
        }
    }
}

/// SIGTERM and SIGINT stop the daemon, SIGHUP has the rule file read again.
fn watch_signals(
    inputs: mpsc::Sender<Input>,
    stop: CancellationToken,
) -> Result<impl Future<Output = ()>, io::Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = terminate.recv() => stop.cancel(),
                _ = interrupt.recv() => stop.cancel(),
                _ = hangup.recv() => {
                    let _ = inputs.send(Input::Reload(Why::Asked)).await;
                }
            }
        }
    })
}

impl Dispatcher {
    /// Tells of what could not be set up and keeps nobody else from being
    /// protected.
    fn report_what_is_missing(
        &mut self,
        awaiting_credential: Vec<(VenueName, SetUpError)>,
        silent: Vec<SetUpError>,
        http: Option<&HttpServer>,
    ) {
        for (venue, wrong) in awaiting_credential {
            self.report_keyless(&venue, &wrong);
        }
        for wrong in silent {
            let text =
                format!("{wrong}; riskd protects without it, and tries again with the next reload");
            self.report_mishap(EntryKind::NotifyFailed, text);
        }
        if let Some(HttpServer {
            address,
            bound: Err(source),
        }) = http
        {
            let text = format!(
                "http: {address}: {source}; riskd protects without its API, and listens as soon as it can"
            );
            self.report_mishap(EntryKind::ApiFailed, text);
        }
    }

    /// Tells of the start and takes up what was left undone.
    fn begin(&mut self, effects: Vec<crate::engine::effect::Effect>) {
        let rules = Arc::clone(&self.rules);
        let text = format!(
            "riskd {} starts: {} for {} from {} (hash {}), record {}, mode {}",
            env!("CARGO_PKG_VERSION"),
            counted(
                rules.book.rules.iter().filter(|rule| rule.enabled).count(),
                "rule"
            ),
            counted(rules.book.accounts.len(), "account"),
            self.rules_file.name(),
            short(&rules.book.hash),
            self.database,
            match rules.daemon.mode {
                Mode::Enforce => "enforce",
                Mode::Observe => "observe",
            }
        );
        info!("{text}");
        self.tell(EntryKind::Started, text);
        self.carry_out(effects, None);
    }
}
