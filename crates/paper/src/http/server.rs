//! The HTTP server: the control API under `/paper`, the venue's own API everywhere
//! else, and the faults of the wire.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{ConfigError, PaperConfig};
use crate::http::broken_body::BrokenBody;
use crate::http::control;
use crate::http::message::{self, Delivery, Incoming, Page};
use crate::sim::clock::PaperClock;
use crate::venue::PaperVenue;

/// The largest request body.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// How long open connections may finish after the stop.
const GRACE: Duration = Duration::from_secs(2);

/// Why a paper venue does not run.
#[derive(Debug, Error)]
pub enum PaperError {
    /// The scenario cannot be.
    #[error("the paper venue's scenario is impossible")]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The server ended by itself.
    #[error("the paper venue's server failed")]
    Serve(#[source] io::Error),
}

/// A paper venue that listens.
#[derive(Debug)]
pub struct Serving {
    /// The address that it listens on, with the port that was chosen.
    pub address: SocketAddr,
    /// The handle on the venue.
    pub venue: PaperVenue,
    end: JoinHandle<Result<(), PaperError>>,
}

impl Serving {
    /// The base address of the API, for an adapter's `base_url`.
    pub fn base_url(&self) -> String {
        let prefix = self.venue.config().kind.prefix();
        format!("http://{}{prefix}", self.address)
    }

    /// The address of the control API.
    pub fn control_url(&self) -> String {
        format!("http://{}/paper", self.address)
    }

    /// Waits until the stop token has ended the server.
    ///
    /// # Errors
    /// When the server ended by itself.
    pub async fn ended(self) -> Result<(), PaperError> {
        match self.end.await {
            Ok(ended) => ended,
            Err(error) => Err(PaperError::Serve(io::Error::other(error))),
        }
    }
}

/// Starts a paper venue with the machine's time.
///
/// # Errors
/// When the scenario is impossible or the address is taken.
pub async fn serve(
    config: PaperConfig,
    address: SocketAddr,
    stop: CancellationToken,
) -> Result<Serving, PaperError> {
    let venue = PaperVenue::new(config, PaperClock::system())?;
    serve_venue(venue, address, stop).await
}

/// Lets a venue that was made with its own clock listen.
///
/// # Errors
/// When the address is taken.
pub async fn serve_venue(
    venue: PaperVenue,
    address: SocketAddr,
    stop: CancellationToken,
) -> Result<Serving, PaperError> {
    let bind_error = |source| PaperError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind_error)?;
    let address = listener.local_addr().map_err(bind_error)?;
    tokio::spawn(keep_ticking(venue.clone(), stop.clone()));
    let end = tokio::spawn(run(venue.clone(), listener, stop));
    Ok(Serving {
        address,
        venue,
        end,
    })
}

async fn run(
    venue: PaperVenue,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), PaperError> {
    let app = App {
        venue: venue.clone(),
        stop: stop.clone(),
    };
    let router = Router::new()
        .fallback(respond)
        .with_state(app)
        .nest("/paper", control::router(venue))
        .into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let grace = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = server.into_future() => ended.map_err(PaperError::Serve),
        () = grace => Ok(()),
    }
}

/// Lets time pass while no request comes, so that what is due is recorded.
async fn keep_ticking(venue: PaperVenue, stop: CancellationToken) {
    let tick_ms = venue.config().tick_ms;
    if tick_ms == 0 {
        return;
    }
    let mut interval = tokio::time::interval(Duration::from_millis(tick_ms));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = interval.tick() => venue.tick(),
            () = stop.cancelled() => return,
        }
    }
}

/// What every request needs.
#[derive(Clone)]
struct App {
    venue: PaperVenue,
    stop: CancellationToken,
}

impl App {
    /// Waits, or breaks off when the server stops.
    async fn wait(&self, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Sends a response, or what the client gets in its place. The status is
    /// noted when the client gets to see one.
    async fn send(&self, number: u64, response: message::Response) -> Response {
        self.wait(response.after).await;
        let (page, body) = match response.delivery {
            Delivery::Never => {
                self.stop.cancelled().await;
                return self.closed();
            }
            Delivery::Closed => return self.closed(),
            Delivery::Whole(page) => {
                let body = Body::from(page.body.clone());
                (page, body)
            }
            Delivery::HalfWay(page) => {
                let broken = BrokenBody::reset_half_way(&page.body, &self.stop);
                let length = HeaderValue::from(page.body.len());
                self.venue.responded(number, page.status);
                let mut head = head_with(&page, Body::from_stream(broken));
                head.headers_mut().insert(header::CONTENT_LENGTH, length);
                return head;
            }
            Delivery::Slowly(page, pause) => {
                let body = BrokenBody::slow(&page.body, pause, &self.stop);
                (page, Body::from_stream(body))
            }
        };
        self.venue.responded(number, page.status);
        head_with(&page, body)
    }

    /// The connection closes without a response.
    fn closed(&self) -> Response {
        Body::from_stream(BrokenBody::closed(&self.stop)).into_response()
    }
}

async fn respond(State(app): State<App>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut incoming = Incoming {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: texts(&head.headers),
        body: &[],
    };
    let (number, admission) = app.venue.admit(&incoming);
    let body = if admission.needs_body() {
        axum::body::to_bytes(body, MAX_REQUEST_BYTES).await
    } else {
        Ok(Bytes::new())
    };
    let Ok(body) = body else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        app.venue.responded(number, status.as_u16());
        return status.into_response();
    };
    incoming.body = &body;
    let response = app.venue.carry_out(admission, &incoming);
    let mut response = app.send(number, response).await;
    // The server would put the machine's own time here, and an adapter goes by
    // it to find a clock that is wrong: a venue has one clock.
    if let Ok(date) = HeaderValue::from_str(&http_date(app.venue.shown_time())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// The headers that are text.
fn texts(headers: &HeaderMap) -> Vec<(&str, &str)> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect()
}

/// A time as the head of a response has it.
fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A page's head with this body.
fn head_with(page: &Page, body: Body) -> Response {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if let Some(kind) = page.content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(location) = page.location {
        headers.insert(header::LOCATION, HeaderValue::from_static(location));
    }
    if let Some(seconds) = page.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    for (name, value) in &page.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(*name, value);
        }
    }
    response
}
