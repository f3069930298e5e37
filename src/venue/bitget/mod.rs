//! Bitget's futures: of classic accounts (v2) and of unified ones (v3).
//!
//! A key is one account, so that nothing that is asked can be wider than it. Which API
//! the account speaks is found by a probe, and again when the venue refuses a call for
//! it: an account may be switched while riskd runs. What it holds is listed by product
//! (settled in USDT, in USDC, in coins), its orders by kind besides. An answer says that
//! something was taken, never that the account is flat: a later read decides.
//!
//! - `family` knows which API is spoken, `client` asks in it
//! - `routes` is what is asked, `classic` and `unified` build it
//! - `errors` says what an answer means for a read and for a write
//! - `list` reads page by page, `empties` when a list that says `null` is believed
//! - `look` is a poll, `working` reads the lists of orders, `writes` sends
//! - `wallet`, `positions`, `orders`, `symbols`, `movements` read what was answered
//! - `rights` says what the key may do
//! - `product` and `closing` remember what later requests need

mod classic;
mod client;
mod closing;
mod empties;
mod errors;
mod family;
mod list;
mod look;
mod movements;
mod orders;
mod positions;
mod product;
mod rights;
mod routes;
mod symbols;
mod unified;
mod wallet;
mod working;
mod writes;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use tokio::time::{Instant, sleep};

use self::client::{Client, UNCOUNTED, signer};
use self::closing::Ways;
use self::empties::Empties;
use self::family::{Family, Spoken};
use self::orders::Plans;
use self::product::Contracts;
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
use crate::domain::observation::{Learned, Missing, Timestamp};
use crate::domain::request::{Outcome, Write};
use crate::locked::Locked;
use crate::secret::Credential;

/// How often the list of what moved money may be read at once.
const LEDGER_READS: u32 = 20;
/// How often a classic key may ask what it may do, with the time that requests take.
const RIGHTS_REST: Duration = Duration::from_millis(1200);
/// How long what was read of a key is not read again.
const RIGHTS_LAST: Duration = Duration::from_secs(2);

/// Where an account is reached.
#[derive(Clone, Copy, Debug)]
pub struct Host<'a> {
    /// Everything before `/api`.
    pub base_url: &'a str,
    /// Whether the account of demo trading is meant, which has keys of its own.
    pub is_demo: bool,
}

/// One key, which is one account.
pub struct Bitget {
    client: Client,
    credentials: Credentials,
    /// The margin assets whose sum is the account's figures.
    assets: Vec<String>,
    contracts: Contracts,
    symbols: Known,
    plans: Plans,
    ways: Ways,
    rights: Mutex<Option<RightsRead>>,
    ledger: Ledger,
    order_ids: OrderIds,
}

/// What was read of a key, which a classic one may ask once a second.
struct RightsRead {
    at: Instant,
    of: Credential,
    rights: KeyRights,
}

impl Bitget {
    /// An adapter for the API at this host, within a budget that it may share with others
    /// of the same address, with `wall` telling the time of day. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is neither HTTPS nor plain HTTP to this host, a part of the
    /// credential is missing, or the client cannot be set up.
    pub fn new(
        host: Host<'_>,
        credential: Credential,
        assets: Vec<String>,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Bitget, SetUpError> {
        let base = checked_base(host.base_url)?;
        let network = Arc::new(Network::new(&base, &Limits::DEFAULT)?);
        let limits = Limits::DEFAULT;
        Bitget::over(network, host, credential, assets, budget, wall, limits)
    }

    /// The same over another way than the network, with other limits.
    ///
    /// # Errors
    /// As [`Bitget::new`].
    pub fn over(
        transport: Arc<dyn Transport>,
        host: Host<'_>,
        credential: Credential,
        assets: Vec<String>,
        budget: RequestBudget,
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<Bitget, SetUpError> {
        let base = checked_base(host.base_url)?;
        let clock: Clock = Arc::new(wall);
        let signer = signer(&credential).map_err(|_| SetUpError::Credential("key"))?;
        let mut http = Http::new(transport, Arc::new(signer), &limits, budget, clock);
        if host.is_demo {
            let (name, value) = client::demo();
            http = http.always(name, value);
        }
        Ok(Bitget {
            client: Client {
                base,
                http,
                limits,
                spoken: Spoken::default(),
                empties: Empties::default(),
            },
            credentials: Credentials::new(credential),
            assets,
            contracts: Contracts::default(),
            symbols: Known::default(),
            plans: Plans::default(),
            ways: Ways::default(),
            rights: Mutex::default(),
            ledger: Ledger::new(LEDGER_READS),
            order_ids: OrderIds::new(),
        })
    }

    /// What was read of the key in use a moment ago: a start looks twice.
    fn rights_just_read(&self) -> Option<KeyRights> {
        let last = self.rights.locked();
        let last = last.as_ref()?;
        let is_of_it = self.credentials.is_newest(&last.of);
        (is_of_it && last.at.elapsed() < RIGHTS_LAST).then(|| last.rights.clone())
    }

    async fn rights_in(&self, family: Family, permit: &Permit) -> Result<KeyRights, RestError> {
        let read = match family {
            Family::Classic => classic::key_rights(),
            Family::Unified => routes::probe(),
        };
        let sent = self
            .client
            .get(permit, &read, self.client.limits.read)
            .await;
        if family == Family::Classic && client::lacks_right(&sent) {
            return Err(cannot_be_asked());
        }
        let json = errors::read(&sent)?;
        let data = json.root().as_object()?.need("data")?.as_object()?;
        Ok(match family {
            Family::Classic => rights::classic(&data)?,
            Family::Unified => rights::unified(&data)?,
        })
    }
}

/// A classic key that may not read the spot account works, and nobody says what else it
/// may do.
fn cannot_be_asked() -> RestError {
    RestError::Said {
        missing: Missing::Malformed,
        outcome: Outcome::Refused,
        words: format!(
            "code {}: a classic key is told what it may do only where it may read the spot account",
            errors::NO_RIGHT
        ),
    }
}

impl Exchange for Bitget {
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
        let wallet = self.wallet(permit).await?;
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
        let permit = match budget.take_cost(Lane::Poll, UNCOUNTED).await {
            Ok(permit) => permit,
            Err(OutOfBudget) => return Err(RestError::NoBudget),
        };
        let permit = &permit;
        let of = self.credentials.newest();
        if let Some(rights) = self.rights_just_read() {
            return Ok(rights);
        }
        let read = |family| self.rights_in(family, permit);
        let mut rights = self.client.speak(permit, read).await;
        // Another process may have asked within the second.
        if rights
            .as_ref()
            .is_err_and(|error| error.missing() == Missing::RateLimited)
        {
            sleep(RIGHTS_REST).await;
            rights = self.client.speak(permit, read).await;
        }
        let rights = rights?;
        *self.rights.locked() = of.map(|of| RightsRead {
            at: Instant::now(),
            of,
            rights: rights.clone(),
        });
        Ok(rights)
    }

    async fn movements(
        &self,
        span: Span,
        part: Part,
        permit: &Permit,
    ) -> Result<Vec<Row>, RestError> {
        self.moved(span, part, permit).await
    }
}

impl fmt::Debug for Bitget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bitget")
            .field("base", &self.client.base.as_str())
            .field("assets", &self.assets)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
