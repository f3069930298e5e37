//! Instruments: their products and rules; and the server's time.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::{Params, Scope};
use super::reply::{Done, Refusal};
use super::words::{milliseconds, number};
use crate::dialect::exchange::coins::base_coin;
use crate::sim::Simulation;
use crate::sim::market::Contract;
use crate::sim::rules::Rules;

/// The smallest value of an order that does not only reduce, in dollars.
pub(crate) const MINIMUM_VALUE: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

/// What v2 calls a product type and v3 a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Usdt,
    Usdc,
    Coin,
    /// Spot, margin and the older simulated products, of which there is nothing here.
    Other,
}

impl Product {
    pub(crate) fn read(text: &str) -> Option<Product> {
        match text.to_ascii_uppercase().as_str() {
            "USDT-FUTURES" => Some(Product::Usdt),
            "USDC-FUTURES" => Some(Product::Usdc),
            "COIN-FUTURES" => Some(Product::Coin),
            "SPOT" | "MARGIN" | "OTHER" | "SUSDT-FUTURES" | "SUSDC-FUTURES" | "SCOIN-FUTURES" => {
                Some(Product::Other)
            }
            _ => None,
        }
    }

    /// The product whose margin is in a coin.
    pub(crate) fn of_coin(coin: &str) -> Product {
        match coin {
            "USDT" => Product::Usdt,
            "USDC" => Product::Usdc,
            _ => Product::Coin,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Product::Usdt => "USDT-FUTURES",
            Product::Usdc => "USDC-FUTURES",
            Product::Coin => "COIN-FUTURES",
            Product::Other => "OTHER",
        }
    }
}

/// The instrument of that symbol in a product.
pub(crate) fn find(sim: &Simulation, product: Product, symbol: &str) -> Result<usize, Refusal> {
    let mut contracts = sim.market.contracts.iter();
    let found = contracts.position(|contract| {
        let is_it = contract.symbol.as_str().eq_ignore_ascii_case(symbol);
        is_it && Product::of_coin(&contract.terms.asset) == product
    });
    found.ok_or_else(|| Refusal::new("40034", &format!("Parameter {symbol} does not exist")))
}

/// `GET /api/v2/public/time`.
pub(crate) fn server_time(time: DateTime<Utc>) -> Value {
    json!({"serverTime": milliseconds(time)})
}

fn quote_coin(contract: &Contract) -> &str {
    match contract.terms.asset.as_str() {
        stable @ ("USDT" | "USDC") => stable,
        _ => "USD",
    }
}

fn digits(step: Decimal) -> String {
    step.normalize().scale().to_string()
}

fn tick(contract: &Contract) -> Decimal {
    contract.rules.price_step.unwrap_or(contract.tick_size)
}

fn market_maximum(rules: &Rules) -> Decimal {
    rules.market_maximum.unwrap_or(rules.maximum)
}

fn rows(
    sim: &Simulation,
    params: &Params,
    name: &str,
    row: impl Fn(&Contract) -> Value,
) -> Result<Value, Refusal> {
    let scope = Scope::read(sim, params, name)?;
    let contracts = sim.market.contracts.iter().enumerate();
    let meant = contracts.filter(|(index, _)| scope.covers(sim, *index));
    Ok(meant.map(|(_, contract)| row(contract)).collect())
}

/// `GET /api/v2/mix/market/contracts`.
pub(crate) fn contracts(sim: &Simulation, params: &Params) -> Done {
    rows(sim, params, "productType", |contract| {
        let (rules, tick) = (&contract.rules, tick(contract).normalize());
        json!({
            "symbol": contract.symbol.as_str(),
            "baseCoin": base_coin(contract),
            "quoteCoin": quote_coin(contract),
            "buyLimitPriceRatio": "0.05",
            "sellLimitPriceRatio": "0.05",
            "feeRateUpRatio": "0.005",
            "makerFeeRate": number(contract.terms.maker_rate),
            "takerFeeRate": number(contract.terms.taker_rate),
            "openCostUpRatio": "0.01",
            "supportMarginCoins": [contract.terms.asset],
            "minTradeNum": number(rules.minimum),
            // In units of the last digit of a price.
            "priceEndStep": tick.mantissa().to_string(),
            "volumePlace": digits(rules.step),
            "pricePlace": digits(tick),
            "sizeMultiplier": number(rules.step),
            "symbolType": "perpetual",
            "minTradeUSDT": number(MINIMUM_VALUE),
            "maxSymbolOrderNum": "200",
            "maxProductOrderNum": "400",
            "maxPositionNum": "150",
            "symbolStatus": "normal",
            "offTime": "-1",
            "limitOpenTime": "-1",
            "deliveryTime": "",
            "deliveryStartTime": "",
            "launchTime": "",
            "fundInterval": "8",
            "minLever": "1",
            "maxLever": "125",
            "posLimit": "0.05",
            "maintainTime": "",
            "maxMarketOrderQty": number(market_maximum(rules)),
            "maxOrderQty": number(rules.maximum),
        })
    })
}

/// `GET /api/v3/market/instruments`.
pub(crate) fn instruments(sim: &Simulation, params: &Params) -> Done {
    rows(sim, params, "category", |contract| {
        let rules = &contract.rules;
        json!({
            "symbol": contract.symbol.as_str(),
            "category": Product::of_coin(&contract.terms.asset).word(),
            "baseCoin": base_coin(contract),
            "quoteCoin": quote_coin(contract),
            "isRwa": "NO",
            "buyLimitPriceRatio": "0.05",
            "sellLimitPriceRatio": "0.05",
            "feeRateUpRatio": "0.005",
            "makerFeeRate": number(contract.terms.maker_rate),
            "takerFeeRate": number(contract.terms.taker_rate),
            "openCostUpRatio": "0.01",
            "minOrderQty": number(rules.minimum),
            "maxOrderQty": number(rules.maximum),
            "pricePrecision": digits(tick(contract)),
            "quantityPrecision": digits(rules.step),
            "quotePrecision": "",
            "priceMultiplier": number(tick(contract)),
            "quantityMultiplier": number(rules.step),
            "type": "perpetual",
            "minOrderAmount": number(MINIMUM_VALUE),
            "maxSymbolOrderNum": "",
            "maxProductOrderNum": "400",
            "maxPositionNum": "200",
            "status": "online",
            "offTime": "-1",
            "limitOpenTime": "-1",
            "deliveryTime": "",
            "launchTime": "0",
            "fundInterval": "8",
            "minLeverage": "1",
            "maxLeverage": "150",
            "maintainTime": "",
            "symbolType": "crypto",
            "maxMarketOrderQty": number(market_maximum(rules)),
        })
    })
}
