//! When time alone may change something.

use crate::domain::now::Now;
use crate::domain::observation::Timestamp;

/// The next instants at which time alone may change something.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Deadlines {
    /// By the wall clock.
    pub(in crate::engine) wall: Option<Timestamp>,
    /// By the steady clock.
    pub(in crate::engine) steady: Option<Timestamp>,
}

impl Deadlines {
    pub(in crate::engine) fn wall(&mut self, at: Option<Timestamp>, now: Now) {
        self.wall = earliest(self.wall, at.filter(|at| *at > now.wall));
    }

    pub(in crate::engine) fn steady(&mut self, at: Option<Timestamp>, now: Now) {
        self.steady = earliest(self.steady, at.filter(|at| *at > now.steady));
    }
}

fn earliest(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}
