//! Faults in what a read says: the true JSON in, the distorted JSON out. Numbers are
//! strings here, and a number where a string was is the other form.

use serde_json::{Value, json};

use crate::dialect::fields::{INFINITY, NAN, extra_fields, remove_everywhere, set_everywhere};
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
        Fault::ExtraFields => extra_fields(body),
        Fault::FieldMissing { field } => remove_everywhere(body, field),
        _ => set_everywhere(body, &mut |key, value| set_field(fault, key, value)),
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

/// Faults that change one value wherever its key stands.
fn set_field(fault: &Fault, key: &str, value: &mut Value) {
    let replacement = match fault {
        Fault::FieldNull { field } if field == key => Value::Null,
        Fault::FieldText { field } if field == key => other_form(value),
        Fault::FieldNan { field } if field == key => json!(NAN),
        Fault::FieldInfinity { field } if field == key => json!(INFINITY),
        Fault::FieldHuge { field } if field == key => json!("1e308"),
        Fault::FieldNegativeZero { field } if field == key => json!("-0"),
        Fault::FieldValue {
            field,
            value: wanted,
        } if field == key => json!(wanted.to_string()),
        Fault::PnlZeroed if is_result(key) => json!("0"),
        Fault::FiguresZeroed if is_result(key) || is_figure(key) => json!("0"),
        Fault::PositionSignFlip if key == "side" => match value.as_str() {
            Some("Buy") => json!("Sell"),
            Some("Sell") => json!("Buy"),
            _ => return,
        },
        Fault::NegativeQuantity if key == "size" => {
            json!(format!("-{}", value.as_str().unwrap_or_default()))
        }
        Fault::OrderStateShown { state } if key == "orderStatus" => json!(state),
        Fault::OrderIdNull if key == "orderId" => Value::Null,
        _ => return,
    };
    *value = replacement;
}

fn is_result(key: &str) -> bool {
    key.ends_with("ealisedPnl") || key == "totalPerpUPL"
}

fn is_figure(key: &str) -> bool {
    key.starts_with("total") || matches!(key, "equity" | "usdValue" | "walletBalance")
}

/// A string as a number where it is one, and a number as a string.
fn other_form(value: &Value) -> Value {
    match value.as_str() {
        None => json!(value.to_string()),
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
    }
}
