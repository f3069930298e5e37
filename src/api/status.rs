//! The state of the daemon, as `status` shows it.

use serde::Serialize;

use crate::daemon::LatencyStatus;
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
    /// What was wrong with the file when it was read last, if it was refused.
    pub refused: Option<String>,
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
