//! Carries out what the engine asks of one venue.
//!
//! Each request runs by itself, so that none waits for another; the venue's
//! budget decides the order in which they leave. Every job but a read that was
//! withdrawn ends in an answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::clock::Clock;
use super::input::Input;
use super::latency::Latencies;
use super::vital;
use crate::domain::account::{AccountName, AccountNumber};
use crate::domain::ids::RequestId;
use crate::domain::limits::Ask;
use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::{Answer, Outcome, Urgency, Write};
use crate::domain::timeouts;
use crate::engine::enforcement::Reading;
use crate::engine::event::{Event, ReadFailure, ReadResult};
use crate::store::{NotCommitted, Receipt};
use crate::venue::{Failure, Lane, OutOfBudget, Permit, Venue};

/// How many jobs may wait for the executor of a venue. An account has at most
/// a few at a time.
pub(super) const QUEUE: usize = 4096;
/// How long a cancel beside a close waits before it asks for its turn.
const BESIDE_WAIT: Duration = Duration::from_millis(50);

/// One thing to do at a venue.
#[derive(Debug)]
pub struct Job {
    /// The account.
    pub account: AccountName,
    /// Its number at the venue.
    pub number: AccountNumber,
    /// What is to be done.
    pub kind: JobKind,
    /// When the observation that led to it was received.
    pub trigger: Option<Instant>,
    /// Told when it need not leave any more.
    pub withdrawn: CancellationToken,
    /// Says when the rows of what it is done for are committed.
    pub receipt: Option<Receipt>,
}

/// What is to be done for an account.
#[derive(Debug)]
pub enum JobKind {
    /// A request is sent.
    Write {
        /// Its number.
        request: RequestId,
        /// What is asked.
        write: Write,
        /// Where it stands in the order of what leaves.
        urgency: Urgency,
    },
    /// Something of the account is read.
    Read {
        /// The number of the read.
        read: u64,
        /// What is read.
        what: Reading,
    },
}

impl JobKind {
    /// Whether it is a cancel that leaves only while there is room for it.
    const fn can_wait(&self) -> bool {
        matches!(
            self,
            JobKind::Write {
                urgency: Urgency::Beside,
                ..
            }
        )
    }

    /// Whether it is a read, and else where it stands in the order of what leaves.
    pub(super) const fn order(&self) -> (bool, Option<Urgency>) {
        match self {
            JobKind::Write { urgency, .. } => (false, Some(*urgency)),
            JobKind::Read { .. } => (true, None),
        }
    }
}

impl Job {
    /// The answer to a job that could not even be started.
    pub(super) fn not_started(self, now: Timestamp) -> Event {
        let words = Arc::from("riskd's own queue is full");
        match self.kind {
            JobKind::Write { request, .. } => not_sent(self.account, request, words),
            JobKind::Read { read, .. } => Event::ReadEnded {
                account: self.account,
                read,
                at: now,
                result: Err(ReadFailure {
                    missing: Missing::Late,
                    words,
                }),
            },
        }
    }
}

fn not_sent(account: AccountName, request: RequestId, words: Arc<str>) -> Event {
    Event::Answered {
        account,
        request,
        answer: Answer {
            outcome: Outcome::NotSent,
            status: None,
            words,
        },
    }
}

/// Starts the jobs of one venue as they come, until nobody can send any more.
pub(super) async fn run(
    venue: Arc<dyn Venue>,
    mut jobs: mpsc::Receiver<Job>,
    inputs: mpsc::Sender<Input>,
    latencies: Arc<Latencies>,
    clock: Clock,
) {
    while let Some(job) = jobs.recv().await {
        let venue = Arc::clone(&venue);
        let inputs = inputs.clone();
        let latencies = Arc::clone(&latencies);
        let clock = clock.clone();
        // A cancel that waits beside a close says nothing of how soon riskd acts.
        let trigger = job.trigger.filter(|_| !job.kind.can_wait());
        vital::spawn("a request", async move {
            let left = |event: Event| {
                if let (Some(trigger), Event::Sent { .. }) = (trigger, &event) {
                    latencies.note(trigger.elapsed());
                }
                // A dispatcher that is far behind must not hold up what leaves; it
                // learns of it by the answer.
                let _ = inputs.try_send(Input::Answer(event));
            };
            let steady = || clock.steady();
            if let Some(event) = carry_out(venue.as_ref(), job, steady, left).await {
                let _ = inputs.send(Input::Answer(event)).await;
            }
        });
    }
}

/// Does one job at a venue and gives its answer, whatever happens; none to a read
/// that was withdrawn. Calls `left` as it leaves riskd.
pub async fn carry_out(
    venue: &dyn Venue,
    mut job: Job,
    steady: impl Fn() -> Timestamp,
    left: impl FnOnce(Event),
) -> Option<Event> {
    let receipt = job.receipt.take();
    match &job.kind {
        JobKind::Write {
            request,
            write,
            urgency,
        } => {
            let admitted = admit_recorded(venue, write, *urgency, &job.withdrawn, receipt);
            Some(match admitted.await {
                Ok((permit, unrecorded)) => {
                    left(Event::Sent {
                        account: job.account.clone(),
                        request: *request,
                        unrecorded,
                    });
                    sent(venue, &job, (*request, write), permit).await
                }
                Err(words) => not_sent(job.account, *request, Arc::from(words)),
            })
        }
        JobKind::Read { read, what } => {
            let admitted = tokio::select! {
                biased;
                () = job.withdrawn.cancelled() => return None,
                admitted = venue.admit(lane_of(*what), ask_of(*what)) => admitted,
            };
            let at = steady();
            let result = match admitted {
                Err(OutOfBudget) => Err(busy()),
                Ok(permit) => {
                    left(Event::ReadLeft {
                        account: job.account.clone(),
                        read: *read,
                        at,
                    });
                    look(venue, &job.number, *what, permit).await
                }
            };
            Some(Event::ReadEnded {
                account: job.account.clone(),
                read: *read,
                at,
                result: result.map_err(|failure| ReadFailure {
                    missing: failure.missing,
                    words: failure.words,
                }),
            })
        }
    }
}

/// Sends a request and waits for its answer, but not for ever.
async fn sent(
    venue: &dyn Venue,
    job: &Job,
    (request, write): (RequestId, &Write),
    permit: Permit,
) -> Event {
    let answer = timeout(timeouts::REQUEST, venue.write(&job.number, write, permit)).await;
    let answer = answer.unwrap_or_else(|_| Answer {
        outcome: Outcome::Unknown,
        status: None,
        words: Arc::from("no answer in time"),
    });
    if answer.outcome != Outcome::Acknowledged {
        warn!(account = %job.account, %request, %write, outcome = answer.outcome.name(), words = %answer.words, "a request was not acknowledged");
    }
    Event::Answered {
        account: job.account.clone(),
        request,
        answer,
    }
}

/// Where a read stands in the order of what leaves.
pub const fn lane_of(what: Reading) -> Lane {
    match what {
        Reading::Orders => Lane::Verify,
        Reading::Positions => Lane::Positions,
        // Half of the budget is left for what it may find.
        Reading::CloseWatch | Reading::WatchOrders => Lane::Beside,
        Reading::Watch => Lane::Watch,
    }
}

/// What a read asks the venue for.
const fn ask_of(what: Reading) -> Ask<'static> {
    match what {
        Reading::Orders | Reading::WatchOrders => Ask::Orders,
        Reading::Positions | Reading::Watch | Reading::CloseWatch => Ask::Positions,
    }
}

/// Waits for a permit, and beside it for the rows behind the request to be
/// committed: gives the permit, and why it leaves without the rows if it does.
async fn admit_recorded(
    venue: &dyn Venue,
    write: &Write,
    urgency: Urgency,
    withdrawn: &CancellationToken,
    receipt: Option<Receipt>,
) -> Result<(Permit, Option<Arc<str>>), &'static str> {
    let recorded = async {
        match receipt {
            Some(receipt) => receipt.committed(timeouts::COMMIT).await,
            None => Ok(()),
        }
    };
    let admitted = async {
        let lane = Lane::of(urgency);
        if lane == Lane::Beside {
            // The closes of all accounts stand in the queue by then.
            sleep(BESIDE_WAIT).await;
        }
        venue.admit(lane, Ask::Write(write)).await
    };
    let both = async { tokio::join!(admitted, recorded) };
    let (permit, recorded) = tokio::select! {
        biased;
        () = withdrawn.cancelled() => return Err("it is not needed any more"),
        both = both => both,
    };
    let permit = permit.map_err(|OutOfBudget| "riskd's own request budget is used up")?;
    let unrecorded = recorded
        .err()
        .map(|why: NotCommitted| Arc::from(why.to_string()));
    Ok((permit, unrecorded))
}

async fn look(
    venue: &dyn Venue,
    number: &AccountNumber,
    what: Reading,
    permit: Permit,
) -> Result<ReadResult, Failure> {
    match what {
        Reading::Orders | Reading::WatchOrders => within(venue.orders(number, permit))
            .await
            .map(ReadResult::Orders),
        Reading::Watch | Reading::CloseWatch => {
            let positions = within(venue.positions(number, permit)).await?;
            Ok(ReadResult::Positions(positions))
        }
        Reading::Positions => {
            let positions = within(venue.positions(number, permit)).await?;
            if positions.is_empty() {
                let admitted = venue.admit(Lane::Verify, Ask::Alive);
                let Ok(Ok(permit)) = timeout(timeouts::SECOND_PERMIT, admitted).await else {
                    return Err(busy());
                };
                within(venue.check_alive(number, permit)).await?;
            }
            Ok(ReadResult::Positions(positions))
        }
    }
}

async fn within<T>(call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout(timeouts::REQUEST, call).await.unwrap_or_else(|_| {
        Err(Failure {
            missing: Missing::Late,
            words: Arc::from("no answer in time"),
        })
    })
}

fn busy() -> Failure {
    Failure {
        missing: Missing::RateLimited,
        words: Arc::from("riskd's own request budget is used up"),
    }
}

#[cfg(test)]
mod tests;
