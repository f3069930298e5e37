//! The venue's other shapes of what it says.

use serde_json::{Value, json};

use super::key::numbers;
use crate::dialect::fields::set_everywhere;
use crate::faults::shape::Shape;

/// Shows a body in one of them.
pub(crate) fn reshape(body: &mut Value, shape: Shape) {
    match shape {
        Shape::BareLists => {
            if let Some(data) = body.get_mut("data")
                && let Some(orders) = data.get_mut("orders").map(Value::take)
            {
                *data = orders;
            }
        }
        Shape::NullLists => nothing_for_empty(body),
        Shape::OtherWords => other_words(body),
        Shape::ModeAsBool => set_everywhere(body, &mut |key, value| {
            if key == "dualSidePosition" {
                *value = json!(value.as_str() == Some("true"));
            }
        }),
        Shape::SignedBoth => {
            let rows = body.get_mut("data").and_then(Value::as_array_mut);
            rows.into_iter().flatten().for_each(sign);
        }
        Shape::IdsAsText => set_everywhere(body, &mut |key, value| {
            if key == "orderId"
                && let Some(id) = value.as_u64()
            {
                *value = json!(id.to_string());
            }
        }),
        Shape::CodeAsText => set_everywhere(body, &mut |key, value| {
            if matches!(key, "code" | "timeStamp" | "timestamp") && value.is_number() {
                *value = json!(value.to_string());
            }
        }),
        Shape::Milliseconds => set_everywhere(body, &mut |key, value| {
            if key == "triggerTime"
                && let Some(seconds) = value.as_i64()
            {
                *value = json!(seconds.saturating_mul(1000));
            }
        }),
        Shape::RightsAsNumbers => rights_as_numbers(body),
    }
}

fn nothing_for_empty(value: &mut Value) {
    match value {
        Value::Array(items) if items.is_empty() => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(nothing_for_empty),
        Value::Object(map) => map.values_mut().for_each(nothing_for_empty),
        _ => {}
    }
}

fn other_words(body: &mut Value) {
    let cancels_all = body.pointer("/data/success").is_some();
    set_everywhere(body, &mut |key, value| {
        if key != "status" {
            return;
        }
        let word = match value.as_str() {
            Some("NEW") => "PENDING",
            Some("PENDING") => "NEW",
            Some("CANCELLED") if cancels_all => "NEW",
            Some("CANCELLED") => "CANCELED",
            _ => return,
        };
        *value = json!(word);
    });
}

/// Makes a row of a one-way account one that is `BOTH`.
fn sign(row: &mut Value) {
    let Some(fields) = row.as_object_mut() else {
        return;
    };
    if fields.get("onlyOnePosition") != Some(&json!(true)) {
        return;
    }
    let is_short = fields.get("positionSide") == Some(&json!("SHORT"));
    for name in ["positionAmt", "availableAmt"] {
        let size = fields.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(size) = size.filter(|_| is_short) {
            fields.insert(name.to_owned(), json!(format!("-{size}")));
        }
    }
    if fields.contains_key("positionAmt") {
        fields.insert("positionSide".to_owned(), json!("BOTH"));
    }
}

/// The other form of a key's rights has no envelope.
fn rights_as_numbers(body: &mut Value) {
    let right = |name: &str| {
        body.pointer(&format!("/data/{name}"))
            .and_then(Value::as_bool)
    };
    let (Some(trades), Some(withdraws)) = (right("enableFutures"), right("enableWithdrawals"))
    else {
        return;
    };
    let is_bound = right("ipRestrict") == Some(true);
    let addresses: &[&str] = if is_bound { &["127.0.0.1"] } else { &[] };
    *body = json!({
        "apiKey": "",
        "note": "paper",
        "permissions": numbers(trades, withdraws),
        "ipAddresses": addresses,
    });
}
