//! Watching an account for a while after it was proven flat: what undoes that is
//! seen early.

use chrono::TimeDelta;

use super::{Enforcement, FIRST_WAIT, Reading, Step, after};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;

/// Between two looks at an account that is watched after it was proven flat.
const WATCH_EVERY: TimeDelta = TimeDelta::seconds(1);
/// The same, of one that was opened again from outside meanwhile.
const WATCH_CLOSELY_EVERY: TimeDelta = TimeDelta::milliseconds(250);
/// How old what is known of its working orders may be: close looks at positions
/// leave nothing of the budget to the reads of orders that can wait.
const WATCH_ORDERS_EVERY: TimeDelta = TimeDelta::seconds(5);

/// The watch over one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    until: Option<Timestamp>,
    /// Whether the account was opened again from outside since it is watched.
    is_reopened: bool,
}

impl Watch {
    pub(super) fn is_on(&self) -> bool {
        self.until.is_some()
    }

    pub(super) fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// How long lies between two looks.
    pub(super) fn every(&self) -> TimeDelta {
        if self.is_reopened {
            WATCH_CLOSELY_EVERY
        } else {
            WATCH_EVERY
        }
    }

    fn pass_time(&mut self, now: Now) {
        if self.until.is_some_and(|until| until <= now.steady) {
            *self = Watch::default();
        }
    }
}

impl Enforcement {
    /// The account was proven flat and quiet: it is watched from now on.
    pub(super) fn begin_watch(&mut self, now: Now) {
        self.watch.until = Some(after(now, self.profile.watch_after_flat));
        self.looks.set_next(after(now, FIRST_WAIT));
    }

    /// Nothing is asked for: the account is watched for a while.
    pub(super) fn stand_by(&mut self, now: Now) -> Vec<Step> {
        self.watch.pass_time(now);
        if !self.watch.is_on() || self.looks.is_any_asked() {
            return Vec::new();
        }
        self.looks.ask_when_due(self.watched(now), now)
    }

    /// What is looked at next of an account that is watched.
    fn watched(&self, now: Now) -> Reading {
        if !self.watch.is_reopened {
            return Reading::Watch;
        }
        let seen = self.evidence.orders_seen_at();
        if seen.is_some_and(|seen| now.since(seen) < WATCH_ORDERS_EVERY) {
            Reading::CloseWatch
        } else {
            Reading::WatchOrders
        }
    }

    /// The account was opened again from outside: it is watched as closely as the
    /// budget allows until it has been left alone for as long as it is watched.
    pub fn note_reopened(&mut self) {
        self.watch.is_reopened = true;
    }
}
