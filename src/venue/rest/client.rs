//! The HTTP client of one credential: what it sends, how long it waits, and
//! what it knows when an answer does not come.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use tracing::debug;

use super::clock::{Clock, clock_error};
use super::reply::{Reply, Sent};
use super::retry_after;
use super::transport::{Incoming, NoAnswer, Outgoing, Transport};
use super::{Limits, SetUpError};
use crate::locked::Locked;
use crate::secret::Secret;
use crate::venue::budget::RequestBudget;
use crate::venue::{Lane, Permit};

/// One request, ready to send.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// JSON text of a write.
    pub(crate) body: Option<String>,
    /// For connecting, sending and the whole answer together.
    pub(crate) timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub(crate) most: usize,
}

/// Sends requests with one credential, within one budget.
pub(crate) struct Http {
    transport: Arc<dyn Transport>,
    authorization: Mutex<HeaderValue>,
    budget: Arc<RequestBudget>,
    clock: Clock,
    /// How far the clock is ahead, by the last answer with a date.
    clock_error: Mutex<Option<TimeDelta>>,
    jitter: Duration,
}

impl Http {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        token: &Secret,
        limits: &Limits,
        budget: Arc<RequestBudget>,
        clock: Clock,
    ) -> Result<Http, SetUpError> {
        let authorization = header(token).ok_or(SetUpError::Credential("token"))?;
        Ok(Http {
            transport,
            authorization: Mutex::new(authorization),
            budget,
            clock,
            clock_error: Mutex::default(),
            jitter: limits.jitter,
        })
    }

    pub(crate) fn budget(&self) -> &RequestBudget {
        &self.budget
    }

    /// How far the clock of this machine is ahead, by the last answer with a
    /// date.
    pub(crate) fn clock_error(&self) -> Option<TimeDelta> {
        *self.clock_error.locked()
    }

    /// Sends this token from the next request on; not one that cannot stand in a
    /// header.
    pub(crate) fn authorize(&self, token: &Secret) -> bool {
        let Some(header) = header(token) else {
            return false;
        };
        let mut authorization = self.authorization.locked();
        *authorization = header;
        true
    }

    /// The header as it is sent.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.authorization.locked().clone()
    }

    /// Sends the request once, and reads the answer. Never repeats anything.
    pub(crate) async fn exchange(&self, permit: Permit, request: Request) -> Sent {
        let method = request.method.clone();
        let path = request.url.path().to_owned();
        let sent = self.send(permit, request).await;
        match &sent {
            Sent::Answered(reply) => {
                debug!(%method, path, status = reply.status, "the venue answered");
            }
            Sent::NoBudget => debug!(%method, path, "not sent: no permit in time"),
            Sent::Unsent(words) | Sent::Lost(words) => debug!(%method, path, words, "no answer"),
        }
        sent
    }

    async fn send(&self, permit: Permit, request: Request) -> Sent {
        let timeout = request.timeout;
        let outgoing = Outgoing {
            method: request.method,
            url: request.url,
            authorization: self.authorization(),
            body: request.body,
            timeout,
            most: request.most,
        };
        let asked = (self.clock)();
        let answer = self.transport.send(outgoing).await;
        if let Ok(incoming) = &answer
            && let Some((date, age)) = retry_after::date_and_age(&incoming.headers)
        {
            let error = clock_error(asked, (self.clock)(), date, age);
            let mut known = self.clock_error.locked();
            *known = Some(error);
        }
        match answer {
            Ok(incoming) => Sent::Answered(self.received(permit.lane, incoming).await),
            Err(NoAnswer::NotSent(words)) => Sent::Unsent(words),
            Err(NoAnswer::Late) => Sent::Lost(format!("no answer within {timeout:?}")),
            Err(NoAnswer::Broke(words)) => Sent::Lost(words),
        }
    }

    async fn received(&self, lane: Lane, incoming: Incoming) -> Reply {
        let status = incoming.status;
        let limited = status == 429;
        let told = limited.then(|| retry_after::told_by_header(&incoming.headers, &self.clock));
        if limited {
            // Before the body is read, so that nothing else goes out meanwhile.
            self.budget
                .penalize(lane, told.flatten().unwrap_or_default());
        }
        let html = is_html(&incoming.headers);
        let body = incoming.body.await;
        let reply = Reply { status, html, body };
        if limited && told.flatten().is_none() {
            let pause = retry_after::told_by_body(&reply)
                .unwrap_or_else(|| retry_after::untold(self.jitter));
            self.budget.penalize(lane, pause);
        }
        reply
    }
}

fn header(token: &Secret) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("html"))
}
