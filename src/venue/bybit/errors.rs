//! What an answer, or the lack of one, means for a read and for a write.

use chrono::DateTime;

use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::{Outcome, Write};
use crate::venue::exchange::meaning::{self, Meaning, Refusal};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Json, Node};
use crate::venue::rest::reply::{Reply, Sent};

/// The code of a request whose time lies outside the window (error page).
const CLOCK: i64 = 10_002;

/// What the venue says of the request itself: the envelope of every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// `retCode`; `None` where the answer has none.
    pub(super) code: Option<i64>,
    /// `retMsg`.
    words: String,
    /// `time`, by the venue's clock.
    pub(super) time: Option<Timestamp>,
}

/// What a code means, by the venue's error page and the facts on its clients.
fn meaning(code: i64) -> Meaning {
    match code {
        10_006 => Meaning::TooMany,
        10_018 => Meaning::Banned,
        CLOCK => Meaning::Clock,
        10_003 | 10_004 | 10_005 | 10_007 | 10_008 | 10_009 | 10_010 | 10_024 | 10_027 | 10_028
        | 33_004 | 100_028 => Meaning::Key,
        // A duplicate id: an earlier try of the same order got through.
        429 | 10_000 | 10_016 | 110_072 => Meaning::Unsure,
        110_001 | 110_008 | 110_010 | 110_017 => Meaning::Nothing,
        110_063 | 110_066 | 110_079 => Meaning::NotNow,
        _ => Meaning::Refused,
    }
}

/// Why the venue must be left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TurnedAway {
    /// What this key asks, for a second: its limits are by the second.
    Key,
    /// What this address asks.
    Address,
}

impl Said {
    /// What an answer says.
    pub(super) fn of(reply: &Reply) -> Said {
        let Some(json) = reply.json() else {
            return Said::default();
        };
        let Some(envelope) = json.root().object() else {
            return Said::default();
        };
        let time = envelope.member("time");
        let time = time.and_then(|time| time.as_integer().ok());
        let code = envelope.member("retCode");
        let words = envelope.member("retMsg").and_then(Node::text);
        Said {
            code: code.and_then(|code| code.as_integer().ok()),
            words: words.unwrap_or_default(),
            time: time.and_then(DateTime::from_timestamp_millis),
        }
    }

    /// Whether it was refused for its time alone, so that it can be signed anew.
    pub(super) fn is_off(&self) -> bool {
        self.code == Some(CLOCK)
    }

    /// Whom the venue turns away by its code.
    pub(super) fn turned_away(&self) -> Option<TurnedAway> {
        match meaning(self.code?) {
            Meaning::TooMany => Some(TurnedAway::Key),
            Meaning::Banned => Some(TurnedAway::Address),
            _ => None,
        }
    }

    fn refusal(self) -> Option<Refusal> {
        let code = self.code.filter(|code| *code != 0)?;
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
    let json = meaning::read(sent, |reply| Said::of(reply).refusal(), by_status)?;
    // Without the code it is no answer of the venue.
    json.root().as_object()?.need("retCode")?;
    Ok(json)
}

/// What a status means here, where the venue says nothing in its own way.
fn by_status(status: u16) -> Option<RestError> {
    match status {
        403 => Some(RestError::Banned(
            "HTTP 403: this address has asked too often, or comes from a region that is not served"
                .to_owned(),
        )),
        // Whether a write was carried out is not known after a 429 either.
        429 => Some(RestError::Said {
            missing: Missing::RateLimited,
            outcome: Outcome::Unknown,
            words: "HTTP 429".to_owned(),
        }),
        _ => None,
    }
}

/// What came of a write, with words that are not yet cleaned.
pub(super) fn write(sent: &Sent, write: &Write) -> (Outcome, Option<u16>, String) {
    meaning::write(sent, read(sent), |answer| acknowledged(answer, write))
}

/// What a yes is worth: a cancel says itself how many orders it took along.
fn acknowledged(answer: Node<'_>, write: &Write) -> Result<(Outcome, String), RestError> {
    let envelope = answer.as_object()?;
    let result = envelope.need("result")?.as_object()?;
    if !matches!(write, Write::CancelOrdersOf { .. }) {
        return Ok((Outcome::Acknowledged, String::new()));
    }
    let success = result.member("success").and_then(Node::label);
    let orders = result.need("list")?.as_list()?.len();
    Ok(match (success.as_deref(), orders) {
        (Some("0"), _) => (
            Outcome::Refused,
            "the venue says that it was no success".to_owned(),
        ),
        (_, 0) => (Outcome::NothingToDo, "no orders".to_owned()),
        (_, orders) => (Outcome::Acknowledged, format!("{orders} cancelled")),
    })
}

#[cfg(test)]
mod tests;
