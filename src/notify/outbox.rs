//! What waits for one notifier: bounded, and the least that matters is dropped
//! first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::channel::Channel;
use super::message::Message;
use crate::domain::account::NotifierName;
use crate::domain::severity::Severity;
use crate::locked::Locked;

/// How many messages may wait for one notifier.
pub(super) const ROOM: usize = 256;

/// A message on its way to one notifier.
#[derive(Clone, Debug)]
pub(super) struct QueuedMessage {
    /// Tells it from others of this outbox; later ones have higher numbers.
    pub(super) number: u64,
    /// The message.
    pub(super) message: Arc<Message>,
    /// Every notifier that it went to, this one included.
    pub(super) told: Vec<NotifierName>,
    /// When it came to this notifier.
    pub(super) since: Instant,
    /// How often it was tried.
    pub(super) tries: u32,
    /// The notifier that it went to as well, because this one failed.
    pub(super) stand_in: Option<NotifierName>,
}

impl QueuedMessage {
    fn is_new_and_critical(&self) -> bool {
        self.tries == 0 && self.message.severity == Severity::Critical
    }
}

/// How a notifier did lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Works {
    /// Nothing was sent yet.
    Untried,
    /// The last try arrived.
    Yes,
    /// The last try failed.
    No,
}

/// What waits for one notifier, and the channel that it leaves by.
pub(super) struct Outbox {
    pub(super) name: NotifierName,
    inner: Mutex<Inner>,
    /// Woken when there is something new to look at.
    changed: Notify,
}

struct Inner {
    channel: Arc<Channel>,
    hears: Severity,
    waiting: VecDeque<QueuedMessage>,
    next_number: u64,
    /// The queued that is being tried: it is not dropped.
    trying: Option<u64>,
    dropped: u64,
    works: Works,
    /// How often the channel was changed.
    channels: u64,
    is_closed: bool,
}

impl Outbox {
    pub(super) fn new(name: NotifierName, channel: Channel, hears: Severity) -> Outbox {
        Outbox {
            name,
            inner: Mutex::new(Inner {
                channel: Arc::new(channel),
                hears,
                waiting: VecDeque::new(),
                next_number: 0,
                trying: None,
                dropped: 0,
                works: Works::Untried,
                channels: 0,
                is_closed: false,
            }),
            changed: Notify::new(),
        }
    }

    /// The lock is never held check_key_combinations a wait, so it is never held for long.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.locked()
    }

    /// Puts another channel in place; what waits leaves by it.
    pub(super) fn change(&self, channel: Channel, hears: Severity) {
        let mut inner = self.inner();
        inner.channel = Arc::new(channel);
        inner.hears = hears;
        inner.works = Works::Untried;
        inner.channels = inner.channels.saturating_add(1);
        drop(inner);
        self.changed.notify_one();
    }

    /// The channel as it is now, and which one of this outbox it is.
    pub(super) fn channel(&self) -> (Arc<Channel>, u64) {
        let inner = self.inner();
        (Arc::clone(&inner.channel), inner.channels)
    }

    pub(super) fn hears(&self, severity: Severity) -> bool {
        severity >= self.inner().hears
    }

    pub(super) fn works(&self) -> Works {
        self.inner().works
    }

    pub(super) fn set_works(&self, works: Works) {
        self.inner().works = works;
    }

    /// Whether messages only go into riskd's own log.
    pub(super) fn is_log(&self) -> bool {
        matches!(*self.inner().channel, Channel::Log)
    }

    /// Adds a message. When there is no room, the oldest of those that matter
    /// least is dropped, which may be this one.
    pub(super) fn push(&self, message: Arc<Message>, told: Vec<NotifierName>) {
        let mut inner = self.inner();
        let number = inner.next_number;
        inner.next_number = number.saturating_add(1);
        inner.waiting.push_back(QueuedMessage {
            number,
            message,
            told,
            since: Instant::now(),
            tries: 0,
            stand_in: None,
        });
        if inner.waiting.len() > ROOM {
            let trying = inner.trying;
            let candidates = inner.waiting.iter().enumerate();
            let least = candidates
                .filter(|(_, queued)| Some(queued.number) != trying)
                .min_by_key(|(_, queued)| (queued.message.severity, queued.number))
                .map(|(index, _)| index);
            if let Some(index) = least {
                inner.waiting.remove(index);
                inner.dropped = inner.dropped.saturating_add(1);
            }
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// The queued that is next: of those that matter most, the oldest. It stays
    /// here until it is [`Outbox::done`]. `None` once the outbox is closed and
    /// everything in it was tried a last time.
    pub(super) async fn next(&self, tried_last: &[u64]) -> Option<QueuedMessage> {
        loop {
            {
                let mut inner = self.inner();
                let is_closed = inner.is_closed;
                let best = inner
                    .waiting
                    .iter()
                    .filter(|queued| !is_closed || !tried_last.contains(&queued.number))
                    .min_by_key(|queued| {
                        (std::cmp::Reverse(queued.message.severity), queued.number)
                    })
                    .cloned();
                if let Some(queued) = best {
                    inner.trying = Some(queued.number);
                    return Some(queued);
                }
                if is_closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// The queued needs no more tries.
    pub(super) fn done(&self, number: u64) {
        let mut inner = self.inner();
        inner.trying = None;
        inner.waiting.retain(|queued| queued.number != number);
    }

    /// The queued was tried in vain and waits for another try.
    pub(super) fn keep(&self, tried: QueuedMessage) {
        let mut inner = self.inner();
        inner.trying = None;
        let kept = inner.waiting.iter_mut();
        for queued in kept.filter(|queued| queued.number == tried.number) {
            *queued = tried.clone();
        }
    }

    /// How many messages were dropped since this was last asked.
    pub(super) fn take_dropped(&self) -> u64 {
        std::mem::take(&mut self.inner().dropped)
    }

    /// Waits for something that makes it worth to try before its time: a
    /// critical message that was never tried, another channel, the end.
    pub(super) async fn urgent(&self, channel: u64) {
        loop {
            {
                let inner = self.inner();
                if inner.is_closed
                    || inner.channels != channel
                    || inner.waiting.iter().any(QueuedMessage::is_new_and_critical)
                {
                    return;
                }
            }
            self.changed.notified().await;
        }
    }

    /// The critical messages that were never tried.
    pub(super) fn untried_critical(&self) -> Vec<QueuedMessage> {
        let inner = self.inner();
        inner
            .waiting
            .iter()
            .filter(|queued| queued.is_new_and_critical())
            .cloned()
            .collect()
    }

    /// Nothing comes after this: what waits is tried a last time.
    pub(super) fn close(&self) {
        self.inner().is_closed = true;
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inner().is_closed
    }

    /// Takes everything that still waits, oldest first.
    pub(super) fn take_rest(&self) -> Vec<QueuedMessage> {
        self.inner().waiting.drain(..).collect()
    }
}
