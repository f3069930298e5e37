//! Instruments: their categories, coins and rules; and the server's time.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::{Params, Scope, page};
use super::reply::{Done, Refusal};
use super::words::number;
use crate::dialect::exchange::coins::base_coin;
use crate::sim::Simulation;
use crate::sim::market::{Contract, MAX_PRICE};

/// The smallest value of an order that does not only reduce, in its settle coin.
pub(crate) const MINIMUM_NOTIONAL: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

/// A product category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    /// Settled in USDT or USDC.
    Linear,
    /// Settled in the coin itself.
    Inverse,
    /// Spot and options, of which there are none here.
    Other,
}

impl Category {
    pub(crate) fn read(text: &str) -> Option<Category> {
        match text {
            "linear" => Some(Category::Linear),
            "inverse" => Some(Category::Inverse),
            "spot" | "option" => Some(Category::Other),
            _ => None,
        }
    }

    pub(crate) fn of(contract: &Contract) -> Category {
        match contract.terms.asset.as_str() {
            "USDT" | "USDC" => Category::Linear,
            _ => Category::Inverse,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Category::Linear => "linear",
            Category::Inverse => "inverse",
            Category::Other => "",
        }
    }
}

/// The instrument of exactly that symbol.
pub(crate) fn find(sim: &Simulation, category: Category, symbol: &str) -> Result<usize, Refusal> {
    let mut contracts = sim.market.contracts.iter();
    contracts
        .position(|contract| {
            contract.symbol.as_str() == symbol && Category::of(contract) == category
        })
        .ok_or_else(|| Refusal::parameter("params error: symbol invalid"))
}

/// `GET /v5/market/time`.
pub(crate) fn server_time(time: DateTime<Utc>) -> Value {
    let nanoseconds = time.timestamp_nanos_opt().unwrap_or_default();
    json!({
        "timeSecond": time.timestamp().to_string(),
        "timeNano": nanoseconds.to_string(),
    })
}

/// `GET /v5/market/instruments-info`.
pub(crate) fn instruments(sim: &Simulation, params: &Params) -> Done {
    let scope = Scope::read(params, sim, &[])?;
    let contracts = sim.market.contracts.iter().enumerate();
    let rows = contracts
        .filter(|(index, contract)| scope.covers(*index, contract))
        .map(|(_, contract)| row(contract))
        .collect();
    let (list, next) = page(rows, params, 500, 1000)?;
    let category = params.text("category");
    Ok(json!({"category": category, "list": list, "nextPageCursor": next}))
}

fn row(contract: &Contract) -> Value {
    let rules = &contract.rules;
    let market_maximum = rules.market_maximum.unwrap_or(rules.maximum);
    let kind = match Category::of(contract) {
        Category::Inverse => "InversePerpetual",
        Category::Linear | Category::Other => "LinearPerpetual",
    };
    let quote = match contract.terms.asset.as_str() {
        stable @ ("USDT" | "USDC") => stable,
        _ => "USD",
    };
    json!({
        "symbol": contract.symbol.as_str(),
        "contractType": kind,
        "status": "Trading",
        "baseCoin": base_coin(contract),
        "quoteCoin": quote,
        "settleCoin": contract.terms.asset,
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "fundingInterval": 480,
        "priceFilter": {
            "minPrice": number(contract.tick_size),
            "maxPrice": number(MAX_PRICE),
            "tickSize": number(rules.price_step.unwrap_or(contract.tick_size)),
        },
        "lotSizeFilter": {
            "minOrderQty": number(rules.minimum),
            "maxOrderQty": number(rules.maximum),
            "maxMktOrderQty": number(market_maximum),
            "qtyStep": number(rules.step),
            "minNotionalValue": number(MINIMUM_NOTIONAL),
        },
    })
}
