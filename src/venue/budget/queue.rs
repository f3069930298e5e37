//! The queue in front of what a venue allows: one permit for each request, the most
//! urgent lane first and the oldest waiter first within a lane.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::counts::{Counts, HeldUp, Need};
use super::scope::Owner;
use super::{LATE_POLL_WAIT, OutOfBudget, POLL_WAIT, ROUTINE_WAIT, UNRECORDED};
use crate::domain::limits::{Ask, Cost, LimitScope, RequestLimits};
use crate::domain::observation::Timestamp;
use crate::domain::timeouts;
use crate::locked::Locked;
use crate::venue::{Budget, Lane, Permit};

/// What one credential may ask of its venue. All that draw on the same limits share
/// them, each in its turn.
#[derive(Clone, Debug)]
pub struct RequestBudget {
    limits: &'static RequestLimits,
    pub(super) member: Arc<Member>,
}

/// One of those who use a credential; what the credential has used is forgotten
/// with the last of them.
#[derive(Debug)]
pub(super) struct Member {
    owner: Owner,
    pub(super) shared: Arc<Shared>,
}

/// What is shared: by all credentials of an address where the venue counts the
/// address, and else by all that use one credential.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) origin: Instant,
    pub(super) state: Mutex<QueueState>,
    moved: Notify,
}

#[derive(Debug)]
pub(super) struct QueueState {
    pub(super) counts: Counts,
    /// Who waits, in the order in which they are served.
    pub(super) queue: BTreeMap<Place, Waiting>,
    next_ticket: u64,
    /// How many use each credential.
    members: BTreeMap<Owner, u32>,
    /// Whether what is not on record from before was counted.
    has_counted_earlier: bool,
}

/// A place in the queue: the most urgent lane first, then the oldest ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    lane: Reverse<Lane>,
    ticket: u64,
}

/// Somebody who waits, as the others see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    need: Need,
    /// When it gives up.
    deadline: Instant,
}

impl Shared {
    pub(super) fn new(limits: &'static RequestLimits) -> Shared {
        Shared {
            origin: Instant::now(),
            state: Mutex::new(QueueState {
                counts: Counts::new(limits, Duration::ZERO),
                queue: BTreeMap::new(),
                next_ticket: 0,
                members: BTreeMap::new(),
                has_counted_earlier: false,
            }),
            moved: Notify::new(),
        }
    }

    pub(super) fn since_origin(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.origin)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.locked()
    }
}

impl RequestBudget {
    /// A full budget that nobody else draws on.
    pub fn new(limits: &'static RequestLimits) -> RequestBudget {
        RequestBudget::sharing(Arc::new(Shared::new(limits)), limits, Owner::NOBODY)
    }

    /// The budget of one credential within what is shared.
    pub(super) fn sharing(
        shared: Arc<Shared>,
        limits: &'static RequestLimits,
        owner: Owner,
    ) -> RequestBudget {
        RequestBudget {
            limits,
            member: Arc::new(Member::new(owner, shared)),
        }
    }

    /// Waits for a permit to make one call. It is taken in the very moment in which
    /// this returns, so a call that is dropped takes nothing.
    ///
    /// # Errors
    /// When there is none within the longest wait of the lane, or, for a
    /// routine read, as soon as that is certain.
    pub async fn take(&self, lane: Lane, ask: Ask<'_>) -> Result<Permit, OutOfBudget> {
        self.take_cost(lane, self.limits.costs.of(ask)).await
    }

    /// The same for another request of a call, which takes this of the limits.
    ///
    /// # Errors
    /// As [`RequestBudget::take`].
    pub async fn take_cost(&self, lane: Lane, cost: Cost) -> Result<Permit, OutOfBudget> {
        let waiter = self.join(lane, cost);
        loop {
            // Registered before the attempt: a move between the attempt and the
            // wait is not missed.
            let mut moved = pin!(self.member.shared.moved.notified());
            moved.as_mut().enable();
            match waiter.attempt() {
                Attempt::Granted => return Ok(Permit { lane, cost }),
                Attempt::GaveUp => return Err(OutOfBudget),
                Attempt::NotBefore(at) => {
                    // Whether it was the time or a move that ended the wait,
                    // the next attempt finds out.
                    let _ = timeout_at(at, moved).await;
                }
            }
        }
    }

    /// Waits for a permit to poll the one account of a credential: like other reads that
    /// can wait, and once it is late before everything else.
    ///
    /// # Errors
    /// When there is none in time, or as soon as that is certain.
    pub async fn take_for_poll(&self) -> Result<Permit, OutOfBudget> {
        self.poll_from(Lane::Poll).await
    }

    /// The same for a poll of all accounts of a credential, which goes before reads of
    /// one of them.
    ///
    /// # Errors
    /// As [`RequestBudget::take_for_poll`].
    pub async fn take_for_poll_of_all(&self) -> Result<Permit, OutOfBudget> {
        self.poll_from(Lane::PollOfAll).await
    }

    async fn poll_from(&self, lane: Lane) -> Result<Permit, OutOfBudget> {
        match self.take(lane, Ask::Poll).await {
            Ok(permit) => Ok(permit),
            Err(OutOfBudget) => self.take(Lane::LatePoll, Ask::Poll).await,
        }
    }

    /// Counts a "too many requests" answer to a request of `lane`, which the venue
    /// says of this scope.
    pub fn turn_away(&self, scope: LimitScope, lane: Lane, pause: Duration) {
        let now = self.now();
        let mut state = self.member.shared.lock();
        state
            .counts
            .turn_away(scope, self.member.owner, lane, now, pause);
        drop(state);
        // Who waited for what is held now may have let others behind it by.
        self.member.shared.moved.notify_waiters();
    }

    /// The venue answers nothing for so long, as far as it said: nothing leaves
    /// before that, and what is most urgent at once after it.
    pub fn ban(&self, scope: LimitScope, lasts: Option<Duration>) {
        let now = self.now();
        self.member
            .shared
            .lock()
            .counts
            .ban(scope, self.member.owner, now, lasts);
        self.member.shared.moved.notify_waiters();
    }

    /// The venue, whose clock showed this, has answered what left with this permit, and
    /// tells by its headers how much is used; `header` gives the number in one.
    pub fn answered(
        &self,
        permit: &Permit,
        shown: Timestamp,
        header: impl Fn(&str) -> Option<u32>,
    ) {
        let need = self.need(permit.lane, permit.cost);
        let now = self.now();
        let mut state = self.member.shared.lock();
        let is_news = state.counts.answered(&need, now, shown, header);
        drop(state);
        // Who waits looks again only where there is something to see: with two
        // hundred accounts in the queue each answer would wake them all.
        if is_news {
            self.member.shared.moved.notify_waiters();
        }
    }

    /// Counts a request that a call made beside the one that it had a permit for.
    pub fn charge(&self, lane: Lane, cost: Cost) {
        let need = self.need(lane, cost);
        let now = self.now();
        self.member.shared.lock().counts.charge(&need, now);
    }

    /// Counts requests that left before this process began, and once those that
    /// are on no record.
    pub fn count_earlier(&self, requests: u32) {
        let now = self.now();
        let mut state = self.member.shared.lock();
        let unrecorded = if state.has_counted_earlier {
            0
        } else {
            UNRECORDED
        };
        state.has_counted_earlier = true;
        let requests = requests.saturating_add(unrecorded);
        state.counts.count_earlier(self.member.owner, requests, now);
    }

    /// What is left, by the count that plans go by.
    pub fn left(&self) -> Budget {
        let now = self.now();
        Budget {
            left: self
                .member
                .shared
                .lock()
                .counts
                .left(self.member.owner, now),
            capacity: self.limits.burst(),
            reserve: self.limits.reserve(),
        }
    }

    /// What the venue allows.
    pub fn limits(&self) -> &'static RequestLimits {
        self.limits
    }

    fn join(&self, lane: Lane, cost: Cost) -> Waiter<'_> {
        let wait = match lane {
            Lane::Watch | Lane::Routine => ROUTINE_WAIT,
            Lane::Poll | Lane::PollOfAll => POLL_WAIT,
            Lane::LatePoll => LATE_POLL_WAIT,
            Lane::Beside | Lane::Positions | Lane::Verify | Lane::Cancel | Lane::Close => {
                timeouts::QUEUED
            }
        };
        let deadline = Instant::now() + wait;
        let need = self.need(lane, cost);
        let mut state = self.member.shared.lock();
        let place = Place {
            lane: Reverse(lane),
            ticket: state.next_ticket,
        };
        state.next_ticket = state.next_ticket.wrapping_add(1);
        state.queue.insert(place, Waiting { need, deadline });
        Waiter {
            shared: &self.member.shared,
            place,
            need,
            deadline,
        }
    }

    fn need(&self, lane: Lane, cost: Cost) -> Need {
        Need {
            lane,
            owner: self.member.owner,
            cost,
        }
    }

    fn now(&self) -> Duration {
        self.member.shared.since_origin(Instant::now())
    }
}

impl Member {
    fn new(owner: Owner, shared: Arc<Shared>) -> Member {
        let now = shared.since_origin(Instant::now());
        let mut state = shared.lock();
        state.counts.add(owner, now);
        let members = state.members.entry(owner).or_default();
        *members = members.saturating_add(1);
        drop(state);
        Member { owner, shared }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let left = state.members.remove(&self.owner).unwrap_or_default();
        if left > 1 {
            state.members.insert(self.owner, left.saturating_sub(1));
        } else {
            state.counts.remove(self.owner);
        }
    }
}

/// Somebody in the queue; leaves it when dropped.
struct Waiter<'a> {
    shared: &'a Shared,
    place: Place,
    need: Need,
    deadline: Instant,
}

enum Attempt {
    Granted,
    GaveUp,
    NotBefore(Instant),
}

impl Waiter<'_> {
    fn attempt(&self) -> Attempt {
        let now = Instant::now();
        let at = self.shared.since_origin(now);
        let mut state = self.shared.lock();
        // A waiter whose task is no longer run must not hold up the others for
        // longer than it would have waited.
        state
            .queue
            .retain(|place, waiting| *place == self.place || waiting.deadline >= now);
        let QueueState { counts, queue, .. } = &mut *state;
        counts.advance(at);
        let mut ahead = queue.range(..self.place).map(|(_, waiting)| waiting);
        // Who is held by what the venue said holds up nobody else.
        let held_up = ahead.find_map(|waiting| {
            if counts.held(&waiting.need) > at {
                return None;
            }
            match counts.held_up(&waiting.need, &self.need, at) {
                HeldUp::Not => None,
                HeldUp::Until(until) => Some(self.shared.origin + until),
                HeldUp::UntilItLeaves => Some(waiting.deadline + Duration::from_millis(1)),
            }
        });
        let wake = match held_up {
            Some(until) => until,
            None => match counts.take(&self.need, at) {
                Ok(()) => return Attempt::Granted,
                Err(earliest) => {
                    let earliest = self.shared.origin + earliest;
                    if self.gives_up_early() && earliest > self.deadline {
                        return Attempt::GaveUp;
                    }
                    earliest
                }
            },
        };
        if now >= self.deadline {
            return Attempt::GaveUp;
        }
        Attempt::NotBefore(wake.min(self.deadline))
    }

    /// Whether it gives up as soon as it is certain that it would be too late.
    fn gives_up_early(&self) -> bool {
        matches!(self.need.lane, Lane::Watch | Lane::Routine | Lane::LatePoll)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.shared.lock().queue.remove(&self.place);
        self.shared.moved.notify_waiters();
    }
}
