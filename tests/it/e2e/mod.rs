//! The real binary against the paper venue.

mod faults;
mod protect;
mod reload;
mod rig;
mod secrets;
