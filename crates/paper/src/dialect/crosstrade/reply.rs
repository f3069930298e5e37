//! Replies of the API: a status with JSON.

use serde::Serialize;
use serde_json::{Value, json};

use crate::sim::flatten::Held;
use crate::sim::trade::TradeError;

/// The JSON of a reply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    /// As it is sent. Snapshots are asked for every second, and a tree of one
    /// costs many times what its text does.
    Text(String),
    /// For those who change it before it is sent.
    Tree(Value),
}

impl Body {
    /// The same for those who change it.
    pub(crate) fn into_tree(self) -> Body {
        match self {
            // What was made here is JSON.
            Body::Text(text) => Body::Tree(serde_json::from_str(&text).unwrap_or_default()),
            Body::Tree(tree) => Body::Tree(tree),
        }
    }
}

/// In which form a reply is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// To be sent as it is.
    Text,
    /// To be changed before it is sent.
    Tree,
}

/// A status with a JSON body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Body,
    /// Seconds for a `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Reply {
        Reply {
            status,
            body: Body::Tree(body),
            retry_after: None,
        }
    }

    /// 200 with this, in the form in which the reply is wanted.
    pub(crate) fn of(body: &impl Serialize, form: Form) -> Reply {
        let made = match form {
            Form::Tree => serde_json::to_value(body).map(Body::Tree),
            Form::Text => serde_json::to_string(body).map(Body::Text),
        };
        Reply {
            status: 200,
            // Nothing that is written here cannot be JSON.
            body: made.unwrap_or(Body::Tree(Value::Null)),
            retry_after: None,
        }
    }

    pub(crate) fn ok(body: Value) -> Reply {
        Reply::new(200, body)
    }

    /// An error with a code and a sentence.
    pub(crate) fn error(status: u16, code: &str, detail: &str) -> Reply {
        let body = json!({"success": false, "error": code, "detail": detail});
        Reply::new(status, body)
    }

    /// Puts one more member into an object that is still a tree.
    pub(crate) fn put(&mut self, key: &str, value: Value) {
        if let Body::Tree(Value::Object(object)) = &mut self.body {
            object.insert(key.to_owned(), value);
        }
    }

    /// 400 as the older pages show it: a sentence, and no `success`.
    pub(crate) fn sentence(error: &str) -> Reply {
        Reply::new(400, json!({ "error": error }))
    }

    /// 429 with the seconds to wait, in the body and as a header.
    pub(crate) fn rate_limited(seconds: u64) -> Reply {
        let body = json!({"success": false, "error": "rate_limited", "retryAfter": seconds});
        Reply {
            retry_after: Some(seconds),
            ..Reply::new(429, body)
        }
    }
}

/// A reply, and the positions that a flatten was about.
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) flattened: Vec<Held>,
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Outcome {
        Outcome {
            reply,
            flattened: Vec::new(),
        }
    }
}

/// Expected refusals end a call early with their reply.
pub(crate) type Done<T> = Result<T, Reply>;

impl From<TradeError> for Reply {
    fn from(error: TradeError) -> Reply {
        let detail = error.to_string();
        match error {
            // The reference gives no status for an unknown account; 400 goes
            // with its example body.
            TradeError::UnknownAccount(_) => Reply::error(400, "invalid_account", &detail),
            TradeError::Disconnected(_) => Reply::error(400, "account_disconnected", &detail),
            TradeError::NoLiveOrder(id) => Reply::sentence(&format!(
                "Order linked to '{id}' not found or already terminal."
            )),
            TradeError::UnknownInstrument(_)
            | TradeError::BadQuantity(_)
            | TradeError::BelowMinimum(_)
            | TradeError::OffStep(_)
            | TradeError::AboveMarketMaximum(_)
            | TradeError::OffTick(_)
            | TradeError::WrongPositionSide
            | TradeError::NothingToReduce
            | TradeError::ModeInUse
            | TradeError::BadAmount
            | TradeError::TooLittle(_)
            | TradeError::BadRate
            | TradeError::BadPrice
            | TradeError::BadMotion => Reply::sentence("Invalid request"),
        }
    }
}

/// The payload with `success: true`.
pub(crate) fn succeed(mut payload: Value) -> Reply {
    if let Some(object) = payload.as_object_mut() {
        object.insert("success".to_owned(), json!(true));
    }
    Reply::ok(payload)
}
