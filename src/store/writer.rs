//! The task that writes.
//!
//! While the record cannot be written, what was submitted waits in memory and is
//! tried again without end, and the [`Health`] says so.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::backend::Backend;
use super::batch::Written;
use super::error::StoreError;
use super::handle::{Shared, StoreHandle};
use super::health::{Board, Health, Part};
use super::queue::{Group, Waiting};
use super::receipt::Committed;
use super::sqlite::Store;
use super::syncer::{Job, Syncer, not_answered};

/// The wait after the first failure; it doubles from there.
pub(super) const FIRST_RETRY: Duration = Duration::from_millis(250);
/// The longest wait between two tries.
pub(super) const LONGEST_RETRY: Duration = Duration::from_secs(5);
/// A disk that has not answered for so long is reported, and waited for.
pub(super) const SLOW: Duration = Duration::from_secs(5);
/// How long a writer whose handles are all gone goes on trying.
const ORPHANED: Duration = Duration::from_secs(5);
/// How often a writer that has nothing to do looks whether its files are there.
const LOOK: Duration = Duration::from_secs(1);
/// After so many rows the log is moved into the database, which is some 4 MB.
const ROWS_OF_LOG: usize = 1_000;
/// After so many transactions too.
const TRANSACTIONS_OF_LOG: usize = 64;
/// The least time that closing the file is given.
const CLOSING: Duration = Duration::from_millis(250);

/// How the writer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Rows that could not be written before the deadline.
    pub left: Waiting,
    /// Whether the file was closed in order. If not, the next start finds what
    /// was written in the write-ahead log.
    pub is_closed: bool,
}

/// The task that writes; see [`Writer::run`].
#[derive(Debug)]
pub struct Writer(Worker<Store>);

impl Writer {
    /// A writer for this record, and the handle to submit to it.
    pub fn new(store: Store) -> (StoreHandle, Writer) {
        let (handle, worker) = Worker::new(store);
        (handle, Writer(worker))
    }

    /// Writes in a thread of its own what is submitted until [`StoreHandle::close`], or
    /// until the last handle is gone; then says how it ended. A call to the disk that
    /// hangs keeps nothing waiting but the record.
    ///
    /// # Errors
    /// When the system gives no thread, or nothing to wait with.
    pub fn start(self) -> io::Result<oneshot::Receiver<Drained>> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (ended, told) = oneshot::channel();
        let write = move || {
            let drained = runtime.block_on(self.run());
            // What hangs in a system call must not hold up the end.
            runtime.shutdown_background();
            // Nobody listens any more once the program has waited long enough.
            let _ = ended.send(drained);
        };
        thread::Builder::new()
            .name("record".to_owned())
            .spawn(write)?;
        Ok(told)
    }

    /// Writes what is submitted until [`StoreHandle::close`], or until the last
    /// handle is gone.
    pub async fn run(self) -> Drained {
        self.0.run().await
    }
}

#[derive(Debug)]
struct Worker<S> {
    sink: S,
    shared: Arc<Shared>,
    board: Arc<Board>,
    /// The ticket of the last batch that was committed.
    committed: Arc<Committed>,
    closing: watch::Receiver<Option<Instant>>,
    /// What is being written, with its number. It stays as it is until it is
    /// written, however often that is tried.
    current: Option<(i64, Group)>,
    /// What the syncer is given; `None` once it is to end.
    jobs: Option<mpsc::UnboundedSender<Job>>,
    log: LogLength,
}

/// How much was written to the log since it was moved last.
#[derive(Clone, Copy, Debug, Default)]
struct LogLength {
    rows: usize,
    transactions: usize,
}

impl<S: Backend> Worker<S> {
    fn new(sink: S) -> (StoreHandle, Worker<S>) {
        let shared = Arc::new(Shared::default());
        let board = Arc::new(Board::new());
        let committed = Arc::new(Committed::default());
        let (closing, closing_seen) = watch::channel(None);
        let handle = StoreHandle {
            shared: Arc::clone(&shared),
            health: board.whole(),
            writing: board.writing(),
            committed: Arc::clone(&committed),
            closing,
        };
        let worker = Worker {
            sink,
            shared,
            board,
            committed,
            closing: closing_seen,
            current: None,
            jobs: None,
            log: LogLength::default(),
        };
        (handle, worker)
    }

    async fn run(mut self) -> Drained {
        let (jobs, work) = mpsc::unbounded_channel();
        self.jobs = Some(jobs);
        let syncer = Syncer {
            disk: self.sink.durable(),
            jobs: work,
            board: Arc::clone(&self.board),
            closing: self.closing.clone(),
        };
        let syncing = tokio::spawn(syncer.run());
        let closing = self.closing.clone();
        tokio::select! {
            biased;
            () = self.work() => {}
            () = deadline(closing) => {}
        }
        self.end(syncing).await
    }

    async fn end(mut self, mut syncing: JoinHandle<()>) -> Drained {
        let mut left = Waiting::default();
        {
            let mut queue = self.shared.queue();
            left = left.plus(queue.waiting());
            queue.end();
            if let Some((_, group)) = &self.current {
                left = left.plus(group.waiting);
                queue.lost_with(group.waiting);
            }
        }
        let least = Instant::now() + CLOSING;
        let until = (*self.closing.borrow()).map_or(least, |until| until.max(least));
        // It ends once it has done what it was given, and lets go of the files.
        self.jobs = None;
        if timeout_at(until, &mut syncing).await.is_err() {
            syncing.abort();
        }
        let closed = timeout_at(until, self.sink.close()).await;
        if let Ok(Err(error)) = &closed {
            tracing::warn!(
                error = error.in_full(),
                "the record was not closed in order"
            );
        }
        Drained {
            left,
            is_closed: matches!(closed, Ok(Ok(()))),
        }
    }

    /// Writes what comes, until it is told to end and nothing is left.
    async fn work(&mut self) {
        loop {
            self.take_group();
            if self.current.is_some() {
                self.write_until_done().await;
            } else if is_closing(&self.closing) {
                return;
            } else if !self.sweep().await {
                self.wait().await;
            }
        }
    }

    fn take_group(&mut self) {
        if self.current.is_none() {
            let group = self.shared.queue().take();
            self.begin(group);
        }
    }

    fn begin(&mut self, group: Option<Group>) {
        self.current = group.map(|group| (self.sink.take_number(), group));
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.shared.wake.notified() => {}
            // An error says that all handles are gone, which `work` sees too.
            _ = self.closing.changed() => {}
            () = sleep(LOOK) => self.look().await,
        }
    }

    async fn look(&mut self) {
        if let Err(error) = self.sink.look().await {
            self.degrade(&mut None, error.in_full());
            // A transaction without rows shows whether it can go on.
            self.begin(Some(Group::default()));
        }
    }

    async fn write_until_done(&mut self) {
        let mut delay = FIRST_RETRY;
        let mut since = None;
        while let Err(error) = self.try_once(&mut since).await {
            self.degrade(&mut since, error.in_full());
            {
                let mut counters = self.shared.counters();
                counters.failures = counters.failures.saturating_add(1);
            }
            // When it is time to end, the next try is the last chance.
            tokio::select! {
                () = sleep(delay) => {}
                changed = self.closing.changed() => {
                    if changed.is_err() {
                        sleep(delay).await;
                    }
                }
            }
            delay = delay.saturating_mul(2).min(LONGEST_RETRY);
        }
        self.board.set(Part::Writing, Health::Good);
    }

    async fn try_once(&mut self, since: &mut Option<Instant>) -> Result<(), StoreError> {
        let Some((number, group)) = &self.current else {
            return Ok(());
        };
        let started = Instant::now();
        let written = {
            let (sink, committed) = (&mut self.sink, &self.committed);
            let mut write = pin!(async {
                let is_awaited = group.batch.is_awaited();
                if is_awaited && sink.commit_ahead(*number, &group.batch).await? {
                    committed.raise(group.ticket);
                    // Who waits for it may be next on this very thread.
                    yield_now().await;
                }
                sink.write(*number, &group.batch).await
            });
            match timeout(SLOW, &mut write).await {
                Ok(written) => written?,
                Err(_) => {
                    since.get_or_insert(started);
                    report(
                        &self.board,
                        &self.shared,
                        *since,
                        group.waiting,
                        not_answered(SLOW),
                    );
                    write.await?
                }
            }
        };
        if let Some((_, group)) = self.current.take() {
            self.acknowledge(group, &written);
        }
        Ok(())
    }

    fn acknowledge(&mut self, group: Group, written: &Written) {
        // An empty one has no ticket, and is not before those that have.
        self.committed.raise(group.ticket);
        for refused in &written.refused {
            tracing::error!(
                row = refused.row,
                reason = refused.reason,
                "the record refused a row"
            );
        }
        if written.unmatched > 0 {
            tracing::warn!(
                rows = written.unmatched,
                "the record got the end of something whose beginning it does not have"
            );
        }
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        {
            let mut counters = self.shared.counters();
            counters.transactions = counters.transactions.saturating_add(1);
            counters.rows = counters.rows.saturating_add(count(written.rows));
            counters.refused = counters
                .refused
                .saturating_add(count(written.refused.len()));
        }
        self.sync(group, written);
    }

    /// Has the syncer do what is left to do for a group that is committed.
    fn sync(&mut self, group: Group, written: &Written) {
        let log = &mut self.log;
        log.rows = log.rows.saturating_add(written.rows);
        log.transactions = log.transactions.saturating_add(1);
        let checkpoint = log.rows >= ROWS_OF_LOG || log.transactions >= TRANSACTIONS_OF_LOG;
        if checkpoint {
            *log = LogLength::default();
        }
        let refused = written.refused.len();
        let flushes = group.flushes.into_iter().map(|flush| (flush, refused));
        let job = Job {
            flushes: flushes.collect(),
            is_vital: group.batch.is_vital(),
            checkpoint,
        };
        if let Some(jobs) = &self.jobs {
            // The syncer ends after the writer; whoever waits sees its end.
            let _ended = jobs.send(job);
        }
    }

    fn degrade(&self, since: &mut Option<Instant>, reason: String) {
        since.get_or_insert_with(Instant::now);
        let waiting = self
            .current
            .as_ref()
            .map(|(_, group)| group.waiting)
            .unwrap_or_default();
        report(&self.board, &self.shared, *since, waiting, reason);
    }

    /// Takes one step of the walk over old samples; `false` when there is none.
    async fn sweep(&mut self) -> bool {
        let Some(mut sweep) = self.shared.queue().sweep.take() else {
            return false;
        };
        match self.sink.sweep(&mut sweep).await {
            Ok(step) => {
                let mut counters = self.shared.counters();
                counters.deleted = counters.deleted.saturating_add(step.deleted);
                drop(counters);
                let mut queue = self.shared.queue();
                // A walk that was asked for meanwhile begins anew.
                if !step.is_last && queue.sweep.is_none() {
                    queue.sweep = Some(sweep);
                }
            }
            Err(error) => {
                // The next hour brings the next walk; nothing is lost by waiting.
                tracing::warn!(error = error.in_full(), "old samples could not be deleted");
            }
        }
        true
    }
}

fn report(
    board: &Board,
    shared: &Shared,
    since: Option<Instant>,
    current: Waiting,
    reason: String,
) {
    let (waiting, lost) = {
        let queue = shared.queue();
        (current.plus(queue.waiting()), queue.lost)
    };
    let degraded = Health::Degraded {
        since: since.unwrap_or_else(Instant::now),
        reason,
        waiting,
        lost,
    };
    board.set(Part::Writing, degraded);
}

fn is_closing(closing: &watch::Receiver<Option<Instant>>) -> bool {
    closing.borrow().is_some() || closing.has_changed().is_err()
}

/// Waits until the writer has to end.
async fn deadline(mut closing: watch::Receiver<Option<Instant>>) {
    loop {
        let until = *closing.borrow_and_update();
        if let Some(until) = until {
            tokio::select! {
                () = sleep_until(until) => return,
                changed = closing.changed() => if changed.is_err() {
                    return sleep_until(until).await;
                },
            }
        } else if closing.changed().await.is_err() {
            return sleep(ORPHANED).await;
        }
    }
}

#[cfg(test)]
mod tests;
