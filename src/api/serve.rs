//! Connections: how many, and how long each may take.
//!
//! axum's own loop sets no time for the head of a request, and one connection
//! that says nothing must not stay for ever.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// Most connections at once; more wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a connection may take to send the head of its next request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest head of a request, in bytes.
const HEAD_SIZE: usize = 16 * 1024;
/// The pause after a connection could not be accepted: out of file
/// descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Serves until it is stopped.
pub(super) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let _ = stop
        .run_until_cancelled(accept_for_ever(listener, app, slots, &stop))
        .await;
}

async fn accept_for_ever(
    listener: TcpListener,
    app: Router,
    slots: Arc<Semaphore>,
    stop: &CancellationToken,
) -> Infallible {
    let mut can_accept = true;
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            // Nobody closes the semaphore.
            std::future::pending().await
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                can_accept = true;
                tokio::spawn(connection(stream, app.clone(), slot, stop.clone()));
            }
            Err(error) => {
                if can_accept {
                    warn!("the local API cannot accept a connection: {error}");
                }
                can_accept = false;
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    slot: OwnedSemaphorePermit,
    stop: CancellationToken,
) {
    let service = TowerToHyperService::new(app);
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HEAD_SIZE)
            .serve_connection(TokioIo::new(stream), service)
    );
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!("a connection to the local API ended: {error}");
                }
                break;
            }
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
    drop(slot);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    async fn served() -> (std::net::SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/", axum::routing::get(async || "here"));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, app, stop.clone()));
        (address, stop)
    }

    #[tokio::test(start_paused = true)]
    async fn silent_connections_are_ended_and_make_room() {
        let (address, stop) = served().await;
        let start = Instant::now();
        let mut silent = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
            silent.push(stream);
        }
        let mut late = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
        late.write_all(request).await.unwrap();
        let mut answer = String::new();
        late.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
        assert!(start.elapsed() >= HEAD_TIMEOUT);
        stop.cancel();
    }

    #[tokio::test]
    async fn a_head_that_is_too_long_is_refused() {
        let (address, stop) = served().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(2 * HEAD_SIZE));
        // The other side may hang up before all of it is sent.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
        stop.cancel();
    }
}
