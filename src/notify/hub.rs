//! What the notifiers know of each other: which one can stand in for one that
//! fails, and where failures are told.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tracing::error;

use super::Undelivered;
use super::message::Message;
use super::outbox::{Outbox, QueuedMessage, Works};
use crate::domain::account::NotifierName;
use crate::locked::Locked;

/// Shared by the notifiers.
pub(super) struct Hub {
    outboxes: Mutex<Vec<Arc<Outbox>>>,
    failures: mpsc::Sender<Undelivered>,
}

impl Hub {
    pub(super) fn new(failures: mpsc::Sender<Undelivered>) -> Hub {
        Hub {
            outboxes: Mutex::default(),
            failures,
        }
    }

    /// These are there now.
    pub(super) fn set(&self, outboxes: Vec<Arc<Outbox>>) {
        *self.outboxes.locked() = outboxes;
    }

    /// Tells of messages that did not arrive. Never waits.
    pub(super) fn report(&self, message: String) {
        if let Err(lost) = self.failures.try_send(Undelivered { message }) {
            error!("{}", lost.into_inner().message);
        }
    }

    /// Hands a message that `failed` did not deliver to another notifier that
    /// did not get it, one that works if there is one; gives its name. The log
    /// hears of failures anyway.
    pub(super) fn stand_in(
        &self,
        queued: &QueuedMessage,
        failed: &NotifierName,
    ) -> Option<NotifierName> {
        let outboxes = self.outboxes.locked().clone();
        let rank = |outbox: &&Arc<Outbox>| match outbox.works() {
            Works::Yes => 0,
            Works::Untried => 1,
            Works::No => 2,
        };
        let other = outboxes
            .iter()
            .filter(|outbox| !queued.told.contains(&outbox.name) && !outbox.is_log())
            .filter(|outbox| outbox.works() != Works::No)
            .min_by_key(rank)?;
        let mut told = queued.told.clone();
        told.push(other.name.clone());
        let text = format!(
            "{} [sent here because {failed} cannot be reached]",
            queued.message.text
        );
        let message = Message {
            text,
            ..Message::clone(&queued.message)
        };
        other.push(Arc::new(message), told);
        Some(other.name.clone())
    }
}
