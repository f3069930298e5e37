//! Talking to the running daemon over its local API.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::Exit;
use super::printer::Printer;
use crate::domain::timeouts;
use crate::http;

/// How long a connection on this machine may take.
const CONNECT: Duration = Duration::from_secs(2);

/// Why the daemon did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// Nothing listens there.
    #[error("no riskd daemon answers at {address}")]
    NoDaemon {
        /// The address.
        address: SocketAddr,
    },
    /// What listens there is something else.
    #[error("what answers at {address} is not a riskd daemon")]
    Stranger {
        /// The address.
        address: SocketAddr,
    },
    /// It said no, in its own words.
    #[error("the daemon says: {words} (HTTP {status})")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// Its words.
        words: String,
        /// The whole answer.
        answer: Value,
    },
    /// It took the connection and did not answer.
    #[error(
        "the daemon at {address} does not answer; to make an account flat without it: riskd flatten ACCOUNT"
    )]
    Hangs {
        /// The address.
        address: SocketAddr,
    },
    /// The client could not be set up.
    #[error("cannot set up an HTTP client: {0}")]
    Setup(String),
}

impl ClientError {
    /// Says what is wrong; nobody answering is an exit code of its own.
    pub(super) fn end(self, out: &Printer) -> anyhow::Result<Exit> {
        match self {
            ClientError::NoDaemon { .. } | ClientError::Stranger { .. } => {
                out.error(&self.into());
                out.note(
                    "look at it with `systemctl status riskd`, start one with `riskd run --rules FILE`, or say where it listens with --http;\n\
                     `riskd flatten NAME` makes an account flat without it",
                );
                Ok(Exit::NoDaemon)
            }
            other => Err(other.into()),
        }
    }
}

/// A connection to a daemon.
#[derive(Debug)]
pub(super) struct Client {
    address: SocketAddr,
    http: reqwest::Client,
}

impl Client {
    /// A client of the daemon that listens at `address`.
    pub(super) fn new(address: SocketAddr) -> Result<Client, ClientError> {
        let builder =
            http::plain_builder().map_err(|error| ClientError::Setup(error.to_string()))?;
        let http = builder
            .connect_timeout(CONNECT)
            .timeout(timeouts::API_CLIENT)
            .build()
            .map_err(|error| ClientError::Setup(error.to_string()))?;
        Ok(Client { address, http })
    }

    /// Its state, as it gives it.
    pub(super) async fn status(&self) -> Result<Value, ClientError> {
        let request = self.http.get(self.url("/status"));
        let status = self.ask(request).await?;
        if status.get("version").is_some() {
            Ok(status)
        } else {
            Err(self.stranger())
        }
    }

    /// Has it do something, by right of the token.
    pub(super) async fn post(
        &self,
        path: &str,
        token: &str,
        body: &impl Serialize,
    ) -> Result<Value, ClientError> {
        let request = self.http.post(self.url(path)).bearer_auth(token).json(body);
        self.ask(request).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn stranger(&self) -> ClientError {
        ClientError::Stranger {
            address: self.address,
        }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, ClientError> {
        let address = self.address;
        let answer = request.send().await.map_err(|error| {
            if error.is_connect() {
                ClientError::NoDaemon { address }
            } else {
                ClientError::Hangs { address }
            }
        })?;
        let status = answer.status();
        let body: Result<Value, _> = answer.json().await;
        match body {
            Ok(body) if status.is_success() => Ok(body),
            Ok(body) => match body.get("error").and_then(Value::as_str) {
                Some(words) => Err(ClientError::Refused {
                    status,
                    words: words.to_owned(),
                    answer: body,
                }),
                None => Err(self.stranger()),
            },
            Err(error) if error.is_timeout() => Err(ClientError::Hangs { address }),
            Err(_) => Err(self.stranger()),
        }
    }
}
