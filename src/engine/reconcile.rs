//! The reconciler: what should be, against what is.

use rust_decimal::Decimal;

use crate::domain::holdings::{OrderSide, Position, WorkingOrder, WorkingOrders};
use crate::domain::instrument::Instrument;
use crate::domain::request::Write;

use super::record::Goal;

/// What was read of an account after the last request.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Open positions.
    pub positions: &'a [Position],
    /// Working orders.
    pub orders: &'a WorkingOrders,
}

/// Everything that a goal may need, for the first round: nothing has been read
/// yet, and what a poll saw may be old.
pub fn opening_writes(goal: &Goal, orders: &WorkingOrders, positions: &[Position]) -> Vec<Write> {
    match goal {
        Goal::Quiet => vec![Write::CancelOrders],
        Goal::FlatAndQuiet => vec![Write::CancelOrders, Write::Flatten],
        Goal::Closed(instruments) => instruments
            .iter()
            .map(|name| Write::ClosePosition(Instrument::new(name)))
            .collect(),
        Goal::ReduceOnly => orders
            .listed()
            .map(|listed| cancels_of_increasing(listed, positions))
            .unwrap_or_default(),
    }
}

/// What is still missing for the goal: empty when it is reached, `None` when
/// what was read cannot tell.
pub fn missing_writes(goal: &Goal, seen: Seen<'_>) -> Option<Vec<Write>> {
    let mut writes = Vec::new();
    match goal {
        Goal::Quiet => {
            if seen.orders.count()? > 0 {
                writes.push(Write::CancelOrders);
            }
        }
        Goal::FlatAndQuiet => {
            let working = seen.orders.count()?;
            if working > 0 || !seen.positions.is_empty() {
                // A flatten may leave resting orders, and an order may fill
                // behind it: both go out together as long as either is there.
                writes.push(Write::CancelOrders);
            }
            if !seen.positions.is_empty() {
                writes.push(Write::Flatten);
            }
        }
        Goal::Closed(instruments) => {
            for name in instruments {
                let wanted = Instrument::new(name);
                writes.extend(
                    seen.positions
                        .iter()
                        .filter(|position| position.instrument == wanted)
                        .map(|position| Write::ClosePosition(position.instrument.clone())),
                );
            }
        }
        Goal::ReduceOnly => {
            writes = cancels_of_increasing(seen.orders.listed()?, seen.positions);
        }
    }
    Some(writes)
}

/// A cancel for each order that would open or increase exposure. When one of
/// them has no id that a request can name, all orders go: leaving it would
/// leave the exposure.
fn cancels_of_increasing(orders: &[WorkingOrder], positions: &[Position]) -> Vec<Write> {
    let increasing = increasing_orders(orders, positions);
    if increasing.iter().any(|order| !has_plain_id(order)) {
        return vec![Write::CancelOrders];
    }
    increasing
        .into_iter()
        .filter_map(|order| order.id.clone())
        .map(Write::CancelOrder)
        .collect()
}

/// Whether the order has an id that can stand in the path of a request.
fn has_plain_id(order: &WorkingOrder) -> bool {
    order.id.as_ref().is_some_and(|id| {
        !id.is_empty()
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':'))
    })
}

/// The orders that would open or increase exposure if they filled. An order
/// that says too little of itself is one of them. Orders on the closing side
/// count up to the size of the position; the ones beyond would reverse it.
///
/// Stop and target of one bracket both close the whole position and only one
/// of them can fill in full, so each order is measured against the position by
/// itself, not against what the others would leave.
pub fn increasing_orders<'a>(
    orders: &'a [WorkingOrder],
    positions: &[Position],
) -> Vec<&'a WorkingOrder> {
    orders
        .iter()
        .filter(|order| !reduces(order, positions).unwrap_or(false))
        .collect()
}

/// Whether the order can only reduce what is held, or `None` when it does not
/// say enough.
fn reduces(order: &WorkingOrder, positions: &[Position]) -> Option<bool> {
    let instrument = order.instrument.as_ref()?;
    let side = order.side?;
    let remaining = order.remaining?;
    let held: Decimal = positions
        .iter()
        .find(|position| position.instrument == *instrument)
        .map_or(Decimal::ZERO, |position| position.quantity);
    let closes = match side {
        OrderSide::Buy => held.is_sign_negative() && !held.is_zero(),
        OrderSide::Sell => held.is_sign_positive() && !held.is_zero(),
    };
    Some(closes && remaining <= held.abs())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn position(name: &str, quantity: i64) -> Position {
        Position {
            instrument: Instrument::new(name),
            quantity: Decimal::from(quantity),
            average_price: None,
            unrealized: None,
        }
    }

    fn order(id: &str, name: &str, side: OrderSide, remaining: i64) -> WorkingOrder {
        WorkingOrder {
            id: Some(Arc::from(id)),
            instrument: Some(Instrument::new(name)),
            side: Some(side),
            remaining: Some(Decimal::from(remaining)),
            state: Arc::from("Working"),
        }
    }

    fn listed(orders: Vec<WorkingOrder>) -> WorkingOrders {
        WorkingOrders::Listed(Arc::from(orders))
    }

    #[test]
    fn flat_and_quiet_needs_both_to_be_read_and_empty() {
        let goal = Goal::FlatAndQuiet;
        let held = [position("ES 03-26", 2)];
        let one = listed(vec![order("a", "ES 03-26", OrderSide::Sell, 1)]);
        let none = listed(vec![]);
        let missing = |positions: &[Position], orders: &WorkingOrders| {
            missing_writes(&goal, Seen { positions, orders })
        };
        assert_eq!(missing(&[], &none), Some(vec![]));
        assert_eq!(missing(&[], &one), Some(vec![Write::CancelOrders]));
        assert_eq!(
            missing(&held, &none),
            Some(vec![Write::CancelOrders, Write::Flatten])
        );
        assert_eq!(missing(&[], &WorkingOrders::Unknown), None);
    }

    #[test]
    fn close_only_leaves_what_reduces() {
        let held = [position("ES 03-26", 2), position("NQ 03-26", -1)];
        let orders = [
            order("stop", "ES 03-26", OrderSide::Sell, 2),
            order("target", "ES 03-26", OrderSide::Sell, 2),
            order("add", "ES 03-26", OrderSide::Buy, 1),
            order("reverse", "ES 03-26", OrderSide::Sell, 3),
            order("cover", "NQ 03-26", OrderSide::Buy, 1),
            order("open", "CL 04-26", OrderSide::Sell, 1),
        ];
        let cancelled: Vec<_> = increasing_orders(&orders, &held)
            .into_iter()
            .filter_map(|order| order.id.as_deref())
            .collect();
        assert_eq!(cancelled, ["add", "reverse", "open"]);
    }

    #[test]
    fn an_order_that_says_too_little_is_cancelled_with_all() {
        let mut silent = order("x", "ES 03-26", OrderSide::Sell, 1);
        silent.id = None;
        silent.side = None;
        let seen_orders = listed(vec![silent]);
        let seen = Seen {
            positions: &[position("ES 03-26", 2)],
            orders: &seen_orders,
        };
        assert_eq!(
            missing_writes(&Goal::ReduceOnly, seen),
            Some(vec![Write::CancelOrders])
        );
    }
}
