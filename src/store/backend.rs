//! What a record is kept in: the seam between riskd and a database.
//!
//! A backend writes batches and reads back what was written; everything else, the
//! queue, the retries, who waits for what, is the same whatever it is kept in.

use std::pin::Pin;

use super::batch::{Batch, Written};
use super::entry::{EntryFilter, EntryRow};
use super::error::StoreError;
use super::extent::Extent;
use super::report::FiringReport;
use super::restored::KeptRuleSet;
use super::retention::{Sweep, SweepStep};
use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::FiringId;
use crate::domain::observation::Timestamp;
use crate::engine::restore::KeptRows;

/// What the [`Writer`](super::Writer) writes to.
pub(super) trait Backend: Send {
    type Durable: Durable;

    /// What brings commits to where they survive a loss of power. From now on this
    /// does it, and no commit waits for it.
    fn durable(&mut self) -> Self::Durable;

    /// Sees that what is written to is still there.
    fn look(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A number for a batch, under which it may be tried more than once.
    fn take_number(&mut self) -> i64;

    /// Commits a batch ahead of its writing, in a form that is soon done: a start
    /// writes it where [`Backend::write`] never did. `false` when nothing was done.
    fn commit_ahead(
        &mut self,
        number: i64,
        batch: &Batch,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes a batch in one transaction, once, however often it is tried under
    /// this number.
    fn write(
        &mut self,
        number: i64,
        batch: &Batch,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    /// Takes one step of a walk over what is old.
    fn sweep(
        &mut self,
        sweep: &mut Sweep,
    ) -> impl Future<Output = Result<SweepStep, StoreError>> + Send;

    /// Closes it in order.
    fn close(self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What makes commits survive a loss of power, beside the writer.
pub(super) trait Durable: Send + 'static {
    /// Has all that was committed before survive a loss of power.
    fn sync(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Puts what was committed in order, as far as that is possible beside those
    /// who read and write: a write-ahead log is moved into its database.
    fn checkpoint(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Lets go of it.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// What a read gives.
pub type Read<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What the API and the commands ask a record.
pub trait Reads: std::fmt::Debug + Send + Sync {
    /// The log entries that pass the filter.
    fn entries<'a>(&'a self, filter: &'a EntryFilter) -> Read<'a, Vec<EntryRow>>;

    /// The firing with this number and all that came of it; `None` when there is
    /// none.
    fn firing(&self, id: FiringId) -> Read<'_, Option<FiringReport>>;

    /// What is kept under the name of one account, for who takes it up at this
    /// time.
    fn kept<'a>(&'a self, account: &'a AccountName, now: Timestamp) -> Read<'a, KeptRows>;

    /// The rule set that was put into force last.
    fn rules_in_force(&self) -> Read<'_, Option<KeptRuleSet>>;

    /// The rules that have fired and whose firing was not carried out, because
    /// riskd only observed, each with its account.
    fn undone_rules(&self) -> Read<'_, Vec<(AccountName, RuleName)>>;

    /// How large the record is now.
    fn extent(&self) -> Read<'_, Extent>;

    /// Lets go of the record.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
