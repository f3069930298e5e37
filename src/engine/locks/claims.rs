//! What was asked of the locks of one account in this process, and what of the
//! record: the ends of locks follow from it, also when the wall clock turns out
//! to have been wrong.

use chrono::TimeDelta;

use super::Lock;
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::trade_date::TradeDate;
use crate::rules::book::Until;

/// How long a lock that time has ended is remembered, by the steady clock: a
/// clock that is wrong at boot is set right within minutes.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A lock of the record: nothing is known of it but its end.
    Before,
    /// A lock of this process.
    Here(Asking),
}

/// One who asks for a lock in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Until when.
    pub until: Until,
    /// When, by the steady clock.
    pub at: Timestamp,
    /// The session that had begun for the account then, and the open that ends
    /// it: the rules of that session stay as they are until then, though its
    /// calendar may have been ahead.
    pub begun: Option<(TradeDate, Timestamp)>,
}

/// A lock that was asked for, on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) kind: LockKind,
    pub(super) asked: Asked,
    pub(super) lock: Lock,
    /// When time had ended the lock that it belonged to, by the steady clock.
    pub(super) ended: Option<Timestamp>,
}

impl Claim {
    /// Whether the time that was asked for is not over. A duration goes by the
    /// steady clock. An instant of a calendar must have passed by both: a wall
    /// clock that was set forward ends no lock early.
    pub(super) fn holds(&self, now: Now) -> bool {
        match self.steady_end() {
            Some(end) => now.steady < end,
            None => !self.lock.end.is_over(now.wall.min(now.steady)),
        }
    }

    /// When a duration is over, by the steady clock.
    fn steady_end(&self) -> Option<Timestamp> {
        match self.asked {
            Asked::Here(Asking {
                until: Until::For(span),
                at,
                ..
            }) => at.checked_add_signed(span),
            Asked::Here(_) | Asked::Before => None,
        }
    }

    /// When it ends by the wall clock and by the steady one, as far as time ends
    /// it.
    pub(super) fn deadlines(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match (self.ended, self.steady_end(), self.lock.end) {
            (Some(_), ..) | (None, None, LockEnd::Manual) => (None, None),
            (None, Some(end), _) => (None, Some(end)),
            (None, None, LockEnd::At(end)) => (Some(end), Some(end)),
        }
    }

    /// Whether this claim holds as long as the other one, whatever the wall
    /// clock turns out to be.
    pub(super) fn stands_in_for(&self, other: &Claim) -> bool {
        let (Asked::Here(this), Asked::Here(old)) = (self.asked, other.asked) else {
            return false;
        };
        let holds_as_long = match (this.until, old.until) {
            (Until::For(_), Until::For(_)) => self.steady_end() >= other.steady_end(),
            (this_until, old_until) => this_until == old_until && this.at >= old.at,
        };
        self.kind == other.kind && holds_as_long
    }

    /// Whether nothing can bring it back any more.
    pub(super) fn is_forgotten(&self, now: Now) -> bool {
        self.ended
            .is_some_and(|ended| now.since(ended) > REMEMBERED)
    }
}
