//! Why a notifier or the heartbeat cannot be set up.

use crate::secret::{BadSecret, SecretError};

/// Why a notifier or the heartbeat cannot be set up. No secret stands in it.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A secret of it could not be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A text in the rule file is none that can be sent.
    #[error(transparent)]
    Text(#[from] BadSecret),
    /// Its address is none that riskd speaks to.
    #[error("its address: {message}; {help}")]
    Address {
        /// What is wrong.
        message: &'static str,
        /// What would be right.
        help: &'static str,
    },
    /// An ntfy topic that would be another path.
    #[error("the topic holds more than letters, digits, `-` and `_`, or is longer than 64")]
    Topic,
    /// A token that would be another path.
    #[error("its token is none of a Telegram bot: those look like `123456:AbC-dEf`")]
    BotToken,
    /// An e-mail address cannot be read.
    #[error("{address}: {source}")]
    Mailbox {
        /// As it stands in the rule file.
        address: String,
        /// What is wrong with it.
        source: lettre::address::AddressError,
    },
    /// TLS of the mail server cannot be set up.
    #[error(transparent)]
    MailTls(#[from] lettre::transport::smtp::Error),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be made.
    #[error("{0}")]
    Client(String),
}
