//! The raw form of a rule file: a tree of YAML nodes in which every value
//! keeps its place.

use std::borrow::Cow;
use std::rc::Rc;

use super::diagnostic::Place;

/// A YAML value at a place.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    /// Where it stands; for an alias, where the alias stands.
    pub(crate) place: Place,
    /// Where the value of an alias was written.
    pub(crate) origin: Option<Box<Place>>,
    /// Whether the text went on to the end of this value; false for those that
    /// a syntax error cut short.
    pub(crate) whole: bool,
    /// The value.
    pub(crate) value: Value<'a>,
}

/// What a node holds. Lists and mappings are shared, so an alias costs nothing.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// Nothing, `~` or `null`.
    Null,
    /// A scalar that is not null.
    Scalar {
        /// The text, without quotes.
        text: Cow<'a, str>,
    },
    /// A list.
    List(Rc<[Node<'a>]>),
    /// A mapping, in the order of the file, each key once.
    Map(Rc<[KeyValue<'a>]>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct KeyValue<'a> {
    /// The key.
    pub(crate) key: Cow<'a, str>,
    /// Where the key stands.
    pub(crate) key_place: Place,
    /// The value.
    pub(crate) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The text of a scalar.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text } => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<&[Node<'a>]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub(crate) fn entries(&self) -> Option<&[KeyValue<'a>]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        let entry = self.entries()?.iter().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }

    /// What it is, for messages: "a list".
    pub(crate) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Scalar { .. } => "a plain value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
