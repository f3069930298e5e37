//! Venues: services through which accounts are read and acted on.
//!
//! An adapter turns a venue's answers into [`Learned`] or says in a
//! [`Failure`] why nothing was learned; it never turns a failure into an empty
//! account. Every call names its account, and there is no call for all of them.

pub mod awaiting_credential;
pub mod binance;
pub mod bingx;
pub mod bitget;
pub mod budget;
pub mod bybit;
pub mod crosstrade;
mod exchange;
pub mod probe;
pub mod rest;

pub use budget::{OutOfBudget, Scope};

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::account::AccountNumber;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::{Ask, Cost};
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::{Learned, Missing};
use crate::domain::request::{Answer, Urgency, Write};
use crate::secret::Credential;

/// A call under way. Every call ends: the adapter bounds it by a timeout.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One venue with one credential.
pub trait Venue: Send + Sync {
    /// Waits until this call may be made in this lane. A call that is dropped takes
    /// nothing from the budget.
    fn admit<'a>(&'a self, lane: Lane, ask: Ask<'a>) -> Call<'a, Result<Permit, OutOfBudget>>;

    /// Waits until a poll may leave, which goes before everything else once it is
    /// late.
    fn admit_poll(&self) -> Call<'_, Result<Permit, OutOfBudget>>;

    /// Reads the figures and positions of these accounts, in one request where
    /// the venue can. An account that is not in the answer was not learned of.
    /// Working orders are left unknown.
    fn poll<'a>(&'a self, accounts: &'a [AccountNumber], permit: Permit) -> Call<'a, Polls>;

    /// Reads the positions of one account. An empty list may be that of an account
    /// that has not loaded, or whose connection is down: see
    /// [`Venue::check_alive`].
    fn positions<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<Arc<[Position]>, Failure>>;

    /// Whether an empty list of the account can be believed: its connection is up
    /// and it has loaded.
    fn check_alive<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<(), Failure>>;

    /// Reads the working orders of one account.
    fn orders<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>>;

    /// What a look at working orders asks for that is in no hurry: all of them, those
    /// of what is held, or nothing while what was read is fresh.
    fn orders_due(&self) -> Option<Ask<'static>> {
        Some(Ask::Orders)
    }

    /// Reads the working orders of the symbols that the account holds; those of others
    /// stand as they were read last. It proves nothing of an account that is to be
    /// quiet.
    fn orders_of_held<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        self.orders(account, permit)
    }

    /// Sends one protective request for one account.
    fn write<'a>(
        &'a self,
        account: &'a AccountNumber,
        write: &'a Write,
        permit: Permit,
    ) -> Call<'a, Answer>;

    /// Whether the credential works and which accounts the venue lists.
    fn list<'a>(&'a self) -> Call<'a, Result<Vec<String>, Failure>>;

    /// What the credential may do; `None` where the venue has nothing to say of that.
    fn key_rights<'a>(&'a self) -> Call<'a, Option<Result<KeyRights, Failure>>> {
        Box::pin(ready(None))
    }

    /// Has the venue cancel resting orders should riskd stay away for so long, as far as
    /// that may be: not beside a position.
    fn keep_dead_man(&self, _time: Duration) -> Call<'_, ()> {
        Box::pin(ready(()))
    }

    /// Takes that back.
    fn release_dead_man(&self) -> Call<'_, ()> {
        Box::pin(ready(()))
    }

    /// What the account made in a span of time by the venue's list: results, fees and
    /// funding, without what came in or went out. `None` where there is no such list.
    fn made<'a>(
        &'a self,
        _account: &'a AccountNumber,
        _span: MadeSpan,
        _permit: Permit,
    ) -> Call<'a, Option<Result<Money, Failure>>> {
        Box::pin(ready(None))
    }

    /// What is left of the request budget.
    fn budget(&self) -> Budget;

    /// Takes this many requests out of the budget, which left before this process
    /// began and are not forgotten by the venue.
    fn count_earlier(&self, requests: u32);

    /// How far the wall clock of this machine is ahead of the venue's for sure, by
    /// its last answer; below zero when it is behind, `None` when no answer said
    /// what time it was.
    fn clock_error(&self) -> Option<TimeDelta>;

    /// Whom it asks for, as far as it has a credential.
    fn scope(&self) -> Option<Scope> {
        None
    }

    /// Whether it is known to be asked with this credential.
    fn uses(&self, _credential: &Credential) -> bool {
        false
    }

    /// Uses this credential from the next request on, and says whether it is
    /// another one than before. Connections and budget stay.
    fn renew(&self, credential: &Credential) -> bool;
}

/// What a poll learned of one account.
pub type Polled = Result<Learned, Failure>;

/// What one poll learned, by account: nobody gets another one's figures because a
/// venue lists its accounts in an order of its own, or leaves one out.
pub type Polls = BTreeMap<AccountNumber, Polled>;

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

/// Which part of the request budget a call draws from: the least urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Looks at accounts of which nothing is asked; they leave nearly the whole
    /// budget alone.
    Watch,
    /// Reads that can wait; they leave as much of the budget alone.
    Routine,
    /// A cancel that the close before it makes needless, as far as the venue does
    /// what it says: it leaves while half of the budget is there.
    Beside,
    /// A poll of the one account that a credential has.
    Poll,
    /// Reads of an account's own positions, which a poll may make needless.
    Positions,
    /// Reads of working orders that enforcement waits for.
    Verify,
    /// A poll that serves every account of a credential by one request, and shows the
    /// positions of all that are being closed.
    PollOfAll,
    /// Cancels. When many accounts need both, all are closed first: a flatten
    /// takes the working orders of what it closes along.
    Cancel,
    /// Flattens and closes.
    Close,
    /// A poll that is late: without it every account is blind.
    LatePoll,
}

impl Lane {
    /// The lane of a write.
    pub const fn of(urgency: Urgency) -> Lane {
        match urgency {
            Urgency::Close => Lane::Close,
            Urgency::Cancel => Lane::Cancel,
            Urgency::Beside => Lane::Beside,
        }
    }

    /// Whether what it carries can wait for as long as a venue asks to.
    const fn can_wait(self) -> bool {
        matches!(
            self,
            Lane::Watch
                | Lane::Routine
                | Lane::Beside
                | Lane::Poll
                | Lane::PollOfAll
                | Lane::LatePoll
        )
    }
}

/// The right to make one call, taken out of the budget.
#[must_use = "it has been taken out of the budget"]
#[derive(Debug)]
pub struct Permit {
    /// The part of the budget that it was taken out of.
    pub(crate) lane: Lane,
    /// What was taken.
    pub(crate) cost: Cost,
}

/// The state of a request budget, by the count that plans go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests that could be sent at once.
    pub left: u32,
    /// Requests that the venue allows at once after a rest.
    pub capacity: u32,
    /// The part of the capacity that routine reads may not use.
    pub reserve: u32,
}
