use super::*;
use crate::domain::account::AccountName;
use crate::engine::record::LockRow;
use crate::store::error::StoreError;

/// A batch that takes more than one page.
fn large(name: &str) -> Batch {
    let text = "x".repeat(20_000);
    let lock = LockRow {
        account: AccountName::from(name),
        kind: crate::domain::lock::LockKind::Lock,
        since: now(),
        end: crate::domain::lock::LockEnd::Manual,
        reason: text.clone(),
        firing: None,
    };
    vec![line(EntryKind::Fired, &text), RecordRow::Lock(lock)].into()
}

/// Lets the file grow no more.
async fn fill(store: &mut Store) {
    store.set("pragma max_page_count = 1").await;
}

#[tokio::test]
async fn a_full_disk_is_told_apart_and_got_over() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    store.write(&large("before")).await.unwrap();
    fill(&mut store).await;
    for _ in 0..3 {
        let error = store.write(&large("meanwhile")).await.unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
        assert!(store.connection.is_some(), "the limit is the connection's");
    }
    // Nothing of the failed batches is there, and reading goes on.
    assert_eq!(store.restore().await.unwrap().kept.locks.len(), 1);
    store.set("pragma max_page_count = 1000000").await;
    store.write(&large("meanwhile")).await.unwrap();
    let locks = store.restore().await.unwrap().kept.locks;
    let accounts: Vec<&str> = locks.iter().map(|lock| lock.account.as_str()).collect();
    assert_eq!(accounts, ["before", "meanwhile"]);
    assert_eq!(store.ask("select count(*) from entries").await, "2");
    let check = "select group_concat(integrity_check) from pragma_integrity_check";
    assert_eq!(store.ask(check).await, "ok");
}

#[tokio::test]
async fn a_file_that_another_keeps_locked_is_told_apart() {
    use sqlx::ConnectOptions;
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let mut other = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql("begin exclusive")
        .execute(&mut other)
        .await
        .unwrap();
    store.set("pragma busy_timeout = 1").await;
    let error = store.write(&vital("a")).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    store.write(&vital("a")).await.unwrap();
    assert_eq!(store.ask("select count(*) from entries").await, "1");
}
