//! When which working orders are read: all of them weigh as much as sixteen polls, so
//! that in between those of the symbols that are held are read anew.

use std::collections::BTreeSet;
use std::sync::Mutex;

use tokio::time::Instant;

use crate::domain::holdings::{OrderBook, WorkingOrder};
use crate::domain::limits::OrderReads;
use crate::locked::Locked;

/// The working orders as they were read last.
#[derive(Debug, Default)]
pub(super) struct Books(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    orders: Vec<WorkingOrder>,
    /// When all of them were read.
    all_at: Option<Instant>,
    /// The symbols that the last poll showed, once there was one.
    held: Option<BTreeSet<String>>,
}

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// All working orders.
    All,
    /// Those of these symbols.
    Of(Vec<String>),
}

impl Books {
    /// A poll has shown these symbols.
    pub(super) fn note_held<'s>(&self, symbols: impl Iterator<Item = &'s str>) {
        self.0.locked().held = Some(symbols.map(str::to_owned).collect());
    }

    /// What is to be read now; `None` while what was read is fresh. Without a position
    /// there is nothing to read but all of them.
    pub(super) fn due(&self, reads: &OrderReads) -> Option<Due> {
        let known = self.0.locked();
        let held = known.held.iter().flatten();
        let is_flat = known.is_flat();
        let every = if is_flat {
            reads.all_every_flat
        } else {
            reads.all_every
        };
        // Looks come at intervals, and the one that is nearest is meant.
        let soon = every.saturating_sub(reads.every / 2);
        if known.all_at.is_none_or(|at| at.elapsed() >= soon) {
            Some(Due::All)
        } else if is_flat {
            None
        } else {
            Some(Due::Of(held.cloned().collect()))
        }
    }

    /// The symbols with resting regular orders of an account that is flat, as far as
    /// both are known.
    pub(super) fn resting_while_flat(&self) -> BTreeSet<String> {
        let known = self.0.locked();
        if known.held.is_none() || !known.is_flat() {
            return BTreeSet::new();
        }
        let regular = known
            .orders
            .iter()
            .filter(|order| order.book == Some(OrderBook::Regular));
        let symbols = regular.filter_map(|order| order.instrument.as_ref());
        symbols.map(|symbol| symbol.as_str().to_owned()).collect()
    }

    /// All of them were read.
    pub(super) fn learn_all(&self, orders: &[WorkingOrder]) {
        let mut known = self.0.locked();
        known.orders = orders.to_vec();
        known.all_at = Some(Instant::now());
    }

    /// Those of these symbols were read; gives all that are known.
    pub(super) fn learn(&self, symbols: &[String], orders: Vec<WorkingOrder>) -> Vec<WorkingOrder> {
        let mut known = self.0.locked();
        let is_read = |order: &WorkingOrder| {
            let instrument = order.instrument.as_ref();
            instrument.is_some_and(|one| symbols.iter().any(|symbol| symbol == one.as_str()))
        };
        known.orders.retain(|order| !is_read(order));
        known.orders.extend(orders);
        known.orders.clone()
    }
}

impl Known {
    fn is_flat(&self) -> bool {
        self.held.iter().flatten().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::domain::instrument::{Dialect, Instrument};
    use crate::domain::venue::VenueProfile;

    fn order(symbol: &str, id: &str) -> WorkingOrder {
        WorkingOrder {
            id: Some(id.into()),
            instrument: Some(Instrument::of(symbol, Dialect::Symbols)),
            ..WorkingOrder::default()
        }
    }

    fn ids(orders: &[WorkingOrder]) -> Vec<&str> {
        orders
            .iter()
            .filter_map(|order| order.id.as_deref())
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn orders_of_what_is_held_are_read_between_reads_of_all() {
        let reads = &VenueProfile::BINANCE.limits.order_reads;
        let books = Books::default();
        books.note_held(["BTCUSDT"].into_iter());
        assert_eq!(books.due(reads), Some(Due::All));
        books.learn_all(&[order("BTCUSDT", "1"), order("ETHUSDT", "2")]);
        let held = vec!["BTCUSDT".to_owned()];
        assert_eq!(books.due(reads), Some(Due::Of(held.clone())));
        let all = books.learn(&held, vec![order("BTCUSDT", "3")]);
        assert_eq!(ids(&all), ["2", "3"]);
        tokio::time::advance(reads.all_every - reads.every).await;
        assert_eq!(books.due(reads), Some(Due::Of(held)));
        // A look that comes a moment early is not put off until the next.
        tokio::time::advance(reads.every - Duration::from_millis(5)).await;
        assert_eq!(books.due(reads), Some(Due::All));
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_without_a_position_is_read_whole_and_less_often() {
        let reads = &VenueProfile::BINANCE.limits.order_reads;
        let books = Books::default();
        assert_eq!(books.due(reads), Some(Due::All));
        books.learn_all(&[order("ETHUSDT", "2")]);
        assert_eq!(books.due(reads), None);
        tokio::time::advance(reads.all_every_flat).await;
        assert_eq!(books.due(reads), Some(Due::All));
    }

    #[tokio::test(start_paused = true)]
    async fn orders_rest_beside_no_position_once_that_was_seen() {
        let books = Books::default();
        let regular = |symbol| WorkingOrder {
            book: Some(OrderBook::Regular),
            ..order(symbol, "1")
        };
        books.learn_all(&[regular("BTCUSDT"), order("ETHUSDT", "2")]);
        assert!(books.resting_while_flat().is_empty());
        books.note_held([].into_iter());
        assert_eq!(Vec::from_iter(books.resting_while_flat()), ["BTCUSDT"]);
        books.note_held(["ETHUSDT"].into_iter());
        assert!(books.resting_while_flat().is_empty());
    }
}
