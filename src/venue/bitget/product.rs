//! Products, which every call names, and what is known of the contracts in them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::locked::Locked;

/// What v2 calls a product type and v3 a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Product {
    /// Settled in USDT.
    Usdt,
    /// Settled in USDC.
    Usdc,
    /// Settled in the coin that is traded.
    Coin,
}

impl Product {
    /// Everything that a futures account can hold.
    pub(super) const ALL: [Product; 3] = [Product::Usdt, Product::Usdc, Product::Coin];

    /// The venue's word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Product::Usdt => "USDT-FUTURES",
            Product::Usdc => "USDC-FUTURES",
            Product::Coin => "COIN-FUTURES",
        }
    }

    /// The coin of a contract's margin, where the venue does not say it.
    pub(super) fn coin(self, symbol: &str) -> String {
        match self {
            Product::Usdt => "USDT".to_owned(),
            Product::Usdc => "USDC".to_owned(),
            Product::Coin => {
                let end = symbol.find("USD").unwrap_or(symbol.len());
                symbol.get(..end).unwrap_or(symbol).to_owned()
            }
        }
    }

    /// By the name alone: `BTCUSDT`, `BTCPERP` or `BTCUSDC`, `BTCUSD` or `BTCUSDM26`.
    fn by_name(symbol: &str) -> Product {
        if symbol.contains("USDT") {
            Product::Usdt
        } else if symbol.contains("PERP") || symbol.contains("USDC") {
            Product::Usdc
        } else {
            Product::Coin
        }
    }
}

/// What an order must say of its contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contract {
    pub(super) product: Product,
    /// The coin of its margin.
    pub(super) coin: String,
    /// Whether its positions have a margin of their own.
    pub(super) is_isolated: bool,
}

/// The contracts that were listed.
#[derive(Debug, Default)]
pub(super) struct Contracts(Mutex<BTreeMap<String, Contract>>);

impl Contracts {
    /// One of which a position was listed.
    pub(super) fn learn(&self, symbol: &str, contract: Contract) {
        let mut known = self.0.locked();
        if known.get(symbol) != Some(&contract) {
            known.insert(symbol.to_owned(), contract);
        }
    }

    /// One of which an order was listed in this product.
    pub(super) fn learn_product(&self, symbol: &str, product: Product) {
        let mut known = self.0.locked();
        if known.get(symbol).is_none_or(|one| one.product != product) {
            known.insert(symbol.to_owned(), Contract::plain(symbol, product));
        }
    }

    /// As it was listed, or else by its name: a write is never held back for want of a
    /// list.
    pub(super) fn of(&self, symbol: &str) -> Contract {
        let known = self.0.locked().get(symbol).cloned();
        known.unwrap_or_else(|| Contract::plain(symbol, Product::by_name(symbol)))
    }
}

impl Contract {
    fn plain(symbol: &str, product: Product) -> Contract {
        Contract {
            product,
            coin: product.coin(symbol),
            is_isolated: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_as_it_was_listed_or_else_by_its_name() {
        let contracts = Contracts::default();
        for (symbol, product, coin) in [
            ("BTCUSDT", Product::Usdt, "USDT"),
            ("1000PEPEUSDT", Product::Usdt, "USDT"),
            ("BTCPERP", Product::Usdc, "USDC"),
            ("ETHUSDC", Product::Usdc, "USDC"),
            ("BTCUSD", Product::Coin, "BTC"),
            ("ETHUSDM26", Product::Coin, "ETH"),
        ] {
            let contract = contracts.of(symbol);
            assert_eq!((contract.product, &*contract.coin), (product, coin));
            assert!(!contract.is_isolated);
        }
        let listed = Contract {
            product: Product::Usdc,
            coin: "USDC".to_owned(),
            is_isolated: true,
        };
        contracts.learn("ODDUSDT", listed.clone());
        assert_eq!(contracts.of("ODDUSDT"), listed);
        // An order says nothing of the margin.
        contracts.learn_product("ODDUSDT", Product::Usdc);
        assert_eq!(contracts.of("ODDUSDT"), listed);
        contracts.learn_product("ODDUSDT", Product::Usdt);
        assert!(!contracts.of("ODDUSDT").is_isolated);
    }
}
