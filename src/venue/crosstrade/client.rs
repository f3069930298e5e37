//! The HTTP client of one credential: what it sends, how long it waits, and
//! what it knows when an answer does not come.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Method, Response, Url};
use tracing::debug;

use super::reply::{Broken, Reply, Sent};
use super::retry_after::{self, Clock};
use super::transport::{Incoming, NoAnswer, Outgoing, Transport};
use super::{CrossTradeError, Limits};
use crate::http;
use crate::locked::Locked;
use crate::secret::Secret;
use crate::venue::budget::RequestBudget;
use crate::venue::{Call, Lane, Permit, clock_error};

/// Idle connections are closed by us before a usual server (60 s and more)
/// closes them under a request.
const POOL_IDLE: Duration = Duration::from_secs(55);
/// How long sent bytes may stay unacknowledged: a connection whose path has
/// died is dropped before the next request is given to it.
const TCP_UNACKNOWLEDGED: Duration = Duration::from_secs(4);

/// One request, ready to send.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    /// JSON text of a write.
    pub(super) body: Option<String>,
    /// For connecting, sending and the whole answer together.
    pub(super) timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub(super) most: usize,
}

/// Sends requests with one credential, within one budget.
pub(super) struct Http {
    transport: Arc<dyn Transport>,
    authorization: Mutex<HeaderValue>,
    budget: Arc<RequestBudget>,
    clock: Clock,
    /// How far the clock is ahead, by the last answer with a date.
    clock_error: Mutex<Option<TimeDelta>>,
    jitter: Duration,
}

impl Http {
    pub(super) fn new(
        transport: Arc<dyn Transport>,
        token: &Secret,
        limits: &Limits,
        budget: Arc<RequestBudget>,
        clock: Clock,
    ) -> Result<Http, CrossTradeError> {
        let authorization = header(token).ok_or(CrossTradeError::Token)?;
        Ok(Http {
            transport,
            authorization: Mutex::new(authorization),
            budget,
            clock,
            clock_error: Mutex::default(),
            jitter: limits.jitter,
        })
    }

    pub(super) fn budget(&self) -> &RequestBudget {
        &self.budget
    }

    /// How far the clock of this machine is ahead, by the last answer with a
    /// date.
    pub(super) fn clock_error(&self) -> Option<TimeDelta> {
        *self.clock_error.locked()
    }

    /// Sends this token from the next request on; not one that cannot stand in a
    /// header.
    pub(super) fn authorize(&self, token: &Secret) -> bool {
        let Some(header) = header(token) else {
            return false;
        };
        let mut authorization = self.authorization.locked();
        *authorization = header;
        true
    }

    /// The header as it is sent.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.authorization.locked().clone()
    }

    /// Sends the request once, and reads the answer. Never repeats anything.
    pub(super) async fn exchange(&self, permit: Permit, request: Request) -> Sent {
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

/// The network, by reqwest.
pub(super) struct Network(Client);

impl Network {
    pub(super) fn new(base: &Url, limits: &Limits) -> Result<Network, CrossTradeError> {
        client(base, limits).map(Network)
    }
}

impl Transport for Network {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let timeout = request.timeout;
        let most = request.most;
        let mut builder = self
            .0
            .request(request.method, request.url)
            .timeout(timeout)
            .header(AUTHORIZATION, request.authorization);
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body);
        }
        Box::pin(async move {
            match builder.send().await {
                Ok(response) => Ok(Incoming {
                    status: response.status().as_u16(),
                    headers: response.headers().clone(),
                    body: Box::pin(body(response, timeout, most)),
                }),
                Err(error) if error.is_connect() || error.is_builder() => Err(NoAnswer::NotSent(
                    format!("could not connect: {}", cause(&error)),
                )),
                Err(error) if error.is_timeout() => Err(NoAnswer::Late),
                Err(error) => Err(NoAnswer::Broke(format!(
                    "the connection broke: {}",
                    cause(&error)
                ))),
            }
        })
    }
}

fn header(token: &Secret) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Reads the answer piece by piece, so that an endless one ends at `most`.
async fn body(mut response: Response, timeout: Duration, most: usize) -> Result<Vec<u8>, Broken> {
    let mut whole = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if whole.len().saturating_add(piece.len()) > most => {
                return Err(Broken::TooLong(most));
            }
            Ok(Some(piece)) => whole.extend_from_slice(&piece),
            Ok(None) => return Ok(whole),
            Err(error) if error.is_timeout() => {
                return Err(Broken::Cut(format!(
                    "the answer did not end within {timeout:?}"
                )));
            }
            Err(error) => {
                return Err(Broken::Cut(format!(
                    "the answer broke off: {}",
                    cause(&error)
                )));
            }
        }
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("html"))
}

/// The innermost reason, which is the one that helps; it holds no address.
fn cause(error: &reqwest::Error) -> String {
    let Some(mut innermost) = error.source() else {
        return "no reason was given".to_owned();
    };
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn client(base: &Url, limits: &Limits) -> Result<Client, CrossTradeError> {
    // Plain HTTP, which is for loopback only, needs no certificates.
    let secure = base.scheme() == "https";
    let builder = if secure {
        http::builder()
    } else {
        http::plain_builder()
    };
    builder
        .map_err(CrossTradeError::Tls)?
        .https_only(secure)
        .gzip(true)
        .connect_timeout(limits.connect)
        .tcp_nodelay(true)
        .tcp_user_timeout(TCP_UNACKNOWLEDGED)
        .pool_idle_timeout(POOL_IDLE)
        .build()
        .map_err(CrossTradeError::Client)
}
