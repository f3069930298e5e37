//! Venues: the services through which accounts are read and acted on.

pub mod paper;
