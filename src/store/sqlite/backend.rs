//! The record in SQLite as what a writer writes to and readers ask.

use super::disk::FilesOfRecord;
use super::open::Store;
use super::read::Reader;
use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::FiringId;
use crate::domain::observation::Timestamp;
use crate::engine::restore::KeptRows;
use crate::store::backend::{Backend, Read, Reads};
use crate::store::batch::{Batch, Written};
use crate::store::entry::{EntryFilter, EntryRow};
use crate::store::error::StoreError;
use crate::store::extent::Extent;
use crate::store::report::FiringReport;
use crate::store::restored::KeptRuleSet;
use crate::store::retention::{Sweep, SweepStep};

impl Backend for Store {
    type Durable = FilesOfRecord;

    fn durable(&mut self) -> FilesOfRecord {
        self.checkpoint_elsewhere()
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        Store::look(self).await
    }

    fn take_number(&mut self) -> i64 {
        Store::take_number(self)
    }

    async fn commit_ahead(&mut self, number: i64, batch: &Batch) -> Result<bool, StoreError> {
        Store::commit_ahead(self, number, batch).await
    }

    async fn write(&mut self, number: i64, batch: &Batch) -> Result<Written, StoreError> {
        self.write_numbered(number, batch).await
    }

    async fn sweep(&mut self, sweep: &mut Sweep) -> Result<SweepStep, StoreError> {
        Store::sweep(self, sweep).await
    }

    async fn close(self) -> Result<(), StoreError> {
        Store::close(self).await
    }
}

impl Reads for Reader {
    fn entries<'a>(&'a self, filter: &'a EntryFilter) -> Read<'a, Vec<EntryRow>> {
        Box::pin(Reader::entries(self, filter))
    }

    fn firing(&self, id: FiringId) -> Read<'_, Option<FiringReport>> {
        Box::pin(Reader::firing(self, id))
    }

    fn kept<'a>(&'a self, account: &'a AccountName, now: Timestamp) -> Read<'a, KeptRows> {
        Box::pin(Reader::kept(self, account, now))
    }

    fn rules_in_force(&self) -> Read<'_, Option<KeptRuleSet>> {
        Box::pin(Reader::rules_in_force(self))
    }

    fn undone_rules(&self) -> Read<'_, Vec<(AccountName, RuleName)>> {
        Box::pin(Reader::undone_rules(self))
    }

    fn extent(&self) -> Read<'_, Extent> {
        Box::pin(Reader::extent(self))
    }

    fn close(&self) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Reader::close(self))
    }
}
