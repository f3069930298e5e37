use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::layout::{MIGRATIONS, newest};
use super::super::read::Reader;
use super::*;
use crate::store::error::StoreError;
use crate::store::node::NodeName;

/// The program's migrations and one more.
fn newer_program(statement: &'static str) -> Migrator {
    let mut migrations: Vec<Migration> = MIGRATIONS.iter().cloned().collect();
    migrations.push(Migration::new(
        newest(&MIGRATIONS) + 1,
        "one more".into(),
        MigrationType::Simple,
        statement.into_sql_str(),
        false,
    ));
    Migrator::with_migrations(migrations)
}

#[test]
fn every_file_of_the_folder_is_a_migration() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let files = std::fs::read_dir(folder).unwrap();
    let mut found: Vec<(String, String)> = files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    let known: Vec<(String, String)> = MIGRATIONS
        .iter()
        .map(|it| {
            let name = it.description.replace(' ', "_");
            let file = format!("{:04}_{name}.sql", it.version);
            (file, it.sql.as_str().to_owned())
        })
        .collect();
    assert_eq!(known, found);
}

async fn opened_with(path: &Path, migrations: &Migrator) -> Result<Store, StoreError> {
    Store::open_with(path, now(), &NodeName::default(), migrations).await
}

#[tokio::test]
async fn an_older_record_is_copied_and_brought_up_to_date() {
    let (folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    store.write(&vital("from before")).await.unwrap();
    drop(store);
    let newer = newer_program("alter table entries add column hash blob");
    let version = newest(&newer);
    let copy = folder.path().join(format!("riskd.db.before-{version}"));

    // Twice: the second start finds it up to date.
    for _ in 0..2 {
        let mut store = opened_with(&path, &newer).await.unwrap();
        let hashes = store
            .ask("select count(*) from entries where hash is null")
            .await;
        assert_eq!(hashes, "1");
    }
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // This program refuses the new layout and reads the copy.
    let error = Store::open(&path, now()).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
    let mut copied = Store::open(&copy, now()).await.unwrap();
    let entry = copied.restore().await.unwrap().last_entry.unwrap();
    assert_eq!(entry.message, "from before");
    let parts = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|file| {
            file.as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .ends_with(".part")
        })
        .count();
    assert_eq!(parts, 0);
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let (_folder, path) = place();
    let mut store = Store::open(&path, now()).await.unwrap();
    store.write(&vital("kept")).await.unwrap();
    drop(store);
    let broken = newer_program("delete from entries; alter table nothing add column x");
    let error = opened_with(&path, &broken).await.unwrap_err();
    assert!(matches!(error, StoreError::Migration { .. }), "{error:?}");
    assert!(error.in_full().contains("nothing"), "{}", error.in_full());
    let mut store = Store::open(&path, now()).await.unwrap();
    let entry = store.restore().await.unwrap().last_entry.unwrap();
    assert_eq!(entry.message, "kept");
}

#[tokio::test]
async fn a_new_record_is_not_copied() {
    let (folder, path) = place();
    let newer = newer_program("alter table entries add column hash blob");
    drop(opened_with(&path, &newer).await.unwrap());
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        !names.iter().any(|name| name.contains("before")),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_start_that_was_cut_short_before_the_first_migration_is_gone_on_with() {
    let (_folder, path) = place();
    drop(
        opened_with(&path, &Migrator::with_migrations(vec![]))
            .await
            .unwrap_err(),
    );
    let error = Reader::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::NoRecord { .. }), "{error:?}");
    let mut store = Store::open(&path, now()).await.unwrap();
    store.write(&vital("a")).await.unwrap();
}
