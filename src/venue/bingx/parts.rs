//! The ids under which positions are held. With separate isolated margin each opening of
//! a side is a position of its own, and an order that closes must say which one it means
//! (order page).

use std::collections::BTreeSet;
use std::sync::Mutex;

use rust_decimal::Decimal;

use crate::domain::position_key::PositionKey;
use crate::domain::request::CloseQuantity;
use crate::locked::Locked;

/// What is held under one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) key: PositionKey,
    pub(super) id: String,
    /// How much, above zero.
    pub(super) quantity: Decimal,
}

/// The parts that were read last.
#[derive(Debug, Default)]
pub(super) struct Parts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    held: Vec<Part>,
    /// Symbols of which a close without an id was refused.
    named: BTreeSet<String>,
}

impl Parts {
    /// All of them were read.
    pub(super) fn learn(&self, held: Vec<Part>) {
        self.0.locked().held = held;
    }

    /// The venue has refused a close, for its id or for something else: the next one of
    /// its symbol has one where this had none, and none where it had one.
    pub(super) fn refused(&self, close: &CloseQuantity) {
        let symbol = close.position.instrument.as_str();
        let mut known = self.0.locked();
        if !known.named.remove(symbol) {
            known.named.insert(symbol.to_owned());
        }
    }

    /// What a close is to name, and how much it may close of that; `None` where it need
    /// name nothing. Of several orders each names another one.
    pub(super) fn of(&self, close: &CloseQuantity) -> Option<Part> {
        let known = self.0.locked();
        let parts = known.held.iter().filter(|part| part.key == close.position);
        let mut parts: Vec<&Part> = parts.collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.quantity));
        let is_named = known.named.contains(close.position.instrument.as_str());
        if parts.len() < 2 && !is_named {
            return None;
        }
        let place = close.part.saturating_sub(1).checked_rem(parts.len())?;
        let part = parts.get(place)?;
        Some(Part {
            quantity: part.quantity.min(close.quantity),
            ..(*part).clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holdings::OrderSide;
    use crate::domain::instrument::Dialect;

    fn part(id: &str, quantity: i64) -> Part {
        Part {
            key: PositionKey::of("BTC-USDT/long", Dialect::Symbols),
            id: id.to_owned(),
            quantity: Decimal::from(quantity),
        }
    }

    fn close(quantity: i64, part: usize) -> CloseQuantity {
        CloseQuantity {
            position: PositionKey::of("BTC-USDT/long", Dialect::Symbols),
            side: OrderSide::Sell,
            quantity: Decimal::from(quantity),
            part,
        }
    }

    #[test]
    fn a_side_in_several_parts_is_closed_part_by_part() {
        let parts = Parts::default();
        assert_eq!(parts.of(&close(5, 1)), None);
        parts.learn(vec![part("7", 2), part("8", 3)]);
        assert_eq!(parts.of(&close(5, 1)), Some(part("8", 3)));
        assert_eq!(parts.of(&close(5, 2)), Some(part("7", 2)));
        assert_eq!(parts.of(&close(1, 3)), Some(part("8", 1)));
        let other = CloseQuantity {
            position: PositionKey::of("BTC-USDT/short", Dialect::Symbols),
            ..close(5, 1)
        };
        assert_eq!(parts.of(&other), None);
    }

    #[test]
    fn a_close_that_was_refused_is_followed_by_one_that_names_its_position() {
        let parts = Parts::default();
        parts.learn(vec![part("7", 2)]);
        assert_eq!(parts.of(&close(2, 1)), None);
        parts.refused(&close(2, 1));
        assert_eq!(parts.of(&close(2, 1)), Some(part("7", 2)));
        parts.refused(&close(2, 1));
        assert_eq!(parts.of(&close(2, 1)), None);
        // There is nothing that it could name.
        parts.refused(&close(2, 1));
        parts.learn(Vec::new());
        assert_eq!(parts.of(&close(2, 1)), None);
    }
}
