//! Faults in what a read says: the true JSON in, the distorted JSON out.

use serde_json::{Value, json};

use crate::dialect::exchange::distort::{Names, distort_fields};
use crate::dialect::fields::set_everywhere;
use crate::faults::class::RequestClass;
use crate::faults::kind::Fault;

/// Applies a data fault to the body of a call of this class.
pub(crate) fn distort(body: &mut Value, fault: &Fault, class: RequestClass) {
    match fault {
        Fault::PositionsMissing if class == RequestClass::Positions => keep(body, |_| false),
        Fault::OrdersMissing if class == RequestClass::Orders => keep(body, |_| false),
        Fault::NoAccounts | Fault::AccountMissing if class == RequestClass::Accounts => {
            keep(body, |_| false);
        }
        Fault::StopsMissing if class == RequestClass::Orders => {
            keep(body, |row| row.get("stopOrderType") == Some(&json!("")));
        }
        Fault::RowMissing { instrument } => {
            keep(body, |row| row.get("symbol") != Some(&json!(instrument)));
        }
        Fault::DuplicatedAccount if class == RequestClass::Accounts => {
            if let Some(rows) = rows(body)
                && let Some(first) = rows.first().cloned()
            {
                rows.push(first);
            }
        }
        Fault::DataWrapper => {
            if let Some(result) = body.get_mut("result") {
                *result = json!({"data": result.take()});
            }
        }
        Fault::NegativeQuantity => set_everywhere(body, &mut |key, value| {
            if let Some(size) = value.as_str().filter(|_| key == "size") {
                *value = json!(format!("-{size}"));
            }
        }),
        _ => distort_fields(body, fault, &NAMES),
    }
}

fn rows(body: &mut Value) -> Option<&mut Vec<Value>> {
    body.pointer_mut("/result/list")?.as_array_mut()
}

fn keep(body: &mut Value, is_kept: impl Fn(&Value) -> bool) {
    if let Some(rows) = rows(body) {
        rows.retain(is_kept);
    }
}

const NAMES: Names = Names {
    is_result: |key| key.ends_with("ealisedPnl") || key == "totalPerpUPL",
    is_figure: |key| {
        key.starts_with("total") || matches!(key, "equity" | "usdValue" | "walletBalance")
    },
    states: &["orderStatus"],
    ids: &["orderId"],
    flipped: |key, value| match (key, value.as_str()?) {
        ("side", "Buy") => Some(json!("Sell")),
        ("side", "Sell") => Some(json!("Buy")),
        _ => None,
    },
};
