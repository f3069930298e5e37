//! The record of a run: what waits, what is on disk, and what a restart finds.
//!
//! The real queue groups what is submitted in every run. In some runs the real
//! store writes it to SQLite and reads it back; in the others a model of the
//! record stands in, which the former are compared with at every restart.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use riskd::domain::observation::Timestamp;
use riskd::engine::restore::Kept;
use riskd::store::{Backlog, Batch, Receipt, Store};

use super::durable::Durable;
use super::invariants::Violation;
use super::mutations::Mutation;

/// Where the files of a run lie: in memory, where there is such a place.
const MEMORY: &str = "/dev/shm";

/// What is on disk and what waits for it.
#[derive(Default)]
pub struct Disk {
    backlog: Backlog,
    /// What was committed, by the model.
    pub durable: Durable,
    real: Option<Real>,
    mutation: Option<Mutation>,
    /// Whether the last transaction failed.
    fails: bool,
    /// Transactions.
    pub commits: u64,
}

struct Real {
    store: Option<Store>,
    file: PathBuf,
    is_without_log: bool,
    _folder: Folder,
}

/// A folder of a run's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Folder {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let parent = if Path::new(MEMORY).is_dir() {
            PathBuf::from(MEMORY)
        } else {
            std::env::temp_dir()
        };
        let folder = parent.join(format!("riskd-sim-{}-{number}", std::process::id()));
        // Of a run that was killed, under a number that has come round again.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Disk {
    /// A record in SQLite.
    pub fn real(now: Timestamp, mutation: Option<Mutation>) -> Disk {
        let folder = Folder::make();
        let file = folder.0.join("riskd.db");
        let store = block_on(Store::open(&file, now)).unwrap();
        Disk {
            real: Some(Real {
                store: Some(store),
                file,
                is_without_log: false,
                _folder: folder,
            }),
            mutation,
            ..Disk::default()
        }
    }

    /// Whether SQLite is behind it.
    pub fn is_real(&self) -> bool {
        self.real.is_some()
    }

    pub fn submit(&mut self, batch: Batch) -> Receipt {
        self.backlog.submit(batch)
    }

    /// One transaction with all that waits; says whether it is done.
    pub fn commit(&mut self) -> Result<bool, Violation> {
        let Some(batch) = self.backlog.begin() else {
            return Ok(true);
        };
        let records = match self.real {
            // The model follows what the file took.
            Some(_) => batch.records.clone(),
            None => {
                for record in &batch.records {
                    self.durable.write(record);
                }
                Vec::new()
            }
        };
        let loses = self.loses();
        match &mut self.real {
            None => self.backlog.done(),
            Some(_) if loses => self.backlog.done(),
            Some(real) => {
                let store = real.store.as_mut().unwrap();
                match block_on(self.backlog.write(store)) {
                    Ok(written) if written.refused.is_empty() && written.unmatched == 0 => {}
                    Ok(written) => return Err(format!("I8: the record refused rows: {written:?}")),
                    Err(error) if real.is_without_log => {
                        // It says so, and what was in the log is saved.
                        real.is_without_log = false;
                        self.fails = true;
                        drop(error);
                        return Ok(false);
                    }
                    Err(error) => return Err(format!("I8: {}", error.in_full())),
                }
            }
        }
        self.fails = false;
        self.commits += 1;
        for record in &records {
            self.durable.write(record);
        }
        Ok(true)
    }

    /// The disk does not take a transaction.
    pub fn fail(&mut self) {
        self.fails = true;
        self.backlog.failed("the disk does not answer".to_owned());
    }

    /// Whether the last transaction failed.
    pub fn is_failing(&self) -> bool {
        self.fails
    }

    /// Somebody deletes the write-ahead log under the open record.
    pub fn lose_log(&mut self) {
        let Some(real) = &mut self.real else { return };
        let mut log = real.file.clone().into_os_string();
        log.push("-wal");
        if std::fs::remove_file(log).is_ok() {
            real.is_without_log = true;
        }
    }

    fn loses(&self) -> bool {
        self.mutation == Some(Mutation::LoseTransaction) && self.commits.is_multiple_of(5)
    }

    /// The process is gone, and with it what was not committed.
    pub fn crash(&mut self) {
        self.backlog = Backlog::default();
        self.fails = false;
    }

    /// What the next start reads back; by the model where there is no file.
    pub fn restore(&mut self, now: Timestamp) -> Result<Kept, Violation> {
        let model = self.durable.kept(now);
        let Some(real) = &mut self.real else {
            return Ok(model);
        };
        drop(real.store.take());
        let mut store = block_on(Store::open(&real.file, now)).unwrap();
        let restored = block_on(store.restore()).unwrap();
        real.store = Some(store);
        let kept = restored.into_kept(Vec::new());
        let (found, expected) = (summary(&kept), summary(&model));
        if found != expected {
            return Err(format!(
                "I8: the record gives back {found:?}, and {expected:?} was committed"
            ));
        }
        Ok(kept)
    }
}

/// What a start depends on, in a form that can be compared.
fn summary(kept: &Kept) -> (BTreeSet<String>, String) {
    let mut all = BTreeSet::new();
    all.extend(kept.rows.accounts.iter().map(|row| format!("{row:?}")));
    all.extend(kept.rows.rules.iter().map(|row| format!("{row:?}")));
    all.extend(kept.rows.intents.iter().map(|row| format!("{row:?}")));
    all.extend(kept.rows.recent.iter().map(|row| format!("{row:?}")));
    let lock = |row: &riskd::engine::record::LockRow| (row.account.clone(), row.kind, row.end);
    all.extend(kept.rows.locks.iter().map(|row| format!("{:?}", lock(row))));
    (all, format!("{:?}", kept.next))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for the store on this thread, outside of virtual time: SQLite answers
/// from a thread of its own, and virtual time must not pass meanwhile.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
