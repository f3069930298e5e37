//! The network, by reqwest.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, Url};

use super::transport::{Broken, Incoming, NoAnswer, Outgoing, Transport};
use super::{Limits, SetUpError};
use crate::http;
use crate::venue::Call;

/// Idle connections are closed by us before a usual server (60 s and more)
/// closes them under a request.
const POOL_IDLE: Duration = Duration::from_secs(55);
/// How long sent bytes may stay unacknowledged: a connection whose path has
/// died is dropped before the next request is given to it.
const TCP_UNACKNOWLEDGED: Duration = Duration::from_secs(4);

/// The usual way to this address.
///
/// # Errors
/// When the client cannot be set up.
pub(crate) fn network(base: &Url) -> Result<Arc<dyn Transport>, SetUpError> {
    Ok(Arc::new(Network::new(base, &Limits::DEFAULT)?))
}

/// Carries requests over HTTP/1.1, with TLS but to this host.
pub(crate) struct Network(Client);

impl Network {
    pub(crate) fn new(base: &Url, limits: &Limits) -> Result<Network, SetUpError> {
        client(base, limits).map(Network)
    }
}

impl Transport for Network {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let timeout = request.timeout;
        let most = request.most;
        let mut url = request.url;
        url.set_query(request.query.expose());
        let mut builder = self
            .0
            .request(request.method, url)
            .timeout(timeout)
            .headers(request.headers);
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

fn client(base: &Url, limits: &Limits) -> Result<Client, SetUpError> {
    // Plain HTTP, which is for loopback only, needs no certificates.
    let secure = base.scheme() == "https";
    let builder = if secure {
        http::builder()
    } else {
        http::plain_builder()
    };
    builder
        .map_err(SetUpError::Tls)?
        .https_only(secure)
        .gzip(true)
        .connect_timeout(limits.connect)
        .tcp_nodelay(true)
        .tcp_user_timeout(TCP_UNACKNOWLEDGED)
        .pool_idle_timeout(POOL_IDLE)
        .build()
        .map_err(SetUpError::Client)
}
