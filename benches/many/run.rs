//! One fall of the price, and what is seen of it at the venue and on record.

use std::process::{Child, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use riskd::engine::record::EntryKind;
use riskd::venue::paper::{CallKind, Fault, FaultRule, RequestClass};

use super::limits::{CACHE_MS, OTHER, limits};
use super::rig::{ES, Plan, Rig, alias};

const LOCK: &str = "[flatten, { lock: { until: session_end } }]";
/// From ready to the fall: the bucket is full by then.
const CALM: Duration = Duration::from_secs(12);
/// How often the venue's accounts are looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often the record is looked at.
const READ: Duration = Duration::from_secs(1);
/// What is still watched when all is proven.
const AFTER: Duration = Duration::from_secs(5);
/// When a person flattens everything, after the fall.
const HAND_AFTER: Duration = Duration::from_millis(500);
/// How long the bot is watched.
const BOT_LASTS: Duration = Duration::from_secs(60);
/// How soon the bot opens again.
const BOT_AFTER_MS: u64 = 300;

/// The entry that says that an account's positions are proven closed, and the
/// field of a `verified` entry that says since when they were, in milliseconds.
/// Neither exists so far: the column stays empty until one of them does.
const POSITIONS_PROVEN_KIND: &str = "positions_proven";
const POSITIONS_PROVEN_FIELD: &str = "positions_proven_at";

/// What is different in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    Plain,
    Unlocked,
    Cache,
    Other,
    Refused,
    Kill,
    Entries,
    Hand,
    Bot,
}

impl Variant {
    pub const ALL: [Variant; 9] = [
        Variant::Plain,
        Variant::Unlocked,
        Variant::Cache,
        Variant::Other,
        Variant::Refused,
        Variant::Kill,
        Variant::Entries,
        Variant::Hand,
        Variant::Bot,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Variant::Plain => "plain",
            Variant::Unlocked => "unlocked",
            Variant::Cache => "cache",
            Variant::Other => "other",
            Variant::Refused => "refused",
            Variant::Kill => "kill",
            Variant::Entries => "entries",
            Variant::Hand => "hand",
            Variant::Bot => "bot",
        }
    }

    pub fn parse(text: &str) -> Option<Variant> {
        Variant::ALL.into_iter().find(|one| one.name() == text)
    }

    fn plan(self, accounts: usize) -> Plan {
        Plan {
            accounts,
            entries: if self == Variant::Entries { 2 } else { 1 },
            then: if self == Variant::Unlocked {
                "[flatten]"
            } else {
                LOCK
            },
            snapshot_cache_ms: if self == Variant::Cache { CACHE_MS } else { 0 },
        }
    }
}

/// How many of how many there were, and when the last of them was, in seconds
/// after the crossing was seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Last {
    pub reached: usize,
    pub of: usize,
    pub seconds: f64,
}

/// What one fall came to.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub count: usize,
    /// From the fall to the first answer that showed it.
    pub seen_after: f64,
    pub last_flatten: Last,
    /// `None` while the record does not say it.
    pub positions_proven: Option<Last>,
    pub all_proven: Last,
    pub venue_flat: Last,
    pub venue_quiet: Last,
    /// The longest time between two snapshots that were answered.
    pub poll_gap: f64,
    pub needless: u64,
    pub overlapping: u64,
    pub worst_minute: u64,
    pub refused_429: u64,
    pub data_lost: usize,
    pub note: String,
}

/// When each account was last seen open, and last seen with orders.
struct Watched {
    open: Vec<DateTime<Utc>>,
    busy: Vec<DateTime<Utc>>,
    is_open: Vec<bool>,
    is_busy: Vec<bool>,
}

impl Watched {
    fn new(count: usize, at: DateTime<Utc>) -> Watched {
        Watched {
            open: vec![at; count],
            busy: vec![at; count],
            is_open: vec![true; count],
            is_busy: vec![true; count],
        }
    }

    fn look(&mut self, rig: &Rig) {
        let state = rig.venue.snapshot();
        for (index, account) in state.accounts.iter().enumerate() {
            self.is_open[index] = !account.positions.is_empty();
            self.is_busy[index] = !account.is_flat_and_quiet();
            if self.is_open[index] {
                self.open[index] = state.now;
            }
            if self.is_busy[index] {
                self.busy[index] = state.now;
            }
        }
    }
}

/// The price falls through the limit of every account.
pub fn fall(count: usize, variant: Variant) -> Figures {
    let mut rig = Rig::new(&variant.plan(count));
    rig.start_ready();
    let ready = rig.venue.now();
    sleep(CALM);
    begin_trouble(&rig, variant);
    wait_for_half_a_poll(&rig);
    let crossed = rig.venue.now();
    rig.venue.set_price(ES, 4_980).unwrap();

    let spared = usize::from(variant == Variant::Refused);
    let limit = limits(count, variant).all_proven;
    let least = if variant == Variant::Hand { 66.0 } else { 45.0 };
    let patience = Duration::from_secs_f64((limit * 1.4).max(least));
    let mut watched = Watched::new(count, crossed);
    let mut by_hand = None;
    let mut killed_after = None;
    let begun = Instant::now();
    let mut read = Instant::now();
    let mut done = None;
    while begun.elapsed() < patience {
        watched.look(&rig);
        if variant == Variant::Kill
            && killed_after.is_none()
            && flattened(&rig, crossed).iter().flatten().count() * 2 >= count
        {
            killed_after = Some(begun.elapsed());
            rig.kill();
            rig.start();
        }
        if variant == Variant::Hand && by_hand.is_none() && begun.elapsed() >= HAND_AFTER {
            by_hand = Some(ByHand::start(&rig));
        }
        if let Some(by_hand) = &mut by_hand {
            by_hand.look();
        }
        if read.elapsed() >= READ && done.is_none() {
            read = Instant::now();
            if proven(&rig, crossed, spared).iter().all(Option::is_some) {
                done = Some(Instant::now());
            }
        }
        let is_by_hand = by_hand.as_ref().is_some_and(|one| one.ended.is_none());
        if done.is_some_and(|at| at.elapsed() >= AFTER) && !is_by_hand {
            break;
        }
        sleep(LOOK);
    }
    let mut figures = gather(&rig, &watched, ready, crossed, spared);
    if let Some(after) = killed_after {
        figures.note = format!("killed after {:.2} s", after.as_secs_f64());
    }
    if let Some(by_hand) = by_hand {
        figures.note = by_hand.say(&rig);
    }
    figures
}

fn begin_trouble(rig: &Rig, variant: Variant) {
    match variant {
        Variant::Other => {
            let fault = Fault::OtherProgram { per_second: OTHER };
            rig.venue.set_fault(FaultRule::new(fault)).unwrap();
            sleep(Duration::from_secs(3));
        }
        Variant::Refused => {
            let fault = Fault::FlattenRefused {
                error: "Market is closed".to_owned(),
            };
            let rule = FaultRule::new(fault).of(&rig.names[0]);
            rig.venue.set_fault(rule).unwrap();
        }
        _ => {}
    }
}

/// The fall comes at the same distance from the polls in every row.
fn wait_for_half_a_poll(rig: &Rig) {
    let polls = |rig: &Rig| {
        let requests = rig.venue.requests();
        let snapshots = requests
            .iter()
            .filter(|one| one.class == RequestClass::Snapshot);
        snapshots.count()
    };
    let before = polls(rig);
    while polls(rig) == before {
        sleep(Duration::from_millis(2));
    }
    sleep(Duration::from_millis(500));
}

/// When the first flatten of each account came.
fn flattened(rig: &Rig, crossed: DateTime<Utc>) -> Vec<Option<DateTime<Utc>>> {
    let first = |name: &String| rig.venue.first_flatten(name, crossed);
    let names = rig.names.iter();
    names
        .map(|name| first(name).map(|request| request.at))
        .collect()
}

/// When each account was first on record as verified; without those spared.
fn proven(rig: &Rig, crossed: DateTime<Utc>, spared: usize) -> Vec<Option<DateTime<Utc>>> {
    let entries = rig.entries(EntryKind::Verified);
    let of = |index: usize| {
        let alias = alias(index);
        let mut entries = entries.iter().filter(|entry| entry.at >= crossed);
        entries
            .find(|entry| entry.account.as_ref() == Some(&alias))
            .map(|entry| entry.at)
    };
    (spared..rig.names.len()).map(of).collect()
}

/// The same of the positions alone, once the record says it.
fn positions_proven(
    rig: &Rig,
    crossed: DateTime<Utc>,
    spared: usize,
) -> Option<Vec<Option<DateTime<Utc>>>> {
    let kind = EntryKind::ALL
        .iter()
        .find(|kind| kind.name() == POSITIONS_PROVEN_KIND);
    let entries = match kind {
        Some(kind) => rig.entries(*kind),
        None => rig.entries(EntryKind::Verified),
    };
    let at = |entry: &riskd::store::EntryRow| match kind {
        Some(_) => Some(entry.at),
        None => {
            let mut fields = entry.fields.iter();
            let (_, text) = fields.find(|(name, _)| name == POSITIONS_PROVEN_FIELD)?;
            DateTime::from_timestamp_millis(text.parse().ok()?)
        }
    };
    let of = |index: usize| {
        let alias = alias(index);
        let mut entries = entries.iter().filter(|entry| entry.at >= crossed);
        at(entries.find(|entry| entry.account.as_ref() == Some(&alias))?)
    };
    let all: Vec<_> = (spared..rig.names.len()).map(of).collect();
    all.iter().any(Option::is_some).then_some(all)
}

fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_microseconds().unwrap_or(i64::MAX) as f64 / 1e6
}

fn last(times: &[Option<DateTime<Utc>>], seen: DateTime<Utc>) -> Last {
    Last {
        reached: times.iter().flatten().count(),
        of: times.len(),
        seconds: times
            .iter()
            .flatten()
            .max()
            .map_or(0.0, |at| seconds(seen, *at)),
    }
}

fn gather(
    rig: &Rig,
    watched: &Watched,
    ready: DateTime<Utc>,
    crossed: DateTime<Utc>,
    spared: usize,
) -> Figures {
    let requests = rig.venue.requests();
    let answered = |one: &riskd::venue::paper::RequestRecord| {
        let latency = i64::try_from(one.latency_us?).ok()?;
        Some(one.at + chrono::TimeDelta::microseconds(latency))
    };
    let seen = requests
        .iter()
        .filter(|one| one.content_at.is_some_and(|made| made >= crossed))
        .find_map(answered)
        .unwrap_or(crossed);
    let polls: Vec<_> = requests
        .iter()
        .filter(|one| one.call == Some(CallKind::AccountsSummary) && one.status == Some(200))
        .map(|one| one.at)
        .filter(|at| *at >= ready)
        .chain([rig.venue.now()])
        .collect();
    let gaps = polls.windows(2).map(|pair| seconds(pair[0], pair[1]));
    let counters = rig.venue.counters();
    let ended = |is: &[bool], at: &[DateTime<Utc>]| {
        let both = is.iter().zip(at).skip(spared);
        let times: Vec<_> = both.map(|(is, at)| (!is).then_some(*at)).collect();
        last(&times, seen)
    };
    Figures {
        count: rig.names.len(),
        seen_after: seconds(crossed, seen),
        last_flatten: last(&flattened(rig, crossed), seen),
        positions_proven: positions_proven(rig, crossed, spared).map(|all| last(&all, seen)),
        all_proven: last(&proven(rig, crossed, spared), seen),
        venue_flat: ended(&watched.is_open, &watched.open),
        venue_quiet: ended(&watched.is_busy, &watched.busy),
        poll_gap: gaps.fold(0.0, f64::max),
        needless: counters.needless_flattens,
        overlapping: counters.overlapping_flattens,
        worst_minute: counters.worst_minute,
        refused_429: counters.rate_limited,
        data_lost: rig.entries(EntryKind::DataLost).len(),
        note: String::new(),
    }
}

/// `riskd flatten --all` beside the daemon.
struct ByHand {
    child: Child,
    begun: Instant,
    ended: Option<(ExitStatus, Duration)>,
}

impl ByHand {
    fn start(rig: &Rig) -> ByHand {
        let mut command = rig.riskd("by-hand");
        ByHand {
            child: command.args(["flatten", "--all"]).spawn().unwrap(),
            begun: Instant::now(),
            ended: None,
        }
    }

    fn look(&mut self) {
        if self.ended.is_none()
            && let Some(status) = self.child.try_wait().unwrap()
        {
            self.ended = Some((status, self.begun.elapsed()));
        }
    }

    /// What became of it; it is ended when it has not ended yet.
    fn say(mut self, rig: &Rig) -> String {
        let printed = rig.printed("by-hand");
        let verified = printed
            .lines()
            .find(|line| line.contains(" of "))
            .or(printed.lines().last())
            .unwrap_or_default()
            .to_owned();
        match self.ended {
            Some((status, took)) => format!(
                "by hand: exit {} after {:.1} s, {verified}",
                status.code().unwrap_or(-1),
                took.as_secs_f64()
            ),
            None => {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                format!("by hand: not ended, {verified}")
            }
        }
    }
}

/// What a bot came to that opens the first account again after each close.
#[derive(Clone, Copy, Debug)]
pub struct Bot {
    /// The share of the time in which the locked account was open.
    pub open_share: f64,
    /// How often the bot opened it again.
    pub opened: u64,
    pub flattens: usize,
    pub longest_open: f64,
    pub poll_gap: f64,
    pub worst_minute: u64,
}

pub fn bot(count: usize) -> Bot {
    let mut rig = Rig::new(&Variant::Bot.plan(count));
    rig.start_ready();
    let ready = rig.venue.now();
    sleep(CALM);
    let fault = Fault::Reopens {
        after_ms: BOT_AFTER_MS,
    };
    let rule = FaultRule::new(fault).of(&rig.names[0]);
    rig.venue.set_fault(rule).unwrap();
    wait_for_half_a_poll(&rig);
    rig.venue.set_price(ES, 4_980).unwrap();
    let name = rig.names[0].clone();
    let is_open = |rig: &Rig| !rig.venue.figures(&name).unwrap().positions.is_empty();
    while is_open(&rig) {
        sleep(Duration::from_millis(1));
    }
    let first_closed = rig.venue.now();
    let begun = Instant::now();
    let (mut open, mut longest, mut since) = (Duration::ZERO, Duration::ZERO, None);
    let mut looked = begun;
    while begun.elapsed() < BOT_LASTS {
        sleep(Duration::from_millis(1));
        let now = Instant::now();
        if is_open(&rig) {
            open += now - looked;
            longest = longest.max(now - *since.get_or_insert(looked));
        } else {
            since = None;
        }
        looked = now;
    }
    let requests = rig.venue.requests();
    let flattens = requests.iter().filter(|one| {
        one.at >= first_closed
            && one.call == Some(CallKind::Flatten)
            && one.account.as_deref() == Some(name.as_str())
    });
    let watched = Watched::new(count, first_closed);
    let figures = gather(&rig, &watched, ready, first_closed, 1);
    Bot {
        open_share: open.as_secs_f64() / BOT_LASTS.as_secs_f64(),
        opened: rig.venue.faults()[0].struck,
        flattens: flattens.count(),
        longest_open: longest.as_secs_f64(),
        poll_gap: figures.poll_gap,
        worst_minute: figures.worst_minute,
    }
}
