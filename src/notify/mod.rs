//! Messages to people, behind a bounded queue of their own for each notifier:
//! one that is slow, or fails, holds up nothing else, neither another notifier
//! nor a protective call.
//!
//! The way of a message: [`Notifiers::send`] keeps storms back (`storm`) and
//! puts it into the outbox of each notifier that hears of it (`outbox`); the
//! notifier's own task (`deliver`) tries it through its channel (`channel`,
//! which is a `post` or an `email`) until it arrives, is refused, or is too old.
//! A critical message that fails goes to another notifier as well (`hub`).

mod channel;
mod deliver;
mod email;
mod failure;
mod heartbeat;
mod hub;
mod message;
mod outbox;
mod post;
mod set_up;
mod storm;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

pub use failure::{Failure, Retry, ServiceReply};
pub use heartbeat::{BeatError, Pulse};
pub use message::Message;
pub use set_up::SetUpError;

use crate::domain::account::NotifierName;
use crate::domain::observation::Timestamp;
use crate::domain::severity::Severity;
use crate::engine::effect::{Audience, Notice};
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Notifier;
use channel::{Channel, Shared};
use hub::Hub;
use outbox::Outbox;
use storm::Storm;

/// How long a notifier that a reload took away may try what waits for it.
const LAST_TRIES: Duration = Duration::from_secs(60);

/// A message that could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// To whom, why, and the message itself.
    pub message: String,
}

/// The notifiers of a rule set.
pub struct Notifiers {
    running: HashMap<NotifierName, Running>,
    hub: Arc<Hub>,
    storm: Storm,
    sent: u64,
}

struct Running {
    outbox: Arc<Outbox>,
    task: JoinHandle<()>,
}

impl Notifiers {
    /// Starts these notifiers. What they cannot deliver comes out of `failures`.
    pub fn start(channels: Channels, failures: mpsc::Sender<Undelivered>) -> Notifiers {
        let mut notifiers = Notifiers {
            running: HashMap::new(),
            hub: Arc::new(Hub::new(failures)),
            storm: Storm::default(),
            sent: 0,
        };
        notifiers.replace(channels);
        notifiers
    }

    /// Puts these notifiers in place of the old ones. What waits for one that
    /// is still there leaves by its new channel; one that is gone tries what
    /// waits a last time.
    pub fn replace(&mut self, channels: Channels) {
        let mut old = std::mem::take(&mut self.running);
        for (name, hears, channel) in channels.0 {
            let running = match old.remove(&name) {
                Some(running) => {
                    running.outbox.change(channel, hears);
                    running
                }
                None => {
                    let outbox = Arc::new(Outbox::new(name.clone(), channel, hears));
                    let task = deliver::run(Arc::clone(&outbox), Arc::clone(&self.hub));
                    Running {
                        outbox,
                        task: tokio::spawn(task),
                    }
                }
            };
            self.running.insert(name, running);
        }
        let outboxes = self.running.values();
        self.hub.set(
            outboxes
                .map(|running| Arc::clone(&running.outbox))
                .collect(),
        );
        for running in old.into_values() {
            tokio::spawn(end(running, Arc::clone(&self.hub), later(LAST_TRIES)));
        }
    }

    /// Hands a notice over. Never waits.
    pub fn send(&mut self, notice: Notice, now: Timestamp) {
        if let Some(notice) = self.storm.pass(notice, Instant::now()) {
            self.spread(&notice, now);
        }
    }

    /// Hands over what a storm kept back, once its span is over. To be called
    /// about every second.
    pub fn tick(&mut self, now: Timestamp) {
        for notice in self.storm.over(Instant::now()) {
            self.spread(&notice, now);
        }
    }

    fn spread(&mut self, notice: &Notice, now: Timestamp) {
        self.sent = self.sent.saturating_add(1);
        let message = Arc::new(Message::new(notice, now, self.sent));
        let named: Vec<&NotifierName> = match &notice.to {
            Audience::Everyone => self.running.keys().collect(),
            Audience::Named(names) => names.iter().collect(),
        };
        let targets: Vec<&Arc<Outbox>> = named
            .into_iter()
            .filter_map(|name| self.running.get(name))
            .map(|running| &running.outbox)
            .filter(|outbox| outbox.hears(notice.severity))
            .collect();
        if targets.is_empty() && notice.severity == Severity::Critical {
            warn!("no notifier hears of this: {}", message.text);
        }
        let told: Vec<NotifierName> = targets.iter().map(|outbox| outbox.name.clone()).collect();
        for outbox in targets {
            outbox.push(Arc::clone(&message), told.clone());
        }
    }

    /// Tries what waits a last time, for so long at most, and tells of what did
    /// not arrive.
    pub async fn close(&mut self, now: Timestamp, bound: Duration) {
        for notice in self.storm.rest() {
            self.spread(&notice, now);
        }
        let deadline = later(bound);
        // All are told before one is waited for.
        for running in self.running.values() {
            running.outbox.close();
        }
        for running in std::mem::take(&mut self.running).into_values() {
            end(running, Arc::clone(&self.hub), deadline).await;
        }
    }
}

/// Ends a notifier, at this time at the latest, and tells of what it leaves.
async fn end(mut running: Running, hub: Arc<Hub>, deadline: Instant) {
    running.outbox.close();
    if timeout_at(deadline, &mut running.task).await.is_err() {
        running.task.abort();
    }
    for queued in running.outbox.take_rest() {
        let why = "the notifier ended before";
        hub.report(deliver::undelivered(&running.outbox, why, &queued));
    }
}

fn later(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}

/// The notifiers of a rule set, set up but not running.
pub struct Channels(Vec<(NotifierName, Severity, Channel)>);

impl Channels {
    /// Sets up the notifiers of these rules, and says what is wrong with those
    /// that cannot be. May wait for the disk.
    pub fn of(rules: &RuleSet) -> (Channels, Vec<(NotifierName, SetUpError)>) {
        let shared = Shared::default();
        let mut wrong = Vec::new();
        let channels = rules.notifiers.iter().map(|notifier| {
            let channel = Channel::of(&notifier.kind, &shared).unwrap_or_else(|error| {
                let words = error.to_string();
                wrong.push((notifier.name.clone(), error));
                Channel::Broken(words)
            });
            (notifier.name.clone(), notifier.severity, channel)
        });
        let channels = Channels(channels.collect());
        (channels, wrong)
    }
}

/// Sends one message through a notifier of a rule file, once; what the service
/// answered.
///
/// # Errors
/// Why it did not arrive.
pub async fn try_once(notifier: &Notifier, message: &Message) -> Result<ServiceReply, TryError> {
    let channel = Channel::of(&notifier.kind, &Shared::default())?;
    let sent = channel.send(message).await;
    sent.map_err(|failure| TryError::Undelivered(failure.words))
}

/// Why a message of a test did not arrive. No secret stands in it.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// Its notifier cannot be set up.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// It was not delivered, in words.
    #[error("{0}")]
    Undelivered(String),
}
