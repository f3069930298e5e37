//! A tolerant look into the venue's JSON.
//!
//! The text is checked as a whole, then gone through once to note where its
//! values stand. Only what is wanted is looked at, each value by its own text,
//! so that a number is never turned into a binary float and an unknown field
//! never matters. Keys are compared without case and without `_`, since the
//! venue's generations spell them differently.

use std::borrow::Cow;
use std::ops::Range;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::decimal;

/// An answer that is one JSON value, and where the values in it stand.
#[derive(Debug)]
pub struct Json<'a> {
    text: &'a str,
    /// Every value and every key in the order of their first bytes.
    places: Cow<'a, [Place]>,
}

/// Where the values of a body stand that was found to be one JSON value, so that it is
/// gone through once, however often it is looked at.
#[derive(Debug)]
pub struct Places {
    /// The bytes of the value.
    value: Range<usize>,
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
pub struct Node<'a> {
    json: &'a Json<'a>,
    at: usize,
}

/// The members of a JSON object, in order.
#[derive(Debug)]
pub struct Object<'a> {
    node: Node<'a>,
    members: Vec<(Cow<'a, str>, Node<'a>)>,
}

/// An answer is not of the shape that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} is not {expected}")]
pub struct Unexpected {
    /// Where, from the outside in: `result.list[2].size`.
    pub path: String,
    /// What should stand there.
    pub expected: &'static str,
}

impl<'a> Json<'a> {
    /// Checks that `body` is one JSON value. `NaN` and `Infinity` are none.
    pub fn parse(body: &'a [u8]) -> Option<Json<'a>> {
        let Places { value, places } = Places::of(body)?;
        Some(Json {
            text: text_of(body, value)?,
            places: Cow::Owned(places),
        })
    }

    /// The value.
    pub fn root(&self) -> Node<'_> {
        Node { json: self, at: 0 }
    }
}

impl Places {
    /// Those of a body, where it is one JSON value.
    pub fn of(body: &[u8]) -> Option<Places> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let before = body.len().checked_sub(text.len())?;
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        // A value follows blanks alone.
        let blanks = text.len().checked_sub(text.trim_start().len())?;
        let start = before.checked_add(blanks)?;
        let end = start.checked_add(raw.get().len())?;
        Some(Places {
            value: start..end,
            places: places(raw.get().as_bytes())?,
        })
    }

    /// The value in this body, whose places they are.
    pub fn json<'a>(&'a self, body: &'a [u8]) -> Option<Json<'a>> {
        Some(Json {
            text: text_of(body, self.value.clone())?,
            places: Cow::Borrowed(&self.places),
        })
    }
}

fn text_of(body: &[u8], value: Range<usize>) -> Option<&str> {
    std::str::from_utf8(body.get(value)?).ok()
}

impl<'a> Node<'a> {
    /// The members, when it is an object.
    pub fn object(self) -> Option<Object<'a>> {
        if !self.raw().starts_with('{') {
            return None;
        }
        let mut members = Vec::new();
        let mut inside = self.inside();
        while let Some(key) = inside.next() {
            members.push((unquoted(key.raw())?, inside.next()?));
        }
        Some(Object {
            node: self,
            members,
        })
    }

    /// The elements, when it is a list.
    pub fn list(self) -> Option<Vec<Node<'a>>> {
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
    pub fn text(self) -> Option<String> {
        unquoted(self.raw()).map(Cow::into_owned)
    }

    /// A name or an id: a string that is not blank, or a number as written.
    pub fn label(self) -> Option<String> {
        match self.text() {
            Some(text) => Some(text).filter(|text| !text.trim().is_empty()),
            None => decimal::parse(self.raw()).map(|_| self.raw().to_owned()),
        }
    }

    /// A number, or a string that holds one.
    pub fn decimal(self) -> Option<Decimal> {
        match self.text() {
            Some(text) => decimal::parse(&text),
            None => decimal::parse(self.raw()),
        }
    }

    /// A boolean, or a string that holds one.
    pub fn boolean(self) -> Option<bool> {
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

/// What must be there in an answer of a known shape.
impl<'a> Node<'a> {
    /// The members.
    ///
    /// # Errors
    /// When it is no object.
    pub fn as_object(self) -> Result<Object<'a>, Unexpected> {
        self.object().ok_or_else(|| self.unexpected("an object"))
    }

    /// The elements.
    ///
    /// # Errors
    /// When it is no list.
    pub fn as_list(self) -> Result<Vec<Node<'a>>, Unexpected> {
        self.list().ok_or_else(|| self.unexpected("a list"))
    }

    /// The number, in digits or in a string, to its last digit.
    ///
    /// # Errors
    /// When it is none; an empty string is none either.
    pub fn as_decimal(self) -> Result<Decimal, Unexpected> {
        self.decimal().ok_or_else(|| self.unexpected("a number"))
    }

    /// The whole number, in digits or in a string: a time in milliseconds, say.
    ///
    /// # Errors
    /// When it is none, or one beyond 64 bits.
    pub fn as_integer(self) -> Result<i64, Unexpected> {
        let text = self.text();
        let text = text.as_deref().unwrap_or(self.raw());
        let whole = text.trim().parse();
        whole.map_err(|_| self.unexpected("a whole number"))
    }

    /// The text.
    ///
    /// # Errors
    /// When it is no string.
    pub fn as_text(self) -> Result<String, Unexpected> {
        self.text().ok_or_else(|| self.unexpected("a string"))
    }

    /// The name or id: a string that is not blank, or a number to its last digit.
    ///
    /// # Errors
    /// When it is neither.
    pub fn as_label(self) -> Result<String, Unexpected> {
        self.label()
            .ok_or_else(|| self.unexpected("a name or a number"))
    }

    /// The boolean, or a string that holds one.
    ///
    /// # Errors
    /// When it is none.
    pub fn as_boolean(self) -> Result<bool, Unexpected> {
        self.boolean()
            .ok_or_else(|| self.unexpected("true or false"))
    }

    /// It is not what was expected.
    pub fn unexpected(self, expected: &'static str) -> Unexpected {
        Unexpected {
            path: self.path(),
            expected,
        }
    }

    /// Where it stands in the answer.
    fn path(self) -> String {
        let mut path = "the answer".to_owned();
        let mut above = self.json.root();
        while above.at < self.at {
            let holds = |child: &Node<'_>| child.at <= self.at && self.at < child.next();
            let (step, child) = if let Some(list) = above.list() {
                let found = list.into_iter().enumerate().find(|(_, child)| holds(child));
                let Some((index, child)) = found else {
                    break;
                };
                (format!("[{index}]"), child)
            } else {
                let members = above.object().map(|object| object.members);
                let mut members = members.unwrap_or_default().into_iter();
                let Some((key, child)) = members.find(|(_, child)| holds(child)) else {
                    break;
                };
                (format!(".{key}"), child)
            };
            path += &step;
            above = child;
        }
        path
    }
}

impl<'a> Object<'a> {
    /// The value under `key`, which is given in lower case without `_`.
    ///
    /// `null` is like no value. Two members that spell the same key with
    /// different values contradict each other, and neither is believed.
    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        let mut found: Option<Node<'a>> = None;
        for (_, node) in self.members.iter().filter(|(name, _)| same_key(name, key)) {
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

    /// The value under this name, as it is spelled, when it is there and not `null`.
    /// Of two that contradict each other neither is believed.
    pub fn member(&self, name: &str) -> Option<Node<'a>> {
        let mut named = self.members.iter().filter(|(key, _)| key == name);
        let (_, first) = named.next()?;
        let is_one = named.all(|(_, other)| other.raw() == first.raw());
        (is_one && !first.is_null()).then_some(*first)
    }

    /// Whether it says `null` under this name, and nothing else: some venues mean by it
    /// that a list is empty.
    pub fn says_null(&self, name: &str) -> bool {
        let mut named = self.members.iter().filter(|(key, _)| key == name);
        named.next().is_some_and(|(_, first)| first.is_null())
            && named.all(|(_, other)| other.is_null())
    }

    /// The same, where it must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn need(&self, name: &str) -> Result<Node<'a>, Unexpected> {
        self.member(name).ok_or_else(|| Unexpected {
            path: format!("{}.{name}", self.node.path()),
            expected: "there",
        })
    }

    /// Whether there is such a member at all, be it `null` or contradictory.
    pub fn mentions(&self, key: &str) -> bool {
        self.members.iter().any(|(name, _)| same_key(name, key))
    }

    /// The keys as written.
    pub fn keys(&self) -> Vec<String> {
        self.members
            .iter()
            .map(|(key, _)| key.to_string())
            .collect()
    }

    /// The first number found under any of these keys.
    pub fn decimal(&self, keys: &[&str]) -> Option<Decimal> {
        keys.iter()
            .find_map(|key| self.get(key).and_then(Node::decimal))
    }

    /// The text under `key`, when it is a string.
    pub fn text(&self, key: &str) -> Option<String> {
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
    pub fn parse(body: &'a [u8]) -> Option<Node<'a>> {
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
    fn what_is_not_as_expected_is_named_with_its_place() {
        let text = r#"{"result": {"list": [{"size": "0.5"}, {"size": "", "id": 1736008778921491201}]},
            "time": "1671017382656", "n": null, "t": 1, "t": 2}"#;
        let answer = object(text);
        assert_eq!(
            answer.need("time").unwrap().as_integer(),
            Ok(1_671_017_382_656)
        );
        let result = answer.need("result").unwrap().as_object().unwrap();
        let rows = result.need("list").unwrap().as_list().unwrap();
        let (first, second) = (rows[0].as_object().unwrap(), rows[1].as_object().unwrap());
        let size = first.need("size").unwrap().as_decimal().unwrap();
        assert_eq!(size.to_string(), "0.5");
        // An id beyond 2^53, to its last digit.
        let id = second.need("id").unwrap();
        assert_eq!(id.as_label().unwrap(), "1736008778921491201");
        assert_eq!(id.as_integer(), Ok(1_736_008_778_921_491_201));
        for (wrong, expected) in [
            (
                second.need("size").unwrap().as_decimal().unwrap_err(),
                "the answer.result.list[1].size is not a number",
            ),
            (
                second.need("Size").unwrap_err(),
                "the answer.result.list[1].Size is not there",
            ),
            (
                id.as_text().unwrap_err(),
                "the answer.result.list[1].id is not a string",
            ),
            (
                rows[0].as_list().unwrap_err(),
                "the answer.result.list[0] is not a list",
            ),
            (answer.need("n").unwrap_err(), "the answer.n is not there"),
            (answer.need("t").unwrap_err(), "the answer.t is not there"),
            (
                Node::parse(b"[]").unwrap().as_object().unwrap_err(),
                "the answer is not an object",
            ),
        ] {
            assert_eq!(wrong.to_string(), expected);
        }
        // Two spellings are two members here.
        let both = object(r#"{"orderId": 7, "orderID": "7"}"#);
        assert_eq!(both.need("orderId").unwrap().as_label().unwrap(), "7");
        assert_eq!(both.need("orderID").unwrap().as_text().unwrap(), "7");
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
        if let Some(object) = node.object() {
            let members = object.members.into_iter();
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
