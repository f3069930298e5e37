//! The words of the field as types: money, accounts, holdings, observations,
//! sessions, windows, schedules and locks.
//!
//! Nothing here reads a clock or does I/O; time is always an argument.

pub mod account;
pub mod holdings;
pub mod ids;
pub mod instrument;
pub mod lock;
pub mod money;
pub mod now;
pub mod observation;
pub mod request;
