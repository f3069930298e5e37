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
//! - `look` is a poll, `working` reads both lists of orders, `writes` sends
//! - `account`, `positions`, `orders`, `symbols`, `income` read what was answered
//! - `prices`, `openings` and `books` know what is read less often than the account
//! - `rights` says what the key and its account may do
//! - `dead_man` has the venue cancel orders when riskd stays away

mod account;
mod books;
mod client;
mod dead_man;
mod errors;
mod income;
mod look;
mod openings;
mod orders;
mod positions;
mod prices;
mod rights;
mod routes;
mod symbols;
mod working;
mod writes;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use self::books::{Books, Due};
use self::client::{learn, signer};
use self::dead_man::DeadMan;
use self::openings::Openings;
use self::prices::Prices;
use super::Permit;
use super::budget::RequestBudget;
use super::exchange::adapter::{Exchange, Told};
use super::exchange::client::{Client, ReadClock};
use super::exchange::held::Held;
use super::exchange::ledger::{Ledger, Part, Row, Span};
use super::exchange::listed_symbols::Known;
use super::exchange::order_ids::OrderIds;
use super::rest::client::Http;
use super::rest::clock::Clock;
use super::rest::credentials::Credentials;
use super::rest::error::RestError;
use super::rest::network::Network;
use super::rest::sign::{Sign, Unsignable};
use super::rest::{Limits, SetUpError, Transport, checked_base};
use crate::domain::holdings::WorkingOrders;
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::Ask;
use crate::domain::observation::{Learned, Timestamp};
use crate::domain::request::{Outcome, Write};
use crate::domain::venue::VenueProfile;
use crate::secret::Credential;

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
    symbols: Known,
    prices: Prices,
    openings: Openings,
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
        let wall = clock;
        let client = |url: &str, budget, clock: Option<ReadClock>| {
            let base = checked_base(url)?;
            let (transport, signer) = (transport(&base)?, Arc::clone(&signer));
            Ok(Client {
                http: Http::new(transport, signer, &limits, budget, Arc::clone(&wall)),
                base,
                limits: limits.clone(),
                clock,
                learn,
            })
        };
        let of_rights = hosts.rights_url.map(|url| {
            // What that host turns away says nothing of the other one.
            let budget = RequestBudget::new(&VenueProfile::BINANCE.limits);
            client(url, budget, None)
        });
        Ok(Binance {
            client: client(hosts.base_url, budget, Some(client::clock()))?,
            rights: of_rights.transpose()?,
            credentials: Credentials::new(credential),
            assets,
            symbols: Known::default(),
            prices: Prices::default(),
            openings: Openings::default(),
            books: Books::default(),
            ledger: Ledger::new(LEDGER_READS),
            order_ids: OrderIds::new(),
            dead_man: DeadMan::default(),
        })
    }
}

impl Exchange for Binance {
    fn http(&self) -> &Http {
        &self.client.http
    }

    fn base(&self) -> &Url {
        &self.client.base
    }

    fn limits(&self) -> &Limits {
        &self.client.limits
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn signer(credential: &Credential) -> Result<Arc<dyn Sign>, Unsignable> {
        Ok(Arc::new(signer(credential)?))
    }

    fn other_host(&self) -> Option<&Http> {
        self.rights.as_ref().map(|client| &client.http)
    }

    async fn look(&self, permit: &Permit) -> Result<Learned, RestError> {
        self.look_at_all(permit).await
    }

    async fn held(&self, permit: &Permit, wait: Duration) -> Result<Vec<Held>, RestError> {
        self.held_with_prices(permit, wait).await
    }

    /// Its figures, what it holds, or the margin or the open result of that.
    async fn shows_positions(&self, permit: &Permit) -> Result<bool, RestError> {
        let (wallet, held, _) = self.account(permit, self.client.limits.read).await?;
        Ok(wallet.shows_positions || !held.is_empty())
    }

    async fn working(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        self.all_orders(permit).await
    }

    async fn put(&self, write: &Write, permit: &Permit) -> Option<Told> {
        let route = self.route(write)?;
        let sent = self.client.write(permit, &route).await;
        let told = errors::write(&sent, write);
        if matches!((write, told.0), (Write::CloseQuantity(_), Outcome::Refused)) {
            self.symbols.doubt();
        }
        Some(told)
    }

    async fn rights(&self) -> Result<KeyRights, RestError> {
        self.rights_of_key_and_account().await
    }

    async fn movements(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        self.income(span, part, permit).await
    }

    fn orders_due(&self) -> Option<Ask<'static>> {
        let reads = &self.client.http.budget().limits().order_reads;
        self.books.due(reads).map(|due| match due {
            Due::All => Ask::Orders,
            Due::Of(_) => Ask::OrdersOfHeld,
        })
    }

    async fn working_of_held(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        self.orders_of_held(permit).await
    }

    async fn keep_dead_man(&self, time: Duration) {
        let resting = self.books.resting_while_flat();
        self.keep_countdowns(&resting, time).await;
    }

    async fn release_dead_man(&self) {
        let none = BTreeSet::new();
        self.keep_countdowns(&none, Duration::ZERO).await;
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
