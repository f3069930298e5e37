//! riskd protects trading accounts.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod api;
pub mod cli;
pub mod daemon;
pub mod domain;
pub mod engine;
pub mod http;
pub mod notify;
pub mod replay;
pub mod rules;
pub mod secret;
pub mod store;
pub mod venue;
