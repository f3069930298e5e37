//! The JSON of CrossTrade's REST API, field by field.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::style::{Style, plain};
use super::words;
use crate::sim::Simulation;
use crate::sim::account::Account;
use crate::sim::market::Contract;
use crate::sim::order::{Order, OrderType, Side, TimeInForce};
use crate::sim::position::Position;

/// A row of `GET accounts`, and with `success` the reply to `GET accounts/{account}`.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) success: Option<bool>,
    id: u64,
    name: &'a str,
    display_name: &'a str,
    primary_user: Option<&'a str>,
    provider: &'a str,
    denomination: &'a str,
    status: &'a str,
    daily_loss_limit: f64,
    min_cash_value: f64,
    max_order_size: u32,
    max_position_size: u32,
    connection: &'a str,
    connection_status: &'a str,
    last_transaction_sum: f64,
    item: Item<'a>,
}

/// The row of an account.
pub(crate) fn account<'a>(
    sim: &'a Simulation,
    account: &'a Account,
    style: &'a Style,
) -> AccountRow<'a> {
    AccountRow {
        success: None,
        id: account.id,
        name: &account.name,
        display_name: &account.name,
        primary_user: None,
        provider: "Simulator",
        denomination: "UsDollar",
        status: "Enabled",
        daily_loss_limit: 0.0,
        min_cash_value: 0.0,
        max_order_size: 0,
        max_position_size: 0,
        connection: "NinjaTrader.Cbi.Connection",
        connection_status: words::connection(account.connection),
        last_transaction_sum: 0.0,
        item: Item {
            sim,
            account,
            style,
        },
    }
}

/// The account items of NinjaTrader. Those that no simulated broker fills are 0.
struct Item<'a> {
    sim: &'a Simulation,
    account: &'a Account,
    style: &'a Style,
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let account = self.account;
        let market = &self.sim.market;
        let net_liquidation = account.net_liquidation(market);
        let mut item = serializer.serialize_map(None)?;
        for (key, amount) in [
            ("cashValue", account.cash()),
            ("commission", account.commission),
            ("grossRealizedProfitLoss", account.gross_realized),
            ("netLiquidation", net_liquidation),
            ("netLiquidationByCurrency", net_liquidation),
            ("realizedProfitLoss", account.realized()),
            ("sodCashValue", account.day_open_cash),
            ("sodLiquidatingValue", account.day_open_net_liquidation),
            ("totalCashBalance", account.cash()),
            ("unrealizedProfitLoss", account.unrealized(market)),
        ] {
            item.serialize_entry(key, &self.style.amount(amount))?;
        }
        for key in UNFILLED_ITEMS {
            item.serialize_entry(key, &0.0)?;
        }
        item.end()
    }
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
#[derive(serde::Serialize)]
pub(crate) struct Snapshot<'a> {
    r#type: &'a str,
    timestamp: String,
    epoch: i64,
    accounts: Vec<SnapshotRow<'a>>,
}

#[derive(serde::Serialize)]
struct SnapshotRow<'a> {
    account: SnapshotAccount<'a>,
    positions: Vec<PositionRow<'a>>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotAccount<'a> {
    r#type: &'a str,
    id: u64,
    name: &'a str,
    is_account_flat: bool,
    connection_status: &'a str,
    item: Item<'a>,
}

/// The snapshot of every account.
pub(crate) fn snapshot<'a>(sim: &'a Simulation, style: &'a Style) -> Snapshot<'a> {
    let row = |account: &'a Account| SnapshotRow {
        account: SnapshotAccount {
            r#type: "NinjaTrader.Cbi.Account",
            id: account.id,
            name: &account.name,
            is_account_flat: account.positions.is_empty(),
            connection_status: words::connection(account.connection),
            item: Item {
                sim,
                account,
                style,
            },
        },
        positions: positions(sim, account, style),
    };
    Snapshot {
        r#type: "snapshot",
        timestamp: style.local_with_offset(sim.now()),
        epoch: sim.now().timestamp_millis(),
        accounts: sim.accounts.iter().map(row).collect(),
    }
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

/// A position row. The quantity is positive on both sides.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PositionRow<'a> {
    r#type: &'a str,
    account: &'a str,
    instrument: &'a str,
    instrument_type: &'a str,
    market_position: &'a str,
    quantity: i64,
    average_price: f64,
    market_price: f64,
    unrealized_profit_loss: f64,
    tag: Option<&'a str>,
}

/// The positions of one account.
pub(crate) fn positions<'a>(
    sim: &'a Simulation,
    account: &'a Account,
    style: &Style,
) -> Vec<PositionRow<'a>> {
    account
        .positions
        .iter()
        .filter_map(|held| position(sim, account, held, style))
        .collect()
}

/// The row of a position.
pub(crate) fn position<'a>(
    sim: &'a Simulation,
    account: &'a Account,
    held: &Position,
    style: &Style,
) -> Option<PositionRow<'a>> {
    let unrealized = account.position_unrealized(held, &sim.market);
    Some(PositionRow {
        market_position: match Side::of(held.quantity) {
            Side::Buy => "Long",
            Side::Sell => "Short",
        },
        quantity: words::contracts(held.quantity),
        average_price: plain(held.average_price()),
        unrealized_profit_loss: style.amount(unrealized),
        ..flat_position(sim, account, held.key.contract)?
    })
}

/// The row of a contract that the account does not hold.
pub(crate) fn flat_position<'a>(
    sim: &'a Simulation,
    account: &'a Account,
    index: usize,
) -> Option<PositionRow<'a>> {
    let contract = sim.market.contracts.get(index)?;
    Some(PositionRow {
        r#type: "NinjaTrader.Cbi.Position",
        account: &account.name,
        instrument: contract.symbol.as_str(),
        instrument_type: "Future",
        market_position: "Flat",
        quantity: 0,
        average_price: 0.0,
        market_price: plain(account.price(&sim.market, index)),
        unrealized_profit_loss: 0.0,
        tag: None,
    })
}

/// An order row.
pub(crate) fn order(sim: &Simulation, order: &Order, style: &Style) -> Option<Value> {
    let account = sim.accounts.get(order.account)?;
    let contract = sim.market.contracts.get(order.key.contract)?;
    let kind = order.order_type;
    Some(json!({
        "orderId": order.order_id,
        "id": order.id.to_string(),
        "name": order.name,
        "account": account.name,
        "instrument": contract.symbol.as_str(),
        "instrumentType": "Future",
        "orderType": words::order_type(kind),
        "orderAction": words::action(order),
        "orderState": words::order_state(order.state),
        "quantity": words::contracts(order.quantity),
        "filled": words::contracts(order.filled),
        "averageFillPrice": plain(order.average_fill),
        "limitPrice": plain(order.limit_price),
        "stopPrice": plain(order.stop_price),
        "limitPriceChanged": plain(order.limit_price),
        "stopPriceChanged": plain(order.stop_price),
        "quantityChanged": words::contracts(order.quantity),
        "timeInForce": words::time_in_force(order.time_in_force),
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
        "instrument": contract.symbol.as_str(),
        "description": contract.description,
        "type": "Future",
        "exchange": contract.exchange,
        "expiration": contract.symbol.expiry().map(|expiry| {
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
        "volume": words::contracts(contract.volume),
        "quoteTime": style.local(sim.now()),
        "quoteTimeUtc": sim.now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "epoch": sim.now().timestamp(),
        "dataSource": {"status": "Connected", "connectedFeeds": ["Simulated Data Feed"]},
        "isMarketOpen": true,
    })
}
