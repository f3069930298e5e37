//! Faults in what a read says: the true JSON in, the distorted JSON out.

use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value, json};

use super::words;
use crate::dialect::fields::{INFINITY, NAN, extra_fields, remove_everywhere, set_everywhere};
use crate::faults::kind::Fault;

/// Applies a data fault to a body, for one account or for all.
pub(crate) fn distort(body: &mut Value, fault: &Fault, account: Option<&str>) {
    match fault {
        Fault::DuplicatedAccount => duplicate_account(body, account),
        Fault::AccountMissing => remove_account(body, account),
        Fault::NoAccounts => empty_list(body, "accounts"),
        Fault::PositionsMissing => in_scope(body, account, &mut |part| {
            empty_list(part, "positions");
            set_everywhere(part, &mut |key, value| {
                if key == "isAccountFlat" {
                    *value = json!(true);
                }
            });
        }),
        Fault::OrdersMissing => in_scope(body, account, &mut |part| empty_list(part, "orders")),
        Fault::DataWrapper => *body = json!({"success": true, "data": body.take()}),
        Fault::ExtraFields => in_scope(body, account, &mut extra_fields),
        Fault::FieldMissing { field } => {
            in_scope(body, account, &mut |part| remove_everywhere(part, field));
        }
        Fault::PositionSignFlip => in_scope(body, account, &mut flip_positions),
        Fault::NegativeQuantity => in_scope(body, account, &mut negative_shorts),
        _ => in_scope(body, account, &mut |part| {
            set_everywhere(part, &mut |key, value| set_field(fault, key, value));
        }),
    }
}

/// Faults that change one value wherever its key stands.
fn set_field(fault: &Fault, key: &str, value: &mut Value) {
    let replacement = match fault {
        Fault::FieldNull { field } if field == key => Value::Null,
        Fault::FieldText { field } if field == key => json!(value.to_string()),
        Fault::FieldNan { field } if field == key => json!(NAN),
        Fault::FieldInfinity { field } if field == key => json!(INFINITY),
        Fault::FieldHuge { field } if field == key => json!(1e308),
        Fault::FieldNegativeZero { field } if field == key => json!(-0.0),
        Fault::FieldValue { field, value } if field == key => json!(value.to_f64()),
        Fault::PnlZeroed if key.ends_with("ealizedProfitLoss") => json!(0.0),
        Fault::FiguresZeroed if value.is_f64() => json!(0.0),
        Fault::ConnectionShown { status } if key == "connectionStatus" => {
            json!(words::connection(*status))
        }
        Fault::OrderStateShown { state } if key == "orderState" => json!(state),
        Fault::OrderIdNull if key == "orderId" => Value::Null,
        _ => return,
    };
    *value = replacement;
}

/// Runs a change on the parts of a body that belong to an account, or on the
/// whole body without one.
fn in_scope(body: &mut Value, account: Option<&str>, change: &mut dyn FnMut(&mut Value)) {
    let Some(account) = account else {
        return change(body);
    };
    let list = ["accounts", "positions", "orders"]
        .into_iter()
        .find(|key| body.get(key).is_some_and(Value::is_array));
    let Some(rows) = list.and_then(|key| body.get_mut(key)?.as_array_mut()) else {
        return change(body);
    };
    if rows.iter().any(|row| !belongs_to(row, account)) {
        rows.iter_mut()
            .filter(|row| belongs_to(row, account))
            .for_each(change);
    } else {
        change(body);
    }
}

/// Whether a row of accounts, positions or orders is about an account.
fn belongs_to(row: &Value, account: &str) -> bool {
    let name = row
        .pointer("/account/name")
        .or_else(|| row.get("account"))
        .or_else(|| row.get("name"));
    name.and_then(Value::as_str)
        .is_some_and(|name| name.eq_ignore_ascii_case(account))
}

/// Runs a change on every position row.
fn each_position(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| each_position(item, change)),
        Value::Object(map) => {
            if map.contains_key("marketPosition") {
                change(map);
            }
            map.values_mut()
                .for_each(|value| each_position(value, change));
        }
        _ => {}
    }
}

fn flip_positions(body: &mut Value) {
    each_position(body, &mut |row| {
        if let Some(side) = row.get_mut("marketPosition") {
            *side = match side.as_str() {
                Some("Long") => json!("Short"),
                Some("Short") => json!("Long"),
                _ => side.take(),
            };
        }
    });
}

fn negative_shorts(body: &mut Value) {
    each_position(body, &mut |row| {
        let short = row.get("marketPosition").and_then(Value::as_str) == Some("Short");
        let quantity = row.get("quantity").and_then(Value::as_i64);
        if let Some(quantity) = quantity.filter(|_| short) {
            row.insert("quantity".to_owned(), json!(-quantity));
        }
    });
}

fn empty_list(body: &mut Value, key: &str) {
    match body {
        Value::Array(items) => items.iter_mut().for_each(|item| empty_list(item, key)),
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if name == key && value.is_array() {
                    *value = json!([]);
                } else {
                    empty_list(value, key);
                }
            }
        }
        _ => {}
    }
}

fn account_rows(body: &mut Value) -> Option<&mut Vec<Value>> {
    body.get_mut("accounts")?.as_array_mut()
}

fn remove_account(body: &mut Value, account: Option<&str>) {
    let Some(rows) = account_rows(body) else {
        return;
    };
    match account {
        Some(account) => rows.retain(|row| !belongs_to(row, account)),
        None => drop(rows.pop()),
    }
}

/// The second row says that all figures are 0.
fn duplicate_account(body: &mut Value, account: Option<&str>) {
    let Some(rows) = account_rows(body) else {
        return;
    };
    let found = match account {
        Some(account) => rows.iter().find(|row| belongs_to(row, account)),
        None => rows.first(),
    };
    if let Some(mut copy) = found.cloned() {
        distort(&mut copy, &Fault::FiguresZeroed, None);
        rows.push(copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::fields::render;

    fn snapshot() -> Value {
        let row = |name: &str| {
            json!({
                "account": {"name": name, "isAccountFlat": false, "connectionStatus": "Connected",
                            "item": {"unrealizedProfitLoss": -12.5, "cashValue": 100.0}},
                "positions": [{"account": name, "marketPosition": "Short", "quantity": 2}],
            })
        };
        json!({"epoch": 1, "accounts": [row("Sim101"), row("Eval 50K")]})
    }

    /// The distorted snapshot's value at a pointer, for a fault of `Eval 50K`;
    /// the other account must be untouched.
    fn check(fault: Fault, pointer: &str, expected: Option<Value>) {
        let mut body = snapshot();
        distort(&mut body, &fault, Some("eval 50k"));
        let other = body.pointer("/accounts/0").cloned();
        assert_eq!(
            other,
            snapshot().pointer("/accounts/0").cloned(),
            "{fault:?}"
        );
        assert_eq!(body.pointer(pointer).cloned(), expected, "{fault:?}");
    }

    #[test]
    fn fields_of_one_account() {
        let field = || "unrealizedProfitLoss".to_owned();
        let at = "/accounts/1/account/item/unrealizedProfitLoss";
        check(Fault::FieldMissing { field: field() }, at, None);
        check(Fault::FieldNull { field: field() }, at, Some(Value::Null));
        check(
            Fault::FieldText { field: field() },
            at,
            Some(json!("-12.5")),
        );
        check(Fault::FieldHuge { field: field() }, at, Some(json!(1e308)));
        check(Fault::PnlZeroed, at, Some(json!(0.0)));
        check(
            Fault::PnlZeroed,
            "/accounts/1/account/item/cashValue",
            Some(json!(100.0)),
        );
        check(
            Fault::FiguresZeroed,
            "/accounts/1/account/item/cashValue",
            Some(json!(0.0)),
        );
        check(
            Fault::PositionsMissing,
            "/accounts/1/positions",
            Some(json!([])),
        );
        let side = "/accounts/1/positions/0/marketPosition";
        check(Fault::PositionSignFlip, side, Some(json!("Long")));
        let quantity = "/accounts/1/positions/0/quantity";
        check(Fault::NegativeQuantity, quantity, Some(json!(-2)));
    }

    #[test]
    fn accounts_come_and_go() {
        check(Fault::AccountMissing, "/accounts/1", None);
        check(
            Fault::DuplicatedAccount,
            "/accounts/2/account/name",
            Some(json!("Eval 50K")),
        );
        let mut body = snapshot();
        distort(&mut body, &Fault::NoAccounts, None);
        assert_eq!(body["accounts"], json!([]));
    }

    #[test]
    fn tokens_that_are_not_json() {
        let field = || "cashValue".to_owned();
        for (fault, token) in [
            (Fault::FieldNan { field: field() }, "\"cashValue\":NaN"),
            (
                Fault::FieldInfinity { field: field() },
                "\"cashValue\":Infinity",
            ),
            (
                Fault::FieldNegativeZero { field: field() },
                "\"cashValue\":-0.0",
            ),
            (Fault::FieldHuge { field: field() }, "\"cashValue\":1e+308"),
        ] {
            let mut body = snapshot();
            distort(&mut body, &fault, None);
            let text = render(&body);
            assert_eq!(text.matches(token).count(), 2, "{text}");
        }
    }
}
