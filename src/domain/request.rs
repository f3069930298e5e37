//! What may be asked of a venue for one account, and what came of it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::instrument::Instrument;
use super::position_key::PositionKey;

/// A protective request for one account.
///
/// There is deliberately nothing here that opens, reverses or partly closes a
/// position: everything is safe to repeat against the same target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Cancel every working order of the account.
    CancelOrders,
    /// Close every position and cancel every order of the account.
    Flatten,
    /// Close one whole position.
    ClosePosition(PositionKey),
    /// Cancel every working order in one instrument.
    CancelOrdersOf(Instrument),
    /// Cancel one order, by the venue's id.
    CancelOrder(Arc<str>),
}

impl Write {
    /// The stable names of all of them.
    pub const NAMES: [&str; 5] = [
        "cancel_orders",
        "flatten",
        "close_position",
        "cancel_orders_of",
        "cancel_order",
    ];

    /// The stable name, as in the record and in metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Write::CancelOrders => "cancel_orders",
            Write::Flatten => "flatten",
            Write::ClosePosition(_) => "close_position",
            Write::CancelOrdersOf(_) => "cancel_orders_of",
            Write::CancelOrder(_) => "cancel_order",
        }
    }

    /// The position, instrument or order that the request names besides the account.
    pub fn target(&self) -> Option<String> {
        match self {
            Write::CancelOrders | Write::Flatten => None,
            Write::ClosePosition(position) => Some(position.to_string()),
            Write::CancelOrdersOf(instrument) => Some(instrument.to_string()),
            Write::CancelOrder(id) => Some(id.to_string()),
        }
    }

    /// Whether it closes a position.
    pub const fn closes(&self) -> bool {
        match self {
            Write::Flatten | Write::ClosePosition(_) => true,
            Write::CancelOrders | Write::CancelOrdersOf(_) | Write::CancelOrder(_) => false,
        }
    }

    /// Whether this write does all that the other one does.
    pub fn covers(&self, other: &Write) -> bool {
        match (self, other) {
            (Write::Flatten, other) => other.closes(),
            (Write::CancelOrders, other) => !other.closes(),
            (one, other) => one == other,
        }
    }
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target() {
            Some(target) => write!(f, "{} {target}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

/// Where a write stands in the order of what leaves, the first one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It closes a position.
    Close,
    /// It cancels what may open one.
    Cancel,
    /// A cancel that a close on its way makes needless, as far as the venue does
    /// what it says: it leaves while there is room for it.
    Beside,
}

/// What came of a write. Only a later read can say that an account is flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The venue took the command.
    Acknowledged,
    /// The venue said that there was nothing to do.
    NothingToDo,
    /// The venue said no; nothing was done.
    Refused,
    /// It certainly did not reach the venue, or was turned away at the gate.
    NotSent,
    /// The answer was lost, or says nothing: it may have been carried out.
    Unknown,
}

impl Outcome {
    /// Each of them.
    pub const ALL: [Outcome; 5] = [
        Outcome::Acknowledged,
        Outcome::NothingToDo,
        Outcome::Refused,
        Outcome::NotSent,
        Outcome::Unknown,
    ];

    /// The stable name, as in the record and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Acknowledged => "acknowledged",
            Outcome::NothingToDo => "nothing_to_do",
            Outcome::Refused => "refused",
            Outcome::NotSent => "not_sent",
            Outcome::Unknown => "unknown",
        }
    }
}

/// An answer as it is told: `refused in 41 ms, HTTP 400: no such instrument`.
/// `took` is in words, and empty where it is not known.
pub fn told(outcome: Outcome, took: &str, status: Option<u16>, words: &str) -> String {
    let mut text = outcome.name().to_owned();
    if !took.is_empty() {
        text += &format!(" in {took}");
    }
    if let Some(status) = status {
        text += &format!(", HTTP {status}");
    }
    if !words.is_empty() {
        text += &format!(": {words}");
    }
    text
}

/// The answer to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What came of it.
    pub outcome: Outcome,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// The venue's own words, shortened, or what went wrong on the way.
    pub words: Arc<str>,
}
