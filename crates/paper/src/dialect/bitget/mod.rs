//! Bitget futures, from its published pages, as far as a guard of accounts calls it:
//! v2 for classic accounts ([`classic`]) and v3 for unified ones ([`unified`]). An
//! account speaks one of them and may be switched while it runs.
//!
//! [`routes`] names the calls, [`sign`] checks who asks, [`limits`] counts, [`front`]
//! takes a request through them and through its faults. What both families do alike is
//! in [`order`] (placing), [`find`] and [`cancel`] (orders), [`closing`] (closing at the
//! market), [`life`] (since when a position is one), [`plans`] (kinds of conditional
//! orders) and [`pages`]; [`distort`] spoils what reads say on request.
//!
//! What differs from the venue: leverage is ten, the position mode is the account's and
//! not that of a product, a trailing order stands still at its trigger price, an order
//! that takes profit is a market order, presets of other orders are refused, and a
//! contract in another coin than USDT or USDC is listed as a coin future while its
//! result is counted like a linear one's.
//!
//! What no page that was reached says, and how it is played here, where it can be the
//! harder way:
//!
//! - Timestamps are good for 30 seconds either way (users' reports).
//! - Refusals come with HTTP 400, whatever their code, but for 429 and 404. `40200`
//!   comes with 200.
//! - 6000 requests a minute of one address, then 429; a ban is 429 too.
//! - `entrustedList` is null where there is none, and so is the `list` of positions of a
//!   unified account.
//! - `unrealizedPL` of an account is `""` while it holds nothing in that coin.
//! - A market close of more than one market order may trade fails in `close-positions`
//!   (43007), and so does one whose whole size rests in closing orders (22002). What
//!   hedge mode has resting in closing orders is not closed.
//! - TP/SL of a whole position stay when it is closed.
//! - `track_plan` is cancelled by ids alone.
//! - Transfers of a unified account are in the category `OTHER` alone. Its words for
//!   movements are those of classic accounts in capitals, `TRANSFER_IN` and
//!   `TRANSFER_OUT`; its amounts are without the fee.
//! - An order of a unified one-way account has the `posSide` `net`, a position its
//!   side.
//! - An account that is switched keeps its positions, orders and ids.
//! - The texts of 22001, 22002, 25227, 25236, 40084, 43007 and 43023.

pub(crate) mod cancel;
pub(crate) mod classic;
pub(crate) mod closing;
pub(crate) mod distort;
pub(crate) mod find;
pub(crate) mod front;
pub(crate) mod life;
pub(crate) mod limits;
pub(crate) mod markets;
pub(crate) mod order;
pub(crate) mod pages;
pub(crate) mod params;
pub(crate) mod plans;
pub(crate) mod reply;
pub(crate) mod routes;
pub(crate) mod sign;
pub(crate) mod unified;
pub(crate) mod words;

use std::collections::HashMap;

use limits::Limits;
use plans::Plan;

use crate::dialect::exchange::links::Links;

/// What Bitget knows beside the simulation.
#[derive(Debug, Default)]
pub(crate) struct BitgetState {
    pub(crate) limits: Limits,
    pub(crate) links: Links,
    /// What kind of conditional order an order is, where it was placed as one.
    pub(crate) plans: HashMap<String, Plan>,
}
