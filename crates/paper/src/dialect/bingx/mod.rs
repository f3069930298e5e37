//! BingX perpetual swaps, v2 and v3, from its published pages, as far as a guard of
//! accounts calls it.
//!
//! [`routes`] names the calls and their limits, [`sign`] checks who asks, [`limits`]
//! counts, [`front`] takes a request through them and through its faults. The calls are
//! in [`markets`], [`account`], [`key`], [`positions`], [`orders`], [`create`],
//! [`cancel`], [`close`], [`twap`], [`income`] and [`fills`]; [`distort`] spoils what
//! they say on request, and shows it in the venue's other [`shapes`].
//!
//! What differs from the venue: cross or isolated margin is the account's and not the
//! position's, and never apart for each opening; leverage is ten and margin never falls
//! short; triggers look at the last price and not at the mark; trailing stops, targets
//! with a limit and stops that are attached to another order are refused; the parts of a
//! TWAP fill at the last price, whatever its variance.
//!
//! Where the pages leave something open, the harder case is played. An order that only
//! reduces and names more than is free is refused, and does not shrink. Resting limits
//! hold what they would close, and a close of all leaves such a position to the list of
//! what failed. A cancel of all and the countdown leave TWAP orders. The limits of an
//! address are those of the vendor's own list, a few a second for each call.

pub(crate) mod account;
pub(crate) mod asked;
pub(crate) mod cancel;
pub(crate) mod close;
pub(crate) mod create;
pub(crate) mod distort;
pub(crate) mod fills;
pub(crate) mod front;
pub(crate) mod income;
pub(crate) mod key;
pub(crate) mod limits;
pub(crate) mod markets;
pub(crate) mod orders;
pub(crate) mod params;
pub(crate) mod positions;
pub(crate) mod reply;
pub(crate) mod routes;
pub(crate) mod shapes;
pub(crate) mod sign;
pub(crate) mod twap;
pub(crate) mod words;

use std::collections::HashSet;

use limits::Limits;

use crate::dialect::exchange::links::Links;

/// What BingX knows beside the simulation.
#[derive(Debug, Default)]
pub(crate) struct BingXState {
    pub(crate) limits: Limits,
    pub(crate) links: Links,
    /// Ids of conditional orders that close the whole position, whatever it is.
    pub(crate) closing_all: HashSet<String>,
}
