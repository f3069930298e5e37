//! Faults in what a read says, where numbers are strings: a number where a string
//! was is the other form.

use serde_json::{Value, json};

use crate::dialect::fields::{INFINITY, NAN, extra_fields, remove_everywhere, set_everywhere};
use crate::faults::kind::Fault;

/// What a venue calls the fields that faults are about.
pub(crate) struct Names {
    /// Whether a field is a result, closed or open.
    pub(crate) is_result: fn(&str) -> bool,
    /// Whether it is another figure of an account.
    pub(crate) is_figure: fn(&str) -> bool,
    /// The states of orders.
    pub(crate) states: &'static [&'static str],
    /// The ids of orders.
    pub(crate) ids: &'static [&'static str],
    /// What a value becomes when longs show as shorts, if it changes.
    pub(crate) flipped: fn(&str, &Value) -> Option<Value>,
}

/// Applies a fault of fields, wherever they stand.
pub(crate) fn distort_fields(body: &mut Value, fault: &Fault, names: &Names) {
    match fault {
        Fault::ExtraFields => extra_fields(body),
        Fault::FieldMissing { field } => remove_everywhere(body, field),
        _ => set_everywhere(body, &mut |key, value| {
            if let Some(replacement) = replacement(fault, key, value, names) {
                *value = replacement;
            }
        }),
    }
}

fn replacement(fault: &Fault, key: &str, value: &Value, names: &Names) -> Option<Value> {
    let is_result = (names.is_result)(key);
    Some(match fault {
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
        Fault::PnlZeroed if is_result => json!("0"),
        Fault::FiguresZeroed if is_result || (names.is_figure)(key) => json!("0"),
        Fault::PositionSignFlip => (names.flipped)(key, value)?,
        Fault::OrderStateShown { state } if names.states.contains(&key) => json!(state),
        Fault::OrderIdNull if names.ids.contains(&key) => Value::Null,
        _ => return None,
    })
}

/// A string as a number where it is one, and a number as a string.
fn other_form(value: &Value) -> Value {
    match value.as_str() {
        None => json!(value.to_string()),
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
    }
}
