//! Putting a new rule set in force.
//!
//! State follows names: an account that keeps its name and number keeps its
//! marks, anchors and locks; a rule that keeps its name keeps its latch. Marks
//! belong to the account, so a changed drawdown goes on from them.

use std::collections::HashMap;
use std::sync::Arc;

use super::Engine;
use super::account::{AccountRun, Rules};
use super::deferred_account::defers_loosening;
use super::effect::Effect;
use super::locks::Locks;
use super::memory::AccountMemory;
use super::output::Output;
use super::record::{EntryKind, Fields, LockRow};
use super::restore::EarlierRules;
use super::rule_state::RuleState;
use crate::domain::account::{AccountName, RuleName};
use crate::domain::now::Now;
use crate::rules::book::RuleBook;
use crate::rules::book::{Account, Rule};

impl Engine {
    pub(super) fn reload(&mut self, rules: Arc<RuleBook>, now: Now) -> Vec<Effect> {
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
        let elsewhere = &self.elsewhere;
        let own = rules.accounts.iter();
        for account in own.filter(|account| !elsewhere.contains(&account.name)) {
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
        Parked {
            memory: Some(self.ledger.into_memory()),
            rules: self.rules.into_states(),
            locks: self.guard.into_locks(),
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
        run.guard.put_locks(parked.locks);
        if is_another {
            run.end_locks_of_previous_account(now, out);
        } else {
            run.rules = Rules::parked(parked.rules);
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
    ) -> Vec<&'a RuleBook> {
        let Some(session) = self.ledger.session() else {
            return Vec::new();
        };
        if !self.ledger.is_in_session(now) {
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
        for (rule, why) in self.rules.change(wanted, defer, now) {
            self.report_held_back(&rule, why, out);
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
        for name in self.rules.put_deferred_in_force() {
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
    }
}
