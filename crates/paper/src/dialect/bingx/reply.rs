//! What is sent back: the envelope, refusals, and the pages of the wire's faults.

use serde_json::{Value, json};

use super::limits::Left;
use super::routes::Call;
use crate::dialect::exchange::pages::{bare, login, plain, site};
use crate::dialect::fields::render;
use crate::faults::wire::ErrorPages;
use crate::http::message::Page;
use crate::sim::trade::TradeError;

const JSON: &str = "application/json;charset=utf-8";

pub(crate) const BUSY: &str = "The current system is busy, please try again later";
pub(crate) const LIMITED: &str = "rate limited";
pub(crate) const ONE_WAY: &str =
    "In the One-way mode, the 'PositionSide' field can only be set to BOTH.";
pub(crate) const HEDGED: &str =
    "In the Hedge mode, the 'PositionSide' field can only be set to LONG or SHORT.";
pub(crate) const ONLY_REDUCES: &str = "The Reduce Only order can only decrease the position and \
     not be used to open a position. Please check your positions and open orders.";
pub(crate) const UNFIT: &str = "The parameters submitted don't meet the requirement. \
     Please try again later or contact customer support";

/// Why a call was not carried out, by the venue's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) text: String,
}

/// The `data` of a call.
pub(crate) type Done = Result<Value, Refusal>;

impl Refusal {
    pub(crate) fn new(code: i64, text: &str) -> Refusal {
        Refusal {
            code,
            text: text.to_owned(),
        }
    }
}

impl From<TradeError> for Refusal {
    fn from(error: TradeError) -> Refusal {
        let (code, text) = match &error {
            TradeError::WrongPositionSide => (109_400, ONE_WAY),
            TradeError::NothingToReduce => (101_290, ONLY_REDUCES),
            // The largest orders are in no list that the venue gives out.
            TradeError::AboveMarketMaximum(_) => (101_400, "Order size error"),
            TradeError::OffStep(_) => (110_425, UNFIT),
            TradeError::OffTick(_) => (110_400, UNFIT),
            TradeError::BadPrice => (110_402, UNFIT),
            TradeError::Disconnected(_) => (101_413, "Currently in non-trading hours"),
            _ => return Refusal::new(109_400, &error.to_string()),
        };
        Refusal::new(code, text)
    }
}

/// What was done for several and what was not: two lists, of which an empty one is null.
pub(crate) fn outcome(success: Vec<Value>, failed: Vec<Value>) -> Value {
    let list = |rows: Vec<Value>| {
        if rows.is_empty() {
            Value::Null
        } else {
            Value::Array(rows)
        }
    };
    json!({"success": list(success), "failed": list(failed)})
}

/// The envelope of every reply. Some calls say the time too, each in its own words.
pub(crate) fn envelope(done: Done, call: Call, time_ms: i64) -> Value {
    let (code, text, data) = match done {
        Ok(data) => (0, String::new(), data),
        Err(refusal) => (refusal.code, refusal.text, json!({})),
    };
    let mut body = json!({"code": code, "msg": text, "data": data});
    let (word, value) = match call {
        Call::PositionMode | Call::SetPositionMode => ("timeStamp", json!(time_ms)),
        Call::ClosePosition
        | Call::CreateTwap
        | Call::OpenTwaps
        | Call::Twap
        | Call::CancelTwap
        | Call::KeyInfo => ("timestamp", json!(time_ms)),
        Call::CancelAllAfter => ("debugMsg", json!("")),
        _ => return body,
    };
    if let Some(fields) = body.as_object_mut() {
        fields.insert(word.to_owned(), value);
    }
    body
}

/// A body as it is sent: HTTP 200, whatever its code.
pub(crate) fn page(body: &Value, left: Option<Left>) -> Page {
    let headers = left.map(|left| {
        vec![
            ("x-ratelimit-requests-remain", left.remain.to_string()),
            ("x-ratelimit-requests-expire", left.expires_ms.to_string()),
        ]
    });
    Page {
        headers: headers.unwrap_or_default(),
        ..plain(200, JSON, render(body))
    }
}

/// What the gateway says of a request that it does not let through: there is no `data`.
pub(crate) fn gate(status: u16, refusal: &Refusal, time_ms: i64, left: Option<Left>) -> Page {
    let body = json!({
        "code": refusal.code, "msg": refusal.text, "success": false, "timestamp": time_ms,
    });
    Page {
        status,
        ..page(&body, left)
    }
}

/// An address that went on asking.
pub(crate) fn banned() -> Page {
    bare(418)
}

/// The venue's wording of what goes wrong on the wire, at a time.
pub(crate) struct Pages {
    pub(crate) time_ms: i64,
}

impl Pages {
    fn refusal(&self, code: i64, text: &str) -> Page {
        gate(200, &Refusal::new(code, text), self.time_ms, None)
    }
}

impl ErrorPages for Pages {
    /// What stands in front of the venue speaks, but for its own limit.
    fn status(&self, code: u16, retry_after: Option<u32>) -> Page {
        let page = match code {
            429 => gate(429, &Refusal::new(100_410, LIMITED), self.time_ms, None),
            _ => bare(code),
        };
        Page {
            retry_after: retry_after.map(u64::from),
            ..page
        }
    }

    fn code(&self, code: i64) -> Page {
        self.refusal(code, text_of(code))
    }

    fn throttled(&self) -> Page {
        self.refusal(100_410, BUSY)
    }

    fn not_done(&self) -> Page {
        self.refusal(100_500, "Internal system error")
    }

    fn site(&self) -> Page {
        site()
    }

    fn login(&self) -> Page {
        login()
    }
}

/// The pages' text for a code that is asked for as a fault.
fn text_of(code: i64) -> &'static str {
    match code {
        80_020 => "risk forbidden",
        100_001 => "Signature verification failed due to signature mismatch",
        100_004 => "Permission denied as the API key was created without the permission",
        100_410 => LIMITED,
        100_413 => "Incorrect apiKey",
        100_414 => "Code: 100414, Msg: risk control check fail,code(1)",
        100_419 => "IP does not match IP whitelist",
        // The same number for two things.
        100_421 => "This pair is currently restricted from API trading",
        101_204 => "Insufficient margin",
        101_205 => "No position to close",
        101_212 => {
            "Failed. Please check if you have pending orders under the trading pair. \
             If yes, please cancel them and try again"
        }
        101_214 => "Funding fee settlement is in progress",
        101_219 => {
            "This operation is not allowed as your account assets are being processed. \
             Please try again later."
        }
        101_290 => ONLY_REDUCES,
        109_400 => "timestamp is invalid",
        109_420 => "position not exist",
        109_421 => "order not exist",
        110_400 => UNFIT,
        100_500 | 109_500 | 110_500 | 80_012 => BUSY,
        _ => "Refused on request",
    }
}
