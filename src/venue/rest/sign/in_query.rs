//! A signature at the end of the query, over the query alone. Method and path are not
//! signed, so a query that somebody reads is of use for any request of the window.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};

use super::digest::{Writing, signature};
use super::{Sign, Signed, Unsignable, Unsigned, hidden};
use crate::secret::Secret;
use crate::venue::rest::query::Query;

/// How a venue names the parts of this scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryNames {
    /// The header of the key's id.
    pub key: HeaderName,
    /// The parameter of the time, in milliseconds.
    pub time: &'static str,
    /// The parameter that says for how long the request is good, in milliseconds,
    /// and for how long; `None` to leave it to the venue.
    pub window: Option<(&'static str, Duration)>,
    /// The parameter of the signature.
    pub signature: &'static str,
    /// Which text is signed.
    pub signs: ValuesSigned,
}

/// Which text of the query is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValuesSigned {
    /// As it leaves, in the order in which it was given.
    Encoded,
    /// Sorted by name, with values as they are before they are percent-encoded.
    PlainAndSorted,
}

/// A key's id in a header and a signature in the query.
pub struct InQuery {
    names: QueryNames,
    key: Secret,
    secret: Secret,
}

impl InQuery {
    /// This key.
    ///
    /// # Errors
    /// When it cannot stand in a header.
    pub fn new(names: QueryNames, key: Secret, secret: Secret) -> Result<InQuery, Unsignable> {
        hidden(&key)?;
        Ok(InQuery { names, key, secret })
    }
}

impl Sign for InQuery {
    fn sign(&self, request: &Unsigned<'_>) -> Result<Signed, Unsignable> {
        let mut pairs = request.query.clone();
        if let Some((name, window)) = self.names.window {
            pairs = pairs.with(name, window.as_millis().to_string());
        }
        let time = request.time.timestamp_millis().to_string();
        pairs = pairs.with(self.names.time, time);
        let text = match self.names.signs {
            ValuesSigned::Encoded => pairs.encoded(),
            ValuesSigned::PlainAndSorted => {
                pairs = pairs.sorted();
                let plain = pairs.plain();
                plain.ok_or(Unsignable("a value could be read as another parameter"))?
            }
        };
        let signed = signature(&self.secret, &[&text, request.body], Writing::Hex)?;
        let query = pairs.with(self.names.signature, signed).encoded();
        let headers = [(self.names.key.clone(), hidden(&self.key)?)];
        Ok(Signed {
            headers: HeaderMap::from_iter(headers),
            query: Query::new(query),
        })
    }
}
