//! Questions to a live venue that change nothing there: what a key may do, how the clocks
//! differ, and in which shapes the venue says what the documents leave open.
//!
//! An adapter is asked as the daemon asks it, over a [`Wire`] that lets nothing pass but
//! reads and notes the shape of each answer, never its values: so every venue can be
//! probed as it is, and none can be written to.

mod shape;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::{Failure, Lane, OutOfBudget, Permit, Venue};
use crate::domain::account::AccountNumber;
use crate::domain::limits::Ask;
use crate::domain::made::MadeSpan;
use crate::domain::observation::{Missing, Timestamp};
use crate::domain::plural::counted;

pub use shape::Shape;
pub use wire::{Heard, Wire};

/// How long a question may take: several requests, each with its own time.
const PATIENCE: Duration = Duration::from_secs(30);
/// How far apart two questions are: most limits are those of a second, and a daemon beside
/// it polls by the second, with which this keeps no step.
const BETWEEN: Duration = Duration::from_millis(1300);
/// How often a question is asked that is turned away for too much.
const TRIES: u32 = 8;
/// How soon a permit is asked for again where there was none.
const AGAIN: Duration = Duration::from_millis(500);
/// Of how long ago the list of what moved money is read.
const MOVEMENTS_OF: TimeDelta = TimeDelta::days(1);

/// What came of all questions.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Each question, in the order in which they were asked.
    pub questions: Vec<Question>,
    /// How far the clock of this machine is ahead of the venue's for sure, in
    /// milliseconds; `None` when no answer said what time it was.
    pub clock_ahead_ms: Option<i64>,
}

/// A question, and what came of it.
#[derive(Debug, Serialize)]
pub struct Question {
    /// What was asked.
    pub name: &'static str,
    /// Whether it was answered, and the answer understood.
    pub is_understood: bool,
    /// What riskd makes of the answer, or why it makes nothing of it.
    pub said: String,
    /// The requests that it took.
    pub answers: Vec<Heard>,
}

impl Report {
    /// Whether every question was answered, and each answer understood.
    pub fn is_understood(&self) -> bool {
        self.questions.iter().all(|one| one.is_understood)
    }

    /// How many requests it took.
    pub fn requests(&self) -> usize {
        self.questions.iter().map(|one| one.answers.len()).sum()
    }
}

/// Asks a venue, whose adapter is connected over this wire, about one account.
pub async fn probe(
    venue: &dyn Venue,
    wire: &Wire,
    account: &AccountNumber,
    now: Timestamp,
) -> Report {
    let mut asked = Asked {
        wire,
        questions: Vec::new(),
    };
    let came = unhurried(async || rights(venue).await).await;
    asked.note("rights of the key", came);
    let came = unhurried(async || accounts(venue).await).await;
    asked.note("accounts", came);
    let came = unhurried(async || figures(venue, account).await).await;
    asked.note("figures", came);
    let held = unhurried(async || positions(venue, account).await).await;
    let is_empty = matches!(held, Ok(0));
    let held = held.map(|count| counted(count, "position"));
    asked.note("positions", held);
    if is_empty {
        let came = unhurried(async || alive(venue, account).await).await;
        asked.note("whether flat can be believed", came);
    }
    let came = unhurried(async || orders(venue, account).await).await;
    asked.note("working orders", came);
    let came = unhurried(async || movements(venue, account, now).await).await;
    asked.note("what moved money", came);
    let ahead = venue.clock_error();
    Report {
        questions: asked.questions,
        clock_ahead_ms: ahead.map(|ahead| ahead.num_milliseconds()),
    }
}

/// What was asked so far.
struct Asked<'w> {
    wire: &'w Wire,
    questions: Vec<Question>,
}

impl Asked<'_> {
    /// Notes what came of a question, with the answers that were heard since the last one.
    fn note(&mut self, name: &'static str, came: Result<String, Failure>) {
        self.questions.push(Question {
            name,
            is_understood: came.is_ok(),
            said: came.unwrap_or_else(|failure| failure.to_string()),
            answers: self.wire.take_heard(),
        });
    }
}

/// Asks, and leaves the venue a while after that: the daemon beside it has the same limits.
/// What was turned away for them is asked again, a few times.
async fn unhurried<T>(question: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut came = question().await;
    for _ in 1..TRIES {
        sleep(BETWEEN).await;
        if !matches!(&came, Err(failure) if failure.missing == Missing::RateLimited) {
            break;
        }
        came = question().await;
    }
    came
}

/// Waits for an answer, but not for ever.
async fn in_time<T>(answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout(PATIENCE, answer)
        .await
        .unwrap_or_else(|_| Err(failure(Missing::Unreachable, "no answer in time")))
}

fn failure(missing: Missing, words: &str) -> Failure {
    Failure {
        missing,
        words: Arc::from(words),
    }
}

/// Waits for a permit for as long as the question may take. Nearly the whole budget is
/// left to whoever protects.
async fn permit(venue: &dyn Venue, ask: Ask<'_>) -> Permit {
    loop {
        match venue.admit(Lane::Watch, ask).await {
            Ok(permit) => return permit,
            Err(OutOfBudget) => sleep(AGAIN).await,
        }
    }
}

async fn rights(venue: &dyn Venue) -> Result<String, Failure> {
    in_time(async {
        match venue.key_rights().await {
            Some(rights) => rights.map(|rights| rights.words()),
            None => Ok("the venue has nothing to say of them".to_owned()),
        }
    })
    .await
}

async fn accounts(venue: &dyn Venue) -> Result<String, Failure> {
    let listed = in_time(venue.list()).await?;
    Ok(counted(listed.len(), "account"))
}

async fn figures(venue: &dyn Venue, account: &AccountNumber) -> Result<String, Failure> {
    let polled = in_time(async {
        let permit = permit(venue, Ask::Poll).await;
        let accounts = std::slice::from_ref(account);
        let mut polls = venue.poll(accounts, permit).await;
        let unlisted = || failure(Missing::Malformed, "the answer is not about the account");
        polls.remove(account).ok_or_else(unlisted)?
    });
    let learned = polled.await?;
    let figures = &learned.figures;
    let known = [
        ("realized", figures.realized.is_some()),
        ("unrealized", figures.unrealized.is_some()),
        ("balance", figures.balance.is_some()),
        ("equity", figures.equity.is_some()),
        ("maintenance margin", learned.maintenance_margin.is_some()),
        ("positions", learned.positions.is_some()),
    ];
    let names = |is_wanted: bool| {
        let wanted = known.iter().filter(|(_, is_known)| *is_known == is_wanted);
        let names: Vec<&str> = wanted.map(|(name, _)| *name).collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    Ok(format!("known: {}; unknown: {}", names(true), names(false)))
}

async fn positions(venue: &dyn Venue, account: &AccountNumber) -> Result<usize, Failure> {
    in_time(async {
        let permit = permit(venue, Ask::Positions).await;
        Ok(venue.positions(account, permit).await?.len())
    })
    .await
}

async fn alive(venue: &dyn Venue, account: &AccountNumber) -> Result<String, Failure> {
    in_time(async {
        let permit = permit(venue, Ask::Alive).await;
        venue.check_alive(account, permit).await?;
        Ok("yes: nothing else shows a position".to_owned())
    })
    .await
}

async fn orders(venue: &dyn Venue, account: &AccountNumber) -> Result<String, Failure> {
    in_time(async {
        let permit = permit(venue, Ask::Orders).await;
        let orders = venue.orders(account, permit).await?;
        let unread = || failure(Missing::Malformed, "what was read cannot be trusted");
        Ok(counted(orders.count().ok_or_else(unread)?, "order"))
    })
    .await
}

async fn movements(
    venue: &dyn Venue,
    account: &AccountNumber,
    now: Timestamp,
) -> Result<String, Failure> {
    let span = MadeSpan {
        since: (now - MOVEMENTS_OF).timestamp_millis(),
        until: now.timestamp_millis(),
    };
    in_time(async {
        let permit = permit(venue, Ask::List).await;
        match venue.made(account, span, permit).await {
            Some(made) => made.map(|_| "the last day's list is understood".to_owned()),
            None => Ok("the venue has no such list".to_owned()),
        }
    })
    .await
}
