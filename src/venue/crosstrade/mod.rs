//! CrossTrade: NinjaTrader 8 accounts over CrossTrade's REST API.
//!
//! Every call goes through an add-on on the user's PC, so that the venue can
//! answer while the platform behind it is away. The adapter is distrustful in
//! one direction: whatever is odd becomes a [`Failure`] or an
//! [`Outcome::Unknown`](crate::domain::request::Outcome::Unknown), and never an
//! empty account or a done command.
//!
//! - `routes` builds every address; a write's lies under one account
//! - `errors` says what an answer means for a read and for a write
//! - `snapshot`, `holdings`, `amount` read what was answered
//! - `freshness` says whether a snapshot is news

mod amount;
mod errors;
mod freshness;
mod holdings;
mod routes;
mod snapshot;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use reqwest::{Method, Url};
use tokio::time::Instant;

use self::freshness::{Fresh, Freshness};
use self::routes::Read;
use self::snapshot::{Row, Snapshot};
use super::budget::RequestBudget;
use super::rest::client::{Access, Http, Request};
use super::rest::clock::Clock;
use super::rest::credentials::Credentials;
use super::rest::json::Json;
use super::rest::network::Network;
use super::rest::query::Pairs;
use super::rest::reply::Sent;
use super::rest::sign::Bearer;
use super::rest::{Limits, SetUpError, Transport, checked_base};
use super::{Budget, Call, Failure, Lane, OutOfBudget, Permit, Polls, Scope, Venue};
use crate::domain::account::AccountNumber;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::limits::Ask;
use crate::domain::observation::{Missing, Timestamp};
use crate::domain::position_key::PositionKey;
use crate::domain::request::{Answer, Outcome, Write};
use crate::domain::venue::VenueProfile;
use crate::locked::Locked;
use crate::secret::{Credential, Secret};

/// One CrossTrade user: one token, one request budget.
pub struct CrossTrade {
    base: Url,
    credentials: Credentials,
    limits: Limits,
    http: Http,
    clock: Clock,
    freshness: Mutex<Freshness>,
    /// Accounts whose name the venue spells in another case, in its spelling.
    echoed: Mutex<BTreeMap<AccountNumber, AccountNumber>>,
}

impl CrossTrade {
    /// An adapter for the API at `base_url` (everything before `/accounts`), within
    /// a budget that it may share with others of the same user, with `wall`
    /// telling the time of day. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is neither HTTPS nor plain HTTP to this host, or the
    /// client cannot be set up.
    pub fn new(
        base_url: &str,
        token: Secret,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<CrossTrade, SetUpError> {
        let base = checked_base(base_url)?;
        let network = Arc::new(Network::new(&base, &Limits::DEFAULT)?);
        CrossTrade::with(network, base, token, budget, wall, Limits::DEFAULT)
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As [`CrossTrade::new`].
    pub fn with_limits(
        base_url: &str,
        token: Secret,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<CrossTrade, SetUpError> {
        let base = checked_base(base_url)?;
        let network = Arc::new(Network::new(&base, &limits)?);
        CrossTrade::with(network, base, token, unshared(), wall, limits)
    }

    /// The same over another way than the network.
    ///
    /// # Errors
    /// As [`CrossTrade::new`].
    pub fn over(
        transport: Arc<dyn Transport>,
        base_url: &str,
        token: Secret,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<CrossTrade, SetUpError> {
        let base = checked_base(base_url)?;
        CrossTrade::with(transport, base, token, unshared(), wall, limits)
    }

    /// The same within a budget that it may share with others of the same token.
    ///
    /// # Errors
    /// As [`CrossTrade::new`].
    pub fn within(
        transport: Arc<dyn Transport>,
        base_url: &str,
        token: Secret,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<CrossTrade, SetUpError> {
        let base = checked_base(base_url)?;
        CrossTrade::with(transport, base, token, budget, wall, limits)
    }

    fn with(
        transport: Arc<dyn Transport>,
        base: Url,
        token: Secret,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<CrossTrade, SetUpError> {
        let clock: Clock = Arc::new(wall);
        let signer = Bearer::new(&token).map_err(|_| SetUpError::Credential("token"))?;
        let signer = Arc::new(signer);
        Ok(CrossTrade {
            http: Http::new(transport, signer, &limits, budget, Arc::clone(&clock)),
            base,
            credentials: Credentials::new(Credential::new([("token", token)])),
            limits,
            clock,
            freshness: Mutex::default(),
            echoed: Mutex::default(),
        })
    }

    async fn polled(&self, accounts: &[AccountNumber], permit: Permit) -> Polls {
        if accounts.is_empty() {
            return Polls::new();
        }
        let sent = self.get(Read::Snapshot, permit).await;
        let arrived = Instant::now();
        let answer = self.answer(&sent);
        let snapshot = answer.as_ref().map_err(Clone::clone).and_then(|answer| {
            Snapshot::parse(answer.root())
                .ok_or_else(|| self.failure(Missing::Malformed, "the snapshot lists no accounts"))
        });
        let snapshot = snapshot.and_then(|snapshot| {
            let fresh = self.fresh(&snapshot, arrived)?;
            Ok((snapshot, fresh))
        });
        let polled = |account: &AccountNumber| {
            let (snapshot, fresh) = snapshot.as_ref().map_err(Clone::clone)?;
            let row = snapshot.find(account).map_err(|e| self.cleaned(e))?;
            self.remember(account, &row.name);
            let learned = row.learned(account).map_err(|e| self.cleaned(e))?;
            match fresh {
                Fresh::Repeated => Err(self.failure(Missing::Unchanged, "")),
                Fresh::New => Ok(learned),
            }
        };
        let by_account = accounts
            .iter()
            .map(|account| (account.clone(), polled(account)));
        by_account.collect()
    }

    fn fresh(&self, snapshot: &Snapshot<'_>, arrived: Instant) -> Result<Fresh, Failure> {
        let epoch = snapshot
            .epoch
            .ok_or_else(|| self.failure(Missing::Malformed, "the snapshot has no epoch"))?;
        let wall = (self.clock)().timestamp_millis();
        self.freshness
            .locked()
            .judge(epoch, wall, arrived)
            .map_err(|stale| self.failure(Missing::Frozen, stale.words()))
    }

    async fn read_positions(
        &self,
        account: &AccountNumber,
        permit: Permit,
    ) -> Result<Arc<[Position]>, Failure> {
        let spelled = self.spelled(account);
        let sent = self.get(Read::Positions(&spelled), permit).await;
        let answer = self.answer(&sent)?;
        let rows = holdings::listed(answer.root(), "positions", "position")
            .ok_or_else(|| self.failure(Missing::Malformed, "the answer lists no positions"))?;
        holdings::positions(&rows, account)
            .map_err(|words| self.failure(Missing::Malformed, &words))
    }

    async fn read_alive(&self, account: &AccountNumber, permit: Permit) -> Result<(), Failure> {
        let spelled = self.spelled(account);
        let sent = self.get(Read::Account(&spelled), permit).await;
        let answer = self.answer(&sent)?;
        let row = Row::alone(answer.root())
            .filter(|row| account.matches(&row.name))
            .ok_or_else(|| self.failure(Missing::Malformed, "the answer is not of the account"))?;
        row.check_connected().map_err(|e| self.cleaned(e))?;
        match row.figures() {
            Ok(figures) if figures.are_all_zero() => Err(self.failure(
                Missing::Malformed,
                "all figures are zero, as of an account that has not loaded",
            )),
            // What is empty does not turn on figures that cannot be read.
            _ => Ok(()),
        }
    }

    async fn read_orders(
        &self,
        account: &AccountNumber,
        permit: Permit,
    ) -> Result<WorkingOrders, Failure> {
        let spelled = self.spelled(account);
        let sent = self.get(Read::Orders(&spelled), permit).await;
        let answer = self.answer(&sent)?;
        let rows = holdings::listed(answer.root(), "orders", "order")
            .ok_or_else(|| self.failure(Missing::Malformed, "the answer lists no orders"))?;
        holdings::working_orders(&rows, account)
            .map_err(|words| self.failure(Missing::Malformed, &words))
    }

    async fn send(&self, account: &AccountNumber, write: &Write, permit: Permit) -> Answer {
        let spelled = self.spelled(account);
        let Some(url) = routes::of_write(&self.base, &spelled, write) else {
            return Answer {
                outcome: Outcome::NotSent,
                status: None,
                words: self.clean("the order id could lead to another address"),
            };
        };
        let request = Request {
            method: Method::POST,
            url,
            query: Pairs::default(),
            body: Some(body_of(write)),
            timeout: self.limits.write,
            most: self.limits.read_bytes,
            access: Access::Private,
        };
        let sent = self.http.exchange(&permit, request).await;
        let (outcome, status, words) = errors::write(&sent, write);
        Answer {
            outcome,
            status,
            words: self.clean(&words),
        }
    }

    async fn get(&self, read: Read<'_>, permit: Permit) -> Sent {
        let Some(url) = routes::of_read(&self.base, read) else {
            return Sent::Unsent("the address cannot be built".to_owned());
        };
        let (timeout, most) = match read {
            Read::Snapshot => (self.limits.poll, self.limits.poll_bytes),
            _ => (self.limits.read, self.limits.read_bytes),
        };
        let request = Request {
            method: Method::GET,
            url,
            query: routes::query_of(read),
            body: None,
            timeout,
            most,
            access: Access::Private,
        };
        self.http.exchange(&permit, request).await
    }

    fn answer<'a>(&self, sent: &'a Sent) -> Result<Json<'a>, Failure> {
        errors::read(sent).map_err(|error| self.failure(error.missing(), &error.to_string()))
    }

    fn failure(&self, missing: Missing, words: &str) -> Failure {
        Failure {
            missing,
            words: self.clean(words),
        }
    }

    fn cleaned(&self, failure: Failure) -> Failure {
        self.failure(failure.missing, &failure.words)
    }

    fn clean(&self, words: &str) -> Arc<str> {
        self.credentials.clean(words)
    }

    /// Remembers how the venue spells this account.
    fn remember(&self, account: &AccountNumber, echoed: &str) {
        let mut known = self.echoed.locked();
        match AccountNumber::parse(echoed) {
            // Numbers are equal without case, and it is the case that matters here.
            Ok(echoed)
                if account.matches(echoed.as_str()) && echoed.as_str() != account.as_str() =>
            {
                let spelled = known.get(account).map(AccountNumber::as_str);
                if spelled != Some(echoed.as_str()) {
                    known.insert(account.clone(), echoed);
                }
            }
            _ => {
                known.remove(account);
            }
        }
    }

    /// The account in the venue's own spelling, which paths carry.
    fn spelled(&self, account: &AccountNumber) -> AccountNumber {
        let known = self.echoed.locked();
        known.get(account).unwrap_or(account).clone()
    }
}

impl Venue for CrossTrade {
    fn admit<'a>(&'a self, lane: Lane, ask: Ask<'a>) -> Call<'a, Result<Permit, OutOfBudget>> {
        Box::pin(self.http.budget().take(lane, ask))
    }

    fn admit_poll(&self) -> Call<'_, Result<Permit, OutOfBudget>> {
        Box::pin(self.http.budget().take_for_poll_of_all())
    }

    fn poll<'a>(&'a self, accounts: &'a [AccountNumber], permit: Permit) -> Call<'a, Polls> {
        Box::pin(self.polled(accounts, permit))
    }

    fn positions<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<Arc<[Position]>, Failure>> {
        Box::pin(self.read_positions(account, permit))
    }

    fn check_alive<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<(), Failure>> {
        Box::pin(self.read_alive(account, permit))
    }

    fn orders<'a>(
        &'a self,
        account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        Box::pin(self.read_orders(account, permit))
    }

    fn write<'a>(
        &'a self,
        account: &'a AccountNumber,
        write: &'a Write,
        permit: Permit,
    ) -> Call<'a, Answer> {
        Box::pin(self.send(account, write, permit))
    }

    fn list<'a>(&'a self) -> Call<'a, Result<Vec<String>, Failure>> {
        Box::pin(async move {
            let sent = match self.http.budget().take(Lane::Poll, Ask::List).await {
                Ok(permit) => self.get(Read::Accounts, permit).await,
                Err(OutOfBudget) => Sent::NoBudget,
            };
            let answer = self.answer(&sent)?;
            snapshot::names(answer.root())
                .ok_or_else(|| self.failure(Missing::Malformed, "the answer lists no accounts"))
        })
    }

    fn budget(&self) -> Budget {
        self.http.budget().left()
    }

    fn count_earlier(&self, requests: u32) {
        self.http.budget().count_earlier(requests);
    }

    fn clock_error(&self) -> Option<TimeDelta> {
        self.http.clock_error()
    }

    fn scope(&self) -> Option<Scope> {
        let credential = self.credentials.newest()?;
        Some(Scope::new(self.base.as_str(), credential.part("token")?))
    }

    fn uses(&self, credential: &Credential) -> bool {
        self.credentials.is_newest(credential)
    }

    fn renew(&self, credential: &Credential) -> bool {
        let signer = credential.part("token").map(Bearer::new);
        let Some(Ok(signer)) = signer else {
            return false;
        };
        if self.credentials.is_newest(credential) {
            return false;
        }
        self.credentials.add(credential.clone());
        self.http.sign_with(Arc::new(signer));
        true
    }
}

impl fmt::Debug for CrossTrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrossTrade")
            .field("base", &self.base.as_str())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// A budget that nobody else draws on.
fn unshared() -> RequestBudget {
    RequestBudget::new(&VenueProfile::CROSSTRADE.limits)
}

/// The JSON text of a write. The account stands in the path and nowhere else.
fn body_of(write: &Write) -> String {
    match write {
        Write::ClosePosition(PositionKey { instrument, .. })
        | Write::CancelOrdersOf { instrument, .. } => {
            serde_json::json!({ "instrument": instrument.as_str() }).to_string()
        }
        Write::CancelOrders
        | Write::Flatten
        | Write::CancelOrder { .. }
        | Write::CloseQuantity(_) => "{}".to_owned(),
    }
}

#[cfg(test)]
mod tests;
