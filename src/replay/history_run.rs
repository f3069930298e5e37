//! A whole history through the engine, on several cores: accounts know nothing
//! of one another, so each worker takes some of them, while the calling thread
//! reads rows ahead. What is told is the same, in the same order, as by one
//! [`Replay`] over all rows.

use std::io::BufRead;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, Scope};

use super::happening::{Happening, Note, Story};
use super::history::{History, HistoryError, Row};
use super::run::Replay;
use crate::domain::observation::Timestamp;
use crate::rules::ruleset::RuleSet;

/// Rows that are handed over at once: few enough that they stay in a core's
/// cache, and enough that handing over costs nothing.
const BATCH_ROWS: usize = 1_024;
/// Batches that may be under way; with the rows of a batch this bounds memory.
const BATCHES_AHEAD: usize = 8;
/// Most workers: one thread reads, and it cannot feed more.
const MAX_WORKERS: usize = 4;

/// Takes the rows of a history through the engine and hands over what happens
/// as it becomes known, in the order of time, and within an instant in the
/// order of the rows. Returns the number of rows, or what `tell` broke off with.
///
/// # Errors
/// The first thing that is wrong with a row; what happened before it has been
/// handed over by then.
pub fn replay_history<R: BufRead, B>(
    rules: &Arc<RuleSet>,
    history: History<R>,
    tell: impl FnMut(Story) -> ControlFlow<B>,
) -> Result<ControlFlow<B, u64>, HistoryError> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = cores.min(rules.accounts.len()).clamp(1, MAX_WORKERS);
    replay_history_with(workers, rules, history, tell)
}

/// The same with a given number of workers.
///
/// # Errors
/// As for [`replay_history`].
pub fn replay_history_with<R: BufRead, B>(
    workers: usize,
    rules: &Arc<RuleSet>,
    mut history: History<R>,
    mut tell: impl FnMut(Story) -> ControlFlow<B>,
) -> Result<ControlFlow<B, u64>, HistoryError> {
    thread::scope(|scope| {
        let lanes: Vec<Lane> = (0..workers.max(1))
            .map(|_| Lane::start(scope, rules))
            .collect();
        let mut ahead = 0_usize;
        let mut rows = 0_u64;
        let result = loop {
            let (batches, read) = read_batches(&mut history, lanes.len(), rows);
            rows = rows.saturating_add(batches.iter().map(Batch::len).sum());
            let is_empty = batches.iter().all(|batch| batch.until.is_none());
            if !is_empty {
                for (lane, batch) in lanes.iter().zip(batches) {
                    // A worker that is gone has panicked; the scope passes it on.
                    let _ = lane.rows.send(batch);
                }
                ahead = ahead.saturating_add(1);
            }
            match read {
                Ok(true) => {}
                Ok(false) => break Ok(rows),
                Err(error) => break Err(error),
            }
            if ahead >= BATCHES_AHEAD {
                if let ControlFlow::Break(off) = tell(collect(lanes.iter().map(|lane| &lane.told)))
                {
                    return Ok(ControlFlow::Break(off));
                }
                ahead = ahead.saturating_sub(1);
            }
        };
        // A worker that has no more rows to come deals with the last instant.
        let told: Vec<Receiver<Told>> = lanes.into_iter().map(|lane| lane.told).collect();
        let ends = usize::from(result.is_ok());
        for _ in 0..ahead.saturating_add(ends) {
            if let ControlFlow::Break(off) = tell(collect(told.iter())) {
                return Ok(ControlFlow::Break(off));
            }
        }
        result.map(ControlFlow::Continue)
    })
}

/// A worker, seen from the thread that reads.
struct Lane {
    rows: SyncSender<Batch>,
    told: Receiver<Told>,
}

/// Some rows for one worker, with their numbers in the history.
struct Batch {
    rows: Vec<(u64, Row)>,
    /// The time of the last row that was read for any worker.
    until: Option<Timestamp>,
}

/// Where a happening stands in the order of what is told: by time, rows before
/// what time alone does, then by the number of the row or of the account.
type Order = (Timestamp, Source, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Row,
    Time,
}

/// What one batch brought.
#[derive(Default)]
struct Told {
    happenings: Vec<(Order, Happening)>,
    notes: Vec<Note>,
}

impl Batch {
    fn with_room(rows: usize) -> Batch {
        Batch {
            rows: Vec::with_capacity(rows),
            until: None,
        }
    }

    fn len(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }
}

impl Lane {
    fn start<'s>(scope: &'s Scope<'s, '_>, rules: &Arc<RuleSet>) -> Lane {
        let (rows, batches) = sync_channel(BATCHES_AHEAD);
        let (tell, told) = channel();
        let rules = Arc::clone(rules);
        scope.spawn(move || work(rules, &batches, &tell));
        Lane { rows, told }
    }
}

/// Reads a batch for each worker; whether there may be more, or what is wrong
/// with the row behind them.
fn read_batches<R: BufRead>(
    history: &mut History<R>,
    lanes: usize,
    mut number: u64,
) -> (Vec<Batch>, Result<bool, HistoryError>) {
    // Accounts that come round in turn fill the batches evenly.
    let room = BATCH_ROWS.div_ceil(lanes.max(1));
    let mut batches: Vec<Batch> = (0..lanes).map(|_| Batch::with_room(room)).collect();
    let mut last = None;
    let mut read = Ok(true);
    history.part_from_rows();
    for _ in 0..BATCH_ROWS {
        match history.next_row() {
            Ok(Some(row)) => {
                last = Some(row.time);
                let lane = row.account.checked_rem(lanes).unwrap_or(0);
                if let Some(batch) = batches.get_mut(lane) {
                    batch.rows.push((number, row));
                }
                number = number.saturating_add(1);
            }
            Ok(None) => {
                read = Ok(false);
                break;
            }
            Err(error) => {
                read = Err(error);
                break;
            }
        }
    }
    for batch in &mut batches {
        batch.until = last;
    }
    (batches, read)
}

/// Takes the rows of some accounts through the engine.
fn work(rules: Arc<RuleSet>, batches: &Receiver<Batch>, tell: &Sender<Told>) {
    let mut replay = Replay::new(Arc::clone(&rules));
    let mut story = Story::default();
    let mut told = Told::default();
    for batch in batches {
        for (number, row) in batch.rows {
            let time = row.time;
            replay.advance(time, &mut story);
            told.take_passed(&rules, &mut story);
            replay.row(row, &mut story);
            told.take(&mut story, |_| (time, Source::Row, number));
        }
        if let Some(until) = batch.until {
            replay.advance(until, &mut story);
            told.take_passed(&rules, &mut story);
        }
        if tell.send(std::mem::take(&mut told)).is_err() {
            return;
        }
    }
    replay.end(&mut story);
    told.take_passed(&rules, &mut story);
    // Nobody listens any more after an error in the history.
    let _ = tell.send(told);
}

impl Told {
    /// Takes what time alone did.
    fn take_passed(&mut self, rules: &RuleSet, story: &mut Story) {
        self.take(story, |happening| {
            let accounts = &mut rules.accounts.iter();
            let number = accounts.position(|account| account.name == happening.account);
            let number = number.and_then(|number| u64::try_from(number).ok());
            (happening.time, Source::Time, number.unwrap_or(u64::MAX))
        });
    }

    fn take(&mut self, story: &mut Story, order: impl Fn(&Happening) -> Order) {
        if story.happenings.is_empty() && story.notes.is_empty() {
            return;
        }
        let happenings = story.happenings.drain(..);
        self.happenings
            .extend(happenings.map(|happening| (order(&happening), happening)));
        self.notes.append(&mut story.notes);
    }
}

/// What the next batch of every worker brought, in order.
fn collect<'t>(told: impl Iterator<Item = &'t Receiver<Told>>) -> Story {
    let mut all = Told::default();
    for told in told {
        if let Ok(mut next) = told.recv() {
            all.happenings.append(&mut next.happenings);
            all.notes.append(&mut next.notes);
        }
    }
    all.happenings.sort_by_key(|(order, _)| *order);
    all.notes.sort_by_key(|note| note.time);
    Story {
        happenings: all.happenings.into_iter().map(|(_, h)| h).collect(),
        notes: all.notes,
    }
}
