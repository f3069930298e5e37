//! Having the daemon prove what `riskd flatten` has sent.
//!
//! The daemon polls the accounts anyway. It takes each of them over once its
//! flatten was answered, or turned away by the venue's rate limit, looks, sends what
//! it then sees missing, and goes on until it is flat and quiet, be it that this
//! command is ended. The command reads the
//! proof from its state. A daemon that is not there, hangs, sees something else or
//! does not get on is left at once: then the command looks by itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::proof_by_daemon::{Asking, DaemonState, TakenOver};
use super::{Daemon, Shown};
use crate::cli::client::{Client, ClientError};
use crate::cli::find;
use crate::daemon::flatten::{self, HandedOver, OtherProgram, Report};
use crate::domain::account::AccountName;
use crate::rules::Target;
use crate::secret;

/// Between two looks at the daemon's state.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long the daemon may take to show its state.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often in a row it may take longer once it has taken accounts over: what it
/// looks at then would be looked at twice, and each would wait for the other.
const LATE_IN_A_ROW: u32 = 3;
/// How long it may go without getting on with any account of a venue.
const WITHOUT_PROGRESS: Duration = Duration::from_secs(10);
/// The same while it has to wait for the venue's request budget, of which this
/// command has no more: a minute whose requests are used up lets nothing but polls
/// leave for a while.
const WITHOUT_BUDGET: Duration = Duration::from_secs(30);
/// How many accounts are handed to the daemon at a time.
const AT_ONCE: usize = 8;

/// The accounts of one venue, as this side of the work knows them.
pub(super) struct Side {
    venue: String,
    targets: Vec<Target>,
    handed: mpsc::Receiver<HandedOver>,
    reports: mpsc::Sender<Report>,
    /// What was handed over and is not proven.
    open: Vec<Open>,
    got_on: Instant,
    /// When it was last seen to wait for the request budget.
    waited: Option<Instant>,
    is_left: bool,
}

/// An account that was handed over.
struct Open {
    account: AccountName,
    /// The daemon's intent, once it is known.
    intent: Option<i64>,
    round: u32,
    /// Whether the daemon has seen that it holds nothing.
    is_flat: bool,
}

impl Side {
    /// The side for these accounts of one venue, and the end of it that the work
    /// takes.
    pub(super) fn of(targets: &[Target]) -> (OtherProgram, Side) {
        let (other, handed, reports) = flatten::channel(targets.len());
        let venue = targets.first().map(|target| target.venue.name.to_string());
        let side = Side {
            venue: venue.unwrap_or_default(),
            targets: targets.to_vec(),
            handed,
            reports,
            open: Vec::new(),
            got_on: Instant::now(),
            waited: None,
            is_left: false,
        };
        (other, side)
    }

    /// Why the daemon cannot prove anything of an account, by what it shows.
    fn objection(&self, state: &DaemonState) -> Option<String> {
        self.targets.iter().find_map(|target| {
            let account = &target.account;
            match state.account(account.as_str()) {
                None => Some(format!("the daemon has no account {account}")),
                Some(known) if !target.number.matches(&known.number) => Some(format!(
                    "the daemon has {} under the name {account}",
                    known.number
                )),
                Some(_) => None,
            }
        })
    }

    /// Takes the daemon's state: what is proven, and whether it gets on. Gives what
    /// is to be shown of it.
    fn take(&mut self, state: &DaemonState) -> Vec<(AccountName, String)> {
        let mut shown = Vec::new();
        let mut got_on = false;
        let reports = &self.reports;
        self.open.retain_mut(|open| {
            let Some(known) = state.account(open.account.as_str()) else {
                return true;
            };
            let is_proven = known.proven_flat.as_ref().is_some_and(|proof| {
                let asked = open.intent;
                asked.is_some_and(|intent| proof.intent >= intent)
            });
            if is_proven {
                // Each account once: the queue holds them all.
                let _ = reports.try_send(Report::Proven(open.account.clone()));
                got_on = true;
                return false;
            }
            // Of many accounts the last are closed long before the first is proven.
            got_on |= known.is_flat() && !open.is_flat;
            open.is_flat = known.is_flat();
            let work = known.enforcement.as_ref();
            if let Some(work) = work.filter(|work| work.round != open.round) {
                open.round = work.round;
                // A round that is sent blindly is none that helps.
                got_on |= work.failed_reads == 0;
                let text = format!("the daemon: round {}, {}", work.round, known.holdings());
                shown.push((open.account.clone(), text));
            }
            true
        });
        if got_on {
            self.got_on = Instant::now();
        }
        let mut open = self.open.iter();
        if open.any(|open| state.waits_for_budget(open.account.as_str())) {
            self.waited = Some(Instant::now());
        }
        shown
    }

    /// How long it may go without getting on, where it has gone so long.
    fn stuck_for(&self) -> Option<Duration> {
        let has_waited = self
            .waited
            .is_some_and(|waited| waited.elapsed() < WITHOUT_PROGRESS);
        let longest = if has_waited {
            WITHOUT_BUDGET
        } else {
            WITHOUT_PROGRESS
        };
        let is_stuck = !self.open.is_empty() && self.got_on.elapsed() >= longest;
        is_stuck.then_some(longest)
    }
}

/// Has the daemon prove the accounts of each venue.
pub(super) struct Prover {
    daemon: Daemon,
    sides: Vec<Side>,
    show: mpsc::Sender<Shown>,
    waiting: VecDeque<HandedOver>,
    asking: JoinSet<(AccountName, Result<TakenOver, String>)>,
    /// The process that has taken accounts over.
    pid: u32,
}

impl Prover {
    pub(super) fn new(daemon: Daemon, sides: Vec<Side>, show: mpsc::Sender<Shown>) -> Prover {
        Prover {
            daemon,
            sides,
            show,
            waiting: VecDeque::new(),
            asking: JoinSet::new(),
            pid: 0,
        }
    }

    /// Runs until every account is proven or its venue is left to the command.
    pub(super) async fn run(mut self) {
        let asking = match self.find().await {
            Ok(asking) => Arc::new(asking),
            Err(why) => return self.leave_all(&why),
        };
        let mut due = interval(LOOK_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut late = 0;
        while self.is_needed() {
            tokio::select! {
                _ = due.tick() => match state(&asking.client).await {
                    Ok(state) => {
                        late = 0;
                        self.take(&state);
                    }
                    Err(NotShown::Late) if late + 1 < LATE_IN_A_ROW => late += 1,
                    Err(why) => self.leave_all(&why.to_string()),
                },
                Some(joined) = self.asking.join_next() => self.answered(joined),
            }
            self.collect();
            self.ask(&asking);
        }
    }

    /// Finds the daemon and what proves the right to ask it.
    async fn find(&mut self) -> Result<Asking, String> {
        let address = self.daemon.address.clone()?;
        let client = Client::new(address).map_err(|error| error.to_string())?;
        let value = shown(&client).await.map_err(|why| why.to_string())?;
        let state = DaemonState::read(&value)?;
        if state.mode != "enforce" {
            return Err("the daemon only observes".to_owned());
        }
        if !state.ready {
            return Err("the daemon has not observed every account yet".to_owned());
        }
        let of_daemon = value.pointer("/record/database").and_then(Value::as_str);
        let Daemon {
            database,
            is_database_named,
            ..
        } = &self.daemon;
        let file = find::token_file(database, *is_database_named, of_daemon);
        let token = secret::from_file(&file).map_err(|error| {
            format!(
                "the daemon's token cannot be read from {}: {error}",
                file.display()
            )
        })?;
        self.pid = state.pid;
        for place in 0..self.sides.len() {
            let Some(side) = self.sides.get(place) else {
                continue;
            };
            match side.objection(&state) {
                Some(why) => self.leave(place, &why),
                None => self.begin(place),
            }
        }
        Ok(Asking { client, token })
    }

    fn begin(&self, place: usize) {
        if let Some(side) = self.sides.get(place) {
            let _ = side.reports.try_send(Report::Willing);
            let way = format!("{}: verified through the running daemon", side.venue);
            self.show(Shown::Way(way));
        }
    }

    /// Whether the daemon is needed still: the work on a venue has ended when
    /// nobody listens to this side of it any more.
    fn is_needed(&self) -> bool {
        let mut sides = self.sides.iter();
        sides.any(|side| !side.is_left && !side.reports.is_closed())
    }

    fn take(&mut self, state: &DaemonState) {
        if state.pid != self.pid {
            return self.leave_all("the daemon was started anew");
        }
        if state.mode != "enforce" {
            return self.leave_all("the daemon only observes");
        }
        for place in 0..self.sides.len() {
            let Some(side) = self.sides.get_mut(place).filter(|side| !side.is_left) else {
                continue;
            };
            let shown = side.take(state);
            let stuck_for = side.stuck_for();
            for (account, text) in shown {
                self.show(Shown::Daemon(account, text));
            }
            if let Some(seconds) = stuck_for.map(|longest| longest.as_secs()) {
                self.leave(place, &format!("the daemon did not get on for {seconds} s"));
            }
        }
    }

    /// Takes the accounts that were handed over meanwhile.
    fn collect(&mut self) {
        for side in self.sides.iter_mut().filter(|side| !side.is_left) {
            while let Ok(handed) = side.handed.try_recv() {
                side.got_on = Instant::now();
                side.open.push(Open {
                    account: handed.account.clone(),
                    intent: None,
                    round: 0,
                    is_flat: false,
                });
                self.waiting.push_back(handed);
            }
        }
    }

    fn ask(&mut self, asking: &Arc<Asking>) {
        while self.asking.len() < AT_ONCE {
            let Some(handed) = self.waiting.pop_front() else {
                return;
            };
            let is_left = self.place(&handed.account).is_none();
            if is_left {
                continue;
            }
            let asking = Arc::clone(asking);
            self.asking.spawn(async move {
                let done = asking.take_over(&handed).await;
                (handed.account, done)
            });
        }
    }

    /// The side of an account that the daemon is to prove.
    fn place(&self, account: &AccountName) -> Option<usize> {
        self.sides
            .iter()
            .position(|side| !side.is_left && side.open.iter().any(|open| open.account == *account))
    }

    fn answered(
        &mut self,
        joined: Result<(AccountName, Result<TakenOver, String>), tokio::task::JoinError>,
    ) {
        let Ok((account, done)) = joined else { return };
        let Some(place) = self.place(&account) else {
            return;
        };
        match done {
            Err(why) => self.leave(place, &format!("{account}: {why}")),
            Ok(TakenOver { intent }) => {
                if let Some(side) = self.sides.get_mut(place) {
                    side.got_on = Instant::now();
                    let open = side.open.iter_mut().find(|open| open.account == account);
                    if let Some(open) = open {
                        open.intent = Some(intent);
                    }
                }
                let text =
                    format!("the daemon looks, and goes on until it is flat (intent {intent})");
                self.show(Shown::Daemon(account, text));
            }
        }
    }

    /// Leaves the accounts of every venue to the command.
    fn leave_all(&mut self, why: &str) {
        for place in 0..self.sides.len() {
            self.leave(place, why);
        }
    }

    fn leave(&mut self, place: usize, why: &str) {
        let Some(side) = self.sides.get_mut(place).filter(|side| !side.is_left) else {
            return;
        };
        side.is_left = true;
        side.open.clear();
        let _ = side.reports.try_send(Report::Alone);
        let way = format!(
            "{}: verified by riskd flatten itself, since {why}",
            side.venue
        );
        self.show(Shown::Way(way));
    }

    fn show(&self, shown: Shown) {
        // Showing a step must never hold up the next one.
        let _ = self.show.try_send(shown);
    }
}

/// Why the daemon's state is not known.
#[derive(Debug, thiserror::Error)]
enum NotShown {
    /// It takes too long.
    #[error("the daemon does not answer within {} s", PATIENCE.as_secs())]
    Late,
    /// It cannot be had, or not be read.
    #[error("{0}")]
    Wrong(String),
}

/// The state of the daemon, which must not take long.
async fn shown(client: &Client) -> Result<Value, NotShown> {
    match timeout(PATIENCE, client.status()).await {
        Ok(shown) => shown.map_err(|error: ClientError| NotShown::Wrong(error.to_string())),
        Err(_) => Err(NotShown::Late),
    }
}

async fn state(client: &Client) -> Result<DaemonState, NotShown> {
    DaemonState::read(&shown(client).await?).map_err(NotShown::Wrong)
}
