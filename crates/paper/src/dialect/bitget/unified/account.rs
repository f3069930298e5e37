//! The assets of an account, its settings, and what a key may do.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::config::KeyConfig;
use crate::dialect::bitget::classic::account::user_id;
use crate::dialect::bitget::markets::Product;
use crate::dialect::bitget::params::Params;
use crate::dialect::bitget::reply::{Done, missing, wrong};
use crate::dialect::bitget::words::{margin_mode, mode, number};
use crate::dialect::exchange::coins::dollars;
use crate::sim::Simulation;
use crate::sim::account::{Account, Wallet};
use crate::sim::margin::LEVERAGE;
use crate::sim::position::PositionMode;

/// Sums over all coins, in dollars.
#[derive(Default)]
struct Totals {
    equity: Decimal,
    unrealized: Decimal,
    initial: Decimal,
    maintenance: Decimal,
}

impl Totals {
    fn add(&mut self, sim: &Simulation, account: &Account, wallet: &Wallet) {
        let coin = wallet.asset.as_str();
        let rate = dollars(sim, coin).unwrap_or_default();
        let unrealized = account.unrealized_in(coin, &sim.market);
        self.equity += (wallet.balance + unrealized) * rate;
        self.unrealized += unrealized * rate;
        self.initial += account.initial_in(coin, &sim.market) * rate;
        self.maintenance += account.maintenance_in(coin, &sim.market) * rate;
    }
}

/// `GET /api/v3/account/assets`: coins of which there is something, and the sums of all
/// in dollars.
pub(crate) fn assets(sim: &Simulation, index: usize) -> Value {
    let mut totals = Totals::default();
    let mut rows = Vec::new();
    if let Some(account) = sim.accounts.get(index) {
        for wallet in &account.wallets {
            totals.add(sim, account, wallet);
            rows.extend(row(sim, account, wallet));
        }
    }
    let rate = dollars(sim, "BTC").filter(|rate| !rate.is_zero());
    let in_btc = |sum: Decimal| {
        let worth = rate.and_then(|rate| sum.checked_div(rate));
        number(worth.unwrap_or_default())
    };
    let part = |sum: Decimal| {
        let part = sum.checked_div(totals.equity);
        number(part.unwrap_or_default())
    };
    json!({
        "accountEquity": number(totals.equity),
        "usdtEquity": number(totals.equity),
        "btcEquity": in_btc(totals.equity),
        "unrealisedPnl": number(totals.unrealized),
        "usdtUnrealisedPnl": number(totals.unrealized),
        // Spelled so.
        "btcUnrealizedPnl": in_btc(totals.unrealized),
        "effEquity": number(totals.equity),
        "mmr": number(totals.maintenance),
        "imr": number(totals.initial),
        "mgnRatio": part(totals.maintenance),
        "positionMgnRatio": part(totals.initial),
        "assets": rows,
    })
}

fn row(sim: &Simulation, account: &Account, wallet: &Wallet) -> Option<Value> {
    let coin = wallet.asset.as_str();
    let equity = account.equity_in(coin, &sim.market);
    if equity.is_zero() && wallet.balance.is_zero() {
        return None;
    }
    let margin = if account.isolated {
        account.set_aside_in(coin, &sim.market)
    } else {
        account.initial_in(coin, &sim.market)
    };
    let worth = dollars(sim, coin).map(|rate| number(equity * rate));
    Some(json!({
        "coin": coin,
        "equity": number(equity),
        "usdValue": worth.unwrap_or_default(),
        "balance": number(wallet.balance),
        "available": number((wallet.balance - margin).max(Decimal::ZERO)),
        "debt": "0",
        "locked": "0",
    }))
}

/// `GET /api/v3/account/settings`.
pub(crate) fn settings(sim: &Simulation, index: usize) -> Value {
    let Some(account) = sim.accounts.get(index) else {
        return json!({});
    };
    let contracts = sim.market.contracts.iter();
    let symbols: Vec<Value> = contracts
        .map(|contract| {
            json!({
                "category": Product::of_coin(&contract.terms.asset).word(),
                "symbol": contract.symbol.as_str(),
                "marginMode": margin_mode(account.isolated),
                "leverage": number(LEVERAGE),
            })
        })
        .collect();
    json!({
        "uid": user_id(index),
        "accountMode": "unified",
        "assetMode": if account.multi_assets { "multi_assets" } else { "single" },
        "accountLevel": "advanced",
        "holdMode": mode(account.mode),
        "stpMode": "none",
        "symbolConfigList": symbols,
        "coinConfigList": [],
    })
}

/// `POST /api/v3/account/set-hold-mode`. It changes only while nothing is open.
pub(crate) fn set_mode(sim: &mut Simulation, index: usize, params: &Params) -> Done {
    let mode = match params.text("holdMode") {
        Some("one_way_mode") => PositionMode::OneWay,
        Some("hedge_mode") => PositionMode::Hedge,
        Some(_) => return Err(wrong("holdMode")),
        None => return Err(missing("holdMode")),
    };
    let name = sim.accounts.get(index).map(|account| account.name.clone());
    sim.set_mode(&name.unwrap_or_default(), mode)?;
    Ok(json!("success"))
}

/// `GET /api/v3/account/info`, which asks for no right of its own.
pub(crate) fn key_rights(key: &KeyConfig, index: usize) -> Value {
    let mut rights = Vec::new();
    if key.may_trade {
        rights.extend(["uta_mgt", "uta_trade"]);
    }
    if key.may_withdraw {
        rights.push("withdraw");
    }
    json!({
        "userId": user_id(index),
        "inviterId": "",
        "parentId": "",
        "channelCode": "",
        "channel": "official",
        "ips": key.addresses.join(","),
        "permType": if key.read_only { "read-only" } else { "read-and-write" },
        "permissions": rights,
        "regisTime": "1704067200000",
    })
}
