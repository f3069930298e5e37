//! Carries out what the engine asks of one venue.
//!
//! Each request runs by itself, so that none waits for another; the venue's
//! budget decides the order in which they leave. Every job ends in an answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::input::Input;
use super::latency::Latencies;
use super::vital;
use crate::domain::account::{AccountName, AccountNumber};
use crate::domain::ids::RequestId;
use crate::domain::observation::Missing;
use crate::domain::request::{Answer, Outcome, Write};
use crate::engine::event::{Event, ReadFailure};
use crate::venue::Venue;

/// How many jobs may wait for the executor of a venue. An account has at most
/// a few at a time.
pub(super) const QUEUE: usize = 4096;
/// How long a job may take, the wait for the budget included, before it is
/// answered as lost. The adapters give up sooner, and the engine later.
pub const DEADLINE: Duration = Duration::from_secs(14);

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
    },
    /// Positions and working orders are read.
    Verify {
        /// The number of the read.
        read: u64,
    },
}

impl Job {
    /// The answer to a job that could not even be started.
    pub(super) fn not_started(self) -> Event {
        let words = Arc::from("riskd's own queue is full");
        match self.kind {
            JobKind::Write { request, .. } => Event::Answered {
                account: self.account,
                request,
                answer: Answer {
                    outcome: Outcome::NotSent,
                    status: None,
                    words,
                },
            },
            JobKind::Verify { read } => Event::HoldingsRead {
                account: self.account,
                read,
                result: Err(ReadFailure {
                    missing: Missing::Late,
                    words,
                }),
            },
        }
    }
}

/// Starts the jobs of one venue as they come, until nobody can send any more.
pub(super) async fn run(
    venue: Arc<dyn Venue>,
    mut jobs: mpsc::Receiver<Job>,
    inputs: mpsc::Sender<Input>,
    latencies: Arc<Latencies>,
) {
    while let Some(job) = jobs.recv().await {
        let venue = Arc::clone(&venue);
        let inputs = inputs.clone();
        if let (Some(trigger), JobKind::Write { .. }) = (job.trigger, &job.kind) {
            latencies.note(trigger.elapsed());
        }
        vital::spawn("a request", async move {
            let event = carry_out(venue.as_ref(), job).await;
            let _ = inputs.send(Input::Answer(event)).await;
        });
    }
}

/// Does one job at a venue and gives its answer, whatever happens, within
/// [`DEADLINE`].
pub async fn carry_out(venue: &dyn Venue, job: Job) -> Event {
    let Job {
        account,
        number,
        kind,
        ..
    } = job;
    match kind {
        JobKind::Write { request, write } => {
            let answer = match timeout(DEADLINE, venue.write(&number, &write)).await {
                Ok(answer) => answer,
                Err(_) => Answer {
                    outcome: Outcome::Unknown,
                    status: None,
                    words: Arc::from("no answer in time"),
                },
            };
            if answer.outcome != Outcome::Acknowledged {
                warn!(%account, %request, %write, outcome = answer.outcome.name(), words = %answer.words, "a request was not acknowledged");
            }
            Event::Answered {
                account,
                request,
                answer,
            }
        }
        JobKind::Verify { read } => {
            let result = match timeout(DEADLINE, venue.holdings(&number)).await {
                Ok(Ok(holdings)) => Ok((holdings.positions, holdings.orders)),
                Ok(Err(failure)) => Err(ReadFailure {
                    missing: failure.missing,
                    words: failure.words,
                }),
                Err(_) => Err(ReadFailure {
                    missing: Missing::Late,
                    words: Arc::from("no answer in time"),
                }),
            };
            Event::HoldingsRead {
                account,
                read,
                result,
            }
        }
    }
}
