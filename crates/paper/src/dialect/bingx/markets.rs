//! Contracts and their rules; and the server's time.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::Params;
use super::reply::{Done, Refusal};
use super::words::{bare, milliseconds, price_precision, quantity_precision};
use crate::dialect::exchange::coins::base_coin;
use crate::sim::Simulation;
use crate::sim::market::Contract;

/// The smallest value of an order that does not only reduce, in its margin asset.
pub(crate) const MINIMUM_NOTIONAL: Decimal = Decimal::TWO;

/// The contract of exactly that symbol.
pub(crate) fn find(sim: &Simulation, symbol: &str) -> Result<usize, Refusal> {
    let mut contracts = sim.market.contracts.iter();
    contracts
        .position(|contract| contract.symbol.as_str() == symbol)
        .ok_or_else(|| {
            let place = "please verify it in api: /openApi/swap/v2/quote/contracts";
            Refusal::new(109_425, &format!("{symbol} not exist, {place}"))
        })
}

/// `GET /openApi/swap/v2/server/time`.
pub(crate) fn server_time(time: DateTime<Utc>) -> Value {
    json!({"serverTime": milliseconds(time)})
}

/// `GET /openApi/swap/v2/quote/contracts`. The largest orders are not in it.
pub(crate) fn list(sim: &Simulation, params: &Params) -> Done {
    let wanted = params.optional_symbol(sim)?;
    let contracts = sim.market.contracts.iter().enumerate();
    let rows = contracts
        .filter(|(index, _)| wanted.is_none_or(|wanted| wanted == *index))
        .map(|(index, contract)| row(index, contract))
        .collect();
    Ok(Value::Array(rows))
}

fn row(index: usize, contract: &Contract) -> Value {
    let terms = &contract.terms;
    json!({
        "contractId": (index + 100).to_string(),
        "symbol": contract.symbol.as_str(),
        "displayName": contract.symbol.as_str(),
        "size": "0",
        "quantityPrecision": quantity_precision(contract),
        "pricePrecision": price_precision(contract),
        "feeRate": bare(terms.taker_rate),
        "makerFeeRate": bare(terms.maker_rate),
        "takerFeeRate": bare(terms.taker_rate),
        "tradeMinLimit": 0,
        "tradeMinQuantity": bare(contract.rules.minimum),
        "tradeMinUSDT": bare(MINIMUM_NOTIONAL),
        "maxLongLeverage": 125,
        "maxShortLeverage": 125,
        "currency": terms.asset,
        "asset": base_coin(contract),
        "status": 1,
        "apiStateOpen": "true",
        "apiStateClose": "true",
        "ensureTrigger": true,
        "triggerFeeRate": "0.00000000",
    })
}
