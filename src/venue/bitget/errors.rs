//! What an answer, or the lack of one, means for a read and for a write.

use chrono::DateTime;

use super::family::Family;
use super::routes::Says;
use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::Outcome;
use crate::venue::exchange::adapter::Told;
use crate::venue::exchange::meaning::{self, Meaning, Refusal};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Json, Node, Object, Unexpected};
use crate::venue::rest::reply::{Reply, Sent};

/// Codes of a request whose time is not the venue's (error page).
const CLOCK: [i64; 3] = [40_004, 40_005, 40_008];
/// A right is missing.
pub(super) const NO_RIGHT: i64 = 40_014;

/// What the venue says of the request itself: the envelope of every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// `code`, a text of digits; `None` where the answer has none.
    code: Option<i64>,
    /// `msg`.
    words: String,
    /// `requestTime`, by the venue's clock.
    pub(super) time: Option<Timestamp>,
}

/// What a code means, by the venue's error pages and the facts on its clients.
fn meaning(code: i64) -> Meaning {
    match code {
        429 => Meaning::TooMany,
        code if CLOCK.contains(&code) => Meaning::Clock,
        40_001..=40_003 | 40_006 | 40_009..=40_012 | NO_RIGHT | 40_018 | 40_037 => Meaning::Key,
        // The venue's own trouble, of which nobody says what was done. A duplicate id: an
        // earlier try of the same order got through.
        40_015 | 40_200 | 40_725 | 43_118 => Meaning::Unsure,
        // Nothing to cancel or to close, or no such order.
        22_001 | 22_002 | 24_056 | 25_204 | 25_227 | 40_768 | 43_001 | 43_025 => Meaning::Nothing,
        // Resting orders hold the margin; or the account has just been switched.
        40_762 | 43_012 | 25_202 | 25_203 | 40_084 | 40_085 | 40_731 => Meaning::NotNow,
        _ => Meaning::Refused,
    }
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
        let number = |name| {
            let member = envelope.member(name)?;
            member.as_integer().ok()
        };
        let words = envelope.member("msg").and_then(Node::text);
        Said {
            code: number("code"),
            words: words.unwrap_or_default(),
            time: number("requestTime").and_then(DateTime::from_timestamp_millis),
        }
    }

    /// Whether it was refused for its time alone, so that it can be signed anew.
    pub(super) fn is_off(&self) -> bool {
        self.code.is_some_and(|code| CLOCK.contains(&code))
    }

    /// Whether too much was asked.
    pub(super) fn is_too_many(&self) -> bool {
        self.code.map(meaning) == Some(Meaning::TooMany)
    }

    /// The API that the account does not speak: 40084 and 40085 say so, and copy traders'
    /// keys are told 40731 by v2 (UTA introduction, and the facts on its clients).
    pub(super) fn refused_family(&self) -> Option<Family> {
        match self.code? {
            40_084 => Some(Family::Unified),
            40_085 | 40_731 => Some(Family::Classic),
            _ => None,
        }
    }

    /// The code of a right that is missing.
    pub(super) fn lacks_right(&self) -> bool {
        self.code == Some(NO_RIGHT)
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
    // Without the code of a yes it is no answer of the venue.
    let code = json.root().as_object()?.need("code")?;
    match code.as_integer()? {
        0 => Ok(json),
        _ => Err(code.unexpected("the code of a yes").into()),
    }
}

/// Whether a read was turned away because too much was asked, and not for longer.
pub(super) fn is_too_many(sent: &Sent) -> bool {
    let is_it = |error: RestError| match error {
        RestError::Banned(_) => false,
        error => error.missing() == Missing::RateLimited,
    };
    read(sent).is_err_and(is_it)
}

/// What a status means here, where the venue gives no code.
fn by_status(status: u16) -> Option<RestError> {
    match status {
        403 => {
            let words = "HTTP 403: the venue's firewall turns this address away";
            Some(RestError::Banned(words.to_owned()))
        }
        // Whether a write was carried out is not known after it.
        429 => Some(RestError::Said {
            missing: Missing::RateLimited,
            outcome: Outcome::Unknown,
            words: "HTTP 429".to_owned(),
        }),
        _ => None,
    }
}

/// What came of a write, with words that are not yet cleaned.
pub(super) fn write(sent: &Sent, says: Says) -> Told {
    meaning::write(sent, read(sent), |answer| acknowledged(answer, says))
}

/// What a yes is worth: one for several orders says of each what became of it.
fn acknowledged(answer: Node<'_>, says: Says) -> Result<(Outcome, String), RestError> {
    let envelope = answer.as_object()?;
    let done = match says {
        Says::Anything => return Ok((Outcome::Acknowledged, String::new())),
        // One that pushed others out has no `orderId` (place-order page).
        Says::Order => {
            envelope.need("data")?.as_object()?;
            return Ok((Outcome::Acknowledged, String::new()));
        }
        Says::Lists => by_lists(&envelope.need("data")?.as_object()?)?,
        Says::Entries => by_entries(&envelope.need("data")?.as_object()?)?,
    };
    Ok(done.outcome())
}

/// What became of several orders.
#[derive(Default)]
struct Done {
    done: usize,
    refused: Vec<Refusal>,
}

fn by_lists(data: &Object<'_>) -> Result<Done, Unexpected> {
    let mut done = Done {
        done: rows(data, "successList")?.len(),
        refused: Vec::new(),
    };
    for row in rows(data, "failureList")? {
        let row = row.as_object()?;
        done.refused.push(refusal(&row, "errorCode", "errorMsg")?);
    }
    Ok(done)
}

fn by_entries(data: &Object<'_>) -> Result<Done, Unexpected> {
    let mut done = Done::default();
    for row in rows(data, "list")? {
        let row = row.as_object()?;
        let code = row.member("code").and_then(Node::label);
        match code.as_deref() {
            None | Some("00000" | "0") => done.done = done.done.saturating_add(1),
            Some(_) => done.refused.push(refusal(&row, "code", "msg")?),
        }
    }
    Ok(done)
}

/// The rows of a list of an answer to a write, of which nothing hangs on that there are
/// none.
fn rows<'a>(data: &Object<'a>, name: &str) -> Result<Vec<Node<'a>>, Unexpected> {
    if data.says_null(name) {
        return Ok(Vec::new());
    }
    data.need(name)?.as_list()
}

fn refusal(row: &Object<'_>, code: &str, words: &str) -> Result<Refusal, Unexpected> {
    let code = row.need(code)?.as_integer()?;
    Ok(Refusal {
        code,
        meaning: meaning(code),
        words: row.member(words).and_then(Node::text).unwrap_or_default(),
    })
}

impl Done {
    /// Where nothing was done, the answer is the worst of them: what may have been
    /// carried out, before a refusal, before that there was nothing to do.
    fn outcome(self) -> (Outcome, String) {
        let refused = self.refused.len();
        let told: Vec<RestError> = self.refused.into_iter().map(RestError::from).collect();
        let words = told.first().map(ToString::to_string).unwrap_or_default();
        let is_any = |outcome| told.iter().any(|one| one.outcome() == outcome);
        match (self.done, refused) {
            (0, 0) => (Outcome::NothingToDo, "no orders".to_owned()),
            (done, 0) => (Outcome::Acknowledged, format!("{done} done")),
            (0, _) if is_any(Outcome::Unknown) => (Outcome::Unknown, words),
            (0, _) if told.iter().all(|one| one.outcome() == Outcome::NothingToDo) => {
                (Outcome::NothingToDo, words)
            }
            (0, _) => (Outcome::Refused, words),
            (done, _) => (
                Outcome::Acknowledged,
                format!("{done} done, {refused} refused, the first with {words}"),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
