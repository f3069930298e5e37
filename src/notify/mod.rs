//! Messages to people, behind a bounded queue of their own: a notifier that is
//! slow, or fails, holds up nothing else.

mod webhook;

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::domain::account::NotifierName;
use crate::domain::observation::Timestamp;
use crate::engine::effect::{Audience, Notice, Severity};
use crate::rules::ruleset::{NotifierKind, RuleSet};
use webhook::Webhook;

/// How many messages may wait for one notifier.
const QUEUE: usize = 256;
/// How often a message is tried.
const TRIES: u32 = 6;
/// The wait before the second try; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// A message as it leaves riskd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The message for people.
    pub text: String,
    /// `info`, `warning` or `critical`.
    pub severity: &'static str,
    /// What happened, by its stable name.
    pub event: &'static str,
    /// The account, when it is about one.
    pub account: Option<String>,
    /// The rule, when it is about one.
    pub rule: Option<String>,
    /// When, RFC 3339.
    pub time: String,
}

impl Message {
    fn new(notice: &Notice, now: Timestamp) -> Message {
        Message {
            text: notice.text.clone(),
            severity: notice.severity.name(),
            event: notice.kind.name(),
            account: notice.account.as_ref().map(ToString::to_string),
            rule: notice.rule.as_ref().map(ToString::to_string),
            time: now.to_rfc3339(),
        }
    }
}

/// A message that could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// To whom, why, and the message itself.
    pub message: String,
}

/// The notifiers of a rule set.
pub struct Notifiers {
    queues: HashMap<NotifierName, mpsc::Sender<Message>>,
    failures: mpsc::Sender<Undelivered>,
}

impl Notifiers {
    /// Starts these notifiers. What they cannot deliver comes out of `failures`.
    pub fn start(channels: Channels, failures: mpsc::Sender<Undelivered>) -> Notifiers {
        let mut notifiers = Notifiers {
            queues: HashMap::new(),
            failures,
        };
        notifiers.replace(channels);
        notifiers
    }

    /// Puts these notifiers in place of the old ones, which deliver what waits
    /// and end.
    pub fn replace(&mut self, channels: Channels) {
        self.queues.clear();
        for (name, channel) in channels.0 {
            let (queue, messages) = mpsc::channel(QUEUE);
            self.queues.insert(name.clone(), queue);
            tokio::spawn(deliver(name, channel, messages, self.failures.clone()));
        }
    }

    /// Hands a notice over. Never waits: what finds no room is logged.
    pub fn send(&self, notice: Notice, now: Timestamp) {
        let message = Message::new(&notice, now);
        let targets: Vec<&NotifierName> = match &notice.to {
            Audience::Everyone => self.queues.keys().collect(),
            Audience::Named(names) => names.iter().collect(),
        };
        if targets.is_empty() && notice.severity == Severity::Critical {
            warn!("no notifier hears of this: {}", message.text);
        }
        for name in targets {
            if let Some(queue) = self.queues.get(name)
                && queue.try_send(message.clone()).is_err()
            {
                error!(notifier = %name, "too many messages wait; this one is dropped: {}", message.text);
            }
        }
    }
}

/// The notifiers of a rule set, set up but not running.
pub struct Channels(Vec<(NotifierName, Channel)>);

impl Channels {
    /// Sets up the notifiers of these rules. May wait for the disk.
    ///
    /// # Errors
    /// What is wrong with one of them, in words; never a secret.
    pub fn of(rules: &RuleSet) -> Result<Channels, String> {
        let channels = rules.notifiers.iter().map(|notifier| {
            Channel::of(&notifier.kind)
                .map(|channel| (notifier.name.clone(), channel))
                .map_err(|error| format!("notifier {}: {error}", notifier.name))
        });
        channels.collect::<Result<_, _>>().map(Channels)
    }
}

/// How messages leave.
enum Channel {
    Log,
    Webhook(Webhook),
}

impl Channel {
    fn of(kind: &NotifierKind) -> Result<Channel, String> {
        match kind {
            NotifierKind::Log => Ok(Channel::Log),
            NotifierKind::Webhook { url } => Webhook::new(url).map(Channel::Webhook),
        }
    }

    async fn send(&self, message: &Message) -> Result<(), String> {
        match self {
            Channel::Log => {
                info!(
                    event = message.event,
                    severity = message.severity,
                    "{}",
                    message.text
                );
                Ok(())
            }
            Channel::Webhook(webhook) => webhook.send(message).await,
        }
    }
}

async fn deliver(
    name: NotifierName,
    channel: Channel,
    mut messages: mpsc::Receiver<Message>,
    failures: mpsc::Sender<Undelivered>,
) {
    while let Some(message) = messages.recv().await {
        if let Err(reason) = try_hard(&channel, &message).await {
            let message = format!(
                "the message to {name} could not be delivered ({reason}): {}",
                message.text
            );
            let _ = failures.send(Undelivered { message }).await;
        }
    }
}

async fn try_hard(channel: &Channel, message: &Message) -> Result<(), String> {
    let mut wait = FIRST_WAIT;
    let mut tries = 1;
    loop {
        match channel.send(message).await {
            Ok(()) => return Ok(()),
            Err(reason) if tries >= TRIES => return Err(reason),
            Err(_) => {}
        }
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2);
        tries += 1;
    }
}
