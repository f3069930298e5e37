//! What every venue that is asked over HTTP needs, whichever it is.
//!
//! - `client` signs and sends once, within the budget and the timeouts
//! - `sign` proves who asks: a token, or a signature over the query or in headers
//! - `transport` is the seam to the network, `network` the network
//! - `reply` is what came of it, `error` why it is no answer
//! - `json` and `decimal` read an answer exactly
//! - `retry_after` and `clock` read the times of its headers
//! - `credentials` and `words` keep secrets out of what is told

pub(crate) mod base_url;
pub mod client;
pub mod clock;
pub mod credentials;
pub(crate) mod decimal;
pub mod error;
pub mod json;
pub(crate) mod network;
pub mod query;
pub mod reply;
pub(crate) mod retry_after;
pub mod sign;
pub mod transport;
pub(crate) mod words;

use std::time::Duration;

pub(crate) use base_url::checked_base;
pub use error::RestError;
pub use transport::{Broken, Incoming, NoAnswer, Outgoing, Transport};

use crate::domain::timeouts;

/// How long riskd waits for the venue, and how much it reads.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For a connection with TLS; part of the others.
    pub connect: Duration,
    /// For a poll and its whole answer.
    pub poll: Duration,
    /// For any other read and its whole answer.
    pub read: Duration,
    /// For a write and its whole answer.
    pub write: Duration,
    /// The longest answer to a poll, in bytes after decompression.
    pub poll_bytes: usize,
    /// The longest other answer, in bytes after decompression.
    pub read_bytes: usize,
    /// The most that is added at random to a wait that the venue did not name,
    /// so that several programs with one token do not all come back at once.
    pub jitter: Duration,
}

impl Limits {
    /// What the daemon uses.
    pub const DEFAULT: Limits = Limits {
        connect: timeouts::CONNECT,
        poll: timeouts::VENUE_POLL,
        read: timeouts::VENUE_READ,
        write: timeouts::VENUE_WRITE,
        poll_bytes: 8 * 1024 * 1024,
        read_bytes: 1024 * 1024,
        jitter: Duration::from_millis(250),
    };
}

/// Why an adapter cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The address cannot be used; it is not repeated, since it could hold a
    /// password.
    #[error("base_url {0}")]
    BaseUrl(&'static str),
    /// This part of the credential cannot stand in a header.
    #[error("the {0} cannot be sent in a header")]
    Credential(&'static str),
    /// There are no certificates to trust, for example.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] rustls::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[source] reqwest::Error),
}
