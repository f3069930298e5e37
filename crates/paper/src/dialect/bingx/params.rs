//! What a request asks for: the parameters of its query and its body.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::markets;
use super::reply::Refusal;
use crate::dialect::query::pairs;
use crate::http::message::Incoming;
use crate::sim::Simulation;

/// The parameters, decoded, in the order of their names, as they are signed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Those of the query, and of a body that is a form or a JSON object.
    pub(crate) fn of(request: &Incoming<'_>) -> Result<Params, Refusal> {
        let mut all = pairs(request.query);
        let kind = request.header("content-type").unwrap_or_default();
        if request.method != "GET" && !request.body.is_empty() {
            if kind.to_ascii_lowercase().contains("json") {
                all.extend(of_json(request.body)?);
            } else {
                all.extend(pairs(&String::from_utf8_lossy(request.body)));
            }
        }
        all.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(Params(all))
    }

    /// What is signed: all but the signature, with raw values.
    pub(crate) fn payload(&self) -> String {
        self.join(&["signature"])
    }

    /// What is asked for, without what is new in each request.
    pub(crate) fn subject(&self) -> String {
        self.join(&["signature", "timestamp", "recvWindow"])
    }

    fn join(&self, left_out: &[&str]) -> String {
        let is_in = |(name, _): &&(String, String)| !left_out.contains(&name.as_str());
        let pairs = self.0.iter().filter(is_in);
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    /// Whether a parameter was sent at all.
    pub(crate) fn is_sent(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// A text that is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|text| !text.is_empty())
    }

    pub(crate) fn needed(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// `true` or `false`; `false` when left out.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(wrong(name)),
        }
    }

    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let text = self.text(name);
        let number = text.map(|text| Decimal::from_str(text).map_err(|_| wrong(name)));
        number.transpose()
    }

    /// A whole number.
    pub(crate) fn whole(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let text = self.text(name);
        text.map(|text| text.parse().map_err(|_| wrong(name)))
            .transpose()
    }

    /// A time in milliseconds.
    pub(crate) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let ms = self.whole(name)?;
        ms.map(|ms| DateTime::from_timestamp_millis(ms).ok_or_else(|| wrong(name)))
            .transpose()
    }

    /// The place of the symbol, which has to be there.
    pub(crate) fn symbol(&self, sim: &Simulation) -> Result<usize, Refusal> {
        markets::find(sim, self.needed("symbol")?)
    }

    /// The place of the symbol, where one is named.
    pub(crate) fn optional_symbol(&self, sim: &Simulation) -> Result<Option<usize>, Refusal> {
        let symbol = self.text("symbol");
        symbol.map(|text| markets::find(sim, text)).transpose()
    }

    /// A count between 1 and `most`.
    pub(crate) fn count(&self, name: &str, usual: usize, most: usize) -> Result<usize, Refusal> {
        let Some(count) = self.whole(name)? else {
            return Ok(usual);
        };
        let count = usize::try_from(count).ok();
        count
            .filter(|count| (1..=most).contains(count))
            .ok_or_else(|| wrong(name))
    }

    /// The members of a list such as `[1,2]` or `["a","b"]`, as texts.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(Vec::new());
        };
        let list: Vec<Value> = serde_json::from_str(text).map_err(|_| wrong(name))?;
        Ok(list.iter().map(as_text).collect())
    }
}

fn of_json(body: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    let object: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| refused("the body is no JSON object"))?;
    let pairs = object.into_iter();
    Ok(pairs.map(|(name, value)| (name, as_text(&value))).collect())
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The refusal of a parameter that is not there.
pub(crate) fn missing(name: &str) -> Refusal {
    refused(&format!("{name}: This field is required."))
}

/// The refusal of a parameter that cannot be.
pub(crate) fn wrong(name: &str) -> Refusal {
    refused(&format!("{name}: This field is invalid."))
}

fn refused(what: &str) -> Refusal {
    Refusal::new(109_400, &format!("Invalid parameters, err:{what}"))
}
