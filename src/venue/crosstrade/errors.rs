//! What an answer, or the lack of one, means for a read and for a write.

use super::holdings;
use crate::domain::observation::Missing;
use crate::domain::request::{Outcome, Write};
use crate::venue::rest::error::{HTML, RestError};
use crate::venue::rest::json::{Json, Node, Object};
use crate::venue::rest::reply::{Reply, Sent};
use crate::venue::rest::transport::Broken;

/// Phrases with which the venue says that there was nothing to do, `_` read as
/// a space (CrossTrade docs, flatten, close and cancel pages).
const NOTHING: [&str; 8] = [
    "nothing",
    "no position",
    "no open position",
    "no open order",
    "no working order",
    "no active order",
    "already flat",
    "already terminal",
];
/// Error codes after which a command may still be carried out: the platform
/// was away, or a close is already under way.
const UNSURE: [&str; 3] = [
    "addondisconnected",
    "closeinprogress",
    "closeneedsreconciliation",
];

/// The answer to a read, when it is one.
///
/// # Errors
/// Why nothing was learned.
pub(super) fn read(sent: &Sent) -> Result<Json<'_>, RestError> {
    let reply = sent.answered()?;
    if !(200..=299).contains(&reply.status) {
        return Err(refused_read(reply));
    }
    reply.body.as_ref().map_err(Clone::clone)?;
    if reply.is_html() {
        return Err(RestError::NotJson(HTML));
    }
    let Some(json) = reply.json() else {
        return Err(RestError::NotJson("the answer is not JSON"));
    };
    match Said::of(json.root()) {
        // A mark that is neither yes nor no is no yes.
        said if said.marked && said.success != Some(true) => Err(RestError::Said {
            missing: by_code(&said.code).unwrap_or(Missing::Malformed),
            outcome: Outcome::Refused,
            words: said.or("the venue says that the read failed"),
        }),
        _ => Ok(json),
    }
}

/// What a status other than 2xx means for a read.
fn refused_read(reply: &Reply) -> RestError {
    let said = said_in(reply);
    let status = reply.status;
    let of_status = |words| RestError::Status { status, words };
    match status {
        300..=399 => {
            let words = "a redirect, which is not followed: the base URL is wrong, or the venue's edge blocks this host";
            of_status(format!("HTTP {status}: {words}"))
        }
        403 if reply.is_html() => of_status(format!("HTTP 403: {HTML}")),
        401 | 403 => RestError::Refused(
            said.behind(&format!("HTTP {status}, the token or the plan is refused")),
        ),
        408 => of_status(said.behind("HTTP 408")),
        429 => RestError::TurnedAway(said.behind("HTTP 429")),
        404 if by_code(&said.code).is_none() => {
            let hint = if reply.is_html() {
                HTML
            } else {
                "no such path; the base URL is wrong, or the venue's API has changed"
            };
            of_status(said.behind(&format!("HTTP 404, {hint}")))
        }
        _ => {
            let words = said.behind(&format!("HTTP {status}"));
            match by_code(&said.code) {
                Some(missing) => RestError::Said {
                    missing,
                    outcome: Outcome::Refused,
                    words,
                },
                None => of_status(words),
            }
        }
    }
}

/// The error codes of the venue that say why a read failed.
fn by_code(code: &str) -> Option<Missing> {
    match code {
        "addondisconnected" => Some(Missing::PlatformOffline),
        "ratelimited" => Some(Missing::RateLimited),
        "apirequirespro" => Some(Missing::Unauthorized),
        "invalidaccount" | "accountnotfound" => Some(Missing::NotListed),
        "accountdisconnected" => Some(Missing::Disconnected),
        _ => None,
    }
}

/// What came of a write, with words that are not yet cleaned.
pub(super) fn write(sent: &Sent, write: &Write) -> (Outcome, Option<u16>, String) {
    let reply = match sent.answered() {
        Ok(reply) => reply,
        Err(error) => return (error.outcome(), None, error.to_string()),
    };
    let said = said_in(reply);
    let outcome = match reply.status {
        200..=299 => taken(reply, &said, write),
        408 => Outcome::Unknown,
        429 => Outcome::NotSent,
        401 | 403 | 404 => Outcome::Refused,
        400..=499 => declined(&said, write),
        // A redirect is not followed; what stands behind it is not known, and
        // no more is known after a 5xx.
        _ => Outcome::Unknown,
    };
    (outcome, Some(reply.status), words_of(reply, &said, outcome))
}

/// What a 2xx means for a write: only `success: true` is taken for a yes.
fn taken(reply: &Reply, said: &Said, write: &Write) -> Outcome {
    match said.success {
        _ if reply.is_html() => Outcome::Unknown,
        Some(true) if said.nothing(write) => Outcome::NothingToDo,
        Some(true) => Outcome::Acknowledged,
        Some(false) if said.code == "ratelimited" => Outcome::NotSent,
        Some(false) => declined(said, write),
        None => Outcome::Unknown,
    }
}

/// What a definite no means.
fn declined(said: &Said, write: &Write) -> Outcome {
    if UNSURE.contains(&said.code.as_str()) {
        Outcome::Unknown
    } else if said.nothing(write) {
        Outcome::NothingToDo
    } else {
        Outcome::Refused
    }
}

fn words_of(reply: &Reply, said: &Said, outcome: Outcome) -> String {
    let status = format!("HTTP {}", reply.status);
    match (&reply.body, outcome) {
        (_, Outcome::Acknowledged | Outcome::NothingToDo) => said.words.clone(),
        (Err(Broken::Cut(words)), _) => format!("{status}: {words}"),
        (Err(Broken::TooLong(most)), _) => {
            format!("{status}: the answer is longer than {most} bytes")
        }
        (Ok(_), _) if reply.is_html() => format!("{status}: {HTML}"),
        (Ok(_), Outcome::Unknown) if said.words.is_empty() => {
            format!("{status}: the answer does not say whether it succeeded")
        }
        (Ok(_), _) => said.or(&status),
    }
}

fn said_in(reply: &Reply) -> Said {
    let json = reply.json();
    json.map(|json| Said::of(json.root())).unwrap_or_default()
}

/// What the venue says about the request itself.
#[derive(Debug, Default)]
struct Said {
    /// Whether there is a `success` at all.
    marked: bool,
    success: Option<bool>,
    /// `error`, in lower case without space and `_`.
    code: String,
    /// `error`, `detail` and `warning`, and what is still under way.
    words: String,
    /// Only the first of these, in lower case, with `_` as space.
    phrase: String,
}

impl Said {
    fn of(answer: Node<'_>) -> Said {
        let Some(object) = answer.object() else {
            return Said::default();
        };
        let error = object.get("error").and_then(Node::label);
        let mut parts: Vec<String> = error.clone().into_iter().collect();
        for key in ["detail", "message", "warning"] {
            parts.extend(object.text(key).filter(|text| !text.trim().is_empty()));
        }
        let phrase = parts.join(" ").to_lowercase().replace('_', " ");
        parts.extend(
            object
                .get("didyoumean")
                .and_then(Node::label)
                .map(|path| format!("did you mean {path}")),
        );
        parts.extend(under_way(&object));
        Said {
            marked: object.mentions("success"),
            success: object.get("success").and_then(Node::boolean),
            code: holdings::plain(error.as_deref().unwrap_or_default()),
            words: parts.join(": "),
            phrase,
        }
    }

    /// Whether the venue says that there was nothing to do.
    fn nothing(&self, write: &Write) -> bool {
        let gone = matches!(write, Write::CancelOrder { .. }) && self.code == "ordernotfound";
        gone || NOTHING.iter().any(|words| self.phrase.contains(words))
    }

    /// The venue's words, or these when it has none.
    fn or(&self, otherwise: &str) -> String {
        if self.words.is_empty() {
            otherwise.to_owned()
        } else {
            self.words.clone()
        }
    }

    /// These words, with the venue's behind them when it has some.
    fn behind(&self, first: &str) -> String {
        if self.words.is_empty() {
            first.to_owned()
        } else {
            format!("{first}: {}", self.words)
        }
    }
}

/// What a command's answer says is still under way; a later read settles it.
fn under_way(object: &Object<'_>) -> Option<String> {
    let mentioned = |key| object.get(key).and_then(Node::boolean);
    let left = object
        .decimal(&["remainingquantity"])
        .filter(|left| !left.is_zero());
    match left {
        Some(left) => Some(format!("{} still open", left.normalize())),
        None if mentioned("pending") == Some(true) => Some("pending".to_owned()),
        None if mentioned("verified") == Some(false) => Some("not verified yet".to_owned()),
        None => None,
    }
}

#[cfg(test)]
mod tests;
