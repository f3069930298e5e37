//! The state of the daemon, as `status` shows it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::observation::Timestamp;
use crate::engine::status::AccountStatus;

/// The whole state.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The version of riskd.
    pub version: &'static str,
    /// The process.
    pub pid: u32,
    /// When the daemon started, RFC 3339.
    pub started: String,
    /// When this was put together, RFC 3339.
    pub now: String,
    /// `enforce` or `observe`.
    pub mode: &'static str,
    /// Whether every account was observed since the start.
    pub ready: bool,
    /// The rules in force.
    pub rules: RulesStatus,
    /// Whether the record can be written.
    pub record: RecordStatus,
    /// The venues.
    pub venues: Vec<VenueStatus>,
    /// The accounts, in the order of the rule file.
    pub accounts: Vec<AccountStatus>,
    /// Time from a received observation to the first request it led to.
    pub reaction: LatencyStatus,
    /// The same since the start, by size.
    pub reaction_histogram: Histogram,
    /// What was counted since the start.
    pub counts: Counts,
}

/// The distribution of the last measurements, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LatencyStatus {
    /// How many there are, at most 4096.
    pub count: usize,
    /// Median.
    pub p50_us: u64,
    /// 99th percentile.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// The upper bounds of a histogram's sizes, in microseconds.
pub const LATENCY_BOUNDS_US: [u64; 10] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000,
];

/// How many latencies there were of each size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// How many were at most as long as each of [`LATENCY_BOUNDS_US`] and longer
    /// than the bound before it.
    pub counts: [u64; LATENCY_BOUNDS_US.len()],
    /// How many there were, those beyond the last bound included.
    pub count: u64,
    /// All of them added up, in microseconds.
    pub sum_us: u64,
}

impl Histogram {
    /// Adds one.
    pub fn note(&mut self, micros: u64) {
        let sizes = LATENCY_BOUNDS_US.into_iter().zip(&mut self.counts);
        if let Some((_, count)) = { sizes }.find(|(bound, _)| micros <= *bound) {
            *count = count.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
        self.sum_us = self.sum_us.saturating_add(micros);
    }
}

/// What was counted since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// By account.
    pub accounts: BTreeMap<String, AccountCounts>,
    /// Answers to writes, by outcome.
    pub answers: BTreeMap<&'static str, u64>,
    /// Messages that no try could deliver.
    pub undelivered: u64,
}

/// What was counted for one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountCounts {
    /// Observations, by how far they can be trusted: `good`, `suspect`,
    /// `missing`.
    pub observations: BTreeMap<&'static str, u64>,
    /// Rules evaluated.
    pub evaluations: u64,
    /// Firings, by rule.
    pub firings: BTreeMap<String, u64>,
    /// Rounds of enforcement that sent requests.
    pub rounds: u64,
    /// Writes sent, by what was asked.
    pub requests: BTreeMap<&'static str, u64>,
}

/// The rules in force.
#[derive(Clone, Debug, Serialize)]
pub struct RulesStatus {
    /// The file.
    pub file: String,
    /// SHA-256 of it and of the files it names.
    pub hash: String,
    /// When it was put into force, RFC 3339.
    pub loaded: String,
    /// How many rules are enabled.
    pub enabled: usize,
    /// How long the last reload kept the dispatcher, in microseconds.
    pub swap_us: Option<u64>,
    /// What was wrong with the file when it was read last, if it was refused:
    /// each error on a line, with file, line and column where it has some.
    pub refused: Option<String>,
    /// Since when it is refused for that, RFC 3339.
    pub refused_since: Option<String>,
    /// The line of the first error, from 1, where it has one.
    pub refused_line: Option<u32>,
    /// The column of the first error, from 1, where it has one.
    pub refused_column: Option<u32>,
}

/// Whether the record can be written.
#[derive(Clone, Debug, Serialize)]
pub struct RecordStatus {
    /// The database.
    pub database: String,
    /// `good` or `degraded`.
    pub state: &'static str,
    /// Why it is degraded.
    pub reason: Option<String>,
    /// Size of the database in bytes; `None` until it was measured. It is
    /// measured each half minute.
    pub bytes: Option<u64>,
    /// Size of the write-ahead log beside it, in bytes.
    pub log_bytes: Option<u64>,
    /// What of the database is free and used again before it grows, in bytes.
    pub free_bytes: Option<u64>,
    /// The oldest sample from which on every sample is kept; older ones are
    /// rolled up but for those around firings. `None` while there is none.
    pub full_since: Option<Timestamp>,
}

/// One venue.
#[derive(Clone, Debug, Serialize)]
pub struct VenueStatus {
    /// Its name.
    pub venue: String,
    /// Time between polls in milliseconds.
    pub poll_ms: i64,
    /// Polls since the start.
    pub polls: u64,
    /// Polls that failed for at least one account.
    pub failed_polls: u64,
    /// Milliseconds since the last poll ended; `None` before the first.
    pub last_poll_ms: Option<u64>,
    /// What was wrong with the last poll.
    pub failure: Option<String>,
    /// Requests that could be sent at once.
    pub budget_left: u32,
    /// Requests that the venue allows at once after a rest.
    pub budget: u32,
}
