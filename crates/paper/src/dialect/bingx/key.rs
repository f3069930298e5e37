//! What a key may do, as two calls have it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::words::milliseconds;
use crate::config::KeyConfig;

/// The venue's numbers of rights.
const READ: u8 = 2;
const FUTURES: u8 = 3;
const WITHDRAW: u8 = 5;

fn may_trade(key: &KeyConfig) -> bool {
    key.may_trade && !key.read_only
}

/// `GET /openApi/v1/account/apiPermissions`.
pub(crate) fn rights(key: &KeyConfig, time: DateTime<Utc>) -> Value {
    json!({
        "ipRestrict": !key.addresses.is_empty(),
        "createTime": milliseconds(time),
        "enableReading": true,
        "enableWithdrawals": key.may_withdraw,
        "enableInternalTransfer": false,
        "enableFutures": may_trade(key),
        "permitsUniversalTransfer": false,
        "enableVanillaOptions": false,
        "enableSpotAndMarginTrading": false,
    })
}

/// The rights by their numbers.
pub(crate) fn numbers(trades: bool, withdraws: bool) -> Vec<u8> {
    let mut numbers = vec![READ];
    numbers.extend(trades.then_some(FUTURES));
    numbers.extend(withdraws.then_some(WITHDRAW));
    numbers
}

/// `GET /openApi/account/v1/apiKey/query`.
pub(crate) fn info(key: &KeyConfig, time: DateTime<Utc>) -> Value {
    json!({
        "apiInfos": [{
            "apiKey": key.key,
            "note": "paper",
            "permissions": numbers(may_trade(key), key.may_withdraw),
            "ipAddresses": key.addresses,
            "status": 1,
            "createTime": milliseconds(time),
            "updateTime": milliseconds(time),
        }],
    })
}
