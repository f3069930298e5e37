//! Faults in what a read says: the true JSON in, the distorted JSON out.

use serde_json::{Value, json};

use crate::dialect::exchange::distort::{Names, distort_fields};
use crate::dialect::fields::set_everywhere;
use crate::faults::class::RequestClass;
use crate::faults::kind::Fault;

/// Where lists are in a body.
const LISTS: [&str; 6] = [
    "/data",
    "/data/entrustedList",
    "/data/list",
    "/data/assets",
    "/data/bills",
    "/data/fillList",
];

/// Applies a data fault to the body of a call of this class.
pub(crate) fn distort(body: &mut Value, fault: &Fault, class: RequestClass) {
    match fault {
        Fault::PositionsMissing if class == RequestClass::Positions => keep(body, |_| false),
        Fault::OrdersMissing if class == RequestClass::Orders => keep(body, |_| false),
        Fault::NoAccounts | Fault::AccountMissing if class == RequestClass::Accounts => {
            keep(body, |_| false);
        }
        // Rows of regular orders alone have no plan and a type.
        Fault::StopsMissing if class == RequestClass::Orders => keep(body, |row| {
            row.get("planType").is_none() && row.get("orderType").is_some()
        }),
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
            if let Some(data) = body.get_mut("data") {
                *data = json!({"data": data.take()});
            }
        }
        Fault::NegativeQuantity => set_everywhere(body, &mut |key, value| {
            if let Some(size) = value.as_str().filter(|_| key == "total") {
                *value = json!(format!("-{size}"));
            }
        }),
        _ => distort_fields(body, fault, &NAMES),
    }
}

fn rows(body: &mut Value) -> Option<&mut Vec<Value>> {
    let place = LISTS
        .into_iter()
        .find(|place| body.pointer(place).is_some_and(Value::is_array))?;
    body.pointer_mut(place)?.as_array_mut()
}

fn keep(body: &mut Value, is_kept: impl Fn(&Value) -> bool) {
    if let Some(rows) = rows(body) {
        rows.retain(is_kept);
    }
}

const NAMES: Names = Names {
    is_result: |key| {
        let key = key.to_ascii_lowercase();
        let is_open = key.ends_with("unrealizedpl") || key.ends_with("ealisedpnl");
        is_open || key == "achievedprofits"
    },
    is_figure: |key| {
        let is_equity = key.ends_with("Equity") || key == "equity";
        is_equity || matches!(key, "available" | "balance" | "usdValue")
    },
    states: &["status", "orderStatus", "planStatus"],
    ids: &["orderId"],
    flipped: |key, value| match (key, value.as_str()?) {
        ("holdSide" | "posSide", "long") => Some(json!("short")),
        ("holdSide" | "posSide", "short") => Some(json!("long")),
        _ => None,
    },
};
