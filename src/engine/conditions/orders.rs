//! `orders`: limits on working orders.

use rust_decimal::Decimal;

use super::{Answer, Context};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::OrderLimit;

pub(super) fn read<A: Answer>(rule: &OrderLimit, context: &Context<'_>) -> A {
    let working = rule.working.map(|limit| {
        let count = context.orders.count().map(Decimal::from);
        A::exceeds(count, Decimal::from(limit))
    });
    let quantity = rule
        .quantity
        .map(|limit| A::exceeds(largest(context), limit));
    [working, quantity]
        .into_iter()
        .flatten()
        .reduce(A::or)
        .unwrap_or(A::of(Truth::False))
}

/// The largest quantity that one order may still fill; unknown when an order
/// does not say its own.
pub(super) fn largest(context: &Context<'_>) -> Option<Decimal> {
    context
        .orders
        .listed()?
        .iter()
        .try_fold(Decimal::ZERO, |largest, order| {
            Some(largest.max(order.remaining?))
        })
}

pub(super) fn describe(rule: &OrderLimit, context: &Context<'_>, fields: &mut Fields) {
    fields
        .put("metric", "working orders")
        .put("comparison", "above")
        .put_known("working", context.orders.count())
        .put_known("working_limit", rule.working)
        .put_known("largest", largest(context))
        .put_known("quantity_limit", rule.quantity);
}
