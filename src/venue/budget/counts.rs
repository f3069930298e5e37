//! What was used of all limits that a venue counts together, and what it said about
//! asking again: the arithmetic behind the queue, exact and without a clock.

use std::collections::BTreeMap;
use std::time::Duration;

use super::meter::Meter;
use super::pause::Pause;
use super::scope::Owner;
use crate::domain::limits::{Cost, Limit, LimitScope, RequestLimits, UsageHeader};
use crate::domain::observation::Timestamp;
use crate::venue::Lane;

/// A request that wants to leave.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// Where it stands in the order of what leaves.
    pub lane: Lane,
    /// Whose credential it is sent with.
    pub owner: Owner,
    /// What it takes.
    pub cost: Cost,
}

/// The limits of one address, and of each credential that is used there. Time is
/// an argument: the time since some fixed instant, never going backwards.
#[derive(Clone, Debug)]
pub struct Counts {
    limits: &'static RequestLimits,
    address: Allowance,
    credentials: BTreeMap<Owner, Allowance>,
}

/// The limits that one scope has.
#[derive(Clone, Debug)]
struct Allowance {
    meters: Vec<Meter>,
    pause: Pause,
}

impl Allowance {
    fn new(limits: &'static RequestLimits, scope: LimitScope, now: Duration) -> Allowance {
        let its = limits.limits.iter().filter(|limit| limit.scope == scope);
        Allowance {
            meters: its.map(|limit| Meter::new(limit, now)).collect(),
            pause: Pause::default(),
        }
    }

    fn advance(&mut self, now: Duration) {
        self.meters.iter_mut().for_each(|meter| meter.advance(now));
    }
}

/// Whether a request must wait for a more urgent one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeldUp {
    /// They are not in each other's way.
    Not,
    /// At most until then, when the other one waits for something else alone.
    Until(Duration),
    /// Until the other one has left the queue.
    UntilItLeaves,
}

/// What of a limit a lane leaves alone.
fn kept(limit: &Limit, lane: Lane) -> u32 {
    match lane {
        Lane::Watch | Lane::Routine => limit.reserves.can_wait,
        Lane::Beside => limit.reserves.beside,
        Lane::Positions | Lane::Verify => limit.reserves.reads,
        Lane::Poll | Lane::PollOfAll | Lane::LatePoll => limit.reserves.polls,
        Lane::Cancel | Lane::Close => 0,
    }
}

impl Counts {
    /// Nothing is used at `now`.
    pub fn new(limits: &'static RequestLimits, now: Duration) -> Counts {
        Counts {
            limits,
            address: Allowance::new(limits, LimitScope::Address, now),
            credentials: BTreeMap::new(),
        }
    }

    /// Begins to count for a credential, unless it is counted already.
    pub fn add(&mut self, owner: Owner, now: Duration) {
        let limits = self.limits;
        self.credentials
            .entry(owner)
            .or_insert_with(|| Allowance::new(limits, LimitScope::Credential, now));
    }

    /// Forgets a credential that nobody uses any more.
    pub fn remove(&mut self, owner: Owner) {
        self.credentials.remove(&owner);
    }

    /// Takes what a request needs.
    ///
    /// # Errors
    /// When it is not there, the earliest time at which it can be; nothing was
    /// taken.
    pub fn take(&mut self, need: &Need, now: Duration) -> Result<(), Duration> {
        self.advance(now);
        let earliest = self.earliest(need);
        if earliest > now {
            return Err(earliest);
        }
        self.charge(need, now);
        for allowance in self.allowances_mut(need.owner) {
            allowance.pause.leave(now);
        }
        Ok(())
    }

    /// Takes what a request needs, whether it is there or not.
    pub fn charge(&mut self, need: &Need, now: Duration) {
        for allowance in self.allowances_mut(need.owner) {
            for meter in &mut allowance.meters {
                meter.take(need.cost.of(meter.limit.counts), now);
            }
        }
    }

    /// When a request may leave, if nobody else does before.
    fn earliest(&self, need: &Need) -> Duration {
        let room = self.wanted(need).map(|(_, at)| at).max();
        self.held(need).max(room.unwrap_or_default())
    }

    /// Until when a request is held by what the venue said.
    pub fn held(&self, need: &Need) -> Duration {
        let pauses = self
            .allowances(need.owner)
            .map(|one| one.pause.held(need.lane));
        pauses.max().unwrap_or_default()
    }

    /// Whether `behind` must wait for `ahead`, which is more urgent: where both want
    /// some of one limit, unless `ahead` waits for another limit alone.
    pub(super) fn held_up(&self, ahead: &Need, behind: &Need, now: Duration) -> HeldUp {
        let (mut shares, mut is_blocked_elsewhere) = (false, false);
        let mut blocked_until: Option<Duration> = None;
        for (meter, at) in self.wanted(ahead) {
            let is_shared = behind.cost.of(meter.limit.counts) > 0
                && (meter.limit.scope == LimitScope::Address || ahead.owner == behind.owner);
            shares |= is_shared;
            if at > now && is_shared {
                blocked_until = Some(blocked_until.map_or(at, |known| known.min(at)));
            } else if at > now {
                is_blocked_elsewhere = true;
            }
        }
        match blocked_until {
            _ if !shares => HeldUp::Not,
            None if is_blocked_elsewhere => HeldUp::Not,
            Some(until) if is_blocked_elsewhere => HeldUp::Until(until),
            _ => HeldUp::UntilItLeaves,
        }
    }

    /// What a request takes of, and when that is there.
    fn wanted(&self, need: &Need) -> impl Iterator<Item = (&Meter, Duration)> {
        let (lane, cost) = (need.lane, need.cost);
        let meters = self
            .allowances(need.owner)
            .flat_map(|one| one.meters.iter());
        meters.filter_map(move |meter| {
            let weight = cost.of(meter.limit.counts);
            let at = || meter.earliest(weight, kept(meter.limit, lane));
            (weight > 0).then(|| (meter, at()))
        })
    }

    /// The venue said to a request of `lane` that too much was asked, and to come
    /// back after `pause`, which is believed up to what the venue is known for.
    pub fn turn_away(
        &mut self,
        scope: LimitScope,
        owner: Owner,
        lane: Lane,
        now: Duration,
        pause: Duration,
    ) {
        let pause = pause.min(self.limits.longest_pause);
        self.advance(now);
        if let Some(allowance) = self.allowance_mut(scope, owner) {
            allowance.meters.iter_mut().for_each(Meter::empty);
            allowance.pause.begin(lane, now, pause);
        }
    }

    /// The venue answers nothing for so long, as far as it said.
    pub fn ban(&mut self, scope: LimitScope, owner: Owner, now: Duration, lasts: Option<Duration>) {
        if let Some(allowance) = self.allowance_mut(scope, owner) {
            allowance.pause.ban(now, lasts);
        }
    }

    /// The venue, whose clock showed this, has answered a request, and said in its
    /// headers how much of its limits is used; `header` gives the number in one. Says
    /// whether that changes who may leave.
    pub fn answered(
        &mut self,
        need: &Need,
        now: Duration,
        shown: Timestamp,
        header: impl Fn(&str) -> Option<u32>,
    ) -> bool {
        let mut is_news = false;
        for allowance in self.allowances_mut(need.owner) {
            is_news |= allowance.pause.answered(now);
            for meter in &mut allowance.meters {
                // A header that several limits share speaks of the one asked for.
                let counts = need.cost.of(meter.limit.counts) > 0;
                let used = meter.limit.told_by.filter(|_| counts);
                let told = used.and_then(|told_by| match told_by {
                    UsageHeader::Used(name) => {
                        header(name).map(|used| (used, meter.limit.counted_since(shown)))
                    }
                    UsageHeader::Left(name) => {
                        let left = header(name)?;
                        Some((meter.limit.size().saturating_sub(left), Duration::ZERO))
                    }
                });
                if let Some((used, ago)) = told {
                    is_news |= meter.correct(used, now, ago);
                }
            }
        }
        is_news
    }

    /// Takes out what was sent before this process began or by another one.
    pub fn count_earlier(&mut self, owner: Owner, requests: u32, now: Duration) {
        for allowance in self.allowances_mut(owner) {
            for meter in &mut allowance.meters {
                meter.count_earlier(requests, now);
            }
        }
    }

    /// How many requests of this credential could be sent at `now`, by the count
    /// that plans go by.
    pub fn left(&mut self, owner: Owner, now: Duration) -> u32 {
        self.advance(now);
        let most_urgent = Need {
            lane: Lane::Close,
            owner,
            cost: Cost::NOTHING,
        };
        if self.held(&most_urgent) > now {
            return 0;
        }
        let planned = self.limits.planned_by;
        let meters = self.allowances(owner).flat_map(|one| one.meters.iter());
        let left = meters
            .filter(|meter| meter.limit.counts == planned)
            .map(Meter::left);
        left.min().unwrap_or_default()
    }

    /// Brings what is used to `now`.
    pub(super) fn advance(&mut self, now: Duration) {
        self.address.advance(now);
        self.credentials
            .values_mut()
            .for_each(|one| one.advance(now));
    }

    fn allowances(&self, owner: Owner) -> impl Iterator<Item = &Allowance> {
        std::iter::once(&self.address).chain(self.credentials.get(&owner))
    }

    fn allowances_mut(&mut self, owner: Owner) -> impl Iterator<Item = &mut Allowance> {
        std::iter::once(&mut self.address).chain(self.credentials.get_mut(&owner))
    }

    fn allowance_mut(&mut self, scope: LimitScope, owner: Owner) -> Option<&mut Allowance> {
        match scope {
            LimitScope::Address => Some(&mut self.address),
            LimitScope::Credential => self.credentials.get_mut(&owner),
        }
    }
}

#[cfg(test)]
impl Counts {
    /// How much is used of each limit of a credential.
    pub(super) fn used(&self, owner: Owner) -> Vec<u32> {
        let meters = self.allowances(owner).flat_map(|one| one.meters.iter());
        meters
            .map(|meter| meter.limit.size().saturating_sub(meter.left()))
            .collect()
    }
}
