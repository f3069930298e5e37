//! A file beside the database is removed or replaced while it is open.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::disk::FilesOfRecord;
use super::super::files::{INDEX, LOG};
use super::super::instance::beside;
use super::*;
use crate::store::backend::Durable as _;
use crate::store::error::StoreError;

/// What somebody does to a file.
type Deed = fn(&Path);

fn removed(file: &Path) {
    fs::remove_file(file).unwrap();
}

/// By a copy of itself, as of a backup of before.
fn replaced(file: &Path) {
    let copy = beside(file, ".copy");
    fs::copy(file, &copy).unwrap();
    fs::rename(&copy, file).unwrap();
}

const DEEDS: [(&str, Deed); 4] = [
    (LOG, removed),
    (LOG, replaced),
    (INDEX, removed),
    (INDEX, replaced),
];

/// How many lines a start would find if riskd were killed now.
async fn lines_on_disk(path: &Path) -> String {
    let (_folder, copy) = place();
    for suffix in ["", LOG] {
        let from = beside(path, suffix);
        if from.exists() {
            fs::copy(from, beside(&copy, suffix)).unwrap();
        }
    }
    let mut store = Store::open(&copy, now()).await.unwrap();
    store.ask("select count(*) from entries").await
}

/// A record with lines in its log and with the connection that moves it open.
async fn record(path: &Path) -> (Store, FilesOfRecord) {
    let mut store = Store::open(path, now()).await.unwrap();
    let mut disk = store.checkpoint_elsewhere();
    store.write(&vital("a")).await.unwrap();
    disk.checkpoint().await.unwrap();
    store.write(&vital("b")).await.unwrap();
    (store, disk)
}

#[tokio::test]
async fn b7_what_was_in_a_log_that_is_gone_is_saved() {
    for (suffix, deed) in DEEDS {
        let (_folder, path) = place();
        let (mut store, mut disk) = record(&path).await;
        let reader = store.reader();
        deed(&beside(&path, suffix));
        let unsafe_yet = disk.sync().await.unwrap_err();
        assert!(
            matches!(unsafe_yet, StoreError::ReplacedBeside { .. }),
            "{unsafe_yet:?}"
        );
        let error = store.write(&vital("c")).await.unwrap_err();
        let StoreError::ReplacedBeside {
            path: named,
            is_saved,
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!(named, &beside(&path, suffix));
        assert!(is_saved, "{error}");
        assert_eq!(lines_on_disk(&path).await, "2", "{suffix}");

        // The record goes on.
        store.write(&vital("c")).await.unwrap();
        disk.checkpoint().await.unwrap();
        store.write(&vital("d")).await.unwrap();
        disk.sync().await.unwrap();
        assert_eq!(lines_on_disk(&path).await, "4", "{suffix}");
        let verified = reader.verify(None).await.unwrap();
        assert_eq!(verified.findings, []);
        reader.close().await;
        disk.close().await;
        store.close().await.unwrap();
        assert_eq!(lines_on_disk(&path).await, "4", "{suffix}");
    }
}

#[tokio::test]
async fn b7_a_log_cannot_be_saved_while_somebody_reads_and_is_afterwards() {
    let (_folder, path) = place();
    let (mut store, _platter) = record(&path).await;
    let reader = store.reader();
    let mut snapshot = reader.pool.begin().await.unwrap();
    let _: i64 = sqlx::query_scalar("select count(*) from entries")
        .fetch_one(&mut *snapshot)
        .await
        .unwrap();
    store.set("pragma busy_timeout = 1").await;
    store.write(&vital("c")).await.unwrap();
    removed(&beside(&path, LOG));
    for _ in 0..2 {
        let error = store.write(&vital("d")).await.unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::ReplacedBeside {
                    is_saved: false,
                    ..
                }
            ),
            "{error:?}"
        );
    }
    drop(snapshot);
    reader.close().await;
    let error = store.write(&vital("d")).await.unwrap_err();
    assert!(
        error.to_string().contains("moved into the record"),
        "{error}"
    );
    store.write(&vital("d")).await.unwrap();
    assert_eq!(lines_on_disk(&path).await, "4");
}

#[tokio::test]
async fn b7_an_idle_writer_notices_too() {
    let (_folder, path) = place();
    let store = Store::open(&path, now()).await.unwrap();
    let (handle, writer) = crate::store::Writer::new(store);
    let writer = tokio::spawn(writer.run());
    let soon = std::time::Duration::from_secs(20);
    handle.record(vital("a"), soon).await.unwrap();
    let mut health = handle.health();
    removed(&beside(&path, LOG));
    let told = health.wait_for(|health| *health != crate::store::Health::Good);
    let told = format!("{:?}", tokio::time::timeout(soon, told).await.unwrap());
    assert!(told.contains("moved into the record"), "{told}");
    let good = health.wait_for(|health| *health == crate::store::Health::Good);
    tokio::time::timeout(soon, good).await.unwrap().unwrap();
    assert_eq!(lines_on_disk(&path).await, "1");
    handle.record(vital("b"), soon).await.unwrap();
    assert_eq!(lines_on_disk(&path).await, "2");
    handle.close(soon);
    assert!(writer.await.unwrap().is_closed);
}

/// A sync that failed cannot simply be made again: the kernel has forgotten
/// what it did not write.
#[tokio::test]
async fn after_a_failed_sync_the_log_is_moved_before_anything_is_safe() {
    let (_folder, path) = place();
    let (mut store, mut disk) = record(&path).await;
    let before = fs::metadata(&path).unwrap().len();
    disk.is_doubtful = true;
    // More than the few pages of the file that are free.
    store.write(&vital(&"x".repeat(200_000))).await.unwrap();
    disk.sync().await.unwrap();
    assert!(fs::metadata(&path).unwrap().len() > before + 90_000);
    let no_log: PathBuf = beside(&path, LOG);
    assert!(no_log.exists());
}
