//! CrossTrade's REST API, from its published pages.
//!
//! [`routes`] reads a request line, [`front`] decides whether it goes on,
//! [`reads`] and [`writes`] carry it out, [`rows`] writes the JSON in the
//! [`words`] of NinjaTrader, and [`distort`] spoils it on request.

pub(crate) mod behaviour;
pub(crate) mod closes;
pub(crate) mod distort;
pub(crate) mod front;
pub(crate) mod pages;
pub(crate) mod reads;
#[cfg(test)]
mod recorded;
pub(crate) mod reply;
pub(crate) mod routes;
pub(crate) mod rows;
pub(crate) mod snapshots;
pub(crate) mod style;
pub(crate) mod words;
pub(crate) mod writes;
