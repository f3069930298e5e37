//! The wallet, the kind of account, and what a key may do.

use chrono::Days;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::params::{Params, wrong};
use super::reply::Done;
use super::words::{milliseconds, number};
use crate::config::KeyConfig;
use crate::dialect::exchange::coins::dollars;
use crate::sim::Simulation;
use crate::sim::account::{Account, Wallet};

/// How long a key without addresses lasts.
const KEY_DAYS: u32 = 90;

/// Sums over all coins, in dollars.
#[derive(Default)]
struct Totals {
    balance: Decimal,
    unrealized: Decimal,
    initial: Decimal,
    maintenance: Decimal,
}

/// `GET /v5/account/wallet-balance`.
pub(crate) fn wallet(sim: &Simulation, index: usize, params: &Params) -> Done {
    if params.text("accountType") != Some("UNIFIED") {
        return Err(wrong("accountType"));
    }
    let Some(account) = sim.accounts.get(index) else {
        return Ok(json!({"list": []}));
    };
    let wanted: Option<Vec<&str>> = params.text("coin").map(|coins| coins.split(',').collect());
    let mut totals = Totals::default();
    let mut coins = Vec::new();
    for wallet in &account.wallets {
        totals.add(sim, account, wallet);
        let is_wanted = |coins: &Vec<&str>| coins.contains(&wallet.asset.as_str());
        if wanted.as_ref().is_none_or(is_wanted) {
            coins.push(coin(sim, index, account, wallet));
        }
    }
    let mut row = totals.row(account.isolated);
    if let Some(fields) = row.as_object_mut() {
        fields.insert("coin".to_owned(), Value::Array(coins));
    }
    Ok(json!({"list": [row]}))
}

impl Totals {
    fn add(&mut self, sim: &Simulation, account: &Account, wallet: &Wallet) {
        let asset = wallet.asset.as_str();
        let rate = dollars(sim, asset).unwrap_or_default();
        self.balance += wallet.balance * rate;
        self.unrealized += account.unrealized_in(asset, &sim.market) * rate;
        self.initial += account.initial_in(asset, &sim.market) * rate;
        self.maintenance += account.maintenance_in(asset, &sim.market) * rate;
    }

    /// What is about the margin of the account says nothing where each position has
    /// its own.
    fn row(&self, isolated: bool) -> Value {
        let equity = self.balance + self.unrealized;
        let of_margin = |text: String| if isolated { String::new() } else { text };
        let part = |margin: Decimal| {
            let part = margin.checked_div(equity).unwrap_or_default();
            of_margin(number(part))
        };
        let available = (equity - self.initial).max(Decimal::ZERO);
        json!({
            "accountType": "UNIFIED",
            "totalEquity": number(equity),
            "totalWalletBalance": number(self.balance),
            "totalMarginBalance": of_margin(number(equity)),
            "totalAvailableBalance": of_margin(number(available)),
            "totalPerpUPL": number(self.unrealized),
            "totalInitialMargin": of_margin(number(self.initial)),
            "totalMaintenanceMargin": of_margin(number(self.maintenance)),
            "accountIMRate": part(self.initial),
            "accountMMRate": part(self.maintenance),
            "accountLTV": "0",
        })
    }
}

fn coin(sim: &Simulation, index: usize, account: &Account, wallet: &Wallet) -> Value {
    let asset = wallet.asset.as_str();
    let unrealized = account.unrealized_in(asset, &sim.market);
    let equity = wallet.balance + unrealized;
    let fills = sim.ledger.fills(index).filter(|fill| fill.asset == asset);
    let realized: Decimal = fills.map(|fill| fill.realized - fill.fee).sum();
    let dollars = dollars(sim, asset).map(|rate| number(equity * rate));
    json!({
        "coin": asset,
        "equity": number(equity),
        "usdValue": dollars.unwrap_or_default(),
        "walletBalance": number(wallet.balance),
        "unrealisedPnl": number(unrealized),
        "cumRealisedPnl": number(realized),
        "locked": "0",
        "borrowAmount": "0.0",
        "spotBorrow": "0",
        "accruedInterest": "",
        "availableToWithdraw": "",
        "totalOrderIM": "0",
        "totalPositionIM": number(account.initial_in(asset, &sim.market)),
        "totalPositionMM": number(account.maintenance_in(asset, &sim.market)),
        "marginCollateral": true,
        "collateralSwitch": true,
        "bonus": "0",
    })
}

/// `GET /v5/account/info`.
pub(crate) fn info(sim: &Simulation, index: usize) -> Value {
    let is_isolated = sim.accounts.get(index).is_some_and(|it| it.isolated);
    json!({
        "unifiedMarginStatus": 5,
        "marginMode": if is_isolated { "ISOLATED_MARGIN" } else { "REGULAR_MARGIN" },
        "isMasterTrader": false,
        "spotHedgingStatus": "OFF",
        "updatedTime": milliseconds(sim.now()),
    })
}

/// `GET /v5/user/query-api`.
pub(crate) fn key_info(sim: &Simulation, key: &KeyConfig, index: usize) -> Value {
    // A key that may come from anywhere ends after three months.
    let is_bound = !key.addresses.is_empty();
    let any = || vec!["*".to_owned()];
    let ends = sim.now().checked_add_days(Days::new(u64::from(KEY_DAYS)));
    let ends = ends.filter(|_| !is_bound).map(|at| at.to_rfc3339());
    let contract: &[&str] = if key.may_trade {
        &["Order", "Position"]
    } else {
        &[]
    };
    let wallet: &[&str] = if key.may_withdraw { &["Withdraw"] } else { &[] };
    let derivatives: &[&str] = if key.may_trade {
        &["DerivativesTrade"]
    } else {
        &[]
    };
    json!({
        "id": (index + 1).to_string(),
        "note": "paper",
        "apiKey": key.key,
        "secret": "",
        "readOnly": u8::from(key.read_only),
        "permissions": {
            "ContractTrade": contract,
            "Spot": [],
            "Wallet": wallet,
            "Options": [],
            "Derivatives": derivatives,
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": [],
            "NFT": [],
            "Affiliate": [],
        },
        "ips": if is_bound { key.addresses.clone() } else { any() },
        "type": 1,
        "deadlineDay": if is_bound { -2 } else { i64::from(KEY_DAYS) },
        "expiredAt": ends.unwrap_or_default(),
        "unified": 0,
        "uta": 1,
        "userID": 24_617_703 + index,
        "isMaster": true,
    })
}
