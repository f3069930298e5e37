//! What a request asks for: its parameters, the instruments in its scope, and
//! which page of a list.

use std::ops::Deref;

use serde_json::Value;

use super::markets::{self, Category};
use super::reply::Refusal;
use crate::dialect::exchange::coins::base_coin;
use crate::dialect::exchange::fields::{Fields, Wrong};
use crate::sim::Simulation;
use crate::sim::market::Contract;

/// The parameters of a query or a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Fields);

impl Deref for Params {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.0
    }
}

impl From<Wrong> for Refusal {
    fn from(parameter: Wrong) -> Refusal {
        wrong(&parameter.0)
    }
}

impl Params {
    pub(crate) fn of_query(query: &str) -> Params {
        Params(Fields::of_query(query))
    }

    pub(crate) fn of_body(body: &[u8]) -> Result<Params, Refusal> {
        let wrong = || Refusal::parameter("Request parameter error: the body is no JSON object");
        Fields::of_body(body).map(Params).ok_or_else(wrong)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.value(name) == Some(&Value::Bool(true))
    }

    pub(crate) fn category(&self) -> Result<Category, Refusal> {
        let text = self.text("category").ok_or_else(|| wrong("category"))?;
        Category::read(text).ok_or_else(|| wrong("category"))
    }
}

/// The refusal of a parameter.
pub(crate) fn wrong(name: &str) -> Refusal {
    Refusal::parameter(&format!("Request parameter error: {name}"))
}

/// Which instruments a call is about. A symbol goes before a base coin, and that
/// before a settle coin.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    category: Category,
    pub(crate) symbol: Option<usize>,
    base: Option<String>,
    settle: Option<String>,
}

impl Scope {
    /// Reads it; `needs_more` says for which categories the category is not enough.
    pub(crate) fn read(
        params: &Params,
        sim: &Simulation,
        needs_more: &[Category],
    ) -> Result<Scope, Refusal> {
        let category = params.category()?;
        let symbol = match params.text("symbol") {
            Some(text) => Some(markets::find(sim, category, text)?),
            None => None,
        };
        let base = params.text("baseCoin").filter(|_| symbol.is_none());
        let settle = params.text("settleCoin");
        let settle = settle.filter(|_| symbol.is_none() && base.is_none());
        let is_bare = symbol.is_none() && base.is_none() && settle.is_none();
        if is_bare && needs_more.contains(&category) {
            return Err(Refusal::parameter(
                "params error: one of symbol, baseCoin, settleCoin is required",
            ));
        }
        Ok(Scope {
            category,
            symbol,
            base: base.map(str::to_owned),
            settle: settle.map(str::to_owned),
        })
    }

    pub(crate) fn covers(&self, index: usize, contract: &Contract) -> bool {
        let base = self.base.as_deref();
        let settle = self.settle.as_deref();
        Category::of(contract) == self.category
            && self.symbol.is_none_or(|wanted| wanted == index)
            && base.is_none_or(|wanted| wanted == base_coin(contract))
            && settle.is_none_or(|wanted| wanted == contract.terms.asset)
    }
}

/// What stands before the place in a cursor. It is sent percent-encoded, and a
/// client that encodes it again asks for something else.
const CURSOR: &str = "page_token:";

/// One page of a list, and the cursor of the next; empty at the end.
pub(crate) fn page(
    rows: Vec<Value>,
    params: &Params,
    usual: usize,
    most: usize,
) -> Result<(Vec<Value>, String), Refusal> {
    let limit = match params.whole("limit")? {
        None => usual,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| wrong("limit"))?,
    };
    let start = match params.text("cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix(CURSOR)
            .and_then(|place| place.parse::<usize>().ok())
            .ok_or_else(|| wrong("cursor"))?,
    };
    let end = start.saturating_add(limit);
    let next = if end < rows.len() {
        format!("page_token%3A{end}")
    } else {
        String::new()
    };
    Ok((rows.into_iter().skip(start).take(limit).collect(), next))
}
