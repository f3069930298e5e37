//! The task that brings what was committed to the disk.
//!
//! A commit is in the file for every process, and lost with the power until the
//! log is synced. That takes as long as the disk likes, so it is done here, on
//! the side: the writer commits on meanwhile, and only who asked for a row to
//! survive a loss of power waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::backend::Durable;
use super::error::StoreError;
use super::health::{Board, Health, Part};
use super::queue::{Flush, Lost, Waiting};
use super::writer::{FIRST_RETRY, LONGEST_RETRY, SLOW};

/// What is to be done once it was committed.
#[derive(Debug, Default)]
pub(super) struct Job {
    /// Who waits for the sync, with the number of rows that SQLite refused.
    pub(super) flushes: Vec<(Flush, usize)>,
    /// Whether the log is synced though nobody waits for it.
    pub(super) is_vital: bool,
    /// Whether the log has grown enough to be moved into the database.
    pub(super) checkpoint: bool,
}

impl Job {
    fn join(&mut self, other: Job) {
        self.flushes.extend(other.flushes);
        self.is_vital |= other.is_vital;
        self.checkpoint |= other.checkpoint;
    }
}

/// The task.
#[derive(Debug)]
pub(super) struct Syncer<P> {
    pub(super) disk: P,
    pub(super) jobs: mpsc::UnboundedReceiver<Job>,
    pub(super) board: Arc<Board>,
    pub(super) closing: watch::Receiver<Option<Instant>>,
}

impl<P: Durable> Syncer<P> {
    /// Works until nobody gives work any more.
    pub(super) async fn run(mut self) {
        while let Some(mut job) = self.jobs.recv().await {
            while let Ok(more) = self.jobs.try_recv() {
                job.join(more);
            }
            if job.is_vital || !job.flushes.is_empty() {
                self.sync_until_done().await;
            }
            for (flush, refused) in job.flushes {
                // Whoever waited may have given up.
                let _gone = flush.send(refused);
            }
            if job.checkpoint
                && let Err(error) = self.disk.checkpoint().await
            {
                // The next one moves what this one left.
                tracing::warn!(
                    error = error.in_full(),
                    "the log could not be moved into the record"
                );
            }
        }
        self.disk.close().await;
    }

    async fn sync_until_done(&mut self) {
        let mut delay = FIRST_RETRY;
        let since = Instant::now();
        while let Err(error) = self.try_once(since).await {
            report(&self.board, since, error.in_full());
            // When it is time to end, the next try is the last chance.
            tokio::select! {
                () = sleep(delay) => {}
                changed = self.closing.changed() => if changed.is_err() {
                    sleep(delay).await;
                },
            }
            delay = delay.saturating_mul(2).min(LONGEST_RETRY);
        }
        self.board.set(Part::Syncing, Health::Good);
    }

    async fn try_once(&mut self, since: Instant) -> Result<(), StoreError> {
        let mut sync = std::pin::pin!(self.disk.sync());
        match timeout(SLOW, &mut sync).await {
            Ok(synced) => synced,
            Err(_) => {
                report(&self.board, since, not_answered(SLOW));
                sync.await
            }
        }
    }
}

fn report(board: &Board, since: Instant, reason: String) {
    let degraded = Health::Degraded {
        since,
        reason,
        waiting: Waiting::default(),
        lost: Lost::default(),
    };
    board.set(Part::Syncing, degraded);
}

/// That the disk hangs, in words.
pub(super) fn not_answered(within: Duration) -> String {
    format!("the disk has not answered for {} s", within.as_secs())
}
