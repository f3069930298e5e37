//! Whatever is done to the record by hand is found.

use proptest::prelude::*;
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::Outcome;
use riskd::engine::record::{Cause, EntryKind, Goal, IntentEnd, RecordRow};
use riskd::rules::ruleset::RuleFile;
use riskd::store::{Batch, FindingKind, Reader, RuleSetRow, Verification};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};

use super::*;

/// What a run of some hours leaves behind: every kind of row, with and without
/// ends, and changes of changes.
fn batches() -> Vec<Batch> {
    let rule_set = |hash: &str, millis| RuleSetRow {
        hash: hash.to_owned(),
        text: format!("version: 1 # {hash}\n").repeat(100),
        files: Some(vec![RuleFile {
            path: "cme.csv".to_owned(),
            text: "date,close_time\n2026-11-26,\n".to_owned(),
        }]),
        loaded_at: at(millis),
    };
    let loaded = |hash, millis| Batch {
        rule_sets: vec![rule_set(hash, millis)],
        ..Batch::default()
    };
    let mut one_more_answer = answer(1, Outcome::Refused);
    one_more_answer.words = "late".to_owned();
    vec![
        loaded("abc", 0),
        vec![
            RecordRow::Firing(firing(1)),
            RecordRow::Intent(intent(1, Goal::FlatAndQuiet, Cause::Firing(FiringId(1)))),
            RecordRow::Intent(intent(2, Goal::Quiet, Cause::Person("news".to_owned()))),
            RecordRow::Intent(intent(
                3,
                Goal::Closed(vec![PositionKey::new("ES")]),
                Cause::Lock,
            )),
            RecordRow::Lock(lock(LockEnd::At(at(60_000)), "rule", Some(1))),
            RecordRow::Request(request(1, &[2, 1])),
            RecordRow::Request(request(2, &[1])),
            RecordRow::LogEntry(entry(EntryKind::Fired, "fired: ä \"x\"", Some(1))),
            line("two"),
        ]
        .into(),
        vec![
            RecordRow::Sent {
                request: RequestId(1),
                at: at(3_670),
                unrecorded: Some("the record was not written within 20 ms".to_owned()),
            },
            RecordRow::Sent {
                request: RequestId(2),
                at: at(3_680),
                unrecorded: None,
            },
            RecordRow::Answer(answer(1, Outcome::Unknown)),
            RecordRow::Answer(one_more_answer),
            RecordRow::IntentEnded {
                id: IntentId(1),
                at: at(900),
                end: IntentEnd::Verified,
            },
            RecordRow::Lock(lock(LockEnd::Manual, "rule", Some(1))),
            line("three"),
        ]
        .into(),
        loaded("def", 5),
        loaded("abc", 6),
        vec![
            RecordRow::LockEnded {
                account: account(),
                kind: LockKind::Lock,
                at: at(2_000),
                reason: "by hand".to_owned(),
            },
            RecordRow::Lock(lock(LockEnd::At(at(90_000)), "person", None)),
            RecordRow::Firing(firing(2)),
            line("four"),
            line("five"),
        ]
        .into(),
    ]
}

async fn write_all(place: &Place) {
    let mut store = place.open().await;
    for batch in batches() {
        let written = store.write(&batch).await.unwrap();
        assert!(written.refused.is_empty(), "{:?}", written.refused);
    }
    store.close().await.unwrap();
}

async fn verify(place: &Place, noted: Option<&str>) -> Verification {
    let reader = Reader::open(&place.file()).await.unwrap();
    let found = reader.verify(noted).await.unwrap();
    reader.close().await;
    found
}

async fn connection(place: &Place) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(place.file())
        .connect()
        .await
        .unwrap()
}

async fn execute(connection: &mut SqliteConnection, statement: String) -> u64 {
    let shown = statement.clone();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{shown}: {error}"))
        .rows_affected()
}

#[tokio::test]
async fn a_record_that_nobody_touched_is_whole() {
    let place = Place::new();
    write_all(&place).await;
    let found = verify(&place, None).await;
    assert_eq!(found.findings, []);
    assert!(found.is_whole());
    assert_eq!(
        (found.began, found.taken_over, found.whole_from),
        (Some(at(0)), 0, 1)
    );
    let head = found.head.clone().unwrap();
    assert_eq!(head.seq, i64::try_from(found.links).unwrap());
    // While it goes on being written, and the noted head stays a part of it.
    let mut store = place.open().await;
    store.write(&vec![line("six")].into()).await.unwrap();
    let later = store.reader().verify(Some(&head.hash)).await.unwrap();
    assert_eq!(later.findings, []);
    assert_eq!(later.noted, Some(head.seq));
    assert_eq!(later.links, found.links + 1);
}

/// The tables and columns of the evidence, found by looking.
async fn columns(connection: &mut SqliteConnection) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for table in [
        "chain",
        "writers",
        "rule_sets",
        "firings",
        "intents",
        "requests",
        "request_intents",
        "locks",
        "entries",
    ] {
        let rows = sqlx::query("select name, type from pragma_table_info(?1)")
            .bind(table)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        for row in rows {
            all.push((table.to_owned(), row.get(0), row.get(1)));
        }
    }
    all
}

/// Each column of each row, one after the other, is changed, found, and set
/// back.
#[tokio::test]
async fn an_edit_of_any_column_of_any_row_is_found_where_it_is() {
    let place = Place::new();
    write_all(&place).await;
    let whole = std::fs::read(place.file()).unwrap();
    let mut connection = connection(&place).await;
    let mut edits = Vec::new();
    for (table, column, kind) in columns(&mut connection).await {
        let rows: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
                .fetch_one(&mut connection)
                .await
                .unwrap();
        for row in 0..rows {
            edits.push((table.clone(), column.clone(), kind.clone(), row));
        }
    }
    connection.close().await.unwrap();
    assert!(edits.len() > 250, "{}", edits.len());
    for (table, column, kind, row) in edits {
        let mut connection = self::connection(&place).await;
        let value = match kind.as_str() {
            "INTEGER" => format!("coalesce({column}, 0) + 1000003"),
            "BLOB" => format!("zeroblob(length({column}))"),
            _ if ["cause", "kind"].contains(&column.as_str()) && table != "entries" => {
                // Only some names are allowed.
                format!(
                    "iif({column} in ('lock'), iif('{column}' = 'cause', 'person', 'close_only'), 'lock')"
                )
            }
            _ => format!("coalesce({column}, '') || 'x'"),
        };
        let key = match table.as_str() {
            "chain" => "seq",
            "rule_sets" => "hash",
            "request_intents" => "(intent, request)",
            _ => "id",
        };
        let keys = key.trim_matches(['(', ')']);
        let statement = format!(
            "update {table} set {column} = {value} where {key} = \
             (select {keys} from {table} order by {keys} limit 1 offset {row})"
        );
        // What the table itself refuses need not be found.
        let changed = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone()))
            .execute(&mut connection)
            .await
            .map_or(0, |done| done.rows_affected());
        connection.close().await.unwrap();
        if changed == 1 {
            let found = verify(&place, None).await;
            assert!(!found.is_whole(), "{statement}");
            let where_it_is = match table.as_str() {
                "request_intents" => "requests",
                table => table,
            };
            let is_named = found.findings.iter().any(|finding| {
                finding.table.as_deref() == Some(where_it_is)
                    || finding.table.as_deref() == Some(table.as_str())
                    || (table == "chain" && finding.kind == FindingKind::Link)
            });
            assert!(is_named, "{statement}: {:?}", found.findings);
            if table == "chain" && found.findings[0].kind == FindingKind::Link {
                assert!(found.whole_from > row + 1, "{statement}: {found:?}");
            }
        }
        std::fs::write(place.file(), &whole).unwrap();
    }
}

#[tokio::test]
async fn a_row_that_is_removed_or_put_in_is_found() {
    let place = Place::new();
    write_all(&place).await;
    let whole = std::fs::read(place.file()).unwrap();
    let mut counted = 0;
    for table in [
        "chain",
        "writers",
        "rule_sets",
        "firings",
        "intents",
        "requests",
        "request_intents",
        "locks",
        "entries",
    ] {
        let keys = match table {
            "chain" => "seq",
            "rule_sets" => "hash",
            "request_intents" => "intent, request",
            _ => "id",
        };
        for row in 0.. {
            let mut connection = connection(&place).await;
            let statement = format!(
                "delete from {table} where ({keys}) in \
                 (select {keys} from {table} order by {keys} limit 1 offset {row})"
            );
            let removed = execute(&mut connection, statement.clone()).await;
            connection.close().await.unwrap();
            if removed == 0 {
                break;
            }
            counted += 1;
            let found = verify(&place, None).await;
            assert!(!found.is_whole(), "{statement} at {row}");
            std::fs::write(place.file(), &whole).unwrap();
        }
        // The last row once more, under another number.
        let mut connection = connection(&place).await;
        let columns: Vec<String> = sqlx::query_scalar("select name from pragma_table_info(?1)")
            .bind(table)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for (first, marker) in [("-9223372036854775808", "minute"), ("max_plus", "last")] {
            let key = columns[0].clone();
            let value = match (table, first) {
                ("rule_sets", _) => format!("{key} || '{marker}'"),
                (_, "max_plus") => format!("{key} + 100"),
                (_, first) => first.to_owned(),
            };
            let rest = columns[1..].join(", ");
            let order = keys.split(", ").next().unwrap();
            // Ended, where there may be but one that is not.
            let ended = if table == "locks" {
                "where ended_at is not null"
            } else {
                ""
            };
            let statement = format!(
                "insert into {table} ({key}, {rest}) select {value}, {rest} from {table} {ended} \
                 order by {order} desc limit 1"
            );
            assert_eq!(
                execute(&mut connection, statement.clone()).await,
                1,
                "{statement}"
            );
            let found = verify(&place, None).await;
            assert!(!found.is_whole(), "{statement}");
            std::fs::write(place.file(), &whole).unwrap();
            connection.close().await.unwrap();
            connection = self::connection(&place).await;
            std::fs::write(place.file(), &whole).unwrap();
        }
        connection.close().await.unwrap();
        std::fs::write(place.file(), &whole).unwrap();
    }
    assert!(counted > 40, "{counted}");
}

#[tokio::test]
async fn rows_and_links_that_change_places_are_found() {
    let place = Place::new();
    write_all(&place).await;
    let whole = std::fs::read(place.file()).unwrap();
    for (table, key) in [
        ("entries", "id"),
        ("firings", "id"),
        ("intents", "id"),
        ("requests", "id"),
        ("chain", "seq"),
    ] {
        let mut connection = connection(&place).await;
        for (from, to) in [(1, -1), (2, 1), (-1, 2)] {
            execute(
                &mut connection,
                format!("update {table} set {key} = {to} where {key} = {from}"),
            )
            .await;
        }
        connection.close().await.unwrap();
        let found = verify(&place, None).await;
        assert!(!found.is_whole(), "{table}");
        std::fs::write(place.file(), &whole).unwrap();
    }
}

/// An end that is cut off with all that tells of it leaves a chain that is
/// whole; only the noted head shows it.
#[tokio::test]
async fn an_end_that_is_cut_off_is_found_by_the_noted_head() {
    let place = Place::new();
    write_all(&place).await;
    let head = verify(&place, None).await.head.unwrap();
    let mut connection = connection(&place).await;
    execute(
        &mut connection,
        "delete from entries where id = (select max(id) from entries);
         delete from chain where seq = (select max(seq) from chain);
         update last_numbers set entry = entry - 1"
            .to_owned(),
    )
    .await;
    connection.close().await.unwrap();
    assert!(verify(&place, None).await.is_whole());
    let found = verify(&place, Some(&head.hash)).await;
    let kinds: Vec<FindingKind> = found.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FindingKind::Cut], "{found:?}");
    assert_eq!(found.noted, None);
}

#[tokio::test]
async fn what_differs_is_told_with_table_number_time_and_values() {
    let place = Place::new();
    write_all(&place).await;
    place
        .meddle(
            "update entries set message = 'nothing' where id = 2;
             update locks set until = 7 where id = 1;
             delete from firings where id = 2",
        )
        .await;
    let found = verify(&place, None).await;
    let told: Vec<_> = found
        .findings
        .iter()
        .map(|f| {
            (
                f.kind,
                f.table.as_deref().unwrap(),
                f.id.as_deref().unwrap(),
                f.at,
                f.what.as_str(),
            )
        })
        .collect();
    let until = at(60_000).timestamp_millis();
    let gone = "the row is gone; it had account \"apex-1\", rule \"daily loss limit\"";
    assert_eq!(
        told[0],
        (
            FindingKind::Edited,
            "locks",
            "1",
            Some(at(10)),
            &*format!("until is 7 and was {until}")
        )
    );
    assert_eq!(
        told[1],
        (
            FindingKind::Edited,
            "entries",
            "2",
            Some(at(5)),
            "message is \"nothing\" and was \"two\""
        )
    );
    assert_eq!(
        (told[2].0, told[2].1, told[2].2, told[2].3),
        (FindingKind::Removed, "firings", "2", Some(at(2)))
    );
    assert!(told[2].4.starts_with(gone), "{}", told[2].4);
    assert_eq!(told.len(), 3);
    // The links are as they were written.
    assert_eq!(found.whole_from, 1);
}

/// Rows from before the chain are guarded from then on.
#[tokio::test]
async fn a_record_of_before_the_chain_is_taken_over() {
    let place = earlier::place_with("layout_1.sql").await;
    place
        .meddle(
            "update rule_sets set text = 'notify: { a: { kind: webhook, url: \"https://h/s3cr3t\" } }'
             where hash = 'def'",
        )
        .await;
    let error = Reader::open(&place.file()).await.unwrap_err();
    assert!(
        matches!(error, riskd::store::StoreError::Older { .. }),
        "{error:?}"
    );
    let mut store = Store::open(&place.file(), at(70_000)).await.unwrap();
    assert_eq!(store.restore().await.unwrap().kept.locks.len(), 2);
    store.write(&vec![line("after")].into()).await.unwrap();
    store.close().await.unwrap();
    let found = verify(&place, None).await;
    assert_eq!(found.findings, []);
    assert_eq!(found.began, Some(at(70_000)));
    // All but the line after it and the writer.
    assert_eq!(found.taken_over, i64::try_from(found.rows).unwrap() - 2);
    let file = std::fs::read(place.file()).unwrap();
    assert!(!file.windows(6).any(|bytes| bytes == b"s3cr3t"));
    place
        .meddle("update firings set rule = 'x' where id = 1")
        .await;
    assert!(!verify(&place, None).await.is_whole());
}

/// The writer's head is not the file's head after another wrote to it; what is
/// written goes on and is found all the same.
#[tokio::test]
async fn a_link_that_is_slipped_in_under_a_running_writer_does_not_stop_it() {
    let place = Place::new();
    let mut store = place.open().await;
    store.write(&vec![line("a")].into()).await.unwrap();
    place
        .meddle("insert into chain select seq + 1, part, body, hash from chain order by seq desc limit 1")
        .await;
    // Behind the link that is there by now, and not in its place.
    for message in ["b", "c"] {
        let written = store.write(&vec![line(message)].into()).await.unwrap();
        assert_eq!((written.rows, written.refused), (1, vec![]), "{message}");
    }
    let found = store.reader().verify(None).await.unwrap();
    assert!(!found.is_whole());
    assert_eq!(found.links, 6);
}

fn any_batch() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0_usize..6, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is written, in whatever order and with whatever is refused, is
    /// whole; also after writes that were given up and reopened records.
    #[test]
    fn what_is_written_is_whole(order in any_batch(), micros in 0_u64..3_000) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let place = Place::new();
            let mut store = place.open().await;
            for (turn, index) in order.iter().enumerate() {
                let batch = &batches()[*index];
                if turn % 3 == 2 {
                    let patience = std::time::Duration::from_micros(micros);
                    let _given_up = tokio::time::timeout(patience, store.write(batch)).await;
                } else {
                    // A number that is used twice is refused, and no reason to fail.
                    store.write(batch).await.unwrap();
                }
                if turn % 5 == 4 {
                    drop(store);
                    store = place.open().await;
                }
            }
            store.write(&vec![line("last")].into()).await.unwrap();
            let found = store.reader().verify(None).await.unwrap();
            assert_eq!(found.findings, []);
        });
    }
}
