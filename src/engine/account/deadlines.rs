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
        take_earlier(&mut self.wall, at, now.wall);
    }

    pub(in crate::engine) fn steady(&mut self, at: Option<Timestamp>, now: Now) {
        take_earlier(&mut self.steady, at, now.steady);
    }
}

/// Takes an instant that is in the future and earlier than the one so far.
fn take_earlier(earliest: &mut Option<Timestamp>, at: Option<Timestamp>, now: Timestamp) {
    if let Some(at) = at
        && at > now
        && earliest.is_none_or(|known| at < known)
    {
        *earliest = Some(at);
    }
}
