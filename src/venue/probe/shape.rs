//! The shape of an answer: which lists it has and how long they are, which fields, and
//! what of them is null, an empty text, or not there in every row. Values are left out,
//! but for such as name a mode or say a code.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

/// Rows of a list that are looked at.
const MOST_ROWS: usize = 50;
/// Places of one answer that are noted.
const MOST_PLACES: usize = 2000;
/// The longest value that is shown, in bytes.
const LONGEST_WORD: usize = 24;
/// Fields whose values are words of the venue: codes, modes, kinds. None can hold a
/// secret, an amount or a name.
const WORDS: [&str; 24] = [
    "code",
    "retCode",
    "success",
    "accountType",
    "accountMode",
    "accountLevel",
    "unifiedMarginStatus",
    "marginMode",
    "marginType",
    "posMode",
    "positionMode",
    "holdMode",
    "holdSide",
    "posSide",
    "positionSide",
    "positionIdx",
    "dualSidePosition",
    "multiAssetsMargin",
    "canTrade",
    "planType",
    "orderType",
    "category",
    "permType",
    "feeDetail",
];

/// The shape of an answer. Places are written `data.list[].symbol`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// How many rows each list has.
    pub lists: BTreeMap<String, usize>,
    /// What is null.
    pub nulls: BTreeSet<String>,
    /// What is an empty text.
    pub empty_texts: BTreeSet<String>,
    /// What some rows of a list have and others have not.
    pub not_in_all: BTreeSet<String>,
    /// Codes and modes, by the name of their field.
    pub words: BTreeMap<String, BTreeSet<String>>,
    /// Every field, with the kinds of its values.
    pub fields: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Shape {
    /// The shape of a body; `None` when it is not JSON.
    pub fn of(body: &[u8]) -> Option<Shape> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let mut shape = Shape::default();
        shape.look("", &value);
        Some(shape)
    }

    fn look(&mut self, place: &str, value: &Value) {
        if self.fields.len() >= MOST_PLACES {
            return;
        }
        if !place.is_empty() {
            let kinds = self.fields.entry(place.to_owned()).or_default();
            kinds.insert(kind(value));
        }
        match value {
            Value::Null => {
                self.nulls.insert(place.to_owned());
            }
            Value::String(text) if text.is_empty() => {
                self.empty_texts.insert(place.to_owned());
            }
            Value::Array(rows) => self.look_at_rows(place, rows),
            Value::Object(fields) => {
                for (name, value) in fields {
                    let below = below(place, name);
                    self.look(&below, value);
                    self.take_word(name, value);
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn look_at_rows(&mut self, place: &str, rows: &[Value]) {
        let longest = self.lists.entry(place.to_owned()).or_default();
        *longest = rows.len().max(*longest);
        let inside = format!("{place}[]");
        let looked = rows.len().min(MOST_ROWS);
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows.iter().take(MOST_ROWS) {
            self.look(&inside, row);
            for name in row.as_object().into_iter().flat_map(|row| row.keys()) {
                let count = seen.entry(name).or_default();
                *count = count.saturating_add(1);
            }
        }
        let partial = seen.into_iter().filter(|(_, count)| *count < looked);
        self.not_in_all
            .extend(partial.map(|(name, _)| below(&inside, name)));
    }

    fn take_word(&mut self, name: &str, value: &Value) {
        if !WORDS.contains(&name) {
            return;
        }
        let word = match value {
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::String(text) => text.clone(),
            Value::Null | Value::Array(_) | Value::Object(_) => return,
        };
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte);
        if !word.is_empty() && word.len() <= LONGEST_WORD && word.bytes().all(is_word) {
            self.words.entry(name.to_owned()).or_default().insert(word);
        }
    }
}

/// The place of a field. One whose name is not that of a field, an id for example, is
/// written `*`.
fn below(place: &str, name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_field = name.len() <= 40
        && name.bytes().next().is_some_and(is_plain)
        && name
            .bytes()
            .all(|byte| is_plain(byte) || byte.is_ascii_digit());
    let name = if is_field { name } else { "*" };
    match place {
        "" => name.to_owned(),
        _ => format!("{place}.{name}"),
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_is_when_it_is_empty_is_seen() {
        for (body, list, null) in [
            (r#"{"code":"0","data":[]}"#, Some(0), false),
            (r#"{"code":"0","data":null}"#, None, true),
            (r#"{"code":"0"}"#, None, false),
            (r#"{"code":"0","data":[{"a":1},{"a":2}]}"#, Some(2), false),
        ] {
            let shape = Shape::of(body.as_bytes()).unwrap();
            assert_eq!(shape.lists.get("data").copied(), list, "{body}");
            assert_eq!(shape.nulls.contains("data"), null, "{body}");
        }
        assert_eq!(Shape::of(b"<html>"), None);
    }

    #[test]
    fn fields_are_told_and_values_are_not() {
        let body = r#"{"retCode":0,"result":{"apiKey":"a-key","list":[
            {"liqPrice":"","positionIdx":0,"size":"1.5"},
            {"liqPrice":"5","positionIdx":1}]}}"#;
        let shape = Shape::of(body.as_bytes()).unwrap();
        assert!(shape.empty_texts.contains("result.list[].liqPrice"));
        assert!(shape.not_in_all.contains("result.list[].size"));
        assert_eq!(shape.words["retCode"], BTreeSet::from(["0".to_owned()]));
        let modes = BTreeSet::from(["0".to_owned(), "1".to_owned()]);
        assert_eq!(shape.words["positionIdx"], modes);
        assert_eq!(shape.fields["result.apiKey"], BTreeSet::from(["text"]));
        let text = serde_json::to_string(&shape).unwrap();
        assert!(!text.contains("a-key") && !text.contains("1.5"), "{text}");
    }
}
