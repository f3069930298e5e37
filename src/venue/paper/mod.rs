//! The paper venue: CrossTrade's REST API over simulated accounts.
//!
//! It is there for tests, for `riskd demo`, and for a person with curl
//! (`riskd paper`). What it sends follows CrossTrade's published pages, not
//! what riskd's adapter reads, so that each checks the other.
//!
//! The simulation is pure: `sim.rs` with `market.rs`, `account.rs`, `order.rs`,
//! `trade.rs`, `flatten.rs` and `habit.rs` know no I/O and take time as an
//! argument; the same seed and the same calls give the same result. `routes.rs`,
//! `api.rs`, `wire.rs` and `distort.rs` turn requests into calls and results into
//! JSON, also purely. `handle.rs` holds the one lock, `striking.rs` what faults do
//! to a call, and `answering.rs` says how a request is answered; `server.rs`,
//! `body.rs` and `control.rs` are the HTTP around it.
//!
//! Simplified: every fill is whole and at the last price; a stop that gaps
//! fills at the price after the gap, a limit that gaps at the better one. A
//! closing order that fills slowly is not among the working orders.
//! Strategies, executions, bars, replacing and reversing are not simulated and
//! answer 404.

mod account;
mod answering;
mod api;
mod body;
mod clock;
mod config;
mod control;
mod demo;
mod direct;
mod distort;
mod fault;
mod faults;
mod flatten;
mod habit;
mod handle;
mod limit;
mod market;
mod order;
mod random;
mod record;
mod routes;
mod server;
mod sim;
mod snapshots;
mod striking;
mod trade;
mod wire;

pub use account::ConnectionStatus;
pub use answering::{Answered, Answering, Asked, Page};
pub use clock::{ManualTime, PaperClock};
pub use config::{
    AccountConfig, ConfigError, InstrumentConfig, MAX_ACCOUNTS, OrderConfig, PaperConfig,
    PositionConfig, ScriptAction, ScriptStep, TraderConfig, WatchConfig,
};
pub use direct::{Carrying, LiveOrder};
pub use fault::{Fault, FaultKind, FaultLayer, Repeat, RequestClass, fault_kinds};
pub use faults::{FaultError, FaultRule, FaultStatus, MAX_RULES};
pub use handle::{AccountFigures, PaperState, PaperVenue};
pub use limit::{BURST, REFILL_PER_SECOND};
pub use market::{MAX_PRICE, Motion};
pub use order::{MAX_QUANTITY, OrderState, OrderType, Side, Ticket, TimeInForce};
pub use record::{Counters, Found, RequestRecord};
pub use routes::CallKind;
pub use server::{PaperError, Serving, serve, serve_venue};
pub use sim::Crossing;
pub use trade::TradeError;
