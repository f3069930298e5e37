//! What is sent back: the envelope, refusals, and the pages of the wire's faults.

use serde_json::{Value, json};

use crate::dialect::exchange::fields::Wrong;
use crate::dialect::exchange::pages::{bare, login, plain, site};
use crate::dialect::fields::render;
use crate::faults::wire::ErrorPages;
use crate::http::message::Page;
use crate::sim::trade::TradeError;

const JSON: &str = "application/json;charset=UTF-8";
/// The code of a limit that was reached.
const TOO_MANY: &str = "429";
/// The code of a path that is not there.
const NOT_FOUND: &str = "40404";

/// Why a call was not carried out, by the venue's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) text: String,
}

/// The `data` of a call.
pub(crate) type Done = Result<Value, Refusal>;

impl Refusal {
    pub(crate) fn new(code: &str, text: &str) -> Refusal {
        Refusal {
            code: code.to_owned(),
            text: text.to_owned(),
        }
    }

    /// A limit was reached.
    pub(crate) fn too_many() -> Refusal {
        Refusal::new(TOO_MANY, "Too Many Requests")
    }

    pub(crate) fn not_found() -> Refusal {
        Refusal::new(NOT_FOUND, "Request URL NOT FOUND")
    }

    fn status(&self) -> u16 {
        match self.code.as_str() {
            TOO_MANY => 429,
            NOT_FOUND => 404,
            _ => 400,
        }
    }
}

/// A parameter that is not there.
pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::new("40019", &format!("Parameter {name} cannot be empty"))
}

/// A parameter that is not what it should be.
pub(crate) fn wrong(name: &str) -> Refusal {
    Refusal::new("40020", &format!("Parameter {name} error"))
}

/// A position that is not there, or is spoken for by resting orders.
pub(crate) fn nothing_to_close() -> Refusal {
    Refusal::new("22002", "No position to close")
}

/// More than one market order may trade.
pub(crate) fn too_large() -> Refusal {
    Refusal::new(
        "43007",
        "The order quantity is greater than the maximum quantity",
    )
}

impl From<Wrong> for Refusal {
    fn from(parameter: Wrong) -> Refusal {
        wrong(&parameter.0)
    }
}

impl From<TradeError> for Refusal {
    fn from(error: TradeError) -> Refusal {
        let text = error.to_string();
        let (code, text) = match &error {
            TradeError::WrongPositionSide => (
                "40774",
                "The order type for unilateral position must also be the unilateral position type.",
            ),
            TradeError::NothingToReduce => return nothing_to_close(),
            TradeError::OffStep(_) => (
                "40808",
                "Parameter verification exception size checkBDScale",
            ),
            TradeError::BelowMinimum(_) => (
                "43006",
                "The order quantity is less than the minimum quantity",
            ),
            TradeError::BadQuantity(_) | TradeError::AboveMarketMaximum(_) => return too_large(),
            TradeError::BadPrice | TradeError::OffTick(_) => {
                ("41103", "param price scale error error")
            }
            TradeError::Disconnected(_) => ("40725", "service return an error"),
            _ => ("40017", text.as_str()),
        };
        Refusal::new(code, text)
    }
}

/// The envelope of every reply; `time` is the server's, in milliseconds.
pub(crate) fn envelope(data: Value, time: i64) -> Value {
    json!({"code": "00000", "msg": "success", "requestTime": time, "data": data})
}

pub(crate) fn page(body: &Value) -> Page {
    plain(200, JSON, render(body))
}

/// The page of a refusal.
pub(crate) fn refused(refusal: &Refusal, time: i64) -> Page {
    plain(refusal.status(), JSON, refusal_body(refusal, time))
}

fn refusal_body(refusal: &Refusal, time: i64) -> String {
    let body = json!({
        "code": refusal.code,
        "msg": refusal.text,
        "requestTime": time,
        "data": null,
    });
    body.to_string()
}

/// The venue's wording of what goes wrong on the wire, at a time.
pub(crate) struct Pages {
    pub(crate) time: i64,
}

impl ErrorPages for Pages {
    /// What stands in front of the venue speaks, but of a limit the venue does.
    fn status(&self, code: u16, retry_after: Option<u32>) -> Page {
        let page = match code {
            429 => refused(&Refusal::too_many(), self.time),
            _ => bare(code),
        };
        Page {
            retry_after: retry_after.map(u64::from),
            ..page
        }
    }

    fn code(&self, code: i64) -> Page {
        let code = code.to_string();
        let text = match code.as_str() {
            TOO_MANY => "Too Many Requests",
            "22001" => "No order to cancel",
            "22002" => "No position to close",
            "40008" => "Request timestamp expired",
            "40009" => "sign signature error",
            "40014" => "Incorrect permissions",
            "40015" => "System is abnormal, please try again later",
            "40018" => "Invalid IP",
            "40084" => super::front::CLASSIC_MODE,
            "40085" => super::front::UNIFIED_MODE,
            "40200" => "Server upgrade, please try again later",
            "40725" => "service return an error",
            "40731" => "This product does not support copy trading",
            "40762" => "The order amount exceeds the balance",
            "40768" => "Order does not exist",
            _ => "Refused on request",
        };
        refused(&Refusal::new(&code, text), self.time)
    }

    fn throttled(&self) -> Page {
        self.code(40725)
    }

    /// The code says it, and not the status.
    fn not_done(&self) -> Page {
        let text = "Server upgrade, please try again later";
        let refusal = Refusal::new("40200", text);
        plain(200, JSON, refusal_body(&refusal, self.time))
    }

    fn site(&self) -> Page {
        site()
    }

    fn login(&self) -> Page {
        login()
    }
}
