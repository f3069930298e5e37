//! The faults in force: how they are put there and ended, and what they do to
//! the call that they strike.

use super::api::{self, Body, Manner, Outcome, Reply};
use super::distort;
use super::fault::{Fault, FaultLayer};
use super::faults::{FaultError, FaultRule, FaultStatus, Strike};
use super::flatten::{Fills, FlattenManner, Share};
use super::habit::Habit;
use super::handle::{PaperVenue, State};
use super::routes::{Call, CallKind};
use super::trade::CancelManner;
use super::wire::Style;

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
        state.sim.habits.remove(id);
        state.bucket.remove_other(id);
        state.faults.remove(id)
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.sim.habits.clear();
        state.bucket.clear_others();
        state.faults.clear();
    }

    /// The faults in force, spent ones included. What others do counts as struck
    /// what they did.
    pub fn faults(&self) -> Vec<FaultStatus> {
        let state = self.state();
        let mut list = state.faults.list();
        for status in &mut list {
            let habit = state.sim.habits.progress(status.id);
            let progress = habit.or_else(|| state.bucket.progress(status.id));
            if let Some((struck, left)) = progress {
                (status.struck, status.left) = (struck, left);
            }
        }
        list
    }

    /// Carries out a call with the faults that strike it.
    pub(crate) fn perform(
        &self,
        number: u64,
        call: &Call,
        path: &str,
        body: &[u8],
        strikes: &[Strike],
    ) -> Reply {
        let mut state = self.state();
        let manner = self.manner(strikes);
        let Outcome {
            mut reply,
            flattened,
        } = match call.kind {
            CallKind::AccountsSummary => state.snapshot(number, call, &manner).into(),
            _ => api::perform(&mut state.sim, call, body, &manner),
        };
        for strike in strikes {
            if let Fault::Reenters { after_ms } = strike.fault
                && !flattened.is_empty()
            {
                state.faults.spend(strike.rule);
                state.sim.enter_again(&flattened, after_ms);
            }
        }
        if reply.status == 200 {
            distort_reply(&mut state, &mut reply, path, strikes);
        }
        reply
    }

    fn manner(&self, strikes: &[Strike]) -> Manner {
        let mut manner = Manner {
            style: Style {
                noise: self.0.config.float_noise,
                timezone: self.0.config.pc_timezone,
            },
            distorts: strikes
                .iter()
                .any(|strike| strike.fault.layer() == FaultLayer::Data),
            flatten_when_flat_is_error: self.0.config.flatten_when_flat_is_error,
            flatten: FlattenManner::default(),
            says_pending: false,
            flatten_refused: None,
            cancel: CancelManner::Normal,
        };
        for strike in strikes {
            match &strike.fault {
                Fault::FlattenNothing => manner.flatten.share = Share::Nothing,
                Fault::FlattenHalf => manner.flatten.share = Share::Half,
                Fault::FlattenLate { ms } => {
                    manner.flatten.fills = Fills::Deferred(*ms);
                    manner.says_pending = true;
                }
                Fault::FlattenFillsLate {
                    ms,
                    pending,
                    repeat,
                } => {
                    let (ms, repeat) = (*ms, *repeat);
                    manner.flatten.fills = Fills::Slowly { ms, repeat };
                    manner.says_pending = *pending;
                }
                Fault::FlattenLeavesOrders => manner.flatten.leaves_orders = true,
                Fault::FlattenRefused { error } => manner.flatten_refused = Some(error.clone()),
                Fault::CancelNothing => manner.cancel = CancelManner::Nothing,
                Fault::CancelLate { ms } => manner.cancel = CancelManner::Late(*ms),
                Fault::CancelStuck => manner.cancel = CancelManner::Stuck,
                Fault::FillsOnCancel => manner.cancel = CancelManner::Fills,
                _ => {}
            }
        }
        manner
    }
}

impl State {
    /// Puts a fault in force; what others do begins now.
    pub(super) fn add_fault(&mut self, rule: FaultRule) -> Result<u64, FaultError> {
        let habit = match &rule.fault {
            Fault::Reopens { after_ms } => Some(Habit::Reopens {
                after_ms: *after_ms,
            }),
            Fault::Copier { leader, every_ms } => Some(Habit::Copies {
                leader: self.account_of_others(leader)?,
                every_ms: *every_ms,
            }),
            _ => None,
        };
        let account = match &rule.account {
            Some(name) if habit.is_some() => Some(self.account_of_others(name)?),
            _ => None,
        };
        let id = self.faults.add(rule.clone())?;
        if let Some(habit) = habit {
            self.sim.add_habit(id, habit, account, rule.count);
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

    /// The snapshot of all accounts: one that is kept, or a new one.
    fn snapshot(&mut self, number: u64, call: &Call, manner: &Manner) -> Reply {
        let now = self.sim.now();
        let (made, mut reply) = match self.snapshots.kept(now) {
            Some((made, reply)) => (made, reply),
            None => {
                let made = api::perform(&mut self.sim, call, &[], manner).reply;
                self.snapshots.keep(now, &made);
                (now, made)
            }
        };
        self.record.content(number, made);
        if manner.distorts {
            reply.body = reply.body.into_tree();
        }
        reply
    }
}

fn distort_reply(state: &mut State, reply: &mut Reply, path: &str, strikes: &[Strike]) {
    // What no fault changes has become text already.
    let Body::Tree(body) = &mut reply.body else {
        return;
    };
    let now = state.sim.now();
    for strike in strikes {
        let max_age_ms = match strike.fault {
            Fault::StaleEpoch => None,
            Fault::Cached { ms } => Some(ms),
            _ if strike.fault.layer() == FaultLayer::Data => {
                distort::distort(body, &strike.fault, strike.account.as_deref());
                continue;
            }
            _ => continue,
        };
        let fresh = body.take();
        let faults = &mut state.faults;
        *body = faults.remembered(strike.rule, path, now, max_age_ms, fresh);
    }
}
