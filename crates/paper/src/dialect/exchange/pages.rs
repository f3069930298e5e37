//! Pages that every exchange sends alike.

use axum::body::Bytes;

use crate::http::message::Page;

pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// A page with this status and body, and no more.
pub(crate) fn plain(status: u16, content_type: &'static str, body: String) -> Page {
    Page {
        status,
        content_type: Some(content_type),
        retry_after: None,
        location: None,
        headers: Vec::new(),
        body: Bytes::from(body),
    }
}

/// What stands in front of a venue says a status, and nothing of the venue's.
pub(crate) fn bare(status: u16) -> Page {
    plain(status, HTML, format!("<html><h1>{status}</h1></html>"))
}

/// The web site instead of the API.
pub(crate) fn site() -> Page {
    let page = "<!doctype html><title>Paper venue</title>";
    plain(200, HTML, page.to_owned())
}

/// A redirect to the web site's login.
pub(crate) fn login() -> Page {
    Page {
        content_type: None,
        location: Some("/"),
        ..plain(302, HTML, String::new())
    }
}
