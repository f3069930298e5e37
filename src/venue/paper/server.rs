//! The HTTP server: CrossTrade's API under `/v1/api`, the control door under
//! `/paper`, the web site everywhere else, and the faults of the wire.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::api::Reply;
use super::body::BrokenBody;
use super::clock::PaperClock;
use super::config::{ConfigError, PaperConfig};
use super::control;
use super::distort;
use super::fault::{Fault, FaultLayer};
use super::faults::Strike;
use super::handle::{Admission, PaperVenue};
use super::routes::{self, Call};

/// The largest request body.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// The size of a huge answer.
const HUGE_BYTES: usize = 10 * 1024 * 1024;
/// How long open connections may finish after the stop.
const GRACE: Duration = Duration::from_secs(2);

/// What the web site answers to everything.
const PAGE: &str = "<!doctype html><html><head><title>Paper venue</title></head>\
    <body><h1>Paper venue</h1><p>The API is under /v1/api.</p></body></html>\n";

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
        format!("http://{}{}", self.address, routes::PREFIX)
    }

    /// The address of the control door.
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
    let door = Door {
        venue: venue.clone(),
        stop: stop.clone(),
    };
    let app = Router::new()
        .fallback(answer)
        .with_state(door)
        .nest("/paper", control::router(venue))
        .into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
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
struct Door {
    venue: PaperVenue,
    stop: CancellationToken,
}

impl Door {
    /// Waits, or breaks off when the server stops.
    async fn wait(&self, duration: Duration) {
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// No answer until the client gives up or the server stops.
    async fn hang(&self) -> Sent {
        self.stop.cancelled().await;
        self.closed()
    }

    /// The connection closes without an answer.
    fn closed(&self) -> Sent {
        Sent::Nothing(Body::from_stream(BrokenBody::closed(&self.stop)).into_response())
    }
}

/// A response, and whether the client gets to see its status.
enum Sent {
    Status(Response),
    Nothing(Response),
}

async fn answer(State(door): State<Door>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let call = routes::route(
        head.method.as_str(),
        &path,
        head.uri.query().unwrap_or_default(),
    );
    let asked = head
        .uri
        .path_and_query()
        .map_or(path.as_str(), |p| p.as_str());
    let token = authorization(&head.headers);
    let (number, admission) = door.venue.admit(head.method.as_str(), asked, call, token);
    let sent = match admission {
        Admission::WebSite => Sent::Status(web_site(&path)),
        Admission::Answer(reply) => Sent::Status(json(&reply)),
        Admission::Proceed {
            call,
            strikes,
            away_ms,
        } => match axum::body::to_bytes(body, MAX_REQUEST_BYTES).await {
            Ok(body) => proceed(&door, &call, asked, &body, &strikes, away_ms).await,
            Err(_) => Sent::Status(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        },
    };
    match sent {
        Sent::Status(response) => {
            door.venue.answered(number, response.status().as_u16());
            response
        }
        Sent::Nothing(response) => response,
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// A wrong prefix lands on the web site: a redirect, then a page.
fn web_site(path: &str) -> Response {
    if path == "/" {
        html()
    } else {
        (StatusCode::FOUND, [(header::LOCATION, "/")]).into_response()
    }
}

fn html() -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response()
}

fn json(reply: &Reply) -> Response {
    text(reply, distort::render(&reply.body).into())
}

/// A reply's head with this body.
fn text(reply: &Reply, body: Body) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    let mut response = (status, kind, body).into_response();
    if let Some(seconds) = reply.retry_after {
        let seconds = header::HeaderValue::from(seconds);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// Faults before the effect, the effect, faults after it.
async fn proceed(
    door: &Door,
    call: &Call,
    path: &str,
    body: &[u8],
    strikes: &[Strike],
    away_ms: Option<u64>,
) -> Sent {
    let mut wire = None;
    let mut delay = Duration::ZERO;
    for strike in strikes {
        match strike.fault {
            Fault::Delay { ms } => delay = delay.saturating_add(Duration::from_millis(ms)),
            ref fault if wire.is_none() && is_wire(fault) => wire = Some(fault),
            _ => {}
        }
    }
    if let Some(sent) = before_effect(door, wire).await {
        return sent;
    }
    if let Some(ms) = away_ms {
        door.wait(Duration::from_millis(ms)).await;
        let detail = "NinjaTrader add-on is not connected";
        return Sent::Status(json(&Reply::error(408, "addon_disconnected", detail)));
    }
    let reply = door.venue.perform(call, path, body, strikes);
    door.wait(delay).await;
    after_effect(door, wire, &reply).await
}

fn is_wire(fault: &Fault) -> bool {
    fault.layer() == FaultLayer::Wire
}

async fn before_effect(door: &Door, fault: Option<&Fault>) -> Option<Sent> {
    Some(match fault? {
        Fault::Hang => door.hang().await,
        Fault::LostBeforeEffect => door.closed(),
        Fault::Status {
            code,
            retry_after,
            after_effect: false,
        } => Sent::Status(json(&status_reply(*code, *retry_after))),
        Fault::SuccessFalse => {
            let detail = "The request was not carried out";
            Sent::Status(json(&Reply::error(200, "internal_error", detail)))
        }
        Fault::Redirect => Sent::Status(web_site("/login")),
        _ => return None,
    })
}

async fn after_effect(door: &Door, fault: Option<&Fault>, reply: &Reply) -> Sent {
    let full = || Bytes::from(distort::render(&reply.body));
    let stream = |body| Sent::Status(text(reply, Body::from_stream(body)));
    match fault {
        Some(Fault::HangAfterEffect) => door.hang().await,
        Some(Fault::LostAfterEffect) => door.closed(),
        Some(Fault::Status {
            code, retry_after, ..
        }) => Sent::Status(json(&status_reply(*code, *retry_after))),
        Some(Fault::HtmlBody) => Sent::Status(html()),
        Some(Fault::EmptyBody) => Sent::Status(text(reply, Body::empty())),
        Some(Fault::TruncatedJson) => {
            let body = full();
            Sent::Status(text(reply, Body::from(body.slice(..body.len() / 2))))
        }
        Some(Fault::ResetMidBody) => {
            let body = full();
            let broken = BrokenBody::reset_half_way(&body, &door.stop);
            let mut response = text(reply, Body::from_stream(broken));
            let length = header::HeaderValue::from(body.len());
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
            Sent::Status(response)
        }
        Some(Fault::HugeBody) => {
            let mut body = distort::render(&reply.body);
            let padding = HUGE_BYTES.saturating_sub(body.len());
            body.push_str(&" ".repeat(padding));
            Sent::Status(text(reply, Body::from(body)))
        }
        Some(Fault::SlowLoris { interval_ms }) => {
            let pause = Duration::from_millis(*interval_ms);
            stream(BrokenBody::slow(&full(), pause, &door.stop))
        }
        _ => Sent::Status(json(reply)),
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
    if let (Some(seconds), Some(body)) = (retry_after, reply.body.as_object_mut()) {
        body.insert("retryAfter".to_owned(), seconds.into());
    }
    reply
}
