//! The planner: what should be, against what is seen, gives the fewest writes that
//! are missing, by what the venue can be asked to do. Every choice is made here; one
//! write is one request.

mod cancels;
mod closes;

use crate::domain::abilities::{Abilities, CloseScope};
use crate::domain::holdings::{Position, WorkingOrder, WorkingOrders};
use crate::domain::instrument::Instrument;
use crate::domain::position_key::PositionKey;
use crate::domain::request::{Urgency, Write};
use crate::domain::symbols::Symbols;

use crate::engine::record::Goal;
pub use cancels::increasing_orders;

/// What is seen of an account's holdings.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Open positions, as far as they are known.
    pub positions: Option<&'a [Position]>,
    /// Working orders, as far as they are known.
    pub orders: &'a WorkingOrders,
    /// Whether it was read for this goal, after the last request. What a poll saw may
    /// be old: what it shows is believed, not what it does not show.
    is_proof: bool,
}

impl<'a> Seen<'a> {
    /// What was read for the goal.
    pub const fn proof(positions: Option<&'a [Position]>, orders: &'a WorkingOrders) -> Seen<'a> {
        Seen {
            positions,
            orders,
            is_proof: true,
        }
    }

    /// What was seen before anything was read for the goal: other things may be there
    /// too.
    pub const fn glimpse(positions: Option<&'a [Position]>, orders: &'a WorkingOrders) -> Seen<'a> {
        Seen {
            positions,
            orders,
            is_proof: false,
        }
    }

    fn held(&self) -> &'a [Position] {
        self.positions.unwrap_or_default()
    }

    /// Each order, where they are known one by one.
    fn listed(&self) -> Option<&'a [WorkingOrder]> {
        self.orders.listed()
    }
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
}

/// What a goal still needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The writes that are missing, by what is seen.
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

/// What the planner knows of the venue.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// What can be asked of it.
    pub abilities: &'a Abilities,
    /// What it says of its symbols.
    pub symbols: &'a Symbols,
}

impl Means<'_> {
    /// Whether a request can close the position: it is not less than the venue trades.
    pub fn can_close(&self, position: &Position) -> bool {
        let abilities = self.abilities;
        if abilities.can_close(CloseScope::Position) || !abilities.can_close(CloseScope::Quantity) {
            return true;
        }
        let instrument = &position.key.instrument;
        let orders = self.symbols.closing_orders(instrument, position.quantity);
        !orders.is_empty()
    }
}

/// The writes that are missing for the goal, by what is seen. From a glimpse, those
/// that it may need.
pub fn plan(goal: &Goal, seen: Seen<'_>, means: Means<'_>) -> Plan {
    let mut plan = match goal {
        Goal::Quiet => Plan {
            writes: cancels::of_all(seen, means, &[]),
            is_complete: seen.orders.count().is_some() && cancels::can_all_go(seen, means),
        },
        Goal::FlatAndQuiet => flat_and_quiet(seen, means),
        Goal::Closed(keys) => closed(keys, seen, means),
        Goal::ReduceOnly => cancels::of_increasing(seen, means),
    };
    plan.is_complete &= seen.is_proof;
    plan
}

fn flat_and_quiet(seen: Seen<'_>, means: Means<'_>) -> Plan {
    let closes = closes::of_all(seen, means);
    let cancels = cancels::of_all(seen, means, &closes);
    Plan {
        writes: together(closes, cancels, means),
        is_complete: seen.positions.is_some()
            && seen.orders.count().is_some()
            && cancels::can_all_go(seen, means),
    }
}

/// Out of these positions: neither one of them nor an order that could open it again.
fn closed(keys: &[PositionKey], seen: Seen<'_>, means: Means<'_>) -> Plan {
    let mut plan = Plan {
        writes: Vec::new(),
        is_complete: seen.positions.is_some() && seen.listed().is_some(),
    };
    for key in keys {
        let closes = closes::of_one(key, seen, means);
        let cancels = cancels::of_one(key, seen, means, !closes.is_empty());
        plan.is_complete &= cancels.is_complete;
        plan.writes.extend(together(closes, cancels.writes, means));
    }
    plan
}

/// Closes and the cancels that go along with them, in the order in which the venue
/// wants them.
fn together(closes: Vec<Write>, cancels: Vec<Planned>, means: Means<'_>) -> Vec<Planned> {
    let closes = closes.into_iter().map(Planned::urgent);
    if !means.abilities.cancel_before_close {
        return closes.chain(cancels).collect();
    }
    let closed: Vec<Planned> = closes.collect();
    let closes = |instrument: &Instrument| {
        closed.iter().any(|one| match one.write.position() {
            Some(key) => key.instrument == *instrument,
            None => true,
        })
    };
    let is_in_the_way = |write: &Write| match write {
        Write::CancelOrdersOf { instrument, .. }
        | Write::CancelOrder {
            instrument: Some(instrument),
            ..
        } => closes(instrument),
        Write::CancelOrders | Write::CancelOrder { .. } => !closed.is_empty(),
        Write::Flatten | Write::ClosePosition(_) | Write::CloseQuantity(_) => false,
    };
    let first = cancels.into_iter().map(|mut one| {
        if is_in_the_way(&one.write) {
            one.urgency = Urgency::Close;
        }
        one
    });
    let first: Vec<Planned> = first.collect();
    first.into_iter().chain(closed).collect()
}

/// Whether the write does something for the goal, whatever is seen.
pub fn serves(goal: &Goal, write: &Write) -> bool {
    match goal {
        Goal::FlatAndQuiet => true,
        Goal::Quiet | Goal::ReduceOnly => !write.closes(),
        Goal::Closed(keys) => match write {
            Write::CancelOrdersOf { instrument, .. }
            | Write::CancelOrder {
                instrument: Some(instrument),
                ..
            } => keys.iter().any(|key| key.instrument == *instrument),
            _ => write
                .position()
                .is_some_and(|position| keys.contains(position)),
        },
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

#[cfg(test)]
mod tests;
