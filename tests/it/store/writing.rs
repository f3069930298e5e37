//! The writer over a real file.

use std::time::Duration;

use riskd::engine::record::{EntryKind, RecordRow};
use riskd::store::{Batch, EntryFilter, FlushError, Health, Reader, Retention, Writer};

use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(20);

async fn lines(place: &Place) -> Vec<String> {
    let reader = Reader::open(&place.file()).await.unwrap();
    let filter = EntryFilter {
        limit: 10_000,
        ..EntryFilter::default()
    };
    let entries = reader.entries(&filter).await.unwrap();
    entries.into_iter().map(|entry| entry.message).collect()
}

#[tokio::test]
async fn what_is_submitted_is_written_in_order() {
    let place = Place::new();
    let (handle, writer) = Writer::new(place.open().await);
    let writer = tokio::spawn(writer.run());
    for n in 0..500 {
        handle.submit(vec![line(&n.to_string())].into());
        if n % 50 == 0 {
            handle.flush(SOON).await.unwrap();
        }
    }
    handle.close(SOON);
    let drained = writer.await.unwrap();
    assert_eq!(drained.left.rows(), 0);
    assert!(drained.is_closed);
    let expected: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    assert_eq!(lines(&place).await, expected);
    let counters = handle.counters();
    assert_eq!(counters.rows, 500);
    assert!(counters.transactions <= 500);
    assert_eq!(handle.flush(SOON).await, Err(FlushError::Closed));
}

#[tokio::test]
async fn a_writer_without_handles_writes_what_is_left_and_ends() {
    let place = Place::new();
    let (handle, writer) = Writer::new(place.open().await);
    handle.submit(vec![line("last words")].into());
    drop(handle);
    assert_eq!(writer.run().await.left.rows(), 0);
    assert_eq!(lines(&place).await, ["last words"]);
}

#[tokio::test]
async fn an_acknowledged_lock_is_in_the_record() {
    let place = Place::new();
    let (handle, writer) = Writer::new(place.open().await);
    let writer = tokio::spawn(writer.run());
    let locked = lock(riskd::domain::lock::LockEnd::Manual, "by hand", None);
    let batch: Batch = vec![RecordRow::Lock(locked.clone())].into();
    handle.record(batch, SOON).await.unwrap();
    // Without any chance to tidy up.
    writer.abort();
    let _aborted = writer.await;
    assert_eq!(
        place.open().await.restore().await.unwrap().kept.locks,
        [locked]
    );
}

#[tokio::test]
async fn a_refused_row_is_not_acknowledged() {
    let place = Place::new();
    let (handle, writer) = Writer::new(place.open().await);
    let _writer = tokio::spawn(writer.run());
    let batch = || Batch::from(vec![RecordRow::Firing(firing(1))]);
    assert_eq!(handle.record(batch(), SOON).await, Ok(()));
    assert_eq!(
        handle.record(batch(), SOON).await,
        Err(FlushError::Refused { rows: 1 })
    );
    assert_eq!(handle.counters().refused, 1);
}

#[tokio::test]
async fn a_file_that_comes_back_gets_all_that_waited() {
    let place = Place::new();
    let (handle, writer) = Writer::new(place.open().await);
    let writer = tokio::spawn(writer.run());
    let mut health = handle.health();
    handle
        .record(vec![line("before")].into(), SOON)
        .await
        .unwrap();
    let aside = place.beside(".aside");
    std::fs::rename(place.file(), &aside).unwrap();
    for n in 0..50 {
        handle.submit(vec![line(&n.to_string())].into());
        handle.submit(vec![RecordRow::Firing(firing(n))].into());
    }
    let degraded = timeout(SOON, health.wait_for(|health| *health != Health::Good))
        .await
        .unwrap()
        .unwrap()
        .clone();
    let Health::Degraded { reason, .. } = degraded else {
        panic!("{degraded:?}");
    };
    assert!(reason.contains("removed or replaced"), "{reason}");
    let late = handle.flush(Duration::from_millis(5)).await;
    assert!(matches!(late, Err(FlushError::Late { .. })), "{late:?}");

    std::fs::rename(&aside, place.file()).unwrap();
    timeout(SOON, health.wait_for(|health| *health == Health::Good))
        .await
        .unwrap()
        .unwrap();
    handle.close(SOON);
    assert_eq!(writer.await.unwrap().left.rows(), 0);
    let mut expected = vec!["before".to_owned()];
    expected.extend((0..50).map(|n| n.to_string()));
    assert_eq!(lines(&place).await, expected);
    assert_eq!(
        place.open().await.restore().await.unwrap().next.firing,
        FiringId(50)
    );
}

#[tokio::test]
async fn old_samples_are_deleted_between_batches() {
    let place = Place::new();
    let (handle, writer) = Writer::new(place.open().await);
    let writer = tokio::spawn(writer.run());
    let samples = (0..4_000).map(sample).collect();
    handle.submit(Batch {
        samples,
        ..Batch::default()
    });
    handle.flush(SOON).await.unwrap();
    handle.retain(
        at(86_400_000 * 3),
        Retention {
            samples_days: 2,
            ..Retention::default()
        },
    );
    while handle.counters().deleted < 4_000 {
        handle
            .record(
                vec![RecordRow::LogEntry(entry(
                    EntryKind::Fired,
                    "meanwhile",
                    None,
                ))]
                .into(),
                SOON,
            )
            .await
            .unwrap();
    }
    handle.close(SOON);
    assert_eq!(writer.await.unwrap().left.rows(), 0);
}
