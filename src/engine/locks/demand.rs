//! What a lock demands of its account: one that is locked and not as it must be is
//! made so again.

use crate::domain::lock::LockKind;
use crate::domain::now::Now;
use crate::engine::account::{AccountRun, intent_fields};
use crate::engine::effect::Severity;
use crate::engine::enforcement::plan::increasing_orders;
use crate::engine::output::Output;
use crate::engine::record::{Cause, EntryKind, Goal};

impl AccountRun {
    /// A locked account that is not as it must be is made so again.
    pub(in crate::engine) fn meet_lock_demand(&mut self, now: Now, out: &mut Output<'_>) {
        if !out.config.acts {
            return;
        }
        let goal = if self.guard.lock(LockKind::Lock).is_some() {
            (self.view.is_flat_and_quiet() == Some(false)).then_some(Goal::FlatAndQuiet)
        } else if self.guard.lock(LockKind::CloseOnly).is_some() {
            self.has_increasing_order().then_some(Goal::ReduceOnly)
        } else {
            None
        };
        let Some(goal) = goal else { return };
        // Work towards a lesser goal, which may be stuck, does not stand in for
        // what the lock asks.
        let mut under_way = self.guard.intents().iter();
        if under_way.any(|intent| intent.goal.covers(&goal)) {
            return;
        }
        let intent = self.new_intent(goal, Cause::Lock, now, out);
        let message = format!(
            "{} is locked and not {}: {}",
            self.account.name,
            intent.goal.words(),
            self.view.holdings()
        );
        let mut fields = intent_fields(&intent);
        fields.put("holdings", self.view.holdings());
        out.entry(
            EntryKind::LockViolated,
            Some(&self.account.name),
            message.clone(),
            fields,
        );
        out.notify(self.notice(Severity::Warning, EntryKind::LockViolated, message));
        self.begin(intent, now, out);
    }

    fn has_increasing_order(&self) -> bool {
        let (Some(positions), Some(orders)) = (self.view.positions(), self.view.orders().listed())
        else {
            return false;
        };
        let hedge_mode = self.account.profile.abilities.hedge_mode;
        !increasing_orders(orders, positions, hedge_mode).is_empty()
    }
}
