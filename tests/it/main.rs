//! The integration tests, one binary.
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod crosstrade;
mod e2e;
mod every_zone;
mod expr;
mod golden;
mod local_time;
mod paper;
mod rules;
mod schedule;
mod session_calendar;
mod sim;
mod store;
mod support;
mod wall_clock;
mod window;
