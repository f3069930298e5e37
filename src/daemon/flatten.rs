//! Making accounts flat by hand, beside the daemon or without it.
//!
//! It shares nothing with the daemon but the way to flat: no lock, no thread, no
//! record. It works while the daemon hangs, while the rules are broken beyond
//! the accounts, and while the database cannot be written. The accounts of one
//! venue are worked on together.
//!
//! What is missing is always sent from here, and at once. Whether it sufficed is
//! looked at by a daemon that sees the accounts anyway, where there is one: two
//! that look would each take the other's share of the venue's request budget.
//! Else, or once that daemon does not get on, it is looked at from here: one poll
//! a second shows the positions of all.

mod account;
mod accounts;
mod other_program;
mod verifier;

use std::sync::Arc;

use super::connect::connect;
use super::set_up::SetUpError;
use crate::domain::account::AccountName;
use crate::domain::request::{Answer, Write};
use crate::engine::event::ReadFailure;
use crate::rules::Target;
use crate::rules::settings;
use crate::venue::Venue;

pub use other_program::{HandedOver, OtherProgram, Report, channel};

use accounts::FlattenAccounts;

/// What happens while an account is made flat, to be shown as it happens.
#[derive(Debug)]
pub enum Progress {
    /// A request goes out.
    Sent {
        /// The round, from 1.
        round: u32,
        /// What is asked.
        write: Write,
    },
    /// A request was answered.
    Answered {
        /// What was asked.
        write: Write,
        /// What came of it.
        answer: Answer,
    },
    /// What was seen after the last request shows what is still there.
    NotYet {
        /// It, in words.
        holdings: String,
    },
    /// A read learned nothing.
    ReadFailed {
        /// Why.
        failure: ReadFailure,
    },
    /// The account is flat and quiet, by what was read after the last request.
    Done {
        /// How many rounds it took.
        rounds: u32,
    },
    /// The account is flat and quiet, as was proven elsewhere after the last
    /// request of this side.
    ProvenByOther,
}

/// Sets up a venue for [`flatten`].
///
/// # Errors
/// What is wrong with its secret or its address.
pub fn set_up(config: &settings::Venue) -> Result<Arc<dyn Venue>, SetUpError> {
    connect(config)
}

/// Makes accounts of one venue flat and quiet and tells of each step. Goes on
/// until all are; the caller bounds it. With `other`, it is left to another
/// program to see whether what was sent sufficed, as long as that one is willing.
pub async fn flatten(
    venue: Arc<dyn Venue>,
    targets: &[Target],
    other: Option<OtherProgram>,
    tell: &mut impl FnMut(&AccountName, Progress),
) {
    let (mut accounts, events) = FlattenAccounts::new(venue, targets, other);
    accounts.run(events, tell).await;
}
