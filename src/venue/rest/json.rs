//! A tolerant look into the venue's JSON.
//!
//! The text is checked as a whole, then gone through once to note where its
//! values stand. Only what is wanted is looked at, each value by its own text,
//! so that a number is never turned into a binary float and an unknown field
//! never matters. Keys are compared without case and without `_`, since the
//! venue's generations spell them differently.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::decimal;

/// An answer that is one JSON value, and where the values in it stand.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    text: &'a str,
    /// Every value and every key in the order of their first bytes.
    places: Vec<Place>,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its first byte.
    start: u32,
    /// Behind its last byte.
    end: u32,
    /// The first place behind it and all that is in it.
    next: u32,
}

/// One JSON value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    json: &'a Json<'a>,
    at: usize,
}

/// The members of a JSON object, in order.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Node<'a>)>);

impl<'a> Json<'a> {
    /// Checks that `body` is one JSON value. `NaN` and `Infinity` are none.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Json<'a>> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        let text = raw.get();
        let places = places(text.as_bytes())?;
        Some(Json { text, places })
    }

    /// The value.
    pub(crate) fn root(&self) -> Node<'_> {
        Node { json: self, at: 0 }
    }
}

impl<'a> Node<'a> {
    /// The members, when it is an object.
    pub(crate) fn object(self) -> Option<Object<'a>> {
        if !self.raw().starts_with('{') {
            return None;
        }
        let mut members = Vec::new();
        let mut inside = self.inside();
        while let Some(key) = inside.next() {
            members.push((unquoted(key.raw())?, inside.next()?));
        }
        Some(Object(members))
    }

    /// The elements, when it is a list.
    pub(crate) fn list(self) -> Option<Vec<Node<'a>>> {
        self.raw().starts_with('[').then(|| self.inside().collect())
    }

    /// What stands in it: elements, or keys and values in turn.
    fn inside(self) -> impl Iterator<Item = Node<'a>> {
        let end = self.next();
        let first = Some(self.at.saturating_add(1));
        let next = move |at: &usize| Some(Node { at: *at, ..self }.next());
        std::iter::successors(first, next)
            .take_while(move |at| *at < end)
            .map(move |at| Node { at, ..self })
    }

    /// The first place behind it.
    fn next(self) -> usize {
        let place = self.json.places.get(self.at);
        place.map_or(usize::MAX, |place| place.next as usize)
    }

    /// Its text as it came.
    fn raw(self) -> &'a str {
        let place = self.json.places.get(self.at);
        place
            .and_then(|place| self.json.text.get(place.start as usize..place.end as usize))
            .unwrap_or_default()
    }

    /// The text, when it is a string.
    pub(crate) fn text(self) -> Option<String> {
        unquoted(self.raw()).map(Cow::into_owned)
    }

    /// A name or an id: a string that is not blank, or a number as written.
    pub(crate) fn label(self) -> Option<String> {
        match self.text() {
            Some(text) => Some(text).filter(|text| !text.trim().is_empty()),
            None => decimal::parse(self.raw()).map(|_| self.raw().to_owned()),
        }
    }

    /// A number, or a string that holds one.
    pub(crate) fn decimal(self) -> Option<Decimal> {
        match self.text() {
            Some(text) => decimal::parse(&text),
            None => decimal::parse(self.raw()),
        }
    }

    /// A boolean, or a string that holds one.
    pub(crate) fn boolean(self) -> Option<bool> {
        let text = self.text();
        match text.as_deref().unwrap_or(self.raw()) {
            yes if yes.eq_ignore_ascii_case("true") => Some(true),
            no if no.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    fn is_null(self) -> bool {
        self.raw() == "null"
    }
}

impl<'a> Object<'a> {
    /// The value under `key`, which is given in lower case without `_`.
    ///
    /// `null` is like no value. Two members that spell the same key with
    /// different values contradict each other, and neither is believed.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        let mut found: Option<Node<'a>> = None;
        for (_, node) in self.0.iter().filter(|(name, _)| same_key(name, key)) {
            if node.is_null() {
                continue;
            }
            match found {
                Some(other) if other.raw() != node.raw() => return None,
                _ => found = Some(*node),
            }
        }
        found
    }

    /// Whether there is such a member at all, be it `null` or contradictory.
    pub(crate) fn mentions(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| same_key(name, key))
    }

    /// The keys as written.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.0.iter().map(|(key, _)| key.to_string()).collect()
    }

    /// The first number found under any of these keys.
    pub(crate) fn decimal(&self, keys: &[&str]) -> Option<Decimal> {
        keys.iter()
            .find_map(|key| self.get(key).and_then(Node::decimal))
    }

    /// The text under `key`, when it is a string.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
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

/// Goes through a JSON text that was checked, without a stack of its own depth.
fn places(text: &[u8]) -> Option<Vec<Place>> {
    let mut places: Vec<Place> = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let start = at;
        at = match byte {
            b'"' => end_of_string(text, at),
            b'{' | b'[' | b'}' | b']' | b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => {
                at.saturating_add(1)
            }
            _ => end_of_word(text, at),
        };
        match byte {
            b'}' | b']' => {
                let next = u32::try_from(places.len()).ok()?;
                let opened: &mut Place = places.get_mut(open.pop()?)?;
                (opened.end, opened.next) = (u32::try_from(at).ok()?, next);
            }
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => {
                if matches!(byte, b'{' | b'[') {
                    open.push(places.len());
                }
                places.push(Place {
                    start: u32::try_from(start).ok()?,
                    end: u32::try_from(at).ok()?,
                    next: u32::try_from(places.len().saturating_add(1)).ok()?,
                });
            }
        }
    }
    Some(places)
}

/// Behind the string that begins at `start`.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start.saturating_add(1);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at.saturating_add(1),
            b'\\' => at = at.saturating_add(2),
            _ => at = at.saturating_add(1),
        }
    }
    text.len()
}

/// Behind the number or the word that begins at `start`.
fn end_of_word(text: &[u8], start: usize) -> usize {
    let is_over = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.iter().position(is_over).unwrap_or(rest.len());
    start.saturating_add(length)
}

/// What a JSON string says; borrowed unless it holds an escape.
fn unquoted(quoted: &str) -> Option<Cow<'_, str>> {
    let bare = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if bare.contains('\\') {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(bare))
}

#[cfg(test)]
impl<'a> Node<'a> {
    /// The value of an answer that lives until the end of the tests.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Node<'a>> {
        let json: &'a Json<'a> = Box::leak(Box::new(Json::parse(body)?));
        Some(json.root())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

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
    fn parts_are_told_apart_whatever_stands_in_them() {
        let text =
            r#" { "a" : [ 1 , "x,]}\\" , {"b":[]} ] ,"c\"}":"\\\"," , "d":{ } ,"": -1.5e3 } "#;
        let members = object(text);
        assert_eq!(members.keys(), ["a", "c\"}", "d", ""]);
        let list = members.get("a").and_then(Node::list).unwrap();
        let texts: Vec<&str> = list.iter().map(|node| node.raw()).collect();
        assert_eq!(texts, ["1", r#""x,]}\\""#, r#"{"b":[]}"#]);
        assert_eq!(list[1].text().as_deref(), Some("x,]}\\"));
        assert_eq!(members.text("c\"}").as_deref(), Some("\\\","));
        assert!(
            members
                .get("d")
                .unwrap()
                .object()
                .unwrap()
                .keys()
                .is_empty()
        );
        assert_eq!(members.decimal(&[""]), Some(Decimal::from(-1500)));
        assert!(Node::parse(b"[ ]").unwrap().list().unwrap().is_empty());
        // Half of a pair is no text, and spoils an object whose key it is.
        assert_eq!(object(r#"{"a": "\ud800"}"#).text("a"), None);
        let halved = Node::parse(br#"{"\ud800": 1}"#).unwrap();
        assert!(halved.object().is_none());
    }

    /// Any JSON value of some depth; keys and texts hold what could mislead.
    fn any_value() -> impl Strategy<Value = Value> {
        let text = r#"[a-c"\\\\{}\[\],: \nü]{0,6}"#;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(text, inner, 0..6)
                    .prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
            ]
        })
    }

    /// The same value, by way of the places.
    fn rebuilt(node: Node<'_>) -> Value {
        if let Some(list) = node.list() {
            return Value::from_iter(list.into_iter().map(rebuilt));
        }
        if let Some(Object(members)) = node.object() {
            let members = members.into_iter();
            return Value::from_iter(members.map(|(key, node)| (key, rebuilt(node))));
        }
        serde_json::from_str(node.raw()).unwrap()
    }

    proptest! {
        #[test]
        fn every_value_is_found_where_it_stands(value in any_value()) {
            for text in [value.to_string(), format!(" {value:#}\n")] {
                let node = Node::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(&rebuilt(node), &value, "{}", text);
            }
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
