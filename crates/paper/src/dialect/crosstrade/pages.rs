//! CrossTrade's pages: JSON of the API, and the web site beside it.

use axum::body::Bytes;

use super::reply::{Body, Reply};
use crate::dialect::fields::render;
use crate::faults::wire::ErrorPages;
use crate::http::message::Page;

/// What the web site shows everywhere.
const SITE: &str = "<!doctype html><html><head><title>Paper venue</title></head>\
    <body><h1>Paper venue</h1><p>The API is under /v1/api.</p></body></html>\n";

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// CrossTrade's wording of what goes wrong.
pub(crate) struct Pages;

impl ErrorPages for Pages {
    fn status(&self, code: u16, retry_after: Option<u32>) -> Page {
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
        json(reply)
    }

    /// It has no codes of its own.
    fn code(&self, _code: i64) -> Page {
        self.not_done()
    }

    /// Nor is anything exempt.
    fn throttled(&self) -> Page {
        self.not_done()
    }

    fn not_done(&self) -> Page {
        let detail = "The request was not carried out";
        json(Reply::error(200, "internal_error", detail))
    }

    fn site(&self) -> Page {
        Page {
            status: 200,
            content_type: Some(HTML),
            retry_after: None,
            location: None,
            headers: Vec::new(),
            body: Bytes::from_static(SITE.as_bytes()),
        }
    }

    fn login(&self) -> Page {
        redirect()
    }
}

/// A wrong prefix reaches the web site: a redirect, then a page.
pub(crate) fn web_site(path: &str) -> Page {
    if path == "/" {
        return Pages.site();
    }
    redirect()
}

fn redirect() -> Page {
    Page {
        status: 302,
        content_type: None,
        retry_after: None,
        location: Some("/"),
        headers: Vec::new(),
        body: Bytes::new(),
    }
}

/// A reply as it is sent.
pub(crate) fn json(reply: Reply) -> Page {
    let text = match reply.body {
        Body::Text(text) => text,
        Body::Tree(tree) => render(&tree),
    };
    Page {
        status: reply.status,
        content_type: Some(JSON),
        retry_after: reply.retry_after,
        location: None,
        headers: Vec::new(),
        body: Bytes::from(text),
    }
}
