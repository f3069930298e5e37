//! The JSON of CrossTrade's REST API, field by field.
//!
//! Amounts are exact inside and become floats here, with the noise that
//! NinjaTrader's own sums leave in them (`100565.00000000285`).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::account::{Account, Position};
use super::market::Contract;
use super::order::{Order, OrderType, Side, TimeInForce};
use super::random;
use super::sim::Simulation;

/// The most units in the last place by which noise moves an amount.
const NOISE_UNITS: u64 = 200;

/// How amounts and times are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) noise: bool,
    pub(crate) timezone: Tz,
}

impl Style {
    /// An amount of money as a JSON float.
    fn amount(&self, amount: Decimal) -> Value {
        let exact = plain(amount);
        if self.noise && exact != 0.0 {
            json!(with_noise(exact))
        } else {
            json!(exact)
        }
    }

    /// Local time with offset and seven fraction digits.
    fn local_with_offset(&self, time: DateTime<Utc>) -> String {
        let local = time.with_timezone(&self.timezone);
        format!("{}{}", self.local(time), local.format("%:z"))
    }

    /// Local time without zone, seven fraction digits.
    fn local(&self, time: DateTime<Utc>) -> String {
        let local = time.with_timezone(&self.timezone);
        let ticks = local.timestamp_subsec_nanos() / 100;
        format!("{}.{ticks:07}", local.format("%Y-%m-%dT%H:%M:%S"))
    }
}

/// A decimal as the nearest float.
fn plain(number: Decimal) -> f64 {
    number.to_f64().unwrap_or_default()
}

/// Moves an amount by a few units in its last place, the same for the same
/// amount.
fn with_noise(exact: f64) -> f64 {
    let draw = random::mix(exact.to_bits()) % (2 * NOISE_UNITS + 1);
    exact * (1.0 + (draw as f64 - NOISE_UNITS as f64) * f64::EPSILON)
}

/// A row of `GET accounts`, and with `success` the answer of `GET accounts/{account}`.
pub(crate) fn account(sim: &Simulation, account: &Account, style: &Style) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "displayName": account.name,
        "primaryUser": null,
        "provider": "Simulator",
        "denomination": "UsDollar",
        "status": "Enabled",
        "dailyLossLimit": 0.0,
        "minCashValue": 0.0,
        "maxOrderSize": 0,
        "maxPositionSize": 0,
        "connection": "NinjaTrader.Cbi.Connection",
        "connectionStatus": account.connection.nt8(),
        "lastTransactionSum": 0.0,
    })
    .with("item", item(sim, account, style))
}

/// Puts a part into an object without another copy of it, as `json!` makes:
/// snapshots are asked for every second.
trait With {
    fn with(self, key: &str, part: Value) -> Value;
}

impl With for Value {
    fn with(mut self, key: &str, part: Value) -> Value {
        if let Some(object) = self.as_object_mut() {
            object.insert(key.to_owned(), part);
        }
        self
    }
}

/// The account items of NinjaTrader. Those that no simulated broker fills are 0.
fn item(sim: &Simulation, account: &Account, style: &Style) -> Value {
    let net_liquidation = account.net_liquidation(&sim.market);
    let mut item = json!({
        "cashValue": style.amount(account.cash),
        "commission": style.amount(account.commission),
        "grossRealizedProfitLoss": style.amount(account.gross_realized),
        "netLiquidation": style.amount(net_liquidation),
        "netLiquidationByCurrency": style.amount(net_liquidation),
        "realizedProfitLoss": style.amount(account.realized()),
        "sodCashValue": style.amount(account.day_open_cash),
        "sodLiquidatingValue": style.amount(account.day_open_net_liquidation),
        "totalCashBalance": style.amount(account.cash),
        "unrealizedProfitLoss": style.amount(account.unrealized(&sim.market)),
    });
    if let Some(item) = item.as_object_mut() {
        for key in UNFILLED_ITEMS {
            item.insert(key.to_owned(), json!(0.0));
        }
    }
    item
}

const UNFILLED_ITEMS: [&str; 21] = [
    "buyingPower",
    "dailyLossLimit",
    "dailyProfitTrigger",
    "excessInitialMargin",
    "excessIntradayMargin",
    "excessMaintenanceMargin",
    "excessPositionMargin",
    "fee",
    "initialMargin",
    "intradayMargin",
    "longOptionValue",
    "longStockValue",
    "lookAheadMaintenanceMargin",
    "maintenanceMargin",
    "positionMargin",
    "shortOptionValue",
    "shortStockValue",
    "trailingMaxDrawdown",
    "weeklyLossLimit",
    "weeklyProfitLoss",
    "weeklyProfitTrigger",
];

/// `GET accounts/snapshot`. It has no orders and no `success`.
pub(crate) fn snapshot(sim: &Simulation, style: &Style) -> Value {
    let accounts: Vec<Value> = sim
        .accounts
        .iter()
        .map(|account| {
            let head = json!({
                "type": "NinjaTrader.Cbi.Account",
                "id": account.id,
                "name": account.name,
                "isAccountFlat": account.positions.is_empty(),
                "connectionStatus": account.connection.nt8(),
            });
            json!({})
                .with("account", head.with("item", item(sim, account, style)))
                .with("positions", Value::from(positions(sim, account, style)))
        })
        .collect();
    json!({
        "type": "snapshot",
        "timestamp": style.local_with_offset(sim.now()),
        "epoch": sim.now().timestamp_millis(),
    })
    .with("accounts", Value::from(accounts))
}

/// `GET accounts/{account}/watermarks`; empty inside when the session has
/// neither positions nor results.
pub(crate) fn watermarks(sim: &Simulation, account: &Account, style: &Style) -> Value {
    let unrealized = account.unrealized(&sim.market);
    let pnl = account.day_pnl(&sim.market);
    let peaks = account.peaks;
    let idle = account.positions.is_empty() && pnl.is_zero() && peaks.pnl.is_zero();
    let (marks, stats) = if idle {
        (json!({}), json!({}))
    } else {
        let marks = json!({
            "pnlhigh": style.amount(peaks.pnl),
            "netliqhigh": style.amount(peaks.net_liquidation),
            "unrealhigh": style.amount(peaks.unrealized),
        });
        let stats = json!({
            "pnl": style.amount(account.realized()),
            "total": style.amount(pnl),
            "unrealized": style.amount(unrealized),
            "poscount": account.positions.len(),
            "netliq": style.amount(account.net_liquidation(&sim.market)),
            "pnlhigh": style.amount(peaks.pnl),
            "netliqhigh": style.amount(peaks.net_liquidation),
            "unrealhigh": style.amount(peaks.unrealized),
        });
        (marks, stats)
    };
    json!({
        "success": true,
        "data": {"account": account.name, "watermarks": marks, "stats": stats},
    })
}

/// The positions of one account.
pub(crate) fn positions(sim: &Simulation, account: &Account, style: &Style) -> Vec<Value> {
    account
        .positions
        .iter()
        .filter_map(|held| position(sim, account, held, style))
        .collect()
}

/// A position row. The quantity is positive on both sides.
pub(crate) fn position(
    sim: &Simulation,
    account: &Account,
    held: &Position,
    style: &Style,
) -> Option<Value> {
    let contract = sim.market.contracts.get(held.contract)?;
    let side = if held.quantity > 0 { "Long" } else { "Short" };
    let mut row = flat_position(sim, account, held.contract)?;
    let unrealized = account.position_unrealized(held, &sim.market);
    let object = row.as_object_mut()?;
    object.insert("instrument".to_owned(), json!(contract.instrument.as_str()));
    object.insert("marketPosition".to_owned(), json!(side));
    object.insert("quantity".to_owned(), json!(held.quantity.abs()));
    let average = plain(held.average_price());
    object.insert("averagePrice".to_owned(), json!(average));
    let unrealized = style.amount(unrealized);
    object.insert("unrealizedProfitLoss".to_owned(), unrealized);
    Some(row)
}

/// The row of a contract that the account does not hold.
pub(crate) fn flat_position(sim: &Simulation, account: &Account, index: usize) -> Option<Value> {
    let contract = sim.market.contracts.get(index)?;
    let price = account.price(&sim.market, index);
    Some(json!({
        "type": "NinjaTrader.Cbi.Position",
        "account": account.name,
        "instrument": contract.instrument.as_str(),
        "instrumentType": "Future",
        "marketPosition": "Flat",
        "quantity": 0,
        "averagePrice": 0.0,
        "marketPrice": plain(price),
        "unrealizedProfitLoss": 0.0,
        "tag": null,
    }))
}

/// An order row.
pub(crate) fn order(sim: &Simulation, order: &Order, style: &Style) -> Option<Value> {
    let account = sim.accounts.get(order.account)?;
    let contract = sim.market.contracts.get(order.contract)?;
    let kind = order.order_type;
    Some(json!({
        "orderId": order.order_id,
        "id": order.id.to_string(),
        "name": order.name,
        "account": account.name,
        "instrument": contract.instrument.as_str(),
        "instrumentType": "Future",
        "orderType": kind.nt8(),
        "orderAction": order.action,
        "orderState": order.state.nt8(),
        "quantity": order.quantity,
        "filled": order.filled,
        "averageFillPrice": plain(order.average_fill),
        "limitPrice": plain(order.limit_price),
        "stopPrice": plain(order.stop_price),
        "limitPriceChanged": plain(order.limit_price),
        "stopPriceChanged": plain(order.stop_price),
        "quantityChanged": order.quantity,
        "timeInForce": order.time_in_force.nt8(),
        "gtd": "2099-12-01T00:00:00.0000000",
        "ocoId": order.oco_id,
        "time": style.local(order.placed),
        "epoch": order.placed.timestamp_millis(),
        "fromEntrySignal": null,
        "userData": "<NinjaTrader></NinjaTrader>",
        "automatedTradingOrderId": "",
        "ownerStrategy": {"id": null, "name": null, "displayName": null},
        "isLimit": kind == OrderType::Limit,
        "isMarket": kind == OrderType::Market,
        "isStopMarket": kind == OrderType::StopMarket,
        "isStopLimit": kind == OrderType::StopLimit,
        "isMarketIfTouched": false,
        "isLong": order.side == Side::Buy,
        "isShort": order.side == Side::Sell,
        "isSimulatedStop": false,
        "isLiveUntilCancelled": order.time_in_force == TimeInForce::Gtc,
        "isBacktestOrder": false,
        "isTrackingConfigured": false,
        "isTrackingEnabled": false,
        "hasOverfill": false,
    }))
}

/// `GET market/quote`. Its `epoch` is in seconds and it has no `success`.
pub(crate) fn quote(sim: &Simulation, contract: &Contract, style: &Style) -> Value {
    let tick = contract.tick_size;
    json!({
        "instrument": contract.instrument.as_str(),
        "description": contract.description,
        "type": "Future",
        "exchange": contract.exchange,
        "expiration": contract.instrument.expiry().map(|expiry| {
            format!("{:04}-{:02}-20T00:00:00.0000000", expiry.year, expiry.month)
        }),
        "tradingHours": "CME US Index Futures ETH",
        "tickSize": plain(tick),
        "pointValue": plain(contract.point_value),
        "tickValue": plain(contract.money(tick)),
        "bid": plain(contract.last - tick),
        "ask": plain(contract.last + tick),
        "last": plain(contract.last),
        "open": plain(contract.open),
        "high": plain(contract.high),
        "low": plain(contract.low),
        "close": plain(contract.last),
        "volume": contract.volume,
        "quoteTime": style.local(sim.now()),
        "quoteTimeUtc": sim.now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "epoch": sim.now().timestamp(),
        "dataSource": {"status": "Connected", "connectedFeeds": ["Simulated Data Feed"]},
        "isMarketOpen": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    const STYLE: Style = Style {
        noise: true,
        timezone: chrono_tz::America::Los_Angeles,
    };

    #[test]
    fn noise_is_there_and_far_below_a_cent() {
        for text in ["100565", "-500", "0.01", "1234567.89", "-1000"] {
            let exact = Decimal::from_str(text).unwrap();
            let noisy = STYLE.amount(exact).as_f64().unwrap();
            let back = Decimal::from_f64_retain(noisy).unwrap();
            assert_eq!(back.round_dp(2), exact.round_dp(2), "{noisy}");
            assert_eq!(STYLE.amount(exact).as_f64(), Some(noisy), "repeatable");
        }
        let noisy = (1..100).filter(|n| with_noise(f64::from(*n)) != f64::from(*n));
        assert!(noisy.count() > 90);
        assert_eq!(STYLE.amount(Decimal::ZERO), json!(0.0));
    }

    #[test]
    fn times_have_seven_digits_and_the_local_offset() {
        let time = DateTime::from_timestamp(1_741_618_393, 90_880_912).unwrap();
        assert_eq!(
            STYLE.local_with_offset(time),
            "2025-03-10T07:53:13.0908809-07:00"
        );
        assert_eq!(STYLE.local(time), "2025-03-10T07:53:13.0908809");
    }
}
