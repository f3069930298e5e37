//! What came of sending a request once.

use std::sync::OnceLock;

use super::clock::AnswerTimes;
use super::error::RestError;
use super::json::{Json, Places};
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
    /// Whether its head says for how long nothing is to be asked.
    pub tells_pause: bool,
    /// Where the values of its body stand, once somebody has asked.
    places: OnceLock<Option<Places>>,
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
    /// An answer with this status, called HTML or not, with this body.
    pub fn new(
        status: u16,
        html: bool,
        body: Result<Vec<u8>, Broken>,
        times: AnswerTimes,
    ) -> Reply {
        Reply {
            status,
            html,
            body,
            times,
            tells_pause: false,
            places: OnceLock::new(),
        }
    }

    /// Whether it is a page for people: called so, or beginning like one.
    pub fn is_html(&self) -> bool {
        let begins_with_tag = self
            .body
            .as_deref()
            .is_ok_and(|body| body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<'));
        begins_with_tag || (self.html && self.json().is_none())
    }

    /// The body, where it is JSON; it is gone through the first time alone.
    pub fn json(&self) -> Option<Json<'_>> {
        let body = self.body.as_deref().ok()?;
        let places = self.places.get_or_init(|| Places::of(body));
        places.as_ref()?.json(body)
    }
}

#[cfg(test)]
impl Reply {
    /// An answer with this status and body, of no particular time.
    pub(crate) fn of(status: u16, body: Result<Vec<u8>, Broken>) -> Reply {
        let times = AnswerTimes {
            sent: crate::domain::observation::Timestamp::UNIX_EPOCH,
            received: crate::domain::observation::Timestamp::UNIX_EPOCH,
        };
        Reply::new(status, false, body, times)
    }
}
