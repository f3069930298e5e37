//! What is sent back: the envelope, refusals, and the pages of the wire's faults.

use serde_json::{Value, json};

use super::limits::Left;
use crate::dialect::exchange::pages::{bare, login, plain, site};
use crate::dialect::fields::render;
use crate::faults::wire::ErrorPages;
use crate::http::message::Page;
use crate::sim::trade::TradeError;

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Why a call was not carried out, by the venue's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) text: String,
}

/// The `result` of a call.
pub(crate) type Done = Result<Value, Refusal>;

impl Refusal {
    pub(crate) fn new(code: i64, text: &str) -> Refusal {
        Refusal {
            code,
            text: text.to_owned(),
        }
    }

    /// A parameter that is missing or wrong.
    pub(crate) fn parameter(text: &str) -> Refusal {
        Refusal::new(10001, text)
    }
}

impl From<TradeError> for Refusal {
    fn from(error: TradeError) -> Refusal {
        let (code, text) = match &error {
            TradeError::WrongPositionSide => (10001, "position idx not match position mode"),
            TradeError::NothingToReduce => (
                110_017,
                "current position is zero, cannot fix reduce-only order qty",
            ),
            TradeError::OffStep(_) => (10001, "Qty invalid"),
            TradeError::Disconnected(_) => (110_066, "trading is currently not allowed"),
            _ => return Refusal::parameter(&error.to_string()),
        };
        Refusal::new(code, text)
    }
}

/// The envelope of every reply; `time` is the server's, in milliseconds.
pub(crate) fn envelope(done: Done, time: i64) -> Value {
    let (code, text, result) = match done {
        Ok(result) => (0, "OK".to_owned(), result),
        Err(refusal) => (refusal.code, refusal.text, json!({})),
    };
    json!({
        "retCode": code,
        "retMsg": text,
        "result": result,
        "retExtInfo": {},
        "time": time,
    })
}

/// A body as it is sent: HTTP 200, whatever its code.
pub(crate) fn page(body: &Value, left: Option<Left>) -> Page {
    let headers = left.map(|left| {
        vec![
            ("x-bapi-limit", left.limit.to_string()),
            ("x-bapi-limit-status", left.left.to_string()),
            ("x-bapi-limit-reset-timestamp", left.reset_ms.to_string()),
        ]
    });
    Page {
        headers: headers.unwrap_or_default(),
        ..plain(200, JSON, render(body))
    }
}

/// What an address that asks too often gets, and a request that the front of the
/// venue does not like.
pub(crate) fn forbidden(text: &str) -> Page {
    plain(403, TEXT, text.to_owned())
}

/// The venue's wording of what goes wrong on the wire, at a time.
pub(crate) struct Pages {
    pub(crate) time: i64,
}

impl ErrorPages for Pages {
    /// What stands in front of the venue speaks: no envelope.
    fn status(&self, code: u16, retry_after: Option<u32>) -> Page {
        Page {
            retry_after: retry_after.map(u64::from),
            ..bare(code)
        }
    }

    fn code(&self, code: i64) -> Page {
        let text = match code {
            10000 => "Server Timeout",
            10006 => "Too many visits!",
            10016 => "Internal server error",
            110_063 => "Settlement in progress!",
            110_079 => "The order is processing and can not be operated",
            _ => "Refused on request",
        };
        page(&envelope(Err(Refusal::new(code, text)), self.time), None)
    }

    fn throttled(&self) -> Page {
        let refusal = Refusal::new(429, "System level frequency protection");
        page(&envelope(Err(refusal), self.time), None)
    }

    fn not_done(&self) -> Page {
        self.code(10016)
    }

    fn site(&self) -> Page {
        site()
    }

    fn login(&self) -> Page {
        login()
    }
}
