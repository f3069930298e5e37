//! The integration tests, one binary.
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod api;
mod architecture;
mod check_more;
mod cli;
mod crosstrade;
mod docs;
mod e2e;
mod every_zone;
mod exact;
mod expr;
mod golden;
mod handover;
mod history;
mod identity;
mod local_time;
mod loosening;
mod machine;
mod messages;
mod notify;
mod paper;
mod properties;
mod rule_test;
mod rules;
mod schedule;
mod session_calendar;
mod store;
mod support;
mod third_venue;
mod wall_clock;
mod window;
