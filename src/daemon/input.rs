//! What reaches the dispatcher from the tasks of the daemon, as one closed set.
//! Beside it there are the questions of the API and the failures of the
//! notifiers, behind queues of their own.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::key_rights::KeySeen;
use super::poller::Accounts;
use super::rule_file::{Fingerprint, Refusal};
use super::venues::Prepared;
use crate::api::ApiRequest;
use crate::domain::account::{AccountName, VenueName};
use crate::domain::holdings::WorkingOrders;
use crate::domain::observation::{Observation, Timestamp};
use crate::engine::event::Event;
use crate::notify::Undelivered;
use crate::rules::settings::Venue;
use crate::venue::Failure;

/// Where everything that reaches the dispatcher comes from.
pub(super) struct Queues {
    /// From the pollers, the executors, the signals.
    pub(super) inputs: mpsc::Receiver<Input>,
    /// From the API.
    pub(super) questions: mpsc::Receiver<ApiRequest>,
    /// From the notifiers.
    pub(super) undelivered: mpsc::Receiver<Undelivered>,
}

/// One thing that reached the dispatcher.
pub(super) enum Input {
    /// A poll of a venue ended.
    Polled(Polled),
    /// The working orders of an account were read.
    OrdersRead(OrdersRead),
    /// An answer to a request or a verification read, or to what the engine has no
    /// request for.
    Answer(Event),
    /// The rule file is to be read again.
    Reload(Why),
    /// It was read; nothing when no byte of it has changed.
    Reloaded(Option<Box<Reloaded>>),
    /// A venue refused its credential, and another one was found in its place.
    Renewed(VenueName),
    /// A venue refused its credential, and the one that was found in its place may
    /// withdraw.
    KeyRefused(VenueName),
    /// What a venue's key may do was read, or could not be.
    KeyRights(Box<Venue>, KeySeen),
}

/// Why the rule file is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It may have changed; when it has not, nothing is to be done.
    Changed,
    /// Somebody asked for it.
    Asked,
}

/// What came of reading the rule file again.
pub(super) struct Reloaded {
    /// Of all that was read.
    pub(super) fingerprint: Option<Fingerprint>,
    /// What was read, to be watched.
    pub(super) files: Vec<PathBuf>,
    /// The rules with what they need, or what is wrong with them.
    pub(super) outcome: Result<Prepared, Refusal>,
}

/// What a poll of a venue brought.
pub(super) struct Polled {
    /// The venue.
    pub(super) venue: VenueName,
    /// The accounts as the poller knew them; a reload may have given a name to
    /// another account since.
    pub(super) accounts: Accounts,
    /// An observation for every account of the venue.
    pub(super) observations: Vec<Observation>,
    /// The first failure among them.
    pub(super) failure: Option<Failure>,
    /// When the answer was there.
    pub(super) received: Instant,
}

/// What a read of working orders brought.
pub(super) struct OrdersRead {
    /// The venue.
    pub(super) venue: VenueName,
    /// The accounts as the poller knew them.
    pub(super) accounts: Accounts,
    /// The account.
    pub(super) account: AccountName,
    /// When they were asked for, by the steady clock.
    pub(super) at: Timestamp,
    /// What was learned.
    pub(super) orders: WorkingOrders,
    /// Whether all of them were read.
    pub(super) are_all: bool,
}
