//! What the venue does with a request, and how it answers: everything that
//! happens in the instant in which the request is there. `server.rs` carries
//! the answer over HTTP, with its waits and its broken connections; a program
//! in the same process can do without ([`PaperVenue::receive`]).

use std::time::Duration;

use axum::body::Bytes;

use super::api::{Body, Reply};
use super::distort;
use super::fault::{Fault, FaultLayer};
use super::faults::Strike;
use super::handle::{Admission, PaperVenue};
use super::routes;

/// The size of a huge answer.
const HUGE_BYTES: usize = 10 * 1024 * 1024;

/// What the web site answers to everything.
const SITE: &str = "<!doctype html><html><head><title>Paper venue</title></head>\
    <body><h1>Paper venue</h1><p>The API is under /v1/api.</p></body></html>\n";

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// A request that reached the venue.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
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

/// How a request is answered; what it does has been done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// How long the answer waits.
    pub after: Duration,
    /// The answer.
    pub answered: Answered,
}

/// An answer, or what the client gets in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The whole answer.
    Whole(Page),
    /// The head and half of the body, then the connection is reset.
    HalfWay(Page),
    /// The body one byte at a time, with this pause between two.
    Slowly(Page, Duration),
    /// The connection closes without an answer.
    Closed,
    /// Nothing, for as long as the client waits.
    Never,
}

/// Status, headers and body of an answer.
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

impl PaperVenue {
    /// Takes a request from a program in the same process: notes it, carries
    /// it out, and says how it is answered.
    pub fn receive(&self, asked: &Asked<'_>) -> Answering {
        let call = routes::route(asked.method, asked.path, asked.query);
        let path = match asked.query {
            "" => asked.path.to_owned(),
            query => format!("{}?{query}", asked.path),
        };
        let (_, admission) = self.admit(asked.method, &path, call, asked.authorization);
        self.carry_out(admission, asked.path, &path, asked.body)
    }

    /// Carries out an admitted request. `asked` is the path with its query.
    pub(super) fn carry_out(
        &self,
        admission: Admission,
        path: &str,
        asked: &str,
        body: &[u8],
    ) -> Answering {
        let (number, call, strikes, away_ms) = match admission {
            Admission::WebSite => return at_once(web_site(path)),
            Admission::Answer(reply) => return at_once(json(reply)),
            Admission::Proceed {
                number,
                call,
                strikes,
                away_ms,
            } => (number, call, strikes, away_ms),
        };
        let (wire, delay) = wire_fault(&strikes);
        if let Some(answered) = wire.and_then(before_effect) {
            return Answering {
                after: Duration::ZERO,
                answered,
            };
        }
        if let Some(ms) = away_ms {
            let detail = "NinjaTrader add-on is not connected";
            let reply = Reply::error(408, "addon_disconnected", detail);
            return Answering {
                after: Duration::from_millis(ms),
                answered: Answered::Whole(json(reply)),
            };
        }
        let reply = self.perform(number, &call, asked, body, &strikes);
        Answering {
            after: delay,
            answered: after_effect(wire, reply),
        }
    }
}

/// The first fault of the wire but delays, and the delays together.
fn wire_fault(strikes: &[Strike]) -> (Option<&Fault>, Duration) {
    let mut wire = None;
    let mut delay = Duration::ZERO;
    for strike in strikes {
        match strike.fault {
            Fault::Delay { ms } => delay = delay.saturating_add(Duration::from_millis(ms)),
            ref fault if wire.is_none() && fault.layer() == FaultLayer::Wire => wire = Some(fault),
            _ => {}
        }
    }
    (wire, delay)
}

fn at_once(page: Page) -> Answering {
    Answering {
        after: Duration::ZERO,
        answered: Answered::Whole(page),
    }
}

/// The answer of a fault under which nothing happens.
fn before_effect(fault: &Fault) -> Option<Answered> {
    Some(match fault {
        Fault::Hang => Answered::Never,
        Fault::LostBeforeEffect => Answered::Closed,
        Fault::Status {
            code,
            retry_after,
            after_effect: false,
        } => Answered::Whole(json(status_reply(*code, *retry_after))),
        Fault::SuccessFalse => {
            let detail = "The request was not carried out";
            Answered::Whole(json(Reply::error(200, "internal_error", detail)))
        }
        Fault::Redirect => Answered::Whole(web_site("/login")),
        _ => return None,
    })
}

/// What becomes of the answer to something that was done.
fn after_effect(fault: Option<&Fault>, reply: Reply) -> Answered {
    let whole = json(reply);
    match fault {
        Some(Fault::HangAfterEffect) => Answered::Never,
        Some(Fault::LostAfterEffect) => Answered::Closed,
        Some(Fault::Status {
            code, retry_after, ..
        }) => Answered::Whole(json(status_reply(*code, *retry_after))),
        Some(Fault::HtmlBody) => Answered::Whole(site()),
        Some(Fault::EmptyBody) => Answered::Whole(Page {
            body: Bytes::new(),
            ..whole
        }),
        Some(Fault::TruncatedJson) => Answered::Whole(Page {
            body: whole.body.slice(..whole.body.len() / 2),
            ..whole
        }),
        Some(Fault::ResetMidBody) => Answered::HalfWay(whole),
        Some(Fault::HugeBody) => {
            let mut body = whole.body.to_vec();
            body.resize(body.len().max(HUGE_BYTES), b' ');
            Answered::Whole(Page {
                body: Bytes::from(body),
                ..whole
            })
        }
        Some(Fault::SlowLoris { interval_ms }) => {
            Answered::Slowly(whole, Duration::from_millis(*interval_ms))
        }
        _ => Answered::Whole(whole),
    }
}

/// A wrong prefix lands on the web site: a redirect, then a page.
fn web_site(path: &str) -> Page {
    if path == "/" {
        return site();
    }
    Page {
        status: 302,
        content_type: None,
        retry_after: None,
        location: Some("/"),
        body: Bytes::new(),
    }
}

fn site() -> Page {
    Page {
        status: 200,
        content_type: Some(HTML),
        retry_after: None,
        location: None,
        body: Bytes::from_static(SITE.as_bytes()),
    }
}

fn json(reply: Reply) -> Page {
    let text = match reply.body {
        Body::Text(text) => text,
        Body::Tree(tree) => distort::render(&tree),
    };
    Page {
        status: reply.status,
        content_type: Some(JSON),
        retry_after: reply.retry_after,
        location: None,
        body: Bytes::from(text),
    }
}

/// The body that goes with a status on request.
fn status_reply(code: u16, retry_after: Option<u32>) -> Reply {
    let (error, detail) = match code {
        401 => ("unauthorized", "Missing or invalid bearer token"),
        403 => ("forbidden", "Not entitled"),
        404 => ("not_found", "No such endpoint"),
        408 => ("addon_disconnected", "NinjaTrader add-on did not answer"),
        429 => ("rate_limited", "Rate limit exceeded"),
        400 => ("invalid_request", "Invalid request"),
        _ => ("internal_error", "The platform has a problem"),
    };
    let mut reply = Reply::error(code, error, detail);
    reply.retry_after = retry_after.map(u64::from);
    if let Some(seconds) = retry_after {
        reply.put("retryAfter", seconds.into());
    }
    reply
}
