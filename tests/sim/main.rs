//! A simulator: the real engine, enforcement, adapter and record against the
//! paper venue under virtual time, with random prices, a trader, faults,
//! crashes and reloads, all from one seed. One seed is one trading week. What
//! must always hold is checked after every step.
//!
//! `RISKD_SIM_SEED=17` runs one seed and tells what happens in it (the last
//! `RISKD_SIM_LINES` of it when it fails), `RISKD_SIM_SEEDS=5000` runs more,
//! `RISKD_SIM_FROM=300` begins with another one. It is fast when it is optimised:
//! `RISKD_SIM_SEEDS=10000 cargo test --release --package riskd-sim`.
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and prints what it did"
)]

mod disk;
mod durable;
mod each;
mod faults;
mod fuzz;
mod invariants;
mod kind;
mod leaving;
mod many;
mod mutations;
mod net;
mod random;
mod regressions;
mod rules;
mod see;
mod starts;
mod stats;
#[expect(dead_code, reason = "the other tests need more of it")]
#[path = "../it/support.rs"]
mod support;
mod table;
mod trader;
mod venue;
mod week;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stats::Stats;
use world::Failure;

/// How many seeds run by default.
const SEEDS: u64 = 16;
/// How long ten thousand seeds may take.
const LIMIT: Duration = Duration::from_secs(120);
/// After so many failures the seeds that are left are not run.
const MOST_FAILURES: usize = 50;
/// With so many seeds, every fault is met.
const ENOUGH: u64 = 1_000;

pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs seeds on every core; gives the failures, the lowest seed first.
fn run_all(from: u64, seeds: u64) -> Result<Stats, Vec<Failure>> {
    let next = AtomicU64::new(from);
    let end = from + seeds;
    let sum = Mutex::new(Stats::default());
    let failed: Mutex<Vec<Failure>> = Mutex::default();
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut own = Stats::default();
                while failed.lock().unwrap().len() < MOST_FAILURES {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    match week::run(seed, false) {
                        Ok(ran) => own.add(&ran.stats),
                        Err(failure) => failed.lock().unwrap().push(failure),
                    }
                }
                sum.lock().unwrap().add(&own);
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    if failed.is_empty() {
        return Ok(sum.into_inner().unwrap());
    }
    failed.sort_unstable_by_key(|failure| failure.seed);
    Err(failed)
}

/// Runs a seed that failed once more, and tells what happens.
fn tell(seed: u64) -> ! {
    match week::run(seed, true) {
        Ok(_) => panic!("seed {seed} failed, and does not when it is told"),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn seeds() {
    if let Some(seed) = number("RISKD_SIM_SEED") {
        match week::run(seed, true) {
            Ok(ran) => println!("{}", ran.log.join("\n")),
            Err(failure) => panic!("{failure}"),
        }
        return;
    }
    let seeds = number("RISKD_SIM_SEEDS").unwrap_or(SEEDS);
    let began = Instant::now();
    let from = number("RISKD_SIM_FROM").unwrap_or(0);
    let stats = run_all(from, seeds).unwrap_or_else(|failures| {
        for failure in &failures {
            println!("seed {}: {}", failure.seed, failure.violation);
        }
        tell(failures[0].seed)
    });
    println!("{}", stats.report(began.elapsed(), LIMIT));
    if seeds >= ENOUGH {
        let unmet = stats.unmet();
        assert!(unmet.is_empty(), "never met: {unmet:?}");
    }
}

#[test]
fn a_seed_replays_to_the_same_events() {
    let log = |kind, seed| {
        let ran = week::run_at(kind, seed, None, true);
        ran.unwrap_or_else(|failure| panic!("{failure}")).log
    };
    for kind in kind::Kind::ALL {
        for seed in [3, 20] {
            let first = log(kind, seed);
            assert!(first.len() > 100, "{}", first.len());
            assert_eq!(first, log(kind, seed));
        }
    }
}
