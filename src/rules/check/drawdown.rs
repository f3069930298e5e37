//! `trailing_drawdown`: a floor that follows a high-water mark.

mod plausible;

use super::accounts::{Balance, Draft};
use super::condition::breach;
use super::rule::Scope;
use crate::domain::money::{Fraction, Money};
use crate::rules::book::{Amount, Level, Metric, Ratchet, Span, TrailingDrawdown};
use crate::rules::diagnostic::{Diagnostic, Findings};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::tables;
use rust_decimal::Decimal;

/// Largest trail as a share of the mark.
const MAX_TRAIL_PERCENT: u32 = 100;

pub(super) fn trailing_drawdown(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<TrailingDrawdown> {
    let fields = Fields::open(node, &tables::TRAILING_DRAWDOWN, findings)?;
    let before = findings.errors();
    let metric = fields.read("metric", findings, read::word::<Metric>);
    let mark = fields.read("mark", findings, read::word::<Metric>);
    let trail = fields.read("trail", findings, |node, findings| {
        read::amount(node, MAX_TRAIL_PERCENT, findings)
    });
    let arm_at = fields.read("arm_at", findings, read::positive_money);
    let span = fields.read("span", findings, read::word::<Span>);
    let ratchet = fields.read("ratchet", findings, read::word::<Ratchet>);
    let lock_at = fields.read("lock_at", findings, read::level);
    let high_water = fields.read("high_water", findings, read::positive_money);
    let breach = breach(&fields, findings);
    let metric = metric?;
    let mark = mark.unwrap_or(metric);
    if !fields.has("span") && !is_result(metric) {
        let message = "`trailing_drawdown` of an account's value needs the key `span`";
        let help = "add `span: lifetime`, or `span: session` for a mark that begins anew each day";
        findings.push(Diagnostic::error(fields.whole_place(), message).help(help));
    }
    let drawdown = TrailingDrawdown {
        metric,
        mark,
        trail: trail?,
        arm_at,
        span: span.unwrap_or(Span::Session),
        ratchet: ratchet.unwrap_or_default(),
        lock_at,
        high_water,
        breach,
    };
    check_mark(&drawdown, &fields, findings);
    check_span(&drawdown, &fields, scope, findings);
    check_lock(&drawdown, &fields, scope, findings);
    if findings.errors() == before {
        plausible::warn(&drawdown, &fields, scope, findings);
    }
    (findings.errors() == before).then_some(drawdown)
}

/// Whether a metric is a result, which begins at zero, and not a value of the
/// whole account.
fn is_result(metric: Metric) -> bool {
    matches!(metric, Metric::Pnl | Metric::Unrealized)
}

fn check_mark(drawdown: &TrailingDrawdown, fields: &Fields<'_, '_>, findings: &mut Findings) {
    let (metric, mark) = (drawdown.metric, drawdown.mark);
    let same_kind = metric == mark || (!is_result(metric) && !is_result(mark));
    if !same_kind {
        let message = format!(
            "a mark of `{}` cannot be compared with `{}`",
            mark.name(),
            metric.name()
        );
        let help = "only `equity` and `balance` may follow one another";
        findings.push(Diagnostic::error(fields.place("mark"), message).help(help));
    }
    let share = matches!(drawdown.trail, Amount::Share(_));
    if share && is_result(mark) && drawdown.arm_at.is_none() {
        let message = format!(
            "a percentage of a `{}` mark needs `arm_at`: the mark begins at zero",
            mark.name()
        );
        let help = "add `arm_at:` with the profit at which the rule begins to watch";
        findings.push(Diagnostic::error(fields.place("trail"), message).help(help));
    }
}

fn check_span(
    drawdown: &TrailingDrawdown,
    fields: &Fields<'_, '_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    match drawdown.span {
        Span::Session => {
            if drawdown.ratchet == Ratchet::SessionEnd {
                let message = "a mark of one session cannot move at its end: it is over then";
                let help = "use `span: lifetime`, or leave `ratchet` out";
                findings.push(Diagnostic::error(fields.place("ratchet"), message).help(help));
            }
            if drawdown.high_water.is_some() {
                let message = "`high_water` is for a mark that lasts: this one begins each session";
                let help = "use `span: lifetime`, or leave `high_water` out";
                findings.push(Diagnostic::error(fields.place("high_water"), message).help(help));
            }
        }
        Span::Lifetime if is_result(drawdown.metric) || is_result(drawdown.mark) => {
            let message = format!(
                "`{}` begins anew each session, so its mark has no lifetime",
                drawdown.metric.name()
            );
            let help = "use `span: session`, or `metric: equity`";
            findings.push(Diagnostic::error(fields.place("span"), message).help(help));
        }
        Span::Lifetime => lifetime_start(drawdown, fields, scope, findings),
    }
}

/// A lifetime mark begins at the starting balance or at a seed, and a seed
/// below the starting balance cannot be.
fn lifetime_start(
    drawdown: &TrailingDrawdown,
    fields: &Fields<'_, '_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    let Some(seed) = drawdown.high_water else {
        let why = "`span: lifetime` without `high_water`";
        scope.need_starting_balance(fields.place("span"), why, findings);
        return;
    };
    let place = fields.place("high_water");
    for draft in &scope.accounts {
        if let Balance::Known(start) = draft.starting_balance
            && seed < start
        {
            let message = format!(
                "the mark of `{}` cannot be below its starting balance of {start}",
                draft.name
            );
            findings.push(Diagnostic::error(place, message).help(format!("write {start} or more")));
            return;
        }
    }
    if scope.accounts.len() > 1 {
        let message = "the accounts of this rule all get this one high-water mark";
        let help = "give each account that is already running a rule of its own";
        findings.push(Diagnostic::warning(place, message).help(help));
    }
}

fn check_lock(
    drawdown: &TrailingDrawdown,
    fields: &Fields<'_, '_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    let place = fields.place("lock_at");
    match drawdown.lock_at {
        None => {}
        Some(Level::StartPlus(_)) if is_result(drawdown.metric) => {
            let message = format!(
                "`start` is a balance, and `{}` is a result",
                drawdown.metric.name()
            );
            let help = "write a number, or use `metric: equity`";
            findings.push(Diagnostic::error(place, message).help(help));
        }
        Some(Level::StartPlus(_)) => scope.need_starting_balance(place, "`start`", findings),
        Some(Level::Money(level)) if !is_result(drawdown.metric) && level <= Money::ZERO => {
            let message = "this level must be above zero: it is a value of the account";
            let help = "write `start`, or a balance";
            findings.push(Diagnostic::error(place, message).help(help));
        }
        Some(Level::Money(level)) => {
            level_above_first_floor(drawdown, level, fields, scope, findings);
        }
    }
}

/// A level that the floor is above from the start holds it down for ever: the
/// rule trails nothing, and one that far down watches nothing either.
fn level_above_first_floor(
    drawdown: &TrailingDrawdown,
    level: Money,
    fields: &Fields<'_, '_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    let starts = scope.accounts.iter().map(|draft| {
        let start = first_mark(drawdown, draft);
        start.and_then(|start| Some((draft, first_floor(drawdown, start)?)))
    });
    let Some((draft, floor)) = starts.flatten().find(|(_, floor)| level < *floor) else {
        return;
    };
    let message = format!(
        "this level is below the first floor of `{}` ({}), so the floor would never rise beyond {}",
        draft.name,
        floor.grouped(),
        level.grouped()
    );
    let is_profit = !is_result(drawdown.metric)
        && Some(level) < half(floor)
        && draft.starting_balance != Balance::NotGiven;
    let help = if is_profit {
        format!("write `start + {}`", level.decimal().normalize())
    } else {
        format!("write {floor} or more, or leave `lock_at` out")
    };
    let place = fields.place("lock_at");
    // A mark of one session begins where the account stands, which may be far
    // below its start.
    let wrong = if drawdown.span == Span::Session && !is_result(drawdown.metric) {
        Diagnostic::warning(place, message)
    } else {
        Diagnostic::error(place, message)
    };
    findings.push(wrong.help(help));
}

fn half(amount: Money) -> Option<Money> {
    amount.share(Fraction::from_percent(Decimal::from(50))?)
}

/// Where the mark of an account begins, as far as the file tells. A seed alone
/// does not: the account may have passed the level long ago.
fn first_mark(drawdown: &TrailingDrawdown, draft: &Draft) -> Option<Money> {
    if is_result(drawdown.mark) {
        // One that is armed by a profit may be meant to have a fixed floor then.
        return drawdown.arm_at.is_none().then_some(Money::ZERO);
    }
    draft.starting_balance.known()
}

fn first_floor(drawdown: &TrailingDrawdown, mark: Money) -> Option<Money> {
    match drawdown.trail {
        Amount::Money(trail) => mark.minus(trail),
        Amount::Share(share) => mark.minus(mark.share(share)?),
    }
}
