//! A request and the response to it, before and behind HTTP. A program in the
//! same process uses these alone.

use std::time::Duration;

use axum::body::Bytes;

/// A request that reached the venue.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, as it came.
    pub path: &'a str,
    /// The query behind it, without the question mark; empty without one.
    pub query: &'a str,
    /// The authorization header.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// The response to a request whose effect has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the response waits.
    pub after: Duration,
    /// What the client gets then.
    pub delivery: Delivery,
}

/// A response, or what the client gets in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The whole page.
    Whole(Page),
    /// The head and half of the body, then the connection is reset.
    HalfWay(Page),
    /// The body one byte at a time, with this pause between two.
    Slowly(Page, Duration),
    /// The connection closes without a response.
    Closed,
    /// Nothing, for as long as the client waits.
    Never,
}

/// Status, headers and body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// Its content type, when it has one.
    pub content_type: Option<&'static str>,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u64>,
    /// Where a redirect leads.
    pub location: Option<&'static str>,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// This page, without a wait.
    pub(crate) fn at_once(page: Page) -> Response {
        Response {
            after: Duration::ZERO,
            delivery: Delivery::Whole(page),
        }
    }
}
