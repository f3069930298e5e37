//! The request budget of a venue: what it allows, with a part of it kept for
//! protection. It belongs to what the venue counts together (a credential, an
//! address), however many venues of a rule file draw on it; the figures are those
//! of the venue's profile.
//!
//! - `queue` hands out one permit for each call, in the order of its lane
//! - `counts` is the arithmetic behind it, `meter` that of one limit, `pause` that of
//!   what the venue says about asking again
//! - `scope` says who shares

mod counts;
mod meter;
mod pause;
mod queue;
mod scope;

pub use queue::RequestBudget;
pub use scope::{Scope, shared};

use std::time::Duration;

/// Requests of a process before this one that may not be on its record: polls
/// and reads, one a second as long as a venue remembers.
const UNRECORDED: u32 = 7;

/// The longest wait of a routine read.
pub const ROUTINE_WAIT: Duration = Duration::from_secs(1);
/// How long a poll waits before it is late: with a second between two polls, and a
/// third of one for the next permit, none is more than two seconds after the one
/// before it.
pub const POLL_WAIT: Duration = Duration::from_millis(650);
/// The longest wait of a late poll.
pub const LATE_POLL_WAIT: Duration = Duration::from_secs(5);

/// No permit was to be had in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("riskd's own request budget is used up")]
pub struct OutOfBudget;

#[cfg(test)]
mod tests;
