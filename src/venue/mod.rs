//! Venues: services through which accounts are read and acted on.
//!
//! An adapter turns a venue's answers into [`Learned`] or says in a
//! [`Failure`] why nothing was learned; it never turns a failure into an empty
//! account. Every call names its account, and there is no call for all of them.

pub mod budget;
mod clock_error;
pub mod crosstrade;
pub mod keyless;
pub mod paper;

pub use clock_error::clock_error;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::account::AccountNumber;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::observation::{Learned, Missing};
use crate::domain::request::{Answer, Write};
use crate::secret::Secret;

/// A call under way. Every call ends: the adapter bounds it by a timeout.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One venue with one credential.
pub trait Venue: Send + Sync {
    /// Reads the figures and positions of these accounts, in one request where
    /// the venue can; one entry for each account, in the order asked. Working
    /// orders are left unknown.
    fn poll<'a>(&'a self, accounts: &'a [AccountNumber]) -> Call<'a, Vec<Polled>>;

    /// Reads the figures of one account as [`Venue::poll`] does, because
    /// enforcement waits for them: an adapter draws on the budget of
    /// [`Lane::Verify`].
    fn poll_to_verify<'a>(&'a self, account: &'a AccountNumber) -> Call<'a, Polled> {
        Box::pin(async move {
            let polled = self.poll(std::slice::from_ref(account)).await;
            polled.into_iter().next().unwrap_or_else(|| {
                Err(Failure {
                    missing: Missing::Malformed,
                    words: Arc::from("the poll says nothing of the account"),
                })
            })
        })
    }

    /// Reads positions and working orders of one account, both asked after the
    /// call began, to verify what was requested before. Nothing held and nothing
    /// working is an answer only while the account's connection is up and the
    /// account has loaded; else the read failed.
    fn holdings<'a>(&'a self, account: &'a AccountNumber) -> Call<'a, Result<Holdings, Failure>>;

    /// Reads the working orders of one account.
    fn orders<'a>(
        &'a self,
        account: &'a AccountNumber,
        lane: Lane,
    ) -> Call<'a, Result<WorkingOrders, Failure>>;

    /// Sends one protective request for one account.
    fn write<'a>(&'a self, account: &'a AccountNumber, write: &'a Write) -> Call<'a, Answer>;

    /// Whether the credential works and which accounts the venue lists.
    fn list<'a>(&'a self) -> Call<'a, Result<Vec<String>, Failure>>;

    /// What is left of the request budget.
    fn budget(&self) -> Budget;

    /// How far the wall clock of this machine is ahead of the venue's for sure, by
    /// its last answer; below zero when it is behind, `None` when no answer said
    /// what time it was.
    fn clock_error(&self) -> Option<TimeDelta>;

    /// Uses this credential from the next request on, and says whether it is
    /// another one than before. Connections and budget stay.
    fn renew(&self, credential: &Secret) -> bool;
}

/// What a poll learned of one account.
pub type Polled = Result<Learned, Failure>;

/// Positions and working orders of one account, read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// Open positions.
    pub positions: Arc<[Position]>,
    /// Working orders.
    pub orders: WorkingOrders,
}

/// Why a read learned nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stable reason.
    pub missing: Missing,
    /// The venue's own words, shortened, or what went wrong on the way; never
    /// a secret.
    pub words: Arc<str>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.words.is_empty() {
            write!(f, "{}", self.missing)
        } else {
            write!(f, "{}: {}", self.missing, self.words)
        }
    }
}

/// Which part of the request budget a call draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Polls and other reads that can wait; they leave the reserve alone.
    Routine,
    /// Reads that enforcement waits for.
    Verify,
    /// Cancels. When many accounts need both, all are flattened first: a flatten
    /// takes the working orders of what it closes along.
    Cancel,
    /// A poll that has had to wait for long: one request that serves every
    /// account of the credential.
    Overdue,
    /// Flattens and closes; they go before everything else.
    Protective,
}

/// The state of a request budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests that could be sent at once.
    pub left: u32,
    /// Requests that the venue allows at once after a rest.
    pub capacity: u32,
    /// The part of the capacity that routine reads may not use.
    pub reserve: u32,
}
