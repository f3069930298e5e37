//! What is acknowledged survives the end of the process, whenever it comes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use riskd::domain::lock::LockEnd;
use riskd::engine::record::{Cause, Goal, RecordRow};
use riskd::store::{Batch, EntryFilter, Writer};

use super::*;

const PATH: &str = "RISKD_TEST_RECORD";

/// One whole transaction of the child: firing, state, intent, lock and line
/// carry the same number.
fn transaction(number: i64) -> Batch {
    Batch {
        samples: vec![sample(number)],
        records: vec![
            RecordRow::Firing(firing(number)),
            RecordRow::RuleState {
                account: account(),
                rule: rule(),
                state: number.to_string(),
            },
            RecordRow::Intent(intent(
                number,
                Goal::FlatAndQuiet,
                Cause::Firing(FiringId(number)),
            )),
            RecordRow::Lock(lock(
                LockEnd::At(at(number)),
                &number.to_string(),
                Some(number),
            )),
            line(&number.to_string()),
        ],
        ..Batch::default()
    }
}

/// The process that is killed; started by the test below.
#[tokio::test]
#[ignore = "a part of the next test"]
async fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(PATH) else {
        return;
    };
    let mut store = Store::open(Path::new(&path), at(0)).await.unwrap();
    let first = store.restore().await.unwrap().next.firing.0;
    let (handle, writer) = Writer::new(store);
    let _writer = tokio::spawn(writer.run());
    for number in first.. {
        handle
            .record(transaction(number), Duration::from_secs(20))
            .await
            .unwrap();
        eprintln!("durable {number}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let place = Place::new();
    let mut acknowledged = 0;
    for round in 1..=8 {
        acknowledged = run_and_kill(&place, acknowledged + round * 3);
        let mut store = place.open().await;
        let restored = store.restore().await.unwrap();
        let last = restored.next.firing.0 - 1;
        let verified = store.reader().verify(None).await.unwrap();
        assert_eq!(verified.findings, []);
        assert!(
            last >= acknowledged,
            "{last} in the record of {acknowledged}"
        );
        // All parts of each transaction are there, or none.
        let text = last.to_string();
        assert_eq!(restored.kept.rules[0].2, text);
        assert_eq!(restored.kept.intents.len(), usize::try_from(last).unwrap());
        assert_eq!(restored.kept.locks.len(), 1);
        assert_eq!(restored.kept.locks[0].reason, text);
        assert_eq!(restored.last_entry.unwrap().message, text);
        let filter = EntryFilter {
            limit: 10_000,
            ..EntryFilter::default()
        };
        let entries = store.reader().entries(&filter).await.unwrap();
        let numbers: Vec<i64> = entries.iter().map(|e| e.message.parse().unwrap()).collect();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
        acknowledged = last;
    }
}

/// Lets the child write until it has acknowledged this number, kills it, and
/// says what it acknowledged last.
fn run_and_kill(place: &Place, until: i64) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "--test-threads=1"])
        .arg("child_that_writes_until_it_is_killed")
        .env(PATH, place.file())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut last = 0;
    while last < until {
        let line = lines.next().expect("the child goes on").unwrap();
        if let Some(number) = line.strip_prefix("durable ") {
            last = number.parse().unwrap();
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("durable ") {
            last = number.parse().unwrap();
        }
    }
    last
}

#[tokio::test]
async fn a_write_that_is_given_up_is_whole_or_not_there() {
    let place = Place::new();
    let mut store = place.open().await;
    let mut next = 1;
    for micros in (0..4_000).step_by(200) {
        let ids = next..next + 40;
        let records: Vec<RecordRow> = ids
            .clone()
            .map(|id| RecordRow::Firing(firing(id)))
            .collect();
        let batch = records.into();
        let patience = Duration::from_micros(micros);
        let _given_up = tokio::time::timeout(patience, store.write(&batch)).await;
        // The store is as good as before: the next write goes through.
        store.write(&vec![line("next")].into()).await.unwrap();
        let found = store.restore().await.unwrap().next.firing.0;
        assert!(found == next || found == ids.end, "{found} of {ids:?}");
        next = found;
    }
}
