//! What a request asks for: its parameters and the instruments in its scope.

use std::ops::Deref;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::Value;

use super::markets::{self, Product};
use super::reply::{Refusal, missing, wrong};
use crate::dialect::exchange::fields::{Fields, Wrong};
use crate::sim::Simulation;
use crate::sim::market::Contract;
use crate::sim::order::{Order, Side};

/// The longest client id.
const LONGEST_LINK: usize = 64;

/// The parameters of a query or a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Fields);

impl Deref for Params {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.0
    }
}

impl Params {
    pub(crate) fn of_query(query: &str) -> Params {
        Params(Fields::of_query(query))
    }

    pub(crate) fn of_body(body: &[u8]) -> Result<Params, Refusal> {
        let wrong = || Refusal::new("40017", "Parameter verification failed");
        Fields::of_body(body).map(Params).ok_or_else(wrong)
    }

    /// The product, which v2 calls `productType` and v3 `category`.
    pub(crate) fn product(&self, name: &str) -> Result<Product, Refusal> {
        let text = self.text(name).ok_or_else(|| missing(name))?;
        Product::read(text).ok_or_else(|| wrong(name))
    }

    /// The symbol that must be named.
    pub(crate) fn symbol(&self, sim: &Simulation, product: Product) -> Result<usize, Refusal> {
        let text = self.text("symbol").ok_or_else(|| missing("symbol"))?;
        markets::find(sim, product, text)
    }

    /// The side of a trade.
    pub(crate) fn side(&self) -> Result<Side, Refusal> {
        match self.text("side") {
            Some("buy") => Ok(Side::Buy),
            Some("sell") => Ok(Side::Sell),
            Some(_) => Err(wrong("side")),
            None => Err(missing("side")),
        }
    }

    /// A number, in a text or outside: clients send prices so.
    fn decimal(&self, name: &str) -> Result<Option<Decimal>, Wrong> {
        match self.value(name) {
            Some(Value::Number(number)) => Decimal::from_str(&number.to_string())
                .map(Some)
                .map_err(|_| Wrong(name.to_owned())),
            _ => self.0.decimal(name),
        }
    }

    /// A number that must be there.
    pub(crate) fn needed(&self, name: &str) -> Result<Decimal, Refusal> {
        self.decimal(name)?.ok_or_else(|| missing(name))
    }

    /// A price; 0 is none.
    pub(crate) fn price(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        Ok(self.decimal(name)?.filter(|price| !price.is_zero()))
    }

    /// Whether what does not fill at once is cancelled.
    pub(crate) fn is_immediate(&self, name: &str) -> bool {
        let text = self.text(name).map(str::to_ascii_lowercase);
        matches!(text.as_deref(), Some("ioc" | "fok"))
    }

    /// `yes` or `no`, in any casing.
    pub(crate) fn is_yes(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("no") => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("yes") => Ok(true),
            Some(_) => Err(wrong(name)),
        }
    }

    /// The client's id; empty without one.
    pub(crate) fn link(&self) -> Result<String, Refusal> {
        let link = self.text("clientOid").unwrap_or_default();
        if link.len() > LONGEST_LINK {
            return Err(wrong("clientOid"));
        }
        Ok(link.to_owned())
    }
}

/// Which instruments a call is about.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) product: Product,
    pub(crate) symbol: Option<usize>,
    coin: Option<String>,
}

impl Scope {
    /// Reads it; `product` is the name of the parameter.
    pub(crate) fn read(sim: &Simulation, params: &Params, product: &str) -> Result<Scope, Refusal> {
        let product = params.product(product)?;
        let symbol = match params.text("symbol") {
            Some(text) => Some(markets::find(sim, product, text)?),
            None => None,
        };
        Ok(Scope {
            product,
            symbol,
            coin: params.text("marginCoin").map(str::to_ascii_uppercase),
        })
    }

    pub(crate) fn covers(&self, sim: &Simulation, index: usize) -> bool {
        let is_meant = |contract: &Contract| {
            let coin = contract.terms.asset.as_str();
            Product::of_coin(coin) == self.product
                && self.coin.as_deref().is_none_or(|wanted| wanted == coin)
        };
        let contract = sim.market.contracts.get(index);
        contract.is_some_and(is_meant) && self.symbol.is_none_or(|wanted| wanted == index)
    }

    /// Whether it is about a live order of an account.
    pub(crate) fn holds(&self, sim: &Simulation, account: usize, order: &Order) -> bool {
        order.account == account && order.state.is_live() && self.covers(sim, order.key.contract)
    }
}
