//! The record without a task: what waits, written when its owner says so.
//!
//! A simulation decides itself when the disk is done. What it writes, in which
//! groups and in which order is the same as with the [`Writer`](super::Writer).

use super::batch::Batch;
use super::error::StoreError;
use super::open::Store;
use super::queue::{Group, Queue};
use super::write::Written;

/// What was submitted and is not yet in the record.
#[derive(Debug, Default)]
pub struct Backlog {
    queue: Queue,
    /// What is being written, with its number once it has one. It stays as it
    /// is until it is written, however often that is tried.
    current: Option<(Option<i64>, Group)>,
}

impl Backlog {
    /// Hands a batch over; it is written after or together with what was
    /// submitted before.
    pub fn submit(&mut self, batch: Batch) {
        self.queue.push(batch);
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
        let number = *number.get_or_insert_with(|| store.take_number());
        let written = store.write_numbered(number, &group.batch).await?;
        self.current = None;
        Ok(written)
    }

    /// Takes it as written, where something else stands in for the file.
    pub fn done(&mut self) {
        self.current = None;
    }
}
