//! `position`: limits on what is held.

use rust_decimal::Decimal;

use super::{Answer, Context};
use crate::domain::holdings::Position;
use crate::domain::instrument::Instrument;
use crate::domain::micros;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::PositionLimit;

pub(super) fn read<A: Answer>(rule: &PositionLimit, context: &Context<'_>) -> A {
    let Some(held) = context.positions else {
        return A::of(Truth::Unknown);
    };
    let contracts = rule
        .contracts
        .map(|limit| A::exceeds(gross(rule, held), limit));
    let instruments = rule
        .positions
        .map(|limit| A::exceeds(Some(Decimal::from(held.len())), Decimal::from(limit)));
    let each = rule
        .per_instrument
        .iter()
        .map(|(instrument, limit)| A::exceeds(of_instrument(held, instrument), *limit));
    let forbidden = held.iter().any(|position| is_forbidden(rule, position));
    let opposite = rule.opposite.iter().any(|group| is_opposite(group, held));
    let lists = A::of(Truth::from(forbidden || opposite));
    let limits = contracts.into_iter().chain(instruments).chain(each);
    match limits.reduce(A::or) {
        Some(limits) => limits.or(lists),
        None => lists,
    }
}

/// Long and short contracts added up, micros by their ratio.
fn gross(rule: &PositionLimit, held: &[Position]) -> Option<Decimal> {
    match held {
        [only] => weight(rule, only),
        all => all.iter().try_fold(Decimal::ZERO, |sum, position| {
            sum.checked_add(weight(rule, position)?)
        }),
    }
}

fn weight(rule: &PositionLimit, position: &Position) -> Option<Decimal> {
    let size = position.quantity.abs();
    match rule.micro_ratio {
        Some(ratio) if micros::is_micro(position.instrument.root()) => size.checked_div(ratio),
        _ => Some(size),
    }
}

fn of_instrument(held: &[Position], instrument: &Instrument) -> Option<Decimal> {
    held.iter()
        .filter(|position| position.instrument.is_covered_by(instrument))
        .try_fold(Decimal::ZERO, |sum, position| {
            sum.checked_add(position.quantity.abs())
        })
}

fn is_forbidden(rule: &PositionLimit, position: &Position) -> bool {
    let named = |list: &[Instrument]| {
        list.iter()
            .any(|named| position.instrument.is_covered_by(named))
    };
    (!rule.allow.is_empty() && !named(&rule.allow)) || named(&rule.deny)
}

/// Whether the group is held long and short at once.
fn is_opposite(group: &[Instrument], held: &[Position]) -> bool {
    let mut long = false;
    let mut short = false;
    for position in in_group(group, held) {
        long |= position.quantity.is_sign_positive();
        short |= position.quantity.is_sign_negative();
    }
    long && short
}

fn in_group<'a>(
    group: &'a [Instrument],
    held: &'a [Position],
) -> impl Iterator<Item = &'a Position> {
    held.iter().filter(move |position| {
        group
            .iter()
            .any(|named| position.instrument.is_covered_by(named))
    })
}

pub(super) fn describe(rule: &PositionLimit, context: &Context<'_>, fields: &mut Fields) {
    let held = context.positions.unwrap_or_default();
    fields
        .put("metric", "position")
        .put("comparison", "above")
        .put_known("contracts", gross(rule, held))
        .put_known("contracts_limit", rule.contracts)
        .put("positions", held.len())
        .put_known("positions_limit", rule.positions);
    for position in offending(rule, context) {
        fields.put("position", position);
    }
}

/// The positions that break a limit: those of an instrument or a list when
/// that is broken, else all of them.
pub(super) fn offending<'a>(rule: &PositionLimit, context: &Context<'a>) -> Vec<&'a Position> {
    let held = context.positions.unwrap_or_default();
    let over = |count: Option<Decimal>, limit: Decimal| count.is_some_and(|count| count > limit);
    let whole = rule
        .contracts
        .is_some_and(|limit| over(gross(rule, held), limit))
        || rule
            .positions
            .is_some_and(|limit| over(Some(Decimal::from(held.len())), Decimal::from(limit)));
    held.iter()
        .filter(|position| {
            whole
                || is_forbidden(rule, position)
                || rule.per_instrument.iter().any(|(instrument, limit)| {
                    position.instrument.is_covered_by(instrument)
                        && over(of_instrument(held, instrument), *limit)
                })
                || rule.opposite.iter().any(|group| {
                    is_opposite(group, held)
                        && group
                            .iter()
                            .any(|named| position.instrument.is_covered_by(named))
                })
        })
        .collect()
}
