//! What `riskd flatten` asks of the daemon, and what it reads in its state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::client::{Client, ClientError};
use crate::daemon::flatten::HandedOver;
use crate::engine::event::FlattenSent;
use crate::secret::Secret;

/// The reason that stands in the record.
const REASON: &str = "riskd flatten";

/// What is read of the daemon's state. What one of another version leaves out
/// proves nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DaemonState {
    pub(super) pid: u32,
    pub(super) mode: String,
    pub(super) ready: bool,
    venues: Vec<Venue>,
    accounts: Vec<Account>,
}

/// A venue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Venue {
    venue: String,
    budget_left: Option<u32>,
}

/// An account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    account: String,
    venue: String,
    pub(super) number: String,
    positions: Option<Vec<String>>,
    working_orders: Option<usize>,
    pub(super) enforcement: Option<Enforcement>,
    pub(super) proven_flat: Option<ProvenFlat>,
}

/// What is being enforced.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Enforcement {
    pub(super) round: u32,
    pub(super) failed_reads: u32,
}

/// The newest proof that the account was flat and quiet.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ProvenFlat {
    pub(super) intent: i64,
}

impl DaemonState {
    /// Reads it.
    pub(super) fn read(value: &Value) -> Result<DaemonState, String> {
        DaemonState::deserialize(value)
            .map_err(|_| "the daemon's state cannot be understood".to_owned())
    }

    pub(super) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|known| known.account == name)
    }

    /// Whether the daemon has to wait for the request budget of the account's venue.
    pub(super) fn waits_for_budget(&self, name: &str) -> bool {
        let Some(account) = self.account(name) else {
            return false;
        };
        let mut venues = self.venues.iter();
        venues.any(|known| known.venue == account.venue && known.budget_left == Some(0))
    }
}

impl Account {
    /// Whether the daemon has seen that it holds nothing.
    pub(super) fn is_flat(&self) -> bool {
        self.positions.as_deref().is_some_and(<[_]>::is_empty)
    }

    /// What it holds as far as the daemon knows, in words.
    pub(super) fn holdings(&self) -> String {
        let positions = match self.positions.as_deref() {
            None => "positions unknown".to_owned(),
            Some([]) => "no position".to_owned(),
            Some(held) => held.join(", "),
        };
        match self.working_orders {
            None => format!("{positions}, working orders unknown"),
            Some(count) => format!("{positions}, {count} working"),
        }
    }
}

/// The daemon has taken an account over.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct TakenOver {
    /// A proof that ends this intent, or a later one, is one of what was sent.
    pub(super) intent: i64,
}

/// The daemon, and what proves the right to ask it.
pub(super) struct Asking {
    pub(super) client: Client,
    pub(super) token: Secret,
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    account: &'a str,
    reason: &'a str,
    sent: Sent<'a>,
}

#[derive(Debug, Serialize)]
struct Sent<'a> {
    number: &'a str,
    scope: &'a str,
    requests: u32,
    flatten: FlattenSent,
}

impl Asking {
    /// Has the daemon take over an account that a flatten was sent for.
    pub(super) async fn take_over(&self, handed: &HandedOver) -> Result<TakenOver, String> {
        let body = Body {
            account: handed.account.as_str(),
            reason: REASON,
            sent: Sent {
                number: handed.number.as_str(),
                scope: &handed.scope,
                requests: handed.requests,
                flatten: handed.flatten,
            },
        };
        let done = self.client.post("/flatten", self.token.expose(), &body);
        match done.await {
            Ok(answer) => {
                taken_over(&answer).ok_or_else(|| "the daemon did not take it over".to_owned())
            }
            // It may have been taken over without being on record.
            Err(ClientError::Refused { words, answer, .. }) => taken_over(&answer).ok_or(words),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn taken_over(answer: &Value) -> Option<TakenOver> {
    (answer.get("outcome")? == "taken_over").then_some(())?;
    TakenOver::deserialize(answer).ok()
}
