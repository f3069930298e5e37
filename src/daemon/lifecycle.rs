//! What the service manager is told: ready, reloading, alive, and a line of
//! status. Without one, telling it does nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::domain::account::VenueName;
use crate::rules::ruleset::{RuleSet, Venue};

/// The least that the watchdog waits, whatever the unit says, is so many polls
/// of the slowest venue...
const WATCHDOG_POLLS: u32 = 3;
/// ... and this, for polls that take as long as they may.
const WATCHDOG_SLACK: Duration = Duration::from_secs(10);

/// What was told so far.
#[derive(Debug, Default)]
pub(super) struct Lifecycle {
    venues: BTreeSet<VenueName>,
    polled: BTreeSet<VenueName>,
    ready: bool,
    announced: bool,
    status: String,
    record_is_bad: bool,
}

impl Lifecycle {
    /// Begins to wait for a round of these venues.
    pub(super) fn new(rules: &RuleSet) -> Lifecycle {
        let mut lifecycle = Lifecycle::default();
        lifecycle.watch(rules);
        lifecycle
    }

    /// Waits for rounds of the venues of these rules from now on: of those that
    /// are polled, because an account is there.
    pub(super) fn watch(&mut self, rules: &RuleSet) {
        let accounts = rules.accounts.iter();
        self.venues = accounts.map(|account| account.venue.clone()).collect();
        self.polled.clear();
        allow_for_slow_polls(&rules.venues);
    }

    /// A poll of this venue was evaluated for all its accounts. The watchdog is
    /// fed once every venue has had one.
    pub(super) fn round_done(&mut self, venue: &VenueName, all_seen: bool) {
        self.polled.insert(venue.clone());
        if self.polled.is_superset(&self.venues) {
            self.polled.clear();
            tell(&[NotifyState::Watchdog]);
        }
        if all_seen {
            self.ready = true;
        } else if !self.ready {
            self.say("waiting for the first observation of every account");
            tell(&[NotifyState::ExtendTimeoutUsec(30_000_000)]);
        }
    }

    /// Tells the service manager, once, that riskd is ready.
    pub(super) fn became_ready(&mut self) -> Option<String> {
        if !self.ready || self.announced {
            return None;
        }
        self.announced = true;
        tell(&[NotifyState::Ready]);
        self.say("every account is observed");
        Some("ready: every account was observed afresh".to_owned())
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    pub(super) fn record_is_good(&mut self, is_good: bool) {
        self.record_is_bad = !is_good;
        if self.record_is_bad {
            self.say("degraded: the record cannot be written");
        } else {
            self.say("the record can be written again");
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "the service manager is told through the lifecycle alone"
    )]
    pub(super) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    pub(super) fn reloaded(&self) {
        if self.announced {
            tell(&[NotifyState::Ready]);
        }
    }

    fn say(&mut self, status: &str) {
        if self.status != status {
            status.clone_into(&mut self.status);
            tell(&[NotifyState::Status(status)]);
        }
    }
}

/// Has the watchdog wait longer than the unit says, when rounds of polls are
/// further apart than that.
fn allow_for_slow_polls(venues: &[Venue]) {
    let Some(configured) = sd_notify::watchdog_enabled() else {
        return;
    };
    let slowest = venues.iter().filter_map(|venue| venue.poll.to_std().ok());
    let needed = slowest
        .max()
        .unwrap_or_default()
        .saturating_mul(WATCHDOG_POLLS)
        .saturating_add(WATCHDOG_SLACK);
    let micros = u32::try_from(needed.max(configured).as_micros());
    tell(&[NotifyState::WatchdogUsec(micros.unwrap_or(u32::MAX))]);
}

/// Tells the service manager. That it cannot be told changes nothing for the
/// accounts.
pub(super) fn tell(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
