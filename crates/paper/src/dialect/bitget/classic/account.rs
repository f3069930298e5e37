//! Wallets by margin coin, the position mode, and what a key may do.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::PRODUCT;
use crate::config::KeyConfig;
use crate::dialect::bitget::markets::Product;
use crate::dialect::bitget::params::Params;
use crate::dialect::bitget::reply::{Done, missing, wrong};
use crate::dialect::bitget::words::{margin_mode, mode, number};
use crate::dialect::exchange::coins::dollars;
use crate::sim::Simulation;
use crate::sim::account::{Account, Wallet};
use crate::sim::margin::LEVERAGE;
use crate::sim::position::PositionMode;

/// `GET /api/v2/mix/account/accounts`.
pub(crate) fn accounts(sim: &Simulation, index: usize, params: &Params) -> Done {
    let product = params.product(PRODUCT)?;
    let Some(account) = sim.accounts.get(index) else {
        return Ok(json!([]));
    };
    let wallets = account.wallets.iter();
    let of_it = wallets.filter(|wallet| Product::of_coin(&wallet.asset) == product);
    Ok(of_it.map(|wallet| row(sim, account, wallet)).collect())
}

/// `GET /api/v2/mix/account/account`.
pub(crate) fn account(sim: &Simulation, index: usize, params: &Params) -> Done {
    let product = params.product(PRODUCT)?;
    params.symbol(sim, product)?;
    let coin = params.text("marginCoin");
    let coin = coin.ok_or_else(|| missing("marginCoin"))?;
    let account = sim.accounts.get(index);
    let found = account.and_then(|account| {
        let mut wallets = account.wallets.iter();
        let wallet = wallets.find(|wallet| wallet.asset.eq_ignore_ascii_case(coin))?;
        Some((account, row(sim, account, wallet)))
    });
    let (account, mut row) = found.ok_or_else(|| wrong("marginCoin"))?;
    if let Some(fields) = row.as_object_mut() {
        let leverage = number(LEVERAGE);
        for name in [
            "crossedMarginLeverage",
            "isolatedLongLever",
            "isolatedShortLever",
        ] {
            fields.insert(name.to_owned(), json!(leverage));
        }
        fields.insert(
            "marginMode".to_owned(),
            json!(margin_mode(account.isolated)),
        );
        fields.insert("posMode".to_owned(), json!(mode(account.mode)));
    }
    Ok(row)
}

fn row(sim: &Simulation, account: &Account, wallet: &Wallet) -> Value {
    let coin = wallet.asset.as_str();
    let unrealized = account.unrealized_in(coin, &sim.market);
    let equity = wallet.balance + unrealized;
    let margin = if account.isolated {
        account.set_aside_in(coin, &sim.market)
    } else {
        account.initial_in(coin, &sim.market)
    };
    let available = (wallet.balance - margin).max(Decimal::ZERO);
    let held = account.positions.iter().any(|position| {
        let contract = sim.market.contracts.get(position.key.contract);
        contract.is_some_and(|contract| contract.terms.asset == coin)
    });
    let open = if held {
        number(unrealized)
    } else {
        String::new()
    };
    let worth = |coin: &str| dollars(sim, coin).filter(|rate| !rate.is_zero());
    let usdt = worth(coin).map(|rate| equity * rate);
    let btc = worth("BTC")
        .zip(usdt)
        .and_then(|(rate, usdt)| usdt.checked_div(rate));
    let maintenance = account.maintenance_in(coin, &sim.market);
    let risk = maintenance.checked_div(equity).unwrap_or_default();
    json!({
        "marginCoin": coin,
        "locked": "0",
        "available": number(available),
        "crossedMaxAvailable": number(available),
        "isolatedMaxAvailable": number(available),
        "maxTransferOut": number(available),
        "accountEquity": number(equity),
        "usdtEquity": usdt.map(number).unwrap_or_default(),
        "btcEquity": btc.map(number).unwrap_or_default(),
        "crossedRiskRate": number(risk),
        "unrealizedPL": open,
        "coupon": "0",
        "unionTotalMagin": null,
        "unionAvailable": null,
        "unionMm": null,
        "crossedUnrealizedPL": if account.isolated { "" } else { open.as_str() },
        "isolatedUnrealizedPL": if account.isolated { open.as_str() } else { "" },
        "assetMode": if account.multi_assets { "union" } else { "single" },
    })
}

/// `POST /api/v2/mix/account/set-position-mode`. It changes only while nothing is open.
pub(crate) fn set_mode(sim: &mut Simulation, index: usize, params: &Params) -> Done {
    params.product(PRODUCT)?;
    let wanted = params.text("posMode").ok_or_else(|| missing("posMode"))?;
    let mode = match wanted {
        "one_way_mode" => PositionMode::OneWay,
        "hedge_mode" => PositionMode::Hedge,
        _ => return Err(wrong("posMode")),
    };
    let name = sim.accounts.get(index).map(|account| account.name.clone());
    sim.set_mode(&name.unwrap_or_default(), mode)?;
    Ok(json!({"posMode": wanted}))
}

/// `GET /api/v2/spot/account/info`.
pub(crate) fn key_rights(key: &KeyConfig, index: usize) -> Value {
    let mut rights = vec!["coor", "cpor", "stor"];
    if key.may_trade && !key.read_only {
        rights.extend(["coow", "cpow"]);
    }
    if key.may_withdraw {
        rights.push("wwow");
    }
    json!({
        "userId": user_id(index),
        "inviterId": "1111111111",
        "ips": key.addresses.join(","),
        "authorities": rights,
        // A number among texts.
        "parentId": 2222222,
        "traderType": "not_trader",
        "channelCode": "",
        "channel": "",
        "regisTime": "1563264000000",
    })
}

/// The number of the user whose account it is.
pub(crate) fn user_id(index: usize) -> String {
    index.saturating_add(1_000_000_001).to_string()
}
