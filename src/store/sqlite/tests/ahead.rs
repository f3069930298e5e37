use sqlx::{ConnectOptions as _, Connection as _};

use super::*;
use crate::domain::account::AccountName;
use crate::domain::ids::{FiringId, IntentId, RequestId};
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::request::Write;
use crate::engine::record::{Cause, FiringRow, Goal, IntentRow, LockRow, RequestRow};

/// What a firing brings: the fourth one with its lock, intent, request, and line.
fn firing() -> Batch {
    let account = AccountName::from("a");
    let (firing, intent) = (FiringId(4), IntentId(7));
    let lock = LockRow {
        account: account.clone(),
        kind: LockKind::Lock,
        since: now(),
        end: LockEnd::Manual,
        reason: "daily \"loss\" limit".to_owned(),
        firing: Some(firing),
    };
    vec![
        RecordRow::Firing(FiringRow {
            id: firing,
            account: account.clone(),
            rule: "daily loss limit".into(),
            at: now(),
            actions: vec!["flatten"],
            evidence: Fields::new(),
            rules_hash: "0".repeat(64),
        }),
        RecordRow::Lock(lock),
        RecordRow::Intent(IntentRow {
            id: intent,
            account: account.clone(),
            goal: Goal::FlatAndQuiet,
            cause: Cause::Firing(firing),
            at: now(),
        }),
        RecordRow::Request(RequestRow {
            id: RequestId(9),
            account,
            write: Write::Flatten,
            round: 1,
            at: now(),
            intents: vec![intent],
        }),
        line(EntryKind::Fired, "fired"),
    ]
    .into()
}

const COUNTS: &str = "
    (select count(*) from firings) || (select count(*) from locks)
    || (select count(*) from intents) || (select count(*) from requests)
    || (select count(*) from request_intents) || (select count(*) from entries)";

async fn reopened(store: Store, path: &std::path::Path) -> Store {
    store.close().await.unwrap();
    let store = Store::open(path, now()).await.unwrap();
    let verified = store.reader().verify(None).await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.findings);
    store
}

#[tokio::test]
async fn a_batch_of_which_only_the_text_was_committed_is_whole_after_a_start() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    store.write(&vital("before")).await.unwrap();
    let number = store.take_number();
    assert!(store.commit_ahead(number, &firing()).await.unwrap());
    assert_eq!(store.ask(COUNTS).await, "000001");
    let mut store = reopened(store, &path).await;
    assert_eq!(store.ask(COUNTS).await, "111112");
    let kept = store.restore().await.unwrap().kept;
    assert_eq!(kept.locks.len(), 1);
    // What comes next is numbered and chained behind it.
    store.write(&vital("after")).await.unwrap();
    let mut store = reopened(store, &path).await;
    assert_eq!(store.ask(COUNTS).await, "111113");
}

#[tokio::test]
async fn a_batch_that_was_written_too_is_there_once() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let number = store.take_number();
    assert!(store.commit_ahead(number, &firing()).await.unwrap());
    store.write_numbered(number, &firing()).await.unwrap();
    // A second try of the same one, as after an answer that was lost.
    assert!(!store.commit_ahead(number, &firing()).await.unwrap());
    store.write_numbered(number, &firing()).await.unwrap();
    let mut store = reopened(store, &path).await;
    assert_eq!(store.ask(COUNTS).await, "111111");
}

#[tokio::test]
async fn a_batch_that_is_tried_again_row_by_row_is_there_once() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let number = store.take_number();
    assert!(store.commit_ahead(number, &firing()).await.unwrap());
    let mut other = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let hold = sqlx::raw_sql("begin immediate");
    hold.execute(&mut other).await.unwrap();
    store.set("pragma busy_timeout = 1").await;
    store.write_numbered(number, &firing()).await.unwrap_err();
    other.close().await.unwrap();
    store.write_numbered(number, &firing()).await.unwrap();
    let mut store = reopened(store, &path).await;
    assert_eq!(store.ask(COUNTS).await, "111111");
}

#[tokio::test]
async fn rows_that_are_refused_at_a_start_are_kept_as_text() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let number = store.take_number();
    assert!(store.commit_ahead(number, &firing()).await.unwrap());
    // Somebody puts another row in the place of the intent.
    store
        .set("insert into intents (id, account, goal, cause, at) values (7, 'b', 'flat', 'person', 1)")
        .await;
    store.close().await.unwrap();
    let mut store = Store::open(&path, now()).await.unwrap();
    assert_eq!(store.ask(COUNTS).await, "001000");
    assert_eq!(
        store
            .ask("select group_concat(key) from meta where key like 'ahead%'")
            .await,
        "ahead_refused"
    );
    // A start does not depend on it, and neither does the next firing.
    store.write(&vital("after")).await.unwrap();
    assert_eq!(store.ask(COUNTS).await, "001001");
}
