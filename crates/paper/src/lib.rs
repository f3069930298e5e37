//! A simulated venue: accounts, prices, orders and positions behind the REST API
//! of a real one.
//!
//! riskd uses it for its tests, for `riskd demo`, and for a person with curl
//! (`riskd paper`). It depends on nothing of riskd. What it sends follows the
//! venues' published pages, not what riskd's adapters read, so that each checks
//! the other.
//!
//! # Map of the code
//!
//! `sim` uses nothing else of the crate, `faults` it and the messages of `http`.
//!
//! | part | what it is |
//! |---|---|
//! | `sim` | the simulation: market, accounts, orders, trades, sessions, clock. Pure but for the clock that a venue reads: no JSON, no route, no HTTP; time is an argument; the same seed and the same calls give the same result |
//! | `faults` | what can go wrong on request, by kind, and when it is triggered |
//! | `config` | the scenario that a venue starts with |
//! | `http` | messages, the server, the control API under `/paper`, the rate limit |
//! | `dialect` | how a venue shows the simulation, one folder for each API: routes, wire shapes, words |
//! | [`PaperVenue`] | the handle: the one lock around the simulation, and what tests and the control API can do to it |
//!
//! # What is deliberately not there
//!
//! - No type, file or constant of riskd, and no reader of what it sends: an error
//!   that both made would not be seen.
//! - No clock but one for each venue, which a test can move by hand.
//! - No partly filled orders and no order book: every fill is whole and at the last
//!   price, that of each part of a TWAP order too; a stop that gaps fills at the price after the gap, a limit that gaps at
//!   the better one. A closing order that fills slowly is not among the working
//!   orders.
//! - No liquidation, no refusal for want of margin, and no contract whose value is the
//!   inverse of its price. Sums over several margin assets are at par.
//! - Of CrossTrade no strategies, executions, bars, replacing and reversing: they
//!   give 404. Of the exchanges only what a guard calls, and orders to have
//!   something to guard.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod config;
mod dialect;
mod faults;
mod http;
mod record;
mod sim;
#[cfg(test)]
mod tests;
mod venue;

pub use config::{
    AccountConfig, ConfigError, InstrumentConfig, KeyConfig, MAX_ACCOUNTS, OrderConfig,
    PaperConfig, PositionConfig, TraderConfig, WatchConfig,
};
pub use dialect::VenueKind;
pub use dialect::crosstrade::routes::CallKind;
pub use faults::class::RequestClass;
pub use faults::kind::{Fault, FaultLayer};
pub use faults::list::{FaultKind, bingx_fault_kinds, exchange_fault_kinds, fault_kinds};
pub use faults::rule::{FaultError, FaultRule, FaultStatus, MAX_RULES};
pub use faults::shape::Shape;
pub use http::limit::{BURST, REFILL_PER_SECOND};
pub use http::message::{Delivery, Incoming, Page, Request, Response};
pub use http::server::{PaperError, Serving, serve, serve_venue};
pub use record::{Counters, Found, RequestRecord};
pub use sim::account::ConnectionStatus;
pub use sim::clock::{ManualTime, PaperClock};
pub use sim::flatten::Repeat;
pub use sim::ledger::{EntryKind, Fill, LedgerEntry, Liquidity};
pub use sim::market::{MAX_PRICE, Motion};
pub use sim::order::{MAX_QUANTITY, OrderState, OrderType, Side, Ticket, TimeInForce};
pub use sim::position::{PositionMode, PositionSide};
pub use sim::rules::{Funding, LARGEST_QUANTITY, Rules, Terms};
pub use sim::script::{ScriptAction, ScriptStep};
pub use sim::session::Crossing;
pub use sim::trade::TradeError;
pub use sim::twap::TwapTicket;
pub use venue::{AccountFigures, Holding, LiveOrder, PaperState, PaperVenue, WalletFigures};
