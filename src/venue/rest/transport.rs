//! The seam between the adapter and the network: a request goes out, an answer
//! or a reason why there is none comes back.
//!
//! The adapter builds every request and reads every answer; what lies behind
//! this seam only carries them. `network` is the one that the daemon uses.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use super::query::Query;
use crate::venue::Call;

/// Carries requests to the venue.
pub trait Transport: Send + Sync {
    /// Sends a request once and waits for the head of its answer.
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>>;
}

/// A request as it leaves.
#[derive(Debug)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The address without its query.
    pub url: Url,
    /// The query, which may be signed.
    pub query: Query,
    /// What proves who asks; marked as sensitive.
    pub headers: HeaderMap,
    /// JSON text, with its content type.
    pub body: Option<String>,
    /// For connecting, sending and the whole answer together.
    pub timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub most: usize,
}

/// The head of an answer, and how its body is read.
pub struct Incoming {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The whole body, once it is there.
    pub body: Call<'static, Result<Vec<u8>, Broken>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It did not leave: no connection was made.
    NotSent(String),
    /// It may have arrived, but no answer came in time.
    Late,
    /// It may have arrived, but the connection broke.
    Broke(String),
}

/// Why an answer's body is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is longer than this many bytes.
    TooLong(usize),
    /// It broke off, or did not end in time.
    Cut(String),
}
