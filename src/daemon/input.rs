//! Everything that reaches the dispatcher, as one closed set.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::venues::Prepared;
use crate::api::status::Status;
use crate::domain::account::{AccountName, VenueName};
use crate::domain::holdings::WorkingOrders;
use crate::domain::observation::{Observation, Timestamp};
use crate::engine::event::{Command, Event};
use crate::store::FlushError;
use crate::venue::Failure;

/// One thing that reached the dispatcher.
pub enum Input {
    /// A poll of a venue ended.
    Polled(Polled),
    /// The working orders of an account were read.
    OrdersRead(OrdersRead),
    /// An answer to a request or a verification read.
    Answer(Event),
    /// A person asks for something and waits until it is on record.
    Person {
        /// What.
        command: Command,
        /// Told once it survives a loss of power, or why that is not known.
        done: oneshot::Sender<Result<(), PersonError>>,
    },
    /// Somebody wants to see the state.
    Show(oneshot::Sender<Status>),
    /// A message could not be delivered.
    NotifyFailed {
        /// To whom, and why.
        message: String,
    },
    /// The rule file is to be read again.
    Reload,
    /// It was read, and what it needs is set up; or this is wrong with it.
    Reloaded(Box<Result<Prepared, String>>),
}

/// Why a person's command was not carried out, or is not known to be on record.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PersonError {
    /// The account is not in the rule file.
    #[error("no account {0} in the rule file")]
    UnknownAccount(AccountName),
    /// It was carried out, but the record is not known to hold it.
    #[error("done, but the record could not be written: {0}")]
    NotRecorded(#[from] FlushError),
}

/// What a poll of a venue brought.
pub struct Polled {
    /// The venue.
    pub venue: VenueName,
    /// An observation for every account of the venue.
    pub observations: Vec<Observation>,
    /// The first failure among them.
    pub failure: Option<Failure>,
    /// When the answer was there.
    pub received: Instant,
}

/// What a read of working orders brought.
pub struct OrdersRead {
    /// The account.
    pub account: AccountName,
    /// When they were asked for, by the steady clock.
    pub at: Timestamp,
    /// What was learned.
    pub orders: WorkingOrders,
}
