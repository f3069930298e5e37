//! Reading every rule, and letting those fire that should.

use super::band::Band;
use super::log::{report_cleared, report_rearmed, warn, watch_unknown};
use super::{AccountRun, Data, RuleRun};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::engine::conditions::{Context, Reading, Tree};
use crate::engine::memory::PnlSum;
use crate::engine::output::Output;
use crate::engine::record::Goal;
use crate::engine::rule_state::{Answered, Change};
use crate::engine::truth::Truth;
use crate::rules::ruleset::Rearm;

impl AccountRun {
    /// Reads every rule and lets those fire that should; `pnl` is session P&L by
    /// the newest figures. Whether all of them rest, and keep the instants at
    /// which time alone may change their answers.
    pub(super) fn evaluate(
        &mut self,
        observed: bool,
        pnl: PnlSum,
        now: Now,
        out: &mut Output<'_>,
    ) -> bool {
        let mut rules = std::mem::take(&mut self.rules);
        let mut firing = Vec::new();
        let mut is_calm = true;
        if self.is_within_band(&mut rules, observed, pnl, now) {
            self.band_held = self.band_held.saturating_add(1);
            self.rules = rules;
            return is_calm;
        }
        let context = self.context_of(pnl, now);
        for (index, run) in rules.iter_mut().enumerate() {
            if run.rests(&context) {
                is_calm &= !run.nature.watches_time && !run.caches.take_asked_clock();
                run.last = None;
                continue;
            }
            is_calm = false;
            if self.decide(run, &context, observed, out) {
                firing.push(index);
            }
        }
        let mut wanted = Vec::new();
        for index in firing {
            if let Some(run) = rules.get_mut(index) {
                wanted.extend(self.fire(run, now, out));
            }
        }
        if out.config.acts {
            wanted.extend(self.new_offenders(&rules, now));
        }
        self.look_for_band(&mut rules, observed && is_calm, pnl, now);
        self.rules = rules;
        // Rules that fire together act once: what covers the others goes first.
        wanted.sort_by_key(|(goal, _)| *goal != Goal::FlatAndQuiet);
        for (goal, cause) in wanted {
            self.ask(goal, cause, now, out);
        }
        is_calm
    }

    /// Reads a rule and moves its state; whether it fires.
    fn decide(
        &self,
        run: &mut RuleRun,
        context: &Context<'_>,
        observed: bool,
        out: &mut Output<'_>,
    ) -> bool {
        let now = context.now;
        let session = self.memory.session.as_ref().map(|session| session.date);
        if run.state.is_rearmed_by_time(run.rule.rearm, session, now) {
            run.state.rearm();
            report_rearmed(context, run, out);
        }
        let mut tree = Tree::new(&mut run.caches, run.state.handled);
        let reading: Reading = tree.read(&run.rule.when, context);
        run.last = Some(reading);
        let truth = reading.truth;
        // Not knowing ends the waiting only for a rule about not knowing.
        run.state.awaits_holdings &= match self.seen.is_flat_and_quiet() {
            Some(is_flat_and_quiet) => is_flat_and_quiet,
            None => !run.nature.is_about_silence,
        };
        let change = if run.state.awaits_holdings {
            Change::None
        } else {
            let by_position = run.by_position(truth, context);
            let answered = Answered {
                truth,
                by_position: by_position.as_deref(),
                observed: observed
                    && (truth != Truth::True || run.is_confirmed_by(self.seen.orders_at, context)),
            };
            run.state.answer(&run.rule, &answered, now)
        };
        if change == Change::Clears {
            report_cleared(context, run, out);
        }
        if run.state.fired.is_some() && change != Change::Fires {
            self.rearm_by_knowledge(context, run, out);
        }
        settle_schedule(run, truth, change, now);
        if run.nature.warns && change != Change::Fires {
            warn(context, run, session, out);
        }
        if truth == Truth::Unknown || run.unknown_since.is_some() {
            watch_unknown(context, run, self.seen.data, now, out);
        }
        change == Change::Fires
    }

    fn rearm_by_knowledge(&self, context: &Context<'_>, run: &mut RuleRun, out: &mut Output<'_>) {
        let fired_at = run.state.fired.map(|fired| fired.at);
        // What it fired on says nothing about what came of it.
        let flat_and_quiet = self
            .seen
            .is_flat_and_quiet()
            .filter(|_| fired_at.is_some_and(|at| self.has_seen_holdings_since(at)));
        if run
            .state
            .is_rearmed_by(run.rule.rearm, run.truth(), flat_and_quiet)
        {
            run.state.rearm();
            run.state.awaits_holdings = run.rule.rearm == Rearm::Flat;
            report_rearmed(context, run, out);
        }
    }

    /// Whether positions and orders were both seen as they were after this.
    fn has_seen_holdings_since(&self, then: Timestamp) -> bool {
        let positions_as_of = self.seen.positions_as_of.max(self.verified_at);
        positions_as_of.is_some_and(|at| at > then) && self.seen.orders_at > then
    }

    /// Whether all rules rest because the figures have hardly moved since they
    /// were read.
    fn is_within_band(&self, rules: &mut [RuleRun], observed: bool, pnl: PnlSum, now: Now) -> bool {
        let Some(band) = self.band.as_ref().filter(|_| observed) else {
            return false;
        };
        let context = self.context_of(pnl, now);
        let is_within = self.seen.data == Data::Good && band.holds(&context);
        debug_assert!(!is_within || rules.iter_mut().all(|run| run.rests(&context)));
        is_within
    }

    /// Asks all rules how far the figures may move, once they have rested for a
    /// while, or at once where that was worth it the last time: it is only where
    /// the next observations are like this one.
    fn look_for_band(&mut self, rules: &mut [RuleRun], rest: bool, pnl: PnlSum, now: Now) {
        const A_WHILE: u32 = 8;
        self.band = None;
        let was_worth_it = std::mem::take(&mut self.band_held) >= A_WHILE;
        self.rested = match (rest, was_worth_it) {
            (true, true) => A_WHILE,
            (true, false) => self.rested.saturating_add(1),
            (false, _) => 0,
        };
        if self.rested < A_WHILE || self.seen.data != Data::Good {
            return;
        }
        self.rested = 0;
        let context = self.context_of(pnl, now);
        let distances = rules.iter_mut().map(|run| run.distance(&context));
        let nearest = distances.min().unwrap_or(u64::MAX);
        let until = rules.iter().filter_map(|run| run.caches.wall_deadline());
        let positions = self.seen.positions.as_ref();
        self.band = Band::around(&context, positions, nearest, until.min());
    }
}

/// A scheduled time that was decided is not decided again. One that fires the
/// rule is settled by the firing, which puts it into evidence first.
fn settle_schedule(run: &mut RuleRun, truth: Truth, change: Change, now: Now) {
    let decided = truth == Truth::False || run.state.fired.is_some();
    if run.nature.is_scheduled && decided && change != Change::Fires && run.caches.has_due_time() {
        run.state.handled = now.wall;
    }
}
