//! `orders`: limits on working orders.

use rust_decimal::Decimal;

use super::kind::{Asked, ConditionKind};
use super::tightness::is_as_low;
use super::{Context, Reading};
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Leaf, OrderLimit};

impl ConditionKind for OrderLimit {
    fn read(&self, _: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let working = self.working.map(|limit| {
            let count = context.orders.count().map(Decimal::from);
            Reading::exceeds(count, Decimal::from(limit))
        });
        let quantity = self
            .quantity
            .map(|limit| Reading::exceeds(largest(context), limit));
        [working, quantity]
            .into_iter()
            .flatten()
            .reduce(Reading::or)
            .unwrap_or(Reading::of(Truth::False))
    }

    fn describe(
        &self,
        reading: &Reading,
        _: Timestamp,
        context: &Context<'_>,
        fields: &mut Fields,
    ) {
        let working = context.orders.count();
        let largest = largest(context);
        let is_quantity =
            reading.limit.is_some() && reading.limit == self.quantity && reading.value == largest;
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
            .put_known("working_limit", self.working)
            .put_known("largest", largest)
            .put_known("quantity_limit", self.quantity);
        let too_many = working
            .zip(self.working)
            .filter(|(working, limit)| Decimal::from(*working) > Decimal::from(*limit));
        if let Some((working, limit)) = too_many {
            fields.put("reason", format!("working orders {working} above {limit}"));
        }
        if let Some((largest, limit)) = largest.zip(self.quantity).filter(|(a, b)| a > b) {
            let (largest, limit) = (largest.normalize(), limit.normalize());
            fields.put(
                "reason",
                format!("largest working order {largest} above {limit}"),
            );
        }
    }

    fn explain(&self, _: &[&Account]) -> String {
        let working = self
            .working
            .map(|most| format!("more than {most} orders are working"));
        let quantity = self
            .quantity
            .map(|most| format!("an order for more than {most} is working"));
        let texts: Vec<String> = working.into_iter().chain(quantity).collect();
        texts.join(" or ")
    }

    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::Orders(old) = old else {
            return false;
        };
        let OrderLimit { working, quantity } = self;
        is_as_low(old.working.as_ref(), working.as_ref())
            && is_as_low(old.quantity.as_ref(), quantity.as_ref())
    }

    fn may_need_orders(&self) -> bool {
        true
    }
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
