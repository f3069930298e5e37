//! What an exchange's answers mean for a read and for a write, as far as all of them go
//! the same way: by the venue's code first, then by the status, and a yes is JSON.

use crate::domain::observation::Missing;
use crate::domain::request::Outcome;
use crate::venue::rest::error::{HTML, RestError};
use crate::venue::rest::json::{Json, Node};
use crate::venue::rest::reply::{Reply, Sent};

/// What a venue's code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::venue) enum Meaning {
    /// It was turned away: this key, or whoever is counted, has asked too often.
    TooMany,
    /// It was turned away: this address has asked too often.
    Banned,
    /// The key is of no use here, or not for this.
    Key,
    /// The time of the request is not the venue's.
    Clock,
    /// The venue failed: it may have been carried out.
    Unsure,
    /// There is nothing to do: nothing to reduce, or no such order any more.
    Nothing,
    /// Not now: the same may be taken soon.
    NotNow,
    /// No.
    Refused,
}

/// Why a venue says no, by a code of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::venue) struct Refusal {
    pub(in crate::venue) code: i64,
    pub(in crate::venue) meaning: Meaning,
    /// The venue's words, which say nothing for sure.
    pub(in crate::venue) words: String,
}

impl Meaning {
    const fn missing(self) -> Missing {
        match self {
            Meaning::TooMany | Meaning::Banned => Missing::RateLimited,
            Meaning::Key => Missing::Unauthorized,
            Meaning::Unsure | Meaning::NotNow => Missing::Unreachable,
            Meaning::Clock | Meaning::Nothing | Meaning::Refused => Missing::Malformed,
        }
    }

    const fn outcome(self) -> Outcome {
        match self {
            Meaning::TooMany | Meaning::Banned => Outcome::NotSent,
            Meaning::Unsure => Outcome::Unknown,
            Meaning::Nothing => Outcome::NothingToDo,
            Meaning::Key | Meaning::Clock | Meaning::NotNow | Meaning::Refused => Outcome::Refused,
        }
    }
}

impl From<Refusal> for RestError {
    fn from(refusal: Refusal) -> RestError {
        let Refusal {
            code,
            meaning,
            words,
        } = refusal;
        RestError::Said {
            missing: meaning.missing(),
            outcome: meaning.outcome(),
            words: match words.trim() {
                "" => format!("code {code}"),
                words => format!("code {code}: {words}"),
            },
        }
    }
}

/// The answer, when it is a yes. `refusal` finds a venue's code that says no, and
/// `by_status` what a status without one means there, where it is another thing than
/// elsewhere.
///
/// # Errors
/// What else it is.
pub(in crate::venue) fn read(
    sent: &Sent,
    refusal: impl Fn(&Reply) -> Option<Refusal>,
    by_status: impl Fn(u16) -> Option<RestError>,
) -> Result<Json<'_>, RestError> {
    let reply = sent.answered()?;
    if let Some(refusal) = refusal(reply) {
        return Err(refusal.into());
    }
    if !(200..=299).contains(&reply.status) {
        return Err(by_status(reply.status).unwrap_or_else(|| status(reply)));
    }
    reply.body.as_ref().map_err(Clone::clone)?;
    if reply.is_html() {
        return Err(RestError::NotJson(HTML));
    }
    reply
        .json()
        .ok_or(RestError::NotJson("the answer is not JSON"))
}

/// What a status other than 2xx means everywhere.
fn status(reply: &Reply) -> RestError {
    let status = reply.status;
    let words = match status {
        401 => return RestError::Refused("HTTP 401: the key is refused".to_owned()),
        300..=399 => format!("HTTP {status}: a redirect, which is not followed"),
        _ if reply.is_html() => format!("HTTP {status}: {HTML}"),
        _ => format!("HTTP {status}"),
    };
    RestError::Status { status, words }
}

/// What came of a write, with words that are not yet cleaned; `acknowledged` says what a
/// yes is worth.
pub(in crate::venue) fn write(
    sent: &Sent,
    read: Result<Json<'_>, RestError>,
    acknowledged: impl FnOnce(Node<'_>) -> Result<(Outcome, String), RestError>,
) -> (Outcome, Option<u16>, String) {
    let status = sent.answered().ok().map(|reply| reply.status);
    let json = match read {
        Ok(json) => json,
        Err(error) => return (error.outcome(), status, error.to_string()),
    };
    match acknowledged(json.root()) {
        Ok((outcome, words)) => (outcome, status, words),
        // What was answered but cannot be read may have been carried out.
        Err(unexpected) => (Outcome::Unknown, status, unexpected.to_string()),
    }
}
