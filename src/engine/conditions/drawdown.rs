//! `trailing_drawdown`: a floor that follows a high-water mark.

use super::limit::{Inputs, Limit};
use super::{Answer, Context, comparison};
use crate::domain::money::Money;
use crate::engine::memory::Mark;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::{Account, Amount, Level, Metric, Ratchet, Span, TrailingDrawdown};

pub(super) fn read<A: Answer>(rule: &TrailingDrawdown, limit: Limit, context: &Context<'_>) -> A {
    let value = value(rule.metric, context);
    let mark = || mark(rule, context).map(|mark| mark.value);
    let answer = match limit {
        Limit::Unknown => return A::of(Truth::Unknown),
        Limit::Off => A::of(Truth::False).showing(value),
        Limit::At(floor) => A::falls_to(value, floor, rule.breach).starting_at(mark),
    };
    let answer = match rule.arm_at {
        Some(level) => answer.turning_at(mark, level),
        None => answer,
    };
    match (rule.trail, limit) {
        // It comes into force once what the mark follows is above zero.
        (Amount::Share(_), Limit::Off) => {
            answer.turning_at(|| self::value(rule.mark, context), Money::ZERO)
        }
        _ => answer,
    }
}

/// The floor, as far as it is in force.
pub(super) fn limit(rule: &TrailingDrawdown, context: &Context<'_>) -> Limit {
    let Some(mark) = mark(rule, context) else {
        return Limit::Unknown;
    };
    if !is_armed(rule, mark.value) {
        return Limit::Off;
    }
    Limit::At(floor(rule, mark.value, context.account))
}

/// Whether the floor is in force. A percentage of a mark at or below zero is no
/// way down from it: the floor would lie at the mark or above it, and be reached
/// before anything was won.
fn is_armed(rule: &TrailingDrawdown, mark: Money) -> bool {
    let is_reached = rule.arm_at.is_none_or(|level| mark >= level);
    is_reached && (mark.is_positive() || matches!(rule.trail, Amount::Money(_)))
}

/// What the floor is worked out from: the observed mark, the starting balance,
/// and whether there is a span to have a mark in.
pub(super) fn inputs(rule: &TrailingDrawdown, context: &Context<'_>) -> Inputs {
    let memory = context.memory;
    let has_begun = match rule.span {
        Span::Session => memory.session.is_some(),
        Span::Lifetime => memory.last.is_some(),
    };
    [
        observed(rule, context).map(|mark| mark.value),
        context.account.starting_balance,
        has_begun.then_some(Money::ZERO),
    ]
}

fn value(metric: Metric, context: &Context<'_>) -> Option<Money> {
    match metric {
        Metric::Pnl => context.pnl.total,
        Metric::Equity => context.figures.equity,
        Metric::Balance => context.figures.balance,
        Metric::Unrealized => context.figures.unrealized,
    }
}

/// The high-water mark in force: the observed one, or the start or the seed
/// when that is higher.
fn mark(rule: &TrailingDrawdown, context: &Context<'_>) -> Option<Mark> {
    match rule.span {
        Span::Session => {
            let session = context.memory.session.as_ref()?;
            let seed = rule.high_water.map(|value| Mark {
                value,
                at: session.open,
            });
            highest(observed(rule, context), seed)
        }
        Span::Lifetime => {
            let observed = observed(rule, context);
            let first = context.memory.last.map(|last| last.at);
            let given = rule.high_water.max(context.account.starting_balance);
            let start = given.zip(first).map(|(value, at)| Mark {
                value,
                at: observed.map_or(at, |mark| mark.at),
            });
            highest(observed, start)
        }
    }
}

/// The highest value that was observed.
fn observed(rule: &TrailingDrawdown, context: &Context<'_>) -> Option<Mark> {
    let marks = &context.memory.lifetime;
    match (rule.span, rule.mark, rule.ratchet) {
        (Span::Session, mark, _) => context.memory.session.as_ref()?.marks.of(mark),
        (Span::Lifetime, Metric::Balance, Ratchet::Tick) => marks.balance,
        (Span::Lifetime, Metric::Balance, Ratchet::SessionEnd) => marks.balance_at_close,
        (Span::Lifetime, _, Ratchet::Tick) => marks.equity,
        (Span::Lifetime, _, Ratchet::SessionEnd) => marks.equity_at_close,
    }
}

fn highest(left: Option<Mark>, right: Option<Mark>) -> Option<Mark> {
    match (left, right) {
        (Some(left), Some(right)) if right.value > left.value => Some(right),
        (Some(left), _) => Some(left),
        (None, right) => right,
    }
}

/// `mark - trail`, or `mark - share * mark`; never above the lock level.
///
/// The percentage is one of the mark itself (CrossTrade FAQ, trailing drawdown
/// example: a mark of 125 and 95 % give a floor of 6.25).
fn floor(rule: &TrailingDrawdown, mark: Money, account: &Account) -> Option<Money> {
    let trail = match rule.trail {
        Amount::Money(money) => money,
        Amount::Share(share) => mark.share(share)?,
    };
    let floor = mark.minus(trail)?;
    match rule.lock_at {
        None => Some(floor),
        Some(level) => Some(floor.min(lock_level(level, account)?)),
    }
}

fn lock_level(level: Level, account: &Account) -> Option<Money> {
    match level {
        Level::Money(money) => Some(money),
        Level::StartPlus(more) => account.starting_balance?.plus(more),
    }
}

pub(super) fn describe(rule: &TrailingDrawdown, context: &Context<'_>, fields: &mut Fields) {
    let mark = mark(rule, context);
    let trail = match rule.trail {
        Amount::Money(money) => money.to_string(),
        Amount::Share(share) => share.to_string(),
    };
    fields
        .put("metric", metric_words(rule.metric))
        .put("comparison", comparison(rule.breach, true))
        .put("trail", trail)
        .put("mark", metric_words(rule.mark))
        .put_known("high_water", mark.map(|mark| mark.value))
        .put_known("high_water_at", mark.map(|mark| mark.at.to_rfc3339()))
        .put_known("arm_at", rule.arm_at)
        .put_known("not_armed", not_armed(rule, mark))
        .put_known(
            "lock_at",
            rule.lock_at
                .and_then(|level| lock_level(level, context.account)),
        );
}

/// Why the floor is not in force; `None` while it is, as with most.
fn not_armed(rule: &TrailingDrawdown, mark: Option<Mark>) -> Option<String> {
    let mark = mark.filter(|mark| !is_armed(rule, mark.value))?.value;
    Some(match (rule.arm_at, rule.trail) {
        (Some(level), _) if mark < level => {
            format!("the high-water mark has not reached {}", level.grouped())
        }
        (_, Amount::Share(share)) => format!(
            "{share} of a high-water mark of {} is no way down from it",
            mark.grouped()
        ),
        (_, Amount::Money(_)) => return None,
    })
}

pub(super) const fn metric_words(metric: Metric) -> &'static str {
    match metric {
        Metric::Pnl => "session P&L",
        Metric::Equity => "equity",
        Metric::Balance => "balance",
        Metric::Unrealized => "unrealized P&L",
    }
}
