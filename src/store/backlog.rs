//! The record without a task: what waits, written when its owner says so.
//!
//! A simulation decides itself when the disk is done. What it writes, in which
//! groups and in which order is the same as with the [`Writer`](super::Writer).

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::backend::Backend;
use super::batch::{Batch, Written};
use super::error::StoreError;
use super::health::Health;
use super::queue::{Group, Queue};
use super::receipt::{Committed, Receipt};
use super::sqlite::Store;

/// What was submitted and is not yet in the record.
#[derive(Debug)]
pub struct Backlog {
    queue: Queue,
    /// What is being written, with its number once it has one. It stays as it
    /// is until it is written, however often that is tried.
    current: Option<(Option<i64>, Group)>,
    committed: Arc<Committed>,
    writing: watch::Sender<Health>,
}

impl Default for Backlog {
    fn default() -> Backlog {
        Backlog {
            queue: Queue::default(),
            current: None,
            committed: Arc::default(),
            writing: watch::channel(Health::Good).0,
        }
    }
}

impl Backlog {
    /// Hands a batch over; it is written after or together with what was
    /// submitted before. What it gives says when that is done.
    pub fn submit(&mut self, batch: Batch) -> Receipt {
        let pushed = self.queue.push(batch);
        Receipt {
            ticket: pushed.ticket,
            submitted: Instant::now(),
            lost: pushed.lost,
            committed: Arc::clone(&self.committed),
            writing: self.writing.subscribe(),
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.current.is_none() && self.queue.waiting().rows() == 0
    }

    /// What the next transaction writes: what a failed one left, or else all
    /// that waits.
    pub fn begin(&mut self) -> Option<&Batch> {
        if self.current.is_none() {
            self.current = self.queue.take().map(|group| (None, group));
        }
        self.current.as_ref().map(|(_, group)| &group.batch)
    }

    /// Writes it.
    ///
    /// # Errors
    /// As [`Store::write`]; it waits then as before.
    pub async fn write(&mut self, store: &mut Store) -> Result<Written, StoreError> {
        self.begin();
        let Some((number, group)) = &mut self.current else {
            return Ok(Written::default());
        };
        let number = *number.get_or_insert_with(|| Backend::take_number(store));
        match Backend::write(store, number, &group.batch).await {
            Ok(written) => {
                self.done();
                Ok(written)
            }
            Err(error) => {
                self.failed(error.in_full());
                Err(error)
            }
        }
    }

    /// Takes it as written, where something else stands in for the file.
    pub fn done(&mut self) {
        if let Some((_, group)) = self.current.take() {
            self.committed.raise(group.ticket);
        }
        self.writing
            .send_if_modified(|health| std::mem::replace(health, Health::Good) != Health::Good);
    }

    /// Says that it could not be written, to those who wait for it.
    pub fn failed(&self, reason: String) {
        // Who is told by the health alone goes on in any order.
        self.committed.wake();
        self.writing.send_replace(Health::Degraded {
            since: Instant::now(),
            reason,
            waiting: self.queue.waiting(),
            lost: self.queue.lost,
        });
    }
}
