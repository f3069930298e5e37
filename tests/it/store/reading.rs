//! The story and its filters; retention.

use chrono::TimeDelta;
use riskd::engine::record::{EntryKind, Record};
use riskd::store::{Batch, EntryFilter, Reader, Retention, Sample, StoreError};

use super::*;

async fn told(reader: &Reader, filter: EntryFilter) -> Vec<String> {
    let entries = reader.entries(&filter).await.unwrap();
    entries.into_iter().map(|entry| entry.message).collect()
}

/// Ten lines `0` to `9`, a second apart; the odd ones of another account, every
/// third of another rule, the last two warnings.
async fn with_ten_lines(place: &Place) -> Store {
    let mut store = place.open().await;
    let records: Vec<Record> = (0..10)
        .map(|n| {
            let kind = if n < 8 {
                EntryKind::Fired
            } else {
                EntryKind::Warned
            };
            let mut entry = entry(kind, &n.to_string(), None);
            entry.at = at(n * 1_000);
            if n % 2 == 1 {
                entry.account = Some("demo".into());
            }
            if n % 3 == 0 {
                entry.rule = Some("flat by the close".into());
            }
            Record::Entry(entry)
        })
        .collect();
    store.write(&records.into()).await.unwrap();
    store
}

#[tokio::test]
async fn the_story_is_filtered_and_paged() {
    let place = Place::new();
    let _store = with_ten_lines(&place).await;
    // Beside the writer, as a command while the daemon runs.
    let reader = Reader::open(&place.file()).await.unwrap();
    let all = EntryFilter::default;
    let demo = || Some("demo".into());
    let close = || Some("flat by the close".into());
    let cases = [
        (all(), "0123456789"),
        (
            EntryFilter {
                newest_first: true,
                ..all()
            },
            "9876543210",
        ),
        (EntryFilter { limit: 3, ..all() }, "012"),
        (
            EntryFilter {
                limit: 3,
                newest_first: true,
                ..all()
            },
            "987",
        ),
        (
            EntryFilter {
                account: demo(),
                ..all()
            },
            "13579",
        ),
        (
            EntryFilter {
                account: Some("de".into()),
                ..all()
            },
            "",
        ),
        (
            EntryFilter {
                rule: close(),
                ..all()
            },
            "0369",
        ),
        (
            EntryFilter {
                kind: Some(EntryKind::Warned),
                ..all()
            },
            "89",
        ),
        (
            EntryFilter {
                since: Some(at(7_000)),
                ..all()
            },
            "789",
        ),
        (
            EntryFilter {
                after_id: Some(8),
                ..all()
            },
            "89",
        ),
        (
            EntryFilter {
                after_id: Some(3),
                newest_first: true,
                ..all()
            },
            "10",
        ),
        (
            EntryFilter {
                account: demo(),
                rule: close(),
                ..all()
            },
            "39",
        ),
        (
            EntryFilter {
                account: demo(),
                rule: close(),
                kind: Some(EntryKind::Warned),
                since: Some(at(1)),
                after_id: Some(1),
                limit: 5,
                newest_first: false,
            },
            "9",
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            told(&reader, filter.clone()).await.concat(),
            expected,
            "{filter:?}"
        );
    }
}

#[tokio::test]
async fn a_page_is_bounded_whatever_is_asked_for() {
    let place = Place::new();
    let mut store = place.open().await;
    let records: Vec<Record> = (0..10_050).map(|n| line(&n.to_string())).collect();
    store.write(&records.into()).await.unwrap();
    let reader = store.reader();
    let most = EntryFilter {
        limit: u32::MAX,
        ..EntryFilter::default()
    };
    assert_eq!(told(&reader, most).await.len(), 10_000);
    assert_eq!(told(&reader, EntryFilter::default()).await.len(), 100);
}

#[tokio::test]
async fn the_record_is_read_after_a_crash_and_with_no_daemon() {
    let place = Place::new();
    let store = with_ten_lines(&place).await;
    drop(store);
    let reader = Reader::open(&place.file()).await.unwrap();
    assert_eq!(told(&reader, EntryFilter::default()).await.len(), 10);
}

#[tokio::test]
async fn reading_makes_no_record() {
    let place = Place::new();
    let error = Reader::open(&place.file()).await.unwrap_err();
    assert!(matches!(error, StoreError::NoRecord { .. }), "{error:?}");
    assert!(!place.file().exists());
}

#[tokio::test]
async fn a_row_that_riskd_never_writes_is_an_error_that_names_it() {
    let place = Place::new();
    let mut store = with_ten_lines(&place).await;
    place
        .meddle(
            "insert into intents (id, account, goal, cause, at) values (1, 'a', 'moon', 'lock', 0)",
        )
        .await;
    let error = store.restore().await.unwrap_err();
    assert!(error.to_string().contains("moon"), "{error}");
}

#[tokio::test]
async fn old_samples_go_but_for_those_around_a_firing() {
    let place = Place::new();
    let mut store = place.open().await;
    let minute = |n: i64| n * 60_000;
    // A day of samples, one a minute, of two accounts; one firing at minute 600.
    let samples: Vec<Sample> = (0..1_440)
        .flat_map(|n| {
            let other = Sample {
                account: "demo".into(),
                ..sample(minute(n))
            };
            [sample(minute(n)), other]
        })
        .collect();
    let mut fired = firing(1);
    fired.at = at(minute(600));
    let batch = Batch {
        samples,
        records: vec![Record::Firing(fired), line("stays")],
        ..Batch::default()
    };
    store.write(&batch).await.unwrap();

    let retention = Retention { samples_days: 1 };
    let young = store.retain(at(minute(1_439)), retention).await.unwrap();
    assert_eq!(young.deleted, 0, "nothing is older than a day");
    // At minute 2640, what is before minute 1200 is older than a day.
    let now = at(0) + TimeDelta::minutes(2_640);
    let done = store.retain(now, retention).await.unwrap();
    assert_eq!(done.deleted, 1_200 + 1_200 - 21);

    let reader = store.reader();
    let kept = reader
        .samples(&account(), at(0), at(minute(1_200)), 9_999)
        .await
        .unwrap();
    let minutes: Vec<i64> = kept.iter().map(|s| (s.at - at(0)).num_minutes()).collect();
    assert_eq!(minutes, (590..=610).collect::<Vec<_>>());
    let young = reader
        .samples(&"demo".into(), at(0), at(minute(9_999)), 9_999)
        .await
        .unwrap();
    assert_eq!(young.len(), 240);
    assert_eq!(told(&reader, EntryFilter::default()).await, ["stays"]);
    assert!(reader.firing(FiringId(1)).await.unwrap().is_some());
    let again = store.retain(now, retention).await.unwrap();
    assert_eq!(again.deleted, 0);
}
