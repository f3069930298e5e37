//! What the service manager is told: ready, reloading, alive, and a line of
//! status. Without one, telling it does nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use sd_notify::NotifyState;

use super::service_manager::tell;
use crate::domain::account::VenueName;
use crate::engine::status::Overview;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::{Mode, Venue};

/// The least that the watchdog waits, whatever the unit says, is so many polls
/// of the slowest venue...
const WATCHDOG_POLLS: u32 = 3;
/// ... and this, for polls that take as long as they may.
const WATCHDOG_SLACK: Duration = Duration::from_secs(10);
/// While the venue is away riskd is not ready, but it is alive: each round of
/// polls asks for so many more microseconds to start in.
const START_EXTENSION: u32 = 30_000_000;
/// How many accounts the line of status names.
const NAMED: usize = 3;

/// What was told so far.
#[derive(Debug, Default)]
pub(super) struct Lifecycle {
    venues: BTreeSet<VenueName>,
    polled: BTreeSet<VenueName>,
    /// The venues whose key may not trade: nothing of theirs is protected.
    cannot_trade: BTreeSet<VenueName>,
    /// The venues whose key was not looked at yet.
    unseen_keys: BTreeSet<VenueName>,
    ready: bool,
    announced: bool,
    status: String,
}

impl Lifecycle {
    /// Begins to wait for a round of these venues.
    pub(super) fn new(rules: &RuleSet) -> Lifecycle {
        let mut lifecycle = Lifecycle::default();
        lifecycle.watch(rules);
        let keyed = rules
            .venues
            .iter()
            .filter(|venue| !venue.profile.has_numbers);
        let keyed = keyed.map(|venue| venue.name.clone());
        lifecycle.unseen_keys = keyed
            .filter(|name| lifecycle.venues.contains(name))
            .collect();
        lifecycle
    }

    /// Waits for rounds of the venues of these rules from now on: of those that
    /// are polled, because an account is there.
    pub(super) fn watch(&mut self, rules: &RuleSet) {
        let accounts = rules.book.accounts.iter();
        self.venues = accounts.map(|account| account.venue.clone()).collect();
        self.polled.clear();
        allow_for_slow_polls(&rules.venues);
    }

    /// A poll of this venue was evaluated for all its accounts. Says whether
    /// it is time to say so: every venue has had one since that was last done,
    /// or riskd is not ready, and each poll may change that.
    pub(super) fn round_done(&mut self, venue: &VenueName) -> bool {
        self.polled.insert(venue.clone());
        let is_complete = self.polled.is_superset(&self.venues);
        if is_complete {
            self.polled.clear();
        }
        is_complete || !self.ready
    }

    /// Feeds the watchdog after a complete round, and says how things are.
    ///
    /// A poll that failed counts as well: a venue that does not answer is no
    /// reason to end the one who waits for it.
    pub(super) fn alive(&mut self, state: &StatusLine<'_>) {
        let keys_are_good = self.cannot_trade.is_empty() && self.unseen_keys.is_empty();
        self.ready |= state.overview.awaited.is_empty() && keys_are_good;
        let status = self.words(state);
        let mut states = vec![NotifyState::Watchdog];
        if !self.ready {
            states.push(NotifyState::ExtendTimeoutUsec(START_EXTENSION));
        }
        if self.status != status {
            states.push(NotifyState::Status(&status));
        }
        tell(&states);
        self.status = status;
    }

    /// What the key of a venue may do was read.
    pub(super) fn key_seen(&mut self, venue: &VenueName, may_trade: bool) {
        self.unseen_keys.remove(venue);
        if may_trade {
            self.cannot_trade.remove(venue);
        } else {
            self.cannot_trade.insert(venue.clone());
        }
    }

    /// How things are: first what a person should act on.
    fn words(&self, state: &StatusLine<'_>) -> String {
        let words = state.words();
        if self.cannot_trade.is_empty() {
            return words;
        }
        let names: Vec<&str> = self.cannot_trade.iter().map(VenueName::as_str).collect();
        format!("the key of {} may not trade; {words}", names.join(", "))
    }

    /// Tells the service manager, once, that riskd is ready.
    pub(super) fn became_ready(&mut self) -> Option<String> {
        if !self.ready || self.announced {
            return None;
        }
        // One that does not read is told with the next poll.
        self.announced = tell(&[NotifyState::Ready]);
        self.announced
            .then(|| "ready: every account was observed afresh".to_owned())
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    #[expect(
        clippy::unused_self,
        reason = "the service manager is told through the lifecycle alone"
    )]
    pub(super) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        };
    }

    pub(super) fn reloaded(&self) {
        if self.announced {
            tell(&[NotifyState::Ready]);
        }
    }
}

/// How things are, for the line of status.
pub(super) struct StatusLine<'a> {
    pub(super) overview: Overview,
    pub(super) mode: Mode,
    pub(super) rules_are_refused: bool,
    pub(super) record_is_bad: bool,
    /// Why a venue's last poll failed.
    pub(super) failure: Option<&'a str>,
}

impl StatusLine<'_> {
    /// One line: first what a person should act on.
    fn words(&self) -> String {
        let overview = &self.overview;
        let mut parts = Vec::new();
        if !overview.awaited.is_empty() {
            parts.push(self.awaited());
        }
        if self.record_is_bad {
            parts.push("DEGRADED: the record cannot be written".to_owned());
        }
        if self.rules_are_refused {
            parts.push("rule file refused, the old rules are in force".to_owned());
        }
        if self.mode == Mode::Observe {
            parts.push("only observing, nothing is sent (mode: observe)".to_owned());
        }
        let accounts = count(overview.accounts, "account");
        parts.push(format!("{accounts}{}", self.seen()));
        parts.push(format!("{} fired", count(overview.fired, "rule")));
        if overview.locked > 0 {
            parts.push(format!("{} locked", count(overview.locked, "account")));
        }
        if overview.enforcing > 0 {
            parts.push(format!(
                "closing out {}",
                count(overview.enforcing, "account")
            ));
        }
        // Each line of what the service manager is told is a command to it.
        parts.join("; ").replace(char::is_control, " ")
    }

    /// How long ago the accounts were seen. One that never was has no age.
    fn seen(&self) -> String {
        let (blind, age) = (self.overview.blind, self.overview.seen_seconds);
        let never = self.overview.awaited.len();
        let lost = match blind.saturating_sub(never) {
            0 => String::new(),
            lost => format!(", {lost} without good data for up to {age} s"),
        };
        match (blind, never) {
            (0, _) => format!(" seen {age} s ago"),
            (_, 0) => lost,
            _ => format!("{lost}, {never} never seen"),
        }
    }

    /// Whom riskd waits for, and why as far as it is known.
    fn awaited(&self) -> String {
        let awaited = &self.overview.awaited;
        // The venue's own words say more.
        let is_told_of_each = self.failure.is_none();
        let mut names: Vec<String> = awaited
            .iter()
            .take(NAMED)
            .map(
                |(account, reason)| match reason.as_ref().filter(|_| is_told_of_each) {
                    Some(reason) => format!("{account} ({reason})"),
                    None => account.to_string(),
                },
            )
            .collect();
        let more = awaited.len().saturating_sub(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let names = names.join(", ");
        match self.failure {
            Some(failure) => format!("not ready, no observation yet of {names}: {failure}"),
            None => format!("not ready, no observation yet of {names}"),
        }
    }
}

fn count(number: usize, of: &str) -> String {
    match number {
        1 => format!("1 {of}"),
        _ => format!("{number} {of}s"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::AccountName;

    fn state(overview: Overview) -> StatusLine<'static> {
        StatusLine {
            overview,
            mode: Mode::Enforce,
            rules_are_refused: false,
            record_is_bad: false,
            failure: None,
        }
    }

    fn awaited(names: &[&str]) -> Overview {
        let reason = Some("the platform is offline".to_owned());
        Overview {
            accounts: names.len(),
            blind: names.len(),
            seen_seconds: 7,
            awaited: names
                .iter()
                .map(|name| (AccountName::from(*name), reason.clone()))
                .collect(),
            ..Overview::default()
        }
    }

    #[test]
    fn the_status_says_accounts_firings_and_age() {
        let one = Overview {
            accounts: 1,
            ..Overview::default()
        };
        assert_eq!(state(one).words(), "1 account seen 0 s ago; 0 rules fired");
        let busy = Overview {
            accounts: 3,
            blind: 1,
            seen_seconds: 35,
            fired: 1,
            locked: 2,
            enforcing: 1,
            ..Overview::default()
        };
        assert_eq!(
            state(busy).words(),
            "3 accounts, 1 without good data for up to 35 s; 1 rule fired; 2 accounts locked; \
             closing out 1 account"
        );
    }

    #[test]
    fn what_a_person_should_act_on_comes_first() {
        let one = Overview {
            accounts: 1,
            ..Overview::default()
        };
        let state = StatusLine {
            mode: Mode::Observe,
            rules_are_refused: true,
            record_is_bad: true,
            ..state(one)
        };
        assert_eq!(
            state.words(),
            "DEGRADED: the record cannot be written; rule file refused, the old rules are in \
             force; only observing, nothing is sent (mode: observe); 1 account seen 0 s ago; \
             0 rules fired"
        );
    }

    #[test]
    fn who_is_waited_for_is_named_with_the_reason() {
        let words = |names: &[&str]| state(awaited(names)).words();
        assert_eq!(
            words(&["a"]),
            "not ready, no observation yet of a (the platform is offline); \
             1 account, 1 never seen; 0 rules fired"
        );
        let both = Overview {
            accounts: 3,
            blind: 2,
            ..awaited(&["a"])
        };
        assert!(state(both).words().ends_with(
            "; 3 accounts, 1 without good data for up to 7 s, 1 never seen; 0 rules fired"
        ));
        assert!(words(&["a", "b", "c", "d", "e"]).contains(", 2 more; 5 accounts"));
    }
}
