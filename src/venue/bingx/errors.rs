//! What an answer, or the lack of one, means for a read and for a write.

use std::time::Duration;

use chrono::DateTime;

use super::entries;
use crate::domain::observation::Timestamp;
use crate::domain::request::{Outcome, Write};
use crate::venue::exchange::meaning::{self, Meaning, Refusal};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Json, Node, Unexpected};
use crate::venue::rest::reply::{Reply, Sent};

/// For how long an account is turned away that is not told: limits are those of a second.
const PAUSE: Duration = Duration::from_secs(1);
/// What the venue says where the same may be taken soon (errors of the order page).
const AGAIN: [&str; 2] = ["try again later", "temporarily"];
/// What it says where it is this call alone that is closed to the account for a while: for
/// too many requests, or for twenty that were refused alike (errors of every page).
const CLOSED_CALL: [&str; 2] = ["disabled period", "for this api"];
/// States of an order of which nothing was traded.
const NOT_DONE: [&str; 2] = ["FAILED", "REJECTED"];

/// What the venue says of the request itself: the envelope of every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// `code`, where it is no yes.
    code: Option<i64>,
    /// `msg`.
    words: String,
}

/// What a code means, by the venue's lists of them and the facts on its clients. Some
/// stand for two things, of which the text says which; what it does not say is taken the
/// way that is safe.
fn meaning(code: i64, words: &str) -> Meaning {
    let words = words.to_ascii_lowercase();
    match code {
        // The system is busy: it may have been carried out.
        100_410 if words.contains("busy") => Meaning::Unsure,
        100_410 | 109_403 | 109_429 => Meaning::TooMany,
        80_014 | 100_421 | 109_400 if words.contains("timestamp") => Meaning::Clock,
        // A market that moves too fast, a copied signal, a suspension.
        80_014 | 101_515 | 109_400 if AGAIN.iter().any(|again| words.contains(again)) => {
            Meaning::NotNow
        }
        100_001 | 100_004 | 100_412 | 100_413 | 100_414 | 100_419 => Meaning::Key,
        // A duplicate id: an earlier try of the same order got through. An order that is
        // not found, or has filled, is gone or not: a list says it.
        80_001 | 80_012 | 80_016 | 80_018 | 100_500 | 101_481 | 109_201 | 109_414 | 109_421
        | 109_500 | 110_500 => Meaning::Unsure,
        80_017 | 101_205 | 101_290 | 109_420 => Meaning::Nothing,
        // Resting orders hold what is to be closed; a settlement, or assets under way; the
        // hours of a contract of stocks.
        101_212 | 101_214 | 101_219 | 101_413 | 104_424 | 110_203 | 110_424 => Meaning::NotNow,
        _ => Meaning::Refused,
    }
}

impl Said {
    /// What an answer says.
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
            code: code.filter(|code| *code != 0),
            words: words.unwrap_or_default(),
        }
    }

    /// Whether it was refused for what it is.
    pub(super) fn is_refused(&self) -> bool {
        self.meaning() == Some(Meaning::Refused)
    }

    fn meaning(&self) -> Option<Meaning> {
        self.code.map(|code| meaning(code, &self.words))
    }

    /// Whether it was refused for its time alone, so that it can be signed anew.
    pub(super) fn is_off(&self) -> bool {
        self.meaning() == Some(Meaning::Clock)
    }

    /// Whether this call alone is closed to the account for a while.
    pub(super) fn closes_call(&self) -> bool {
        let is_said = |words: &&str| self.words.contains(*words);
        self.meaning() == Some(Meaning::TooMany) && CLOSED_CALL.iter().any(is_said)
    }

    /// For how long the account is turned away, where the venue's clock shows `now`.
    pub(super) fn pause(&self, now: Timestamp) -> Option<Duration> {
        if self.meaning() != Some(Meaning::TooMany) {
            return None;
        }
        let until = self.until().map(|until| until.signed_duration_since(now));
        Some(until.and_then(|rest| rest.to_std().ok()).unwrap_or(PAUSE))
    }

    /// Until when a call is closed, by the venue's clock, where the text says it:
    /// `will be unblocked after 1700000120000`, `can retry after time: 1700000120000`.
    fn until(&self) -> Option<Timestamp> {
        let (_, rest) = self.words.rsplit_once("after ")?;
        let rest = rest.trim_start_matches("time:").trim_start();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        DateTime::from_timestamp_millis(digits.parse().ok()?)
    }

    fn refusal(self) -> Option<Refusal> {
        let code = self.code?;
        Some(Refusal {
            code,
            meaning: meaning(code, &self.words),
            words: self.words,
        })
    }
}

/// The answer, when it is a yes.
///
/// # Errors
/// What else it is.
pub(super) fn read(sent: &Sent) -> Result<Json<'_>, RestError> {
    let json = read_bare(sent)?;
    // Without the code it is no answer of the venue.
    json.root().as_object()?.need("code")?;
    Ok(json)
}

/// The same of a call that answers without an envelope at times.
///
/// # Errors
/// What else it is.
pub(super) fn read_bare(sent: &Sent) -> Result<Json<'_>, RestError> {
    meaning::read(sent, |reply| Said::of(reply).refusal(), by_status)
}

/// What an answer is about.
///
/// # Errors
/// When there is nothing of the kind: then it says nothing, and no empty list.
pub(super) fn data(answer: Node<'_>) -> Result<Node<'_>, Unexpected> {
    answer.as_object()?.need("data")
}

/// What a status means here, where the venue says nothing in its own way.
fn by_status(status: u16) -> Option<RestError> {
    Some(match status {
        403 => {
            let words = "HTTP 403: the venue's firewall turns this address away";
            RestError::Banned(words.to_owned())
        }
        418 => RestError::Banned("HTTP 418: this address is banned".to_owned()),
        429 => RestError::TurnedAway("HTTP 429".to_owned()),
        _ => return None,
    })
}

/// What came of a write, with words that are not yet cleaned.
pub(super) fn write(sent: &Sent, write: &Write) -> (Outcome, Option<u16>, String) {
    let (outcome, status, words) =
        meaning::write(sent, read(sent), |answer| Ok(acknowledged(answer, write)?));
    let is_closed = match sent {
        Sent::Answered(reply) => Said::of(reply).closes_call(),
        Sent::NoBudget | Sent::Unsent(_) | Sent::Lost(_) => false,
    };
    // Sent again at once it would be refused for minutes; after a look another call may do
    // it.
    let outcome = if is_closed { Outcome::Refused } else { outcome };
    (outcome, status, words)
}

/// What a yes is worth: a call for several says what it could not do.
fn acknowledged(answer: Node<'_>, write: &Write) -> Result<(Outcome, String), Unexpected> {
    let data = data(answer)?;
    match write {
        Write::Flatten => entries::read(data, "closed"),
        Write::CancelOrders | Write::CancelOrdersOf { .. } => entries::read(data, "cancelled"),
        Write::CloseQuantity(_) => {
            let order = data.as_object()?.need("order")?.as_object()?;
            order.need("orderId")?.as_label()?;
            let state = order.member("status").and_then(Node::label);
            Ok(match state {
                Some(state) if NOT_DONE.contains(&state.as_str()) => {
                    (Outcome::Refused, format!("the order is {state}"))
                }
                state => (Outcome::Acknowledged, state.unwrap_or_default()),
            })
        }
        Write::ClosePosition(_) | Write::CancelOrder { .. } => {
            data.as_object()?;
            Ok((Outcome::Acknowledged, String::new()))
        }
    }
}

#[cfg(test)]
mod tests;
