//! Bybit v5, from its published pages, as far as a guard of futures accounts calls
//! it.
//!
//! [`routes`] names the calls, [`sign`] checks who asks, [`limits`] counts,
//! [`front`] takes a request through them and through its faults. The calls are in
//! [`markets`], [`account`], [`positions`], [`orders`], [`create`], [`cancel`] and
//! [`logs`]; [`distort`] spoils what they say on request.
//!
//! What differs from the venue: the position mode belongs to the account and not to
//! each symbol, coins other than dollars count for what their perpetual says, and a
//! contract in another coin than USDT or USDC is listed as inverse while its result
//! is counted like a linear one's.

pub(crate) mod account;
pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod distort;
pub(crate) mod front;
pub(crate) mod limits;
pub(crate) mod logs;
pub(crate) mod markets;
pub(crate) mod orders;
pub(crate) mod params;
pub(crate) mod positions;
pub(crate) mod reply;
pub(crate) mod routes;
pub(crate) mod sign;
pub(crate) mod words;

use limits::Visits;

use crate::dialect::exchange::links::Links;

/// What Bybit knows beside the simulation.
#[derive(Debug, Default)]
pub(crate) struct BybitState {
    pub(crate) visits: Visits,
    pub(crate) links: Links,
}
