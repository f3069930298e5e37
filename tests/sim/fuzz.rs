//! Whatever is read, nothing crashes, nothing hangs, and memory stays bounded:
//! rule files, test files and histories as a person may spoil them, and JSON as
//! a venue may.
//!
//! The inputs come from a seed, so a failure can be had again:
//! `RISKD_FUZZ_INPUTS=200000` reads more of them than a plain `cargo test`
//! does, `RISKD_FUZZ_INPUT=4711` only that one. They are built with the
//! simulator, so that there is one binary to link.

mod exchange;
mod files;
mod limits;
mod misshape;
mod mutate;
mod venue;

use super::number;

/// How many inputs each test reads by default.
const INPUTS: u64 = 1_500;

/// The numbers of the inputs that are read.
fn inputs() -> std::ops::Range<u64> {
    match number("RISKD_FUZZ_INPUT") {
        Some(input) => input..input + 1,
        None => 0..number("RISKD_FUZZ_INPUTS").unwrap_or(INPUTS),
    }
}
