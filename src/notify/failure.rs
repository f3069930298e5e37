//! What a service answered, and what that means for the message.

use std::error::Error;
use std::time::Duration;

/// What the service answered to a message that it took, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceReply(pub String);

/// Why a message was not delivered. No secret stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub words: String,
    /// What is to be done.
    pub verdict: Retry,
}

/// Whether it makes sense to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It may go better later; not before this time, where the service said so.
    Later(Option<Duration>),
    /// The service does not take this message, whenever it comes.
    Rejected,
    /// The service takes no message at all: its address, token or password is
    /// wrong.
    Refused,
}

impl Failure {
    pub(super) fn later(words: impl Into<String>) -> Failure {
        Failure {
            words: words.into(),
            verdict: Retry::Later(None),
        }
    }
}

/// What an HTTP status means that is no success. Discord's "Rate Limits" page
/// asks not to use an address again that answered 404; 401 and 403 are alike.
pub(super) fn verdict_of(status: u16, after: Option<Duration>) -> Retry {
    match status {
        401 | 403 | 404 | 410 => Retry::Refused,
        408 | 425 | 429 | 500.. => Retry::Later(after),
        _ => Retry::Rejected,
    }
}

/// These words, and those of the error's causes that are not in them. One line.
pub(super) fn with_causes(mut words: String, error: &dyn Error) -> String {
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words.push_str(": ");
            words.push_str(&cause_words);
        }
        source = cause.source();
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
