//! I10: polls never stop for longer than the budget allows.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::TimeDelta;
use riskd::domain::observation::Timestamp;
use riskd::venue::budget::ROUTINE_WAIT;

use crate::invariants::Violation;

/// What the clocks of a run may differ by.
const SLACK: TimeDelta = TimeDelta::milliseconds(3);

/// How often a ban is tried whose end the venue does not say.
const PROBE: TimeDelta = TimeDelta::seconds(2);

/// What a venue allows, as far as polls must count on it.
pub struct Budget {
    /// How many requests may leave in how long.
    pub per_window: usize,
    pub window: Duration,
    /// How long it takes until there is room for the next one.
    pub room_within: Duration,
}

/// The polls of one desk, in the venue's time.
pub struct Polls {
    budget: &'static Budget,
    /// Whether the venue answers nothing and does not say for how long.
    is_banned: bool,
    /// Since when one is due and has not left.
    due: Option<Timestamp>,
    /// Before this no poll can leave: the venue said so, or the process stood
    /// still.
    not_before: Option<Timestamp>,
    /// When the last requests left, as many as the budget allows in its window.
    left: VecDeque<Timestamp>,
}

fn span(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap()
}

impl Polls {
    /// Nothing has left.
    pub fn new(budget: &'static Budget) -> Polls {
        Polls {
            budget,
            is_banned: false,
            due: None,
            not_before: None,
            left: VecDeque::new(),
        }
    }

    /// A poll is to be made now.
    pub fn due(&mut self, now: Timestamp) {
        self.due.get_or_insert(now);
    }

    /// A request has left that is no poll.
    pub fn other_left(&mut self, now: Timestamp) {
        if self.left.len() >= self.budget.per_window {
            self.left.pop_front();
        }
        self.left.push_back(now);
        if self.is_banned {
            // One request at a time is tried, and its answer waited for.
            self.hold(now + PROBE);
        }
    }

    /// A poll has left.
    pub fn left(&mut self, now: Timestamp) -> Result<(), Violation> {
        let due = self.due.take();
        let latest = due.map(|due| self.latest(due));
        self.other_left(now);
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
        self.not_before = self.not_before.max(Some(until));
    }

    /// The venue has answered: that it answers nothing for a while, or something else.
    pub fn answered(&mut self, is_ban: bool, now: Timestamp) {
        self.is_banned = is_ban;
        if is_ban {
            self.hold(now + PROBE);
        }
    }

    /// When the rolling count has room again, if it had none.
    fn window_opens(&self) -> Option<Timestamp> {
        let is_full = self.left.len() >= self.budget.per_window;
        self.left
            .front()
            .filter(|_| is_full)
            .map(|oldest| *oldest + span(self.budget.window))
    }

    fn held_until(&self) -> Option<Timestamp> {
        self.not_before.max(self.window_opens())
    }

    /// When a poll that is due must have left: it waits a second behind others,
    /// and then for the next token.
    fn latest(&self, due: Timestamp) -> Timestamp {
        let from = self.held_until().map_or(due, |held| held.max(due));
        from + span(ROUTINE_WAIT + self.budget.room_within) + SLACK
    }
}
