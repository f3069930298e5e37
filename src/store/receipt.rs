//! Whether a batch that was submitted is in the file.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::health::Health;

/// What [`StoreHandle::submit`](super::StoreHandle::submit) gives for a batch.
/// Clones wait for the same batch, and waiting costs the writer nothing.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub(super) ticket: u64,
    pub(super) submitted: Instant,
    /// Rows of it that found no room in memory.
    pub(super) lost: u64,
    pub(super) committed: Arc<Committed>,
    /// Whether the last try to write succeeded.
    pub(super) writing: watch::Receiver<Health>,
}

/// Why it is not known that a batch was committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCommitted {
    /// It was not committed in time; it may be later.
    #[error("the record was not written within {} ms", within.as_millis())]
    Late {
        /// How long it was waited for, from the submission on.
        within: Duration,
    },
    /// The record cannot be written at present, so it was not waited for.
    #[error("the record cannot be written: {reason}")]
    Degraded {
        /// Why, in words, with the causes.
        reason: String,
    },
    /// The writer has stopped.
    #[error("the record is closed")]
    Closed,
}

/// The ticket of the last batch that was committed. Who waits for it goes on in
/// the order of asking, so that requests leave in the order in which they were
/// decided.
#[derive(Debug, Default)]
pub(super) struct Committed {
    ticket: AtomicU64,
    moved: Notify,
}

impl Committed {
    /// All batches up to this ticket are committed.
    pub(super) fn raise(&self, ticket: u64) {
        self.ticket.fetch_max(ticket, Ordering::AcqRel);
        self.moved.notify_waiters();
    }

    /// Has all who wait look again, in the order of asking.
    pub(super) fn wake(&self) {
        self.moved.notify_waiters();
    }

    /// Waits until the batch with this ticket is committed.
    async fn reaches(&self, ticket: u64) {
        loop {
            // Registered before the look: a move between the two is not missed.
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            if self.ticket.load(Ordering::Acquire) >= ticket {
                return;
            }
            moved.await;
        }
    }
}

impl Receipt {
    /// Waits until the batch was committed to the file, so that it survives
    /// the end of the process, but at most until `within` after it was
    /// submitted: whoever asks later for the same batch has no new time. While
    /// the record is known to be broken the answer comes at once.
    ///
    /// # Errors
    /// [`NotCommitted`] says why that is not known. The batch may be committed
    /// later all the same.
    pub async fn committed(&self, within: Duration) -> Result<(), NotCommitted> {
        if self.lost > 0 {
            return Err(NotCommitted::Degraded {
                reason: format!("{} rows found no room in memory", self.lost),
            });
        }
        let mut writing = self.writing.clone();
        let until = self.submitted.checked_add(within);
        let until = until.unwrap_or(self.submitted);
        let is_committed = self.committed.reaches(self.ticket);
        let is_broken = writing.wait_for(|health| *health != Health::Good);
        let waiting = async {
            tokio::select! {
                biased;
                () = is_committed => Ok(()),
                health = is_broken => match health.as_deref() {
                    Ok(Health::Degraded { reason, .. }) => Err(NotCommitted::Degraded {
                        reason: reason.clone(),
                    }),
                    Ok(Health::Good) | Err(_) => Err(NotCommitted::Closed),
                },
            }
        };
        timeout_at(until, waiting)
            .await
            .unwrap_or(Err(NotCommitted::Late { within }))
    }
}
