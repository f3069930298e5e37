//! I10: polls never stop for longer than the budget allows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use riskd::domain::observation::Timestamp;
use riskd::venue::budget::ROUTINE_WAIT;

use crate::invariants::Violation;

/// What the clocks of a run may differ by.
const SLACK: TimeDelta = TimeDelta::milliseconds(3);

/// For how long more what has left is known of.
const KEPT: TimeDelta = TimeDelta::seconds(30);

/// How often a ban is tried whose end the venue does not say.
const PROBE: TimeDelta = TimeDelta::seconds(2);

/// What a venue allows, as far as polls must count on it.
pub struct Budget {
    /// How much may leave in how long: requests, or what they weigh.
    pub per_window: usize,
    pub window: Duration,
    /// How long it takes until there is room for the next one.
    pub room_within: Duration,
    /// Whether all accounts share it.
    pub is_shared: bool,
    /// How much room there must be for a look at all orders, which leaves some to polls.
    pub look: usize,
    /// The header in which the venue says how much is used.
    pub told_by: Option<&'static str>,
}

/// What is known of a budget: by one desk, or by all that share it.
#[derive(Clone)]
pub struct Used {
    budget: &'static Budget,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// When how much has left within the window, the oldest first.
    left: VecDeque<(Timestamp, usize)>,
    /// Whether the venue answers nothing and does not say for how long.
    is_banned: bool,
    /// Before this no poll can leave: the venue said so, or the process stood still.
    not_before: Option<Timestamp>,
}

impl Used {
    /// Nothing has left.
    pub fn new(budget: &'static Budget) -> Used {
        Used {
            budget,
            known: Arc::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So much leaves.
    fn leave(&self, weight: usize, now: Timestamp) {
        let mut known = self.known();
        known.take(weight, now, self.budget);
        if known.is_banned {
            // One request at a time is tried, and its answer waited for.
            known.hold(now + PROBE);
        }
    }

    /// The venue has answered: that it answers nothing for a while, or something else,
    /// and how much is used since when, as far as it says that. It is believed where that
    /// is more.
    fn answered(&self, is_ban: bool, used: Option<(usize, Timestamp)>, now: Timestamp) {
        let mut known = self.known();
        known.is_banned = is_ban;
        if is_ban {
            known.hold(now + PROBE);
        }
        let sum = known.used(now, self.budget);
        let more = used.and_then(|(used, began)| Some((used.checked_sub(sum)?, began)));
        if let Some((more, began)) = more {
            known.take(more, began, self.budget);
        }
    }

    /// Until when polls are held: by the venue's word, since the process stands still,
    /// or until there is room for so much more.
    fn held_until(&self, weight: usize) -> Option<Timestamp> {
        let known = self.known();
        let room = self.budget.per_window - weight;
        let mut sum = 0;
        let last = known.left.iter().rev().find(|(_, weight)| {
            sum += weight;
            sum > room
        });
        let opens = last.map(|(at, _)| *at + span(self.budget.window));
        known.not_before.max(opens)
    }
}

impl Known {
    fn used(&self, now: Timestamp, budget: &Budget) -> usize {
        let over = now - span(budget.window);
        let recent = self.left.iter().filter(|(at, _)| *at >= over);
        recent.map(|(_, weight)| weight).sum()
    }

    fn take(&mut self, weight: usize, at: Timestamp, budget: &Budget) {
        let later = self.left.partition_point(|(known, _)| *known <= at);
        self.left.insert(later, (at, weight));
        let now = self.left.back().map_or(at, |(last, _)| *last);
        // What is over just now says until when there was no room.
        let over = now - span(budget.window) - KEPT;
        while self.left.pop_front_if(|(at, _)| *at < over).is_some() {}
    }

    fn hold(&mut self, until: Timestamp) {
        self.not_before = self.not_before.max(Some(until));
    }
}

/// The polls of one desk, in the venue's time.
pub struct Polls {
    used: Used,
    /// What a poll takes.
    weight: usize,
    /// Since when one is due and has not left.
    due: Option<Timestamp>,
}

fn span(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap()
}

impl Polls {
    /// Polls that take so much each of what is used together.
    pub fn new(used: Used, weight: usize) -> Polls {
        Polls {
            used,
            weight,
            due: None,
        }
    }

    /// A poll is to be made now.
    pub fn due(&mut self, now: Timestamp) {
        self.due.get_or_insert(now);
    }

    /// A request has left that is no poll.
    pub fn other_left(&mut self, weight: usize, now: Timestamp) {
        self.used.leave(weight, now);
    }

    /// How much is used in the window.
    pub fn used(&self, now: Timestamp) -> usize {
        self.used.known().used(now, self.used.budget)
    }

    /// A poll has left.
    pub fn left(&mut self, weight: usize, now: Timestamp) -> Result<(), Violation> {
        let due = self.due.take();
        let latest = due.map(|due| self.latest(due));
        self.other_left(weight, now);
        match (due, latest) {
            (Some(due), Some(latest)) if now > latest => {
                let late = (now - due).num_milliseconds();
                Err(format!("I10: a poll left {late} ms after it was due"))
            }
            _ => Ok(()),
        }
    }

    /// The poll that was due ended, and has learned nothing where it did not
    /// leave: there must be a reason why it could not.
    pub fn ended(&mut self, now: Timestamp) -> Result<(), Violation> {
        let Some(due) = self.due.take() else {
            return Ok(());
        };
        let is_held = self.held_until().is_some_and(|at| at > due);
        if is_held {
            return Ok(());
        }
        let waited = (now - due).num_milliseconds();
        Err(format!(
            "I10: a poll did not leave, and was given up after {waited} ms"
        ))
    }

    /// Polls are held for so long: by the venue's word, or since the process
    /// stands still.
    pub fn hold(&mut self, until: Timestamp) {
        self.used.known().hold(until);
    }

    /// The venue has answered: that it answers nothing for a while, or something else,
    /// and how much is used as far as it says that.
    pub fn answered(&mut self, is_ban: bool, used: Option<(usize, Timestamp)>, now: Timestamp) {
        self.used.answered(is_ban, used, now);
    }

    fn held_until(&self) -> Option<Timestamp> {
        self.used.held_until(self.weight)
    }

    /// From when on there is room for a look at all orders.
    pub fn can_look_from(&self) -> Option<Timestamp> {
        self.used.held_until(self.used.budget.look)
    }

    /// When a poll that is due must have left: it waits a second behind others,
    /// and then for the next token.
    fn latest(&self, due: Timestamp) -> Timestamp {
        let from = self.held_until().map_or(due, |held| held.max(due));
        from + span(ROUTINE_WAIT + self.used.budget.room_within) + SLACK
    }
}
