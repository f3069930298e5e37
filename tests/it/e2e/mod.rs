//! The real binary against the paper venue.

mod disk;
mod edits;
mod exchange;
mod faults;
mod flatten;
mod kills;
mod lock;
mod notify;
mod points;
mod protect;
mod record;
mod reload;
mod rig;
mod scenarios;
mod secrets;
mod shown;
mod start;
mod unread;

pub use rig::signal;
