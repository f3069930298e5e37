//! What is sent back: pages, refusals, and the pages of the wire's faults.

use serde_json::{Value, json};

use super::limits::Counts;
use crate::dialect::exchange::pages::{HTML, bare, login, plain, site};
use crate::dialect::fields::render;
use crate::faults::wire::ErrorPages;
use crate::http::message::Page;
use crate::sim::trade::TradeError;

const JSON: &str = "application/json;charset=UTF-8";

const UNKNOWN: &str = "Unknown error, please check your request or try again later.";
const THROTTLED: &str = "Request throttled by system-level protection. \
                         Reduce-only/close-position orders are exempt. Please try again.";

/// Why a call was not carried out, by the venue's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) text: String,
}

/// The body of a call.
pub(crate) type Done = Result<Value, Refusal>;

impl Refusal {
    pub(crate) fn new(code: i64, text: &str) -> Refusal {
        Refusal {
            code,
            text: text.to_owned(),
        }
    }

    /// The HTTP status that goes with a code.
    pub(crate) fn status(&self) -> u16 {
        match self.code {
            -2014 | -2015 => 401,
            -1003 | -1015 => 429,
            -1007 => 408,
            -1001 | -1006 | -1008 => 503,
            _ => 400,
        }
    }

    fn body(&self) -> Value {
        json!({"code": self.code, "msg": self.text})
    }
}

impl From<TradeError> for Refusal {
    fn from(error: TradeError) -> Refusal {
        let (code, text) = match &error {
            TradeError::WrongPositionSide => (
                -4061,
                "Order's position side does not match user's setting.",
            ),
            TradeError::NothingToReduce => (-2022, "ReduceOnly Order is rejected."),
            TradeError::BadQuantity(_) | TradeError::AboveMarketMaximum(_) => {
                (-4005, "Quantity greater than max quantity.")
            }
            TradeError::BelowMinimum(_) => (-4004, "Quantity less than min quantity."),
            TradeError::OffStep(_) => (-4023, "Qty not increased by step size."),
            TradeError::OffTick(_) => (-4014, "Price not increased by tick size."),
            TradeError::BadPrice => (-4001, "Price less than or equal to zero."),
            TradeError::Disconnected(_) => (-4141, "Symbol is closed."),
            _ => return Refusal::new(-1000, &error.to_string()),
        };
        Refusal::new(code, text)
    }
}

/// A call's reply as it is sent.
pub(crate) fn page(done: Result<&Value, &Refusal>, counts: &Counts) -> Page {
    let (status, text) = match done {
        Ok(body) => (200, render(body)),
        Err(refusal) => (refusal.status(), refusal.body().to_string()),
    };
    Page {
        headers: counts.headers(),
        ..plain(status, JSON, text)
    }
}

/// There is no call at this path.
pub(crate) fn not_found(counts: &Counts) -> Page {
    Page {
        headers: counts.headers(),
        ..plain(404, HTML, "<html><h1>404 Not Found</h1></html>".to_owned())
    }
}

/// An address that asked too often within a minute.
pub(crate) fn too_many(limit: u32, seconds: u64, counts: &Counts) -> Page {
    let text = format!(
        "Too many requests; current limit of IP(127.0.0.1) is {limit} requests per minute. \
         Please use the websocket for live updates to avoid polling the API."
    );
    Page {
        retry_after: Some(seconds),
        ..page(Err(&Refusal::new(-1003, &text)), counts)
    }
}

/// An address that went on asking.
pub(crate) fn banned(until_ms: i64, seconds: u64, counts: &Counts) -> Page {
    let text = format!(
        "Way too many requests; IP(127.0.0.1) banned until {until_ms}. \
         Please use the websocket for live updates to avoid bans."
    );
    Page {
        status: 418,
        retry_after: Some(seconds),
        ..page(Err(&Refusal::new(-1003, &text)), counts)
    }
}

/// The venue's wording of what goes wrong on the wire, at a time and a path.
pub(crate) struct Pages<'a> {
    pub(crate) time_ms: i64,
    pub(crate) path: &'a str,
}

impl Pages<'_> {
    fn refusal(&self, code: i64, text: &str) -> Page {
        page(Err(&Refusal::new(code, text)), &Counts::default())
    }
}

impl ErrorPages for Pages<'_> {
    fn status(&self, code: u16, retry_after: Option<u32>) -> Page {
        let seconds = u64::from(retry_after.unwrap_or(60));
        let counts = Counts::default();
        let page = match code {
            418 => {
                let wait = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
                banned(self.time_ms.saturating_add(wait), seconds, &counts)
            }
            429 => too_many(super::limits::MOST_WEIGHT, seconds, &counts),
            // Whether it was carried out is not known, and there is no code.
            503 => {
                let body = json!({"timestamp": self.time_ms, "path": self.path, "msg": UNKNOWN});
                plain(503, JSON, body.to_string())
            }
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
        self.refusal(-1008, THROTTLED)
    }

    /// It failed, for certain.
    fn not_done(&self) -> Page {
        let body = json!({"code": 0, "msg": "Service Unavailable."});
        plain(503, JSON, body.to_string())
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
        -1001 => "Internal error; unable to process your request. Please try again.",
        -1003 => "Too many requests queued.",
        -1006 => {
            "An unexpected response was received from the message bus. Execution status unknown."
        }
        -1007 => {
            "Timeout waiting for response from backend server. \
             Send status unknown; execution status unknown."
        }
        -1008 => THROTTLED,
        -1015 => "Too many new orders; current limit is 300 orders per 10 SECOND.",
        -1021 => "Timestamp for this request is outside of the recvWindow.",
        -1022 => "Signature for this request is not valid.",
        -2011 => "Unknown order sent.",
        -2013 => "Order does not exist.",
        -2015 => "Invalid API-key, IP, or permissions for action.",
        -2019 => "Margin is insufficient.",
        -2022 => "ReduceOnly Order is rejected.",
        -4061 => "Order's position side does not match user's setting.",
        -4118 => "ReduceOnly Order Failed. Please check your existing position and open orders",
        -4131 => "The counterparty's best price does not meet the PERCENT_PRICE filter limit",
        _ => "Refused on request.",
    }
}
