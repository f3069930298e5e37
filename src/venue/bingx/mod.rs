//! BingX perpetual swaps, v2 and v3.
//!
//! A key is one account, so that nothing that is asked can be wider than it. Working
//! orders of all kinds stand in one list and go by one call, but those that are traded in
//! parts (TWAP): these have a list and a cancel of their own. One call closes every
//! position and says which it could not; what is left is closed by orders that only
//! reduce. An answer says that something was taken, never that the account is flat: a
//! later read decides. A few requests a second are the most for each call.
//!
//! - `routes` builds what is asked, `client` says who asks
//! - `errors` says what an answer means for a read and for a write, `entries` what a call
//!   for several could not do
//! - `look` is a poll, `working` reads both lists of orders, `writes` sends
//! - `balance`, `positions`, `orders`, `symbols`, `income`, `rights` read what was answered
//! - `mode` knows how the account holds a symbol, `parts` under which ids, `sizes` how
//!   large an order may be
//! - `dead_man` has the venue cancel orders when riskd stays away

mod balance;
mod client;
mod dead_man;
mod entries;
mod errors;
mod income;
mod look;
mod mode;
mod orders;
mod parts;
mod positions;
mod rights;
mod routes;
mod sizes;
mod symbols;
mod working;
mod writes;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use self::client::{clock, learn, signer};
use self::dead_man::DeadMan;
use self::mode::KnownMode;
use self::parts::Parts;
use self::sizes::Sizes;
use super::budget::RequestBudget;
use super::exchange::adapter::{Exchange, Told};
use super::exchange::client::Client;
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
use super::{Lane, Permit};
use crate::domain::holdings::WorkingOrders;
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::Cost;
use crate::domain::observation::{Learned, Timestamp};
use crate::domain::request::Write;
use crate::secret::Credential;

/// How often the list of what moved money may be read at once.
const LEDGER_READS: u32 = 10;
/// What asking for the rights of the key takes.
const RIGHTS: Cost = Cost(&[("rights", 1)]);

/// One key, which is one account.
pub struct BingX {
    client: Client,
    credentials: Credentials,
    /// The margin assets whose sum is the account's figures.
    assets: Vec<String>,
    symbols: Known,
    sizes: Sizes,
    mode: KnownMode,
    parts: Parts,
    ledger: Ledger,
    order_ids: OrderIds,
    dead_man: DeadMan,
}

impl BingX {
    /// An adapter for the API at `base_url` (everything before `/openApi`), within a
    /// budget that it may share with others of the same address, with `wall` telling the
    /// time of day. Nothing is sent yet.
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
    ) -> Result<BingX, SetUpError> {
        let base = checked_base(base_url)?;
        let network = Arc::new(Network::new(&base, &Limits::DEFAULT)?);
        let limits = Limits::DEFAULT;
        BingX::over(network, base_url, credential, assets, budget, wall, limits)
    }

    /// The same over another way than the network, with other limits.
    ///
    /// # Errors
    /// As [`BingX::new`].
    pub fn over(
        transport: Arc<dyn Transport>,
        base_url: &str,
        credential: Credential,
        assets: Vec<String>,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<BingX, SetUpError> {
        let base = checked_base(base_url)?;
        let wall: Clock = Arc::new(wall);
        let signer = signer(&credential).map_err(|_| SetUpError::Credential("key"))?;
        Ok(BingX {
            client: Client {
                base,
                http: Http::new(transport, Arc::new(signer), &limits, budget, wall),
                limits,
                clock: Some(clock()),
                learn,
            },
            credentials: Credentials::new(credential),
            assets,
            symbols: Known::default(),
            sizes: Sizes::default(),
            mode: KnownMode::default(),
            parts: Parts::default(),
            ledger: Ledger::new(LEDGER_READS),
            order_ids: OrderIds::new(),
            dead_man: DeadMan::default(),
        })
    }
}

impl Exchange for BingX {
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
        let (wallet, _) = self.wallet(permit, self.client.limits.read).await?;
        Ok(wallet.shows_positions)
    }

    async fn working(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        self.all_orders(permit).await
    }

    async fn put(&self, write: &Write, permit: &Permit) -> Option<Told> {
        self.send(write, permit).await
    }

    async fn rights(&self) -> Result<KeyRights, RestError> {
        let permit = self.permit(Lane::Poll, RIGHTS).await?;
        let wait = self.client.limits.read;
        let sent = self.client.get(&permit, &routes::key_rights(), wait).await;
        let json = errors::read_bare(&sent)?;
        Ok(rights::read(json.root())?)
    }

    async fn movements(
        &self,
        span: Span,
        part: Part,
        _permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        self.income(span, part).await
    }

    async fn keep_dead_man(&self, time: Duration) {
        self.keep_countdown(time).await;
    }

    async fn release_dead_man(&self) {
        self.take_countdown_back().await;
    }
}

impl fmt::Debug for BingX {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BingX")
            .field("base", &self.client.base.as_str())
            .field("assets", &self.assets)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
