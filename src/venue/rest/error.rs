//! Why a call learned nothing or did nothing, whichever venue it was made to.

use std::fmt;

use super::json::Unexpected;
use super::transport::Broken;
use crate::domain::observation::Missing;
use crate::domain::request::Outcome;

/// What stands in for a page where JSON was expected.
pub(crate) const HTML: &str =
    "an HTML page instead of JSON: the base URL is wrong, or the venue's edge blocks this host";

/// Why a call did not do what it was made for. Its words are not yet cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestError {
    /// riskd's own budget had no permit in time.
    NoBudget,
    /// It did not leave.
    NotSent(String),
    /// It may have arrived, but there is no answer, or not the whole of one.
    Lost(String),
    /// The venue turned it away: too much was asked (HTTP 429).
    TurnedAway(String),
    /// The venue answers nothing for a while.
    Banned(String),
    /// The venue refused the credential.
    Refused(String),
    /// Another HTTP status than that of an answer.
    Status {
        /// The status.
        status: u16,
        /// What is known about it.
        words: String,
    },
    /// The venue says no, by a code of its own.
    Said {
        /// What the code means for a read.
        missing: Missing,
        /// What it means for a write.
        outcome: Outcome,
        /// The code, with the venue's words.
        words: String,
    },
    /// The answer is longer than so many bytes.
    TooLong(usize),
    /// The answer is not JSON.
    NotJson(&'static str),
    /// The answer is not of the shape that is known.
    Unexpected(Unexpected),
}

impl RestError {
    /// What it means for a read.
    pub fn missing(&self) -> Missing {
        match self {
            RestError::NoBudget | RestError::TurnedAway(_) | RestError::Banned(_) => {
                Missing::RateLimited
            }
            RestError::NotSent(_) | RestError::Lost(_) => Missing::Unreachable,
            RestError::Refused(_) => Missing::Unauthorized,
            RestError::Status { status: 408, .. } => Missing::PlatformOffline,
            RestError::Status { status, .. } if *status >= 500 => Missing::Unreachable,
            RestError::Said { missing, .. } => *missing,
            RestError::Status { .. }
            | RestError::TooLong(_)
            | RestError::NotJson(_)
            | RestError::Unexpected(_) => Missing::Malformed,
        }
    }

    /// What it means for a write. What was answered but cannot be read may have been
    /// carried out.
    pub fn outcome(&self) -> Outcome {
        match self {
            RestError::NoBudget
            | RestError::NotSent(_)
            | RestError::TurnedAway(_)
            | RestError::Banned(_) => Outcome::NotSent,
            RestError::Refused(_) => Outcome::Refused,
            RestError::Status { status: 408, .. } => Outcome::Unknown,
            RestError::Status {
                status: 400..=499, ..
            } => Outcome::Refused,
            RestError::Said { outcome, .. } => *outcome,
            RestError::Lost(_)
            | RestError::Status { .. }
            | RestError::TooLong(_)
            | RestError::NotJson(_)
            | RestError::Unexpected(_) => Outcome::Unknown,
        }
    }
}

impl From<Broken> for RestError {
    fn from(broken: Broken) -> RestError {
        match broken {
            Broken::TooLong(most) => RestError::TooLong(most),
            Broken::Cut(words) => RestError::Lost(words),
        }
    }
}

impl From<Unexpected> for RestError {
    fn from(unexpected: Unexpected) -> RestError {
        RestError::Unexpected(unexpected)
    }
}

impl fmt::Display for RestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestError::NoBudget => f.write_str("riskd's own request budget is used up"),
            RestError::NotSent(words)
            | RestError::Lost(words)
            | RestError::TurnedAway(words)
            | RestError::Banned(words)
            | RestError::Refused(words)
            | RestError::Status { words, .. }
            | RestError::Said { words, .. } => f.write_str(words),
            RestError::TooLong(most) => write!(f, "the answer is longer than {most} bytes"),
            RestError::NotJson(words) => f.write_str(words),
            RestError::Unexpected(unexpected) => unexpected.fmt(f),
        }
    }
}

impl std::error::Error for RestError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_means_one_thing_for_a_read_and_one_for_a_write() {
        let words = String::new;
        let status = |status| RestError::Status {
            status,
            words: words(),
        };
        for (error, missing, outcome) in [
            (RestError::NoBudget, Missing::RateLimited, Outcome::NotSent),
            (
                RestError::NotSent(words()),
                Missing::Unreachable,
                Outcome::NotSent,
            ),
            (
                RestError::Lost(words()),
                Missing::Unreachable,
                Outcome::Unknown,
            ),
            (
                RestError::TurnedAway(words()),
                Missing::RateLimited,
                Outcome::NotSent,
            ),
            (
                RestError::Banned(words()),
                Missing::RateLimited,
                Outcome::NotSent,
            ),
            (
                RestError::Refused(words()),
                Missing::Unauthorized,
                Outcome::Refused,
            ),
            (status(302), Missing::Malformed, Outcome::Unknown),
            (status(400), Missing::Malformed, Outcome::Refused),
            (status(408), Missing::PlatformOffline, Outcome::Unknown),
            (status(503), Missing::Unreachable, Outcome::Unknown),
            (RestError::TooLong(9), Missing::Malformed, Outcome::Unknown),
            (
                RestError::NotJson(HTML),
                Missing::Malformed,
                Outcome::Unknown,
            ),
            (
                RestError::from(Broken::Cut(words())),
                Missing::Unreachable,
                Outcome::Unknown,
            ),
        ] {
            assert_eq!(error.missing(), missing, "{error:?}");
            assert_eq!(error.outcome(), outcome, "{error:?}");
        }
    }
}
