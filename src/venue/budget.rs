//! The request budget of one credential: what the venue allows, with a part of
//! it kept for protection.
//!
//! [`Bucket`] is the arithmetic: exact, without a clock. [`RequestBudget`] is
//! the queue in front of it: it hands out one permit for each request, the
//! most urgent lane first and the oldest waiter first within a lane.

mod scope;

pub use scope::{Scope, shared};

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{Budget, Lane, Permit};
use crate::domain::timeouts;
use crate::locked::Locked;

/// Requests allowed at once after a rest (CrossTrade docs, rate limiting page).
pub const CAPACITY: u32 = 20;
/// Requests that come back each second (same page).
pub const REFILL_PER_SECOND: u32 = 3;
/// The part of the capacity, and of the rolling count, that routine reads leave
/// alone: so many accounts can be closed at once.
pub const RESERVE: u32 = 18;
/// The part that cancels beside a close leave alone.
const BESIDE_RESERVE: u32 = 10;
/// How long a request stays on the venue's count: from empty to full.
pub const REMEMBERED: Duration = Duration::from_secs(7);
/// Requests of a process before this one that may not be on its record: polls
/// and reads, one a second as long as the venue remembers.
const UNRECORDED: u32 = 7;
/// Requests allowed in any rolling [`WINDOW`], protective ones included.
pub const PER_WINDOW: u32 = 180;
/// The rolling window: a minute, and a second more because requests do not all
/// take the same time to arrive.
pub const WINDOW: Duration = Duration::from_secs(61);

/// The longest wait of a routine read.
pub const ROUTINE_WAIT: Duration = Duration::from_secs(1);
/// How long a poll waits before it is late: with a second between two polls, and a
/// third of one for the next permit, none is more than two seconds after the one
/// before it.
pub const POLL_WAIT: Duration = Duration::from_millis(650);
/// The longest wait of a late poll.
pub const LATE_POLL_WAIT: Duration = Duration::from_secs(5);
/// The longest time for which a venue's "too many requests" is believed.
pub const LONGEST_PENALTY: Duration = Duration::from_secs(30);

/// How often what cannot wait is tried within a pause that the venue asks for.
const TRIES_IN_A_PAUSE: u32 = 3;
/// By how much a venue may round up what is left of a pause.
const ROUNDING: Duration = Duration::from_secs(1);

/// A token is this many parts, so that a nanosecond refills a whole number.
const TOKEN: u64 = 1_000_000_000;
/// Parts in a full bucket.
const FULL: u64 = TOKEN * CAPACITY as u64;

/// A token bucket with a rolling count. Time is an argument: the time since
/// some fixed instant, never going backwards.
#[derive(Clone, Debug)]
pub struct Bucket {
    parts: u64,
    filled_at: Duration,
    /// Until when what can wait is held, because the venue said so.
    held_until: Duration,
    /// Until when nothing leaves.
    closed_until: Duration,
    /// How far apart the tries are within the pause that the venue asked for.
    try_every: Duration,
    granted: VecDeque<Duration>,
}

impl Bucket {
    /// A full bucket at `now`.
    pub fn new(now: Duration) -> Bucket {
        Bucket {
            parts: FULL,
            filled_at: now,
            held_until: Duration::ZERO,
            closed_until: Duration::ZERO,
            try_every: Duration::ZERO,
            granted: VecDeque::with_capacity(PER_WINDOW as usize),
        }
    }

    /// Takes one token for `lane`.
    ///
    /// # Errors
    /// When there is none for this lane, the earliest time at which there can
    /// be one; nothing was taken.
    pub fn take(&mut self, lane: Lane, now: Duration) -> Result<(), Duration> {
        self.advance(now);
        let earliest = self.earliest(lane, now);
        if earliest > now {
            return Err(earliest);
        }
        self.parts = self.parts.saturating_sub(TOKEN);
        self.granted.push_back(now);
        Ok(())
    }

    /// Takes the bucket as empty, because the venue said to a request of `lane`
    /// that too much was asked, and to come back after `pause`. What can wait is
    /// held that long. What cannot tries three times meanwhile, and as soon as
    /// the bucket allows where only what can wait was turned away: that another
    /// poll is one too many says nothing of a close. It refills meanwhile, as the
    /// venue's own does.
    pub fn penalize(&mut self, lane: Lane, now: Duration, pause: Duration) {
        self.advance(now);
        self.parts = 0;
        let pause = pause.min(LONGEST_PENALTY);
        let ends = now.saturating_add(pause);
        // A venue that says how much of its pause is left has begun no new one; it
        // may say so in whole seconds.
        let is_same = self.held_until > now && ends <= self.held_until.saturating_add(ROUNDING);
        if !is_same {
            self.try_every = pause / (TRIES_IN_A_PAUSE + 1);
        }
        self.held_until = self.held_until.max(ends);
        if !lane.can_wait() {
            let next = now.saturating_add(self.try_every);
            self.closed_until = self.closed_until.max(next);
        }
    }

    /// Takes out what was sent before this process began or by another one, and
    /// what may not be on record; one request is always left, where one was.
    pub fn count_earlier(&mut self, requests: u32) {
        let spent = u64::from(requests).saturating_mul(TOKEN);
        let least = self.parts.min(TOKEN);
        self.parts = self.parts.saturating_sub(spent).max(least);
    }

    /// Until when a lane is held by what the venue said.
    fn held(&self, lane: Lane) -> Duration {
        if lane.can_wait() {
            self.held_until.max(self.closed_until)
        } else {
            self.closed_until
        }
    }

    /// How many requests could be sent at `now`.
    pub fn left(&mut self, now: Duration) -> u32 {
        self.advance(now);
        if self.closed_until > now {
            return 0;
        }
        let tokens = u32::try_from(self.parts / TOKEN).unwrap_or(CAPACITY);
        tokens.min(PER_WINDOW.saturating_sub(self.used()))
    }

    /// When `lane` may take a token, if nobody else does before: `now` or later.
    fn earliest(&self, lane: Lane, now: Duration) -> Duration {
        let kept = match lane {
            Lane::Watch | Lane::Routine => RESERVE,
            Lane::Beside => BESIDE_RESERVE,
            Lane::Poll
            | Lane::LatePoll
            | Lane::Positions
            | Lane::Verify
            | Lane::Cancel
            | Lane::Close => 0,
        };
        let needed = TOKEN.saturating_mul(u64::from(kept.saturating_add(1)));
        let missing = needed.saturating_sub(self.parts);
        let filled = now.saturating_add(Duration::from_nanos(
            missing.div_ceil(u64::from(REFILL_PER_SECOND)),
        ));
        filled
            .max(self.held(lane))
            .max(self.window_opens(PER_WINDOW.saturating_sub(kept)))
    }

    /// When fewer than `most` grants lie in the rolling window.
    fn window_opens(&self, most: u32) -> Duration {
        let surplus = self
            .granted
            .len()
            .checked_sub(most as usize)
            .and_then(|index| self.granted.get(index));
        match surplus {
            Some(oldest) => oldest
                .saturating_add(WINDOW)
                .saturating_add(Duration::from_nanos(1)),
            None => Duration::ZERO,
        }
    }

    fn used(&self) -> u32 {
        u32::try_from(self.granted.len()).unwrap_or(u32::MAX)
    }

    /// Brings the level and the rolling count to `now`.
    fn advance(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.filled_at).as_nanos();
        let refill = u64::try_from(elapsed)
            .unwrap_or(u64::MAX)
            .saturating_mul(u64::from(REFILL_PER_SECOND));
        self.parts = self.parts.saturating_add(refill).min(FULL);
        self.filled_at = self.filled_at.max(now);
        while self
            .granted
            .front()
            .is_some_and(|granted| now.saturating_sub(*granted) > WINDOW)
        {
            self.granted.pop_front();
        }
    }
}

/// The budget of one credential, shared by everything that uses it.
#[derive(Debug)]
pub struct RequestBudget {
    origin: Instant,
    state: Mutex<State>,
    /// Told whenever somebody leaves the queue.
    moved: Notify,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    /// Waiters in the order in which they are served, each with the instant
    /// at which it gives up.
    queue: BTreeMap<Place, Instant>,
    next_ticket: u64,
    /// Whether what is not on record from before was counted.
    has_counted_earlier: bool,
}

/// A place in the queue: the most urgent lane first, then the oldest ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    lane: std::cmp::Reverse<Lane>,
    ticket: u64,
}

/// No permit was to be had in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("riskd's own request budget is used up")]
pub struct OutOfBudget;

impl Default for RequestBudget {
    fn default() -> RequestBudget {
        RequestBudget::new()
    }
}

impl RequestBudget {
    /// A full budget.
    pub fn new() -> RequestBudget {
        RequestBudget {
            origin: Instant::now(),
            state: Mutex::new(State {
                bucket: Bucket::new(Duration::ZERO),
                queue: BTreeMap::new(),
                next_ticket: 0,
                has_counted_earlier: false,
            }),
            moved: Notify::new(),
        }
    }

    /// Waits for a permit to send one request. The token is taken in the very
    /// moment in which this returns, so a call that is dropped takes none.
    ///
    /// # Errors
    /// When there is none within the longest wait of the lane, or, for a
    /// routine read, as soon as that is certain.
    pub async fn take(&self, lane: Lane) -> Result<Permit, OutOfBudget> {
        let waiter = self.join(lane);
        loop {
            // Registered before the attempt: a move between the attempt and the
            // wait is not missed.
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            match waiter.attempt() {
                Attempt::Granted => return Ok(Permit { lane }),
                Attempt::GaveUp => return Err(OutOfBudget),
                Attempt::NotBefore(at) => {
                    // Whether it was the time or a move that ended the wait,
                    // the next attempt finds out.
                    let _ = timeout_at(at, moved).await;
                }
            }
        }
    }

    /// Waits for a permit to poll: like other reads that can wait, and once it is
    /// late before everything else.
    ///
    /// # Errors
    /// When there is none in time, or as soon as that is certain.
    pub async fn take_for_poll(&self) -> Result<Permit, OutOfBudget> {
        match self.take(Lane::Poll).await {
            Ok(permit) => Ok(permit),
            Err(OutOfBudget) => self.take(Lane::LatePoll).await,
        }
    }

    /// Counts a "too many requests" answer to a request of `lane`.
    pub fn penalize(&self, lane: Lane, pause: Duration) {
        let now = self.since_origin(Instant::now());
        self.lock().bucket.penalize(lane, now, pause);
        // Who waited for what is held now may have let others behind it by.
        self.moved.notify_waiters();
    }

    /// Counts requests that left before this process began, and once those that
    /// are on no record.
    pub fn count_earlier(&self, requests: u32) {
        let mut state = self.lock();
        let unrecorded = if state.has_counted_earlier {
            0
        } else {
            UNRECORDED
        };
        state.has_counted_earlier = true;
        state
            .bucket
            .count_earlier(requests.saturating_add(unrecorded));
    }

    /// What is left.
    pub fn left(&self) -> Budget {
        let now = self.since_origin(Instant::now());
        Budget {
            left: self.lock().bucket.left(now),
            capacity: CAPACITY,
            reserve: RESERVE,
        }
    }

    fn join(&self, lane: Lane) -> Waiter<'_> {
        let wait = match lane {
            Lane::Watch | Lane::Routine => ROUTINE_WAIT,
            Lane::Poll => POLL_WAIT,
            Lane::LatePoll => LATE_POLL_WAIT,
            Lane::Beside | Lane::Positions | Lane::Verify | Lane::Cancel | Lane::Close => {
                timeouts::QUEUED
            }
        };
        let deadline = Instant::now() + wait;
        let mut state = self.lock();
        let place = Place {
            lane: std::cmp::Reverse(lane),
            ticket: state.next_ticket,
        };
        state.next_ticket = state.next_ticket.wrapping_add(1);
        state.queue.insert(place, deadline);
        Waiter {
            budget: self,
            place,
            deadline,
        }
    }

    fn since_origin(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.origin)
    }

    /// The state is consistent after every statement that changes it, so a
    /// panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.locked()
    }
}

/// Somebody in the queue; leaves it when dropped.
struct Waiter<'a> {
    budget: &'a RequestBudget,
    place: Place,
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
        let mut state = self.budget.lock();
        // A waiter whose task is no longer run must not hold up the others for
        // longer than it would have waited.
        state
            .queue
            .retain(|place, deadline| *place == self.place || *deadline >= now);
        let lane = self.place.lane.0;
        let since_origin = self.budget.since_origin(now);
        let State { bucket, queue, .. } = &mut *state;
        // Who is held by what the venue said holds up nobody else.
        let first = queue
            .iter()
            .find(|(place, _)| **place == self.place || bucket.held(place.lane.0) <= since_origin)
            .filter(|(place, _)| **place != self.place);
        let wake = match first {
            Some((_, deadline)) => *deadline + Duration::from_millis(1),
            None => match bucket.take(lane, since_origin) {
                Ok(()) => return Attempt::Granted,
                Err(earliest) => {
                    let earliest = self.budget.origin + earliest;
                    let gives_up_early =
                        matches!(lane, Lane::Watch | Lane::Routine | Lane::LatePoll);
                    if gives_up_early && earliest > self.deadline {
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
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.budget.lock().queue.remove(&self.place);
        self.budget.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
