//! Many accounts on one token, whose price falls once through every limit: how
//! soon all are flat, how soon that is proven, and what it costs. The program
//! itself runs as a child process against a paper venue in this one.
//!
//! `cargo bench --bench many` runs every row (some 80 minutes). Single rows:
//!
//! ```sh
//! MANY_N=20 MANY_VARIANT=plain,cache cargo bench --bench many
//! MANY_RISKD=/usr/bin/riskd ...      # another build than this one
//! ```
//!
//! Variants: `plain`, `unlocked` (the rule has no lock), `cache` (snapshots are
//! 3 s old at most), `other` (another program takes 2 requests a second),
//! `refused` (closes of one account are refused), `kill` (kill -9 when half of
//! the flattens are there, and a start at once), `entries` (two venue entries
//! for the one token), `hand` (`riskd flatten --all` beside the daemon), `bot`
//! (a bot opens the first account again 0.3 s after each close).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its figures, and the clock is real"
)]

#[path = "many/by_hand.rs"]
mod by_hand;
#[path = "many/figures.rs"]
mod figures;
#[path = "many/limits.rs"]
mod limits;
#[path = "many/measure.rs"]
mod measure;
#[path = "many/rig.rs"]
mod rig;
#[path = "many/run.rs"]
mod run;

use run::Variant;

/// The numbers of accounts of design; `MANY_N` names others.
const COUNTS: [usize; 5] = [5, 10, 20, 50, 200];
/// A bot is about one account: these are enough.
const BOT_COUNTS: [usize; 2] = [1, 20];

fn main() {
    let counts = chosen("MANY_N", |text| text.parse().ok());
    let variants = chosen("MANY_VARIANT", Variant::parse);
    let all_variants: Vec<Variant> = Variant::ALL.to_vec();
    let variants = variants.unwrap_or(all_variants);
    for count in counts.clone().unwrap_or(COUNTS.to_vec()) {
        let flattening: Vec<Variant> = variants
            .iter()
            .copied()
            .filter(|variant| *variant != Variant::Bot)
            .collect();
        if flattening.is_empty() {
            continue;
        }
        figures::print_head(count);
        for variant in flattening {
            figures::print_row(variant, &run::fall(count, variant));
        }
        println!();
    }
    if variants.contains(&Variant::Bot) {
        for count in counts.unwrap_or(BOT_COUNTS.to_vec()) {
            figures::print_bot(count, &run::bot(count));
        }
    }
}

/// The comma-separated values of an environment variable.
fn chosen<T>(name: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let text = std::env::var(name).ok()?;
    let values = text.split(',').map(|part| {
        read(part.trim()).unwrap_or_else(|| panic!("{name}={text}: {part:?} is not known"))
    });
    Some(values.collect())
}
