//! Whether the record can be written, for all who want to know.

use std::sync::Mutex;

use tokio::sync::watch;
use tokio::time::Instant;

use super::queue::{Lost, Waiting};
use crate::locked::Locked;

/// Whether the record can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Good,
    /// It cannot; riskd goes on protecting without it.
    Degraded {
        /// Since when, by the runtime's clock.
        since: Instant,
        /// Why, in words, with the causes.
        reason: String,
        /// What waits in memory, as of the last try.
        waiting: Waiting,
        /// What found no room since the start, as of the last try.
        lost: Lost,
    },
}

/// Who works on the record. Each has trouble of its own: a log that cannot be
/// synced keeps no row from being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Writing,
    Syncing,
}

/// How both are, and what that makes of the record.
#[derive(Debug)]
pub(super) struct Board {
    parts: Mutex<[Health; 2]>,
    writing: watch::Sender<Health>,
    whole: watch::Sender<Health>,
}

impl Board {
    pub(super) fn new() -> Board {
        Board {
            parts: Mutex::new([Health::Good, Health::Good]),
            writing: watch::channel(Health::Good).0,
            whole: watch::channel(Health::Good).0,
        }
    }

    /// Whether rows can be written.
    pub(super) fn writing(&self) -> watch::Receiver<Health> {
        self.writing.subscribe()
    }

    /// Whether rows can be written and synced.
    pub(super) fn whole(&self) -> watch::Receiver<Health> {
        self.whole.subscribe()
    }

    /// Says how a part is.
    pub(super) fn set(&self, part: Part, health: Health) {
        // Held until both are told, so that what is told last is true.
        let mut parts = self.parts.locked();
        let [writing, syncing] = &mut *parts;
        match part {
            Part::Writing => {
                set(&self.writing, &health);
                *writing = health;
            }
            Part::Syncing => *syncing = health,
        }
        let whole = match writing {
            Health::Degraded { .. } => &*writing,
            Health::Good => &*syncing,
        };
        set(&self.whole, whole);
    }
}

fn set(channel: &watch::Sender<Health>, health: &Health) {
    channel.send_if_modified(|known| {
        let is_new = known != health;
        if is_new {
            known.clone_from(health);
        }
        is_new
    });
}
