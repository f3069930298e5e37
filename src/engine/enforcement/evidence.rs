//! What was seen of an account, and since when it is known to be so.

use std::sync::Arc;

use super::Reading;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::observation::Timestamp;
use crate::engine::enforcement::plan::Seen;
use crate::engine::record::Goal;

/// Something that was seen of an account. Nothing in it is older than `as_of`,
/// by the steady clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Its open positions.
    Positions {
        /// What is held.
        positions: Arc<[Position]>,
        /// Nothing in it is older than this.
        as_of: Timestamp,
    },
    /// Its working orders.
    Orders {
        /// What is working.
        orders: WorkingOrders,
        /// Nothing in it is older than this.
        as_of: Timestamp,
    },
}

/// The newest that was seen of positions and of orders.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    positions: Option<Dated<Arc<[Position]>>>,
    orders: Option<Dated<WorkingOrders>>,
    /// When a poll was asked for that showed a position, and may be of then: what
    /// was read before proves nothing any more.
    held_by_poll: Option<Timestamp>,
    /// The newest answer of a venue that may answer polls from a cache.
    polled: Option<Polled>,
}

#[derive(Clone, Debug)]
struct Dated<T> {
    what: T,
    as_of: Timestamp,
    /// Whether it was acted on: one look leads to one round.
    is_used: bool,
}

/// What has not been acted on yet.
#[derive(Clone, Debug)]
pub(super) struct Unused {
    pub(super) positions: Option<Arc<[Position]>>,
    pub(super) orders: WorkingOrders,
}

impl<T> Dated<T> {
    fn is_after(&self, time: Option<Timestamp>) -> bool {
        time.is_none_or(|time| self.as_of > time)
    }
}

fn keep_newer<T>(slot: &mut Option<Dated<T>>, what: T, as_of: Timestamp) {
    if slot.as_ref().is_none_or(|known| as_of >= known.as_of) {
        *slot = Some(Dated {
            what,
            as_of,
            is_used: false,
        });
    }
}

impl Evidence {
    /// Takes what was seen, unless something newer is known.
    pub(super) fn take(&mut self, shown: Shown) {
        match shown {
            Shown::Positions { positions, as_of } => {
                keep_newer(&mut self.positions, positions, as_of);
            }
            Shown::Orders { orders, as_of } => {
                if orders.count().is_some() {
                    keep_newer(&mut self.orders, orders, as_of);
                }
            }
        }
    }

    /// A poll that was asked for at `at` was answered with this stamp of the venue;
    /// gives the time that what it shows is no older than, where that is known.
    pub(super) fn take_stamp(&mut self, stamp: i64, at: Timestamp) -> Option<Timestamp> {
        let polled = Polled::take(self.polled, stamp, at);
        self.polled = Some(polled);
        polled.as_of
    }

    /// A poll that was asked for at `at` was answered with the stamp of before.
    pub(super) fn repeat_stamp(&mut self, at: Timestamp) {
        if let Some(polled) = &mut self.polled {
            polled.asked_at = at;
        }
    }

    /// A poll that was asked for at `asked` has shown a position, or that there is
    /// none.
    pub(super) fn take_poll(&mut self, is_held: bool, asked: Timestamp) {
        if self.held_by_poll.is_none_or(|known| asked >= known) {
            self.held_by_poll = is_held.then_some(asked);
        }
    }

    /// Whether a poll that was asked for after the positions were seen shows
    /// something else.
    fn is_contradicted(&self) -> bool {
        match (&self.positions, self.held_by_poll) {
            (Some(seen), Some(asked)) => seen.what.is_empty() && seen.as_of < asked,
            _ => false,
        }
    }

    /// What is known from after this time.
    pub(super) fn after(&self, time: Option<Timestamp>) -> Seen<'_> {
        let positions = self.positions.as_ref().filter(|seen| seen.is_after(time));
        let orders = self.orders.as_ref().filter(|seen| seen.is_after(time));
        Seen::proof(
            positions.map(|seen| seen.what.as_ref()),
            orders.map_or(&WorkingOrders::Unknown, |seen| &seen.what),
        )
    }

    /// What was seen last, whenever that was.
    pub(super) fn newest(&self) -> Seen<'_> {
        let orders = self.orders.as_ref().map(|seen| &seen.what);
        Seen::glimpse(
            self.newest_positions(),
            orders.unwrap_or(&WorkingOrders::Unknown),
        )
    }

    /// What was seen after the last close, and after the last request of any
    /// kind, and was not acted on.
    pub(super) fn unused_after(
        &self,
        closed: Option<Timestamp>,
        acted: Option<Timestamp>,
    ) -> Unused {
        let positions = self
            .positions
            .as_ref()
            .filter(|seen| !seen.is_used && seen.is_after(closed));
        let orders = self
            .orders
            .as_ref()
            .filter(|seen| !seen.is_used && seen.is_after(acted));
        Unused {
            positions: positions.map(|seen| Arc::clone(&seen.what)),
            orders: orders.map_or(WorkingOrders::Unknown, |seen| seen.what.clone()),
        }
    }

    /// Everything that is known was acted on.
    pub(super) fn mark_used(&mut self) {
        if let Some(seen) = &mut self.positions {
            seen.is_used = true;
        }
        if let Some(seen) = &mut self.orders {
            seen.is_used = true;
        }
    }

    /// What is to be seen anew where all is known: the orders, and then positions that
    /// were acted on.
    pub(super) fn acted_on(&self) -> Reading {
        let positions = self.positions.as_ref().is_some_and(|seen| seen.is_used);
        let orders = self.orders.as_ref().is_some_and(|seen| seen.is_used);
        if positions && !orders {
            Reading::Positions
        } else {
            Reading::Orders
        }
    }

    /// The positions as they were seen last.
    pub(super) fn newest_positions(&self) -> Option<&[Position]> {
        self.positions.as_ref().map(|seen| seen.what.as_ref())
    }

    /// Since when what is known of the working orders is known.
    pub(super) fn orders_seen_at(&self) -> Option<Timestamp> {
        self.orders.as_ref().map(|seen| seen.as_of)
    }

    /// Whether no position was seen after this time.
    pub(super) fn is_flat_after(&self, time: Option<Timestamp>) -> bool {
        let seen = self.positions.as_ref().filter(|seen| seen.is_after(time));
        seen.is_some_and(|seen| seen.what.is_empty()) && !self.is_contradicted()
    }

    /// Whether what was seen of positions and orders stands for this goal though
    /// they were seen at two times. An order that filled between the two shows
    /// in positions that were seen after the orders; under a lock, what it
    /// opened is closed again anyway.
    pub(super) fn stands_for(&self, goal: &Goal, is_locked: bool) -> bool {
        match goal {
            Goal::Quiet | Goal::ReduceOnly => true,
            Goal::FlatAndQuiet | Goal::Closed(_) => {
                (is_locked || self.is_in_order()) && !self.is_contradicted()
            }
        }
    }

    fn is_in_order(&self) -> bool {
        match (&self.positions, &self.orders) {
            (Some(positions), Some(orders)) => positions.as_of >= orders.as_of,
            _ => false,
        }
    }

    /// What must be looked at, for proof from after this time.
    pub(super) fn lacks_after(&self, time: Option<Timestamp>, is_locked: bool) -> Option<Reading> {
        let is_known = |as_of: Option<Timestamp>| {
            as_of.is_some_and(|as_of| time.is_none_or(|time| as_of > time))
        };
        if !is_known(self.orders.as_ref().map(|seen| seen.as_of)) {
            return Some(Reading::Orders);
        }
        let has_positions = is_known(self.positions.as_ref().map(|seen| seen.as_of));
        let is_proof = (is_locked || self.is_in_order()) && !self.is_contradicted();
        if !has_positions || !is_proof {
            return Some(Reading::Positions);
        }
        None
    }
}

/// The newest answer of a venue that may answer polls from a cache.
#[derive(Clone, Copy, Debug)]
struct Polled {
    /// The venue's own stamp of it.
    stamp: i64,
    /// When the last poll that was answered with this stamp was asked for. A
    /// newer stamp was made after that.
    asked_at: Timestamp,
    /// What it shows is no older than this, where that is known.
    as_of: Option<Timestamp>,
}

impl Polled {
    /// Takes an answer with this stamp to a poll that was asked for at `at`; gives
    /// what it shows with the time that it is no older than. That is known where
    /// an older stamp was seen before: the answer was made after it was given out.
    /// One that is older than the newest, as of a second cache, says nothing, and
    /// does not make the newest news again.
    fn take(known: Option<Polled>, stamp: i64, at: Timestamp) -> Polled {
        let as_of = match known {
            Some(known) if stamp < known.stamp => {
                return Polled {
                    as_of: None,
                    ..known
                };
            }
            Some(known) if stamp > known.stamp => Some(known.asked_at),
            Some(known) if stamp == known.stamp => known.as_of,
            _ => None,
        };
        Polled {
            stamp,
            asked_at: at,
            as_of,
        }
    }
}
