//! The category of a symbol, which every call names.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::locked::Locked;

/// A product category of contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// Settled in USDT or USDC.
    Linear,
    /// Settled in the coin itself.
    Inverse,
}

impl Category {
    /// The venue's word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Category::Linear => "linear",
            Category::Inverse => "inverse",
        }
    }

    /// By the name alone: inverse contracts end with `USD`, perpetuals so and futures
    /// with a month behind it (`BTCUSD`, `BTCUSDM26`; instruments page).
    fn by_name(symbol: &str) -> Category {
        let bare = symbol
            .strip_suffix(|c: char| c.is_ascii_digit())
            .and_then(|rest| rest.strip_suffix(|c: char| c.is_ascii_digit()))
            .and_then(|rest| rest.strip_suffix(['H', 'M', 'U', 'Z']));
        if bare.unwrap_or(symbol).ends_with("USD") {
            Category::Inverse
        } else {
            Category::Linear
        }
    }
}

/// The categories in which symbols were listed.
#[derive(Debug, Default)]
pub(super) struct Categories(Mutex<BTreeMap<String, Category>>);

impl Categories {
    /// The symbol was listed there.
    pub(super) fn learn(&self, symbol: &str, category: Category) {
        let mut known = self.0.locked();
        if known.get(symbol) != Some(&category) {
            known.insert(symbol.to_owned(), category);
        }
    }

    /// Where it was listed, or else belongs by its name: a write is never held back
    /// for want of a list.
    pub(super) fn of(&self, symbol: &str) -> Category {
        let known = self.0.locked().get(symbol).copied();
        known.unwrap_or_else(|| Category::by_name(symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_belongs_where_it_was_listed_or_else_by_its_name() {
        let categories = Categories::default();
        for (symbol, category) in [
            ("BTCUSDT", Category::Linear),
            ("BTCPERP", Category::Linear),
            ("BTC-27JUN25", Category::Linear),
            ("BTCUSDT-27JUN25", Category::Linear),
            ("1000PEPEUSDT", Category::Linear),
            ("BTCUSD", Category::Inverse),
            ("BTCUSDM26", Category::Inverse),
            ("ETHUSDH25", Category::Inverse),
        ] {
            assert_eq!(categories.of(symbol), category, "{symbol}");
        }
        categories.learn("ODDUSD", Category::Linear);
        assert_eq!(categories.of("ODDUSD"), Category::Linear);
    }
}
