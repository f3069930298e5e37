//! Putting a new rule set in force.
//!
//! State follows names: an account that keeps its name and number keeps its
//! marks, anchors and locks; a rule that keeps its name keeps its latch. Marks
//! belong to the account, so a changed drawdown goes on from them.

use std::collections::HashMap;
use std::sync::Arc;

use super::Engine;
use super::account::{AccountRun, Deferred, RuleRun};
use super::deferred_account::defers_loosening;
use super::effect::Effect;
use super::locks::Locks;
use super::loosening::is_looser;
use super::memory::AccountMemory;
use super::output::Output;
use super::record::{EntryKind, Fields, LockRow};
use super::restore::EarlierRules;
use super::rule_state::RuleState;
use crate::domain::account::{AccountName, RuleName};
use crate::domain::now::Now;
use crate::rules::ruleset::{Account, Rule, RuleSet};

impl Engine {
    pub(super) fn reload(&mut self, rules: Arc<RuleSet>, now: Now) -> Vec<Effect> {
        let mut old: HashMap<AccountName, AccountRun> = std::mem::take(&mut self.accounts)
            .into_iter()
            .map(|run| (run.account.name.clone(), run))
            .collect();
        let was_strict = defers_loosening(&self.rules);
        let is_strict = defers_loosening(&rules);
        self.rules = Arc::clone(&rules);
        if self.config.stale_after.is_some() {
            self.config.stale_after = Some(super::stale_after(&rules));
        }
        self.index.clear();
        let mut out = Output {
            now,
            config: &self.config,
            rules_hash: &rules.hash,
            ids: &mut self.ids,
            effects: Vec::new(),
        };
        for account in &rules.accounts {
            let kept = old
                .remove(&account.name)
                .filter(|run| run.account.number == account.number);
            let mut run = match kept {
                Some(mut run) => {
                    // The edit that allows loosening is itself one that loosens.
                    if was_strict || is_strict {
                        run.defer_until_session_end();
                    }
                    let defer = run.defers_until_session_end();
                    run.change_account(Arc::clone(account), defer, now, &mut out);
                    run
                }
                None => {
                    let parked = self.parked.remove(&account.name).unwrap_or_default();
                    let elsewhere = take_locks(&mut self.parked, account);
                    let mut run = AccountRun::unpark(Arc::clone(account), parked, now, &mut out);
                    for row in elsewhere {
                        run.take_over_lock(row, now, &mut out);
                    }
                    run
                }
            };
            let wanted: Vec<&Arc<Rule>> = rules.rules_of(&account.name).collect();
            let defer = was_strict || is_strict || run.defers_until_session_end();
            run.change_rules(&wanted, defer, now, &mut out);
            run.roll_session(now, &mut out);
            run.rearm_observed(&mut out);
            self.index.insert(account.name.clone(), self.accounts.len());
            self.accounts.push(run);
        }
        let effects = out.effects;
        self.touched = (0..self.accounts.len()).collect();
        for (name, run) in old {
            self.parked.insert(name, run.park());
        }
        effects
    }
}

/// What is kept of an account that is not in the rule file, should it come
/// back: taking it out and in again must not clear its marks, latches or locks.
#[derive(Debug, Default)]
pub(super) struct Parked {
    pub(super) memory: Option<AccountMemory>,
    pub(super) rules: HashMap<RuleName, RuleState>,
    pub(super) locks: Locks,
}

/// The locks that were left behind for this account under other names.
fn take_locks(parked: &mut HashMap<AccountName, Parked>, account: &Account) -> Vec<LockRow> {
    let mut taken = Vec::new();
    for (name, left) in parked {
        let memory = left.memory.as_ref();
        if memory.is_some_and(|memory| account.number.matches(&memory.number)) {
            let locks = std::mem::take(&mut left.locks);
            taken.extend(locks.rows(name));
        }
    }
    taken
}

impl AccountRun {
    fn park(self) -> Parked {
        let states = self
            .rules
            .into_iter()
            .map(|run| (run.rule.name.clone(), run.state));
        let mut rules = self.parked_rules;
        rules.extend(states);
        Parked {
            memory: Some(self.memory),
            rules,
            locks: self.locks,
        }
    }

    pub(super) fn unpark(
        account: Arc<Account>,
        parked: Parked,
        now: Now,
        out: &mut Output<'_>,
    ) -> AccountRun {
        let memory = parked.memory.as_ref();
        // Another number at the venue is another account.
        let is_another = memory.is_some_and(|memory| !account.number.matches(&memory.number));
        let mut run = AccountRun::new(Arc::clone(&account), parked.memory, now);
        run.locks = parked.locks;
        if is_another {
            run.end_locks_of_previous_account(now, out);
        } else {
            run.parked_rules = parked.rules;
        }
        run
    }
}

impl AccountRun {
    /// The rule sets of the session that the account is in, the one that it
    /// opened with first; none when it is not known to have opened with any.
    pub(super) fn earlier_rules<'a>(
        &self,
        earlier: &'a [EarlierRules],
        now: Now,
    ) -> Vec<&'a RuleSet> {
        let Some(session) = &self.memory.session else {
            return Vec::new();
        };
        if !(session.open..session.next_open).contains(&now.wall) {
            return Vec::new();
        }
        let first = earlier
            .iter()
            .rposition(|set| set.from <= session.open)
            .unwrap_or(0);
        earlier
            .iter()
            .enumerate()
            .filter(|(index, set)| *index >= first || set.last_from >= session.open)
            .map(|(_, set)| set.rules.as_ref())
            .collect()
    }

    /// Puts these rules in force for the account; with `defer`, those that
    /// are looser than what is in force wait for the next session.
    pub(super) fn change_rules(
        &mut self,
        wanted: &[&Arc<Rule>],
        defer: bool,
        now: Now,
        out: &mut Output<'_>,
    ) {
        let mut old: Vec<Option<RuleRun>> = std::mem::take(&mut self.rules)
            .into_iter()
            .map(Some)
            .collect();
        let index: HashMap<RuleName, usize> = old
            .iter()
            .flatten()
            .enumerate()
            .map(|(index, run)| (run.rule.name.clone(), index))
            .collect();
        self.rules.reserve(wanted.len());
        for rule in wanted {
            let found = index.get(&rule.name).and_then(|found| old.get_mut(*found));
            let run = match found.and_then(Option::take) {
                None => {
                    let parked = self.parked_rules.remove(&rule.name);
                    RuleRun::new(Arc::clone(rule), parked, now)
                }
                Some(mut run) if defer && is_looser(&run.rule, rule) => {
                    run.deferred = Some(Deferred::Change(Arc::clone(rule)));
                    self.report_held_back(&rule.name, "its change loosens it", out);
                    run
                }
                Some(mut run) => {
                    run.replace(Arc::clone(rule));
                    run
                }
            };
            self.rules.push(run);
        }
        let old = old.into_iter().flatten();
        if defer {
            for mut run in old {
                run.deferred = Some(Deferred::Removal);
                self.report_held_back(&run.rule.name, "it is removed or disabled", out);
                self.rules.push(run);
            }
        } else {
            let gone = old.map(|run| (run.rule.name.clone(), run.state));
            self.parked_rules.extend(gone);
        }
    }

    fn report_held_back(&self, rule: &RuleName, why: &str, out: &mut Output<'_>) {
        let message = format!(
            "{rule} stays as it is on {} until its next session: {why}",
            self.account.name
        );
        let mut fields = Fields::new();
        fields.put("rule", rule).put("held_back", why);
        out.entry(
            EntryKind::LooseningHeld,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    /// A session began: looser rules that waited for it come into force.
    pub(super) fn put_deferred_rules_in_force(&mut self, out: &mut Output<'_>) {
        let mut rules = Vec::with_capacity(self.rules.len());
        for mut run in std::mem::take(&mut self.rules) {
            let name = run.rule.name.clone();
            match run.deferred.take() {
                None => {
                    rules.push(run);
                    continue;
                }
                Some(Deferred::Change(rule)) => {
                    run.replace(rule);
                    rules.push(run);
                }
                Some(Deferred::Removal) => {}
            }
            let message = format!(
                "the change of {name} that was held back is in force on {}",
                self.account.name
            );
            let mut fields = Fields::new();
            fields.put("rule", &name);
            out.entry(
                EntryKind::LooseningReleased,
                Some(&self.account.name),
                message,
                fields,
            );
        }
        self.rules = rules;
    }
}
