//! A whole history through the engine, on several cores: accounts know nothing
//! of one another, so each worker takes some of them. The calling thread only
//! finds the rows in a piece of the history and whose they are; the workers
//! read them. What is told is the same, in the same order, as by one thread
//! that takes the rows one by one.

use std::io::Read;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, Scope};

use super::history::{ContentReader, History, HistoryError, RowHead};
use super::log::{Note, ReplayEvent, ReplayLog};
use super::run::AccountReplay;
use crate::domain::observation::Timestamp;
use crate::rules::book::RuleBook;
use crate::rules::ruleset::RuleSet;

/// Pieces of the history that may be under way; this bounds memory.
const PIECES_AHEAD: usize = 8;
/// Most workers: one thread finds the rows, and it cannot feed more.
const MAX_WORKERS: usize = 4;

/// Takes the rows of a history through the engine and hands over what happens
/// as it becomes known, in the order of time, and within an instant in the
/// order of the rows. Returns the number of rows, or what `tell` broke off with.
///
/// # Errors
/// The first thing that is wrong with a row; what happened before it has been
/// handed over by then.
pub fn replay_history<R: Read, B>(
    rules: &Arc<RuleSet>,
    history: History<R>,
    tell: impl FnMut(ReplayLog) -> ControlFlow<B>,
) -> Result<ControlFlow<B, u64>, HistoryError> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = cores.min(rules.book.accounts.len()).clamp(1, MAX_WORKERS);
    replay_history_with(workers, rules, history, tell)
}

/// The same with a given number of workers.
///
/// # Errors
/// As for [`replay_history`].
pub fn replay_history_with<R: Read, B>(
    workers: usize,
    rules: &Arc<RuleSet>,
    mut history: History<R>,
    mut tell: impl FnMut(ReplayLog) -> ControlFlow<B>,
) -> Result<ControlFlow<B, u64>, HistoryError> {
    thread::scope(|scope| {
        let lanes: Vec<Lane> = (0..workers.max(1))
            .map(|_| Lane::start(scope, &rules.book, history.content_reader()))
            .collect();
        let mut found = Found::default();
        let mut ahead = 0_usize;
        let mut is_more = true;
        while is_more {
            // What is wrong with a time or an account ends the rows; it is for
            // the workers to say whether a row before that one cannot be read.
            is_more = found.next_piece(&mut history, &lanes);
            ahead = ahead.saturating_add(1);
            if ahead >= PIECES_AHEAD {
                match collect(lanes.iter().map(|lane| &lane.results), &mut tell)? {
                    ControlFlow::Continue(()) => ahead = ahead.saturating_sub(1),
                    ControlFlow::Break(off) => return Ok(ControlFlow::Break(off)),
                }
            }
        }
        // A worker that has no more rows to come deals with the last instant.
        let results: Vec<Receiver<BatchResult>> =
            lanes.into_iter().map(|lane| lane.results).collect();
        let ends = usize::from(found.error.is_none());
        for _ in 0..ahead.saturating_add(ends) {
            if let ControlFlow::Break(off) = collect(results.iter(), &mut tell)? {
                return Ok(ControlFlow::Break(off));
            }
        }
        match found.error {
            None => Ok(ControlFlow::Continue(found.rows)),
            Some(error) => Err(error),
        }
    })
}

/// The rows that were found so far.
#[derive(Default)]
struct Found {
    rows: u64,
    /// The most rows of one piece that went to one worker.
    most_rows: usize,
    /// The time of the last one.
    last: Option<Timestamp>,
    /// What is wrong with the one behind it.
    error: Option<HistoryError>,
}

impl Found {
    /// Finds the rows of the next piece and hands them to the workers; whether
    /// there may be more.
    fn next_piece<R: Read>(&mut self, history: &mut History<R>, lanes: &[Lane]) -> bool {
        // The pieces are of one length, and so are their rows, more or less.
        let many = self.most_rows;
        let mut rows: Vec<Vec<NumberedRow>> =
            lanes.iter().map(|_| Vec::with_capacity(many)).collect();
        let is_more = self.find(history, &mut rows).unwrap_or_else(|error| {
            self.error = Some(error);
            false
        });
        for (lane, rows) in lanes.iter().zip(rows) {
            self.most_rows = self.most_rows.max(rows.len());
            // A worker that is gone has panicked; the scope passes it on. Or
            // it has found what is wrong, which is told before all else.
            let _ = lane.batches.send(Batch {
                piece: Arc::clone(history.piece()),
                rows,
                until: self.last,
            });
        }
        is_more
    }

    fn find<R: Read>(
        &mut self,
        history: &mut History<R>,
        rows: &mut [Vec<NumberedRow>],
    ) -> Result<bool, HistoryError> {
        if !history.turn()? {
            return Ok(false);
        }
        while let Some(head) = history.next_head()? {
            let before = self.last.replace(head.time);
            let lane = head.account().checked_rem(rows.len()).unwrap_or(0);
            if let Some(rows) = rows.get_mut(lane) {
                rows.push(NumberedRow {
                    number: self.rows,
                    before,
                    head,
                });
            }
            self.rows = self.rows.saturating_add(1);
        }
        Ok(true)
    }
}

/// A worker, seen from the thread that finds the rows.
struct Lane {
    batches: SyncSender<Batch>,
    results: Receiver<BatchResult>,
}

impl Lane {
    fn start<'s>(scope: &'s Scope<'s, '_>, rules: &Arc<RuleBook>, contents: ContentReader) -> Lane {
        let (batches, taken) = sync_channel(PIECES_AHEAD);
        let (tell, results) = channel();
        let worker = Worker {
            accounts: rules.accounts.iter().map(|_| None).collect(),
            rules: Arc::clone(rules),
            contents,
            log: ReplayLog::default(),
            result: BatchResult::default(),
        };
        scope.spawn(move || worker.work(&taken, &tell));
        Lane { batches, results }
    }
}

/// The rows of one piece for one worker.
struct Batch {
    piece: Arc<Vec<u8>>,
    rows: Vec<NumberedRow>,
    /// The time of the last row that was found for any worker.
    until: Option<Timestamp>,
}

/// A row with its place in the history.
struct NumberedRow {
    number: u64,
    /// The time of the row before, of whichever account.
    before: Option<Timestamp>,
    head: RowHead,
}

/// Where a event stands in the order of what is told: by time, rows before
/// what time alone does, then by the number of the row or of the account.
type Order = (Timestamp, Source, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Row,
    Time,
}

/// What one batch brought.
#[derive(Default)]
struct BatchResult {
    events: Vec<(Order, ReplayEvent)>,
    notes: Vec<(Order, Note)>,
    wrong: Option<WrongRow>,
}

/// A row that cannot be read.
struct WrongRow {
    number: u64,
    /// The time of the row before.
    before: Option<Timestamp>,
    error: HistoryError,
}

impl WrongRow {
    /// Whether something with this place in the order came before the row.
    fn is_behind(&self, order: Order) -> bool {
        match order {
            (_, Source::Row, number) => number < self.number,
            (time, Source::Time, _) => self.before.is_some_and(|before| time < before),
        }
    }
}

/// One who takes the rows of some accounts through the engine.
struct Worker {
    rules: Arc<RuleBook>,
    contents: ContentReader,
    /// In the order of the rule file; there from their first row on.
    accounts: Vec<Option<AccountReplay>>,
    log: ReplayLog,
    result: BatchResult,
}

impl Worker {
    fn work(mut self, batches: &Receiver<Batch>, tell: &Sender<BatchResult>) {
        let mut last = None;
        for batch in batches {
            last = batch.until;
            self.take_batch(&batch);
            let result = std::mem::take(&mut self.result);
            let is_wrong = result.wrong.is_some();
            if tell.send(result).is_err() || is_wrong {
                return;
            }
        }
        if let Some(last) = last {
            self.pass(|replay, log| replay.pass_through(last, log));
        }
        // Nobody listens any more after an error in the history.
        let _ = tell.send(self.result);
    }

    fn take_batch(&mut self, batch: &Batch) {
        for row in &batch.rows {
            if let Err(error) = self.take_row(&batch.piece, row) {
                self.result.wrong = Some(WrongRow {
                    number: row.number,
                    before: row.before,
                    error,
                });
                break;
            }
        }
        if let Some(until) = batch.until {
            self.pass(|replay, log| replay.pass_before(until, log));
        }
    }

    fn take_row(&mut self, piece: &[u8], row: &NumberedRow) -> Result<(), HistoryError> {
        let Worker {
            contents,
            accounts,
            log,
            result,
            ..
        } = self;
        let NumberedRow { number, head, .. } = row;
        let (time, index) = (head.time, head.account());
        let (Some(account), Some(slot)) = (self.rules.accounts.get(index), accounts.get_mut(index))
        else {
            return Ok(());
        };
        let content = contents.read(piece, head)?;
        let replay = match slot {
            Some(replay) => {
                if replay.wake().is_some_and(|wake| wake < time) {
                    replay.pass_before(time, log);
                    result.take_passed(index, log);
                }
                replay
            }
            None => slot.insert(AccountReplay::start(&self.rules, account, time, log)),
        };
        replay.observe(time, content.clone(), log);
        result.take(log, |_| (time, Source::Row, *number));
        Ok(())
    }

    /// Lets time pass for every account.
    fn pass(&mut self, mut pass: impl FnMut(&mut AccountReplay, &mut ReplayLog)) {
        for (account, replay) in self.accounts.iter_mut().enumerate() {
            if let Some(replay) = replay {
                pass(replay, &mut self.log);
                self.result.take_passed(account, &mut self.log);
            }
        }
    }
}

impl BatchResult {
    /// Takes what time alone did to an account.
    fn take_passed(&mut self, account: usize, log: &mut ReplayLog) {
        let account = u64::try_from(account).unwrap_or(u64::MAX);
        self.take(log, |time| (time, Source::Time, account));
    }

    fn take(&mut self, log: &mut ReplayLog, order: impl Fn(Timestamp) -> Order) {
        if log.events.is_empty() && log.notes.is_empty() {
            return;
        }
        let events = log.events.drain(..);
        self.events
            .extend(events.map(|event| (order(event.time), event)));
        let notes = log.notes.drain(..);
        self.notes
            .extend(notes.map(|note| (order(note.time), note)));
    }
}

/// Tells what the next batch of every worker brought, in order: up to the first
/// row that cannot be read, if there is one.
fn collect<'t, B>(
    results: impl Iterator<Item = &'t Receiver<BatchResult>>,
    tell: &mut impl FnMut(ReplayLog) -> ControlFlow<B>,
) -> Result<ControlFlow<B>, HistoryError> {
    let mut all = BatchResult::default();
    for next in results.filter_map(|result| result.recv().ok()) {
        all.events.extend(next.events);
        all.notes.extend(next.notes);
        let both = [all.wrong, next.wrong].into_iter().flatten();
        all.wrong = both.min_by_key(|wrong| wrong.number);
    }
    if let Some(wrong) = &all.wrong {
        all.events.retain(|(order, _)| wrong.is_behind(*order));
        all.notes.retain(|(order, _)| wrong.is_behind(*order));
    }
    all.events.sort_by_key(|(order, _)| *order);
    all.notes.sort_by_key(|(order, _)| *order);
    let told = tell(ReplayLog {
        events: all.events.into_iter().map(|(_, h)| h).collect(),
        notes: all.notes.into_iter().map(|(_, note)| note).collect(),
    });
    match (told, all.wrong) {
        (ControlFlow::Continue(()), Some(wrong)) => Err(wrong.error),
        (told, _) => Ok(told),
    }
}
