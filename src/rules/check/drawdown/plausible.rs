//! Warnings about trailing drawdowns whose numbers are possible and hardly
//! meant.

use rust_decimal::Decimal;

use super::{half, is_result};
use crate::domain::money::Money;
use crate::rules::book::{Amount, Span, TrailingDrawdown};
use crate::rules::check::rule::Scope;
use crate::rules::check::size;
use crate::rules::diagnostic::{Diagnostic, Findings};
use crate::rules::keys::Fields;

/// How often a mark may be the starting balance before it looks like a slip of
/// the finger: one digit too many makes it ten times as much.
const MOST_TIMES: i64 = 5;

pub(super) fn warn(
    drawdown: &TrailingDrawdown,
    fields: &Fields<'_, '_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    let (place, what) = (fields.place("trail"), ("a trail", drawdown.trail));
    // A result begins at zero: giving all of it back, or a little, may be meant.
    if is_result(drawdown.metric) {
        if let Amount::Money(_) = drawdown.trail {
            size::warn_of_whole(scope, place, what, findings);
        }
        return;
    }
    size::warn_of_whole(scope, place, what, findings);
    size::warn_of_tiny(scope, place, what, size::LEAST_DISTANCE, findings);
    arm_at(drawdown, fields, scope, findings);
    high_water(drawdown, fields, scope, findings);
}

/// A value of the account that it has from the start arms at once: most likely
/// a profit was meant.
fn arm_at(
    drawdown: &TrailingDrawdown,
    fields: &Fields<'_, '_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    let Some(level) = drawdown.arm_at else {
        return;
    };
    let starts = scope.accounts.iter().filter_map(|draft| {
        let start = draft.starting_balance.known()?;
        Some((draft, start, half(start)?))
    });
    // A mark of one session begins where the account stands, which may be below
    // its start, but hardly by half.
    let mut armed = starts.filter(|(_, start, half)| match drawdown.span {
        Span::Lifetime => level <= *start,
        Span::Session => level < *half,
    });
    let Some((draft, start, _)) = armed.next() else {
        return;
    };
    let message = format!(
        "`arm_at` is a value of the account's {}, and `{}` starts with {}: this is armed from the \
         start",
        drawdown.mark.name(),
        draft.name,
        start.grouped()
    );
    // A value below the start is none that one waits for.
    let meant = start.plus(level).filter(|_| level < start);
    let help = match meant {
        Some(meant) => format!(
            "write `{}` where a profit of {} is meant, or leave `arm_at` out",
            meant.decimal().normalize(),
            level.grouped()
        ),
        None => format!("write more than {}, or leave `arm_at` out", start.grouped()),
    };
    findings.push_doubt(Diagnostic::warning(fields.place("arm_at"), message).help(help));
}

fn high_water(
    drawdown: &TrailingDrawdown,
    fields: &Fields<'_, '_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    let Some(seed) = drawdown.high_water else {
        return;
    };
    let starts = scope
        .accounts
        .iter()
        .filter_map(|draft| Some((draft, draft.starting_balance.known()?)));
    let too_high = starts
        .filter_map(|(draft, start)| Some((draft, start, times(seed, start)?)))
        .find(|(_, _, times)| *times >= Decimal::from(MOST_TIMES));
    if let Some((draft, start, times)) = too_high {
        let message = format!(
            "a mark of {} is {} times the starting balance of `{}` ({})",
            seed.grouped(),
            times.round_dp(1).normalize(),
            draft.name,
            start.grouped()
        );
        let help = format!(
            "write the highest {} that the account has had; is there a digit too many?",
            drawdown.mark.name()
        );
        findings.push_doubt(Diagnostic::warning(fields.place("high_water"), message).help(help));
    }
}

fn times(seed: Money, start: Money) -> Option<Decimal> {
    seed.decimal().checked_div(start.decimal())
}
