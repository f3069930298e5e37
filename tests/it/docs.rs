//! The documentation says what the program does. `RISKD_UPDATE_DOCS=1` writes
//! the parts that come from the program.

mod metrics;
mod promises;
mod rules;
mod venues;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use chrono::{TimeZone, Utc};
use riskd::engine::record::{EntryKind, Fields, LogEntry, RecordRow};
use riskd::store::{NodeName, Store};
use sqlx::{Connection, Row, SqliteConnection};

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether a page is as it should be; brings it there when asked to.
fn in_step(path: &str, expected: &str) {
    if std::env::var_os("RISKD_UPDATE_DOCS").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        fs::write(file, expected).unwrap();
        return;
    }
    let found = text(path);
    let line = found
        .lines()
        .zip(expected.lines())
        .position(|(found, expected)| found != expected)
        .unwrap_or(found.lines().count().min(expected.lines().count()));
    assert!(
        found == expected,
        "{path} is not in step from line {} on; RISKD_UPDATE_DOCS=1 writes it. Expected there:\n{}",
        line + 1,
        expected.lines().nth(line).unwrap_or_default()
    );
}

/// The table of entry kinds, made from the source: name, meaning, durability.
fn kinds() -> String {
    let source = text("src/engine/record.rs");
    let start = source.find("entry_kinds! {\n").unwrap();
    let mut table = String::from("| kind | what happened | vital |\n|---|---|---|\n");
    let mut meaning = String::new();
    let mut names = Vec::new();
    for line in source[start..].lines().skip(1) {
        let line = line.trim();
        if let Some(doc) = line.strip_prefix("/// ") {
            meaning.push_str(doc);
        } else if let Some((_, rest)) = line.split_once(" = ") {
            let (name, vital) = rest.trim_end_matches(';').split_once(", ").unwrap();
            let name = name.trim_matches('"');
            let vital = if vital == "true" { "yes" } else { "" };
            table.push_str(&format!("| `{name}` | {meaning} | {vital} |\n"));
            names.push(name.to_owned());
            meaning.clear();
        } else {
            break;
        }
    }
    let all: Vec<&str> = EntryKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(
        names, all,
        "the source was not read as the compiler reads it"
    );
    table
}

#[test]
fn every_kind_of_entry_is_explained() {
    let table = kinds();
    let page = text("docs/operation.md");
    assert!(
        page.contains(&table),
        "docs/operation.md is to hold this table:\n\n{table}"
    );
}

fn queries(page: &str) -> Vec<&str> {
    let blocks = page.split("```sql\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

#[tokio::test]
async fn every_query_of_the_record_page_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("riskd.db");
    let now = Utc.with_ymd_and_hms(2026, 3, 5, 14, 30, 0).unwrap();
    let store = Store::open(&file, now).await.unwrap();
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    let page = text("docs/record.md");
    let queries = queries(&page);
    assert!(queries.len() >= 5, "the queries are not where they were");
    for query in queries {
        let prepared = sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned()));
        let rows = prepared.fetch_all(&mut connection).await;
        assert!(rows.is_ok(), "{query}\n{}", rows.unwrap_err());
    }
    let found = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' \
                 and name not like '_sqlx_%'";
    let rows = sqlx::query(found).fetch_all(&mut connection).await.unwrap();
    let tables: BTreeSet<String> = rows.iter().map(|row| row.get("name")).collect();
    let lines = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> = lines
        .map(|line| line.split('`').next().unwrap().to_owned())
        .collect();
    assert_eq!(documented, tables);
    connection.close().await.unwrap();
    drop(store);
}

/// The program of the record page, run over a record of two writers, whole and with a
/// link that was changed.
#[tokio::test]
async fn the_script_of_the_record_page_checks_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("riskd.db");
    let now = Utc.with_ymd_and_hms(2026, 3, 5, 14, 30, 0).unwrap();
    let page = text("docs/record.md");
    let script = page.split("```python\n").nth(1).unwrap();
    let script = script.split("```").next().unwrap();
    let run = || {
        let mut python = Command::new("python3");
        python.args(["-c", script]).current_dir(folder.path());
        python.output()
    };
    let mut head = String::new();
    for node in ["a", "b"] {
        let node = NodeName::from(node);
        let mut store = Store::open_as(&file, now, &node).await.unwrap();
        let entry = RecordRow::LogEntry(LogEntry {
            at: now,
            kind: EntryKind::Started,
            account: None,
            rule: None,
            firing: None,
            message: "starts".to_owned(),
            fields: Fields::new(),
        });
        store.write(&vec![entry].into()).await.unwrap();
        let found = store.reader().verify(None).await.unwrap();
        head = found
            .head
            .map(|head| format!("head {} link {}", head.hash, head.seq))
            .unwrap();
        store.close().await.unwrap();
    }
    let Ok(output) = run() else {
        println!("not tried: there is no python3");
        return;
    };
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said.trim_end(),
        head,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    let edit = "update chain set body = zeroblob(9) where seq = 2";
    sqlx::raw_sql(edit).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let said = String::from_utf8(run().unwrap().stdout).unwrap();
    assert_eq!(said.lines().next(), Some("broken at link 2"));
}
