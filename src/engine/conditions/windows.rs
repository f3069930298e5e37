//! `outside` and `inside`: what the account holds at the wrong time of day.

use super::Context;
use crate::domain::holdings::{Position, WorkingOrder};
use crate::domain::instrument::Instrument;
use crate::domain::window::{WindowReading, read_any};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::{Only, WindowSide, Windows};

pub(super) fn read(rule: &Windows, clock: WindowReading, context: &Context<'_>) -> Truth {
    if !is_wrong_time(rule, clock) {
        return Truth::False;
    }
    match rule.only {
        Some(Only::Positions) => holds_position(rule, context),
        Some(Only::Orders) => holds_order(rule, context),
        None => holds_position(rule, context).or(holds_order(rule, context)),
    }
}

/// Where the present lies to the windows.
pub(super) fn clock(rule: &Windows, context: &Context<'_>) -> WindowReading {
    read_any(&rule.windows, context.now.wall)
}

/// Whether holding anything now would be a violation.
pub(super) const fn is_wrong_time(rule: &Windows, clock: WindowReading) -> bool {
    match rule.side {
        WindowSide::Outside => !clock.inside,
        WindowSide::Inside => clock.inside,
    }
}

/// Whether the answer turns on the working orders now.
pub(super) fn needs_orders(rule: &Windows, context: &Context<'_>) -> bool {
    rule.only != Some(Only::Positions) && is_wrong_time(rule, clock(rule, context))
}

fn holds_position(rule: &Windows, context: &Context<'_>) -> Truth {
    Truth::from(context.positions.map(|positions| {
        positions
            .iter()
            .any(|held| counts(rule, &held.key.instrument))
    }))
}

fn holds_order(rule: &Windows, context: &Context<'_>) -> Truth {
    if rule.instruments.is_empty() {
        return Truth::from(context.orders.count().map(|count| count > 0));
    }
    match context.orders.listed() {
        None => Truth::Unknown,
        Some(orders) => orders
            .iter()
            .map(|order| order_counts(rule, order))
            .fold(Truth::False, Truth::or),
    }
}

fn order_counts(rule: &Windows, order: &WorkingOrder) -> Truth {
    Truth::from(
        order
            .instrument
            .as_ref()
            .map(|instrument| counts(rule, instrument)),
    )
}

fn counts(rule: &Windows, instrument: &Instrument) -> bool {
    rule.instruments.is_empty()
        || rule
            .instruments
            .iter()
            .any(|named| instrument.is_covered_by(named))
}

pub(super) fn describe(rule: &Windows, context: &Context<'_>, fields: &mut Fields) {
    let side = match rule.side {
        WindowSide::Outside => "held outside the allowed hours",
        WindowSide::Inside => "held inside the forbidden hours",
    };
    fields.put("metric", side);
    for window in &rule.windows {
        fields.put("window", window);
    }
    for position in offending(rule, context) {
        fields.put("position", position);
    }
    fields.put_known("working_orders", context.orders.count());
}

/// The positions that may not be held now.
pub(super) fn offending<'a>(rule: &Windows, context: &Context<'a>) -> Vec<&'a Position> {
    if rule.only == Some(Only::Orders) || !is_wrong_time(rule, clock(rule, context)) {
        return Vec::new();
    }
    context
        .positions
        .unwrap_or_default()
        .iter()
        .filter(|held| counts(rule, &held.key.instrument))
        .collect()
}
