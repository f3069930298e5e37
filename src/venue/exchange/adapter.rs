//! How an adapter of an exchange is made: what each reads and sends in its own way is an
//! [`Exchange`], and every one of those is a [`Venue`].

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Url;

use super::held::{Held, positions_of};
use super::ledger::{Ledger, Part, Row, Span};
use super::made::{made_by, parts};
use super::wallet::Wallet;
use crate::domain::account::AccountNumber;
use crate::domain::flow::{Flow, WalletChange};
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::Ask;
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::Learned;
use crate::domain::request::{Answer, Outcome, Write};
use crate::secret::Credential;
use crate::venue::rest::Limits;
use crate::venue::rest::client::Http;
use crate::venue::rest::credentials::Credentials;
use crate::venue::rest::error::RestError;
use crate::venue::rest::sign::{Sign, Unsignable};
use crate::venue::{Budget, Call, Failure, Lane, OutOfBudget, Permit, Polls, Scope, Venue};

/// What came of a write: its outcome, the HTTP status, and words that are not yet
/// cleaned.
pub(in crate::venue) type Told = (Outcome, Option<u16>, String);

/// What an exchange does in its own way. A key is one account, so that no call names one.
pub(in crate::venue) trait Exchange: Send + Sync {
    /// What it is asked with.
    fn http(&self) -> &Http;

    /// Everything before the path of a call.
    fn base(&self) -> &Url;

    /// How long it is waited for.
    fn limits(&self) -> &Limits;

    /// What it was asked with.
    fn credentials(&self) -> &Credentials;

    /// What moved money in the wallets that count.
    fn ledger(&self) -> &Ledger;

    /// What proves with this credential who asks.
    ///
    /// # Errors
    /// When a part of it is missing or cannot be sent.
    fn signer(credential: &Credential) -> Result<Arc<dyn Sign>, Unsignable>;

    /// Another host that is asked with the same credential.
    fn other_host(&self) -> Option<&Http> {
        None
    }

    /// Looks at the whole account.
    fn look(&self, permit: &Permit) -> impl Future<Output = Result<Learned, RestError>> + Send;

    /// Every position that the key can see.
    fn held(
        &self,
        permit: &Permit,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Held>, RestError>> + Send;

    /// Whether the account shows that it holds something, beside the list of positions.
    fn shows_positions(
        &self,
        permit: &Permit,
    ) -> impl Future<Output = Result<bool, RestError>> + Send;

    /// Every working order.
    fn working(
        &self,
        permit: &Permit,
    ) -> impl Future<Output = Result<WorkingOrders, RestError>> + Send;

    /// Sends a write, which is one request; `None` when the venue has no such request.
    fn put(&self, write: &Write, permit: &Permit) -> impl Future<Output = Option<Told>> + Send;

    /// What the key may do.
    fn rights(&self) -> impl Future<Output = Result<KeyRights, RestError>> + Send;

    /// The list of what moved money in the assets that count.
    fn movements(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> impl Future<Output = Result<Vec<Row>, RestError>> + Send;

    /// As [`Venue::orders_due`].
    fn orders_due(&self) -> Option<Ask<'static>> {
        Some(Ask::Orders)
    }

    /// As [`Venue::orders_of_held`].
    fn working_of_held(
        &self,
        permit: &Permit,
    ) -> impl Future<Output = Result<WorkingOrders, RestError>> + Send {
        self.working(permit)
    }

    /// As [`Venue::keep_dead_man`].
    fn keep_dead_man(&self, _time: Duration) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// As [`Venue::release_dead_man`].
    fn release_dead_man(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// Why a read learned nothing, without a secret.
    fn failure(&self, error: &RestError) -> Failure {
        Failure {
            missing: error.missing(),
            words: self.credentials().clean(&error.to_string()),
        }
    }

    /// The flows that these wallets hold, and whether all that has changed in them is
    /// explained.
    fn money(
        &self,
        wallet: &Wallet,
        held: &[Held],
        stamp: Option<i64>,
        permit: &Permit,
    ) -> impl Future<Output = (Vec<Flow>, WalletChange)> + Send {
        async move {
            let read = |span, part| async move {
                let rows = self.movements(span, part, permit).await;
                rows.map_err(|error| self.failure(&error))
            };
            self.ledger().explain(wallet, held, stamp, read).await
        }
    }

    /// Results, fees and funding in the assets that count.
    fn results_in(
        &self,
        span: MadeSpan,
        permit: &Permit,
    ) -> impl Future<Output = Result<Money, RestError>> + Send {
        async move {
            let mut rows = Vec::new();
            for part in parts(span) {
                rows.extend(self.movements(part, Part::All, permit).await?);
            }
            made_by(&rows, span).ok_or(RestError::NotJson("the sum of the list is no amount"))
        }
    }
}

impl<E: Exchange> Venue for E {
    fn admit<'a>(&'a self, lane: Lane, ask: Ask<'a>) -> Call<'a, Result<Permit, OutOfBudget>> {
        Box::pin(self.http().budget().take(lane, ask))
    }

    fn admit_poll(&self) -> Call<'_, Result<Permit, OutOfBudget>> {
        Box::pin(self.http().budget().take_for_poll())
    }

    fn poll<'a>(&'a self, accounts: &'a [AccountNumber], permit: Permit) -> Call<'a, Polls> {
        Box::pin(async move {
            let learned = self.look(&permit).await;
            let learned = learned.map_err(|error| self.failure(&error));
            // A key is one account: what it shows is nobody else's.
            let mut polls = Polls::new();
            if let [account] = accounts {
                polls.insert(account.clone(), learned);
            }
            polls
        })
    }

    fn positions<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<Arc<[Position]>, Failure>> {
        Box::pin(async move {
            let held = self.held(&permit, self.limits().read).await;
            held.map(positions_of).map_err(|error| self.failure(&error))
        })
    }

    /// An empty list is believed where nothing else shows a position.
    fn check_alive<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<(), Failure>> {
        Box::pin(async move {
            let is_empty = match self.shows_positions(&permit).await {
                Ok(false) => Ok(()),
                Ok(true) => {
                    let words = "the account shows a position, and none is listed";
                    Err(RestError::NotJson(words))
                }
                Err(error) => Err(error),
            };
            is_empty.map_err(|error| self.failure(&error))
        })
    }

    fn orders<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        Box::pin(async move {
            let working = self.working(&permit).await;
            working.map_err(|error| self.failure(&error))
        })
    }

    fn orders_due(&self) -> Option<Ask<'static>> {
        Exchange::orders_due(self)
    }

    fn orders_of_held<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        Box::pin(async move {
            let working = self.working_of_held(&permit).await;
            working.map_err(|error| self.failure(&error))
        })
    }

    fn write<'a>(
        &'a self,
        _account: &'a AccountNumber,
        write: &'a Write,
        permit: Permit,
    ) -> Call<'a, Answer> {
        Box::pin(async move {
            let none = || {
                let words = "the venue has no such request".to_owned();
                (Outcome::NotSent, None, words)
            };
            let told = self.put(write, &permit).await;
            let (outcome, status, words) = told.unwrap_or_else(none);
            Answer {
                outcome,
                status,
                words: self.credentials().clean(&words),
            }
        })
    }

    fn list<'a>(&'a self) -> Call<'a, Result<Vec<String>, Failure>> {
        Box::pin(async move {
            let account = match self.http().budget().take(Lane::Poll, Ask::List).await {
                Ok(permit) => self.shows_positions(&permit).await,
                Err(OutOfBudget) => Err(RestError::NoBudget),
            };
            account
                .map(|_| vec!["the account of the key".to_owned()])
                .map_err(|error| self.failure(&error))
        })
    }

    fn key_rights<'a>(&'a self) -> Call<'a, Option<Result<KeyRights, Failure>>> {
        Box::pin(async move {
            let rights = self.rights().await;
            Some(rights.map_err(|error| self.failure(&error)))
        })
    }

    fn keep_dead_man(&self, time: Duration) -> Call<'_, ()> {
        Box::pin(Exchange::keep_dead_man(self, time))
    }

    fn release_dead_man(&self) -> Call<'_, ()> {
        Box::pin(Exchange::release_dead_man(self))
    }

    fn made<'a>(
        &'a self,
        _account: &'a AccountNumber,
        span: MadeSpan,
        permit: Permit,
    ) -> Call<'a, Option<Result<Money, Failure>>> {
        Box::pin(async move {
            let made = self.results_in(span, &permit).await;
            Some(made.map_err(|error| self.failure(&error)))
        })
    }

    fn budget(&self) -> Budget {
        self.http().budget().left()
    }

    fn count_earlier(&self, requests: u32) {
        self.http().budget().count_earlier(requests);
    }

    fn clock_error(&self) -> Option<TimeDelta> {
        self.http().clock_error()
    }

    fn scope(&self) -> Option<Scope> {
        let credential = self.credentials().newest()?;
        let key = credential.part("key")?;
        Some(Scope::new(self.base().as_str(), key))
    }

    fn uses(&self, credential: &Credential) -> bool {
        self.credentials().is_newest(credential)
    }

    fn renew(&self, credential: &Credential) -> bool {
        let Ok(signer) = Self::signer(credential) else {
            return false;
        };
        if self.credentials().is_newest(credential) {
            return false;
        }
        // Before it is used, so that nothing of it shows in what is told.
        self.credentials().add(credential.clone());
        if let Some(other) = self.other_host() {
            other.sign_with(Arc::clone(&signer));
        }
        self.http().sign_with(signer);
        true
    }
}
