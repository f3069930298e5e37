//! Wallets and modes of an account.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::Params;
use super::reply::{Done, Refusal};
use super::words::money;
use crate::sim::Simulation;
use crate::sim::account::{Account, Wallet};
use crate::sim::position::PositionMode;
use crate::sim::trade::TradeError;

/// Every account has a row of these, used or not.
const ALWAYS: [&str; 2] = ["USDT", "USDC"];

/// `GET /openApi/swap/v3/user/balance`.
pub(crate) fn balance(sim: &Simulation, index: usize) -> Value {
    let Some(account) = sim.accounts.get(index) else {
        return json!([]);
    };
    let wallets = account.wallets.iter();
    let mut rows: Vec<Value> = wallets
        .map(|wallet| {
            if is_used(sim, index, account, wallet) {
                row(sim, index, account, wallet)
            } else {
                unused(account, &wallet.asset)
            }
        })
        .collect();
    let missing = ALWAYS
        .iter()
        .filter(|asset| account.balance(asset).is_none());
    rows.extend(missing.map(|asset| unused(account, asset)));
    Value::Array(rows)
}

fn is_used(sim: &Simulation, index: usize, account: &Account, wallet: &Wallet) -> bool {
    let asset = wallet.asset.as_str();
    let mut entries = sim.ledger.entries(index);
    !wallet.balance.is_zero()
        || !account.initial_in(asset, &sim.market).is_zero()
        || entries.any(|entry| entry.asset == asset)
}

/// An asset that was never held has empty texts for its figures.
fn unused(account: &Account, asset: &str) -> Value {
    json!({
        "userId": "",
        "asset": asset,
        "balance": "",
        "equity": "",
        "unrealizedProfit": "",
        "realisedProfit": "0",
        "availableMargin": "",
        "usedMargin": "",
        "freezedMargin": "",
        "shortUid": account.id.to_string(),
    })
}

fn row(sim: &Simulation, index: usize, account: &Account, wallet: &Wallet) -> Value {
    let asset = wallet.asset.as_str();
    let unrealized = account.unrealized_in(asset, &sim.market);
    let equity = wallet.balance + unrealized;
    let used = account.initial_in(asset, &sim.market);
    let available = if account.isolated {
        wallet.balance - account.set_aside_in(asset, &sim.market)
    } else {
        equity - used
    };
    let fills = sim.ledger.fills(index).filter(|fill| fill.asset == asset);
    let realized: Decimal = fills.map(|fill| fill.realized - fill.fee).sum();
    json!({
        "userId": format!("1162000000{:08}", account.id),
        "asset": asset,
        "balance": money(wallet.balance),
        "equity": money(equity),
        "unrealizedProfit": money(unrealized),
        "realisedProfit": money(realized),
        "availableMargin": money(available.max(Decimal::ZERO)),
        "usedMargin": money(used),
        "freezedMargin": money(Decimal::ZERO),
        "shortUid": account.id.to_string(),
    })
}

/// `GET /openApi/swap/v1/positionSide/dual`: a text, in a recorded reply.
pub(crate) fn position_mode(sim: &Simulation, index: usize) -> Value {
    let is_hedge = sim.mode(index) == PositionMode::Hedge;
    json!({"dualSidePosition": is_hedge.to_string()})
}

/// `POST /openApi/swap/v1/positionSide/dual`.
pub(crate) fn set_position_mode(sim: &mut Simulation, index: usize, params: &Params) -> Done {
    params.needed("dualSidePosition")?;
    let mode = if params.flag("dualSidePosition")? {
        PositionMode::Hedge
    } else {
        PositionMode::OneWay
    };
    let name = sim.accounts.get(index).map(|account| account.name.clone());
    match sim.set_mode(&name.unwrap_or_default(), mode) {
        Ok(()) => Ok(position_mode(sim, index)),
        Err(TradeError::ModeInUse) if sim.live_twaps(index).next().is_some() => {
            Err(Refusal::new(109_430, "You have pending TWAP orders"))
        }
        Err(TradeError::ModeInUse) => {
            let text = "the account has positions or pending orders";
            Err(Refusal::new(104_103, text))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /openApi/swap/v1/trade/assetMode`.
pub(crate) fn asset_mode(sim: &Simulation, index: usize) -> Value {
    let multi_assets = sim.accounts.get(index).is_some_and(|it| it.multi_assets);
    let mode = if multi_assets {
        "multiAssetsMode"
    } else {
        "singleAssetMode"
    };
    json!({"assetMode": mode})
}
