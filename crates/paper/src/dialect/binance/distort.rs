//! Faults in what a read says: the true JSON in, the distorted JSON out.

use serde_json::{Value, json};

use crate::dialect::exchange::distort::{Names, distort_fields};
use crate::faults::class::RequestClass;
use crate::faults::kind::Fault;

/// Applies a data fault to the body of a call of this class.
pub(crate) fn distort(body: &mut Value, fault: &Fault, class: RequestClass) {
    match fault {
        Fault::PositionsMissing => {
            if class == RequestClass::Positions {
                keep(body, &|_| false);
            } else if let Some(positions) = body.get_mut("positions") {
                *positions = json!([]);
            }
        }
        Fault::OrdersMissing if class == RequestClass::Orders => keep(body, &|_| false),
        Fault::StopsMissing if class == RequestClass::Orders => {
            keep(body, &|row| row.get("algoId").is_none());
        }
        Fault::NoAccounts | Fault::AccountMissing if class == RequestClass::Accounts => {
            keep(body, &|_| false);
            for list in ["assets", "positions"] {
                if let Some(rows) = body.get_mut(list) {
                    *rows = json!([]);
                }
            }
        }
        Fault::RowMissing { instrument } => {
            let is_another = |row: &Value| row.get("symbol") != Some(&json!(instrument));
            keep(body, &is_another);
            if let Some(positions) = body.get_mut("positions") {
                keep(positions, &is_another);
            }
        }
        Fault::DuplicatedAccount if class == RequestClass::Accounts => {
            let rows = match body.get_mut("assets") {
                Some(assets) => assets.as_array_mut(),
                None => body.as_array_mut(),
            };
            if let Some(rows) = rows
                && let Some(first) = rows.first().cloned()
            {
                rows.push(first);
            }
        }
        Fault::DataWrapper => *body = json!({"data": body.take()}),
        _ => distort_fields(body, fault, &NAMES),
    }
}

fn keep(body: &mut Value, is_kept: &dyn Fn(&Value) -> bool) {
    if let Some(rows) = body.as_array_mut() {
        rows.retain(|row| is_kept(row));
    }
}

const NAMES: Names = Names {
    is_result: |key| key.to_ascii_lowercase().ends_with("realizedprofit") || key.ends_with("UnPnl"),
    is_figure: |key| key.starts_with("total") || key.ends_with("Balance") || key == "balance",
    states: &["status", "algoStatus"],
    ids: &["orderId", "algoId"],
    flipped: |key, value| match (key, value.as_str()?) {
        ("positionSide", "LONG") => Some(json!("SHORT")),
        ("positionSide", "SHORT") => Some(json!("LONG")),
        ("positionAmt", amount) => Some(match amount.strip_prefix('-') {
            Some(size) => json!(size),
            None => json!(format!("-{amount}")),
        }),
        _ => None,
    },
};
