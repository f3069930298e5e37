//! A note in the record of what was done by hand, where that can be. What the
//! daemon has taken over stands in its record already.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::{End, Proof};
use crate::cli::printer::Printer;
use crate::daemon::wall;
use crate::domain::account::AccountName;
use crate::domain::plural::counted;
use crate::engine::record::{EntryKind, Fields, LogEntry, RecordRow};
use crate::store::{Batch, Store, StoreError};

/// How long the record may take: the work is done.
const PATIENCE: Duration = Duration::from_secs(3);

/// Notes what was done. A record that a daemon holds, or that is not there, is
/// left alone, and nothing that goes wrong here changes the outcome.
pub(super) async fn write(database: &Path, ended: &BTreeMap<AccountName, End>, out: &Printer) {
    if !database.exists() {
        return;
    }
    let database = database.to_owned();
    let flatten = ended
        .iter()
        .filter(|(_, end)| end.proof != Some(Proof::Daemon));
    let entries: Vec<RecordRow> = flatten.map(entry).collect();
    if entries.is_empty() {
        return;
    }
    let batch = Batch::from(entries);
    match timeout(PATIENCE, add(&database, &batch)).await {
        // The daemon sees for itself what became of the account.
        Ok(Ok(()) | Err(StoreError::InUse { .. })) => {}
        Ok(Err(error)) => out.note(format_args!(
            "this is not noted in the record: {}",
            error.in_full()
        )),
        Err(_) => out.note("this is not noted in the record: it takes too long to answer"),
    }
}

async fn add(database: &Path, batch: &Batch) -> Result<(), StoreError> {
    let mut store = Store::open(database, wall()).await?;
    store.write(batch).await?;
    store.close().await
}

fn entry((account, end): (&AccountName, &End)) -> RecordRow {
    let rounds = match end.proof {
        Some(Proof::Here { rounds }) => Some(rounds),
        Some(Proof::Daemon) | None => None,
    };
    let (kind, message) = match rounds {
        Some(rounds) => (
            EntryKind::Verified,
            format!(
                "{account} was made flat and quiet by hand, without the daemon ({})",
                counted(rounds, "round")
            ),
        ),
        None => (
            EntryKind::EnforcementStuck,
            format!(
                "{account} could not be made flat and quiet by hand, without the daemon: {}",
                end.last
            ),
        ),
    };
    let mut fields = Fields::new();
    fields.put("cause", "person").put_known("rounds", rounds);
    RecordRow::LogEntry(LogEntry {
        at: wall(),
        kind,
        account: Some(account.clone()),
        rule: None,
        firing: None,
        message,
        fields,
    })
}
