//! The words of the field as types: money, accounts, holdings, observations,
//! sessions, windows, schedules and locks.
//!
//! Nothing here reads a clock or does I/O; time is always an argument.

pub mod abilities;
pub mod account;
pub mod blind_spot;
pub mod closures;
mod cron_fields;
pub mod days;
pub mod duration;
pub mod flow;
pub mod holdings;
pub mod ids;
pub mod instrument;
pub mod key_rights;
pub mod limits;
pub mod local_time;
pub mod lock;
pub mod made;
pub mod micros;
pub mod money;
pub mod now;
pub mod observation;
pub mod plural;
pub mod position_key;
pub mod request;
pub mod schedule;
pub mod session;
pub mod severity;
pub mod symbols;
pub mod time_of_day;
pub mod timeouts;
pub mod trade_date;
pub mod venue;
pub mod window;
