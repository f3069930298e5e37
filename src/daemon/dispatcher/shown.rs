//! What is shown of the daemon.

use super::Dispatcher;
use crate::api::status::{RecordStatus, Status, VenueStatus};
use crate::rules::settings::Mode;
use crate::store::Health;

impl Dispatcher {
    pub(super) fn status(&self) -> Status {
        let now = self.now();
        let rules = &self.rules;
        let accounts = self.engine.status(now);
        Status {
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            started: self.started.to_rfc3339(),
            now: now.wall.to_rfc3339(),
            mode: match rules.daemon.mode {
                Mode::Enforce => "enforce",
                Mode::Observe => "observe",
            },
            ready: self.lifecycle.is_ready(),
            rules: self.rules_file.status(rules),
            record: self.record_status(),
            venues: rules.venues.iter().map(|v| self.venue_status(v)).collect(),
            reaction: self.latencies.status(),
            reaction_histogram: self.latencies.histogram(),
            counts: self.counters.counts(&accounts),
            accounts,
        }
    }

    fn record_status(&self) -> RecordStatus {
        let (state, reason) = match &*self.health.borrow() {
            Health::Good => ("good", None),
            Health::Degraded { reason, .. } => ("degraded", Some(reason.clone())),
        };
        let extent = *self.extent.borrow();
        RecordStatus {
            database: self.database.clone(),
            state,
            reason,
            bytes: extent.map(|extent| extent.bytes),
            log_bytes: extent.map(|extent| extent.log_bytes),
            free_bytes: extent.map(|extent| extent.free_bytes),
            full_since: extent.and_then(|extent| extent.full_since),
        }
    }

    fn venue_status(&self, venue: &crate::rules::settings::Venue) -> VenueStatus {
        let count = self.polls.get(&venue.name).cloned().unwrap_or_default();
        let budget = self.venues.budget(&venue.name);
        VenueStatus {
            venue: venue.name.to_string(),
            poll_ms: venue.poll.num_milliseconds(),
            polls: count.done,
            failed_polls: count.failed,
            last_poll_ms: count
                .last
                .map(|last| u64::try_from(last.elapsed().as_millis()).unwrap_or(u64::MAX)),
            failure: count.failure,
            budget_left: budget.map_or(0, |budget| budget.left),
            budget: budget.map_or(0, |budget| budget.capacity),
        }
    }
}
