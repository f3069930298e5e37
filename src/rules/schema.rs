//! The JSON Schema of a rule file, made from the tables that the reader uses.
//!
//! Editors check with it while a file is written. It knows the shape alone;
//! names, combinations and ranges that depend on other values are for
//! `riskd check`. Where the reader is lenient (a number in quotes) the schema
//! is not.

use serde_json::{Map, Value, json};

use super::keys::{Key, Shape, Table};
use super::tables;

/// The dialect that the schema is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

const NAME: &str = r"^[\p{L}\p{N}][\p{L}\p{N}._-]*$";
const PERCENT: &str = r"^[0-9]+(\.[0-9]+)?%$";
const LEVEL: &str = r"^start(\s*\+\s*[0-9]+(\.[0-9]+)?)?$";
const DURATION: &str = r"^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
const TIME: &str = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The schema, draft 2020-12.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let root = definition(&tables::FILE, Form::Keys, &mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!(DIALECT));
    schema.insert("title".to_owned(), json!("riskd rule file"));
    if let Value::Object(root) = root {
        schema.extend(root);
    }
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

/// Whether a table's keys stand together or exclude one another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Keys,
    One,
}

fn definition(table: &'static Table, form: Form, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        properties.insert(key.name.to_owned(), property(key, definitions));
    }
    let mut object = Map::new();
    object.insert("description".to_owned(), json!(table.doc));
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("additionalProperties".to_owned(), json!(false));
    let required: Vec<&str> = table
        .keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    if form == Form::One {
        object.insert("minProperties".to_owned(), json!(1));
        object.insert("maxProperties".to_owned(), json!(1));
    }
    Value::Object(object)
}

fn property(key: &Key, definitions: &mut Map<String, Value>) -> Value {
    let mut property = shape(&key.shape, definitions);
    if let Value::Object(property) = &mut property {
        property.insert("description".to_owned(), json!(key.doc));
    }
    property
}

fn shape(wanted: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match wanted {
        // A text that looks like a number is a number to a YAML reader.
        Shape::Text => json!({ "type": ["string", "number"] }),
        Shape::Name => json!({ "type": ["string", "number"], "pattern": NAME }),
        Shape::Constant(word) => json!({ "const": word }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Number => json!({ "type": "number" }),
        Shape::Quantity => json!({ "type": "number", "minimum": 0 }),
        Shape::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Shape::Amount => json!({
            "type": ["number", "string"], "exclusiveMinimum": 0, "pattern": PERCENT
        }),
        Shape::Percent => json!({ "type": "string", "pattern": PERCENT }),
        Shape::Level => json!({ "type": ["number", "string"], "pattern": LEVEL }),
        Shape::Duration => json!({ "type": "string", "pattern": DURATION }),
        Shape::Time => json!({ "type": "string", "pattern": TIME }),
        Shape::Day => json!({ "enum": DAYS }),
        Shape::Timezone => json!({ "type": "string" }),
        Shape::Words(words) => json!({ "enum": words() }),
        Shape::Either(shapes) => {
            let any: Vec<Value> = shapes.iter().map(|one| shape(one, definitions)).collect();
            json!({ "anyOf": any })
        }
        Shape::List(of) => {
            json!({ "type": "array", "minItems": 1, "items": shape(of, definitions) })
        }
        Shape::Named(of) => json!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "pattern": NAME },
            "additionalProperties": shape(of, definitions),
        }),
        Shape::PerInstrument => json!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": { "type": "number", "minimum": 0 },
        }),
        Shape::Map(table) => reference(table, Form::Keys, definitions),
        Shape::One(table) => reference(table, Form::One, definitions),
        Shape::ByKind(kinds) => {
            let any: Vec<Value> = kinds
                .iter()
                .map(|(_, table)| reference(table, Form::Keys, definitions))
                .collect();
            json!({ "oneOf": any })
        }
    }
}

/// A reference to a table's definition, which is added when it is new. Tables
/// may hold one another.
fn reference(table: &'static Table, form: Form, definitions: &mut Map<String, Value>) -> Value {
    let name = definition_name(table);
    if !definitions.contains_key(&name) {
        definitions.insert(name.clone(), Value::Null);
        let made = definition(table, form, definitions);
        definitions.insert(name.clone(), made);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// "a crosstrade venue" becomes `crosstrade_venue`.
fn definition_name(table: &Table) -> String {
    let what = table.what.trim_matches('`');
    ["a ", "an ", "the "]
        .iter()
        .find_map(|article| what.strip_prefix(article))
        .unwrap_or(what)
        .replace(' ', "_")
}
