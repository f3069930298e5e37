//! Looking at the account: one read at a time, at the time that it is due.

use chrono::TimeDelta;

use super::{Enforcement, FIRST_WAIT, Reading, Step, after, pace, plus};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::timeouts;

/// Failed reads in a row before the writes are repeated without a read: cancel
/// and flatten are safe to repeat, and the venue may still carry them out.
const BLIND_REPEAT_AFTER: u32 = 3;
/// Between two looks at a position that a close may still be filling.
const LOOK_AT_FILLING: TimeDelta = TimeDelta::milliseconds(500);

/// The reads of one account: the one that is asked for, and when the next one is due.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    asked: Option<Look>,
    /// The earliest time of the next look.
    next: Option<Timestamp>,
    last_number: u64,
    /// Verification reads in a row that learned nothing.
    failed: u32,
}

/// A read that is asked for.
#[derive(Clone, Copy, Debug)]
struct Look {
    number: u64,
    what: Reading,
    asked_at: Timestamp,
    /// When it left riskd, once it is known to have.
    left_at: Option<Timestamp>,
}

impl Look {
    /// When its answer is not waited for any more.
    fn is_lost_at(&self) -> Timestamp {
        match self.left_at {
            Some(left) => plus(left, timeouts::ANSWER),
            None => plus(self.asked_at, timeouts::FORGOTTEN),
        }
    }
}

impl Looks {
    /// Enforcement begins anew. A look of the watch is none that proves anything.
    pub(super) fn begin(&mut self) {
        self.asked = None;
        self.next = None;
        self.failed = 0;
    }

    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    pub(super) fn is_any_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// What is being looked at.
    fn what(&self) -> Option<Reading> {
        self.asked.map(|look| look.what)
    }

    fn is_asked(&self, number: u64) -> bool {
        self.asked.is_some_and(|look| look.number == number)
    }

    /// The read that was asked for has ended; gives what it looked at.
    fn end(&mut self) -> Option<Reading> {
        self.asked.take().map(|look| look.what)
    }

    /// Takes back a look of an account of which nothing is asked any more.
    pub(super) fn withdraw_needless(&mut self) -> Option<Step> {
        let needless = self.asked.take_if(|look| !look.what.is_watch())?;
        Some(Step::WithdrawRead {
            read: needless.number,
        })
    }

    /// Takes back a look that has not left. One that has left is waited for: it
    /// learns something all the same.
    fn withdraw_unsent(&mut self) -> Vec<Step> {
        let unsent = self.asked.take_if(|look| look.left_at.is_none());
        let withdrawn = unsent.map(|look| Step::WithdrawRead { read: look.number });
        withdrawn.into_iter().collect()
    }

    /// Gives up a look whose answer does not come any more; whether there was one.
    pub(super) fn give_up_lost(&mut self, now: Now) -> bool {
        let is_lost = |look: &mut Look| look.is_lost_at() <= now.steady;
        let is_any = self.asked.take_if(is_lost).is_some();
        if is_any {
            self.failed = self.failed.saturating_add(1);
        }
        is_any
    }

    /// The next look is due at this time.
    pub(super) fn set_next(&mut self, at: Timestamp) {
        self.next = Some(at);
    }

    /// The next look is due at this time or later.
    pub(super) fn put_off_until(&mut self, at: Timestamp) {
        self.next = self.next.max(Some(at));
    }

    /// Asks for a look once it is due.
    pub(super) fn ask_when_due(&mut self, what: Reading, now: Now) -> Vec<Step> {
        if self.next.is_some_and(|at| at > now.steady) {
            return Vec::new();
        }
        self.next = None;
        self.last_number = self.last_number.saturating_add(1);
        self.asked = Some(Look {
            number: self.last_number,
            what,
            asked_at: now.steady,
            left_at: None,
        });
        vec![Step::Read {
            read: self.last_number,
            what,
        }]
    }

    /// When the look that is asked for is given up.
    pub(super) fn lost_at(&self) -> Option<Timestamp> {
        self.asked.map(|look| look.is_lost_at())
    }

    /// When the next look is due, while none is asked for.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.next.filter(|_| self.asked.is_none())
    }
}

impl Enforcement {
    /// A read has left riskd at this time.
    pub fn read_left(&mut self, read: u64, at: Timestamp) {
        let asked = self.looks.asked.as_mut();
        if let Some(look) = asked.filter(|look| look.number == read) {
            look.left_at = Some(at);
        }
    }

    /// Whether this is the read that is waited for.
    pub fn awaits_read(&self, number: u64) -> bool {
        self.looks.is_asked(number)
    }

    /// Whether this is the read of an account that is only watched.
    pub fn is_watching(&self, number: u64) -> bool {
        self.looks.is_asked(number) && self.looks.what().is_some_and(Reading::is_watch)
    }

    /// The read that is waited for has ended and shown something.
    pub fn read_ended(&mut self, now: Now) -> Vec<Step> {
        if self.looks.end().is_some_and(Reading::is_watch) {
            self.looks.set_next(after(now, self.watch.every()));
        } else {
            self.looks.failed = 0;
        }
        self.advance(now)
    }

    /// The read that is waited for learned nothing; `is_busy` when no request was
    /// allowed, which says nothing of the account.
    pub fn read_failed(&mut self, is_busy: bool, now: Now) -> Vec<Step> {
        self.requests.pass_time(now);
        let was_watch = self.looks.end().is_some_and(Reading::is_watch);
        if was_watch || self.is_idle() {
            self.looks.set_next(after(now, self.watch.every()));
            return Vec::new();
        }
        if is_busy {
            self.looks.set_next(after(now, FIRST_WAIT));
            return self.advance(now);
        }
        let mut steps = Vec::new();
        self.looks.failed = self.looks.failed.saturating_add(1);
        self.pace.count_attempt(&mut steps);
        self.wait_for_look(now);
        if self.looks.failed.is_multiple_of(BLIND_REPEAT_AFTER) {
            let writes = self.blind_writes();
            let writes = self.requests.put_off(writes);
            steps.extend(self.send(writes, now));
        }
        steps.extend(self.advance(now));
        steps
    }

    /// Whether a look may be asked for once it is due.
    pub(super) fn may_look(&self) -> bool {
        if self.intents.is_empty() {
            return self.watch.is_on();
        }
        !self.requests.awaits_close() && !self.requests.has_unsent()
    }

    /// Looks at what is not known, once nothing that closes is on its way.
    pub(super) fn look_for_missing(&mut self, now: Now) -> Vec<Step> {
        if !self.may_look() {
            return self.looks.withdraw_unsent();
        }
        let since = self.intents.iter().map(|intent| intent.since).min();
        let acted = self.requests.acted_at().max(since);
        let missing = self.evidence.lacks_after(acted, self.is_locked);
        match (self.looks.what(), missing) {
            (Some(Reading::Positions), None) => self.looks.withdraw_unsent(),
            // Where orders are missing now, a poll has shown the positions meanwhile.
            (Some(_), _) => Vec::new(),
            (None, Some(what)) => self.looks.ask_when_due(what, now),
            (None, None) => self.look_again(now),
        }
    }

    /// All was seen and does not suffice: what was acted on is looked at anew. It may
    /// go on for as long as the venue takes, so each look waits for its time.
    fn look_again(&mut self, now: Now) -> Vec<Step> {
        let what = self.evidence.acted_on();
        // Positions are the second half of a look that begins with the orders.
        if what == Reading::Orders && self.looks.next_at().is_none() {
            self.wait_for_look(now);
        }
        self.looks.ask_when_due(what, now)
    }

    /// The next look waits as long as the rounds and failures say.
    pub(super) fn wait_for_look(&mut self, now: Now) {
        let turns = self.pace.round().saturating_add(self.looks.failed());
        let wait = pace::wait_after(turns.max(1));
        self.looks.set_next(after(now, wait));
    }

    /// What is missing is under way, or would meet a close that may still be
    /// filling: it is looked at again when that has ended, and in between.
    pub(super) fn wait_for_fill(&mut self, now: Now) {
        let soon = after(now, LOOK_AT_FILLING);
        let filled = self.requests.filled_at().filter(|at| *at > now.steady);
        let next = filled.map_or(soon, |filled| filled.min(soon));
        self.looks.set_next(next);
    }
}
