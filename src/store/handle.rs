//! Where rows are handed over.
//!
//! Whoever submits never waits and never fails: protecting an account does not
//! depend on the record. Who needs to know that rows are there asks for it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, timeout};

use super::batch::Batch;
use super::health::Health;
use super::queue::{Lost, Queue};
use super::receipt::{Committed, Receipt};
use super::retention::{Retention, Sweep};
use crate::domain::observation::Timestamp;
use crate::locked::Locked;

/// What the writer has done since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Transactions that were committed.
    pub transactions: u64,
    /// Rows in them.
    pub rows: u64,
    /// Rows that SQLite refused for what is in them.
    pub refused: u64,
    /// Tries that failed.
    pub failures: u64,
    /// Samples deleted for their age.
    pub deleted: u64,
    /// Rows that found no room.
    pub lost: Lost,
}

/// Why it is not known that all that was submitted is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlushError {
    /// The record could not be written in time; it is tried on.
    #[error("the record could not be written within {} ms", within.as_millis())]
    Late {
        /// How long it was waited for.
        within: Duration,
    },
    /// Rows found no room in memory.
    #[error("{rows} rows found no room in memory while the record cannot be written")]
    Lost {
        /// How many.
        rows: u64,
    },
    /// SQLite refused rows for what is in them; the log names them.
    #[error("{rows} rows were refused by the record")]
    Refused {
        /// How many.
        rows: usize,
    },
    /// The writer has stopped.
    #[error("the record is closed")]
    Closed,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    queue: Mutex<Queue>,
    counters: Mutex<Counters>,
    pub(super) wake: Notify,
}

impl Shared {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.locked()
    }

    pub(super) fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.locked()
    }
}

/// Where rows are submitted. Clones submit to the same record.
#[derive(Clone, Debug)]
pub struct StoreHandle {
    pub(super) shared: Arc<Shared>,
    pub(super) health: watch::Receiver<Health>,
    pub(super) writing: watch::Receiver<Health>,
    pub(super) committed: Arc<Committed>,
    pub(super) closing: watch::Sender<Option<Instant>>,
}

impl StoreHandle {
    /// Hands a batch over. It is written in one transaction, after or together
    /// with what was submitted before.
    /// What it gives says when that is done; most do not ask.
    pub fn submit(&self, batch: Batch) -> Receipt {
        let pushed = self.shared.queue().push(batch);
        self.shared.wake.notify_one();
        Receipt {
            ticket: pushed.ticket,
            submitted: Instant::now(),
            lost: pushed.lost,
            committed: Arc::clone(&self.committed),
            writing: self.writing.clone(),
        }
    }

    /// Hands a batch over and waits until it survives a loss of power.
    ///
    /// # Errors
    /// [`FlushError`] when that is not known within this time. The batch may be
    /// written later all the same.
    pub async fn record(&self, batch: Batch, within: Duration) -> Result<(), FlushError> {
        self.push_and_wait(Some(batch), within).await
    }

    /// Waits until all that was submitted before survives a loss of power.
    ///
    /// # Errors
    /// [`FlushError`] when that is not known within this time.
    pub async fn flush(&self, within: Duration) -> Result<(), FlushError> {
        self.push_and_wait(None, within).await
    }

    async fn push_and_wait(
        &self,
        batch: Option<Batch>,
        within: Duration,
    ) -> Result<(), FlushError> {
        let (flush, flushed) = oneshot::channel();
        let lost = {
            let mut queue = self.shared.queue();
            if queue.has_ended {
                return Err(FlushError::Closed);
            }
            let lost = batch.map_or(0, |batch| queue.push(batch).lost);
            queue.push_flush(flush);
            lost
        };
        self.shared.wake.notify_one();
        if lost > 0 {
            return Err(FlushError::Lost { rows: lost });
        }
        match timeout(within, flushed).await {
            Ok(Ok(0)) => Ok(()),
            Ok(Ok(rows)) => Err(FlushError::Refused { rows }),
            Ok(Err(_)) => Err(FlushError::Closed),
            Err(_) => Err(FlushError::Late { within }),
        }
    }

    /// Has old samples deleted, a few at a time between batches. A walk that is
    /// under way is begun anew.
    pub fn retain(&self, now: Timestamp, retention: Retention) {
        self.shared.queue().sweep = Some(Sweep::new(now, retention));
        self.shared.wake.notify_one();
    }

    /// Whether the record can be written, and each change of that. A write that
    /// hangs is reported too, though it is waited for.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// What was done since the start.
    pub fn counters(&self) -> Counters {
        Counters {
            lost: self.shared.queue().lost,
            ..*self.shared.counters()
        }
    }

    /// Lets the writer end once all that was submitted is written, but not
    /// later than this.
    pub fn close(&self, deadline: Duration) {
        let now = Instant::now();
        let until = now.checked_add(deadline).unwrap_or(now);
        self.closing.send_replace(Some(until));
    }
}
