//! A token in the header `Authorization` (RFC 6750).

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::{Sign, Signed, Unsignable, Unsigned, sensitive};
use crate::secret::Secret;
use crate::venue::rest::query::Query;

/// A token that goes along as it is.
pub struct Bearer(HeaderValue);

impl Bearer {
    /// This token.
    ///
    /// # Errors
    /// When it cannot stand in a header.
    pub fn new(token: &Secret) -> Result<Bearer, Unsignable> {
        sensitive(&format!("Bearer {}", token.expose())).map(Bearer)
    }
}

impl Sign for Bearer {
    fn sign(&self, request: &Unsigned<'_>) -> Result<Signed, Unsignable> {
        Ok(Signed {
            headers: HeaderMap::from_iter([(AUTHORIZATION, self.0.clone())]),
            query: Query::new(request.query.encoded()),
        })
    }
}
