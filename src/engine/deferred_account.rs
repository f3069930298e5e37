//! What an edit changes of an account itself, and when: with `loosening:
//! next_session`, its trading days and its starting balance stay for the rest of
//! the session. Either can loosen a limit, whichever way it is moved: a floor
//! counted from the starting balance falls with it, a percentage of it rises.

use std::sync::Arc;

use super::account::AccountRun;
use super::output::Output;
use super::record::{EntryKind, Fields};
use crate::domain::account::AccountName;
use crate::domain::now::Now;
use crate::domain::trade_date::TradeDate;
use crate::rules::book::RuleBook;
use crate::rules::book::{Account, Loosening};

/// What of an account waits for the next session.
#[derive(Debug, Default)]
pub(super) struct DeferredAccount {
    /// The account as the rule file has it, when that is not in force.
    waiting: Option<Arc<Account>>,
    /// The session in which `next_session` was asked for last: what is loosened
    /// in it waits, though an edit may have taken that back meanwhile.
    strict: Option<TradeDate>,
}

/// Whether these rules have what loosens wait.
pub(super) fn defers_loosening(rules: &RuleBook) -> bool {
    rules.loosening == Loosening::NextSession
}

impl AccountRun {
    /// Notes that what loosens in the running session has to wait.
    pub(super) fn defer_until_session_end(&mut self) {
        self.deferred_account.strict = self.ledger.trade_date();
    }

    /// Whether what loosens has to wait, though the rules in force may not ask
    /// for it any more.
    pub(super) fn defers_until_session_end(&self) -> bool {
        let session = self.ledger.trade_date();
        session.is_some() && self.deferred_account.strict == session
    }

    /// Takes the account as the rule file has it now; with `defer`, what
    /// could loosen a rule waits for the next session.
    pub(super) fn change_account(
        &mut self,
        account: Arc<Account>,
        defer: bool,
        now: Now,
        out: &mut Output<'_>,
    ) {
        let what = self.loosened_by(&account, now);
        self.guard.enforcement_mut().set_profile(account.profile);
        self.deferred_account.waiting = None;
        if !defer || what.is_empty() || !self.ledger.is_in_session(now) {
            self.take_account(account);
            return;
        }
        let kept = self.with_session_and_balance(&account, &self.account);
        self.take_account(Arc::new(kept));
        self.deferred_account.waiting = Some(account);
        let what = what.join(" and ");
        let message = format!(
            "{} keeps its {what} until its next session: a change could loosen a rule",
            self.account.name
        );
        let mut fields = Fields::new();
        fields.put("held_back", &what);
        out.entry(
            EntryKind::LooseningHeld,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    /// The session ended: the account as the rule file has it comes into force.
    pub(super) fn put_deferred_account_in_force(&mut self, now: Now, out: &mut Output<'_>) {
        if self.deferred_account.waiting.is_none() || self.ledger.is_in_session(now) {
            return;
        }
        if let Some(account) = self.deferred_account.waiting.take() {
            self.take_account(account);
            let name = &self.account.name;
            let message = format!("the change of {name} itself that was held back is in force");
            out.entry(
                EntryKind::LooseningReleased,
                Some(name),
                message,
                Fields::new(),
            );
        }
    }

    /// Begins with the account as the first of these rule sets had it: the one
    /// with which its session opened.
    pub(super) fn begin_with_first_of(&mut self, earlier: &[&RuleBook]) {
        let account = earlier.first();
        if let Some(account) = account.and_then(|rules| same_account(rules, &self.account)) {
            let kept = self.with_session_and_balance(&self.account, account);
            self.take_account(Arc::new(kept));
        }
    }

    fn with_session_and_balance(&self, account: &Account, of: &Account) -> Account {
        Account {
            session: Arc::clone(&of.session),
            starting_balance: of.starting_balance,
            ..account.clone()
        }
    }

    fn take_account(&mut self, account: Arc<Account>) {
        if self.account.session != account.session {
            // The calendar changed: find the session that the present is in.
            self.ledger.forget_current();
        }
        self.account = account;
        self.rules.end_shortcut();
    }

    /// What this form of the account changes that a rule may depend on.
    fn loosened_by(&self, account: &Account, now: Now) -> Vec<&'static str> {
        let mut what = Vec::new();
        let session = |account: &Account| account.session.session_at(now.wall);
        let is_same = self.account.session == account.session;
        if !is_same && session(&self.account) != session(account) {
            what.push("trading days");
        }
        // No rule in force can depend on a balance that was not there.
        let old = self.account.starting_balance;
        if old.is_some() && old != account.starting_balance {
            what.push("starting balance");
        }
        what
    }
}

/// The account of this name and number in other rules.
fn same_account<'a>(rules: &'a RuleBook, account: &Account) -> Option<&'a Arc<Account>> {
    rules
        .account(&account.name)
        .filter(|known| known.number == account.number)
}

/// The account as each of these rule sets has it.
pub(super) fn forms<'a>(
    earlier: &'a [&'a RuleBook],
    account: &'a Account,
) -> impl Iterator<Item = &'a Arc<Account>> {
    earlier
        .iter()
        .filter_map(move |rules| same_account(rules, account))
}

/// Why an account cannot be taken out of the file while its session is open:
/// every rule of it would be gone at once.
pub(super) fn objection(name: &AccountName) -> String {
    format!(
        "account {name} is taken out of the file or given another number, which ends its rules at once, and `loosening` is `next_session`: do that after its session has closed"
    )
}

/// The rule sets of a start, if one of them has what loosens wait.
pub(super) fn is_deferred_by(rules: &RuleBook, earlier: &[&RuleBook]) -> bool {
    defers_loosening(rules) || earlier.iter().any(|rules| defers_loosening(rules))
}
