//! What is seen of a fall: at the venue, and on record.

use chrono::{DateTime, TimeDelta, Utc};
use riskd::engine::record::EntryKind;
use riskd::store::EntryRow;
use riskd_paper::{CallKind, RequestRecord};

use super::rig::{Rig, alias};

/// The field of a `verified` entry that says when the positions of the account
/// were first seen closed after the last request.
const POSITIONS_PROVEN: &str = "positions_proven";

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
pub struct Watched {
    open: Vec<DateTime<Utc>>,
    busy: Vec<DateTime<Utc>>,
    is_open: Vec<bool>,
    is_busy: Vec<bool>,
}

impl Watched {
    pub fn new(count: usize, at: DateTime<Utc>) -> Watched {
        Watched {
            open: vec![at; count],
            busy: vec![at; count],
            is_open: vec![true; count],
            is_busy: vec![true; count],
        }
    }

    pub fn look(&mut self, rig: &Rig) {
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

/// When the first flatten of each account came.
pub fn flattened(rig: &Rig, crossed: DateTime<Utc>) -> Vec<Option<DateTime<Utc>>> {
    let first = |name: &String| rig.venue.first_flatten(name, crossed);
    let names = rig.names.iter();
    names
        .map(|name| first(name).map(|request| request.at))
        .collect()
}

/// When each account was first on record as verified; without those spared.
pub fn proven(rig: &Rig, crossed: DateTime<Utc>, spared: usize) -> Vec<Option<DateTime<Utc>>> {
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
    let entries = rig.entries(EntryKind::Verified);
    let at = |entry: &EntryRow| {
        let mut fields = entry.fields.iter();
        let (_, text) = fields.find(|(name, _)| name == POSITIONS_PROVEN)?;
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        Some(at.with_timezone(&Utc))
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

pub fn gather(
    rig: &Rig,
    watched: &Watched,
    ready: DateTime<Utc>,
    crossed: DateTime<Utc>,
    spared: usize,
) -> Figures {
    let requests = rig.venue.requests();
    let answered = |one: &RequestRecord| {
        let latency = i64::try_from(one.latency_us?).ok()?;
        Some(one.at + TimeDelta::microseconds(latency))
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
