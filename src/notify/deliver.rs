//! The task of one notifier: it tries what waits, again and again where that
//! makes sense, and tells of what does not arrive.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tracing::info;

use super::failure::{Failure, Retry};
use super::hub::Hub;
use super::outbox::{Outbox, QueuedMessage, Works};
use crate::domain::severity::Severity;

/// What a message lets pass before it is tried first: the protective calls that
/// it tells of are begun in the same instant, and are to have the processor.
const HEAD_START: Duration = Duration::from_millis(20);
/// The wait after the first failure in a row; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After so many failures in a row it is told that the notifier fails.
const TOLD_AFTER: u32 = 3;
/// How long a message is tried that a person must see.
const KEEP_CRITICAL: Duration = Duration::from_secs(3600);
/// How long any other message is tried: what is older is no news.
const KEEP: Duration = Duration::from_secs(600);
/// How long a notifier that refuses everything is left alone, but for critical
/// messages.
const REST: Duration = Duration::from_secs(300);

/// How the notifier did in its last tries.
#[derive(Default)]
struct Line {
    failures: u32,
    /// Whether it was told that it fails.
    is_told: bool,
    /// Messages that did not arrive and were not told of one by one.
    untold: u64,
    refuses_until: Option<Instant>,
    channel: u64,
}

/// Delivers until the outbox is closed and everything in it was tried.
pub(super) async fn run(outbox: Arc<Outbox>, hub: Arc<Hub>) {
    let mut line = Line::default();
    let mut tried_last = Vec::new();
    while let Some(queued) = outbox.next(&tried_last).await {
        let dropped = outbox.take_dropped();
        if dropped > 0 {
            hub.report(format!(
                "{} to {} were dropped, those that matter least first: too many waited",
                messages(dropped),
                outbox.name
            ));
        }
        let (channel, number) = outbox.channel();
        if std::mem::replace(&mut line.channel, number) != number {
            line.renew();
        }
        if line.rests(&queued) {
            line.untold = line.untold.saturating_add(1);
            outbox.done(queued.number);
            continue;
        }
        if queued.tries == 0 {
            sleep(HEAD_START).await;
        }
        match channel.send(&queued.message).await {
            Ok(_) => {
                outbox.done(queued.number);
                outbox.set_works(Works::Yes);
                line.worked(&outbox, &hub);
            }
            Err(failure) => {
                if outbox.is_closed() {
                    tried_last.push(queued.number);
                }
                let wait = line.failed(queued, &failure, &outbox, &hub);
                if let Some(wait) = wait {
                    pause(&outbox, &hub, wait, number).await;
                }
            }
        }
    }
    line.report_untold(&outbox, &hub);
}

/// Waits until then, or until it is worth to try before. What a service asks
/// for is kept even for a critical message; that one goes to another notifier
/// at once.
async fn pause(outbox: &Outbox, hub: &Hub, wait: Wait, channel: u64) {
    loop {
        tokio::select! {
            () = sleep_until(wait.until) => return,
            () = outbox.urgent(channel) => {}
        }
        if !wait.is_asked_for || outbox.is_closed() || outbox.channel().1 != channel {
            return;
        }
        for mut queued in outbox.untried_critical() {
            queued.tries = 1;
            queued.stand_in = hub.stand_in(&queued, &outbox.name);
            outbox.keep(queued);
        }
    }
}

/// A pause between two tries.
#[derive(Clone, Copy)]
struct Wait {
    until: Instant,
    /// Whether the service asked for it.
    is_asked_for: bool,
}

impl Line {
    /// Another channel begins anew.
    fn renew(&mut self) {
        *self = Line {
            untold: self.untold,
            channel: self.channel,
            ..Line::default()
        };
    }

    /// Whether the queued is not worth a request.
    fn rests(&self, queued: &QueuedMessage) -> bool {
        queued.message.severity < Severity::Critical
            && self.refuses_until.is_some_and(|end| Instant::now() < end)
    }

    fn worked(&mut self, outbox: &Outbox, hub: &Hub) {
        if self.failures > 0 {
            info!(notifier = %outbox.name, "the notifier works again");
            self.report_untold(outbox, hub);
        }
        self.failures = 0;
        self.is_told = false;
        self.refuses_until = None;
    }

    /// Decides on a queued that did not arrive, and how long to wait.
    fn failed(
        &mut self,
        mut queued: QueuedMessage,
        failure: &Failure,
        outbox: &Outbox,
        hub: &Hub,
    ) -> Option<Wait> {
        outbox.set_works(Works::No);
        self.failures = self.failures.saturating_add(1);
        queued.tries = queued.tries.saturating_add(1);
        if queued.tries == 1 && queued.message.severity == Severity::Critical {
            queued.stand_in = hub.stand_in(&queued, &outbox.name);
        }
        if failure.verdict == Retry::Refused {
            self.refuses_until = later(REST);
        }
        let Retry::Later(asked) = failure.verdict else {
            self.give_up(&queued, failure, outbox, hub);
            return None;
        };
        if queued.since.elapsed() >= keep(&queued) {
            self.give_up(&queued, failure, outbox, hub);
        } else {
            if self.failures >= TOLD_AFTER && !self.is_told && !outbox.is_closed() {
                self.is_told = true;
                hub.report(format!(
                    "the message to {} could not be delivered yet ({}); riskd goes on trying{}: {}",
                    outbox.name,
                    failure.words,
                    instead(&queued),
                    queued.message.text
                ));
            }
            outbox.keep(queued);
        }
        let wait = backoff(self.failures).max(asked.unwrap_or_default());
        Some(Wait {
            until: later(wait)?,
            is_asked_for: asked.is_some(),
        })
    }

    /// A critical message that did not arrive is told of in any case, others
    /// only when it is news that the notifier fails.
    fn give_up(&mut self, queued: &QueuedMessage, failure: &Failure, outbox: &Outbox, hub: &Hub) {
        outbox.done(queued.number);
        let is_critical = queued.message.severity == Severity::Critical;
        if is_critical || !self.is_told {
            self.is_told = true;
            hub.report(undelivered(outbox, &failure.words, queued));
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    fn report_untold(&mut self, outbox: &Outbox, hub: &Hub) {
        let untold = std::mem::take(&mut self.untold);
        if untold > 0 {
            hub.report(format!(
                "{} to {} were not delivered while it failed, beside those told of",
                messages(untold),
                outbox.name
            ));
        }
    }
}

/// What is told of a message that did not arrive.
pub(super) fn undelivered(outbox: &Outbox, why: &str, queued: &QueuedMessage) -> String {
    format!(
        "the message to {} could not be delivered ({why}){}: {}",
        outbox.name,
        instead(queued),
        queued.message.text
    )
}

fn instead(queued: &QueuedMessage) -> String {
    match &queued.stand_in {
        Some(name) => format!("; it goes to {name} instead"),
        None => String::new(),
    }
}

fn messages(count: u64) -> String {
    match count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

fn keep(queued: &QueuedMessage) -> Duration {
    match queued.message.severity {
        Severity::Critical => KEEP_CRITICAL,
        Severity::Info | Severity::Warning => KEEP,
    }
}

/// 1, 2, 4, ... 60 seconds.
fn backoff(failures: u32) -> Duration {
    let duplicate = 1_u32.checked_shl(failures.saturating_sub(1));
    FIRST_WAIT
        .saturating_mul(duplicate.unwrap_or(u32::MAX))
        .min(LONGEST_WAIT)
}

fn later(wait: Duration) -> Option<Instant> {
    Instant::now().checked_add(wait)
}
