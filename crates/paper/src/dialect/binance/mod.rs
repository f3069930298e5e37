//! Binance USD-M futures, from its published pages, as far as a guard of accounts
//! calls it.
//!
//! [`routes`] names the calls and their weights, [`sign`] checks who asks,
//! [`limits`] counts, [`front`] takes a request through them and through its faults.
//! The calls are in [`markets`], [`account`], [`key`], [`positions`], [`orders`] and
//! [`algo`] (the two books), [`create`], [`conditional`], [`cancel`] and [`logs`];
//! [`distort`] spoils what they say on request.
//!
//! What differs from the venue: cross or isolated margin is the account's and not the
//! position's, leverage is ten, margin never falls short, and a limit order fills
//! whole or not at all. Where the
//! pages leave something open, the harder case is played: a symbol with conditional
//! orders alone has no row among the positions, the dead man's switch leaves them,
//! and resting orders that only reduce hold what they would close.

pub(crate) mod account;
pub(crate) mod algo;
pub(crate) mod book;
pub(crate) mod cancel;
pub(crate) mod conditional;
pub(crate) mod create;
pub(crate) mod distort;
pub(crate) mod front;
pub(crate) mod key;
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

use std::collections::HashSet;

use limits::Limits;

use crate::dialect::exchange::links::Links;

/// What Binance knows beside the simulation.
#[derive(Debug, Default)]
pub(crate) struct BinanceState {
    pub(crate) limits: Limits,
    pub(crate) links: Links,
    /// Ids of conditional orders that close the whole position, whatever it is.
    pub(crate) closing_all: HashSet<String>,
}
