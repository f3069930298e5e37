//! How long a batch takes to be written, and how large a file is checked how
//! fast. Run with `cargo bench --bench store`; `TMPDIR` chooses the disk.
#![allow(missing_docs, reason = "a bench")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints what it found, or fails"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use riskd::domain::account::AccountName;
use riskd::domain::ids::{FiringId, IntentId, RequestId};
use riskd::domain::lock::{LockEnd, LockKind};
use riskd::domain::observation::{Figures, Timestamp};
use riskd::domain::request::Write;
use riskd::engine::record::{
    Cause, EntryKind, Fields, FiringRow, Goal, IntentRow, LockRow, LogEntry, RecordRow, RequestRow,
};
use riskd::store::{Batch, Quality, Retention, Sample, Store, StoreHandle, Writer};

const ACCOUNTS: i64 = 20;
const RULES: i64 = 10;

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_772_721_000 + seconds, 0).unwrap()
}

fn account(number: i64) -> AccountName {
    format!("apex-{number}").as_str().into()
}

fn sample(number: i64, second: i64) -> Sample {
    Sample {
        account: account(number),
        at: at(second),
        quality: Quality::Good,
        figures: Figures {
            realized: Some("-12.50".parse().unwrap()),
            unrealized: Some("512.50".parse().unwrap()),
            balance: Some("50000.00".parse().unwrap()),
            equity: Some("50512.50".parse().unwrap()),
        },
        positions: Some("ES 03-26:+2@5000.25;NQ 03-26:-1@18000".to_owned()),
        orders: Some(3),
    }
}

/// One observation of each account: samples and what the accounts remember.
fn samples(second: i64) -> Batch {
    Batch {
        samples: (0..ACCOUNTS).map(|n| sample(n, second)).collect(),
        records: (0..ACCOUNTS)
            .map(|n| RecordRow::AccountState {
                account: account(n),
                state: format!("{{\"opened\":\"50000.00\",\"mark\":\"{second}\"}}").repeat(4),
            })
            .collect(),
        ..Batch::default()
    }
}

/// The same with the state of ten rules an account.
fn samples_and_states(second: i64) -> Batch {
    let mut batch = samples(second);
    for n in 0..ACCOUNTS * RULES {
        batch.records.push(RecordRow::RuleState {
            account: account(n / RULES),
            rule: format!("rule {}", n % RULES).as_str().into(),
            state: format!("{{\"mark\":\"{second}.00\",\"fired\":false}}"),
        });
    }
    batch
}

/// All that one firing brings: firing, state, two intents, lock, two requests,
/// three lines.
fn firing(number: i64) -> Batch {
    let (account, rule, at) = (
        account(number % ACCOUNTS),
        "daily loss limit".into(),
        at(number),
    );
    let mut evidence = Fields::new();
    evidence.put("value", "-1012.50").put("limit", "-1000.00");
    let line = |kind: EntryKind| {
        RecordRow::LogEntry(LogEntry {
            at,
            kind,
            account: Some(account.clone()),
            rule: Some("daily loss limit".into()),
            firing: Some(FiringId(number)),
            message: "daily loss limit fired on apex-1: session P&L -1,012.50".to_owned(),
            fields: evidence.clone(),
        })
    };
    let mut records = vec![
        RecordRow::Firing(FiringRow {
            id: FiringId(number),
            account: account.clone(),
            rule,
            at,
            actions: vec!["cancel_orders", "flatten", "lock"],
            evidence: evidence.clone(),
            rules_hash: "0".repeat(64),
        }),
        RecordRow::Lock(LockRow {
            account: account.clone(),
            kind: LockKind::Lock,
            since: at,
            end: LockEnd::At(at + TimeDelta::hours(8)),
            reason: "daily loss limit".to_owned(),
            firing: Some(FiringId(number)),
        }),
        line(EntryKind::Fired),
        line(EntryKind::Locked),
        line(EntryKind::EnforcementStarted),
    ];
    for part in 0..2 {
        let id = number * 2 + part;
        records.push(RecordRow::Intent(IntentRow {
            id: IntentId(id),
            account: account.clone(),
            goal: Goal::FlatAndQuiet,
            cause: Cause::Firing(FiringId(number)),
            at,
        }));
        records.push(RecordRow::Request(RequestRow {
            id: RequestId(id),
            account: account.clone(),
            write: Write::Flatten,
            round: 1,
            at,
            intents: vec![IntentId(id)],
        }));
    }
    records.into()
}

/// All accounts fire in one poll.
fn firings(first: i64) -> Batch {
    let mut all = samples(first);
    for number in first..first + ACCOUNTS {
        all.records.extend(firing(number).records);
    }
    all
}

/// How long a request waits for the commit of its firing.
async fn committed(name: &str, handle: &StoreHandle, batch: impl Fn(i64) -> Batch) {
    let mut times = Vec::new();
    let mut late = 0;
    for number in 0..300 {
        let batch = batch(number);
        let begun = Instant::now();
        let receipt = handle.submit(batch);
        let waited = receipt.committed(Duration::from_millis(20)).await;
        late += i32::from(waited.is_err());
        receipt.committed(Duration::from_secs(60)).await.unwrap();
        times.push(begun.elapsed());
        // What follows is not in its way: the writer is idle when a rule fires.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    print(name, times);
    println!("{:44} {late} of 300", "  later than 20 ms");
}

/// How long a person waits for what survives a loss of power.
async fn synced(name: &str, handle: &StoreHandle) {
    let mut times = Vec::new();
    for number in 0..300 {
        let batch = firing(20_000 + number);
        let begun = Instant::now();
        let within = Duration::from_secs(60);
        handle.record(batch, within).await.unwrap();
        times.push(begun.elapsed());
    }
    print(name, times);
}

/// The smallest batch: one line.
fn one_line(number: i64) -> Batch {
    let batch = firing(number);
    let line = batch.records.into_iter().nth(2);
    line.into_iter().collect::<Vec<_>>().into()
}

async fn measure(name: &str, store: &mut Store, rounds: i64, batch: impl Fn(i64) -> Batch) {
    let mut times = Vec::new();
    for number in 1..=rounds {
        let batch = batch(number);
        let begun = Instant::now();
        let written = store.write(&batch).await.unwrap();
        times.push(begun.elapsed());
        assert!(written.refused.is_empty(), "{:?}", written.refused);
    }
    print(name, times);
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let share = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    println!(
        "{name:44} p50 {:>10.1?}  p99 {:>10.1?}  max {:>10.1?}",
        share(50),
        share(99),
        share(100)
    );
}

fn main() {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("riskd.db");
    let begun = Instant::now();
    let mut store = Store::open(&path, at(0)).await.unwrap();
    println!("{:44} {:.1?}", "open a new record", begun.elapsed());

    measure("20 samples, 20 states", &mut store, 3_000, samples).await;
    measure(
        "20 samples, 220 states",
        &mut store,
        1_000,
        samples_and_states,
    )
    .await;
    measure("one line", &mut store, 500, one_line).await;
    measure("a firing with all its rows", &mut store, 500, firing).await;

    let (handle, writer) = Writer::new(store);
    let writer = tokio::spawn(writer.run());
    committed("a firing, submitted to committed", &handle, |n| {
        firing(1_000 + n)
    })
    .await;
    committed("20 firings, submitted to committed", &handle, |n| {
        firings(2_000 + n * ACCOUNTS)
    })
    .await;
    synced("a firing, submitted to acknowledged", &handle).await;
    let begun = Instant::now();
    let mut submitted = Vec::new();
    for second in 0..2_000 {
        let batch = samples(10_000 + second);
        let begun = Instant::now();
        handle.submit(batch);
        submitted.push(begun.elapsed());
        if second % 20 == 0 {
            handle.flush(Duration::from_secs(60)).await.unwrap();
        }
    }
    handle.flush(Duration::from_secs(60)).await.unwrap();
    print("submit 20 samples, 20 states", submitted);
    println!(
        "{:44} {:.0} samples/s",
        "through the writer",
        40_000.0 / begun.elapsed().as_secs_f64()
    );
    handle.close(Duration::from_secs(60));
    writer.await.unwrap();

    let size = std::fs::metadata(&path).unwrap().len();
    let begun = Instant::now();
    let mut store = Store::open(&path, at(0)).await.unwrap();
    let opened = begun.elapsed();
    let begun = Instant::now();
    store.restore().await.unwrap();
    println!(
        "{:44} {opened:.1?}, restore {:.1?}",
        format!("open a record of {:.1} MB, checked", size as f64 / 1e6),
        begun.elapsed()
    );
    let begun = Instant::now();
    let verified = store.reader().verify(None).await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.findings);
    println!(
        "{:44} {:.1?}",
        format!("verify {} links and rows", verified.links + verified.rows),
        begun.elapsed()
    );
    let begun = Instant::now();
    let backup = store.reader().backup(&folder.path().join("copy.db")).await;
    println!(
        "{:44} {:.1?}",
        format!(
            "back up {:.1} MB, verified",
            backup.unwrap().bytes as f64 / 1e6
        ),
        begun.elapsed()
    );
    let reader = store.reader();
    let copy = folder.path().join("copy-2.db");
    let backup = tokio::spawn(async move { reader.backup(&copy).await });
    measure(
        "20 samples, 20 states, during a backup",
        &mut store,
        500,
        |n| samples(20_000 + n),
    )
    .await;
    let is_done = backup.is_finished();
    backup.await.unwrap().unwrap();
    println!("{:44} {is_done}", "  the backup ended meanwhile");
    store.close().await.unwrap();
    roll_up(&folder.path().join("old.db")).await;
}

/// An hour of twenty accounts at one sample a second each.
async fn roll_up(path: &std::path::Path) {
    let mut store = Store::open(path, at(0)).await.unwrap();
    for second in 0..3_600 {
        store.write(&samples(second)).await.unwrap();
    }
    let now = at(86_400 * 9);
    let begun = Instant::now();
    let done = store.retain(now, Retention::default()).await.unwrap();
    println!(
        "{:44} {} rows in {:.1?}",
        "roll up old samples",
        done.deleted,
        begun.elapsed()
    );
}
