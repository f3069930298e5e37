//! The real binary against the paper venue.

mod faults;
mod protect;
mod record;
mod rig;
mod secrets;
