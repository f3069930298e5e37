//! A tolerant look into the venue's JSON.
//!
//! Only what is wanted is looked at, each value by its own text, so that a
//! number is never turned into a binary float and an unknown field never
//! matters. Keys are compared without case and without `_`, since the venue's
//! generations spell them differently.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::amount;

/// One JSON value, by its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a>(&'a str);

/// The members of a JSON object, in order.
#[derive(Debug)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Node<'a> {
    /// Checks that `body` is one JSON value. `NaN` and `Infinity` are none.
    pub(super) fn parse(body: &'a [u8]) -> Option<Node<'a>> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        Some(Node(raw.get()))
    }

    /// The members, when it is an object.
    pub(super) fn object(self) -> Option<Object<'a>> {
        if !self.0.starts_with('{') {
            return None;
        }
        serde_json::from_str(self.0).ok()
    }

    /// The elements, when it is a list.
    pub(super) fn list(self) -> Option<Vec<Node<'a>>> {
        if !self.0.starts_with('[') {
            return None;
        }
        let elements: Vec<&RawValue> = serde_json::from_str(self.0).ok()?;
        Some(elements.into_iter().map(|raw| Node(raw.get())).collect())
    }

    /// The text, when it is a string.
    pub(super) fn text(self) -> Option<String> {
        if !self.0.starts_with('"') {
            return None;
        }
        serde_json::from_str(self.0).ok()
    }

    /// A name or an id: a string that is not blank, or a number as written.
    pub(super) fn label(self) -> Option<String> {
        match self.text() {
            Some(text) => Some(text).filter(|text| !text.trim().is_empty()),
            None => amount::decimal(self.0).map(|_| self.0.to_owned()),
        }
    }

    /// A number, or a string that holds one.
    pub(super) fn decimal(self) -> Option<Decimal> {
        match self.text() {
            Some(text) => amount::decimal(&text),
            None => amount::decimal(self.0),
        }
    }

    /// A boolean, or a string that holds one.
    pub(super) fn boolean(self) -> Option<bool> {
        let text = self.text();
        match text.as_deref().unwrap_or(self.0) {
            yes if yes.eq_ignore_ascii_case("true") => Some(true),
            no if no.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    fn is_null(self) -> bool {
        self.0 == "null"
    }
}

impl<'a> Object<'a> {
    /// The value under `key`, which is given in lower case without `_`.
    ///
    /// `null` is like no value. Two members that spell the same key with
    /// different values contradict each other, and neither is believed.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let mut found: Option<Node<'a>> = None;
        for (_, raw) in self.0.iter().filter(|(name, _)| same_key(name, key)) {
            let node = Node(raw.get());
            if node.is_null() {
                continue;
            }
            match found {
                Some(other) if other.0 != node.0 => return None,
                _ => found = Some(node),
            }
        }
        found
    }

    /// Whether there is such a member at all, be it `null` or contradictory.
    pub(super) fn mentions(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| same_key(name, key))
    }

    /// The keys as written.
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.iter().map(|(key, _)| key.to_string()).collect()
    }

    /// The first number found under any of these keys.
    pub(super) fn decimal(&self, keys: &[&str]) -> Option<Decimal> {
        keys.iter()
            .find_map(|key| self.get(key).and_then(Node::decimal))
    }

    /// The text under `key`, when it is a string.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Node::text)
    }
}

/// Whether `name` is `key` but for case and `_`.
fn same_key(name: &str, key: &str) -> bool {
    name.bytes()
        .filter(|byte| *byte != b'_')
        .map(|byte| byte.to_ascii_lowercase())
        .eq(key.bytes())
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A key, borrowed unless it holds an escape.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object<'_> {
        Node::parse(text.as_bytes()).unwrap().object().unwrap()
    }

    #[test]
    fn keys_are_compared_without_case_and_underscore() {
        let members = object(r#"{"Net_Liquidation": 1, "CASHVALUE": "2.50", "k\u0065y": true}"#);
        assert_eq!(members.decimal(&["netliquidation"]), Some(Decimal::ONE));
        assert_eq!(
            members
                .decimal(&["nothing", "cashvalue"])
                .unwrap()
                .to_string(),
            "2.50"
        );
        assert_eq!(members.get("key").and_then(Node::boolean), Some(true));
        assert!(members.get("liquidation").is_none());
    }

    #[test]
    fn null_is_nothing_and_a_contradiction_is_not_believed() {
        let members = object(r#"{"a": null, "A": 1, "b": 1, "B": 2, "c": 3, "_c": 3, "d": null}"#);
        assert_eq!(members.decimal(&["a"]), Some(Decimal::ONE));
        assert!(members.get("b").is_none());
        assert!(members.mentions("b"));
        assert!(members.get("c").is_some());
        assert!(members.get("d").is_none());
    }

    #[test]
    fn numbers_are_their_text() {
        for (text, expected) in [
            ("100565.00000000285", Some("100565.00000000285")),
            (r#""12.5""#, Some("12.5")),
            (r#"" 12.5 ""#, Some("12.5")),
            (r#""NaN""#, None),
            (r#""""#, None),
            ("true", None),
            ("[1]", None),
            ("{}", None),
        ] {
            let number = Node::parse(text.as_bytes()).unwrap().decimal();
            assert_eq!(number.map(|n| n.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_one_json_value_is_refused() {
        for text in [
            "",
            " ",
            "NaN",
            r#"{"a": NaN}"#,
            r#"{"a": Infinity}"#,
            r#"{"a": 1"#,
            "{} {}",
            "<html></html>",
            r#"{"a": 01}"#,
            "\u{0}",
        ] {
            assert!(Node::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Node::parse(b"\"\xff\"").is_none());
        assert!(Node::parse("\u{feff}{}".as_bytes()).is_some());
        // Depth costs no stack.
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(Node::parse(deep.as_bytes()).is_some_and(|node| node.object().is_none()));
    }
}
