//! `orders`: limits on working orders.

use rust_decimal::Decimal;

use super::{Answer, Context, Reading};
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

pub(super) fn describe(
    rule: &OrderLimit,
    reading: &Reading,
    context: &Context<'_>,
    fields: &mut Fields,
) {
    let working = context.orders.count();
    let largest = largest(context);
    let is_quantity =
        reading.limit.is_some() && reading.limit == rule.quantity && reading.value == largest;
    fields
        .put(
            "metric",
            if is_quantity {
                "largest working order"
            } else {
                "working orders"
            },
        )
        .put("unit", "count")
        .put("comparison", "above")
        .put_known("working", working)
        .put_known("working_limit", rule.working)
        .put_known("largest", largest)
        .put_known("quantity_limit", rule.quantity);
    let too_many = working
        .zip(rule.working)
        .filter(|(working, limit)| Decimal::from(*working) > Decimal::from(*limit));
    if let Some((working, limit)) = too_many {
        fields.put("reason", format!("working orders {working} above {limit}"));
    }
    if let Some((largest, limit)) = largest.zip(rule.quantity).filter(|(a, b)| a > b) {
        let (largest, limit) = (largest.normalize(), limit.normalize());
        fields.put(
            "reason",
            format!("largest working order {largest} above {limit}"),
        );
    }
}
