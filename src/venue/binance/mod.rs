//! Binance USD-M: perpetuals and futures with their margin in dollars.
//!
//! A key is one account, so that nothing that is asked can be wider than it. Working
//! orders stand in two lists, each with its own ids and its own cancel; no call closes
//! a position whatever its size is, and none closes all. An order's answer says that it
//! was taken, never that the account is flat: a later read decides. What is asked has a
//! weight, which is counted for the address of this machine.
//!
//! - `routes` builds what is asked, `client` asks it
//! - `errors` says what an answer means for a read and for a write
//! - `look` is a poll
//! - `account`, `positions`, `orders`, `symbols`, `income` read what was answered
//! - `prices` and `books` know what is read less often than the account
//! - `rights` says what the key may do
//! - `dead_man` has the venue cancel orders when riskd stays away

mod account;
mod books;
mod client;
mod dead_man;
mod errors;
mod income;
mod look;
mod orders;
mod positions;
mod prices;
mod rights;
mod routes;
mod symbols;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Url;

use self::books::{Books, Due};
use self::client::{Client, LEAST, signer};
use self::dead_man::DeadMan;
use self::prices::Prices;
use self::routes::Route;
use super::budget::RequestBudget;
use super::exchange::held::positions_of;
use super::exchange::ledger::Ledger;
use super::exchange::order_ids::OrderIds;
use super::rest::client::Http;
use super::rest::clock::Clock;
use super::rest::credentials::Credentials;
use super::rest::error::RestError;
use super::rest::network::Network;
use super::rest::{Limits, SetUpError, Transport, checked_base};
use super::{Budget, Call, Failure, Lane, OutOfBudget, Permit, Polls, Scope, Venue};
use crate::domain::account::AccountNumber;
use crate::domain::holdings::{OrderBook, Position, WorkingOrder, WorkingOrders};
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::{Ask, Cost};
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::{Answer, Outcome, Write};
use crate::domain::venue::VenueProfile;
use crate::secret::Credential;

/// What a read of one list of orders of all symbols takes.
const LIST_OF_ALL: Cost = Cost(&[("weight", 40)]);
/// What a read of both lists of orders of one symbol takes.
const ORDERS_OF_ONE: Cost = Cost(&[("weight", 2)]);
/// How often the list of what moved money may be read at once.
const LEDGER_READS: u32 = 10;

/// Where an account is reached.
#[derive(Clone, Copy, Debug)]
pub struct Hosts<'a> {
    /// Everything before `/fapi`.
    pub base_url: &'a str,
    /// Everything before `/sapi`, where it is known.
    pub rights_url: Option<&'a str>,
}

/// One key, which is one account.
pub struct Binance {
    client: Client,
    /// The host that says what the key may do. Its limits are others.
    rights: Option<Client>,
    credentials: Credentials,
    /// The margin assets whose sum is the account's figures.
    assets: Vec<String>,
    symbols: symbols::Known,
    prices: Prices,
    books: Books,
    ledger: Ledger,
    order_ids: OrderIds,
    dead_man: DeadMan,
}

impl Binance {
    /// An adapter for these hosts, within a budget that it may share with others of the
    /// same address, with `wall` telling the time of day. Nothing is sent yet.
    ///
    /// # Errors
    /// When an address is neither HTTPS nor plain HTTP to this host, a part of the
    /// credential is missing, or the client cannot be set up.
    pub fn new(
        hosts: Hosts<'_>,
        credential: Credential,
        assets: Vec<String>,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Binance, SetUpError> {
        let network = |base: &Url| -> Result<Arc<dyn Transport>, SetUpError> {
            Ok(Arc::new(Network::new(base, &Limits::DEFAULT)?))
        };
        let (clock, limits) = (Arc::new(wall), Limits::DEFAULT);
        Binance::over(network, hosts, credential, assets, budget, clock, limits)
    }

    /// The same over another way than the network, by the address that it leads to, with
    /// other limits.
    ///
    /// # Errors
    /// As [`Binance::new`].
    pub fn over(
        transport: impl Fn(&Url) -> Result<Arc<dyn Transport>, SetUpError>,
        hosts: Hosts<'_>,
        credential: Credential,
        assets: Vec<String>,
        budget: RequestBudget,
        clock: Clock,
        limits: Limits,
    ) -> Result<Binance, SetUpError> {
        let signer = signer(&credential).map_err(|_| SetUpError::Credential("key"))?;
        let signer = Arc::new(signer);
        let client = |url: &str, budget, venue_clock| {
            let base = checked_base(url)?;
            let (transport, signer) = (transport(&base)?, Arc::clone(&signer));
            Ok(Client {
                http: Http::new(transport, signer, &limits, budget, Arc::clone(&clock)),
                base,
                limits: limits.clone(),
                clock: venue_clock,
            })
        };
        let of_rights = hosts.rights_url.map(|url| {
            // What that host turns away says nothing of the other one.
            let budget = RequestBudget::new(&VenueProfile::BINANCE.limits);
            client(url, budget, None)
        });
        Ok(Binance {
            client: client(hosts.base_url, budget, Some(Mutex::new(None)))?,
            rights: of_rights.transpose()?,
            credentials: Credentials::new(credential),
            assets,
            symbols: symbols::Known::default(),
            prices: Prices::default(),
            books: Books::default(),
            ledger: Ledger::new(LEDGER_READS),
            order_ids: OrderIds::new(),
            dead_man: DeadMan::default(),
        })
    }

    async fn key_rights(&self) -> Result<KeyRights, RestError> {
        let Some(client) = &self.rights else {
            return Err(RestError::Said {
                missing: Missing::Stated,
                outcome: Outcome::NotSent,
                words: "the rule file does not say where it is asked (`rights_url`)".to_owned(),
            });
        };
        let budget = client.http.budget();
        let Ok(permit) = budget.take(Lane::Poll, Ask::List).await else {
            return Err(RestError::NoBudget);
        };
        let route = routes::key_rights();
        let sent = client.get(&permit, &route, client.limits.read).await;
        let json = errors::read(&sent)?;
        Ok(rights::read(json.root())?)
    }

    /// Both lists, of one symbol or of all of them.
    async fn working(
        &self,
        symbol: Option<&str>,
        permit: &Permit,
    ) -> Result<Vec<WorkingOrder>, RestError> {
        let wait = self.client.limits.read;
        // One that is asked again takes its own weight again.
        let cost = symbol.map_or(LIST_OF_ALL, |_| LEAST);
        let permit = &Permit {
            lane: permit.lane,
            cost,
        };
        let list = async |book| {
            let route = routes::orders(book, symbol);
            let sent = self.client.get(permit, &route, wait).await;
            let json = errors::read(&sent)?;
            Ok::<_, RestError>(orders::read(json.root(), book)?)
        };
        let (regular, conditional) =
            tokio::join!(list(OrderBook::Regular), list(OrderBook::Conditional));
        let mut working = regular?;
        working.extend(conditional?);
        Ok(working)
    }

    async fn all_orders(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let working = self.working(None, permit).await?;
        self.books.learn_all(&working);
        Ok(WorkingOrders::Listed(working.into()))
    }

    async fn orders_of(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let reads = &self.client.http.budget().limits().order_reads;
        let Some(Due::Of(symbols)) = self.books.due(reads) else {
            // Something was closed meanwhile, or all of them became due.
            let permit = self
                .client
                .beside(permit, VenueProfile::BINANCE.limits.costs.orders);
            return self.all_orders(&permit).await;
        };
        let mut working = Vec::new();
        for (place, symbol) in symbols.iter().enumerate() {
            if place > 0 {
                self.client.http.budget().charge(permit.lane, ORDERS_OF_ONE);
            }
            working.extend(self.working(Some(symbol), permit).await?);
        }
        let all = self.books.learn(&symbols, working);
        Ok(WorkingOrders::Listed(all.into()))
    }

    async fn send(&self, write: &Write, permit: &Permit) -> Answer {
        let Some(route) = self.route(write) else {
            return Answer {
                outcome: Outcome::NotSent,
                status: None,
                words: self.credentials.clean("the venue has no such request"),
            };
        };
        let sent = self.client.write(permit, &route).await;
        let (outcome, status, words) = errors::write(&sent, write);
        Answer {
            outcome,
            status,
            words: self.credentials.clean(&words),
        }
    }

    /// What a write is here: one request. Nothing here opens a position or adds to it.
    fn route(&self, write: &Write) -> Option<Route> {
        match write {
            Write::CloseQuantity(close) if routes::is_closing(close) => {
                // The venue compares an id with those of open orders alone: one that is
                // used again could be filled twice.
                Some(routes::close(close, &self.order_ids.next()))
            }
            Write::CancelOrdersOf {
                instrument,
                book: Some(book),
            } => Some(routes::cancel_symbol(instrument, *book)),
            Write::CancelOrder {
                id,
                instrument: Some(instrument),
                book: Some(book),
            } => routes::cancel_order(instrument, *book, id),
            Write::CancelOrders
            | Write::Flatten
            | Write::ClosePosition(_)
            | Write::CloseQuantity(_)
            | Write::CancelOrdersOf { .. }
            | Write::CancelOrder { .. } => None,
        }
    }

    fn failure(&self, error: &RestError) -> Failure {
        Failure {
            missing: error.missing(),
            words: self.credentials.clean(&error.to_string()),
        }
    }
}

impl Venue for Binance {
    fn admit<'a>(&'a self, lane: Lane, ask: Ask<'a>) -> Call<'a, Result<Permit, OutOfBudget>> {
        Box::pin(self.client.http.budget().take(lane, ask))
    }

    fn admit_poll(&self) -> Call<'_, Result<Permit, OutOfBudget>> {
        Box::pin(self.client.http.budget().take_for_poll())
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
            let held = self.held(&permit, self.client.limits.read).await;
            held.map(positions_of).map_err(|error| self.failure(&error))
        })
    }

    /// An empty list is believed where the account shows no position either, nor the
    /// margin or the open result of one.
    fn check_alive<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<(), Failure>> {
        Box::pin(async move {
            let account = self.account(&permit, self.client.limits.read).await;
            let is_empty = account.and_then(|(wallet, held, _)| {
                let words = "the account shows a position, and none is listed";
                (held.is_empty() && !wallet.shows_positions)
                    .then_some(())
                    .ok_or(RestError::NotJson(words))
            });
            is_empty.map_err(|error| self.failure(&error))
        })
    }

    fn orders<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        Box::pin(async move {
            let orders = self.all_orders(&permit).await;
            orders.map_err(|error| self.failure(&error))
        })
    }

    fn orders_due(&self) -> Option<Ask<'static>> {
        let reads = &self.client.http.budget().limits().order_reads;
        self.books.due(reads).map(|due| match due {
            Due::All => Ask::Orders,
            Due::Of(_) => Ask::OrdersOfHeld,
        })
    }

    fn orders_of_held<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<WorkingOrders, Failure>> {
        Box::pin(async move {
            let orders = self.orders_of(&permit).await;
            orders.map_err(|error| self.failure(&error))
        })
    }

    fn write<'a>(
        &'a self,
        _account: &'a AccountNumber,
        write: &'a Write,
        permit: Permit,
    ) -> Call<'a, Answer> {
        Box::pin(async move { self.send(write, &permit).await })
    }

    fn list<'a>(&'a self) -> Call<'a, Result<Vec<String>, Failure>> {
        Box::pin(async move {
            let admitted = self.client.http.budget().take(Lane::Poll, Ask::List).await;
            let wait = self.client.limits.read;
            let account = match admitted {
                Ok(permit) => self.account(&permit, wait).await.map(|_| ()),
                Err(OutOfBudget) => Err(RestError::NoBudget),
            };
            account
                .map(|()| vec!["the account of the key".to_owned()])
                .map_err(|error| self.failure(&error))
        })
    }

    fn key_rights<'a>(&'a self) -> Call<'a, Option<Result<KeyRights, Failure>>> {
        Box::pin(async move {
            let rights = Binance::key_rights(self).await;
            Some(rights.map_err(|error| self.failure(&error)))
        })
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

    fn keep_dead_man(&self, time: Duration) -> Call<'_, ()> {
        Box::pin(async move {
            let resting = self.books.resting_while_flat();
            self.keep_countdowns(&resting, time).await;
        })
    }

    fn release_dead_man(&self) -> Call<'_, ()> {
        Box::pin(async move {
            let none = BTreeSet::new();
            self.keep_countdowns(&none, Duration::ZERO).await;
        })
    }

    fn budget(&self) -> Budget {
        self.client.http.budget().left()
    }

    fn count_earlier(&self, requests: u32) {
        self.client.http.budget().count_earlier(requests);
    }

    fn clock_error(&self) -> Option<TimeDelta> {
        self.client.http.clock_error()
    }

    fn scope(&self) -> Option<Scope> {
        let credential = self.credentials.newest()?;
        let address = self.client.base.as_str();
        Some(Scope::new(address, credential.part("key")?))
    }

    fn renew(&self, credential: &Credential) -> bool {
        let Ok(signer) = signer(credential) else {
            return false;
        };
        if self.credentials.is_newest(credential) {
            return false;
        }
        self.credentials.add(credential.clone());
        let signer = Arc::new(signer);
        if let Some(rights) = &self.rights {
            rights.http.sign_with(signer.clone());
        }
        self.client.http.sign_with(signer);
        true
    }
}

impl fmt::Debug for Binance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binance")
            .field("base", &self.client.base.as_str())
            .field("assets", &self.assets)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
