//! Where the local API listens.
//!
//! An address that something else listens on keeps nobody from being protected:
//! the API follows as soon as it is free.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::api::{self, Api};

/// Where the local API listens, or will.
pub(super) struct HttpServer {
    pub(super) address: SocketAddr,
    pub(super) bound: io::Result<TcpListener>,
}

impl HttpServer {
    pub(super) async fn bind(address: SocketAddr) -> HttpServer {
        HttpServer {
            address,
            bound: api::bind(address).await,
        }
    }

    /// Serves, as soon as the address is free.
    pub(super) async fn serve(self, api: Api, stop: CancellationToken) {
        let listener = match self.bound {
            Ok(listener) => Some(listener),
            Err(_) => api::bind_when_free(self.address, &stop).await,
        };
        let Some(listener) = listener else {
            return;
        };
        if let Err(error) = api::serve(listener, api, stop).await {
            error!("the local API ended: {error}");
        }
    }
}
