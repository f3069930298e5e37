//! A venue to which riskd has no key yet.
//!
//! The file with a credential may be gone at a start that nobody watches. riskd
//! runs all the same: the other venues go on being protected, the loss of this
//! one is told like any other loss of data, and the poller, which reads a refused
//! credential again, opens it as soon as there is one.

use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chrono::TimeDelta;

use super::{Budget, Call, Failure, Lane, OutOfBudget, Permit, Polls, Scope, Venue};
use crate::domain::account::AccountNumber;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::{Ask, Cost};
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::Missing;
use crate::domain::request::{Answer, Outcome, Write};
use crate::locked::Locked;
use crate::secret::Credential;

/// How a venue is opened once there is a credential; an error says in words why
/// it cannot be used.
type Open = dyn Fn(Credential) -> Result<Arc<dyn Venue>, String> + Send + Sync;

/// A venue that answers as one does that refuses the credential, until it gets
/// one by [`Venue::renew`]; from then on it is the venue itself.
pub struct AwaitingCredential {
    wrong: Mutex<Arc<str>>,
    open: Box<Open>,
    opened: OnceLock<Arc<dyn Venue>>,
}

impl AwaitingCredential {
    /// A venue that has no credential because of what is `wrong`; `open` opens it
    /// once there is one.
    pub fn new(
        wrong: &str,
        open: impl Fn(Credential) -> Result<Arc<dyn Venue>, String> + Send + Sync + 'static,
    ) -> AwaitingCredential {
        AwaitingCredential {
            wrong: Mutex::new(not_asked(wrong)),
            open: Box::new(open),
            opened: OnceLock::new(),
        }
    }

    /// What is wrong, by the newest credential.
    fn wrong(&self) -> Arc<str> {
        let wrong = self.wrong.locked();
        Arc::clone(&wrong)
    }

    fn failure(&self) -> Failure {
        Failure {
            missing: Missing::Unauthorized,
            words: self.wrong(),
        }
    }

    fn failed<T: Send + 'static>(&self) -> Call<'_, Result<T, Failure>> {
        Box::pin(ready(Err(self.failure())))
    }
}

/// The right to make a call that sends nothing.
fn free(lane: Lane) -> Permit {
    Permit {
        lane,
        cost: Cost::NOTHING,
    }
}

fn not_asked(wrong: &str) -> Arc<str> {
    Arc::from(format!("it was not asked: {wrong}"))
}

impl fmt::Debug for AwaitingCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyless")
            .field("wrong", &self.wrong())
            .field("is_opened", &self.opened.get().is_some())
            .finish_non_exhaustive()
    }
}

impl Venue for AwaitingCredential {
    fn admit<'a>(&'a self, lane: Lane, ask: Ask<'a>) -> Call<'a, Result<Permit, OutOfBudget>> {
        match self.opened.get() {
            Some(venue) => venue.admit(lane, ask),
            // Nothing leaves, and the answer says why.
            None => Box::pin(ready(Ok(free(lane)))),
        }
    }

    fn admit_poll(&self) -> Call<'_, Result<Permit, OutOfBudget>> {
        match self.opened.get() {
            Some(venue) => venue.admit_poll(),
            None => Box::pin(ready(Ok(free(Lane::Poll)))),
        }
    }

    fn poll<'a>(&'a self, accounts: &'a [AccountNumber], permit: Permit) -> Call<'a, Polls> {
        match self.opened.get() {
            Some(venue) => venue.poll(accounts, permit),
            None => Box::pin(ready(
                accounts
                    .iter()
                    .map(|account| (account.clone(), Err(self.failure())))
                    .collect(),
            )),
        }
    }

    fn positions<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<Arc<[Position]>, Failure>> {
        match self.opened.get() {
            Some(venue) => venue.positions(account, permit),
            None => self.failed(),
        }
    }

    fn check_alive<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<(), Failure>> {
        match self.opened.get() {
            Some(venue) => venue.check_alive(account, permit),
            None => self.failed(),
        }
    }

    fn orders<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        match self.opened.get() {
            Some(venue) => venue.orders(account, permit),
            None => self.failed(),
        }
    }

    fn orders_due(&self) -> Option<Ask<'static>> {
        match self.opened.get() {
            Some(venue) => venue.orders_due(),
            None => Some(Ask::Orders),
        }
    }

    fn orders_of_held<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        match self.opened.get() {
            Some(venue) => venue.orders_of_held(account, permit),
            None => self.failed(),
        }
    }

    fn write<'a>(
        &'a self,
        account: &'a AccountNumber,
        write: &'a Write,
        permit: Permit,
    ) -> Call<'a, Answer> {
        match self.opened.get() {
            Some(venue) => venue.write(account, write, permit),
            None => Box::pin(ready(Answer {
                outcome: Outcome::NotSent,
                status: None,
                words: self.wrong(),
            })),
        }
    }

    fn list<'a>(&'a self) -> Call<'a, Result<Vec<String>, Failure>> {
        match self.opened.get() {
            Some(venue) => venue.list(),
            None => self.failed(),
        }
    }

    fn key_rights<'a>(&'a self) -> Call<'a, Option<Result<KeyRights, Failure>>> {
        match self.opened.get() {
            Some(venue) => venue.key_rights(),
            None => Box::pin(ready(Some(Err(self.failure())))),
        }
    }

    fn keep_dead_man(&self, time: Duration) -> Call<'_, ()> {
        match self.opened.get() {
            Some(venue) => venue.keep_dead_man(time),
            None => Box::pin(ready(())),
        }
    }

    fn release_dead_man(&self) -> Call<'_, ()> {
        match self.opened.get() {
            Some(venue) => venue.release_dead_man(),
            None => Box::pin(ready(())),
        }
    }

    fn made<'a>(
        &'a self,
        account: &'a AccountNumber,
        span: MadeSpan,
        permit: Permit,
    ) -> Call<'a, Option<Result<Money, Failure>>> {
        match self.opened.get() {
            Some(venue) => venue.made(account, span, permit),
            None => Box::pin(ready(Some(Err(self.failure())))),
        }
    }

    fn budget(&self) -> Budget {
        let none = Budget {
            left: 0,
            capacity: 0,
            reserve: 0,
        };
        self.opened.get().map_or(none, |venue| venue.budget())
    }

    fn count_earlier(&self, requests: u32) {
        if let Some(venue) = self.opened.get() {
            venue.count_earlier(requests);
        }
    }

    fn clock_error(&self) -> Option<TimeDelta> {
        self.opened.get()?.clock_error()
    }

    fn scope(&self) -> Option<Scope> {
        self.opened.get().and_then(|venue| venue.scope())
    }

    fn uses(&self, credential: &Credential) -> bool {
        let opened = self.opened.get();
        opened.is_some_and(|venue| venue.uses(credential))
    }

    fn renew(&self, credential: &Credential) -> bool {
        match self.opened.get() {
            Some(venue) => venue.renew(credential),
            None => match (self.open)(credential.clone()) {
                Ok(venue) => self.opened.set(venue).is_ok(),
                Err(wrong) => {
                    let mut newest = self.wrong.locked();
                    *newest = not_asked(&wrong);
                    false
                }
            },
        }
    }
}
