//! What is proven is done, and what nobody waits for need not leave any more.

use super::plan::{plan, serves};
use super::{Enforcement, Intent, Step};
use crate::domain::now::Now;
use crate::domain::request::Write;
use crate::engine::record::Goal;

impl Enforcement {
    /// Ends the intents that are proven.
    pub(super) fn finish(&mut self, now: Now) -> Vec<Step> {
        if self.requests.awaits_answer() {
            return Vec::new();
        }
        let acted = self.requests.acted_at();
        if self.flat_at.is_none() && self.evidence.is_flat_after(acted) {
            self.flat_at = Some(now.steady);
        }
        let evidence = &self.evidence;
        let (is_locked, means) = (self.is_locked, self.means());
        let is_done = |intent: &Intent| {
            let since = acted.map_or(intent.since, |acted| acted.max(intent.since));
            plan(&intent.goal, evidence.after(Some(since)), means).is_reached()
                && evidence.stands_for(&intent.goal, is_locked)
        };
        let done: Vec<bool> = self.intents.iter().map(is_done).collect();
        // A part of what was asked for at the same time is done with the whole.
        let is_part_of_open = |part: &Intent| {
            let mut others = self.intents.iter().zip(&done);
            others.any(|(whole, is_done)| {
                !is_done
                    && whole.goal != part.goal
                    && whole.goal.covers(&part.goal)
                    && whole.since <= part.since
            })
        };
        let ended: Vec<bool> = self
            .intents
            .iter()
            .zip(&done)
            .map(|(intent, is_done)| *is_done && !is_part_of_open(intent))
            .collect();
        let mut ended = ended.into_iter();
        let (done, open): (Vec<_>, Vec<_>) = self
            .intents
            .drain(..)
            .partition(|_| ended.next().unwrap_or(false));
        self.intents = open;
        if done.is_empty() {
            return Vec::new();
        }
        if done.iter().any(|one| one.goal == Goal::FlatAndQuiet) {
            self.begin_watch(now);
        }
        let mut steps = vec![Step::Reached {
            intents: done,
            rounds: self.pace.round(),
            flat_at: self.flat_at,
        }];
        steps.extend(self.withdraw_needless());
        steps
    }

    /// What still waits for nobody need not leave.
    pub(super) fn withdraw_needless(&mut self) -> Vec<Step> {
        let intents = &self.intents;
        let is_wanted = |write: &Write| intents.iter().any(|intent| serves(&intent.goal, write));
        let requests = self.requests.withdraw(|one| !is_wanted(&one.write));
        let mut steps = Vec::new();
        if !requests.is_empty() {
            steps.push(Step::Withdraw { requests });
        }
        if self.intents.is_empty() {
            steps.extend(self.looks.withdraw_needless());
        }
        steps
    }

    /// A close that still waits in riskd's queue need not leave once nothing is
    /// held any more.
    pub(super) fn drop_needless_closes(&mut self) -> Option<Step> {
        let asked = self.intents.iter().map(|intent| intent.since).max();
        let is_flat = self
            .evidence
            .is_flat_after(self.requests.acted_at().max(asked));
        if !is_flat {
            return None;
        }
        let requests = self.requests.withdraw(|one| one.write.closes());
        (!requests.is_empty()).then_some(Step::Withdraw { requests })
    }
}
