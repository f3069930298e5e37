//! `position`: limits on what is held.

use rust_decimal::Decimal;

use super::kind::{Asked, ConditionKind};
use super::tightness::{covers, is_as_low};
use super::{Context, Reading, words};
use crate::domain::holdings::Position;
use crate::domain::instrument::Instrument;
use crate::domain::observation::Timestamp;
use crate::domain::position_key::PositionSide;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Leaf, PositionLimit};

impl ConditionKind for PositionLimit {
    fn read(&self, _: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let Some(held) = context.positions else {
            return Reading::of(Truth::Unknown);
        };
        let contracts = self
            .contracts
            .map(|limit| Reading::exceeds(gross(self, held), limit));
        let instruments = self
            .positions
            .map(|limit| Reading::exceeds(Some(Decimal::from(held.len())), Decimal::from(limit)));
        let each = self
            .per_instrument
            .iter()
            .map(|(instrument, limit)| Reading::exceeds(of_instrument(held, instrument), *limit));
        let forbidden = held.iter().any(|position| is_forbidden(self, position));
        let opposite = self.opposite.iter().any(|group| is_opposite(group, held));
        let lists = Reading::of(Truth::from(forbidden || opposite));
        let limits = contracts.into_iter().chain(instruments).chain(each);
        match limits.reduce(Reading::or) {
            Some(limits) => limits.or(lists),
            None => lists,
        }
    }

    fn describe(
        &self,
        reading: &Reading,
        _: Timestamp,
        context: &Context<'_>,
        fields: &mut Fields,
    ) {
        let held = context.positions.unwrap_or_default();
        fields
            .put("metric", metric(self, reading, held))
            .put("unit", "count")
            .put("comparison", "above")
            .put_known("contracts", gross(self, held))
            .put_known("contracts_limit", self.contracts)
            .put("positions", held.len())
            .put_known("positions_limit", self.positions);
        for broken in broken(self, held) {
            fields.put("reason", broken);
        }
        for position in offending(self, context) {
            fields.put("position", position);
        }
    }

    fn explain(&self, _: &[&Account]) -> String {
        let mut texts = Vec::new();
        if let Some(contracts) = self.contracts {
            texts.push(format!("more than {contracts} contracts are held"));
        }
        for (instrument, most) in &self.per_instrument {
            texts.push(format!(
                "more than {most} contracts of {instrument} are held"
            ));
        }
        if let Some(positions) = self.positions {
            texts.push(format!(
                "positions in more than {positions} instruments are held"
            ));
        }
        if !self.allow.is_empty() {
            texts.push(format!(
                "anything but {} is held",
                words::names(&self.allow)
            ));
        }
        if !self.deny.is_empty() {
            texts.push(format!("any of {} is held", words::names(&self.deny)));
        }
        for group in &self.opposite {
            texts.push(format!(
                "long and short are held at once in {}",
                words::names(group)
            ));
        }
        let mut text = texts.join(" or ");
        if let Some(ratio) = self.micro_ratio {
            text.push_str(&format!(" ({ratio} micro contracts counting as one)"));
        }
        text
    }

    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::Position(old) = old else {
            return false;
        };
        let PositionLimit {
            contracts,
            per_instrument,
            positions,
            allow,
            deny,
            micro_ratio,
            opposite,
        } = self;
        is_as_low(old.contracts.as_ref(), contracts.as_ref())
            // The fewer micros count as one contract, the more contracts there are. That
            // matters only where contracts were limited.
            && (old.contracts.is_none() || ratio(*micro_ratio) <= ratio(old.micro_ratio))
            && old
                .per_instrument
                .iter()
                .all(|limit| is_limited(limit, per_instrument))
            && is_as_low(old.positions.as_ref(), positions.as_ref())
            && allows_no_more(&old.allow, allow)
            && covers(deny, &old.deny)
            // A larger group has every pair of the smaller one.
            && old
                .opposite
                .iter()
                .all(|group| opposite.iter().any(|new| covers(new, group)))
    }

    fn offending<'a>(&self, context: &Context<'a>) -> Option<Vec<&'a Position>> {
        Some(offending(self, context))
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
fn offending<'a>(rule: &PositionLimit, context: &Context<'a>) -> Vec<&'a Position> {
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

fn ratio(given: Option<Decimal>) -> Decimal {
    given.unwrap_or(Decimal::ONE)
}

/// Whether a limit of all months of an instrument, or of the same one, is as
/// low as this.
fn is_limited(old: &(Instrument, Decimal), new: &[(Instrument, Decimal)]) -> bool {
    let (instrument, most) = old;
    new.iter()
        .any(|(new, limit)| instrument.is_covered_by(new) && limit <= most)
}

/// An empty list allows everything.
fn allows_no_more(old: &[Instrument], new: &[Instrument]) -> bool {
    old.is_empty() || (!new.is_empty() && covers(old, new))
}
