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
use riskd::store::{Backlog, Batch, Store};

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
    /// Transactions.
    pub commits: u64,
}

struct Real {
    store: Option<Store>,
    file: PathBuf,
    _folder: Folder,
}

/// A folder of a run's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Folder {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let parent = match Path::new(MEMORY).is_dir() {
            true => PathBuf::from(MEMORY),
            false => std::env::temp_dir(),
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

    pub fn submit(&mut self, batch: Batch) {
        self.backlog.submit(batch);
    }

    /// One transaction with all that waits.
    pub fn commit(&mut self) -> Result<(), Violation> {
        let Some(batch) = self.backlog.begin() else {
            return Ok(());
        };
        self.commits += 1;
        for record in &batch.records {
            self.durable.write(record);
        }
        let loses = self.loses();
        match &mut self.real {
            None => self.backlog.done(),
            Some(_) if loses => self.backlog.done(),
            Some(real) => {
                let store = real.store.as_mut().unwrap();
                let written = block_on(self.backlog.write(store)).unwrap();
                if !written.refused.is_empty() || written.unmatched > 0 {
                    return Err(format!("I8: the record refused rows: {written:?}"));
                }
            }
        }
        Ok(())
    }

    fn loses(&self) -> bool {
        self.mutation == Some(Mutation::LoseTransaction) && self.commits.is_multiple_of(5)
    }

    /// The process is gone, and with it what was not committed.
    pub fn crash(&mut self) {
        self.backlog = Backlog::default();
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
    all.extend(kept.accounts.iter().map(|row| format!("{row:?}")));
    all.extend(kept.rules.iter().map(|row| format!("{row:?}")));
    all.extend(kept.intents.iter().map(|row| format!("{row:?}")));
    all.extend(kept.recent.iter().map(|row| format!("{row:?}")));
    let lock = |row: &riskd::engine::record::LockRow| (row.account.clone(), row.kind, row.end);
    all.extend(kept.locks.iter().map(|row| format!("{:?}", lock(row))));
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
