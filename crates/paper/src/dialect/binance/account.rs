//! Figures, balances and modes of an account.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::{Params, missing};
use super::positions;
use super::reply::{Done, Refusal};
use super::words::{milliseconds, money};
use crate::dialect::exchange::coins::dollars;
use crate::sim::Simulation;
use crate::sim::account::{Account, Wallet};
use crate::sim::position::PositionMode;
use crate::sim::trade::TradeError;

/// What the sums over one asset alone are about.
const SINGLE_ASSET: &str = "USDT";

/// When money came in that was there at the start. An asset that an account never had
/// has a row too, whose time is 0.
const BEFORE_MS: i64 = 1_625_474_304_765;

/// Sums of an account: in single-asset mode of USDT alone, in multi-assets mode of
/// all assets, in dollars.
#[derive(Default)]
struct Totals {
    balance: Decimal,
    unrealized: Decimal,
    initial: Decimal,
    maintenance: Decimal,
    aside: Decimal,
}

impl Totals {
    fn of(sim: &Simulation, account: &Account) -> Totals {
        let mut totals = Totals::default();
        for wallet in &account.wallets {
            let asset = wallet.asset.as_str();
            let rate = match (account.multi_assets, asset == SINGLE_ASSET) {
                (true, _) => dollars(sim, asset).unwrap_or_default(),
                (false, true) => Decimal::ONE,
                (false, false) => continue,
            };
            totals.balance += wallet.balance * rate;
            totals.unrealized += account.unrealized_in(asset, &sim.market) * rate;
            totals.initial += account.initial_in(asset, &sim.market) * rate;
            totals.maintenance += account.maintenance_in(asset, &sim.market) * rate;
            totals.aside += account.set_aside_in(asset, &sim.market) * rate;
        }
        totals
    }

    fn available(&self, account: &Account) -> Decimal {
        let free = if account.isolated {
            self.balance - self.aside
        } else {
            self.balance + self.unrealized - self.initial
        };
        free.max(Decimal::ZERO)
    }
}

/// `GET /fapi/v3/account`.
pub(crate) fn account(sim: &Simulation, index: usize) -> Value {
    let Some(account) = sim.accounts.get(index) else {
        return json!({});
    };
    let totals = Totals::of(sim, account);
    let cross_unrealized = cross_part(account, totals.unrealized);
    let available = totals.available(account);
    let wallets = account.wallets.iter();
    let assets: Vec<Value> = wallets.map(|it| asset(sim, account, it)).collect();
    json!({
        "totalInitialMargin": money(totals.initial),
        "totalMaintMargin": money(totals.maintenance),
        "totalWalletBalance": money(totals.balance),
        "totalUnrealizedProfit": money(totals.unrealized),
        "totalMarginBalance": money(totals.balance + totals.unrealized),
        "totalPositionInitialMargin": money(totals.initial),
        "totalOpenOrderInitialMargin": money(Decimal::ZERO),
        "totalCrossWalletBalance": money(totals.balance - totals.aside),
        "totalCrossUnPnl": money(cross_unrealized),
        "availableBalance": money(available),
        "maxWithdrawAmount": money(available.min(totals.balance)),
        "assets": assets,
        "positions": positions::of_account(sim, index),
    })
}

/// The open result that counts for the margin of others.
fn cross_part(account: &Account, unrealized: Decimal) -> Decimal {
    if account.isolated {
        Decimal::ZERO
    } else {
        unrealized
    }
}

/// In single-asset mode `marginAvailable` is not there.
fn asset(sim: &Simulation, account: &Account, wallet: &Wallet) -> Value {
    let asset = wallet.asset.as_str();
    let unrealized = account.unrealized_in(asset, &sim.market);
    let initial = account.initial_in(asset, &sim.market);
    let aside = account.set_aside_in(asset, &sim.market);
    let equity = wallet.balance + unrealized;
    let available = available_in(sim, account, wallet);
    let mut row = json!({
        "asset": asset,
        "walletBalance": money(wallet.balance),
        "unrealizedProfit": money(unrealized),
        "marginBalance": money(equity),
        "maintMargin": money(account.maintenance_in(asset, &sim.market)),
        "initialMargin": money(initial),
        "positionInitialMargin": money(initial),
        "openOrderInitialMargin": money(Decimal::ZERO),
        "crossWalletBalance": money(wallet.balance - aside),
        "crossUnPnl": money(cross_part(account, unrealized)),
        "availableBalance": money(available),
        "maxWithdrawAmount": money(available.min(wallet.balance)),
        "updateTime": last_entry(sim, account, wallet),
    });
    if account.multi_assets
        && let Some(fields) = row.as_object_mut()
    {
        fields.insert("marginAvailable".to_owned(), json!(true));
    }
    row
}

/// In multi-assets mode every asset shows what is free of all of them.
fn available_in(sim: &Simulation, account: &Account, wallet: &Wallet) -> Decimal {
    let asset = wallet.asset.as_str();
    if account.multi_assets {
        let free = Totals::of(sim, account).available(account);
        let rate = dollars(sim, asset).unwrap_or_default();
        return free.checked_div(rate).unwrap_or_default();
    }
    let free = if account.isolated {
        wallet.balance - account.set_aside_in(asset, &sim.market)
    } else {
        let equity = account.equity_in(asset, &sim.market);
        equity - account.initial_in(asset, &sim.market)
    };
    free.max(Decimal::ZERO)
}

/// When a wallet changed last; 0 when there was never anything in it.
fn last_entry(sim: &Simulation, account: &Account, wallet: &Wallet) -> i64 {
    let asset = wallet.asset.as_str();
    let before = if wallet.balance.is_zero() {
        0
    } else {
        BEFORE_MS
    };
    let index = sim.accounts.iter().position(|one| one.id == account.id);
    let entries = index
        .into_iter()
        .flat_map(|index| sim.ledger.entries(index));
    let of_it = entries.filter(|entry| entry.asset == asset);
    of_it.last().map_or(before, |entry| milliseconds(entry.at))
}

/// `GET /fapi/v3/balance`.
pub(crate) fn balance(sim: &Simulation, index: usize) -> Value {
    let accounts = sim.accounts.get(index).into_iter();
    let rows = accounts.flat_map(|account| {
        let wallets = account.wallets.iter();
        wallets.map(|wallet| {
            let figures = asset(sim, account, wallet);
            let copied = |key: &str| figures.get(key).cloned().unwrap_or_default();
            json!({
                "accountAlias": format!("pApEr{}", account.id),
                "asset": wallet.asset,
                "balance": copied("walletBalance"),
                "crossWalletBalance": copied("crossWalletBalance"),
                "crossUnPnl": copied("crossUnPnl"),
                "availableBalance": copied("availableBalance"),
                "maxWithdrawAmount": copied("maxWithdrawAmount"),
                "marginAvailable": true,
                "updateTime": copied("updateTime"),
            })
        })
    });
    Value::Array(rows.collect())
}

/// `GET /fapi/v1/accountConfig`. What it says of withdrawing is about the account:
/// whether money may leave for another of its wallets.
pub(crate) fn config(sim: &Simulation, index: usize) -> Value {
    let account = sim.accounts.get(index);
    let multi_assets = account.is_some_and(|it| it.multi_assets);
    json!({
        "feeTier": 0,
        "canTrade": account.is_some_and(|it| it.may_trade),
        "canDeposit": true,
        "canWithdraw": true,
        "dualSidePosition": sim.mode(index) == PositionMode::Hedge,
        "updateTime": 0,
        "multiAssetsMargin": multi_assets,
        "tradeGroupId": -1,
    })
}

/// `GET /fapi/v1/positionSide/dual`.
pub(crate) fn position_mode(sim: &Simulation, index: usize) -> Value {
    json!({"dualSidePosition": sim.mode(index) == PositionMode::Hedge})
}

/// `GET /fapi/v1/multiAssetsMargin`.
pub(crate) fn asset_mode(sim: &Simulation, index: usize) -> Value {
    let multi_assets = sim.accounts.get(index).is_some_and(|it| it.multi_assets);
    json!({"multiAssetsMargin": multi_assets})
}

/// `POST /fapi/v1/positionSide/dual`.
pub(crate) fn set_position_mode(sim: &mut Simulation, index: usize, params: &Params) -> Done {
    if !params.is_sent("dualSidePosition") {
        return Err(missing("dualSidePosition"));
    }
    let mode = if params.flag("dualSidePosition")? {
        PositionMode::Hedge
    } else {
        PositionMode::OneWay
    };
    let Some(account) = sim.accounts.get(index) else {
        return Err(missing("dualSidePosition"));
    };
    if account.mode == mode {
        return Err(Refusal::new(-4059, "No need to change position side."));
    }
    let (name, holds) = (account.name.clone(), !account.positions.is_empty());
    match sim.set_mode(&name, mode) {
        Ok(()) => Ok(json!({"code": 200, "msg": "success"})),
        Err(TradeError::ModeInUse) if holds => {
            let text = "Position side cannot be changed if there exists position.";
            Err(Refusal::new(-4068, text))
        }
        Err(TradeError::ModeInUse) => {
            let text = "Position side cannot be changed if there exists open orders.";
            Err(Refusal::new(-4067, text))
        }
        Err(error) => Err(error.into()),
    }
}
