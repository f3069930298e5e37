//! Leaving it to another program to see whether what was sent sufficed.

use tokio::sync::mpsc;

use crate::domain::account::{AccountName, AccountNumber};
use crate::engine::event::FlattenSent;

/// An account for which a flatten was sent, and answered or turned away by the
/// venue's rate limit, and nothing of this side is under way any more.
#[derive(Clone, Debug)]
pub struct HandedOver {
    /// The account.
    pub account: AccountName,
    /// Its number at the venue.
    pub number: AccountNumber,
    /// Whom the venue was asked for: the fingerprint of its scope.
    pub scope: String,
    /// How many requests have left for it that the venue did not turn away.
    pub requests: u32,
    /// What became of the flatten.
    pub flatten: FlattenSent,
}

/// What the other program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It sees the accounts of this venue: they may be handed over.
    Willing,
    /// This account was flat and quiet after it was handed over.
    Proven(AccountName),
    /// It does not see them, or does not get on: this side looks by itself, from
    /// now on and for ever.
    Alone,
}

/// The side of the work.
#[derive(Debug)]
pub struct OtherProgram {
    pub(super) handed: mpsc::Sender<HandedOver>,
    pub(super) reports: mpsc::Receiver<Report>,
}

/// Connects both sides of the work on this many accounts: each is handed over and
/// proven once at most, so that neither queue is ever full.
pub fn channel(
    accounts: usize,
) -> (
    OtherProgram,
    mpsc::Receiver<HandedOver>,
    mpsc::Sender<Report>,
) {
    let (handed, receiver) = mpsc::channel(accounts.max(1));
    let (sender, reports) = mpsc::channel(accounts.saturating_add(2));
    (OtherProgram { handed, reports }, receiver, sender)
}
