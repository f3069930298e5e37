//! The local HTTP API: state, events, metrics and a page to read; a few
//! commands of a person to write.
//!
//! It reads the record over connections of its own and asks the daemon through
//! a queue of its own, so that nothing here holds up the protective path. There
//! is deliberately no way to change rules, and nothing that acts on more than
//! one account.

pub mod events;
pub mod status;

mod commands;
mod guard;
mod health;
mod metrics;
mod page;
mod request;
mod serve;
mod token;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use health::{Problem, ProblemKind, problems};
pub use request::{ApiRequest, CommandError, SentElsewhere};
pub use token::{Token, token_path};

use crate::domain::timeouts;
use crate::json::Json;
use crate::store::Reads;

/// The pause before a taken address is tried again.
const BIND_AGAIN: Duration = Duration::from_secs(5);

/// How many questions may wait for the daemon.
pub const QUESTIONS: usize = 64;
/// The longest body of a request, in bytes.
const BODY_SIZE: usize = 8 * 1024;

/// What the API needs.
#[derive(Clone, Debug)]
pub struct Api {
    /// To the daemon.
    pub questions: mpsc::Sender<ApiRequest>,
    /// The record, over connections that only read.
    pub reader: Arc<dyn Reads>,
    /// What a write must show; without one, writes are refused.
    pub token: Option<Arc<Token>>,
}

/// Binds the address of the API.
///
/// # Errors
/// When it is taken.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Binds the address of the API as soon as it is free; `None` when it is stopped
/// before.
pub async fn bind_when_free(address: SocketAddr, stop: &CancellationToken) -> Option<TcpListener> {
    let bound = async {
        loop {
            if let Ok(listener) = bind(address).await {
                return listener;
            }
            tokio::time::sleep(BIND_AGAIN).await;
        }
    };
    stop.run_until_cancelled(bound).await
}

/// Serves until it is stopped.
///
/// # Errors
/// When the listener has no address.
pub async fn serve(
    listener: TcpListener,
    api: Api,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let bound = listener.local_addr()?.ip();
    serve::serve(listener, router(api, bound), stop).await;
    Ok(())
}

fn router(api: Api, bound: IpAddr) -> Router {
    let writes = Router::new()
        .route("/lock", post(commands::lock))
        .route("/unlock", post(commands::unlock))
        .route("/rearm", post(commands::rearm))
        .route("/flatten", post(commands::flatten))
        .route_layer(middleware::from_fn_with_state(
            api.clone(),
            commands::only_with_token,
        ));
    Router::new()
        .route("/", get(page::html))
        .route("/page.css", get(page::css))
        .route("/page.js", get(page::js))
        // Browsers ask for one unbidden.
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .route("/events", get(events::events))
        .merge(writes)
        .fallback(async || refuse(StatusCode::NOT_FOUND, "not found"))
        .method_not_allowed_fallback(async || {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
        })
        .layer(DefaultBodyLimit::max(BODY_SIZE))
        .layer(middleware::from_fn_with_state(bound, only_neighbours))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn(with_headers))
        .with_state(api)
}

async fn only_neighbours(State(bound): State<IpAddr>, request: Request, next: Next) -> Response {
    match guard::check(request.headers(), request.uri(), bound) {
        Ok(()) => next.run(request).await,
        Err(stranger) => refuse(StatusCode::FORBIDDEN, stranger.to_string()),
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    timeout(timeouts::API_REQUEST, next.run(request))
        .await
        .unwrap_or_else(|_| refuse(StatusCode::REQUEST_TIMEOUT, "the request took too long"))
}

/// What a browser must keep to.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn status(State(api): State<Api>) -> Response {
    match request::show(&api.questions).await {
        Some(status) => Json(status).into_response(),
        None => hangs(),
    }
}

async fn metrics(State(api): State<Api>) -> Response {
    match request::show(&api.questions).await {
        Some(status) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], metrics::text(&status)).into_response()
        }
        None => hangs(),
    }
}

/// 200 while the daemon answers and nothing is wrong; else 503 and what is:
/// `problems` in words, and `kinds`, the stable name of each of them in the
/// same order (see [`ProblemKind`]).
async fn healthz(State(api): State<Api>) -> Response {
    let Some(status) = request::show(&api.questions).await else {
        return hangs();
    };
    let problems = health::problems(&status);
    let (code, state) = if problems.is_empty() {
        (StatusCode::OK, "good")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "degraded")
    };
    let kinds: Vec<&str> = problems.iter().map(|found| found.kind.name()).collect();
    let words: Vec<&str> = problems.iter().map(|found| &*found.text).collect();
    let body = json!({
        "state": state, "ready": status.ready, "problems": words, "kinds": kinds,
    });
    (code, Json(body)).into_response()
}

/// 200 once every account was observed since the start; else 503.
async fn readyz(State(api): State<Api>) -> Response {
    match request::show(&api.questions).await {
        Some(status) if status.ready => Json(json!({"ready": true})).into_response(),
        Some(_) => {
            let body = json!({"ready": false, "error": "not every account was observed yet"});
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
        None => hangs(),
    }
}

fn hangs() -> Response {
    let body = json!({"state": "hangs", "error": "the daemon does not answer"});
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

fn refuse(status: StatusCode, words: impl Into<String>) -> Response {
    (status, Json(json!({"error": words.into()}))).into_response()
}
