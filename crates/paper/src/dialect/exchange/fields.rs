//! The parameters of a query or of a JSON body, where numbers are texts.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::dialect::query::pairs;

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Map<String, Value>);

/// A parameter that is not what it should be, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) String);

impl Fields {
    pub(crate) fn of_query(query: &str) -> Fields {
        let pairs = pairs(query).into_iter();
        Fields(
            pairs
                .map(|(key, value)| (key, Value::String(value)))
                .collect(),
        )
    }

    /// Those of a body that is a JSON object; `None` of another.
    pub(crate) fn of_body(body: &[u8]) -> Option<Fields> {
        serde_json::from_slice(body).ok().map(Fields)
    }

    /// As it was sent.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text that is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.as_str()?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// A number in a text; one outside a text is wrong.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Wrong> {
        let wrong = || Wrong(name.to_owned());
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Decimal::from_str(text).map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }

    /// A whole number, as a number or in a text.
    pub(crate) fn whole(&self, name: &str) -> Result<Option<i64>, Wrong> {
        let wrong = || Wrong(name.to_owned());
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| wrong()),
            Some(value) => value.as_i64().map(Some).ok_or_else(wrong),
        }
    }
}
