//! The daemon's state as it comes over the wire. What a daemon of another
//! version leaves out or adds does not keep the rest from being shown.

use serde::Deserialize;

use crate::domain::money::Money;

/// The whole state.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) version: String,
    pub(super) pid: u32,
    pub(super) started: String,
    pub(super) now: String,
    pub(super) mode: String,
    pub(super) ready: bool,
    pub(super) rules: Rules,
    pub(super) record: RecordState,
    pub(super) venues: Vec<Venue>,
    pub(super) accounts: Vec<Account>,
}

/// The rules in force.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rules {
    pub(super) file: String,
    pub(super) hash: String,
    pub(super) loaded: String,
    pub(super) enabled: usize,
    pub(super) refused: Option<String>,
    pub(super) refused_since: Option<String>,
}

/// The record.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RecordState {
    pub(super) database: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) bytes: Option<u64>,
    pub(super) log_bytes: Option<u64>,
    pub(super) free_bytes: Option<u64>,
    pub(super) full_since: Option<String>,
}

/// A venue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Venue {
    pub(super) venue: String,
    pub(super) poll_ms: i64,
    pub(super) polls: u64,
    pub(super) failed_polls: u64,
    pub(super) last_poll_ms: Option<i64>,
    pub(super) failure: Option<String>,
    pub(super) budget_left: u32,
    pub(super) budget: u32,
}

/// An account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    pub(super) account: String,
    pub(super) venue: String,
    pub(super) number: String,
    pub(super) data: String,
    pub(super) data_reason: Option<String>,
    pub(super) data_age_seconds: Option<i64>,
    pub(super) session: Option<String>,
    pub(super) balance: Option<Money>,
    pub(super) equity: Option<Money>,
    pub(super) session_pnl: Option<Money>,
    pub(super) session_pnl_from: Option<String>,
    pub(super) unrealized: Option<Money>,
    pub(super) maintenance_margin: Option<Money>,
    pub(super) positions: Option<Vec<String>>,
    pub(super) position_figures: Option<Vec<Position>>,
    pub(super) working_orders: Option<usize>,
    pub(super) locks: Vec<Lock>,
    pub(super) enforcement: Option<Enforcement>,
    pub(super) rules: Vec<Rule>,
}

/// What the venue says of an open position.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Position {
    pub(super) mark_price: Option<String>,
    pub(super) liquidation_price: Option<String>,
    pub(super) notional: Option<Money>,
}

/// A lock.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Lock {
    pub(super) kind: String,
    pub(super) until: String,
    pub(super) reason: String,
}

/// What is being enforced.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Enforcement {
    pub(super) goals: Vec<String>,
    pub(super) round: u32,
    pub(super) failed_reads: u32,
}

/// A rule for one account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    pub(super) rule: String,
    pub(super) state: String,
    pub(super) value: Option<Money>,
    pub(super) limit: Option<Money>,
    pub(super) distance: Option<Money>,
    pub(super) used: Option<Money>,
    pub(super) firing: Option<i64>,
    pub(super) held_back: bool,
    pub(super) spent: bool,
    pub(super) exposed: bool,
}
