//! Whether a cancel of a symbol's orders has left some.
//!
//! The venue has answered such a cancel with success and left the stop resting (B12).
//! What a later list shows decides: where conditional orders are left, the next cancel
//! names their kind, and the one after that all of them again.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::routes::Kinds;
use crate::domain::holdings::{OrderBook, WorkingOrder};
use crate::locked::Locked;

/// The symbols whose orders were cancelled, and not yet seen to be gone.
#[derive(Debug, Default)]
pub(super) struct SecondLook(Mutex<Cancelled>);

#[derive(Debug, Default)]
struct Cancelled {
    /// Rises with each cancel.
    count: u64,
    by_symbol: BTreeMap<String, Cancel>,
}

#[derive(Debug)]
struct Cancel {
    /// Its place among all of them.
    number: u64,
    /// Whether a list that was asked for later has shown conditional orders.
    has_left_some: bool,
}

/// When a list was asked for, among the cancels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked(u64);

impl SecondLook {
    /// Which kinds the next cancel of this symbol names.
    pub(super) fn kinds(&self, symbol: &str) -> Kinds {
        let cancelled = self.0.locked();
        let last = cancelled.by_symbol.get(symbol);
        if last.is_some_and(|cancel| cancel.has_left_some) {
            Kinds::Conditional
        } else {
            Kinds::All
        }
    }

    /// The venue has taken a cancel of these kinds.
    pub(super) fn cancelled(&self, symbol: &str, kinds: Kinds) {
        let mut cancelled = self.0.locked();
        cancelled.count = cancelled.count.saturating_add(1);
        match kinds {
            Kinds::All => {
                let cancel = Cancel {
                    number: cancelled.count,
                    has_left_some: false,
                };
                cancelled.by_symbol.insert(symbol.to_owned(), cancel);
            }
            Kinds::Conditional => {
                cancelled.by_symbol.remove(symbol);
            }
        }
    }

    /// A list of working orders is asked for now.
    pub(super) fn asked(&self) -> Asked {
        Asked(self.0.locked().count)
    }

    /// What it shows.
    pub(super) fn saw(&self, asked: Asked, orders: &[WorkingOrder]) {
        let mut cancelled = self.0.locked();
        cancelled.by_symbol.retain(|symbol, cancel| {
            if cancel.number > asked.0 {
                return true;
            }
            cancel.has_left_some = orders.iter().any(|order| {
                let is_of_symbol = |name: &str| name == symbol;
                let instrument = order.instrument.as_ref();
                order.book == Some(OrderBook::Conditional)
                    && instrument.is_some_and(|instrument| is_of_symbol(instrument.as_str()))
            });
            cancel.has_left_some
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::{Dialect, Instrument};

    fn order(symbol: &str, book: OrderBook) -> WorkingOrder {
        WorkingOrder {
            instrument: Some(Instrument::of(symbol, Dialect::Symbols)),
            book: Some(book),
            ..WorkingOrder::default()
        }
    }

    #[test]
    fn b12_stops_that_a_cancel_left_are_named_the_next_time() {
        let look = SecondLook::default();
        let stop = [order("BTCUSDT", OrderBook::Conditional)];
        let before = look.asked();
        assert_eq!(look.kinds("BTCUSDT"), Kinds::All);
        look.cancelled("BTCUSDT", Kinds::All);
        // A list from before the cancel says nothing.
        look.saw(before, &stop);
        assert_eq!(look.kinds("BTCUSDT"), Kinds::All);
        look.saw(look.asked(), &stop);
        assert_eq!(look.kinds("BTCUSDT"), Kinds::Conditional);
        assert_eq!(look.kinds("ETHUSDT"), Kinds::All);
        // What is left after that too is tried in the other way again.
        look.cancelled("BTCUSDT", Kinds::Conditional);
        look.saw(look.asked(), &stop);
        assert_eq!(look.kinds("BTCUSDT"), Kinds::All);
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let look = SecondLook::default();
        look.cancelled("BTCUSDT", Kinds::All);
        let limit = [order("BTCUSDT", OrderBook::Regular)];
        look.saw(look.asked(), &limit);
        assert_eq!(look.kinds("BTCUSDT"), Kinds::All);
        assert!(look.0.locked().by_symbol.is_empty());
    }
}
