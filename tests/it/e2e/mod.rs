//! The real binary against the paper venue.

mod crosstrade;
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
mod several_venues;
mod shown;
mod start;
mod unread;

pub use rig::signal;
