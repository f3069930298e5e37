//! A signature in a header, over the time and what leaves.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};

use super::digest::{Writing, signature};
use super::{Sign, Signed, Unsignable, Unsigned, hidden, sensitive};
use crate::secret::Secret;
use crate::venue::rest::query::Query;

/// How a venue names the headers of this scheme, and what it has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderNames {
    /// Of the key's id.
    pub key: HeaderName,
    /// Of the time, in milliseconds.
    pub time: HeaderName,
    /// Of the signature.
    pub signature: HeaderName,
    /// What is signed, and how it is written.
    pub text: SignedText,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedText {
    /// Time, key, window and then the query or the body; in hexadecimal digits.
    TimeKeyWindow {
        /// The header that says for how long the request is good, in milliseconds.
        name: HeaderName,
        /// For how long.
        window: Duration,
    },
    /// Time, method, path with `?` and query, and body; in base64. A passphrase
    /// goes along in a header.
    TimeMethodPath {
        /// The header of the passphrase.
        passphrase: HeaderName,
    },
}

/// A key's id and a signature in headers.
pub struct InHeaders {
    names: HeaderNames,
    key: Secret,
    secret: Secret,
    passphrase: Option<Secret>,
}

impl InHeaders {
    /// This key, with its passphrase where the scheme has one.
    ///
    /// # Errors
    /// When a part is missing or cannot stand in a header.
    pub fn new(
        names: HeaderNames,
        key: Secret,
        secret: Secret,
        passphrase: Option<Secret>,
    ) -> Result<InHeaders, Unsignable> {
        hidden(&key)?;
        if let Some(passphrase) = &passphrase {
            hidden(passphrase)?;
        }
        let has_passphrase = passphrase.is_some();
        if matches!(names.text, SignedText::TimeMethodPath { .. }) && !has_passphrase {
            return Err(Unsignable("it needs a passphrase"));
        }
        Ok(InHeaders {
            names,
            key,
            secret,
            passphrase,
        })
    }
}

impl Sign for InHeaders {
    fn sign(&self, request: &Unsigned<'_>) -> Result<Signed, Unsignable> {
        let query = request.query.encoded();
        let time = request.time.timestamp_millis().to_string();
        let names = &self.names;
        let mut headers = HeaderMap::new();
        let signed = match &names.text {
            SignedText::TimeKeyWindow { name, window } => {
                let window = window.as_millis().to_string();
                let parts = [&time, self.key.expose(), &window, &query, request.body];
                headers.insert(name, sensitive(&window)?);
                signature(&self.secret, &parts, Writing::Hex)?
            }
            SignedText::TimeMethodPath { passphrase } => {
                let mark = if query.is_empty() { "" } else { "?" };
                let method = request.method.as_str();
                let parts = [&time, method, request.path, mark, &query, request.body];
                if let Some(secret) = &self.passphrase {
                    headers.insert(passphrase, hidden(secret)?);
                }
                signature(&self.secret, &parts, Writing::Base64)?
            }
        };
        headers.insert(&names.key, hidden(&self.key)?);
        headers.insert(&names.time, sensitive(&time)?);
        headers.insert(&names.signature, sensitive(&signed)?);
        Ok(Signed {
            headers,
            query: Query::new(query),
        })
    }
}
