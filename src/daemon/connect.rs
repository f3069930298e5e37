//! How a venue of the rule file is opened: its adapter, with the credential as it can be
//! read now, over the network or over a wire that lets reads pass alone.

use std::sync::Arc;

use reqwest::Url;

use super::clock::wall;
use super::set_up::SetUpError;
use crate::domain::venue::VenueKind;
use crate::rules::settings;
use crate::secret::{self, Credential};
use crate::venue::Venue;
use crate::venue::binance::{Binance, Hosts};
use crate::venue::bingx::BingX;
use crate::venue::bitget::{Bitget, Host};
use crate::venue::budget::{self, RequestBudget, Scope};
use crate::venue::bybit::Bybit;
use crate::venue::crosstrade::CrossTrade;
use crate::venue::probe::Wire;
use crate::venue::rest::network::network;
use crate::venue::rest::{self, Limits, Transport, checked_base};

/// How an address is reached.
type Way<'w> = &'w dyn Fn(&Url) -> Result<Arc<dyn Transport>, rest::SetUpError>;

/// The adapter of a venue.
///
/// # Errors
/// What is wrong with its secret or its address.
pub fn connect(config: &settings::Venue) -> Result<Arc<dyn Venue>, SetUpError> {
    open(config, credential(config)?)
}

/// The same, for reads alone: nothing else can leave, and what is answered is heard on
/// this wire.
///
/// # Errors
/// As [`connect`].
pub fn connect_over(config: &settings::Venue, wire: &Wire) -> Result<Arc<dyn Venue>, SetUpError> {
    let way = |base: &Url| Ok(wire.over(network(base)?));
    open_over(config, credential(config)?, &way)
}

/// The adapter of a venue, with this credential.
pub(super) fn open(
    config: &settings::Venue,
    credential: Credential,
) -> Result<Arc<dyn Venue>, SetUpError> {
    open_over(config, credential, &network)
}

fn open_over(
    config: &settings::Venue,
    credential: Credential,
    way: Way<'_>,
) -> Result<Arc<dyn Venue>, SetUpError> {
    // Limits are counted for whom the first part names.
    let first = config.profile.credential.first().copied().unwrap_or("key");
    let user = credential.part(first).ok_or_else(|| SetUpError::NoPart {
        venue: config.name.clone(),
        part: first,
    })?;
    let scope = Scope::new(&config.base_url, user);
    let budget = budget::shared(scope, &config.profile.limits);
    adapter(config, credential, budget, way).map_err(|error| SetUpError::Venue {
        venue: config.name.clone(),
        source: error.into(),
    })
}

fn adapter(
    config: &settings::Venue,
    credential: Credential,
    budget: RequestBudget,
    way: Way<'_>,
) -> Result<Arc<dyn Venue>, rest::SetUpError> {
    let base = &*config.base_url;
    let (assets, limits) = (config.assets.clone(), Limits::DEFAULT);
    let reached = || way(&checked_base(base)?);
    Ok(match config.profile.kind {
        VenueKind::CrossTrade => {
            let token = credential.part("token").cloned();
            let token = token.ok_or(rest::SetUpError::Credential("token"))?;
            let over = CrossTrade::within;
            Arc::new(over(reached()?, base, token, budget, wall, limits)?)
        }
        VenueKind::Binance => {
            let hosts = Hosts {
                base_url: base,
                rights_url: config.rights_url.as_deref(),
            };
            let clock = Arc::new(wall);
            let over = Binance::over;
            Arc::new(over(way, hosts, credential, assets, budget, clock, limits)?)
        }
        VenueKind::Bybit => {
            let (way, over) = (reached()?, Bybit::over);
            Arc::new(over(way, base, credential, assets, budget, wall, limits)?)
        }
        VenueKind::Bitget => {
            let host = Host {
                base_url: base,
                is_demo: config.demo,
            };
            let (way, over) = (reached()?, Bitget::over);
            Arc::new(over(way, host, credential, assets, budget, wall, limits)?)
        }
        VenueKind::BingX => {
            let (way, over) = (reached()?, BingX::over);
            Arc::new(over(way, base, credential, assets, budget, wall, limits)?)
        }
    })
}

/// The credential of a venue, as it can be read now. May wait for the disk.
pub(super) fn credential(config: &settings::Venue) -> Result<Credential, SetUpError> {
    let mut parts = Vec::new();
    for (part, source) in &config.credential.0 {
        let secret = secret::resolve(source).map_err(|source| SetUpError::Credential {
            venue: config.name.clone(),
            source,
        })?;
        parts.push((*part, secret));
    }
    Ok(Credential::new(parts))
}
