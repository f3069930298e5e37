//! What came of sending a request once.

use super::clock::AnswerTimes;
use super::error::RestError;
use super::json::Json;
use super::transport::Broken;

/// What came of sending a request once.
#[derive(Debug)]
pub enum Sent {
    /// The budget had no permit in time; nothing was sent.
    NoBudget,
    /// It did not leave: no connection was made.
    Unsent(String),
    /// It may have arrived, but no answer came.
    Lost(String),
    /// There is at least the head of an answer.
    Answered(Reply),
}

/// An answer of the venue, or of something in front of it.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Whether its head calls it HTML.
    pub html: bool,
    /// The whole body.
    pub body: Result<Vec<u8>, Broken>,
    /// When it was asked for and came.
    pub times: AnswerTimes,
}

impl Sent {
    /// The answer.
    ///
    /// # Errors
    /// Why there is none.
    pub fn answered(&self) -> Result<&Reply, RestError> {
        match self {
            Sent::Answered(reply) => Ok(reply),
            Sent::NoBudget => Err(RestError::NoBudget),
            Sent::Unsent(words) => Err(RestError::NotSent(words.clone())),
            Sent::Lost(words) => Err(RestError::Lost(words.clone())),
        }
    }
}

impl Reply {
    /// Whether it is a page for people: called so, or beginning like one.
    pub fn is_html(&self) -> bool {
        let begins_with_tag = self
            .body
            .as_deref()
            .is_ok_and(|body| body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<'));
        begins_with_tag || (self.html && self.json().is_none())
    }

    /// The body, where it is JSON.
    pub fn json(&self) -> Option<Json<'_>> {
        Json::parse(self.body.as_deref().ok()?)
    }
}

#[cfg(test)]
impl Reply {
    /// An answer with this status and body, of no particular time.
    pub(crate) fn of(status: u16, body: Result<Vec<u8>, Broken>) -> Reply {
        Reply {
            status,
            html: false,
            body,
            times: AnswerTimes {
                sent: crate::domain::observation::Timestamp::UNIX_EPOCH,
                received: crate::domain::observation::Timestamp::UNIX_EPOCH,
            },
        }
    }
}
