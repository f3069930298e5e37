//! What an answer, or the lack of one, means for a read and for a write.

use chrono::DateTime;

use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::{Outcome, Write};
use crate::venue::rest::error::{HTML, RestError};
use crate::venue::rest::json::{Json, Node};
use crate::venue::rest::reply::{Reply, Sent};

/// The code of a request whose time lies outside the window (error page).
const CLOCK: i64 = -1021;
/// The code of a yes, where a yes has one.
const YES: i64 = 200;

/// What the venue says of the request itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// `code`, where it is no yes.
    code: Option<i64>,
    /// `msg`.
    words: String,
}

/// What a code means, by the venue's error page and the facts on its clients. Texts
/// say nothing for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It was turned away: too much was asked.
    TooMany,
    /// The key is of no use here, or not for this.
    Key,
    /// The time of the request is not the venue's.
    Clock,
    /// The venue failed: it may have been carried out.
    Unsure,
    /// There is nothing to reduce that no resting order holds.
    Nothing,
    /// Not now: the same may be taken soon.
    NotNow,
    /// No.
    Refused,
}

impl Meaning {
    fn of(code: i64) -> Meaning {
        match code {
            -1003 | -1015 => Meaning::TooMany,
            CLOCK => Meaning::Clock,
            -1002 | -1022 | -2014 | -2015 => Meaning::Key,
            // An order that is not found may still rest: the venue has forgotten fresh
            // ones for half an hour and filled them (B3). A duplicate id: an earlier
            // try of the same order got through.
            -1000 | -1001 | -1006 | -1007 | -2011 | -2013 | -4116 => Meaning::Unsure,
            -2022 => Meaning::Nothing,
            -1008 | -4118 | -4131 => Meaning::NotNow,
            _ => Meaning::Refused,
        }
    }

    const fn missing(self) -> Missing {
        match self {
            Meaning::TooMany => Missing::RateLimited,
            Meaning::Key => Missing::Unauthorized,
            Meaning::Unsure | Meaning::NotNow => Missing::Unreachable,
            Meaning::Clock | Meaning::Nothing | Meaning::Refused => Missing::Malformed,
        }
    }

    const fn outcome(self) -> Outcome {
        match self {
            Meaning::TooMany => Outcome::NotSent,
            Meaning::Unsure => Outcome::Unknown,
            Meaning::Nothing => Outcome::NothingToDo,
            Meaning::Key | Meaning::Clock | Meaning::NotNow | Meaning::Refused => Outcome::Refused,
        }
    }
}

impl Said {
    /// What an answer says. A code of zero says nothing.
    pub(super) fn of(reply: &Reply) -> Said {
        let Some(json) = reply.json() else {
            return Said::default();
        };
        let Some(answer) = json.root().object() else {
            return Said::default();
        };
        let code = answer.member("code");
        let code = code.and_then(|code| code.as_integer().ok());
        let words = answer.member("msg").and_then(Node::text);
        Said {
            code: code.filter(|code| *code != YES && *code != 0),
            words: words.unwrap_or_default(),
        }
    }

    /// Whether it was refused for its time alone, so that it can be signed anew.
    pub(super) fn is_off(&self) -> bool {
        self.code == Some(CLOCK)
    }

    /// Until when the address is banned, by the venue's clock, where the text says it:
    /// `banned until 1700000120000`.
    pub(super) fn banned_until(&self) -> Option<Timestamp> {
        self.code.filter(|code| *code == -1003)?;
        let (_, rest) = self.words.split_once("until ")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        DateTime::from_timestamp_millis(digits.parse().ok()?)
    }

    /// The code with the venue's words.
    fn told(&self, code: i64) -> String {
        match self.words.trim() {
            "" => format!("code {code}"),
            words => format!("code {code}: {words}"),
        }
    }
}

/// The answer, when it is a yes.
///
/// # Errors
/// What else it is.
pub(super) fn read(sent: &Sent) -> Result<Json<'_>, RestError> {
    let reply = sent.answered()?;
    let said = Said::of(reply);
    if let Some(code) = said.code {
        let meaning = Meaning::of(code);
        return Err(RestError::Said {
            missing: meaning.missing(),
            outcome: meaning.outcome(),
            words: said.told(code),
        });
    }
    if !(200..=299).contains(&reply.status) {
        return Err(by_status(reply));
    }
    let body = reply.body.as_ref().map_err(Clone::clone)?;
    if reply.is_html() {
        return Err(RestError::NotJson(HTML));
    }
    Json::parse(body).ok_or(RestError::NotJson("the answer is not JSON"))
}

/// What a status other than 2xx means, where the venue gives no code.
fn by_status(reply: &Reply) -> RestError {
    let status = reply.status;
    let words = match status {
        401 => return RestError::Refused("HTTP 401: the key is refused".to_owned()),
        403 => {
            let words = "HTTP 403: the venue's firewall turns this address away";
            return RestError::Banned(words.to_owned());
        }
        418 => return RestError::Banned("HTTP 418: this address is banned".to_owned()),
        429 => return RestError::TurnedAway("HTTP 429".to_owned()),
        // The venue waited for itself: it may have been carried out.
        408 => {
            return RestError::Said {
                missing: Missing::Unreachable,
                outcome: Outcome::Unknown,
                words: "HTTP 408".to_owned(),
            };
        }
        300..=399 => format!("HTTP {status}: a redirect, which is not followed"),
        _ if reply.is_html() => format!("HTTP {status}: {HTML}"),
        _ => format!("HTTP {status}"),
    };
    RestError::Status { status, words }
}

/// What came of a write, with words that are not yet cleaned.
pub(super) fn write(sent: &Sent, write: &Write) -> (Outcome, Option<u16>, String) {
    let status = sent.answered().ok().map(|reply| reply.status);
    let json = match read(sent) {
        Ok(json) => json,
        Err(error) => return (error.outcome(), status, error.to_string()),
    };
    match acknowledged(json.root(), write) {
        Ok((outcome, words)) => (outcome, status, words),
        Err(unexpected) => (Outcome::Unknown, status, unexpected.to_string()),
    }
}

/// What a yes is worth: a market order says what became of it.
fn acknowledged(answer: Node<'_>, write: &Write) -> Result<(Outcome, String), RestError> {
    let answer = answer.as_object()?;
    match write {
        Write::CancelOrdersOf { .. } => {
            answer.need("code")?.as_integer()?;
            Ok((Outcome::Acknowledged, String::new()))
        }
        Write::CloseQuantity(_) => {
            answer.need("orderId")?.as_label()?;
            let state = answer.need("status")?.as_label()?;
            let text = |name| answer.member(name).and_then(Node::label);
            let filled = text("executedQty").unwrap_or_default();
            let asked = text("origQty").unwrap_or_default();
            if state == "REJECTED" {
                return Ok((Outcome::Refused, "the order was rejected".to_owned()));
            }
            Ok((
                Outcome::Acknowledged,
                format!("{state}, {filled} of {asked} filled"),
            ))
        }
        _ => Ok((Outcome::Acknowledged, String::new())),
    }
}

#[cfg(test)]
mod tests;
