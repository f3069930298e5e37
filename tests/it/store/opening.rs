//! Opening the record, and refusing to.

use std::fs;

use riskd::engine::record::RecordRow;
use riskd::store::{EntryFilter, Reader, StoreError};
use sha2::{Digest, Sha256};

use super::*;

#[tokio::test]
async fn a_second_riskd_is_refused_and_told_who_is_there() {
    let place = Place::new();
    let first = Store::open(&place.file(), at(0)).await.unwrap();
    // By another way to the same file.
    let detour = place.folder.path().join(".").join("riskd.db");
    let link = place.beside(".link");
    std::os::unix::fs::symlink(place.file(), &link).unwrap();
    for path in [place.file(), detour, link] {
        let error = Store::open(&path, at(1)).await.unwrap_err();
        let StoreError::InUse { holder, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(holder.pid, Some(std::process::id()));
        assert!(error.to_string().contains("since 2026-03-05T14:30:00Z"));
    }
    drop(first);
    Store::open(&place.file(), at(2)).await.unwrap();
}

#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    let place = Place::new();
    let mut store = place.open().await;
    store.write(&vec![line("a")].into()).await.unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&place.beside(suffix)), 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn closing_in_order_leaves_one_file() {
    let place = Place::new();
    let mut store = place.open().await;
    store.write(&vec![line("a")].into()).await.unwrap();
    store.close().await.unwrap();
    assert!(!place.beside("-wal").exists());
    let read = Reader::open(&place.file()).await.unwrap();
    assert_eq!(
        read.entries(&EntryFilter::default()).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named_and_not_made() {
    let place = Place::new();
    let path = place.folder.path().join("state").join("riskd.db");
    let error = Store::open(&path, at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::NoFolder { .. }), "{error:?}");
    assert!(error.to_string().contains("state/riskd.db"));
    assert!(!path.parent().unwrap().exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_to_be_so() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::File::create(place.beside(".probe")).is_ok() {
        // Whoever runs the tests may write anywhere.
        return;
    }
    let error = Store::open(&place.file(), at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
}

#[tokio::test]
async fn a_record_in_a_folder_that_cannot_be_written_is_still_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mut store = place.open().await;
    store.write(&vec![line("a")].into()).await.unwrap();
    store.close().await.unwrap();
    fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let reader = Reader::open(&place.file()).await.unwrap();
    let entries = reader.entries(&EntryFilter::default()).await.unwrap();
    assert_eq!(entries.len(), 1);
    fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_record_is_refused_and_left_alone() {
    let place = Place::new();
    fs::write(place.file(), "version: 1\nrules: []\n").unwrap();
    let error = Store::open(&place.file(), at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    let text = fs::read_to_string(place.file()).unwrap();
    assert_eq!(text, "version: 1\nrules: []\n");

    let place = Place::new();
    fs::write(place.file(), "").unwrap();
    place.meddle("create table orders (id integer)").await;
    let before = fs::read(place.file()).unwrap();
    let error = Store::open(&place.file(), at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(fs::read(place.file()).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_record_is_refused_with_what_to_do() {
    let place = Place::new();
    let mut store = place.open().await;
    let many: Vec<RecordRow> = (1..500).map(|id| RecordRow::Firing(firing(id))).collect();
    store.write(&many.into()).await.unwrap();
    store.close().await.unwrap();
    let whole = fs::read(place.file()).unwrap();

    let mut overwritten = whole.clone();
    let middle = overwritten.len() / 2;
    overwritten[middle..middle + 8_192].fill(0xa5);
    let cut_off = &whole[..whole.len() / 2];
    for damaged in [overwritten.as_slice(), cut_off] {
        fs::write(place.file(), damaged).unwrap();
        let error = Store::open(&place.file(), at(0)).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("restore a backup"), "{text}");
        assert!(text.contains("locks"), "{text}");
    }
}

#[tokio::test]
async fn a_record_of_a_newer_riskd_is_refused() {
    let place = Place::new();
    place.open().await.close().await.unwrap();
    place
        .meddle(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'from the future', true, x'00', 0)",
        )
        .await;
    let error = Store::open(&place.file(), at(0)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 9999, .. }),
        "{error:?}"
    );
    let error = Reader::open(&place.file()).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
}

#[tokio::test]
async fn a_record_whose_layout_was_changed_by_hand_is_refused() {
    let place = Place::new();
    place.open().await.close().await.unwrap();
    place
        .meddle("update _sqlx_migrations set checksum = x'00' where version = 1")
        .await;
    let error = Store::open(&place.file(), at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Migration { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_replaced_under_way_is_noticed() {
    let place = Place::new();
    let mut store = place.open().await;
    store.write(&vec![line("a")].into()).await.unwrap();
    let aside = place.beside(".aside");
    fs::rename(place.file(), &aside).unwrap();
    let error = store.write(&vec![line("b")].into()).await.unwrap_err();
    assert!(matches!(error, StoreError::Replaced { .. }), "{error:?}");
    fs::write(place.file(), "").unwrap();
    let error = store.write(&vec![line("c")].into()).await.unwrap_err();
    assert!(matches!(error, StoreError::Replaced { .. }), "{error:?}");
    fs::rename(&aside, place.file()).unwrap();
    store.write(&vec![line("d")].into()).await.unwrap();
}

/// A migration that was applied somewhere must never be edited: the program
/// would refuse every record made before. Add a new file instead.
#[test]
fn applied_migrations_are_never_edited() {
    let known = [
        (
            "0001_record.sql",
            "ce144fc720e376a9e58c346e62073acea4926e4b261a650dab04914fe825f77d",
        ),
        (
            "0002_chain_and_spans.sql",
            "e6958f190d37845df8800fdc28a0a2bbe7f9b2addfd55251210975202940ecde",
        ),
        (
            "0003_sent.sql",
            "adc1753cc3cd20554b30d4eb0c092fbec60542895f48f97fb0fcc4095361c34a",
        ),
        (
            "0004_writers.sql",
            "3c3aee988f9a0797d5218ffb59ad4e2fc9ce55a902c6e161f2596f848b158da8",
        ),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut found: Vec<(String, String)> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let hash = Sha256::digest(fs::read(&path).unwrap());
            (
                name,
                hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            )
        })
        .collect();
    found.sort();
    let found: Vec<_> = found
        .iter()
        .map(|(n, h)| (n.as_str(), h.as_str()))
        .collect();
    assert_eq!(found, known);
}
