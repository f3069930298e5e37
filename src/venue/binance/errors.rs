//! What an answer, or the lack of one, means for a read and for a write.

use chrono::DateTime;

use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::{Outcome, Write};
use crate::venue::exchange::meaning::{self, Meaning, Refusal};
use crate::venue::rest::error::RestError;
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
fn meaning(code: i64) -> Meaning {
    match code {
        -1003 | -1015 => Meaning::TooMany,
        CLOCK => Meaning::Clock,
        -1002 | -1022 | -2014 | -2015 => Meaning::Key,
        // An order that is not found may still rest: the venue has forgotten fresh
        // ones for half an hour and filled them (B3). A duplicate id: an earlier
        // try of the same order got through.
        -1000 | -1001 | -1006 | -1007 | -2011 | -2013 | -4116 => Meaning::Unsure,
        // Nothing to reduce that no resting order holds (B6).
        -2022 => Meaning::Nothing,
        // Load is shed; resting orders hold the margin; the other side's best price
        // lies outside the bounds of a market order.
        -1008 | -4118 | -4131 => Meaning::NotNow,
        _ => Meaning::Refused,
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

    fn refusal(self) -> Option<Refusal> {
        let code = self.code?;
        Some(Refusal {
            code,
            meaning: meaning(code),
            words: self.words,
        })
    }
}

/// The answer, when it is a yes.
///
/// # Errors
/// What else it is.
pub(super) fn read(sent: &Sent) -> Result<Json<'_>, RestError> {
    meaning::read(sent, |reply| Said::of(reply).refusal(), by_status)
}

/// What a status means here, where the venue gives no code.
fn by_status(status: u16) -> Option<RestError> {
    Some(match status {
        403 => {
            let words = "HTTP 403: the venue's firewall turns this address away";
            RestError::Banned(words.to_owned())
        }
        418 => RestError::Banned("HTTP 418: this address is banned".to_owned()),
        429 => RestError::TurnedAway("HTTP 429".to_owned()),
        // The venue waited for itself: it may have been carried out.
        408 => RestError::Said {
            missing: Missing::Unreachable,
            outcome: Outcome::Unknown,
            words: "HTTP 408".to_owned(),
        },
        _ => return None,
    })
}

/// What came of a write, with words that are not yet cleaned.
pub(super) fn write(sent: &Sent, write: &Write) -> (Outcome, Option<u16>, String) {
    meaning::write(sent, read(sent), |answer| acknowledged(answer, write))
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
