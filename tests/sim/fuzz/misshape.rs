//! Gives JSON another shape: what it held is gone, or stands elsewhere, or is something
//! that it cannot be. None of it says that there is nothing.

use serde_json::{Map, Value, json};

use super::mutate::Random;

/// A text of JSON in which one or several things have another shape.
pub fn misshapen(random: &mut Random, text: &str) -> String {
    if random.below(8) == 0 {
        return no_json(random, text);
    }
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return String::new();
    };
    for _ in 0..=random.below(3) {
        let paths = paths(&value);
        let path = paths[random.below(paths.len())].clone();
        if let Some(node) = value.pointer_mut(&path) {
            change(random, node);
        }
    }
    value.to_string()
}

/// What is no answer at all. An empty list is one, of a venue that answers with lists.
fn no_json(random: &mut Random, text: &str) -> String {
    match random.below(6) {
        0 => String::new(),
        1 => "null".to_owned(),
        2 => "{}".to_owned(),
        3 => "<html><body>maintenance</body></html>".to_owned(),
        4 => text.chars().take(random.below(text.len().max(1))).collect(),
        _ => "\"ok\"".to_owned(),
    }
}

/// Where everything stands, the whole of it first.
fn paths(value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect(value, String::new(), &mut paths);
    paths
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, format!("{path}/{name}"), paths);
            }
        }
        Value::Array(rows) => {
            for (place, row) in rows.iter().enumerate() {
                collect(row, format!("{path}/{place}"), paths);
            }
        }
        _ => {}
    }
    paths.push(path);
}

fn change(random: &mut Random, node: &mut Value) {
    match node {
        Value::Object(fields) if random.below(3) != 0 && !fields.is_empty() => {
            rename(random, fields);
        }
        Value::Array(rows) if random.below(3) == 0 => rows.push(odd(random)),
        // A list in its place may be empty, which says that there is nothing; and a zero
        // in the place of an amount that was made a list before.
        Value::Array(_) => {
            *node =
                [json!(null), json!({}), json!(""), json!("[]"), json!(7)][random.below(5)].clone()
        }
        _ if random.below(4) == 0 => *node = json!({ "data": node.take() }),
        _ => *node = odd(random),
    }
}

/// A field is gone, or has another name.
fn rename(random: &mut Random, fields: &mut Map<String, Value>) {
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = &names[random.below(names.len())];
    if let Some(field) = fields.remove(name)
        && random.below(2) == 0
    {
        fields.insert(format!("{name}s"), field);
    }
}

/// What no figure, no word and no row is.
fn odd(random: &mut Random) -> Value {
    let odd = [
        json!(null),
        json!(true),
        json!(""),
        json!("?"),
        json!("NaN"),
        json!({}),
        json!([[]]),
        json!("1e400"),
    ];
    odd[random.below(odd.len())].clone()
}
