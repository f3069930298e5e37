//! The faults in force: how they begin and end.

use super::{PaperVenue, State};
use crate::faults::kind::Fault;
use crate::faults::rule::{FaultError, FaultRule, FaultStatus};
use crate::sim::automation::Automation;

impl PaperVenue {
    /// Puts a fault in force and returns its number.
    ///
    /// # Errors
    /// When the rule cannot be.
    pub fn set_fault(&self, rule: FaultRule) -> Result<u64, FaultError> {
        self.state().add_fault(rule)
    }

    /// Ends a fault; whether there was one of that number.
    pub fn clear_fault(&self, id: u64) -> bool {
        let mut state = self.state();
        state.sim.automations.remove(id);
        state.bucket.remove_other(id);
        state.faults.remove(id)
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.sim.automations.clear();
        state.bucket.clear_others();
        state.faults.clear();
    }

    /// The faults in force, spent ones included. What others do counts as struck
    /// what they did.
    pub fn faults(&self) -> Vec<FaultStatus> {
        let state = self.state();
        let mut list = state.faults.list();
        for status in &mut list {
            let automation = state.sim.automations.progress(status.id);
            let progress = automation.or_else(|| state.bucket.progress(status.id));
            if let Some((struck, left)) = progress {
                (status.struck, status.left) = (struck, left);
            }
        }
        list
    }
}

impl State {
    /// Puts a fault in force; what others do begins now.
    pub(super) fn add_fault(&mut self, rule: FaultRule) -> Result<u64, FaultError> {
        let automation = match &rule.fault {
            Fault::Reopens { after_ms } => Some(Automation::Reopens {
                after_ms: *after_ms,
            }),
            Fault::Copier { leader, every_ms } => Some(Automation::Copies {
                leader: self.account_of_others(leader)?,
                every_ms: *every_ms,
            }),
            _ => None,
        };
        let account = match &rule.account {
            Some(name) if automation.is_some() => Some(self.account_of_others(name)?),
            _ => None,
        };
        let id = self.faults.add(rule.clone(), self.sim.now())?;
        if let Some(automation) = automation {
            self.sim.add_automation(id, automation, account, rule.count);
        }
        if let Fault::OtherProgram { per_second } = rule.fault {
            let now = self.sim.now();
            self.bucket.add_other(id, per_second, rule.count, now);
        }
        Ok(id)
    }

    fn account_of_others(&self, name: &str) -> Result<usize, FaultError> {
        self.sim
            .account_index(name)
            .map_err(|_| FaultError::NoAccount)
    }
}
