//! The request budget of one credential: what the venue allows, with a part of
//! it kept for protection.
//!
//! [`Bucket`] is the arithmetic: exact, without a clock. [`RequestBudget`] is
//! the queue in front of it: it hands out one permit for each request, the
//! most urgent lane first and the oldest waiter first within a lane.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{Budget, Lane};

/// Requests allowed at once after a rest (CrossTrade docs, rate limiting page).
pub const CAPACITY: u32 = 20;
/// Requests that come back each second (same page).
pub const REFILL_PER_SECOND: u32 = 3;
/// The part of the capacity, and of the rolling count, that routine reads
/// leave alone.
pub const RESERVE: u32 = 10;
/// Requests allowed in any rolling [`WINDOW`], protective ones included.
pub const PER_WINDOW: u32 = 180;
/// The rolling window: a minute, and a second more because requests do not all
/// take the same time to arrive.
pub const WINDOW: Duration = Duration::from_secs(61);

/// The longest wait of a routine read; the next poll is due by then.
pub const ROUTINE_WAIT: Duration = Duration::from_secs(1);
/// The longest wait of a read that enforcement waits for.
pub const VERIFY_WAIT: Duration = Duration::from_secs(5);
/// The longest wait of a protective request; after it nothing was sent.
pub const PROTECTIVE_WAIT: Duration = Duration::from_secs(10);
/// The longest time for which a venue's "too many requests" is believed.
pub const LONGEST_PENALTY: Duration = Duration::from_secs(30);

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
    closed_until: Duration,
    granted: VecDeque<Duration>,
}

impl Bucket {
    /// A full bucket at `now`.
    pub fn new(now: Duration) -> Bucket {
        Bucket {
            parts: FULL,
            filled_at: now,
            closed_until: Duration::ZERO,
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

    /// Takes the bucket as empty, and closed until `until`: the venue said that
    /// too much was asked. It refills meanwhile, as the venue's own does.
    pub fn penalize(&mut self, now: Duration, until: Duration) {
        self.advance(now);
        self.parts = 0;
        let latest = now.saturating_add(LONGEST_PENALTY);
        self.closed_until = self.closed_until.max(until.min(latest));
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
            Lane::Routine => RESERVE,
            Lane::Verify | Lane::Cancel | Lane::Overdue | Lane::Protective => 0,
        };
        let needed = TOKEN.saturating_mul(u64::from(kept.saturating_add(1)));
        let missing = needed.saturating_sub(self.parts);
        let filled = now.saturating_add(Duration::from_nanos(
            missing.div_ceil(u64::from(REFILL_PER_SECOND)),
        ));
        filled
            .max(self.closed_until)
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
    pub async fn take(&self, lane: Lane) -> Result<(), OutOfBudget> {
        let waiter = self.join(lane);
        loop {
            // Registered before the attempt: a move between the attempt and the
            // wait is not missed.
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            match waiter.attempt() {
                Attempt::Granted => return Ok(()),
                Attempt::GaveUp => return Err(OutOfBudget),
                Attempt::NotBefore(at) => {
                    // Whether it was the time or a move that ended the wait,
                    // the next attempt finds out.
                    let _ = timeout_at(at, moved).await;
                }
            }
        }
    }

    /// Counts a "too many requests" answer: nothing is sent for `pause`.
    pub fn penalize(&self, pause: Duration) {
        let now = self.since_origin(Instant::now());
        let until = now.saturating_add(pause);
        self.lock().bucket.penalize(now, until);
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
            Lane::Routine => ROUTINE_WAIT,
            Lane::Verify | Lane::Overdue => VERIFY_WAIT,
            Lane::Cancel | Lane::Protective => PROTECTIVE_WAIT,
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
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        let wake = match state.queue.first_key_value() {
            Some((first, deadline)) if *first != self.place => *deadline + Duration::from_millis(1),
            _ => {
                let since_origin = self.budget.since_origin(now);
                match state.bucket.take(lane, since_origin) {
                    Ok(()) => return Attempt::Granted,
                    Err(earliest) => {
                        let earliest = self.budget.origin + earliest;
                        if lane == Lane::Routine && earliest > self.deadline {
                            return Attempt::GaveUp;
                        }
                        earliest
                    }
                }
            }
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
