//! Whose locks and unfinished work is: they follow the venue's account, by the
//! number as the venue compares it, whatever the rule file calls it.
//!
//! An edit that would lose sight of a locked or unfinished account is refused
//! ([`Engine::objections`]). Where none could be asked for, because no rules are
//! on record that still count, what can be found under another name goes on
//! there, and what cannot is told of.

use std::collections::HashMap;

use super::Engine;
use super::account::AccountRun;
use super::deferred_account::{defers_loosening, objection};
use super::effect::{Audience, Effect, Notice, Severity};
use super::memory::AccountMemory;
use super::output::Output;
use super::record::{EntryKind, Fields};
use crate::domain::account::{AccountName, VenueName};
use crate::domain::lock::LockEnd;
use crate::rules::book::Account;
use crate::rules::book::RuleBook;

/// Where what was kept under a name belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// To the account that has this name in the rule file.
    Here,
    /// To the same account of the venue, which has this name now.
    Renamed(AccountName),
    /// To an account that is not in the rule file. Another one may have its name.
    Gone,
}

/// The numbers that accounts had at their venues.
#[derive(Debug, Default)]
pub(super) struct Homes(HashMap<AccountName, String>);

impl Homes {
    pub(super) fn of(memories: &HashMap<AccountName, AccountMemory>) -> Homes {
        let numbers = memories.iter();
        Homes(
            numbers
                .map(|(name, memory)| (name.clone(), memory.number.clone()))
                .collect(),
        )
    }

    /// Where what was kept under this name belongs by these rules.
    pub(super) fn find(&self, name: &AccountName, rules: &RuleBook) -> Home {
        let named = rules.account(name);
        let Some(number) = self.0.get(name) else {
            return named.map_or(Home::Gone, |_| Home::Here);
        };
        let is_it = |account: &&Account| account.number.matches(number);
        if named.map(AsRef::as_ref).filter(is_it).is_some() {
            return Home::Here;
        }
        let mut same = rules.accounts.iter().map(AsRef::as_ref).filter(is_it);
        match (same.next(), same.next()) {
            (Some(only), None) => Home::Renamed(only.name.clone()),
            // Of several venues it could be at any.
            _ => Home::Gone,
        }
    }
}

impl Engine {
    /// What speaks against putting these rules in force now: accounts that are
    /// locked, or being made flat, and would be lost sight of; and those that an
    /// edit that loosens would take out before their session has closed.
    ///
    /// `is_same_venue` says whether an account of the same number is the same account
    /// at the venue that the first name has in the rules in force and at the one that
    /// the second name has in these.
    pub fn objections(
        &self,
        rules: &RuleBook,
        is_same_venue: impl Fn(&VenueName, &VenueName) -> bool,
    ) -> Vec<String> {
        let is_strict = defers_loosening(&self.rules) || defers_loosening(rules);
        let objections = self.accounts.iter().filter_map(|run| {
            let change = change_of(&run.account, rules, &is_same_venue)?;
            let name = &run.account.name;
            match run.ties() {
                Some(ties) => Some(ties.objection(name, &change)),
                None if change == Change::Venue => None,
                None => {
                    let is_held = is_strict || run.defers_until_session_end();
                    (is_held && run.ledger.is_in_open_session()).then(|| objection(name))
                }
            }
        });
        objections.collect()
    }
}

/// What an edit makes of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Removed,
    Name(AccountName),
    Number { old: String, new: String },
    Venue,
}

/// How these rules make another account of the venue of what has this name,
/// if they do.
fn change_of(
    account: &Account,
    rules: &RuleBook,
    is_same_venue: impl Fn(&VenueName, &VenueName) -> bool,
) -> Option<Change> {
    let is_there = |other: &Account| is_same_venue(&account.venue, &other.venue);
    let Some(named) = rules.account(&account.name) else {
        let mut others = rules.accounts.iter();
        let renamed = others.find(|other| other.number == account.number && is_there(other));
        return Some(match renamed {
            Some(other) => Change::Name(other.name.clone()),
            None => Change::Removed,
        });
    };
    match (named.number == account.number, is_there(named)) {
        (true, true) => None,
        (true, false) => Some(Change::Venue),
        (false, _) => Some(Change::Number {
            old: account.number.to_string(),
            new: named.number.to_string(),
        }),
    }
}

/// What ties the name of an account to the account of the venue.
enum Ties {
    Locked(LockEnd),
    Unfinished,
}

impl Ties {
    /// What is refused, why, and what to do.
    fn objection(&self, account: &AccountName, change: &Change) -> String {
        let edit = match change {
            Change::Removed => "takes it out".to_owned(),
            Change::Name(name) => format!("calls it {name}"),
            Change::Number { old, new } => {
                format!("gives it another number at the venue, {new} instead of {old}")
            }
            Change::Venue => "moves it to another venue".to_owned(),
        };
        match self {
            Ties::Locked(end) => format!(
                "account {account} is locked {end} and the edit {edit}, so that nothing would keep it flat: leave it as it was, or end the lock first (`riskd unlock {account} --reason TEXT`)"
            ),
            Ties::Unfinished => format!(
                "account {account} is being made flat and the edit {edit}, so that nothing would finish that: leave it as it was until it is flat"
            ),
        }
    }
}

impl AccountRun {
    fn ties(&self) -> Option<Ties> {
        let locked = self.guard.last_lock_end().map(Ties::Locked);
        let is_idle = self.guard.is_idle();
        locked.or_else(|| (!is_idle).then_some(Ties::Unfinished))
    }
}

/// Tells of a lock, or of work that was not finished, whose account is not in
/// the rule file.
pub(super) fn report_left_behind(account: &AccountName, message: String, out: &mut Output<'_>) {
    let kind = EntryKind::LeftBehind;
    out.entry(kind, Some(account), message.clone(), Fields::new());
    out.effects.push(Effect::Notify(Notice {
        to: Audience::Everyone,
        severity: Severity::Critical,
        kind,
        account: Some(account.clone()),
        rule: None,
        text: message,
    }));
}
