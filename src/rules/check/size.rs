//! Warns of amounts to lose whose size is hardly meant.

use rust_decimal::Decimal;

use super::rule::Scope;
use crate::domain::money::Money;
use crate::rules::book::Amount;
use crate::rules::diagnostic::{Diagnostic, Findings, Place};

/// The largest number that is most likely meant as a percentage.
const LARGEST_PERCENT: Decimal = Decimal::from_parts(20, 0, 0, false, 0);
/// A distance of a floor that is a smaller share of the starting balance than
/// this is next to nothing.
pub(super) const LEAST_DISTANCE: Decimal = Decimal::from_parts(5, 0, 0, false, 4);
/// So is a loss of a day that is a smaller share than this; with few micro
/// contracts on a large account little may be risked.
pub(super) const LEAST_LOSS: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// Warns of an amount that is next to nothing: less than this share of the
/// starting balance of an account. `what` says what the amount is.
pub(super) fn warn_of_tiny(
    scope: &Scope<'_>,
    place: Place,
    (what, amount): (&str, Amount),
    least: Decimal,
    findings: &mut Findings,
) {
    let is_tiny = |lost: Decimal, start: Decimal| Some(lost < start.checked_mul(least)?);
    if let Some((name, start)) = first(scope, amount, is_tiny) {
        let message = format!(
            "{what} of {} is less than {}% of the starting balance of `{name}` ({}), so nearly any \
             trade fires this",
            words(amount),
            least.saturating_mul(Decimal::ONE_HUNDRED).normalize(),
            start.grouped()
        );
        findings.push_doubt(Diagnostic::warning(place, message).help(help_of_tiny(amount)));
    }
}

/// Warns of an amount that is the whole starting balance of an account or more:
/// what is gone by then needs no rule. `what` says what the amount is.
pub(super) fn warn_of_whole(
    scope: &Scope<'_>,
    place: Place,
    (what, amount): (&str, Amount),
    findings: &mut Findings,
) {
    if let Some((name, start)) = first(scope, amount, |lost, start| Some(lost >= start)) {
        let message = format!(
            "{what} of {} is no less than the whole starting balance of `{name}` ({}), so this can \
             hardly ever fire",
            words(amount),
            start.grouped()
        );
        let help = "write how much may be lost, not what is left then";
        findings.push(Diagnostic::warning(place, message).help(help));
    }
}

/// The first account whose starting balance makes the amount what the test
/// says.
fn first<'s>(
    scope: &'s Scope<'_>,
    amount: Amount,
    test: impl Fn(Decimal, Decimal) -> Option<bool>,
) -> Option<(&'s str, Money)> {
    let mut last = None;
    scope.accounts.iter().find_map(|draft| {
        let start = draft.starting_balance.known()?;
        // The accounts of a rule mostly began with the same.
        if last.replace(start) == Some(start) {
            return None;
        }
        let lost = match amount {
            Amount::Money(amount) => amount,
            Amount::Share(share) => start.share(share)?,
        };
        let is_it = test(lost.decimal(), start.decimal())?;
        is_it.then_some((draft.name.as_str(), start))
    })
}

fn words(amount: Amount) -> String {
    match amount {
        Amount::Money(amount) => amount.grouped(),
        Amount::Share(share) => share.to_string(),
    }
}

fn help_of_tiny(amount: Amount) -> String {
    match amount {
        Amount::Money(amount) if amount.decimal() <= LARGEST_PERCENT => {
            let percent = amount.decimal().normalize();
            format!("write `{percent}%` where a percentage is meant, else a larger amount")
        }
        Amount::Money(_) | Amount::Share(_) => "write a larger amount".to_owned(),
    }
}
