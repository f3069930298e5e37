//! `position`: limits on what is held.

use rust_decimal::Decimal;

use super::{Answer, Context, Reading};
use crate::domain::holdings::Position;
use crate::domain::instrument::Instrument;
use crate::domain::position_key::PositionSide;
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
        Some(ratio) if position.key.instrument.is_micro() => size.checked_div(ratio),
        _ => Some(size),
    }
}

fn of_instrument(held: &[Position], instrument: &Instrument) -> Option<Decimal> {
    held.iter()
        .filter(|position| position.key.instrument.is_covered_by(instrument))
        .try_fold(Decimal::ZERO, |sum, position| {
            sum.checked_add(position.quantity.abs())
        })
}

fn is_forbidden(rule: &PositionLimit, position: &Position) -> bool {
    let named = |list: &[Instrument]| {
        list.iter()
            .any(|named| position.key.instrument.is_covered_by(named))
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
            .any(|named| position.key.instrument.is_covered_by(named))
    })
}

pub(super) fn describe(
    rule: &PositionLimit,
    reading: &Reading,
    context: &Context<'_>,
    fields: &mut Fields,
) {
    let held = context.positions.unwrap_or_default();
    fields
        .put("metric", metric(rule, reading, held))
        .put("unit", "count")
        .put("comparison", "above")
        .put_known("contracts", gross(rule, held))
        .put_known("contracts_limit", rule.contracts)
        .put("positions", held.len())
        .put_known("positions_limit", rule.positions);
    for broken in broken(rule, held) {
        fields.put("reason", broken);
    }
    for position in offending(rule, context) {
        fields.put("position", position);
    }
}

/// What the numbers of the reading are.
fn metric(rule: &PositionLimit, reading: &Reading, held: &[Position]) -> String {
    let is = |value: Option<Decimal>, limit: Option<Decimal>| {
        limit.is_some() && limit == reading.limit && value == reading.value
    };
    let count = Some(Decimal::from(held.len()));
    if is(gross(rule, held), rule.contracts) {
        return "contracts".to_owned();
    }
    if is(count, rule.positions.map(Decimal::from)) {
        return held_name(held).to_owned();
    }
    rule.per_instrument
        .iter()
        .find(|(instrument, limit)| is(of_instrument(held, instrument), Some(*limit)))
        .map_or_else(
            || "position".to_owned(),
            |(instrument, _)| format!("contracts of {instrument}"),
        )
}

/// What is counted: each side of an instrument is a position.
fn held_name(held: &[Position]) -> &'static str {
    let is_one_way = |position: &Position| position.key.side == PositionSide::OneWay;
    if held.iter().all(is_one_way) {
        "instruments held"
    } else {
        "positions held"
    }
}

/// Every limit that what is held breaks, each in words.
fn broken(rule: &PositionLimit, held: &[Position]) -> Vec<String> {
    let over = |name: &str, count: Option<Decimal>, limit: Decimal| {
        let count = count.filter(|count| *count > limit)?;
        let (count, limit) = (count.normalize(), limit.normalize());
        Some(format!("{name} {count} above {limit}"))
    };
    let contracts = rule
        .contracts
        .and_then(|limit| over("contracts", gross(rule, held), limit));
    let count = Some(Decimal::from(held.len()));
    let instruments = rule
        .positions
        .and_then(|limit| over(held_name(held), count, Decimal::from(limit)));
    let each = rule
        .per_instrument
        .iter()
        .filter_map(|(instrument, limit)| {
            let name = format!("contracts of {instrument}");
            over(&name, of_instrument(held, instrument), *limit)
        });
    let forbidden = held
        .iter()
        .filter(|position| is_forbidden(rule, position))
        .map(|position| format!("{} is not allowed", position.key));
    let opposite = rule
        .opposite
        .iter()
        .filter(|group| is_opposite(group, held))
        .map(|group| both_sides(group, held));
    contracts
        .into_iter()
        .chain(instruments)
        .chain(each)
        .chain(forbidden)
        .chain(opposite)
        .collect()
}

/// `ES 03-26 long and MES 03-26 short in one group`
fn both_sides(group: &[Instrument], held: &[Position]) -> String {
    let side = |is_long: bool| {
        let names: Vec<&str> = in_group(group, held)
            .filter(|position| position.quantity.is_sign_positive() == is_long)
            .map(|position| position.key.instrument.as_str())
            .collect();
        names.join(", ")
    };
    format!("{} long and {} short in one group", side(true), side(false))
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
                    position.key.instrument.is_covered_by(instrument)
                        && over(of_instrument(held, instrument), *limit)
                })
                || rule.opposite.iter().any(|group| {
                    is_opposite(group, held)
                        && group
                            .iter()
                            .any(|named| position.key.instrument.is_covered_by(named))
                })
        })
        .collect()
}
