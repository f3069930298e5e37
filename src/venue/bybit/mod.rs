//! Bybit v5: perpetuals and futures of one unified account.
//!
//! A key is one account, so that nothing that is asked can be wider than it. What an
//! account holds is listed in three parts (settled in USDT, in USDC, in coins), and an
//! order's answer says that it was taken, never that it was done: a later read decides.
//!
//! - `routes` builds what is asked, `client` asks it
//! - `errors` says what an answer means for a read and for a write
//! - `wallet`, `positions`, `orders`, `symbols` read what was answered
//! - `rights` says what the key may do
//! - `movements` reads the list of what moved money
//! - `category` and `second_look` remember what later requests need

mod category;
mod client;
mod errors;
mod movements;
mod orders;
mod positions;
mod rights;
mod routes;
mod second_look;
mod symbols;
mod wallet;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::timeout;

use self::category::Categories;
use self::client::{Client, Pages, signer};
use self::routes::{Command, Group, Kinds};
use self::second_look::SecondLook;
use super::budget::RequestBudget;
use super::exchange::held::{Held, positions_of};
use super::exchange::learned::Look;
use super::exchange::ledger::{self, Ledger, Part, Span};
use super::exchange::made::{made_by, parts};
use super::exchange::order_ids::OrderIds;
use super::exchange::wallet::Wallet;
use super::rest::client::Http;
use super::rest::clock::Clock;
use super::rest::credentials::Credentials;
use super::rest::error::RestError;
use super::rest::json::Node;
use super::rest::network::Network;
use super::rest::{Limits, SetUpError, Transport, checked_base};
use super::{Budget, Call, Failure, Lane, OutOfBudget, Permit, Polls, Scope, Venue};
use crate::domain::account::AccountNumber;
use crate::domain::holdings::{Position, WorkingOrder, WorkingOrders};
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::{Ask, Cost};
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;
use crate::domain::observation::{Learned, Timestamp};
use crate::domain::request::{Answer, Outcome, Write};
use crate::domain::symbols::SymbolFacts;
use crate::secret::Credential;

/// How long a poll waits for the rules of symbols that it sees for the first time.
const SYMBOLS_WAIT: Duration = Duration::from_secs(1);
/// How often the list of what moved money may be read at once: it allows 25 reads a
/// second.
const LEDGER_READS: u32 = 60;
/// What a request takes that is counted by no limit of a key that is kept here.
const UNCOUNTED: Cost = Cost(&[("requests", 1)]);
/// What a page of it takes of the limits.
const LEDGER_PAGE: Cost = Cost(&[("requests", 1), ("ledgers", 1)]);

/// One key, which is one account.
pub struct Bybit {
    client: Client,
    credentials: Credentials,
    /// The margin assets whose sum is the account's figures.
    assets: Vec<String>,
    categories: Categories,
    symbols: symbols::Known,
    second_look: SecondLook,
    ledger: Ledger,
    order_ids: OrderIds,
}

impl Bybit {
    /// An adapter for the API at `base_url` (everything before `/v5`), within a budget
    /// that it may share with others of the same address, with `wall` telling the time
    /// of day. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is neither HTTPS nor plain HTTP to this host, a part of the
    /// credential is missing, or the client cannot be set up.
    pub fn new(
        base_url: &str,
        credential: Credential,
        assets: Vec<String>,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Bybit, SetUpError> {
        let base = checked_base(base_url)?;
        let network = Arc::new(Network::new(&base, &Limits::DEFAULT)?);
        let limits = Limits::DEFAULT;
        Bybit::over(network, base_url, credential, assets, budget, wall, limits)
    }

    /// The same over another way than the network, with other limits.
    ///
    /// # Errors
    /// As [`Bybit::new`].
    pub fn over(
        transport: Arc<dyn Transport>,
        base_url: &str,
        credential: Credential,
        assets: Vec<String>,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<Bybit, SetUpError> {
        let base = checked_base(base_url)?;
        let clock: Clock = Arc::new(wall);
        let signer = signer(&credential).map_err(|_| SetUpError::Credential("key"))?;
        Ok(Bybit {
            client: Client {
                base,
                http: Http::new(transport, Arc::new(signer), &limits, budget, clock),
                limits,
            },
            credentials: Credentials::new(credential),
            assets,
            categories: Categories::default(),
            symbols: symbols::Known::default(),
            second_look: SecondLook::default(),
            ledger: Ledger::new(LEDGER_READS),
            order_ids: OrderIds::new(),
        })
    }

    async fn look(&self, permit: &Permit) -> Result<Learned, RestError> {
        let wait = self.client.limits.poll;
        let (wallet, held) = tokio::join!(self.wallet(permit), self.held(permit, wait));
        let (wallet, stamp) = wallet?;
        let held = held?;
        let read = |span, part| self.movements(span, part, permit);
        let money = self.ledger.explain(&wallet, &held, stamp, read);
        let (money, ()) = tokio::join!(money, self.learn_symbols(&held, permit));
        let look = Look {
            wallet,
            held,
            stamp,
            money,
            symbols: self.symbols.all(),
        };
        Ok(look.learned(&self.assets))
    }

    /// What moved money in the wallets that count.
    async fn movements(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<ledger::Row>, Failure> {
        let mut rows = Vec::new();
        for kind in movements::types(part) {
            let read = self.add_movements(&mut rows, span, *kind, permit).await;
            read.map_err(|error| self.failure(&error))?;
        }
        Ok(rows)
    }

    async fn add_movements(
        &self,
        rows: &mut Vec<ledger::Row>,
        span: Span,
        kind: Option<&'static str>,
        permit: &Permit,
    ) -> Result<(), RestError> {
        let pages = Pages {
            read: routes::transactions(span, kind),
            category: None,
            full: 50,
            cost: LEDGER_PAGE,
        };
        let permit = self.client.beside(permit, LEDGER_PAGE);
        let add = |page: &[Node<'_>]| movements::add(rows, page, &self.assets);
        self.client.pages(&permit, pages, ledger::WAIT, add).await
    }

    /// Results, fees and funding in the assets that count.
    async fn results_in(&self, span: MadeSpan, permit: &Permit) -> Result<Money, RestError> {
        let mut rows = Vec::new();
        for part in parts(span) {
            self.add_movements(&mut rows, part, None, permit).await?;
        }
        made_by(&rows, span).ok_or(RestError::NotJson("the sum of the list is no amount"))
    }

    /// The wallets, and the venue's time of them.
    async fn wallet(&self, permit: &Permit) -> Result<(Wallet, Option<i64>), RestError> {
        let wait = self.client.limits.poll;
        let sent = self.client.get(permit, &routes::wallet(), wait).await;
        let json = errors::read(&sent)?;
        let envelope = json.root().as_object()?;
        let result = envelope.need("result")?.as_object()?;
        let wallet = wallet::read(&result, &self.assets)?;
        let stamp = envelope
            .member("time")
            .and_then(|time| time.as_integer().ok());
        Ok((wallet, stamp))
    }

    /// Every position that the key can see.
    async fn held(&self, permit: &Permit, wait: Duration) -> Result<Vec<Held>, RestError> {
        let [one, two, three] = Group::ALL.map(|group| self.held_in(group, permit, wait));
        let (one, two, three) = tokio::join!(one, two, three);
        let mut held = one?;
        held.extend(two?);
        held.extend(three?);
        for one in &held {
            let known = held.iter().filter(|other| {
                other.position.key.instrument == one.position.key.instrument
                    && other.margin != one.margin
            });
            if known.count() > 0 {
                return Err(RestError::NotJson("a symbol is settled in two coins"));
            }
        }
        Ok(held)
    }

    async fn held_in(
        &self,
        group: Group,
        permit: &Permit,
        wait: Duration,
    ) -> Result<Vec<Held>, RestError> {
        let pages = Pages {
            read: routes::positions(group),
            category: Some(group.category),
            full: 200,
            cost: Cost(&[("requests", 1), ("positions", 1)]),
        };
        let mut held = Vec::new();
        let add = |rows: &[Node<'_>]| positions::add(&mut held, rows, group);
        self.client.pages(permit, pages, wait, add).await?;
        for one in &held {
            let symbol = one.position.key.instrument.as_str();
            self.categories.learn(symbol, group.category);
        }
        Ok(held)
    }

    /// Reads the rules of symbols that are new or long not read. Without them a close
    /// is neither rounded nor split, and it is what is held that counts: a poll is not
    /// lost over them.
    async fn learn_symbols(&self, held: &[Held], permit: &Permit) {
        let symbols = held.iter().map(|one| one.position.key.instrument.as_str());
        let due = self.symbols.due(symbols);
        let read_all = async {
            for symbol in &due {
                let facts = self.symbol(symbol, permit).await;
                self.symbols.learn(symbol, facts.ok());
            }
        };
        let _ = timeout(SYMBOLS_WAIT, read_all).await;
    }

    async fn symbol(&self, symbol: &str, permit: &Permit) -> Result<SymbolFacts, RestError> {
        let read = routes::symbol(self.categories.of(symbol), symbol);
        let permit = self.client.beside(permit, UNCOUNTED);
        let sent = self.client.get(&permit, &read, SYMBOLS_WAIT).await;
        let json = errors::read(&sent)?;
        let result = json.root().as_object()?.need("result")?.as_object()?;
        Ok(symbols::read(&result, symbol)?)
    }

    async fn rights(&self, permit: &Permit) -> Result<KeyRights, RestError> {
        let wait = self.client.limits.read;
        let permit = self.client.beside(permit, UNCOUNTED);
        let sent = self.client.get(&permit, &routes::key_rights(), wait).await;
        let json = errors::read(&sent)?;
        let result = json.root().as_object()?.need("result")?.as_object()?;
        Ok(rights::read(&result)?)
    }

    async fn working(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let asked = self.second_look.asked();
        let [one, two, three] = Group::ALL.map(|group| self.working_in(group, permit));
        let (one, two, three) = tokio::join!(one, two, three);
        let mut working = one?;
        working.extend(two?);
        working.extend(three?);
        self.second_look.saw(asked, &working);
        Ok(WorkingOrders::Listed(working.into()))
    }

    async fn working_in(
        &self,
        group: Group,
        permit: &Permit,
    ) -> Result<Vec<WorkingOrder>, RestError> {
        let pages = Pages {
            read: routes::orders(group),
            category: Some(group.category),
            full: 50,
            cost: Cost(&[("requests", 1), ("orders", 1)]),
        };
        let mut working = Vec::new();
        let add = |rows: &[Node<'_>]| orders::add(&mut working, rows);
        let wait = self.client.limits.read;
        self.client.pages(permit, pages, wait, add).await?;
        for instrument in working.iter().filter_map(|order| order.instrument.as_ref()) {
            self.categories.learn(instrument.as_str(), group.category);
        }
        Ok(working)
    }

    async fn send(&self, write: &Write, permit: &Permit) -> Answer {
        let Some((command, kinds)) = self.command(write) else {
            return Answer {
                outcome: Outcome::NotSent,
                status: None,
                words: self.credentials.clean("the venue has no such request"),
            };
        };
        let sent = self.client.post(permit, &command).await;
        let (outcome, status, words) = errors::write(&sent, write);
        if let (Write::CancelOrdersOf { instrument, .. }, Some(kinds)) = (write, kinds) {
            self.second_look.cancelled(instrument.as_str(), kinds);
        }
        Answer {
            outcome,
            status,
            words: self.credentials.clean(&words),
        }
    }

    /// What a write is here: one request. Nothing here opens a position or adds to it.
    fn command(&self, write: &Write) -> Option<(Command, Option<Kinds>)> {
        match write {
            Write::CloseQuantity(close) => {
                let category = self.categories.of(close.position.instrument.as_str());
                Some((routes::close(category, close, &self.order_ids.next()), None))
            }
            Write::CancelOrdersOf { instrument, .. } => {
                let category = self.categories.of(instrument.as_str());
                let kinds = self.second_look.kinds(instrument.as_str());
                let command = routes::cancel_symbol(category, instrument, kinds);
                Some((command, Some(kinds)))
            }
            Write::CancelOrder {
                id,
                instrument: Some(instrument),
                ..
            } => {
                let category = self.categories.of(instrument.as_str());
                Some((routes::cancel_order(category, instrument, id)?, None))
            }
            Write::CancelOrders
            | Write::Flatten
            | Write::ClosePosition(_)
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

impl Venue for Bybit {
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

    /// An empty list is believed where no wallet shows a position.
    fn check_alive<'a>(
        &'a self,
        _account: &'a AccountNumber,
        permit: Permit,
    ) -> Call<'a, Result<(), Failure>> {
        Box::pin(async move {
            let wallet = self.wallet(&permit).await;
            let is_empty = wallet.and_then(|(wallet, _)| {
                let words = "the wallet shows a position, and none is listed";
                (!wallet.shows_positions)
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
            let working = self.working(&permit).await;
            working.map_err(|error| self.failure(&error))
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
            let wallet = match admitted {
                Ok(permit) => self.wallet(&permit).await.map(|_| ()),
                Err(OutOfBudget) => Err(RestError::NoBudget),
            };
            wallet
                .map(|()| vec!["the account of the key".to_owned()])
                .map_err(|error| self.failure(&error))
        })
    }

    fn key_rights<'a>(&'a self) -> Call<'a, Option<Result<KeyRights, Failure>>> {
        Box::pin(async move {
            let admitted = self.client.http.budget().take(Lane::Poll, Ask::List).await;
            let rights = match admitted {
                Ok(permit) => self.rights(&permit).await,
                Err(OutOfBudget) => Err(RestError::NoBudget),
            };
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

    fn budget(&self) -> Budget {
        self.client.http.budget().left()
    }

    fn count_earlier(&self, requests: u32) {
        self.client.http.budget().count_earlier(requests);
    }

    fn clock_error(&self) -> Option<TimeDelta> {
        self.client.clock_error()
    }

    fn scope(&self) -> Option<Scope> {
        let credential = self.credentials.newest()?;
        let address = self.client.base.as_str();
        Some(Scope::new(address, credential.part("key")?))
    }

    fn uses(&self, credential: &Credential) -> bool {
        self.credentials.is_newest(credential)
    }

    fn renew(&self, credential: &Credential) -> bool {
        let Ok(signer) = signer(credential) else {
            return false;
        };
        if self.credentials.is_newest(credential) {
            return false;
        }
        self.credentials.add(credential.clone());
        self.client.http.sign_with(Arc::new(signer));
        true
    }
}

impl fmt::Debug for Bybit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bybit")
            .field("base", &self.client.base.as_str())
            .field("assets", &self.assets)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
