//! When time alone may change something.

use chrono::TimeDelta;

use super::AccountRun;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::engine::conditions;

/// How long a scheduled time is true before it is looked at again.
const MOMENT: TimeDelta = TimeDelta::seconds(1);

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

impl AccountRun {
    /// The next instants at which time alone may change something: by the wall
    /// clock, and by the steady clock. Instants that are not in the future have
    /// been dealt with.
    pub(in crate::engine) fn deadlines(
        &self,
        now: Now,
        stale_after: Option<TimeDelta>,
    ) -> Deadlines {
        let mut next = Deadlines::default();
        if let Some(session) = self.ledger.current() {
            next.wall(Some(session.close), now);
            next.wall(Some(session.next_open), now);
        }
        for (wall, steady) in self.guard.locks().deadlines() {
            next.wall(wall, now);
            next.steady(steady, now);
        }
        next.steady(self.guard.enforcement().deadline(), now);
        if let (Some(limit), Some(at)) = (stale_after, self.view.at()) {
            next.steady(at.checked_add_signed(limit), now);
        }
        let context = self.context(now);
        for run in self.rules.iter() {
            let condition = &run.rule.when;
            next.wall(run.clocks.until(), now);
            next.wall(conditions::wall_deadline(condition, &context), now);
            next.steady(conditions::steady_deadline(condition, &context), now);
            next.steady(run.state.steady_deadline(&run.rule), now);
            if run.clocks.has_due_time() {
                // A scheduled time is true for a moment, and the next one is
                // known only once that is over.
                next.steady(now.steady.checked_add_signed(MOMENT), now);
            }
        }
        next
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
