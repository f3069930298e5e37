//! Signing: what proves to a venue who asks.
//!
//! A scheme is given what leaves (method, path, query, body) and the venue's time,
//! and gives the headers and the final query. It keeps the secrets; neither they nor
//! what is signed show in anything that is printed.

mod bearer;
mod digest;
mod in_headers;
mod in_query;

use std::fmt;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub use bearer::Bearer;
pub use in_headers::{HeaderNames, InHeaders, SignedText};
pub use in_query::{InQuery, QueryNames, ValuesSigned};

use super::query::{Pairs, Query};
use crate::domain::observation::Timestamp;
use crate::secret::{Credential, Secret};

/// Proves to a venue who asks.
pub trait Sign: Send + Sync {
    /// The headers and the final query of a request.
    ///
    /// # Errors
    /// When the request cannot be signed so that the venue reads the same.
    fn sign(&self, request: &Unsigned<'_>) -> Result<Signed, Unsignable>;
}

/// A request before it is signed, as it will leave.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, percent-encoded, that of the base address included.
    pub path: &'a str,
    /// The query, in order.
    pub query: &'a Pairs,
    /// The body; empty when there is none.
    pub body: &'a str,
    /// What time it is at the venue.
    pub time: Timestamp,
}

/// What signing adds to a request.
#[derive(Clone)]
pub struct Signed {
    /// Headers, each marked as sensitive.
    pub headers: HeaderMap,
    /// The whole query.
    pub query: Query,
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed: {0}")]
pub struct Unsignable(pub &'static str);

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Signed")
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// A part of a credential.
///
/// # Errors
/// When it has no such part.
pub(crate) fn part(credential: &Credential, name: &str) -> Result<Secret, Unsignable> {
    let part = credential.part(name).cloned();
    part.ok_or(Unsignable("a part of it is missing"))
}

/// A header that no debug text shows.
fn sensitive(text: &str) -> Result<HeaderValue, Unsignable> {
    let value = HeaderValue::from_str(text);
    let mut value = value.map_err(|_| Unsignable("a part of it cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A secret as a header that no debug text shows.
fn hidden(secret: &Secret) -> Result<HeaderValue, Unsignable> {
    sensitive(secret.expose())
}

#[cfg(test)]
mod tests;
