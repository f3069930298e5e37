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
use crate::domain::limits::{Ask, LimitScope, RequestLimits};

/// Most reads of working orders a minute and venue: the accounts take turns,
/// one a second at most, and only while a rule or a lock needs to know.
pub const ORDER_READS: u32 = 60;

/// What the venues of one credential ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The venues that share the credential.
    pub venues: Vec<VenueName>,
    /// What is asked for.
    pub items: Vec<BudgetItem>,
    /// Requests a minute in all.
    pub planned: u32,
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
        planned: 0,
        comfortable: limits.per_minute().saturating_mul(5) / 6,
        allowed: limits.per_minute(),
        bucket: limits.burst(),
        reserve: limits.reserve(),
    }
}

fn add(budget: &mut Budget, venue: &Venue) {
    let limits = &venue.profile.limits;
    let polls = polls_per_minute(venue.poll);
    let items = [
        ("account snapshots", polls, Ask::Poll),
        (
            "reads of working orders, when needed",
            ORDER_READS,
            Ask::Orders,
        ),
    ];
    budget.venues.push(venue.name.clone());
    for (what, calls, ask) in items {
        let weight = limits.costs.of(ask).of(limits.planned_by);
        let per_minute = calls.saturating_mul(weight);
        budget.planned = budget.planned.saturating_add(per_minute);
        budget.items.push(BudgetItem {
            venue: venue.name.clone(),
            what,
            per_minute,
        });
    }
}

/// Polls a minute, rounded up.
fn polls_per_minute(poll: TimeDelta) -> u32 {
    let millis = u64::try_from(poll.num_milliseconds()).unwrap_or(0).max(1);
    u32::try_from(60_000_u64.div_ceil(millis)).unwrap_or(u32::MAX)
}

/// The shortest poll in tenths of a second with which `venues` venues of one
/// credential fit, if any does.
pub(crate) fn shortest_poll(venues: usize, allowed: u32) -> Option<TimeDelta> {
    let venues = u32::try_from(venues).ok()?.max(1);
    let polls = (allowed / venues).checked_sub(ORDER_READS)?;
    let millis = 60_000_u32.checked_div(polls)?;
    Some(TimeDelta::milliseconds(i64::from(
        millis.div_ceil(100).saturating_mul(100),
    )))
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
            credential: CredentialSource(vec![("token", SecretSource::Env(token.to_owned()))]),
            assets: Vec::new(),
            allow_withdraw_right: false,
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
        assert_eq!(shortest_poll(1, 180), Some(TimeDelta::milliseconds(500)));
        assert_eq!(shortest_poll(2, 180), Some(TimeDelta::milliseconds(2_000)));
        assert_eq!(shortest_poll(3, 180), None);
    }
}
