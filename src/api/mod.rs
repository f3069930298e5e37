//! The local HTTP API: the state as JSON.

pub mod status;

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::daemon::Input;
use status::Status;

/// How long the dispatcher may take to answer before the API says that it
/// hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves until it is stopped.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    listener: TcpListener,
    inputs: mpsc::Sender<Input>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let app = Router::new()
        .route("/healthz", get(healthz))
        .route("/status", get(status))
        .with_state(inputs);
    axum::serve(listener, app)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}

/// Binds the address of the API.
///
/// # Errors
/// When it is taken.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

async fn ask(inputs: &mpsc::Sender<Input>) -> Option<Status> {
    let (reply, state) = oneshot::channel();
    let asked = async {
        inputs.send(Input::Show(reply)).await.ok()?;
        state.await.ok()
    };
    timeout(PATIENCE, asked).await.ok().flatten()
}

async fn status(State(inputs): State<mpsc::Sender<Input>>) -> Response {
    match ask(&inputs).await {
        Some(status) => Json(status).into_response(),
        None => hangs(),
    }
}

/// 200 while the dispatcher turns and every venue is polled; else 503.
async fn healthz(State(inputs): State<mpsc::Sender<Input>>) -> Response {
    let Some(status) = ask(&inputs).await else {
        return hangs();
    };
    let is_good =
        status.record.state == "good" && status.venues.iter().all(|v| v.failure.is_none());
    let code = if is_good && status.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let state = if is_good { "good" } else { "degraded" };
    let body = json!({"state": state, "ready": status.ready, "record": status.record.state});
    (code, Json(body)).into_response()
}

fn hangs() -> Response {
    let body = json!({"state": "hangs", "error": "the dispatcher does not answer"});
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
