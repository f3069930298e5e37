//! Words that several kinds of conditions are told in.

use crate::domain::instrument::Instrument;
use crate::domain::money::{Fraction, Money};
use crate::rules::book::{Account, Amount};

/// What all accounts have in common, if it is the same for all.
pub(in crate::engine) fn same<T: PartialEq>(
    accounts: &[&Account],
    of: impl Fn(&Account) -> T,
) -> Option<T> {
    let mut values = accounts.iter().map(|account| of(account));
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// The starting balance of the accounts, where they have the same.
pub(super) fn start(accounts: &[&Account]) -> Option<Money> {
    same(accounts, |account| account.starting_balance).flatten()
}

pub(super) fn amount(amount: Amount, accounts: &[&Account]) -> String {
    match amount {
        Amount::Money(money) => money.grouped(),
        Amount::Share(share) => share_of_start(share, accounts),
    }
}

/// A share of the starting balance, with the amount where it is one.
fn share_of_start(share: Fraction, accounts: &[&Account]) -> String {
    match start(accounts).and_then(|start| start.share(share)) {
        Some(amount) => format!("{} ({share} of the starting balance)", amount.grouped()),
        None => format!("{share} of the starting balance"),
    }
}

pub(super) fn names(instruments: &[Instrument]) -> String {
    let names: Vec<&str> = instruments.iter().map(Instrument::as_str).collect();
    names.join(", ")
}
