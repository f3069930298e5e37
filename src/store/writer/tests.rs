//! The writer over a disk that fails when it is told to, in paused time; and
//! over a real file that is full.

use std::collections::VecDeque;
use std::path::PathBuf;

use std::sync::Mutex;

use super::super::backend::Durable;
use super::super::batch::{Batch, RuleSetRow};
use super::super::handle::FlushError;
use super::super::queue::Lost;
use super::super::receipt::NotCommitted;
use super::super::retention::{Retention, Sweep, SweepStep};
use super::super::sqlite::tests::{line, now, passing, place, vital};
use super::*;
use crate::domain::account::AccountName;
use crate::domain::ids::{FiringId, IntentId};
use crate::domain::lock::{LockEnd, LockKind};
use crate::engine::record::{EntryKind, IntentEnd, LockRow, RecordRow};

const LONG: Duration = Duration::from_secs(3_600);

/// What the disk does next; it is well when nothing is left.
enum DiskState {
    Full,
    Hangs(Duration),
}

/// One try to write.
#[derive(Clone, Debug)]
struct Try {
    at: Instant,
    number: i64,
    batch: Batch,
    is_ok: bool,
}

#[derive(Default)]
struct Fake {
    next: i64,
    states: Arc<Mutex<VecDeque<DiskState>>>,
    tries: Arc<Mutex<Vec<Try>>>,
    disk_states: Arc<Mutex<VecDeque<DiskState>>>,
    syncs: Arc<Mutex<Vec<Instant>>>,
}

/// The disk under it.
#[derive(Default)]
struct FakeDisk {
    states: Arc<Mutex<VecDeque<DiskState>>>,
    syncs: Arc<Mutex<Vec<Instant>>>,
}

impl Durable for FakeDisk {
    async fn sync(&mut self) -> Result<(), StoreError> {
        let state = self.states.lock().unwrap().pop_front();
        if let Some(DiskState::Hangs(time)) = state {
            sleep(time).await;
        }
        if matches!(state, Some(DiskState::Full)) {
            return Err(StoreError::DiskFull {
                path: PathBuf::from("riskd.db-wal"),
            });
        }
        self.syncs.lock().unwrap().push(Instant::now());
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(self) {}
}

impl Backend for Fake {
    type Durable = FakeDisk;

    fn durable(&mut self) -> FakeDisk {
        FakeDisk {
            states: Arc::clone(&self.disk_states),
            syncs: Arc::clone(&self.syncs),
        }
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn take_number(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    async fn commit_ahead(&mut self, _: i64, _: &Batch) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn write(&mut self, number: i64, batch: &Batch) -> Result<Written, StoreError> {
        let state = self.states.lock().unwrap().pop_front();
        if let Some(DiskState::Hangs(time)) = state {
            sleep(time).await;
        }
        let is_ok = !matches!(state, Some(DiskState::Full));
        self.tries.lock().unwrap().push(Try {
            at: Instant::now(),
            number,
            batch: batch.clone(),
            is_ok,
        });
        if is_ok {
            return Ok(Written {
                rows: batch.rows(),
                ..Written::default()
            });
        }
        Err(StoreError::DiskFull {
            path: PathBuf::from("riskd.db"),
        })
    }

    async fn sweep(&mut self, _sweep: &mut Sweep) -> Result<SweepStep, StoreError> {
        Ok(SweepStep {
            deleted: 1,
            minutes: 0,
            is_last: true,
        })
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A writer over a disk that does this, and what it tried.
struct Setup {
    handle: StoreHandle,
    writer: tokio::task::JoinHandle<Drained>,
    tries: Arc<Mutex<Vec<Try>>>,
    syncs: Arc<Mutex<Vec<Instant>>>,
}

impl Setup {
    fn new(states: impl IntoIterator<Item = DiskState>) -> Setup {
        Setup::with(states, [])
    }

    fn with(
        states: impl IntoIterator<Item = DiskState>,
        disk: impl IntoIterator<Item = DiskState>,
    ) -> Setup {
        let sink = Fake::default();
        sink.states.lock().unwrap().extend(states);
        sink.disk_states.lock().unwrap().extend(disk);
        let tries = Arc::clone(&sink.tries);
        let syncs = Arc::clone(&sink.syncs);
        let (handle, worker) = Worker::new(sink);
        Setup {
            handle,
            writer: tokio::spawn(worker.run()),
            tries,
            syncs,
        }
    }

    fn tries(&self) -> Vec<Try> {
        self.tries.lock().unwrap().clone()
    }

    /// The lines that were written, in order.
    fn lines(&self) -> Vec<String> {
        let tries = self.tries();
        let written = tries.iter().filter(|attempt| attempt.is_ok);
        written
            .flat_map(|attempt| attempt.batch.records.iter())
            .filter_map(|record| match record {
                RecordRow::LogEntry(entry) => Some(entry.message.clone()),
                _ => None,
            })
            .collect()
    }

    /// Waits until the first try has failed.
    async fn degraded(&self) -> Health {
        let mut health = self.handle.health();
        let degraded = timeout(LONG, health.wait_for(|health| *health != Health::Good)).await;
        degraded.unwrap().unwrap().clone()
    }

    async fn close(self) -> Drained {
        self.handle.close(LONG);
        self.writer.await.unwrap()
    }
}

fn full(times: usize) -> impl Iterator<Item = DiskState> {
    (0..times).map(|_| DiskState::Full)
}

fn lock(account: usize) -> RecordRow {
    RecordRow::Lock(LockRow {
        account: AccountName::from(account.to_string().as_str()),
        kind: LockKind::Lock,
        since: now(),
        end: LockEnd::Manual,
        reason: "limit".to_owned(),
        firing: Some(FiringId(1)),
    })
}

fn state(account: &str, state: usize) -> RecordRow {
    RecordRow::AccountState {
        account: account.into(),
        state: state.to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_is_tried_again_as_it_is_without_end() {
    let setup = Setup::new(full(8));
    setup.handle.submit(vital("first"));
    setup.degraded().await;
    setup.handle.submit(vital("second"));
    setup.handle.flush(LONG).await.unwrap();
    let tries = setup.tries();
    let waits: Vec<u128> = tries
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at).as_millis())
        .collect();
    assert_eq!(
        waits,
        [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 0]
    );
    for attempt in &tries[..9] {
        assert_eq!(attempt.number, 1);
        assert_eq!(attempt.batch, vital("first"), "what came later waits");
    }
    assert_eq!(setup.lines(), ["first", "second"]);
    assert_eq!(setup.handle.counters().failures, 8);
    assert_eq!(setup.close().await.left.rows(), 0);
}

#[tokio::test(start_paused = true)]
async fn health_changes_once_each_way_and_says_what_waits() {
    let setup = Setup::new(full(3));
    let mut health = setup.handle.health();
    assert_eq!(*health.borrow_and_update(), Health::Good);
    let begun = Instant::now();
    setup.handle.submit(vital("first"));
    health.changed().await.unwrap();
    let Health::Degraded {
        since,
        reason,
        waiting,
        lost,
    } = health.borrow_and_update().clone()
    else {
        panic!("good");
    };
    assert_eq!(since, begun);
    assert_eq!(reason, "no space is left for the record riskd.db");
    assert_eq!((waiting.rows(), lost), (1, Lost::default()));

    setup.handle.submit(passing("second"));
    health.changed().await.unwrap();
    let Health::Degraded { since, waiting, .. } = health.borrow_and_update().clone() else {
        panic!("good");
    };
    assert_eq!(since, begun, "still the same failure");
    assert_eq!((waiting.log, waiting.passing), (1, 1));

    setup.handle.flush(LONG).await.unwrap();
    assert!(health.has_changed().unwrap());
    assert_eq!(*health.borrow_and_update(), Health::Good);
    setup.handle.submit(vital("third"));
    setup.handle.flush(LONG).await.unwrap();
    assert!(!health.has_changed().unwrap(), "nothing new to say");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_is_reported_and_waited_for() {
    let setup = Setup::new([DiskState::Hangs(Duration::from_secs(60))]);
    let begun = Instant::now();
    setup.handle.submit(vital("slow"));
    let degraded = setup.degraded().await;
    assert_eq!(begun.elapsed(), SLOW);
    let Health::Degraded { since, reason, .. } = degraded else {
        panic!("good");
    };
    assert_eq!(since, begun);
    assert!(reason.contains("not answered"), "{reason}");
    setup.handle.flush(LONG).await.unwrap();
    assert_eq!(*setup.handle.health().borrow(), Health::Good);
    assert_eq!(setup.tries().len(), 2, "the slow one and the flush");
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_bounded_by_kind_and_locks_outlast_the_log() {
    let setup = Setup::new(full(100));
    setup.handle.submit(vital("frozen"));
    setup.degraded().await;
    let many = Waiting::MOST_STORY + 500;
    for n in 0..many {
        let mut batch = vital(&n.to_string());
        batch.records.extend(passing(&n.to_string()).records);
        batch.records.push(state("a", n));
        batch.records.push(state("b", n));
        if n % 100 == 0 {
            batch.records.push(lock(n));
        }
        setup.handle.submit(batch);
    }
    let lost = setup.handle.counters().lost;
    assert_eq!(lost.log, 500);
    assert_eq!(
        lost.passing,
        u64::try_from(many - Waiting::MOST_PASSING).unwrap()
    );
    assert_eq!(lost.control, 0);
    let refused = setup.handle.record(vital("one more"), LONG).await;
    assert_eq!(refused, Err(FlushError::Lost { rows: 1 }));
    let locked = setup.handle.record(vec![lock(1)].into(), Duration::ZERO);
    let late = FlushError::Late {
        within: Duration::ZERO,
    };
    assert_eq!(locked.await, Err(late), "there is room for a lock");

    setup.handle.flush(LONG).await.unwrap();
    let tries = setup.tries();
    let last = &tries.last().unwrap().batch.records;
    let locks = last.iter().filter(|r| matches!(r, RecordRow::Lock(_)));
    assert_eq!(locks.count(), many.div_ceil(100) + 1);
    let states: Vec<&RecordRow> = last
        .iter()
        .filter(|record| matches!(record, RecordRow::AccountState { .. }))
        .collect();
    assert_eq!(
        states,
        [&state("a", many - 1), &state("b", many - 1)],
        "only the newest of each counts"
    );
    let lines = setup.lines();
    let vital_lines = lines.len() - Waiting::MOST_PASSING;
    assert_eq!(vital_lines, Waiting::MOST_STORY + 1, "the first ones");
    assert_eq!(setup.close().await.left.rows(), 0);
}

#[tokio::test(start_paused = true)]
async fn rows_that_a_restart_needs_are_bounded_too() {
    let setup = Setup::new(full(100));
    setup.handle.submit(vital("frozen"));
    setup.degraded().await;
    let ended = |id| RecordRow::IntentEnded {
        id: IntentId(id),
        at: now(),
        end: IntentEnd::Verified,
    };
    for id in 0..i64::try_from(Waiting::MOST_CONTROL).unwrap() {
        setup.handle.submit(vec![ended(id)].into());
    }
    assert_eq!(setup.handle.counters().lost.control, 0);
    setup.handle.submit(vec![ended(-1)].into());
    setup.handle.submit(Batch {
        rule_sets: vec![RuleSetRow {
            hash: String::new(),
            text: String::new(),
            files: None,
            loaded_at: now(),
        }],
        ..Batch::default()
    });
    assert_eq!(setup.handle.counters().lost.control, 2);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_vital_or_awaited_is_synced() {
    let setup = Setup::new([]);
    let syncs = || setup.syncs.lock().unwrap().len();
    setup
        .handle
        .submit(passing("a"))
        .committed(LONG)
        .await
        .unwrap();
    sleep(SLOW).await;
    assert_eq!(syncs(), 0);
    setup.handle.flush(LONG).await.unwrap();
    assert_eq!(syncs(), 1, "what was written before");
    setup.handle.record(vital("b"), LONG).await.unwrap();
    assert_eq!(syncs(), 2);
    setup
        .handle
        .submit(vital("c"))
        .committed(LONG)
        .await
        .unwrap();
    sleep(SLOW).await;
    assert_eq!(syncs(), 3, "though nobody waits for it");
}

const SOON: Duration = Duration::from_millis(20);

#[tokio::test(start_paused = true)]
async fn a_receipt_is_late_after_its_time_and_not_once_for_each_who_asks() {
    let setup = Setup::new([DiskState::Hangs(Duration::from_secs(3))]);
    let receipt = setup.handle.submit(vital("slow"));
    let begun = Instant::now();
    let late = Err(NotCommitted::Late { within: SOON });
    for _ in 0..20 {
        assert_eq!(receipt.clone().committed(SOON).await, late);
    }
    assert_eq!(begun.elapsed(), SOON, "twenty requests of one firing");
    receipt.committed(LONG).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    receipt.committed(Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_record_that_is_known_to_be_broken() {
    let setup = Setup::new(full(3));
    let first = setup.handle.submit(vital("first"));
    setup.degraded().await;
    let begun = Instant::now();
    for receipt in [first.clone(), setup.handle.submit(vital("second"))] {
        let Err(NotCommitted::Degraded { reason }) = receipt.committed(SOON).await else {
            panic!("it is committed");
        };
        assert_eq!(reason, "no space is left for the record riskd.db");
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
    setup.handle.flush(LONG).await.unwrap();
    first.committed(SOON).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_receipt_of_a_closed_record_says_so() {
    let setup = Setup::new([]);
    let handle = setup.handle.clone();
    setup.close().await;
    let closed = handle.submit(vital("too late")).committed(SOON).await;
    assert_eq!(closed, Err(NotCommitted::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_hangs_holds_up_who_waits_for_it_and_no_commit() {
    let setup = Setup::with([], [DiskState::Hangs(Duration::from_secs(60))]);
    let begun = Instant::now();
    let by_hand = setup.handle.record(vital("by hand"), SLOW).await;
    assert_eq!(by_hand, Err(FlushError::Late { within: SLOW }));
    for n in 0..5 {
        let fired = setup.handle.submit(vital(&n.to_string()));
        fired.committed(SOON).await.unwrap();
    }
    let Health::Degraded { reason, .. } = setup.degraded().await else {
        panic!("good");
    };
    assert!(reason.contains("not answered"), "{reason}");
    let fired = setup.handle.submit(vital("fired"));
    fired.committed(SOON).await.unwrap();
    assert_eq!(begun.elapsed(), SLOW, "rows are written at once");
    setup.handle.flush(LONG).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
    assert_eq!(*setup.handle.health().borrow(), Health::Good);
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_fails_is_tried_again_before_anything_is_acknowledged() {
    let setup = Setup::with([], full(3));
    let begun = Instant::now();
    let handle = setup.handle.clone();
    let by_hand = tokio::spawn(async move { handle.record(vital("by hand"), LONG).await });
    setup.degraded().await;
    assert!(!by_hand.is_finished());
    by_hand.await.unwrap().unwrap();
    assert_eq!(begun.elapsed(), Duration::from_millis(250 + 500 + 1_000));
    assert_eq!(setup.syncs.lock().unwrap().len(), 1);
    assert_eq!(setup.close().await.left.rows(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_together() {
    let setup = Setup::new([]);
    for n in 0..100 {
        setup.handle.submit(vital(&n.to_string()));
    }
    setup.handle.flush(LONG).await.unwrap();
    assert_eq!(setup.tries().len(), 1);
    let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    assert_eq!(setup.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn ending_waits_for_the_disk_until_the_deadline_and_says_what_is_left() {
    let setup = Setup::new(full(1_000));
    setup.handle.submit(vital("frozen"));
    setup.degraded().await;
    setup.handle.submit(vital("waits"));
    setup.handle.submit(passing("waits too"));
    let begun = Instant::now();
    setup.handle.close(Duration::from_secs(7));
    let handle = setup.handle.clone();
    let drained = setup.writer.await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
    assert_eq!((drained.left.log, drained.left.passing), (2, 1));
    assert_eq!(handle.counters().lost.log, 2);
    handle.submit(vital("too late"));
    assert_eq!(handle.counters().lost.log, 3);
    assert_eq!(handle.flush(LONG).await, Err(FlushError::Closed));
}

#[tokio::test(start_paused = true)]
async fn ending_tries_at_once_instead_of_waiting_on() {
    let setup = Setup::new(full(6));
    setup.handle.submit(vital("frozen"));
    while setup.tries().len() < 6 {
        tokio::time::advance(Duration::from_millis(250)).await;
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    let tries = Arc::clone(&setup.tries);
    assert_eq!(setup.close().await.left.rows(), 0);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(tries.lock().unwrap().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn old_samples_are_deleted_when_asked_for() {
    let setup = Setup::new([]);
    setup.handle.retain(now(), Retention::default());
    while setup.handle.counters().deleted == 0 {
        tokio::task::yield_now().await;
    }
}

/// On a real file, in real time: the waits are those of the first few tries.
#[tokio::test]
async fn a_full_disk_loses_nothing_vital() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    store.set("pragma max_page_count = 1").await;
    let (handle, mut worker) = Worker::new(store);
    let text = "x".repeat(5_000);
    let kind = EntryKind::Fired;
    for n in 0..20 {
        let records = vec![lock(n), line(kind, &format!("{n} {text}")), state("a", n)];
        handle.submit(records.into());
    }
    let mut health = handle.health();
    let degraded = tokio::select! {
        () = worker.work() => None,
        health = health.wait_for(|health| *health != Health::Good) => Some(health.unwrap().clone()),
        () = sleep(Duration::from_secs(20)) => None,
    };
    let Some(Health::Degraded { reason, .. }) = degraded else {
        panic!("{degraded:?}");
    };
    assert!(reason.contains("no space"), "{reason}");
    for n in 20..40 {
        let records = vec![lock(n), line(kind, &n.to_string()), state("a", n)];
        handle.submit(records.into());
    }

    worker.sink.set("pragma max_page_count = 100000").await;
    let worker = tokio::spawn(worker.run());
    handle.flush(LONG).await.unwrap();
    assert_eq!(*handle.health().borrow(), Health::Good);
    handle.close(LONG);
    assert_eq!(worker.await.unwrap().left.rows(), 0);
    let mut store = Store::open(&path, now()).await.unwrap();
    let restored = store.restore().await.unwrap();
    assert_eq!(restored.kept.locks.len(), 40);
    assert_eq!(restored.kept.accounts[0].1, "39");
    let order = "select group_concat(cast(message as integer)) from entries";
    let expected: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    assert_eq!(store.ask(order).await, expected.join(","));
}
