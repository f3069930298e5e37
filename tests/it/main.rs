//! The integration tests, one binary.
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api;
mod architecture;
mod crosstrade;
mod docs;
mod every_zone;
mod local_time;
mod paper;
mod rules;
mod schedule;
mod session_calendar;
mod store;
mod wall_clock;
mod window;
