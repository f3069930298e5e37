//! Making an account flat by hand, without the daemon.
//!
//! It shares nothing with the daemon but the reconciler: no lock, no thread, no
//! record. It works while the daemon hangs, while the rules are broken beyond
//! the account, and while the database cannot be written.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::clock::Clock;
use super::venues::connect;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::{IntentId, RequestId};
use crate::domain::observation::Missing;
use crate::domain::request::{Answer, Write};
use crate::engine::enforcement::{Enforcement, Intent, Step};
use crate::engine::reconcile::Seen;
use crate::engine::record::{Cause, Goal};
use crate::engine::words;
use crate::rules::Target;
use crate::rules::ruleset;
use crate::venue::{Failure, Holdings, Venue};

/// What happens while an account is made flat, to be shown as it happens.
#[derive(Debug)]
pub enum Progress {
    /// A request goes out.
    Sent {
        /// The round, from 1.
        round: u32,
        /// What is asked.
        write: Write,
    },
    /// A request was answered.
    Answered {
        /// What was asked.
        write: Write,
        /// What came of it.
        answer: Answer,
    },
    /// A read after the last request shows what is still there.
    NotYet {
        /// It, in words.
        holdings: String,
    },
    /// A read learned nothing.
    ReadFailed {
        /// Why.
        failure: Failure,
    },
    /// The account is flat and quiet, by a read after the last request.
    Done {
        /// How many rounds it took.
        rounds: u32,
    },
}

/// Accounts of one venue that are read at the same time. Each read takes three
/// requests of a budget that all accounts share: those who wait for their turn
/// learn more than those who are turned away, and repeat nothing meanwhile.
const READS_AT_ONCE: usize = 2;

/// A venue that is set up, shared by the accounts that are made flat there: by
/// it they share its request budget and take turns to be read.
#[derive(Clone)]
pub struct Shared {
    venue: Arc<dyn Venue>,
    turns: Arc<Semaphore>,
}

impl Shared {
    /// Sets up the venue.
    ///
    /// # Errors
    /// What is wrong with its secret or its address, in words.
    pub fn connect(config: &ruleset::Venue) -> Result<Shared, String> {
        Ok(Shared {
            venue: connect(config)?,
            turns: Arc::new(Semaphore::new(READS_AT_ONCE)),
        })
    }
}

/// Makes one account flat and quiet and tells of each step. Goes on until it
/// is; the caller bounds it. Accounts of one credential must share what
/// `shared` is a clone of.
pub async fn flatten(shared: Shared, target: &Target, tell: &mut impl FnMut(Progress)) {
    let clock = Clock::start();
    let mut hand = Hand {
        shared,
        target,
        enforcement: Enforcement::default(),
        clock,
    };
    let intent = Intent {
        id: IntentId(0),
        goal: Goal::FlatAndQuiet,
        cause: Cause::Person("riskd flatten".to_owned()),
    };
    let steps = hand
        .enforcement
        .begin(intent, &[], &WorkingOrders::Unknown, hand.clock.now());
    hand.work(steps, tell).await;
}

struct Hand<'a> {
    shared: Shared,
    target: &'a Target,
    enforcement: Enforcement,
    clock: Clock,
}

impl Hand<'_> {
    async fn work(&mut self, first: Vec<Step>, tell: &mut impl FnMut(Progress)) {
        let mut steps = first;
        loop {
            let mut next = Vec::new();
            for step in steps {
                match step {
                    Step::Send { round, writes } => self.send(round, writes, tell).await,
                    Step::Read { .. } => next.extend(self.read(tell).await),
                    Step::Reached { rounds, .. } => {
                        tell(Progress::Done { rounds });
                        return;
                    }
                    Step::NotYet { .. } | Step::Stuck { .. } | Step::Slowed => {}
                }
            }
            steps = if next.is_empty() {
                self.wait().await
            } else {
                next
            };
        }
    }

    /// Sends the writes of a round side by side.
    async fn send(&mut self, round: u32, writes: Vec<Write>, tell: &mut impl FnMut(Progress)) {
        let mut under_way = JoinSet::new();
        let mut requests = Vec::new();
        for (index, write) in writes.into_iter().enumerate() {
            let id = RequestId(i64::try_from(index).unwrap_or(i64::MAX));
            requests.push(id);
            tell(Progress::Sent {
                round,
                write: write.clone(),
            });
            let venue = Arc::clone(&self.shared.venue);
            let number = self.target.number.clone();
            under_way.spawn(async move {
                let answer = venue.write(&number, &write).await;
                (id, write, answer)
            });
        }
        self.enforcement.sent(&requests, self.clock.now());
        while let Some(done) = under_way.join_next().await {
            if let Ok((id, write, answer)) = done {
                self.enforcement.answered(id, &answer, self.clock.now());
                tell(Progress::Answered { write, answer });
            }
        }
    }

    async fn read(&mut self, tell: &mut impl FnMut(Progress)) -> Vec<Step> {
        match self.holdings().await {
            Ok((positions, orders)) => {
                let seen = Seen {
                    positions: &positions,
                    orders: &orders,
                };
                let steps = self.enforcement.learned(seen, self.clock.now());
                if steps.iter().any(|step| matches!(step, Step::NotYet { .. })) {
                    tell(Progress::NotYet {
                        holdings: words::holdings(Some(&positions), &orders),
                    });
                }
                steps
            }
            Err(failure) => {
                tell(Progress::ReadFailed { failure });
                self.enforcement.read_failed(self.clock.now())
            }
        }
    }

    /// Holdings, and that the account's connection is up: an empty list of a
    /// connection that is down is not flat.
    async fn holdings(&self) -> Result<(Arc<[Position]>, WorkingOrders), Failure> {
        // Nobody closes the turns; without one the read goes on all the same.
        let _turn = self.shared.turns.acquire().await;
        let venue = &self.shared.venue;
        let number = &self.target.number;
        let (polled, holdings) = tokio::join!(venue.poll_to_verify(number), venue.holdings(number));
        let Holdings { positions, orders } = holdings?;
        if polled?.figures.are_all_zero() {
            return Err(Failure {
                missing: Missing::Malformed,
                words: Arc::from("all figures are zero, as of an account that has not loaded"),
            });
        }
        Ok((positions, orders))
    }

    async fn wait(&mut self) -> Vec<Step> {
        loop {
            let now = self.clock.now();
            let until = self
                .enforcement
                .deadline()
                .and_then(|at| at.signed_duration_since(now.steady).to_std().ok())
                .unwrap_or(Duration::from_millis(1));
            let wake = Instant::now()
                .checked_add(until)
                .unwrap_or_else(Instant::now);
            tokio::time::sleep_until(wake).await;
            let steps = self.enforcement.tick(self.clock.now());
            if !steps.is_empty() {
                return steps;
            }
        }
    }
}
