//! What a request asks for: the parameters of its query and its body.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::markets;
use super::reply::Refusal;
use crate::dialect::query::pairs;
use crate::http::message::Incoming;
use crate::sim::Simulation;

/// The parameters, those of the query first: where a name is in both, the query wins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// A GET has its parameters in the query alone.
    pub(crate) fn of(request: &Incoming<'_>) -> Params {
        let mut all = pairs(request.query);
        if request.method != "GET" {
            all.extend(pairs(&String::from_utf8_lossy(request.body)));
        }
        Params(all)
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

    /// `true` or `false`; `false` when left out.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(missing(name)),
        }
    }

    /// Digits with at most one point.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = Decimal::from_str(text).ok().filter(|_| is_plain);
        number.map(Some).ok_or_else(|| {
            let legal = r"^([0-9]{1,20})(\.[0-9]{1,20})?$";
            let text = format!(
                "Illegal characters found in parameter '{name}'; legal range is '{legal}'."
            );
            Refusal::new(-1100, &text)
        })
    }

    /// A whole number.
    pub(crate) fn whole(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| missing(name))
    }

    /// The place of the symbol, which has to be there.
    pub(crate) fn symbol(&self, sim: &Simulation) -> Result<usize, Refusal> {
        let symbol = self.optional_symbol(sim)?;
        symbol.ok_or_else(|| missing("symbol"))
    }

    /// The place of the symbol, where one is named.
    pub(crate) fn optional_symbol(&self, sim: &Simulation) -> Result<Option<usize>, Refusal> {
        let symbol = self.text("symbol");
        symbol.map(|text| markets::find(sim, text)).transpose()
    }

    /// How many rows are asked for.
    pub(crate) fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let Some(limit) = self.whole("limit")? else {
            return Ok(usual);
        };
        let limit = usize::try_from(limit).ok();
        limit
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| Refusal::new(-1130, "Data sent for parameter 'limit' is not valid."))
    }
}

/// The refusal of a parameter that is not there or cannot be read.
pub(crate) fn missing(name: &str) -> Refusal {
    let text = format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed.");
    Refusal::new(-1102, &text)
}

/// The refusal of a parameter that does not belong there.
pub(crate) fn not_required(name: &str) -> Refusal {
    let text = format!("Parameter '{name}' sent when not required.");
    Refusal::new(-1106, &text)
}
