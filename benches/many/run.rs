//! One row: the price falls, with the trouble of a variant.

use std::thread::sleep;
use std::time::{Duration, Instant};

use riskd_paper::{CallKind, Fault, FaultRule, RequestClass};

use super::by_hand::ByHand;
use super::limits::{CACHE_MS, OTHER, limits};
use super::measure::{Figures, Watched, flattened, gather, proven};
use super::rig::{ES, Plan, Rig};

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
            by_hand = Some(ByHand::start(&rig, patience.saturating_sub(HAND_AFTER)));
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
        let is_by_hand = by_hand.as_ref().is_some_and(ByHand::is_running);
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
