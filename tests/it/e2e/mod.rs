//! The real binary against the paper venue.

mod faults;
mod notify;
mod protect;
mod rig;
mod secrets;
