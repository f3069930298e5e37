//! Faults that change fields of a JSON body, whatever the body is about.

use serde_json::{Value, json};

/// Stands for a token that JSON cannot hold until the body is text.
pub(crate) const NAN: &str = "@@NaN@@";
pub(crate) const INFINITY: &str = "@@Infinity@@";

/// The body as text, with the tokens that are not JSON.
pub(crate) fn render(body: &Value) -> String {
    let text = body.to_string();
    if !text.contains("@@") {
        return text;
    }
    text.replace(&format!("\"{NAN}\""), "NaN")
        .replace(&format!("\"{INFINITY}\""), "Infinity")
}

/// Runs a change on every key and value, at any depth.
pub(crate) fn set_everywhere(value: &mut Value, change: &mut dyn FnMut(&str, &mut Value)) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| set_everywhere(item, change)),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                change(key, value);
                set_everywhere(value, change);
            }
        }
        _ => {}
    }
}

pub(crate) fn remove_everywhere(value: &mut Value, field: &str) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| remove_everywhere(item, field)),
        Value::Object(map) => {
            map.remove(field);
            map.values_mut()
                .for_each(|value| remove_everywhere(value, field));
        }
        _ => {}
    }
}

pub(crate) fn extra_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(extra_fields),
        Value::Object(map) => {
            map.values_mut().for_each(extra_fields);
            map.insert("newInThisVersion".to_owned(), json!({"since": "2.0"}));
        }
        _ => {}
    }
}
