//! For how long nothing leaves because the venue said so.

use std::time::Duration;

use crate::venue::Lane;

/// How often what cannot wait is tried within a pause that the venue asks for.
const TRIES_IN_A_PAUSE: u32 = 3;
/// By how much a venue may round up what is left of a pause.
const ROUNDING: Duration = Duration::from_secs(1);
/// How often a ban is tried whose end the venue did not say.
pub const PROBE: Duration = Duration::from_secs(2);
/// The longest ban that is believed: a few days are the longest that any venue
/// documents.
const LONGEST_BAN: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// What a venue said about asking again. All times are since a fixed instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Pause {
    /// Until when what can wait is held.
    held_until: Duration,
    /// Until when what cannot wait is held.
    closed_until: Duration,
    /// How far apart the tries are within the pause that the venue asked for.
    try_every: Duration,
    /// Until when nothing at all leaves.
    banned_until: Duration,
    /// Whether the end of the ban is not known, so that one request at a time is
    /// tried.
    is_probed: bool,
}

impl Pause {
    /// Until when a lane is held.
    pub(super) fn held(&self, lane: Lane) -> Duration {
        let paused = if lane.can_wait() {
            self.held_until.max(self.closed_until)
        } else {
            self.closed_until
        };
        paused.max(self.banned_until)
    }

    /// The venue said to a request of `lane` that too much was asked, and to come
    /// back after `pause`. What can wait is held that long. What cannot tries three
    /// times meanwhile, and as soon as there is room where only what can wait was
    /// turned away: that another poll is one too many says nothing of a close.
    pub(super) fn begin(&mut self, lane: Lane, now: Duration, pause: Duration) {
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

    /// The venue answers nothing for so long; `None` when it did not say for how
    /// long. Asking meanwhile would make it longer.
    pub(super) fn ban(&mut self, now: Duration, lasts: Option<Duration>) {
        let ends = now.saturating_add(lasts.unwrap_or(PROBE).min(LONGEST_BAN));
        self.banned_until = self.banned_until.max(ends);
        self.is_probed = lasts.is_none() && (self.is_probed || self.banned_until == ends);
    }

    /// A request leaves: while it is not known whether the ban is over, none leaves
    /// behind it before there was time for an answer.
    pub(super) fn leave(&mut self, now: Duration) {
        if self.is_probed {
            self.banned_until = self.banned_until.max(now.saturating_add(PROBE));
        }
    }

    /// The venue has answered: a ban whose end it did not say is over. Says whether
    /// there was one.
    pub(super) fn answered(&mut self, now: Duration) -> bool {
        let was_probed = std::mem::take(&mut self.is_probed);
        if was_probed {
            self.banned_until = self.banned_until.min(now);
        }
        was_probed
    }
}
