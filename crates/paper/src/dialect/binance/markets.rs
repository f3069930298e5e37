//! Instruments and their filters; and the server's time.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::limits::{MOST_ORDERS, MOST_WEIGHT};
use super::reply::Refusal;
use super::words::{milliseconds, price, quantity, quantity_digits};
use crate::dialect::exchange::coins::base_coin;
use crate::sim::Simulation;
use crate::sim::market::{Contract, MAX_PRICE};

/// The smallest value of an order that does not only reduce, in its margin asset.
pub(crate) const MINIMUM_NOTIONAL: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

/// The instrument of exactly that symbol.
pub(crate) fn find(sim: &Simulation, symbol: &str) -> Result<usize, Refusal> {
    let mut contracts = sim.market.contracts.iter();
    contracts
        .position(|contract| contract.symbol.as_str() == symbol)
        .ok_or_else(|| Refusal::new(-1121, "Invalid symbol."))
}

/// The digits that a quantity may have. They are no rule: its step is.
pub(crate) fn quantity_precision(contract: &Contract) -> u32 {
    quantity_digits(contract).saturating_add(1)
}

/// `GET /fapi/v1/time`.
pub(crate) fn server_time(time: DateTime<Utc>) -> Value {
    json!({"serverTime": milliseconds(time)})
}

/// `GET /fapi/v1/exchangeInfo`.
pub(crate) fn exchange_info(sim: &Simulation, time: DateTime<Utc>) -> Value {
    let contracts = &sim.market.contracts;
    let mut assets: Vec<&str> = contracts.iter().map(|it| it.terms.asset.as_str()).collect();
    assets.sort_unstable();
    assets.dedup();
    let assets: Vec<Value> = assets
        .into_iter()
        .map(|asset| json!({"asset": asset, "marginAvailable": true, "autoAssetExchange": "0"}))
        .collect();
    let weight = json!({
        "rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
        "limit": MOST_WEIGHT,
    });
    let mut limits = vec![weight];
    limits.extend(order_limits());
    json!({
        "timezone": "UTC",
        "serverTime": milliseconds(time),
        "futuresType": "U_MARGINED",
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": assets,
        "symbols": contracts.iter().map(row).collect::<Vec<Value>>(),
    })
}

/// `GET /fapi/v1/rateLimit/order`.
pub(crate) fn order_limits() -> Vec<Value> {
    let limits = MOST_ORDERS.iter();
    limits
        .map(|(seconds, limit)| {
            let (interval, count) = match seconds {
                60 => ("MINUTE", 1),
                seconds => ("SECOND", *seconds),
            };
            json!({
                "rateLimitType": "ORDERS", "interval": interval, "intervalNum": count,
                "limit": limit,
            })
        })
        .collect()
}

/// What stands behind the base asset: `USDT` of `BTCUSDT`.
fn quote_asset(contract: &Contract) -> &str {
    let symbol = contract.symbol.as_str();
    let quote = symbol.strip_prefix(base_coin(contract));
    let quote = quote.filter(|quote| !quote.is_empty() && *quote != "PERP");
    quote.unwrap_or(&contract.terms.asset)
}

fn row(contract: &Contract) -> Value {
    let tick = contract.rules.price_step.unwrap_or(contract.tick_size);
    let maintenance = contract.terms.maintenance_rate * Decimal::ONE_HUNDRED;
    json!({
        "symbol": contract.symbol.as_str(),
        "pair": contract.symbol.as_str(),
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000_i64,
        "onboardDate": 1_569_398_400_000_i64,
        "status": "TRADING",
        "maintMarginPercent": maintenance.to_string(),
        "requiredMarginPercent": "10.0000",
        "baseAsset": base_coin(contract),
        "quoteAsset": quote_asset(contract),
        "marginAsset": contract.terms.asset,
        "pricePrecision": tick.normalize().scale().saturating_add(1),
        "quantityPrecision": quantity_precision(contract),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": filters(contract, tick),
        "orderTypes": [
            "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET",
        ],
        "timeInForce": ["GTC", "IOC", "FOK"],
    })
}

fn filters(contract: &Contract, tick: Decimal) -> Value {
    let rules = &contract.rules;
    let lot = |kind: &str, most: Decimal| {
        json!({
            "filterType": kind,
            "minQty": quantity(contract, rules.minimum),
            "maxQty": quantity(contract, most),
            "stepSize": quantity(contract, rules.step),
        })
    };
    json!([
        {
            "filterType": "PRICE_FILTER",
            "minPrice": price(contract, tick),
            "maxPrice": MAX_PRICE.to_string(),
            "tickSize": price(contract, tick),
        },
        lot("LOT_SIZE", rules.maximum),
        lot("MARKET_LOT_SIZE", rules.market_maximum.unwrap_or(rules.maximum)),
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 200},
        {"filterType": "MIN_NOTIONAL", "notional": MINIMUM_NOTIONAL.to_string()},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": "1.0500", "multiplierDown": "0.9500", "multiplierDecimal": "4",
        },
    ])
}
