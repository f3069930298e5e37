//! Taking up an account while others are run, and letting go of one: who runs which
//! account is decided elsewhere, and may change.
//!
//! An account that is taken up goes the way of a start, with what the record keeps of
//! it. One that is let go of is left as it is on record, for whoever takes it up:
//! nothing ends by that, no lock, no intent, no latch.

use std::collections::HashMap;
use std::sync::Arc;

use super::Engine;
use super::account::AccountRun;
use super::effect::Effect;
use super::output::Output;
use super::restore::{EarlierRules, KeptRows};
use crate::domain::account::AccountName;
use crate::domain::now::Now;
use crate::rules::book::Account;

impl Engine {
    /// Takes an account up, as a start does: nothing is known of it until it is
    /// observed afresh. One that is run already goes on as it is, because what is on
    /// record of it is older.
    pub(super) fn adopt(
        &mut self,
        account: &AccountName,
        kept: KeptRows,
        earlier: &[EarlierRules],
        now: Now,
    ) -> Vec<Effect> {
        if self.index.contains_key(account) {
            return Vec::new();
        }
        self.elsewhere.remove(account);
        // Without one in the rule file, what is kept of it is told of, as at a start.
        let named: Vec<Arc<Account>> = self.rules.account(account).cloned().into_iter().collect();
        let effects = self.take_up(&named, kept, earlier, now);
        self.put_in_order();
        effects
    }

    /// Lets go of an account: what waits to leave for it is held back, and what it
    /// remembers is written down. It stays away until it is taken up again, also over
    /// a reload.
    pub(super) fn release(&mut self, account: &AccountName, now: Now) -> Vec<Effect> {
        let mut effects = self.on_account(account, now, AccountRun::hold_back);
        self.elsewhere.insert(account.clone());
        if let Some(index) = self.index.remove(account) {
            let mut states = Vec::new();
            self.accounts.remove(index).drain_states(&mut states);
            effects.extend(states.into_iter().map(Effect::Record));
            self.put_in_order();
        }
        effects
    }

    /// Has the accounts stand in the order of the rule file.
    fn put_in_order(&mut self) {
        let accounts = self.rules.accounts.iter().enumerate();
        let places: HashMap<&AccountName, usize> = accounts
            .map(|(place, account)| (&account.name, place))
            .collect();
        self.accounts
            .sort_by_key(|run| places.get(&run.account.name).copied());
        self.index = self
            .accounts
            .iter()
            .enumerate()
            .map(|(index, run)| (run.account.name.clone(), index))
            .collect();
        // By their old places none could be found.
        self.touched = (0..self.accounts.len()).collect();
    }
}

impl AccountRun {
    /// Nothing that still waits need leave.
    fn hold_back(&mut self, out: &mut Output<'_>) {
        let (_, steps) = self.guard.enforcement_mut().drop_intents(|_| true);
        let now = out.now;
        self.carry_out(steps, now, out);
    }
}
