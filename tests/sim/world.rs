//! The world of a run: the engine, the adapter, the record, the venue, and
//! virtual time between them.
//!
//! Everything happens on one thread, in an order that the seed alone decides.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use riskd::daemon::JobKind;
use riskd::domain::account::AccountName;
use riskd::domain::holdings::Position;
use riskd::domain::ids::RequestId;
use riskd::domain::lock::LockKind;
use riskd::domain::now::Now;
use riskd::domain::observation::Timestamp;
use riskd::domain::request::Write;
use riskd::engine::effect::{Effect, Severity};
use riskd::engine::event::Event;
use riskd::engine::record::RecordRow;
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::rules::book::RuleBook;
use riskd::store::{Batch, Receipt};
use riskd::venue::rest::NoAnswer;
use riskd_paper::{Delivery as Answered, ManualTime, Motion, PaperClock, PaperVenue};

use rust_decimal::Decimal;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::disk::Disk;
use super::durable::Durable;
use super::faults::{Act, Active, Moment, TABLE};
use super::invariants::{Checker, Step, Trigger, Violation};
use super::kind::Kind;
use super::leaving::Leaving;
use super::mutations::{self, Mutation};
use super::net::{Note, Outbound, Wires, ms};
use super::random::Random;
use super::rules::{self, MANY};
use super::see::Truths;
use super::stats::Stats;
use super::trader;
use super::venue::Venue;

mod calls;
mod desk;
mod notes;
mod process;
mod sessions;
mod watching;
mod wrong;

use calls::Waiting;
use desk::Desk;
pub use sessions::SessionTruth;
use watching::Watching;
pub use wrong::LOCKED_FOR;

const CONFIG: EngineConfig = EngineConfig {
    acts: true,
    stale_after: Some(TimeDelta::seconds(5)),
};
/// How long something may take to be reached while nothing goes wrong.
const OVERDUE: TimeDelta = TimeDelta::minutes(2);
/// For how long a wallet may be in doubt after something went wrong, and two polls.
const DOUBT: TimeDelta = TimeDelta::seconds(62);
/// Between two polls while much happens.
const POLL: i64 = 1_000;

/// How fast things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Next to nothing does, and polls are minutes apart.
    Quiet,
    /// All of it, at once.
    Chaos,
    /// Nothing but polls.
    Calm,
}

/// Something that will happen at its time.
pub enum Happening {
    PollBegins(u32),
    Arrives(Box<Outbound>),
    Returns(Box<Returning>),
    Noted(Box<Note>),
    Watches(Box<Watching>),
    Resumes(TimeDelta),
    Commits,
    AsksAgain(usize),
    MoneyMoves(usize),
    StopsFill,
    Trades(u32),
    Fails(u32),
    Crashes(u32),
    Reloads(u32),
    Commands(u32),
    Settles,
    Opens,
    VenueDayBegins,
}

/// An answer on its way back.
pub struct Returning {
    /// To which desk.
    pub desk: usize,
    pub reply: oneshot::Sender<Result<Answered, NoAnswer>>,
    pub answered: Answered,
}

/// How a run is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub kind: Kind,
    pub mutation: Option<Mutation>,
    /// Whether what happens is told.
    pub tells: bool,
    /// Whether SQLite is behind the record.
    pub sqlite: bool,
    /// Whether prices move.
    pub moves: bool,
    /// The rule file at the start.
    pub rules: usize,
    /// Between two polls while nothing goes wrong, in milliseconds.
    pub calm_poll: i64,
    /// The accounts of the venue.
    pub names: &'static [&'static str],
}

pub struct World {
    pub venue: Venue,
    pub time: ManualTime,
    pub random: Random,
    pub stats: Stats,
    pub log: Vec<String>,
    pub checker: Checker,
    pub handed: Durable,
    pub disk: Disk,
    pub options: Options,
    pub pace: Pace,
    pub(super) truths: BTreeMap<u64, Truths>,
    pub(super) lied: BTreeMap<&'static str, bool>,
    /// The realized result that was told last, where it was believed.
    pub(super) realized: BTreeMap<&'static str, Option<riskd::domain::money::Money>>,
    pub sessions: BTreeMap<&'static str, SessionTruth>,
    /// All money that came in and was no result, by account.
    pub(super) flows: BTreeMap<&'static str, Decimal>,
    /// The ids of it that riskd was not told of.
    pub(super) untold: Vec<(&'static str, String)>,
    /// What this process was told last that an account holds.
    pub(super) polled: BTreeMap<&'static str, Option<Arc<[Position]>>>,
    /// When the present pace began.
    paced_since: Timestamp,
    pub notices: Vec<(Timestamp, Severity, Option<AccountName>, String)>,
    start: Timestamp,
    origin: Instant,
    notes: mpsc::UnboundedReceiver<Note>,
    wires: Wires,
    desks: Vec<Desk>,
    tasks: JoinSet<()>,
    engine: Engine,
    faults: Vec<Active>,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    held: Vec<oneshot::Sender<Result<Answered, NoAnswer>>>,
    order: u64,
    calls: u64,
    generation: u64,
    steady: TimeDelta,
    wall: TimeDelta,
    frozen: Option<Timestamp>,
    paused: Option<Timestamp>,
    rules: usize,
    /// The rule file that a process which stands still has not seen yet.
    edited: Option<usize>,
    /// Whether every account was observed since the start.
    is_ready: bool,
    commits_due: bool,
    wake: Option<Timestamp>,
    paces: u32,
    /// What was handed to the venue's tasks and can still be withdrawn.
    waiting: BTreeMap<Waiting, CancellationToken>,
    /// The writes that have no answer.
    asked: BTreeMap<RequestId, Write>,
    /// What must hold of everything that leaves.
    pub(super) leaving: Leaving,
    /// From when on it could be asked again when that was last not so.
    pub asked_last_from: Timestamp,
    /// Whether a clock was ever set, stood still, or was off.
    has_moved_clocks: bool,
    /// Whether riskd was started to observe only.
    observes: bool,
    /// Whether the rule file spells the accounts' numbers in another way.
    is_spelled: bool,
    /// Whether the process is killed as soon as the next request has left.
    dies_on_leaving: bool,
    /// Stops that a close leaves, and the prices at which they fill.
    stops: Vec<(String, Decimal)>,
}

fn known(account: &AccountName) -> &'static str {
    MANY.into_iter()
        .find(|name| *name == account.as_str())
        .unwrap()
}

/// The rule files of a kind of venue.
fn sets(kind: Kind) -> &'static [Arc<RuleBook>] {
    static SETS: std::sync::OnceLock<BTreeMap<Kind, Vec<Arc<RuleBook>>>> =
        std::sync::OnceLock::new();
    let of = |kind| (0..rules::all(kind)).map(move |number| rules::rule_set(kind, number));
    let sets = SETS.get_or_init(|| {
        let every = Kind::ALL.into_iter();
        every.map(|kind| (kind, of(kind).collect())).collect()
    });
    &sets[&kind]
}

fn paper(random: &mut Random, start: Timestamp, options: &Options) -> (Venue, ManualTime) {
    let (clock, time) = PaperClock::manual(start);
    let config = options.kind.paper(random, options.names);
    let venue = Venue {
        paper: PaperVenue::new(config, clock).unwrap(),
        kind: options.kind,
    };
    (venue, time)
}

/// Tells what happens, in a run that tells.
macro_rules! say {
    ($world:expr, $($text:tt)*) => {
        if $world.options.tells {
            let text = format!($($text)*);
            $world.say(&text);
        }
    };
}
pub(crate) use say;

impl World {
    /// A world at its start. It lives in a runtime with paused time.
    pub fn new(seed: u64, start: Timestamp, options: Options) -> World {
        let mut random = Random::new(seed);
        let (venue, time) = paper(&mut random, start, &options);
        let (sender, notes) = mpsc::unbounded_channel();
        let wires = Wires {
            notes: sender,
            shown: Arc::new(AtomicI64::new(start.timestamp_millis())),
        };
        let rules = Arc::clone(&sets(options.kind)[options.rules]);
        let desks = Desk::all(options.kind, options.names, &wires, &rules);
        let started = Engine::start(rules, CONFIG, Kept::default(), Now::at(start));
        let disk = if options.sqlite {
            Disk::real(start, options.mutation)
        } else {
            Disk::default()
        };
        World {
            venue,
            time,
            random,
            stats: Stats::default(),
            log: Vec::new(),
            checker: Checker::default(),
            handed: Durable::default(),
            disk,
            options,
            pace: Pace::Calm,
            truths: BTreeMap::new(),
            lied: BTreeMap::new(),
            realized: BTreeMap::new(),
            sessions: BTreeMap::new(),
            flows: BTreeMap::new(),
            untold: Vec::new(),
            polled: BTreeMap::new(),
            paced_since: start,
            notices: Vec::new(),
            start,
            origin: Instant::now(),
            notes,
            wires,
            desks,
            tasks: JoinSet::new(),
            engine: started.engine,
            faults: Vec::new(),
            queue: BTreeMap::new(),
            held: Vec::new(),
            order: 0,
            calls: 0,
            generation: 0,
            steady: TimeDelta::zero(),
            wall: TimeDelta::zero(),
            frozen: None,
            paused: None,
            rules: options.rules,
            edited: None,
            is_ready: false,
            commits_due: false,
            wake: None,
            paces: 0,
            waiting: BTreeMap::new(),
            asked: BTreeMap::new(),
            leaving: Leaving::at(options.kind.profile()),
            asked_last_from: start,
            has_moved_clocks: false,
            observes: false,
            is_spelled: false,
            dies_on_leaving: false,
            stops: Vec::new(),
        }
    }

    /// The present as riskd's clocks show it.
    pub fn now(&self) -> Now {
        let steady = self.time.now() + self.steady;
        Now {
            wall: self.frozen.unwrap_or(steady + self.wall),
            steady,
        }
    }

    pub fn at(&mut self, after: TimeDelta, happening: Happening) {
        self.at_time(self.time.now() + after, happening);
    }

    pub fn at_time(&mut self, at: Timestamp, happening: Happening) {
        self.order += 1;
        self.queue.insert((at, self.order), happening);
    }

    pub fn say(&mut self, text: &str) {
        let time = self.time.now().format("%d %H:%M:%S%.3f");
        self.log.push(format!("{time} {text}"));
    }

    /// When a process that stands still goes on.
    pub fn resumes(&self) -> Option<Timestamp> {
        self.paused
    }

    /// From when on riskd can ask again: what has used up the limits of an address that
    /// accounts share is over by then.
    pub fn can_ask_from(&self) -> Timestamp {
        let now = self.time.now();
        if !self.kind().budget().is_shared {
            return now;
        }
        let mut desks = self.desks.iter();
        let held = desks.find_map(|desk| desk.polls.can_look_from());
        held.map_or(now, |held| held.max(now))
    }

    pub fn is_locked(&self, account: &str) -> bool {
        let mut locks = self.handed.locks.keys();
        locks.any(|(name, kind)| name.as_str() == account && *kind == LockKind::Lock)
    }

    /// Whether the wall clock shows another time than the venue's.
    pub fn clock_is_off(&self) -> bool {
        self.frozen.is_some() || self.now().wall != self.time.now()
    }

    /// Brings the venue's time and the wall clock up to the runtime's.
    fn look_at_the_clock(&mut self) {
        let passed = TimeDelta::from_std(self.origin.elapsed()).unwrap();
        self.time.set(self.start + passed);
        let wall = self.now().wall.timestamp_millis();
        self.wires.shown.store(wall, Ordering::Relaxed);
    }

    fn instant(&self, at: Timestamp) -> Instant {
        let passed = (at - self.start).to_std().unwrap_or_default();
        self.origin + passed
    }

    /// Lets everything happen up to this time.
    pub async fn pass_until(&mut self, end: Timestamp) -> Result<(), Violation> {
        let mut alarm = pin!(tokio::time::sleep_until(self.instant(end)));
        loop {
            while let Ok(note) = self.notes.try_recv() {
                self.take(note)?;
            }
            let next = self.queue.keys().next().map_or(end, |(at, _)| *at);
            let wake = self.wake.map_or(end, |wake| match self.paused {
                Some(resumes) => wake.max(resumes),
                None => wake,
            });
            let at = next.min(wake).min(end);
            if at > self.time.now() {
                let deadline = self.instant(at);
                if alarm.deadline() != deadline {
                    alarm.as_mut().reset(deadline);
                }
                let note = tokio::select! {
                    biased;
                    note = self.notes.recv() => note,
                    () = &mut alarm => None,
                };
                self.look_at_the_clock();
                if let Some(note) = note {
                    self.take(note)?;
                    continue;
                }
            }
            if at >= end {
                return Ok(());
            }
            self.end_faults()?;
            if next <= wake {
                let (_, happening) = self.queue.pop_first().unwrap();
                self.happen(happening)?;
            } else {
                self.step(Event::Time, &Trigger::Other)?;
            }
        }
    }

    /// From now on things happen at this pace.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.paced_since = self.time.now();
        self.paces += 1;
        let number = self.paces;
        let walk = |every_ms, ticks| Motion::Walk {
            every_ms,
            ticks,
            band_ticks: 400,
        };
        let (every, ticks) = match pace {
            Pace::Quiet => (1_200_000, 24),
            Pace::Chaos | Pace::Calm => (500, 6),
        };
        if self.options.moves {
            for traded in self.kind().traded() {
                let motion = walk(every, ticks * traded.liveliness);
                self.venue.paper.set_motion(traded.name, &motion).unwrap();
            }
        }
        self.at(ms(0), Happening::PollBegins(number));
        if pace == Pace::Calm {
            return;
        }
        for happening in [
            Happening::Trades(number),
            Happening::Fails(number),
            Happening::Crashes(number),
            Happening::Reloads(number),
            Happening::Commands(number),
        ] {
            self.again(happening);
        }
    }

    /// The next one of its kind, at the present pace.
    fn again(&mut self, happening: Happening) {
        let minute = 60_000;
        let (low, high) = match (self.pace, &happening) {
            (Pace::Calm, _) | (Pace::Quiet, Happening::Fails(_)) => return,
            (Pace::Chaos, Happening::Trades(_)) => (200, 4_000),
            (Pace::Chaos, Happening::Fails(_)) => (200, 4_000),
            (Pace::Chaos, Happening::Crashes(_)) => (5_000, 90_000),
            (Pace::Chaos, _) => (5_000, 60_000),
            (Pace::Quiet, Happening::Trades(_)) => (60 * minute, 900 * minute),
            (Pace::Quiet, _) => (1_000 * minute, 8_000 * minute),
        };
        let after = self.random.within(low, high);
        self.at(ms(after), happening);
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        let pace = self.paces;
        match happening {
            Happening::PollBegins(number) if number == pace => {
                self.begin_poll();
                return self.goes_on();
            }
            Happening::Arrives(outbound) => return self.arrive(*outbound),
            Happening::Returns(returning) => {
                let Returning {
                    desk,
                    reply,
                    answered,
                } = *returning;
                self.note_limit(desk, &answered);
                match answered {
                    Answered::Never => self.held.push(reply),
                    Answered::Closed => drop(reply),
                    answered => drop(reply.send(Ok(answered))),
                }
            }
            Happening::Noted(note) => return self.take(*note),
            Happening::Watches(watching) => return self.arrive_watching(*watching),
            Happening::Resumes(asleep) => return self.resume(asleep),
            Happening::Commits => return self.commit(),
            Happening::AsksAgain(index) => return self.ask_again(index),
            Happening::MoneyMoves(index) => self.money_moves_again(index),
            Happening::StopsFill => self.fill_stops(),
            Happening::Settles => self.settle(),
            Happening::Opens => self.open_session(),
            Happening::VenueDayBegins => self.realized.clear(),
            Happening::Trades(number) if number == pace => {
                let (kind, tells) = (self.kind(), self.options.tells);
                let deed = trader::trade(&mut self.random, &self.venue.paper, kind, tells);
                if let Some((account, deed)) = deed {
                    self.leave_unclean(account);
                    say!(self, "{deed}");
                }
                self.again(Happening::Trades(number));
            }
            Happening::Fails(number) if number == pace => {
                self.again(Happening::Fails(number));
                return self.begin_random_fault();
            }
            Happening::Crashes(number) if number == pace => {
                self.again(Happening::Crashes(number));
                return self.crash();
            }
            Happening::Reloads(number) if number == pace => {
                self.again(Happening::Reloads(number));
                let rules = self.random_rules();
                return self.reload(rules);
            }
            Happening::Commands(number) if number == pace => {
                self.again(Happening::Commands(number));
                return self.command();
            }
            // Of a pace that is over.
            _ => {}
        }
        Ok(())
    }

    /// What a task of riskd tells; a process that stands still hears it later.
    fn take(&mut self, note: Note) -> Result<(), Violation> {
        if let Some(resumes) = self.paused {
            self.at_time(resumes, Happening::Noted(Box::new(note)));
            return Ok(());
        }
        match note {
            Note::Out(outbound) => return self.take_out(*outbound),
            Note::Polled(generation, desk, call, observations) => {
                let truths = self.truths.remove(&call).unwrap_or_default();
                if generation == self.generation {
                    self.poll_ended(desk)?;
                    self.desks[desk].poll = None;
                    return self.take_poll(desk, observations, &truths);
                }
            }
            Note::Left(generation, event) => {
                if generation != self.generation {
                    return Ok(());
                }
                return self.take_left(event);
            }
            Note::Done(generation, call, event) => {
                let truths = self.truths.remove(&call).unwrap_or_default();
                if generation != self.generation {
                    return Ok(());
                }
                self.note_left(&event);
                if matches!(event, Event::Answered { .. }) && self.is_killed_at(Moment::Answered) {
                    return self.crash();
                }
                self.note_answer(&event);
                let (event, trigger) = self.judge_read(event, truths);
                self.step(event, &trigger)?;
            }
            Note::Orders(read) => return self.take_orders(*read),
            Note::NoOrders(generation, desk) => {
                if generation == self.generation {
                    self.desks[desk].is_reading = false;
                }
            }
        }
        Ok(())
    }

    fn disk_fails(&self) -> bool {
        let dead = |active: &Active| {
            matches!(TABLE[active.index].act, Act::DeadDisk | Act::KillOnDeadDisk)
        };
        self.faults.iter().any(dead)
    }

    fn disk_is_slow(&self) -> bool {
        let slow = |active: &Active| matches!(TABLE[active.index].act, Act::SlowDisk);
        self.faults.iter().any(slow)
    }

    /// The disk has done a transaction, or not.
    fn commit(&mut self) -> Result<(), Violation> {
        self.commits_due = false;
        if self.disk_fails() {
            self.disk.fail();
        }
        if self.disk_fails() || !self.disk.commit()? {
            self.commits_due = true;
            self.at(ms(250), Happening::Commits);
            return Ok(());
        }
        let mut waiting = self.waiting.keys();
        let has_write = waiting.any(|one| matches!(one, Waiting::Request(_)));
        if has_write && self.is_killed_at(Moment::Committed) {
            return self.crash();
        }
        Ok(())
    }

    fn submit(&mut self, batch: Batch) -> Receipt {
        let receipt = self.disk.submit(batch);
        if !self.commits_due {
            self.commits_due = true;
            let most = if self.disk_is_slow() { 8_000 } else { 40 };
            let after = self.random.within(1, most);
            self.at(ms(after), Happening::Commits);
        }
        receipt
    }

    pub fn step(&mut self, event: Event, trigger: &Trigger) -> Result<(), Violation> {
        let effects = self.engine.step(self.now(), event).effects;
        self.after(effects, trigger)
    }

    /// Checks what a step wants, and starts it.
    fn after(&mut self, effects: Vec<Effect>, trigger: &Trigger) -> Result<(), Violation> {
        self.stats.steps += 1;
        let now = self.now();
        let asks_from = self.can_ask_from();
        if asks_from > self.time.now() {
            self.checker.waits(now);
            self.asked_last_from = self.asked_last_from.max(asks_from);
        }
        let mutation = self.options.mutation;
        let effects = mutations::mutate(mutation, self.stats.steps, now, effects);
        let mut states = Vec::new();
        self.engine.drain_states(&mut states);
        if self.options.tells {
            self.tell(&effects);
        }
        let step = Step {
            now,
            trigger,
            effects: &effects,
            states: &states,
            rules: self.engine.rules(),
            loss_limit: rules::loss_limit(self.rules),
            profile: self.kind().profile(),
            acts: !self.observes,
        };
        self.checker.check(&step, &mut self.handed)?;
        let mut batch = Batch::default();
        let mut jobs = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send {
                    account,
                    request,
                    write,
                    urgency,
                } => jobs.push((
                    account,
                    JobKind::Write {
                        request,
                        write,
                        urgency,
                    },
                )),
                Effect::Read {
                    account,
                    read,
                    what,
                } => jobs.push((account, JobKind::Read { read, what })),
                Effect::Withdraw { request, .. } => self.withdraw(&Waiting::Request(request)),
                Effect::WithdrawRead { account, read } => {
                    self.withdraw(&Waiting::Read(account, read));
                }
                Effect::Record(record) => batch.records.push(record),
                Effect::Notify(notice) => self.notices.push((
                    self.time.now(),
                    notice.severity,
                    notice.account,
                    notice.text,
                )),
            }
        }
        batch.records.extend(states);
        let decides = jobs
            .iter()
            .any(|(_, kind)| matches!(kind, JobKind::Write { .. }));
        if decides && self.is_killed_at(Moment::Decided) {
            return self.crash();
        }
        let receipt = (batch.rows() > 0).then(|| self.submit(batch));
        for (account, kind) in jobs {
            self.job(account, kind, receipt.clone());
        }
        self.poll_soon();
        let wait = self.engine.next_wake(now);
        self.wake = wait.map(|wait| {
            // To the next millisecond, which is as fine as timers are.
            let micros = wait.num_microseconds().unwrap_or(i64::MAX / 2);
            self.time.now() + ms((micros / 1000 + 1).min(700_000_000))
        });
        Ok(())
    }

    fn tell(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Record(RecordRow::LogEntry(entry)) => self.say(&entry.message),
                Effect::Read {
                    account,
                    read,
                    what,
                } => self.say(&format!("read {read} of {account}: {what:?}")),
                Effect::Send {
                    account,
                    request,
                    write,
                    urgency,
                } => self.say(&format!(
                    "request {request} to {account}: {write} ({urgency:?})"
                )),
                Effect::Withdraw { account, request } => {
                    self.say(&format!("request {request} to {account} is withdrawn"));
                }
                Effect::WithdrawRead { account, read } => {
                    self.say(&format!("read {read} of {account} is withdrawn"));
                }
                Effect::Record(_) | Effect::Notify(_) => {}
            }
        }
    }

    /// The sums of the run.
    pub fn finish(&mut self, start: Timestamp) {
        self.stats.runs = 1;
        self.stats.on_sqlite = u64::from(self.disk.is_real());
        self.stats.at_exchanges = u64::from(self.kind().is_exchange());
        self.stats.passed = self.time.now() - start;
        self.stats.commits = self.disk.commits;
        self.stats.decided = self.checker.decided;
    }

    /// Whether nothing has gone wrong for longer than a wallet may be in doubt.
    pub fn is_long_quiet(&self) -> bool {
        let quiet_for = self.time.now() - self.paced_since;
        self.pace == Pace::Quiet && self.faults.is_empty() && quiet_for > DOUBT
    }

    /// The kind of the venue.
    pub fn kind(&self) -> Kind {
        self.options.kind
    }

    /// The trader opens a position in spite of a lock.
    pub fn enter(&mut self, account: &str) {
        self.leave_unclean(account);
        let first = &self.kind().traded()[0];
        trader::open(&self.venue.paper, account, first, first.sized(1)).unwrap();
    }
}

/// A run that broke an invariant.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    pub violation: Violation,
    pub log: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = super::number("RISKD_SIM_LINES").unwrap_or(80);
        let last = self.log.len() - self.log.len().min(usize::try_from(lines).unwrap());
        writeln!(f, "seed {}: {}", self.seed, self.violation)?;
        writeln!(
            f,
            "replay with RISKD_SIM_SEED={}; the last events:",
            self.seed
        )?;
        for line in &self.log[last..] {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

/// A runtime whose time is virtual.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}
