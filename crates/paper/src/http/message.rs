//! A request and the response to it, before and behind HTTP. A program in the
//! same process uses these alone.

use std::time::Duration;

use axum::body::Bytes;

/// A request that reached the venue, with all that a signature covers.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, as it came.
    pub path: &'a str,
    /// The query behind it as it came, without the question mark; empty without
    /// one.
    pub query: &'a str,
    /// Names and values of the headers that are text.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// The first header of a name, in any casing.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// The path with its query.
    pub(crate) fn target(&self) -> String {
        match self.query {
            "" => self.path.to_owned(),
            query => format!("{}?{query}", self.path),
        }
    }
}

/// A request with a bearer token for its only header.
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

impl<'a> From<&Request<'a>> for Incoming<'a> {
    fn from(request: &Request<'a>) -> Incoming<'a> {
        let token = request.authorization.map(|token| ("authorization", token));
        Incoming {
            method: request.method,
            path: request.path,
            query: request.query,
            headers: token.into_iter().collect(),
            body: request.body,
        }
    }
}

impl<'a> From<&Incoming<'a>> for Incoming<'a> {
    fn from(request: &Incoming<'a>) -> Incoming<'a> {
        request.clone()
    }
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
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
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
