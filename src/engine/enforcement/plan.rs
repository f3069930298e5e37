//! The planner: what should be, against what is known, gives the fewest writes
//! that are missing.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::domain::holdings::{OrderSide, Position, WorkingOrder, WorkingOrders};
use crate::domain::position_key::PositionKey;
use crate::domain::request::{Urgency, Write};
use crate::domain::venue::VenueProfile;

use crate::engine::record::Goal;

/// What is known of an account's holdings.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Open positions, as far as they are known.
    pub positions: Option<&'a [Position]>,
    /// Working orders, as far as they are known.
    pub orders: &'a WorkingOrders,
}

impl Known<'_> {
    /// What is known when nothing is.
    pub const NOTHING: Known<'static> = Known {
        positions: None,
        orders: &WorkingOrders::Unknown,
    };
}

/// One write, and how soon it must leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What is asked.
    pub write: Write,
    /// Where it stands in the order of what leaves.
    pub urgency: Urgency,
}

impl Planned {
    fn urgent(write: Write) -> Planned {
        let urgency = if write.closes() {
            Urgency::Close
        } else {
            Urgency::Cancel
        };
        Planned { write, urgency }
    }

    /// A cancel that a close beside it makes needless at this kind of venue, and
    /// that leaves only while there is room.
    fn beside(write: Write, profile: &VenueProfile) -> Planned {
        let urgency = if profile.flatten_cancels_orders {
            Urgency::Beside
        } else {
            Urgency::Cancel
        };
        Planned { write, urgency }
    }
}

/// What a goal still needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The writes that are missing, by what is known.
    pub writes: Vec<Planned>,
    /// Whether enough is known to say that nothing else is missing.
    pub is_complete: bool,
}

impl Plan {
    /// Whether the goal is reached.
    pub fn is_reached(&self) -> bool {
        self.is_complete && self.writes.is_empty()
    }
}

/// Everything that a goal may need before anything was read for it: what a poll
/// saw may be old, so only what it shows is believed, not what it does not show.
pub fn opening_plan(goal: &Goal, known: Known<'_>, profile: &VenueProfile) -> Vec<Planned> {
    match goal {
        Goal::Quiet => vec![Planned::urgent(Write::CancelOrders)],
        Goal::FlatAndQuiet => vec![
            Planned::urgent(Write::Flatten),
            Planned::beside(Write::CancelOrders, profile),
        ],
        Goal::Closed(keys) => keys
            .iter()
            .flat_map(|key| close_of(key.clone(), profile))
            .collect(),
        Goal::ReduceOnly => plan(goal, known, profile).writes,
    }
}

/// What is still missing for the goal, by what was read after the last request.
pub fn plan(goal: &Goal, known: Known<'_>, profile: &VenueProfile) -> Plan {
    match goal {
        Goal::Quiet => quiet(known.orders),
        Goal::FlatAndQuiet => flat_and_quiet(known, profile),
        Goal::Closed(keys) => closed(keys, known, profile),
        Goal::ReduceOnly => reduce_only(known),
    }
}

fn quiet(orders: &WorkingOrders) -> Plan {
    let mut plan = Plan {
        is_complete: orders.count().is_some(),
        ..Plan::default()
    };
    if orders.count().is_some_and(|working| working > 0) {
        plan.writes.push(Planned::urgent(Write::CancelOrders));
    }
    plan
}

fn flat_and_quiet(known: Known<'_>, profile: &VenueProfile) -> Plan {
    let is_held = known.positions.map(|held| !held.is_empty());
    if is_held != Some(true) {
        let mut plan = quiet(known.orders);
        plan.is_complete &= is_held.is_some();
        return plan;
    }
    let mut plan = Plan {
        writes: vec![Planned::urgent(Write::Flatten)],
        is_complete: known.orders.count().is_some(),
    };
    // An order may fill behind the flatten, and a flatten may leave it resting.
    if known.orders.count() != Some(0) {
        let cancel = Write::CancelOrders;
        plan.writes.push(match known.orders.count() {
            Some(_) => Planned::urgent(cancel),
            None => Planned::beside(cancel, profile),
        });
    }
    plan
}

fn close_of(key: PositionKey, profile: &VenueProfile) -> [Planned; 2] {
    let instrument = key.instrument.clone();
    [
        Planned::urgent(Write::ClosePosition(key)),
        Planned::beside(Write::CancelOrdersOf(instrument), profile),
    ]
}

/// Output of these instruments: neither a position nor an order that could open
/// one again. An order that does not say its instrument may be one of them.
fn closed(keys: &[PositionKey], known: Known<'_>, profile: &VenueProfile) -> Plan {
    let mut plan = Plan {
        is_complete: known.positions.is_some() && known.orders.listed().is_some(),
        ..Plan::default()
    };
    for wanted in keys {
        let held = known.positions.unwrap_or_default();
        let position = held.iter().find(|held| held.key == *wanted);
        if let Some(position) = position {
            let close = Write::ClosePosition(position.key.clone());
            plan.writes.push(Planned::urgent(close));
        }
        let Some(orders) = known.orders.listed() else {
            if position.is_some() {
                let cancel = Write::CancelOrdersOf(wanted.instrument.clone());
                plan.writes.push(Planned::beside(cancel, profile));
            }
            continue;
        };
        if orders.iter().any(|order| order.instrument.is_none()) {
            plan.writes.push(Planned::urgent(Write::CancelOrders));
        } else if let Some(instrument) = orders
            .iter()
            .filter_map(|order| order.instrument.as_ref())
            .find(|instrument| **instrument == wanted.instrument)
        {
            let cancel = Write::CancelOrdersOf(instrument.clone());
            plan.writes.push(Planned::urgent(cancel));
        }
    }
    plan
}

fn reduce_only(known: Known<'_>) -> Plan {
    match (known.orders.listed(), known.positions) {
        // No order increases anything, whatever is held.
        (Some([]), _) => Plan {
            writes: Vec::new(),
            is_complete: true,
        },
        (Some(orders), Some(positions)) => Plan {
            writes: cancels_of_increasing(orders, positions),
            is_complete: true,
        },
        _ => Plan::default(),
    }
}

/// Puts the writes of several goals together: each once, and none beside one
/// that does the same and more.
pub fn merged(plans: impl IntoIterator<Item = Planned>) -> Vec<Planned> {
    let mut merged: Vec<Planned> = Vec::new();
    for planned in plans {
        match merged.iter_mut().find(|one| one.write == planned.write) {
            Some(known) => known.urgency = known.urgency.min(planned.urgency),
            None => merged.push(planned),
        }
    }
    let covering: Vec<Write> = merged.iter().map(|one| one.write.clone()).collect();
    merged.retain(|one| {
        let mut others = covering.iter().filter(|other| **other != one.write);
        !others.any(|other| other.covers(&one.write))
    });
    merged.sort_by_key(|one| one.urgency);
    merged
}

/// A cancel for each order that would open or increase exposure. When one of
/// them has no id that a request can name, all orders go: leaving it would
/// leave the exposure.
fn cancels_of_increasing(orders: &[WorkingOrder], positions: &[Position]) -> Vec<Planned> {
    let increasing = increasing_orders(orders, positions);
    if increasing.iter().any(|order| !has_plain_id(order)) {
        return vec![Planned::urgent(Write::CancelOrders)];
    }
    let ids: BTreeSet<_> = increasing
        .iter()
        .filter_map(|order| order.id.clone())
        .collect();
    ids.into_iter()
        .map(|id| Planned::urgent(Write::CancelOrder(id)))
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
        .find(|position| position.key.instrument == *instrument)
        .map_or(Decimal::ZERO, |position| position.quantity);
    let closes = match side {
        OrderSide::Buy => held.is_sign_negative() && !held.is_zero(),
        OrderSide::Sell => held.is_sign_positive() && !held.is_zero(),
    };
    Some(closes && remaining <= held.abs())
}

#[cfg(test)]
mod tests;
