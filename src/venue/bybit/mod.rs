//! Bybit v5: perpetuals and futures of one unified account.
//!
//! A key is one account, so that nothing that is asked can be wider than it. What an
//! account holds is listed in three parts (settled in USDT, in USDC, in coins), and an
//! order's answer says that it was taken, never that it was done: a later read decides.
//!
//! - `routes` builds what is asked, `client` asks it
//! - `errors` says what an answer means for a read and for a write
//! - `look` is a poll, `working` reads the lists of orders, `writes` sends
//! - `wallet`, `positions`, `orders`, `symbols`, `movements` read what was answered
//! - `rights` says what the key may do
//! - `category` and `second_look` remember what later requests need

mod category;
mod client;
mod errors;
mod look;
mod movements;
mod orders;
mod positions;
mod rights;
mod routes;
mod second_look;
mod symbols;
mod wallet;
mod working;
mod writes;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use self::category::Categories;
use self::client::{Client, signer};
use self::second_look::SecondLook;
use super::budget::RequestBudget;
use super::exchange::adapter::{Exchange, Told};
use super::exchange::held::Held;
use super::exchange::ledger::{Ledger, Part, Row, Span};
use super::exchange::order_ids::OrderIds;
use super::exchange::symbols::Known;
use super::rest::client::Http;
use super::rest::clock::Clock;
use super::rest::credentials::Credentials;
use super::rest::error::RestError;
use super::rest::network::Network;
use super::rest::sign::{Sign, Unsignable};
use super::rest::{Limits, SetUpError, Transport, checked_base};
use super::{Lane, OutOfBudget, Permit};
use crate::domain::holdings::WorkingOrders;
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::{Ask, Cost};
use crate::domain::observation::{Learned, Timestamp};
use crate::domain::request::Write;
use crate::secret::Credential;

/// How often the list of what moved money may be read at once: it allows 25 reads a
/// second.
const LEDGER_READS: u32 = 60;
/// What a request takes that is counted by no limit of a key that is kept here.
const UNCOUNTED: Cost = Cost(&[("requests", 1)]);

/// One key, which is one account.
pub struct Bybit {
    client: Client,
    credentials: Credentials,
    /// The margin assets whose sum is the account's figures.
    assets: Vec<String>,
    categories: Categories,
    symbols: Known,
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
            symbols: Known::default(),
            second_look: SecondLook::default(),
            ledger: Ledger::new(LEDGER_READS),
            order_ids: OrderIds::new(),
        })
    }
}

impl Exchange for Bybit {
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

    async fn look(&self, permit: &Permit) -> Result<Learned, RestError> {
        self.look_at_all(permit).await
    }

    async fn held(&self, permit: &Permit, wait: Duration) -> Result<Vec<Held>, RestError> {
        self.held_in_all(permit, wait).await
    }

    async fn shows_positions(&self, permit: &Permit) -> Result<bool, RestError> {
        let (wallet, _) = self.wallet(permit).await?;
        Ok(wallet.shows_positions)
    }

    async fn working(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        self.all_orders(permit).await
    }

    async fn put(&self, write: &Write, permit: &Permit) -> Option<Told> {
        self.send(write, permit).await
    }

    async fn rights(&self) -> Result<KeyRights, RestError> {
        let budget = self.client.http.budget();
        let permit = match budget.take(Lane::Poll, Ask::List).await {
            Ok(permit) => self.client.http.beside(&permit, UNCOUNTED),
            Err(OutOfBudget) => return Err(RestError::NoBudget),
        };
        let wait = self.client.limits.read;
        let sent = self.client.get(&permit, &routes::key_rights(), wait).await;
        let json = errors::read(&sent)?;
        let result = json.root().as_object()?.need("result")?.as_object()?;
        Ok(rights::read(&result)?)
    }

    async fn movements(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        self.transactions(span, part, permit).await
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
