//! What a venue says of its symbols, as far as it decides how a position is closed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::instrument::Instrument;

/// What is known of one symbol. What the venue does not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SymbolFacts {
    /// A quantity is a multiple of this.
    pub step: Option<Decimal>,
    /// The largest quantity of one market order.
    pub largest_market_order: Option<Decimal>,
}

/// What is known of the symbols of a venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols(BTreeMap<String, SymbolFacts>);

impl Symbols {
    /// Nothing is known of any.
    pub const NONE: &'static Symbols = &Symbols(BTreeMap::new());

    /// What is known of this one.
    pub fn of(&self, instrument: &Instrument) -> SymbolFacts {
        let name = instrument.as_str().to_ascii_uppercase();
        self.0.get(&name).copied().unwrap_or_default()
    }

    /// The same, where one market order of each of these symbols is at most so large.
    pub fn with_largest<'s>(&self, sizes: impl Iterator<Item = (&'s str, Decimal)>) -> Symbols {
        let mut symbols = self.clone();
        for (name, most) in sizes {
            let facts = symbols.0.entry(name.to_ascii_uppercase()).or_default();
            let known = facts.largest_market_order;
            facts.largest_market_order = Some(known.map_or(most, |known| known.min(most)));
        }
        symbols
    }

    /// The quantities, each above zero, of the market orders that close `held` of a
    /// symbol: as few as may be, none larger than one may be, and together no more
    /// than is held. What is less than a step no order can close.
    ///
    /// There are [`Symbols::MOST_ORDERS`] of them at most; the rest is closed when
    /// these have been.
    pub fn closing_orders(&self, instrument: &Instrument, held: Decimal) -> Vec<Decimal> {
        let facts = self.of(instrument);
        let down = |quantity: Decimal| match facts.step.filter(|step| *step > Decimal::ZERO) {
            Some(step) => quantity
                .checked_rem(step)
                .and_then(|rest| quantity.checked_sub(rest))
                .unwrap_or(quantity),
            None => quantity,
        };
        let mut left = down(held.abs());
        let largest = facts.largest_market_order.map(down);
        let largest = largest.filter(|most| *most > Decimal::ZERO);
        let mut orders = Vec::new();
        while left > Decimal::ZERO && orders.len() < Symbols::MOST_ORDERS {
            let quantity = largest.map_or(left, |most| left.min(most));
            orders.push(quantity);
            left = left.checked_sub(quantity).unwrap_or_default();
        }
        orders
    }

    /// Most orders that one position is closed with at once: more would take what
    /// others need to be closed too.
    pub const MOST_ORDERS: usize = 10;
}

impl FromIterator<(String, SymbolFacts)> for Symbols {
    fn from_iter<I: IntoIterator<Item = (String, SymbolFacts)>>(facts: I) -> Symbols {
        let upper = |(name, facts): (String, SymbolFacts)| (name.to_ascii_uppercase(), facts);
        Symbols(facts.into_iter().map(upper).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::Dialect;

    /// The orders that close so much, given the step and the largest order.
    fn orders(held: &str, step: &str, largest: &str) -> String {
        let facts = SymbolFacts {
            step: step.parse().ok(),
            largest_market_order: largest.parse().ok(),
        };
        let symbols: Symbols = [("btcusdt".to_owned(), facts)].into_iter().collect();
        let instrument = Instrument::of("BTCUSDT", Dialect::Symbols);
        let orders = symbols.closing_orders(&instrument, held.parse().unwrap());
        let texts = orders.iter().map(|order| order.normalize().to_string());
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_position_is_closed_by_the_fewest_orders_that_may_be() {
        let cases = [
            ("0.5", "?", "?", "0.5"),
            ("-0.5", "?", "?", "0.5"),
            ("25", "1", "10", "10 10 5"),
            ("20", "1", "10", "10 10"),
            // Never more than is held.
            ("0.5009", "0.001", "?", "0.5"),
            ("0.0009", "0.001", "?", ""),
            // The largest order is a multiple of the step too.
            ("2.5", "0.2", "1.1", "1 1 0.4"),
            ("1", "0", "0", "1"),
            ("100", "1", "1", "1 1 1 1 1 1 1 1 1 1"),
        ];
        for (held, step, largest, expect) in cases {
            assert_eq!(
                orders(held, step, largest),
                expect,
                "{held} {step} {largest}"
            );
        }
    }
}
