//! The real binary against the paper venue.

mod faults;
mod protect;
mod rig;
mod secrets;
