use sqlx::{Executor, SqlSafeStr};

use super::super::read::entries_query;
use super::super::sql;
use super::*;
use crate::store::entry::EntryFilter;

#[tokio::test]
async fn every_statement_fits_the_layout() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let connection = &mut store.connection.as_mut().unwrap().raw;
    let checks = sql::CHECK_VITAL.iter().chain(sql::CHECK_INDEXED);
    let checks = checks.map(|check| ("a check", *check));
    for (name, statement) in sql::ALL.iter().copied().chain(checks) {
        if let Err(error) = connection.prepare(statement.into_sql_str()).await {
            panic!("{name}: {error}");
        }
    }
}

/// Of a large file only these are checked; the answer is a row, not an error.
#[tokio::test]
async fn the_checks_of_a_large_file_answer_ok() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    store.write(&vital("a")).await.unwrap();
    for check in sql::CHECK_VITAL.iter().chain(sql::CHECK_INDEXED) {
        let found: String = sqlx::query_scalar(*check)
            .fetch_one(&mut store.connection.as_mut().unwrap().raw)
            .await
            .unwrap();
        assert_eq!(found, "ok", "{check}");
    }
}

/// What SQLite plans for a filter, in one line.
async fn plan(store: &mut Store, filter: &EntryFilter) -> String {
    let query = format!(
        "explain query plan {}",
        entries_query(filter).sql().as_str()
    );
    let connection = &mut store.connection.as_mut().unwrap().raw;
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .fetch_all(connection)
        .await
        .unwrap();
    let steps: Vec<String> = rows.into_iter().map(|row| row.3).collect();
    steps.join("; ")
}

#[tokio::test]
async fn a_page_of_the_log_is_found_by_an_index_and_not_sorted() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let all = EntryFilter::default();
    let cases = [
        (all.clone(), ""),
        (
            EntryFilter {
                account: Some("a".into()),
                after_id: Some(5),
                newest_first: true,
                ..all.clone()
            },
            "entries_account",
        ),
        (
            EntryFilter {
                rule: Some("r".into()),
                ..all.clone()
            },
            "entries_rule",
        ),
        (
            EntryFilter {
                kind: Some(EntryKind::Fired),
                since: Some(now()),
                ..all
            },
            "entries_kind",
        ),
    ];
    for (filter, index) in cases {
        let plan = plan(&mut store, &filter).await;
        assert!(plan.contains(index), "{filter:?}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{filter:?}: {plan}");
    }
}

/// Releases before this one can destroy a file with a write-ahead log: the
/// "WAL-reset bug", <https://www.sqlite.org/wal.html>.
#[tokio::test]
async fn sqlite_is_new_enough() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let version = store.ask("select sqlite_version()").await;
    let parts: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
}

#[tokio::test]
async fn the_settings_are_those_that_were_asked_for() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    for (pragma, expected) in [
        ("select journal_mode from pragma_journal_mode", "wal"),
        ("select foreign_keys from pragma_foreign_keys", "1"),
        ("select timeout from pragma_busy_timeout", "5000"),
        (
            "select application_id from pragma_application_id",
            "1919513451",
        ),
        (
            "select journal_size_limit from pragma_journal_size_limit",
            "67108864",
        ),
    ] {
        assert_eq!(store.ask(pragma).await, expected, "{pragma}");
    }
}

/// After how many pages a commit of the writing connection moves the log.
async fn checkpoints(store: &mut Store) -> i64 {
    let connection = store.connection.as_mut().unwrap();
    sqlx::query_scalar("pragma wal_autocheckpoint")
        .fetch_one(&mut connection.raw)
        .await
        .unwrap()
}

#[tokio::test]
async fn no_commit_waits_for_the_platter_once_there_is_a_syncer() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let synchronous = "select synchronous from pragma_synchronous";
    store.write(&vital("a")).await.unwrap();
    assert_eq!(store.ask(synchronous).await, "1");
    assert_eq!(checkpoints(&mut store).await, 1_000);
    let _syncer = store.checkpoint_elsewhere();
    for _ in 0..2 {
        store.write(&vital("b")).await.unwrap();
        assert_eq!(store.ask(synchronous).await, "1");
        assert_eq!(checkpoints(&mut store).await, 0);
        // A new connection is set anew.
        store.connection = None;
    }
}

#[tokio::test]
async fn a_batch_that_was_committed_after_all_is_not_written_twice() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    let number = store.take_number();
    for _ in 0..3 {
        store.write_numbered(number, &vital("once")).await.unwrap();
    }
    assert_eq!(store.ask("select count(*) from entries").await, "1");
    drop(store);
    let mut store = Store::open(&path, now()).await.unwrap();
    store.write(&vital("after a restart")).await.unwrap();
    assert_eq!(store.ask("select count(*) from entries").await, "2");
}

#[tokio::test]
async fn a_connection_that_another_took_away_is_made_again() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    // As after a write whose future was dropped half-way.
    store.set("begin immediate").await;
    store.write(&vital("a")).await.unwrap_err();
    store.write(&vital("b")).await.unwrap();
    assert_eq!(store.ask("select count(*) from entries").await, "1");
}
