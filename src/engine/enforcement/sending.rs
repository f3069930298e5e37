//! What is sent: what did not leave once more, and what is seen to be missing, in
//! rounds that do not come too fast.

use chrono::TimeDelta;

use super::plan::{Planned, Seen, merged, plan};
use super::{Enforcement, LONGEST_WAIT, Step, after};
use crate::domain::ids::RequestId;
use crate::domain::now::Now;
use crate::domain::request::{Answer, Outcome, Urgency};
use crate::engine::record::Goal;

/// From a cancel that was not answered yet to a look.
const LOOK_AT_UNANSWERED: TimeDelta = TimeDelta::milliseconds(500);

impl Enforcement {
    /// A write was answered, or given up. Whatever the answer, what is seen
    /// afterwards decides.
    pub fn answered(&mut self, request: RequestId, answer: &Answer, now: Now) -> Vec<Step> {
        let Some(ended) = self.requests.take(request) else {
            return Vec::new();
        };
        let planned = ended.planned;
        if ended.is_withdrawn && answer.outcome == Outcome::NotSent {
            return self.advance(now);
        }
        self.pace.note(answer);
        match answer.outcome {
            Outcome::NotSent => {
                // What the venue turns away at its gate is paced by the budget;
                // what cannot be connected is paced here.
                let is_paced = answer.status.is_some();
                let wait = self.pace.wait_unsent(is_paced);
                self.requests.send_again(planned, after(now, wait));
                let mut steps = Vec::new();
                self.pace.count_attempt(&mut steps);
                steps.extend(self.advance(now));
                steps
            }
            _ => {
                self.pace.got_through();
                self.requests.note_answered(&planned, self.profile, now);
                self.flat_at = None;
                self.wait_for_look(now);
                self.advance(now)
            }
        }
    }

    /// What did not leave is sent as soon as it may, without a look.
    pub(super) fn send_again(&mut self, now: Now) -> Vec<Step> {
        let writes = self.requests.take_due(now);
        if writes.is_empty() {
            return Vec::new();
        }
        // The account has seen nothing of what did not leave, so this is no
        // further round that somebody who trades it made necessary.
        vec![self.ask(writes, now)]
    }

    /// What was seen after the last request shows to be missing is sent.
    pub(super) fn send_missing(&mut self, now: Now) -> Vec<Step> {
        let known = self
            .evidence
            .unused_after(self.requests.closed_at(), self.requests.acted_at());
        let positions = known.positions.clone();
        let seen = Seen::proof(positions.as_deref(), &known.orders);
        let means = self.means();
        let goals = self.intents.iter().map(|intent| &intent.goal);
        let missing = merged(goals.flat_map(|goal| plan(goal, seen, means).writes));
        if missing.is_empty() {
            return Vec::new();
        }
        self.evidence.mark_used();
        let mut steps = Vec::new();
        let closes = |planned: &[Planned]| planned.iter().any(|one| one.write.closes());
        let would_close = closes(&missing);
        let writes = self.requests.without_those_under_way(missing);
        // A cancel that can wait went along with the close that is filling. And one of
        // orders that nobody has seen goes along with a close: where that is under way, a
        // poll in between shows nothing new.
        let is_unseen = would_close && !closes(&writes) && known.orders.count().is_none();
        if is_unseen || writes.iter().all(|one| one.urgency == Urgency::Beside) {
            self.wait_for_fill(now);
            return steps;
        }
        steps.extend(self.supersede(&writes));
        steps.push(Step::NotYet {
            round: self.pace.round(),
        });
        self.pace.count_attempt(&mut steps);
        self.requests.note_held(positions.as_ref());
        steps.extend(self.begin_round(writes, now));
        steps
    }

    /// Cancels that could wait give way to those that cannot.
    fn supersede(&mut self, writes: &[Planned]) -> Option<Step> {
        let requests = self.requests.withdraw(|one| {
            one.urgency == Urgency::Beside
                && writes.iter().any(|other| other.write.covers(&one.write))
        });
        (!requests.is_empty()).then_some(Step::Withdraw { requests })
    }

    /// Sends what is not under way already, as a new round.
    pub(super) fn send(&mut self, writes: Vec<Planned>, now: Now) -> Vec<Step> {
        let writes = self.requests.without_those_under_way(writes);
        if writes.is_empty() {
            return Vec::new();
        }
        self.begin_round(writes, now)
    }

    /// Begins a round, unless rounds come too fast.
    fn begin_round(&mut self, writes: Vec<Planned>, now: Now) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.pace.admits(now, &mut steps) {
            steps.push(self.ask(writes, now));
        } else {
            // Only a person, or another program, who keeps on trading gets here.
            // Protection goes on, at the slowest pace.
            for planned in writes {
                self.requests.send_again(planned, after(now, LONGEST_WAIT));
            }
        }
        steps
    }

    fn ask(&mut self, writes: Vec<Planned>, now: Now) -> Step {
        let round = self.pace.next_round();
        self.requests.ask(&writes, now);
        // A look before the answer proves nothing; without one it is looked soon.
        self.looks.put_off_until(after(now, LOOK_AT_UNANSWERED));
        Step::Send { round, writes }
    }

    /// What is sent when nothing can be read: everything the goals may need by what
    /// was seen last, as long as that is safe to repeat without looking, and less what
    /// a poll has shown not to be needed.
    pub(super) fn blind_writes(&self) -> Vec<Planned> {
        let is_flat = self.evidence.is_flat_after(self.requests.acted_at());
        let (seen, means) = (self.evidence.newest(), self.means());
        let goals = self.intents.iter().map(|intent| &intent.goal);
        // Which orders increase exposure is not known without a look.
        let goals = goals.filter(|goal| **goal != Goal::ReduceOnly);
        let all = merged(goals.flat_map(|goal| plan(goal, seen, means).writes));
        let mut writes = Vec::new();
        for mut planned in all {
            if is_flat && planned.write.closes() {
                continue;
            }
            if is_flat && planned.urgency == Urgency::Beside {
                planned.urgency = Urgency::Cancel;
            }
            writes.push(planned);
        }
        writes
    }
}
