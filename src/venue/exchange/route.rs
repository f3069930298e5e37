//! One call of a venue that takes everything in its query.

use reqwest::Method;

use crate::venue::rest::client::Access;
use crate::venue::rest::query::Pairs;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::venue) struct Route {
    pub(in crate::venue) method: Method,
    pub(in crate::venue) path: &'static str,
    pub(in crate::venue) query: Pairs,
    pub(in crate::venue) access: Access,
}

impl Route {
    /// A read of what belongs to the account of the key.
    pub(in crate::venue) fn read(path: &'static str) -> Route {
        Route {
            method: Method::GET,
            path,
            query: Pairs::default(),
            access: Access::Private,
        }
    }

    /// A read of what everybody may ask.
    pub(in crate::venue) fn public(path: &'static str) -> Route {
        Route {
            access: Access::Public,
            ..Route::read(path)
        }
    }

    /// A write.
    pub(in crate::venue) fn write(method: Method, path: &'static str) -> Route {
        Route {
            method,
            ..Route::read(path)
        }
    }

    /// The same with one more parameter.
    pub(in crate::venue) fn with(self, name: &'static str, value: impl Into<String>) -> Route {
        Route {
            query: self.query.with(name, value),
            ..self
        }
    }
}
