//! The rules of an account: which are in force, in what state each is, and what waits
//! for the next session.

use std::collections::HashMap;
use std::sync::Arc;

use super::evaluate::{decide, describe_firing};
use super::rule_run::{Deferred, RuleRun};
use super::view::View;
use crate::domain::account::{NotifierName, RuleName};
use crate::domain::ids::FiringId;
use crate::domain::now::Now;
use crate::domain::position_key::PositionKey;
use crate::engine::conditions::Context;
use crate::engine::loosening::is_looser;
use crate::engine::output::Output;
use crate::engine::record::Fields;
use crate::engine::rule_state::RuleState;
use crate::engine::shortcut::Shortcut;
use crate::rules::book::{Action, Rule};

/// The rules of one account.
#[derive(Debug, Default)]
pub(in crate::engine) struct Rules {
    runs: Vec<RuleRun>,
    /// States of rules that are not in the rule file, should they come back.
    parked: HashMap<RuleName, RuleState>,
    /// One who may know that they need not be read.
    shortcut: Option<Box<dyn Shortcut>>,
    /// Whether they were not read with the last observation.
    are_skipped: bool,
}

/// What a firing is about.
#[derive(Debug)]
pub(super) struct Firing {
    pub(super) rule: Arc<Rule>,
    /// The numbers behind it.
    pub(super) evidence: Fields,
    /// The positions that the rule objects to.
    pub(super) offending: Vec<PositionKey>,
}

impl Rules {
    /// None yet; these states wait for the rules that they are of.
    pub(in crate::engine) fn parked(states: HashMap<RuleName, RuleState>) -> Rules {
        Rules {
            parked: states,
            ..Rules::default()
        }
    }

    pub(in crate::engine) fn iter(&self) -> impl Iterator<Item = &RuleRun> {
        self.runs.iter()
    }

    pub(in crate::engine) fn iter_mut(&mut self) -> impl Iterator<Item = &mut RuleRun> {
        self.runs.iter_mut()
    }

    pub(in crate::engine) fn find_mut(&mut self, name: &RuleName) -> Option<&mut RuleRun> {
        self.runs.iter_mut().find(|run| run.rule.name == *name)
    }

    /// The states of all rules, those that are not in the rule file included.
    pub(in crate::engine) fn states(&self) -> impl Iterator<Item = (&RuleName, &RuleState)> {
        let running = self.runs.iter().map(|run| (&run.rule.name, &run.state));
        running.chain(&self.parked)
    }

    /// The same, once the account is not in the rule file any more.
    pub(in crate::engine) fn into_states(self) -> HashMap<RuleName, RuleState> {
        let mut states = self.parked;
        let running = self.runs.into_iter();
        states.extend(running.map(|run| (run.rule.name.clone(), run.state)));
        states
    }

    /// The notifiers that any of the rules names, each once, in order.
    pub(super) fn notifiers(&self) -> Vec<NotifierName> {
        let mut names: Vec<_> = self
            .runs
            .iter()
            .flat_map(|run| run.rule.notifiers())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The firings of rules that set a lock.
    pub(in crate::engine) fn firings_that_lock(&self) -> Vec<FiringId> {
        let sets_lock =
            |action: &Action| matches!(action, Action::Lock { .. } | Action::CloseOnly { .. });
        let locking = self
            .runs
            .iter()
            .filter(|run| run.rule.then.iter().any(sets_lock));
        locking
            .filter_map(|run| run.state.fired.map(|fired| fired.id))
            .collect()
    }

    /// Whether a condition is true and must stay so for a while.
    pub(super) fn is_holding(&self) -> bool {
        self.runs
            .iter()
            .any(|run| run.state.true_since.is_some() && run.rule.hold.is_some())
    }

    /// Takes the states that are not stored as they are now, as JSON.
    pub(super) fn take_unstored(&mut self) -> Vec<(RuleName, String)> {
        let unstored = self.runs.iter_mut().filter_map(RuleRun::take_unstored);
        unstored.collect()
    }

    /// Puts these rules in force; with `defer`, those that are looser than what is in
    /// force wait for the next session. Gives what waits, and why.
    pub(in crate::engine) fn change(
        &mut self,
        wanted: &[&Arc<Rule>],
        defer: bool,
        now: Now,
    ) -> Vec<(RuleName, &'static str)> {
        let old = std::mem::take(&mut self.runs);
        let mut old: Vec<Option<RuleRun>> = old.into_iter().map(Some).collect();
        let index: HashMap<RuleName, usize> = old
            .iter()
            .flatten()
            .enumerate()
            .map(|(index, run)| (run.rule.name.clone(), index))
            .collect();
        let mut waiting = Vec::new();
        self.runs.reserve(wanted.len());
        for rule in wanted {
            let found = index.get(&rule.name).and_then(|found| old.get_mut(*found));
            let run = match found.and_then(Option::take) {
                None => {
                    let parked = self.parked.remove(&rule.name);
                    RuleRun::new(Arc::clone(rule), parked, now)
                }
                Some(mut run) if defer && is_looser(&run.rule, rule) => {
                    run.deferred = Some(Deferred::Change(Arc::clone(rule)));
                    waiting.push((rule.name.clone(), "its change loosens it"));
                    run
                }
                Some(mut run) => {
                    run.replace(Arc::clone(rule));
                    run
                }
            };
            self.runs.push(run);
        }
        for mut run in old.into_iter().flatten() {
            let name = run.rule.name.clone();
            if defer {
                run.deferred = Some(Deferred::Removal);
                waiting.push((name, "it is removed or disabled"));
                self.runs.push(run);
            } else {
                self.parked.insert(name, run.state);
            }
        }
        waiting
    }

    /// A session began: what waited for it comes into force. Gives the rules that this
    /// changes.
    pub(in crate::engine) fn put_deferred_in_force(&mut self) -> Vec<RuleName> {
        let mut changed = Vec::new();
        self.runs.retain_mut(|run| {
            let Some(deferred) = run.deferred.take() else {
                return true;
            };
            changed.push(run.rule.name.clone());
            match deferred {
                Deferred::Change(rule) => {
                    run.replace(rule);
                    true
                }
                Deferred::Removal => false,
            }
        });
        changed
    }

    /// Has somebody say from now on when they need not be read.
    pub(in crate::engine) fn use_shortcut(&mut self, shortcut: Box<dyn Shortcut>) {
        self.shortcut = Some(shortcut);
    }

    /// Something else than an observation happened: it may change what the rules look
    /// at, and when.
    pub(in crate::engine) fn end_shortcut(&mut self) {
        self.are_skipped = false;
        if let Some(shortcut) = &mut self.shortcut {
            shortcut.forget();
        }
    }

    /// Whether the rules were not read with the last observation.
    pub(in crate::engine) fn are_skipped(&self) -> bool {
        self.are_skipped
    }

    /// Reads every rule, with an observation or between two; gives the places of those
    /// that are to fire.
    pub(super) fn evaluate(
        &mut self,
        context: &Context<'_>,
        view: &View,
        observed: bool,
        out: &mut Output<'_>,
    ) -> Vec<usize> {
        let is_known = observed && view.is_good();
        self.are_skipped = false;
        if is_known && let Some(shortcut) = &mut self.shortcut {
            self.are_skipped = shortcut.holds(context);
        }
        if self.are_skipped {
            return Vec::new();
        }
        let mut firing = Vec::new();
        for (index, run) in self.runs.iter_mut().enumerate() {
            if decide(run, context, view, observed, out) {
                firing.push(index);
            }
        }
        match &mut self.shortcut {
            Some(shortcut) if is_known => {
                shortcut.note_read(&self.runs, view.positions(), context);
            }
            Some(shortcut) => shortcut.forget(),
            None => {}
        }
        firing
    }

    /// Lets the rule at this place fire.
    pub(super) fn fire(
        &mut self,
        index: usize,
        id: FiringId,
        context: &Context<'_>,
        acts: bool,
    ) -> Option<Firing> {
        let run = self.runs.get_mut(index)?;
        let (evidence, offending) = describe_firing(run, context);
        run.state.fire(id, context.trade_date(), context.now);
        if !acts {
            run.state.leave_undone(id);
        }
        Some(Firing {
            rule: Arc::clone(&run.rule),
            evidence,
            offending,
        })
    }
}
