//! The story and its filters; retention.

use chrono::TimeDelta;
use riskd::engine::record::{Cause, EntryKind, Goal, RecordRow};
use riskd::store::{Batch, Course, EntryFilter, Reader, Retention, Sample, SpanLength, StoreError};

use super::*;

async fn told(reader: &Reader, filter: EntryFilter) -> Vec<String> {
    let entries = reader.entries(&filter).await.unwrap();
    entries.into_iter().map(|entry| entry.message).collect()
}

/// Ten lines `0` to `9`, a second apart; the odd ones of another account, every
/// third of another rule, the last two warnings.
async fn with_ten_lines(place: &Place) -> Store {
    let mut store = place.open().await;
    let records: Vec<RecordRow> = (0..10)
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
            RecordRow::LogEntry(entry)
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
    let records: Vec<RecordRow> = (0..10_050).map(|n| line(&n.to_string())).collect();
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
        records: vec![RecordRow::Firing(fired), line("stays")],
        ..Batch::default()
    };
    store.write(&batch).await.unwrap();

    let retention = Retention {
        samples_days: 1,
        ..Retention::default()
    };
    let young = store.retain(at(minute(1_439)), retention).await.unwrap();
    assert_eq!(young.deleted, 0, "nothing is older than a day");
    // At minute 2640, what is before minute 1200 is older than a day.
    let now = at(0) + TimeDelta::minutes(2_640);
    let done = store.retain(now, retention).await.unwrap();
    assert_eq!(done.deleted, 1_200 + 1_200 - 16);

    let reader = store.reader();
    let kept = reader
        .samples(&account(), at(0), at(minute(1_200)), 9_999)
        .await
        .unwrap();
    let minutes: Vec<i64> = kept.iter().map(|s| (s.at - at(0)).num_minutes()).collect();
    assert_eq!(minutes, (590..=605).collect::<Vec<_>>());
    let young = reader
        .samples(&"demo".into(), at(0), at(minute(9_999)), 9_999)
        .await
        .unwrap();
    assert_eq!(young.len(), 240);
    assert_eq!(told(&reader, EntryFilter::default()).await, ["stays"]);
    assert!(reader.firing(FiringId(1)).await.unwrap().is_some());
    let again = store.retain(now, retention).await.unwrap();
    assert_eq!(again.deleted, 0);
    // What is kept is counted once all the same.
    let spans = store
        .reader()
        .spans(
            SpanLength::Minute,
            &account(),
            at(0),
            at(minute(9_999)),
            9_999,
        )
        .await
        .unwrap();
    assert_eq!(spans.len(), 1_200);
    assert!(spans.iter().all(|span| span.samples == 1));
}

/// A sample with these figures, realized and equity as text.
fn figures(millis: i64, realized: &str, unrealized: &str, equity: &str) -> Sample {
    let amount = |text: &str| text.parse().ok();
    Sample {
        figures: Figures {
            realized: amount(realized),
            unrealized: amount(unrealized),
            balance: None,
            equity: amount(equity),
        },
        ..sample(millis)
    }
}

#[tokio::test]
async fn old_samples_are_rolled_up_exactly_into_minutes_and_then_hours() {
    let place = Place::new();
    let mut store = place.open().await;
    let minute = |n: i64| n * 60_000;
    let suspect = Sample {
        quality: Quality::Suspect("all zero".to_owned()),
        ..figures(minute(0) + 30_000, "0", "0", "0")
    };
    let missing = Sample {
        quality: Quality::Missing(riskd::domain::observation::Missing::Unreachable),
        positions: None,
        orders: None,
        ..figures(minute(0) + 40_000, "", "", "")
    };
    // Values that binary floats cannot tell apart, and texts that sort otherwise
    // than the numbers that they are.
    let samples = vec![
        figures(minute(0), "-9", "0.1", "9007199254740993.01"),
        figures(minute(0) + 10_000, "-10", "0.2", "9007199254740993.02"),
        figures(minute(0) + 20_000, "100", "", "9007199254740993.00"),
        suspect,
        missing,
        figures(minute(0) + 59_999, "20", "-0.3", "9007199254740993.01"),
        figures(minute(1), "7", "1", "1"),
        figures(minute(60), "8", "1", "2"),
    ];
    store
        .write(&Batch {
            samples,
            ..Batch::default()
        })
        .await
        .unwrap();
    let retention = Retention {
        samples_days: 1,
        minutes_days: 2,
    };
    let reader = store.reader();
    let spans = async |length| {
        reader
            .spans(length, &account(), at(-minute(600)), at(minute(600)), 99)
            .await
            .unwrap()
    };
    let full = reader.extent().await.unwrap();
    assert_eq!(full.full_since, Some(at(0)));
    assert!(full.bytes > 0 && full.log_bytes > 0, "{full:?}");

    // In two walks, the first of which ends within the first minute.
    let day = TimeDelta::days(1);
    let first = store
        .retain(at(minute(0) + 15_000) + day, retention)
        .await
        .unwrap();
    assert_eq!(first.deleted, 2);
    assert_eq!(reader.extent().await.unwrap().full_since, Some(at(20_000)));
    store.retain(at(minute(61)) + day, retention).await.unwrap();
    assert_eq!(reader.extent().await.unwrap().full_since, None);
    let minutes = spans(SpanLength::Minute).await;
    let told = |course: Course| {
        [course.first, course.last, course.low, course.high]
            .map(|value| value.map(|value| value.to_string()).unwrap_or_default())
    };
    assert_eq!(minutes.len(), 3);
    let one = &minutes[0];
    assert_eq!((one.samples, one.suspect, one.missing), (6, 1, 1));
    assert_eq!(told(one.realized), ["-9.00", "20.00", "-10.00", "100.00"]);
    assert_eq!(told(one.unrealized), ["0.10", "-0.30", "-0.30", "0.20"]);
    assert_eq!(told(one.pnl), ["-8.90", "19.70", "-9.80", "19.70"]);
    assert_eq!(
        told(one.equity),
        [
            "9007199254740993.01",
            "9007199254740993.01",
            "9007199254740993.00",
            "9007199254740993.02"
        ]
    );
    assert_eq!(one.balance, Course::default());
    assert_eq!(one.positions.as_deref(), Some("ES 03-26:+2@5000.25"));
    assert_eq!(spans(SpanLength::Hour).await, []);

    // 14:30 and 14:31 become 14:00 once that hour is old; 15:30 stays a minute.
    let done = store
        .retain(at(minute(60)) + TimeDelta::days(2), retention)
        .await
        .unwrap();
    assert_eq!(done.minutes, 2);
    let hours = spans(SpanLength::Hour).await;
    assert_eq!(
        (hours.len(), hours[0].at, hours[0].samples),
        (1, at(-minute(30)), 7)
    );
    assert_eq!(
        told(hours[0].realized),
        ["-9.00", "7.00", "-10.00", "100.00"]
    );
    assert_eq!(spans(SpanLength::Minute).await.len(), 1);
    assert_eq!(store.reader().verify(None).await.unwrap().findings, []);
}

#[tokio::test]
async fn full_detail_stays_until_after_the_account_was_flat() {
    let place = Place::new();
    let mut store = place.open().await;
    let minute = |n: i64| n * 60_000;
    let mut records = Vec::new();
    // One that was verified after 20 minutes, one whose work never ended.
    for (id, fired, ended) in [(1, 100, Some(120)), (2, 3_000, None)] {
        let mut row = firing(id);
        row.at = at(minute(fired));
        records.push(RecordRow::Firing(row));
        records.push(RecordRow::Intent(intent(
            id,
            Goal::Quiet,
            Cause::Firing(FiringId(id)),
        )));
        records.extend(ended.map(|ended| RecordRow::IntentEnded {
            id: IntentId(id),
            at: at(minute(ended)),
            end: riskd::engine::record::IntentEnd::Verified,
        }));
    }
    let samples = (0..5_000).map(|n| sample(minute(n))).collect();
    let batch = Batch {
        samples,
        records,
        ..Batch::default()
    };
    store.write(&batch).await.unwrap();
    let now = at(minute(5_000)) + TimeDelta::days(30);
    store.retain(now, Retention::default()).await.unwrap();
    let reader = store.reader();
    let kept = reader
        .samples(&account(), at(0), at(minute(5_000)), 9_999)
        .await
        .unwrap();
    let minutes: Vec<i64> = kept
        .iter()
        .map(|sample| (sample.at - at(0)).num_minutes())
        .collect();
    let expected: Vec<i64> = (90..=125).chain(2_990..=3_000 + 24 * 60).collect();
    assert_eq!(minutes, expected);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_stop_the_walk() {
    let place = Place::new();
    let mut store = place.open().await;
    let samples = (0..4).map(|n| sample(n * 30_000)).collect();
    let batch = Batch {
        samples,
        ..Batch::default()
    };
    store.write(&batch).await.unwrap();
    place
        .meddle("update samples set equity = 'x' where at = (select min(at) from samples)")
        .await;
    let later = |days| at(0) + TimeDelta::days(days);
    let done = store.retain(later(10), Retention::default()).await.unwrap();
    assert_eq!(done.deleted, 4);
    let minutes = store
        .reader()
        .spans(SpanLength::Minute, &account(), at(0), later(1), 9)
        .await
        .unwrap();
    let counts: Vec<(u32, u32)> = minutes.iter().map(|m| (m.samples, m.suspect)).collect();
    assert_eq!(counts, [(2, 1), (2, 0)]);
    place
        .meddle("update samples_minute set equity_low = 'x' where suspect = 1")
        .await;
    let done = store
        .retain(later(100), Retention::default())
        .await
        .unwrap();
    assert_eq!(done.minutes, 2);
    let hours = store
        .reader()
        .spans(SpanLength::Hour, &account(), later(-1), later(1), 9)
        .await
        .unwrap();
    assert_eq!((hours.len(), hours[0].samples), (1, 2));
}
