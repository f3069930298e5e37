//! A simulator: the real engine against the paper venue under virtual time,
//! with random prices, a trader, faults, crashes and reloads, all from one
//! seed. What must always hold is checked after every step.
//!
//! `RISKD_SIM_SEED=17` runs one seed, `RISKD_SIM_SEEDS=5000` runs more.
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod durable;
mod faults;
mod invariants;
mod mutations;
mod random;
mod regressions;
mod rules;
#[path = "../it/support.rs"]
mod support;
mod trader;
mod venue;
mod world;

/// How many seeds run by default.
const SEEDS: u64 = 160;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn seeds() {
    let seeds = match number("RISKD_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("RISKD_SIM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        if let Err(failure) = world::run(seed, None) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_seed_replays_to_the_same_events() {
    let logs = |seed| world::run(seed, None).map_err(|failure| failure.to_string());
    for seed in [3, 17] {
        let first = logs(seed);
        assert!(first.as_ref().is_ok_and(|log| log.len() > 100));
        assert_eq!(first, logs(seed));
    }
}
