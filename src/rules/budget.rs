//! Whether the polling of a rule file fits into what its venues allow.
//!
//! A limit belongs to a credential or to the address of this machine, so venues with
//! the same one share it. Of what
//! may be asked at once a part is kept from reads that can wait, whatever is planned
//! here; what is planned must not need more than comes back, or polls would come
//! later and later.

use chrono::TimeDelta;

use super::settings::Venue;
use crate::domain::account::VenueName;
use crate::domain::limits::{LimitScope, RequestLimits};

/// What the venues of one credential ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The venues that share the credential.
    pub venues: Vec<VenueName>,
    /// What is asked for.
    pub items: Vec<BudgetItem>,
    /// What is counted: requests, or their weight.
    pub unit: &'static str,
    /// How much a minute in all.
    pub planned: u32,
    /// What one poll of each venue takes.
    poll: u32,
    /// What the reads of working orders take in a minute.
    orders: u32,
    /// Planned requests a minute above which protective calls and polls begin to
    /// wait for one another: five sixths of what is allowed.
    pub comfortable: u32,
    /// Requests a minute that are allowed.
    pub allowed: u32,
    /// Requests that may be made at once after a pause.
    pub bucket: u32,
    /// Of the bucket, what reads that can wait leave alone.
    pub reserve: u32,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetItem {
    /// The venue.
    pub venue: VenueName,
    /// What is asked for, in words.
    pub what: &'static str,
    /// Requests a minute at most.
    pub per_minute: u32,
}

impl Budget {
    /// Whether the planned requests are allowed.
    pub fn fits(&self) -> bool {
        self.planned <= self.allowed
    }

    /// The shortest poll in tenths of a second with which all of them fit, if any does.
    pub(crate) fn shortest_poll(&self) -> Option<TimeDelta> {
        let polls = self.allowed.checked_sub(self.orders)?;
        let rounds = polls.checked_div(self.poll)?;
        let millis = 60_000_u32.checked_div(rounds)?;
        let millis = millis.div_ceil(100).saturating_mul(100);
        Some(TimeDelta::milliseconds(i64::from(millis)))
    }

    /// Whether little is left for protective calls.
    pub fn is_tight(&self) -> bool {
        self.planned > self.comfortable
    }
}

/// The budget of each scope, in the order of the file.
pub fn budgets(venues: &[Venue]) -> Vec<Budget> {
    let mut budgets: Vec<(&Venue, Budget)> = Vec::new();
    for venue in venues {
        let of_same = budgets.iter().position(|(known, _)| share(known, venue));
        let index = match of_same {
            Some(index) => index,
            None => {
                budgets.push((venue, empty(&venue.profile.limits)));
                budgets.len().saturating_sub(1)
            }
        };
        if let Some((_, budget)) = budgets.get_mut(index) {
            add(budget, venue);
        }
    }
    budgets.into_iter().map(|(_, budget)| budget).collect()
}

/// Whether the venue counts what is planned for both together: by the address where
/// it does so, and else by the credential.
fn share(one: &Venue, other: &Venue) -> bool {
    if one.profile.limits.plans_go_by(LimitScope::Address) {
        one.profile.kind == other.profile.kind && one.base_url == other.base_url
    } else {
        one.credential == other.credential
    }
}

fn empty(limits: &RequestLimits) -> Budget {
    Budget {
        venues: Vec::new(),
        items: Vec::new(),
        unit: limits.planned_by,
        planned: 0,
        poll: 0,
        orders: 0,
        comfortable: limits.per_minute().saturating_mul(5) / 6,
        allowed: limits.per_minute(),
        bucket: limits.burst(),
        reserve: limits.reserve(),
    }
}

fn add(budget: &mut Budget, venue: &Venue) {
    let limits = &venue.profile.limits;
    let polls = polls_per_minute(venue.poll);
    let poll = limits.costs.poll.of(limits.planned_by);
    // The accounts take turns, and only while a rule or a lock needs to know.
    let orders = limits
        .order_reads
        .per_minute(&limits.costs, limits.planned_by);
    let items = [
        ("account snapshots", polls.saturating_mul(poll)),
        ("reads of working orders, when needed", orders),
    ];
    budget.venues.push(venue.name.clone());
    for (what, per_minute) in items {
        budget.planned = budget.planned.saturating_add(per_minute);
        budget.items.push(BudgetItem {
            venue: venue.name.clone(),
            what,
            per_minute,
        });
    }
    budget.poll = budget.poll.saturating_add(poll);
    budget.orders = budget.orders.saturating_add(orders);
}

/// Polls a minute, rounded up.
fn polls_per_minute(poll: TimeDelta) -> u32 {
    let millis = u64::try_from(poll.num_milliseconds()).unwrap_or(0).max(1);
    u32::try_from(60_000_u64.div_ceil(millis)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::venue::VenueProfile;
    use crate::rules::settings::{CredentialSource, SecretSource};

    fn venue(name: &str, poll: i64, token: &str) -> Venue {
        Venue {
            name: name.into(),
            profile: &VenueProfile::CROSSTRADE,
            base_url: Arc::from("https://example.com"),
            rights_url: None,
            credential: CredentialSource(vec![("token", SecretSource::Env(token.to_owned()))]),
            assets: Vec::new(),
            allow_withdraw_right: false,
            demo: false,
            dead_man: None,
            poll: TimeDelta::milliseconds(poll),
        }
    }

    #[test]
    fn venues_of_one_credential_share_a_budget() {
        let cases = [
            (vec![venue("a", 1_000, "A")], vec![(120, true, false)]),
            (vec![venue("a", 500, "A")], vec![(180, true, true)]),
            (vec![venue("a", 499, "A")], vec![(181, false, true)]),
            (
                vec![
                    venue("a", 1_000, "A"),
                    venue("b", 2_000, "A"),
                    venue("c", 1_000, "C"),
                ],
                vec![(210, false, true), (120, true, false)],
            ),
        ];
        for (venues, expect) in cases {
            let found: Vec<_> = budgets(&venues)
                .iter()
                .map(|budget| (budget.planned, budget.fits(), budget.is_tight()))
                .collect();
            assert_eq!(found, expect);
        }
        for (keys, shortest) in [(1, Some(500)), (2, Some(2_000)), (3, None)] {
            let venues: Vec<_> = (0..keys).map(|_| venue("a", 1_000, "A")).collect();
            let found = budgets(&venues)[0].shortest_poll();
            assert_eq!(found, shortest.map(TimeDelta::milliseconds), "{keys}");
        }
        // Weights of an address, whatever the key.
        let weighed = |key: &str| Venue {
            profile: &VenueProfile::BINANCE,
            ..venue(key, 1_000, key)
        };
        let three = budgets(&["A", "B", "C"].map(weighed));
        assert_eq!(
            (three[0].planned, three[0].allowed),
            (3 * (300 + 480), 2400)
        );
        assert!(three[0].fits() && three[0].is_tight());
        let four = budgets(&["A", "B", "C", "D"].map(weighed));
        let shortest = four[0].shortest_poll();
        assert_eq!(shortest, Some(TimeDelta::milliseconds(2_500)));
    }
}
