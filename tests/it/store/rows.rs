//! What is written is what is read.

use riskd::domain::lock::{LockEnd, LockKind};
use riskd::domain::observation::{Figures, Missing};
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::Outcome;
use riskd::engine::record::{Cause, EntryKind, Goal, IntentEnd, RecordRow};
use riskd::store::{Batch, EntryFilter, Quality, RuleSetRow, Sample, Written};

use super::*;

fn rule_set() -> RuleSetRow {
    RuleSetRow {
        hash: "abc".to_owned(),
        text: "version: 1\n".to_owned(),
        files: Some(Vec::new()),
        loaded_at: at(0),
    }
}

#[tokio::test]
async fn a_firing_is_told_with_all_that_came_of_it() {
    let place = Place::new();
    let mut store = place.open().await;
    let flat = intent(1, Goal::FlatAndQuiet, Cause::Firing(FiringId(7)));
    let by_hand = intent(2, Goal::Quiet, Cause::Person("news".to_owned()));
    let locked = lock(LockEnd::Manual, "daily loss limit", Some(7));
    let batch = Batch {
        rule_sets: vec![rule_set()],
        samples: vec![],
        records: vec![
            RecordRow::Firing(firing(7)),
            RecordRow::Intent(flat.clone()),
            RecordRow::Intent(by_hand),
            RecordRow::Lock(locked.clone()),
            RecordRow::Request(request(1, &[1, 2])),
            RecordRow::Request(request(2, &[1])),
            RecordRow::Request(request(3, &[2])),
            RecordRow::LogEntry(entry(EntryKind::Fired, "fired", Some(7))),
            RecordRow::LogEntry(entry(EntryKind::Verified, "of another firing", Some(8))),
            RecordRow::Answer(answer(1, Outcome::Acknowledged)),
            RecordRow::IntentEnded {
                id: IntentId(1),
                at: at(900),
                end: IntentEnd::Verified,
            },
            RecordRow::LockEnded {
                account: account(),
                kind: LockKind::Lock,
                at: at(2_000),
                reason: "by hand".to_owned(),
            },
        ],
    };
    let written = store.write(&batch).await.unwrap();
    assert_eq!(
        written,
        Written {
            rows: batch.rows(),
            ..Written::default()
        }
    );

    let story = store.reader().firing(FiringId(7)).await.unwrap().unwrap();
    assert_eq!(story.firing.actions, ["cancel_orders", "flatten", "lock"]);
    let evidence = story.firing.evidence.iter();
    let evidence: Vec<_> = evidence.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(
        evidence,
        [
            ("value", "-1012.50"),
            ("limit", "-1000.00"),
            ("kind", "pnl")
        ],
        "in the order in which it was written"
    );
    assert_eq!(story.rule_set, Some(rule_set()));
    assert_eq!(story.intents.len(), 1, "only what the firing asked for");
    assert_eq!(story.intents[0].intent, flat);
    assert_eq!(story.intents[0].ended, Some((at(900), IntentEnd::Verified)));
    let requests: Vec<_> = story.requests.iter().map(|r| r.id.0).collect();
    assert_eq!(
        requests,
        [1, 2],
        "not the one that only the person asked for"
    );
    assert_eq!(story.requests[0].intents, [IntentId(1), IntentId(2)]);
    assert_eq!(
        story.requests[0].answer,
        Some(answer(1, Outcome::Acknowledged))
    );
    assert_eq!(story.requests[1].answer, None, "never learned");
    assert_eq!(story.locks[0].lock, locked);
    assert_eq!(
        story.locks[0].ended,
        Some((at(2_000), "by hand".to_owned()))
    );
    let lines: Vec<_> = story.entries.iter().map(|e| e.message.as_str()).collect();
    assert_eq!(lines, ["fired"]);
    assert_eq!(store.reader().firing(FiringId(99)).await.unwrap(), None);
}

#[tokio::test]
async fn a_start_finds_what_was_in_force() {
    let place = Place::new();
    let mut store = place.open().await;
    let goals = [
        intent(3, Goal::Quiet, Cause::Lock),
        intent(4, Goal::FlatAndQuiet, Cause::Firing(FiringId(9))),
        intent(5, Goal::ReduceOnly, Cause::Person("by hand".to_owned())),
        intent(
            6,
            Goal::Closed(
                ["ES 03-26", "\"odd\"", "BTCUSDT/long"]
                    .map(PositionKey::new)
                    .into(),
            ),
            Cause::Lock,
        ),
    ];
    let until_noon = lock(LockEnd::At(at(60_000)), "rule", Some(9));
    let mut close_only = lock(LockEnd::Manual, "person", None);
    close_only.kind = LockKind::CloseOnly;
    let mut records: Vec<RecordRow> = goals.iter().cloned().map(RecordRow::Intent).collect();
    records.extend([
        RecordRow::AccountState {
            account: account(),
            state: "{\"old\":1}".to_owned(),
        },
        RecordRow::AccountState {
            account: account(),
            state: "{\"mark\":\"50000.00\"}".to_owned(),
        },
        RecordRow::RuleState {
            account: account(),
            rule: rule(),
            state: "{\"fired\":9}".to_owned(),
        },
        RecordRow::Firing(firing(9)),
        RecordRow::Request(request(12, &[4])),
        RecordRow::Lock(until_noon.clone()),
        RecordRow::Lock(close_only.clone()),
        RecordRow::Intent(intent(8, Goal::Quiet, Cause::Lock)),
        RecordRow::IntentEnded {
            id: IntentId(8),
            at: at(10),
            end: IntentEnd::Observed,
        },
        line("the last word"),
    ]);
    store
        .write(&Batch {
            rule_sets: vec![rule_set()],
            samples: vec![],
            records,
        })
        .await
        .unwrap();
    // Gone without closing, as after a crash.
    drop(store);

    let restored = place.open().await.restore().await.unwrap();
    assert_eq!(
        restored.kept.accounts,
        [(account(), "{\"mark\":\"50000.00\"}".to_owned())]
    );
    assert_eq!(
        restored.kept.rules,
        [(account(), rule(), "{\"fired\":9}".to_owned())]
    );
    assert_eq!(restored.kept.locks, [until_noon, close_only]);
    assert_eq!(restored.kept.intents, goals);
    assert_eq!(restored.next.firing, FiringId(10));
    assert_eq!(restored.next.intent, IntentId(9));
    assert_eq!(restored.next.request, RequestId(13));
    assert_eq!(restored.rules_hash.as_deref(), Some("abc"));
    assert_eq!(restored.last_entry.unwrap().message, "the last word");
}

#[tokio::test]
async fn an_empty_record_restores_to_nothing() {
    let restored = Place::new().open().await.restore().await.unwrap();
    assert_eq!(restored.next.firing, FiringId(1));
    assert_eq!(restored.next.intent, IntentId(1));
    assert_eq!(restored.next.request, RequestId(1));
    assert_eq!(restored.rules_hash, None);
    assert_eq!(restored.last_entry, None);
    assert!(restored.kept.locks.is_empty() && restored.kept.intents.is_empty());
}

#[tokio::test]
async fn a_lock_is_extended_and_never_shortened() {
    let early = LockEnd::At(at(60_000));
    let late = LockEnd::At(at(90_000));
    let cases = [
        (early, late, late),
        (late, early, late),
        (LockEnd::Manual, late, LockEnd::Manual),
        (late, LockEnd::Manual, LockEnd::Manual),
    ];
    for (first, second, expected) in cases {
        let place = Place::new();
        let mut store = place.open().await;
        let records = vec![
            RecordRow::Firing(firing(1)),
            RecordRow::Firing(firing(2)),
            RecordRow::Lock(lock(first, "first", Some(1))),
            RecordRow::Lock(LockRow {
                since: at(400),
                ..lock(second, "second", Some(2))
            }),
        ];
        store.write(&records.into()).await.unwrap();
        let restored = store.restore().await.unwrap();
        // Locked since the first, for as long as the longer.
        assert_eq!(restored.kept.locks, [lock(expected, "second", Some(2))]);

        let reader = store.reader();
        let replaced = reader.firing(FiringId(1)).await.unwrap().unwrap().locks;
        let in_force = reader.firing(FiringId(2)).await.unwrap().unwrap().locks;
        assert_eq!(replaced[0].lock, lock(first, "first", Some(1)));
        assert_eq!(replaced[0].replaced_by, Some(in_force[0].id));
        assert_eq!(in_force[0].replaced_by, None);
    }
}

#[tokio::test]
async fn the_end_of_a_lock_ends_that_kind_alone() {
    let place = Place::new();
    let mut store = place.open().await;
    let mut close_only = lock(LockEnd::Manual, "person", None);
    close_only.kind = LockKind::CloseOnly;
    let end = |kind| RecordRow::LockEnded {
        account: account(),
        kind,
        at: at(100),
        reason: "over".to_owned(),
    };
    let again = lock(LockEnd::At(at(500)), "again", None);
    let records = vec![
        RecordRow::Lock(lock(LockEnd::Manual, "first", None)),
        RecordRow::Lock(close_only.clone()),
        end(LockKind::Lock),
        RecordRow::Lock(again.clone()),
    ];
    store.write(&records.into()).await.unwrap();
    assert_eq!(
        store.restore().await.unwrap().kept.locks,
        [close_only, again],
        "a lock after the end of another is as long as it says"
    );
}

#[tokio::test]
async fn samples_keep_what_is_unknown_apart_from_zero() {
    let place = Place::new();
    let mut store = place.open().await;
    let nothing = Sample {
        quality: Quality::Missing(Missing::PlatformOffline),
        figures: Figures::default(),
        positions: None,
        orders: None,
        ..sample(1_000)
    };
    let flat = Sample {
        quality: Quality::Suspect("all figures are zero".to_owned()),
        positions: Some(String::new()),
        orders: Some(0),
        ..sample(2_000)
    };
    let corrected = Sample {
        orders: Some(5),
        ..sample(0)
    };
    let batch = Batch {
        samples: vec![sample(0), nothing.clone(), flat.clone(), corrected.clone()],
        ..Batch::default()
    };
    assert!(!batch.is_vital());
    store.write(&batch).await.unwrap();
    let reader = store.reader();
    let read = reader.samples(&account(), at(0), at(9_000), 100).await;
    assert_eq!(read.unwrap(), [corrected, nothing.clone(), flat]);
    let read = reader.samples(&account(), at(1), at(2_000), 100).await;
    assert_eq!(read.unwrap(), [nothing]);
    let read = reader.samples(&"other".into(), at(0), at(9_000), 100).await;
    assert_eq!(read.unwrap(), []);
}

#[tokio::test]
async fn every_kind_of_entry_and_every_outcome_comes_back() {
    let place = Place::new();
    let mut store = place.open().await;
    let outcomes = [
        Outcome::Acknowledged,
        Outcome::NothingToDo,
        Outcome::Refused,
        Outcome::NotSent,
        Outcome::Unknown,
    ];
    let mut records: Vec<RecordRow> = EntryKind::ALL
        .iter()
        .map(|kind| RecordRow::LogEntry(entry(*kind, kind.name(), Some(1))))
        .collect();
    records.push(RecordRow::Firing(firing(1)));
    records.push(RecordRow::Intent(intent(
        1,
        Goal::Quiet,
        Cause::Firing(FiringId(1)),
    )));
    for (id, outcome) in (1..).zip(outcomes) {
        records.push(RecordRow::Request(request(id, &[1])));
        records.push(RecordRow::Answer(answer(id, outcome)));
    }
    let written = store.write(&records.into()).await.unwrap();
    assert_eq!((written.refused.len(), written.unmatched), (0, 0));
    let story = store.reader().firing(FiringId(1)).await.unwrap().unwrap();
    let kinds: Vec<_> = story.entries.iter().map(|e| e.kind.as_str()).collect();
    let expected: Vec<_> = EntryKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(kinds, expected);
    let answers: Vec<_> = story
        .requests
        .iter()
        .map(|r| r.answer.as_ref().unwrap().outcome)
        .collect();
    assert_eq!(answers, outcomes);
}

#[tokio::test]
async fn a_row_that_is_refused_does_not_hold_up_the_others() {
    let place = Place::new();
    let mut store = place.open().await;
    store
        .write(&vec![RecordRow::Firing(firing(1))].into())
        .await
        .unwrap();
    let records = vec![
        line("before"),
        RecordRow::Firing(firing(1)),
        RecordRow::Answer(answer(77, Outcome::Unknown)),
        line("after"),
    ];
    let written = store.write(&records.into()).await.unwrap();
    assert_eq!(written.refused.len(), 1);
    assert_eq!(written.refused[0].row, "firing 1");
    assert_eq!(written.unmatched, 1, "an answer to no request");
    let entries = store.reader().entries(&EntryFilter::default()).await;
    let lines: Vec<_> = entries.unwrap().into_iter().map(|e| e.message).collect();
    assert_eq!(lines, ["before", "after"]);
}

/// The three times of a request, and what a start makes of them.
#[tokio::test]
async fn when_a_request_left_is_kept_and_read_back() {
    let place = Place::new();
    let mut store = place.open().await;
    let sent = |id, millis, unrecorded: Option<&str>| RecordRow::Sent {
        request: RequestId(id),
        at: at(millis),
        unrecorded: unrecorded.map(ToOwned::to_owned),
    };
    // Decided long before the start, or just before it; the number is the time.
    let decided = |id, millis| {
        RecordRow::Request(RequestRow {
            at: at(millis),
            ..request(id, &[1])
        })
    };
    let why = "the record was not written within 20 ms";
    let batch: Batch = vec![
        RecordRow::Firing(firing(1)),
        RecordRow::Intent(intent(1, Goal::FlatAndQuiet, Cause::Firing(FiringId(1)))),
        decided(1, -95_000),
        decided(2, -60_000),
        decided(3, -9_000),
        decided(4, -8_000),
        decided(5, -10_001),
        decided(6, -60_000),
        sent(1, -3_000, Some(why)),
        sent(6, -12_000, None),
        RecordRow::Answer(answer(4, Outcome::NotSent)),
    ]
    .into();
    let written = store.write(&batch).await.unwrap();
    assert_eq!((written.refused, written.unmatched), (vec![], 0));
    let left = store.restore().await.unwrap().kept.recent;
    let expected = [(account(), at(-9_000)), (account(), at(-3_000))];
    let left = left
        .iter()
        .map(|one| (one.account.clone(), one.sent_at.unwrap_or(one.queued_at)));
    assert_eq!(left.collect::<Vec<_>>(), expected);
    let story = store.reader().firing(FiringId(1)).await.unwrap().unwrap();
    let times: Vec<_> = story.requests.iter().map(|r| r.sent.clone()).collect();
    let view = |millis, unrecorded: Option<&str>| {
        Some(riskd::store::SentView {
            at: at(millis),
            unrecorded: unrecorded.map(ToOwned::to_owned),
        })
    };
    let (first, last) = (view(-3_000, Some(why)), view(-12_000, None));
    assert_eq!(times, [first, None, None, None, None, last]);
    // One whose request is not on record is counted, and nothing else.
    let stray = store.write(&vec![sent(77, 0, None)].into()).await.unwrap();
    assert_eq!(stray.unmatched, 1);
}

/// Whatever a venue or a person writes is in the record as it was, and fits its
/// link of the chain.
#[tokio::test]
async fn any_text_comes_back_as_it_was() {
    let long = "ä\"\\ ".repeat(40_000);
    let texts = [
        "",
        "\"quoted\", [1, null] and {\"a\": 1}",
        "a back\\slash, an apostrophe's, a ?1 and a ;",
        "line\nfeed\ttab\r\u{1}\u{1f}\u{7f}",
        "a zero \0 in the middle",
        "\0",
        "\u{e000} \u{10ffff} \u{fffd} \u{2028} 🦀",
        "'; drop table entries; --",
        long.as_str(),
    ];
    let place = Place::new();
    let mut store = place.open().await;
    for (id, text) in (1..).zip(texts) {
        let words = AnswerRow {
            words: text.to_owned(),
            ..answer(id, Outcome::Unknown)
        };
        // As a batch of rows, and as one with a lock and a change.
        let whole = vec![
            line(text),
            RecordRow::Firing(firing(id)),
            RecordRow::Intent(intent(id, Goal::Quiet, Cause::Person(text.to_owned()))),
            RecordRow::Request(request(id, &[id])),
        ];
        let changes = vec![
            line(text),
            RecordRow::Lock(lock(LockEnd::Manual, text, Some(id))),
            RecordRow::Answer(words),
        ];
        for batch in [whole, changes] {
            let written = store.write(&batch.into()).await.unwrap();
            assert_eq!(
                (written.refused, written.unmatched),
                (vec![], 0),
                "{text:?}"
            );
        }
    }
    let reader = store.reader();
    let entries = reader.entries(&EntryFilter::default()).await.unwrap();
    let ids: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, (1..=18).collect::<Vec<i64>>());
    let lines: Vec<&str> = entries.iter().map(|entry| &*entry.message).collect();
    let twice: Vec<&str> = texts.iter().flat_map(|text| [*text, *text]).collect();
    assert_eq!(lines, twice);
    for (id, text) in (1..).zip(texts) {
        let told = reader.firing(FiringId(id)).await.unwrap().unwrap();
        assert_eq!(told.locks[0].lock.reason, text);
    }
    let verified = reader.verify(None).await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.findings);
}
