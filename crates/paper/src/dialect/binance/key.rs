//! What a key may do.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::words::milliseconds;
use crate::config::KeyConfig;

/// `GET /sapi/v1/account/apiRestrictions`.
pub(crate) fn rights(key: &KeyConfig, time: DateTime<Utc>) -> Value {
    json!({
        "ipRestrict": !key.addresses.is_empty(),
        "createTime": milliseconds(time),
        "enableReading": true,
        "enableWithdrawals": key.may_withdraw,
        "enableInternalTransfer": false,
        "enableMargin": false,
        "enableFutures": key.may_trade && !key.read_only,
        "permitsUniversalTransfer": false,
        "enableVanillaOptions": false,
        "enableFixApiTrade": false,
        "enableFixReadOnly": false,
        "enableSpotAndMarginTrading": false,
        "enablePortfolioMarginTrading": false,
    })
}
