//! How large a market order may be, which the venue says nowhere: after one that it has
//! refused, those of its symbol are half as large, until one is taken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rust_decimal::Decimal;

use crate::domain::request::CloseQuantity;
use crate::domain::symbols::Symbols;
use crate::locked::Locked;

/// The largest orders of symbols of which one was refused.
#[derive(Debug, Default)]
pub(super) struct Sizes(Mutex<BTreeMap<String, Decimal>>);

impl Sizes {
    /// The venue has refused this close, for its size or for something else: half of it
    /// is tried then. What is less than a step is no size, so that this ends.
    pub(super) fn refused(&self, close: &CloseQuantity) {
        let Some(half) = close.quantity.checked_div(Decimal::TWO) else {
            return;
        };
        let symbol = close.position.instrument.as_str().to_owned();
        let mut sizes = self.0.locked();
        let known = sizes.entry(symbol).or_insert(half);
        *known = half.min(*known);
    }

    /// The venue has taken this close.
    pub(super) fn taken(&self, close: &CloseQuantity) {
        self.0.locked().remove(close.position.instrument.as_str());
    }

    /// What is known of symbols, with these sizes.
    pub(super) fn with(&self, symbols: Arc<Symbols>) -> Arc<Symbols> {
        let sizes = self.0.locked();
        if sizes.is_empty() {
            return symbols;
        }
        let sizes = sizes.iter().map(|(symbol, most)| (symbol.as_str(), *most));
        Arc::new(symbols.with_largest(sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holdings::OrderSide;
    use crate::domain::instrument::{Dialect, Instrument};
    use crate::domain::position_key::PositionKey;
    use crate::domain::symbols::SymbolFacts;

    #[test]
    fn an_order_that_was_refused_is_followed_by_halves() {
        let close = |quantity: &str| CloseQuantity {
            position: PositionKey::of("ETH-USDT/long", Dialect::Symbols),
            side: OrderSide::Sell,
            quantity: quantity.parse().unwrap(),
            part: 1,
        };
        let facts = SymbolFacts {
            step: Some(Decimal::new(1, 1)),
            largest_market_order: None,
        };
        let all = Arc::new(Symbols::from_iter([("ETH-USDT".to_owned(), facts)]));
        let sizes = Sizes::default();
        let orders = |held: &str| {
            let symbols = sizes.with(Arc::clone(&all));
            let instrument = Instrument::of("ETH-USDT", Dialect::Symbols);
            let orders = symbols.closing_orders(&instrument, held.parse().unwrap());
            let texts = orders.iter().map(|order| order.normalize().to_string());
            texts.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(orders("250.5"), "250.5");
        sizes.refused(&close("250.5"));
        // The same once more says nothing new.
        sizes.refused(&close("250.5"));
        assert_eq!(orders("250.5"), "125.2 125.2 0.1");
        sizes.refused(&close("125.2"));
        sizes.refused(&close("0.1"));
        // Half a step is no size.
        assert_eq!(orders("250.5"), "250.5");
        sizes.taken(&close("0.1"));
        sizes.refused(&close("125.2"));
        assert_eq!(orders("250.5"), "62.6 62.6 62.6 62.6 0.1");
        sizes.taken(&close("62.6"));
        assert_eq!(orders("250.5"), "250.5");
    }
}
