//! Faults in what a call says: the true JSON in, the distorted JSON out.

use serde_json::{Value, json};

use super::shapes::reshape;
use crate::dialect::exchange::distort::{Names, distort_fields};
use crate::dialect::fields::set_everywhere;
use crate::faults::class::RequestClass;
use crate::faults::kind::Fault;

/// Applies a data fault to the body of a call of this class.
pub(crate) fn distort(body: &mut Value, fault: &Fault, class: RequestClass) {
    match fault {
        Fault::OtherShape { shape } => reshape(body, *shape),
        Fault::PositionsMissing if class == RequestClass::Positions => keep(body, &|_| false),
        Fault::OrdersMissing if class == RequestClass::Orders => keep(body, &|_| false),
        Fault::StopsMissing if class == RequestClass::Orders => keep(body, &|row| {
            let kind = row.get("type").and_then(Value::as_str).unwrap_or("TWAP");
            matches!(kind, "LIMIT" | "MARKET" | "TWAP")
        }),
        Fault::NoAccounts | Fault::AccountMissing if class == RequestClass::Accounts => {
            keep(body, &|_| false);
        }
        Fault::RowMissing { instrument } => {
            keep(body, &|row| row.get("symbol") != Some(&json!(instrument)));
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
            if let Some(size) = value.as_str().filter(|_| key == "positionAmt") {
                *value = json!(format!("-{size}"));
            }
        }),
        _ => distort_fields(body, fault, &NAMES),
    }
}

/// The rows of a list, wherever it stands.
pub(crate) fn rows(body: &mut Value) -> Option<&mut Vec<Value>> {
    let data = body.get_mut("data")?;
    if data.is_array() {
        return data.as_array_mut();
    }
    for name in ["orders", "list"] {
        if data.get(name).is_some_and(Value::is_array) {
            return data.get_mut(name)?.as_array_mut();
        }
    }
    None
}

fn keep(body: &mut Value, is_kept: &dyn Fn(&Value) -> bool) {
    if let Some(rows) = rows(body) {
        rows.retain(|row| is_kept(row));
    }
}

const NAMES: Names = Names {
    is_result: |key| matches!(key, "unrealizedProfit" | "realisedProfit"),
    is_figure: |key| {
        matches!(
            key,
            "balance" | "equity" | "availableMargin" | "usedMargin" | "freezedMargin"
        )
    },
    states: &["status", "orderStatus"],
    ids: &["orderId", "mainOrderId"],
    flipped: |key, value| match (key, value.as_str()?) {
        ("positionSide", "LONG") => Some(json!("SHORT")),
        ("positionSide", "SHORT") => Some(json!("LONG")),
        _ => None,
    },
};
