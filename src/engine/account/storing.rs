//! What is stored of an account and its rules.

use chrono::TimeDelta;

use super::AccountRun;
use crate::engine::memory::LastTrusted;
use crate::engine::record::Record;

impl AccountRun {
    /// The states that differ from what is stored. The time of the last
    /// trustworthy observation by itself is stored every ten seconds, and with
    /// each while a rule waits for its `hold`: what was held before a restart
    /// counts after it.
    pub(in crate::engine) fn drain_states(&mut self, records: &mut Vec<Record>) {
        if self.is_memory_worth_storing()
            && let Ok(state) = serde_json::to_string(&self.memory)
        {
            self.stored_memory = Some(self.memory.clone());
            records.push(Record::AccountState {
                account: self.account.name.clone(),
                state,
            });
        }
        for run in &mut self.rules {
            if run.stored.as_ref() == Some(&run.state) {
                continue;
            }
            if let Ok(state) = serde_json::to_string(&run.state) {
                run.stored = Some(run.state.clone());
                records.push(Record::RuleState {
                    account: self.account.name.clone(),
                    rule: run.rule.name.clone(),
                    state,
                });
            }
        }
    }

    /// Whether a condition is true and must stay so for a while.
    fn is_holding(&self) -> bool {
        self.rules
            .iter()
            .any(|run| run.state.true_since.is_some() && run.rule.hold.is_some())
    }

    fn is_memory_worth_storing(&self) -> bool {
        const SAVE_TIME_EVERY: TimeDelta = TimeDelta::seconds(10);
        let Some(stored) = &self.stored_memory else {
            return true;
        };
        let recent = match (&stored.last, &self.memory.last) {
            (Some(old), Some(new)) => {
                // A clock that was set back leaves the stored one ahead.
                let apart = new.at.signed_duration_since(old.at).abs();
                (apart.is_zero() || apart < SAVE_TIME_EVERY && !self.is_holding())
                    && LastTrusted { at: old.at, ..*new } == *old
            }
            (None, None) => true,
            _ => false,
        };
        !(recent
            && stored.session == self.memory.session
            && stored.lifetime == self.memory.lifetime
            && stored.week == self.memory.week
            && stored.month == self.memory.month
            && stored.held == self.memory.held
            && stored.number == self.memory.number)
    }
}
