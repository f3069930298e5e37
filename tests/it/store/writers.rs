//! Two writers on one record in turn: no number is given twice, each has its chain,
//! and a start finds what both wrote.

use std::collections::BTreeSet;

use riskd::domain::ids::WriterId;
use riskd::engine::record::IntentEnd;
use riskd::store::{Batch, EntryFilter, FindingKind, NodeName, Reader, Verification};

use super::*;

async fn open_as(place: &Place, node: &str, millis: i64) -> Store {
    let node = NodeName::from(node);
    Store::open_as(&place.file(), at(millis), &node)
        .await
        .unwrap()
}

/// What a node that starts finds, fires, and asks for, under the numbers that its
/// start gave it. Says the number of the firing.
async fn turn(place: &Place, node: &str, millis: i64) -> FiringId {
    let mut store = open_as(place, node, millis).await;
    let restored = store.restore().await.unwrap();
    let (id, intent_id) = (restored.next.firing, restored.next.intent);
    let fired = LogEntry {
        firing: Some(id),
        ..entry(EntryKind::Fired, node, None)
    };
    let batch: Batch = vec![
        RecordRow::Firing(FiringRow {
            at: at(millis),
            ..firing(id.0)
        }),
        RecordRow::Intent(intent(intent_id.0, Goal::FlatAndQuiet, Cause::Firing(id))),
        RecordRow::Request(request(restored.next.request.0, &[intent_id.0])),
        RecordRow::Lock(lock(LockEnd::At(at(millis + 60_000)), node, Some(id.0))),
        RecordRow::LogEntry(fired),
    ]
    .into();
    let written = store.write(&batch).await.unwrap();
    assert_eq!((written.refused, written.unmatched), (vec![], 0));
    store.close().await.unwrap();
    id
}

async fn verify(place: &Place, noted: Option<&str>) -> Verification {
    let reader = Reader::open(&place.file()).await.unwrap();
    let found = reader.verify(noted).await.unwrap();
    reader.close().await;
    found
}

/// Three turns of two nodes, each of which fires twice.
async fn three_turns(place: &Place) -> Vec<FiringId> {
    let mut ids = Vec::new();
    for (node, millis) in [("a", 0), ("b", 1_000), ("a", 2_000)] {
        ids.push(turn(place, node, millis).await);
        ids.push(turn(place, node, millis + 500).await);
    }
    ids
}

#[tokio::test]
async fn numbers_never_meet_and_a_start_finds_all_of_them() {
    let place = Place::new();
    let ids = three_turns(&place).await;
    let shown: Vec<String> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["1", "2", "2-1", "2-2", "3-1", "3-2"]);

    let mut store = open_as(&place, "a", 4_000).await;
    let restored = store.restore().await.unwrap();
    let intents: Vec<String> = restored
        .kept
        .intents
        .iter()
        .map(|i| i.id.to_string())
        .collect();
    assert_eq!(intents, shown);
    assert_eq!(restored.next.firing.to_string(), "3-3");
    // The lock is one: each extended that of the one before.
    let ends: Vec<_> = restored.kept.locks.iter().map(|lock| lock.end).collect();
    assert_eq!(ends, [LockEnd::At(at(62_500))]);
    // In the order of writing, each number once.
    let entries = store
        .reader()
        .entries(&EntryFilter::default())
        .await
        .unwrap();
    let told: Vec<&str> = entries.iter().map(|entry| entry.message.as_str()).collect();
    assert_eq!(told, ["a", "a", "b", "b", "a", "a"]);
    let numbers: BTreeSet<i64> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(numbers.len(), entries.len());
    let second: FiringId = "2-1".parse().unwrap();
    let report = store.reader().firing(second).await.unwrap().unwrap();
    assert_eq!(report.firing.id, second);
    assert_eq!(report.locks[0].id.to_string(), "2-1");
    assert_eq!(report.locks[0].replaced_by.unwrap().to_string(), "2-2");
    assert_eq!(report.requests[0].id.to_string(), "2-1");
}

#[tokio::test]
async fn each_writer_has_a_chain_of_its_own() {
    let place = Place::new();
    three_turns(&place).await;
    let found = verify(&place, None).await;
    assert_eq!(found.findings, []);
    let chains: Vec<_> = found
        .chains
        .iter()
        .map(|chain| {
            let (node, epoch) = chain.node.clone().unwrap();
            (chain.writer.get(), node, epoch, chain.links)
        })
        .collect();
    // Each has a link that says who it is, the first one more that says when the
    // chain was begun, and there was no lock yet that its first lock replaces.
    let node = |name: &str| name.to_owned();
    assert_eq!(
        chains,
        [
            (1, node("a"), 1, 13),
            (2, node("b"), 1, 13),
            (3, node("a"), 2, 13)
        ]
    );
    assert_eq!(found.head, Some(found.chains[2].head.clone()));
    let seq = found.chains[1].head.seq;
    assert_eq!(WriterId::of(seq), found.chains[1].writer);
    // A head that was noted at the end of any turn is a part of the record.
    for chain in &found.chains {
        let noted = verify(&place, Some(&chain.head.hash)).await;
        assert_eq!(
            (noted.noted, noted.is_whole()),
            (Some(chain.head.seq), true)
        );
    }
}

/// Who cuts off the end of an earlier writer's chain, with all that tells of it, is
/// found out by the chain behind it.
#[tokio::test]
async fn the_end_of_an_earlier_chain_cannot_be_cut_off() {
    let place = Place::new();
    three_turns(&place).await;
    let second = 1_i64 << 40;
    assert_eq!(verify(&place, None).await.findings, []);
    place
        .meddle(
            "delete from entries where id = (1 << 40) + 2;
             update last_numbers set entry = entry - 1 where writer = 2;
             delete from chain where seq = (select max(seq) from chain where seq < 2 << 40)",
        )
        .await;
    let found = verify(&place, None).await;
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
    let finding = &found.findings[0];
    assert_eq!(finding.kind, FindingKind::Cut);
    assert!(
        finding.what.starts_with("writer 3 began behind link 2-13"),
        "{finding:?}"
    );
    assert_eq!(finding.link, Some(second + 13));
}

#[tokio::test]
async fn a_broken_link_is_told_with_its_writer() {
    let place = Place::new();
    three_turns(&place).await;
    place
        .meddle("update chain set hash = zeroblob(32) where seq = (1 << 40) + 4")
        .await;
    let found = verify(&place, None).await;
    assert!(!found.is_whole());
    let whole: Vec<i64> = found.chains.iter().map(|chain| chain.whole_from).collect();
    let second = 1_i64 << 40;
    assert_eq!(whole, [1, second + 6, (2_i64 << 40) + 1]);
    assert!(found.findings[0].what.contains("link 2-4"), "{found:?}");
}

/// A writer goes on as the same one while nobody else wrote meanwhile, and without a
/// name it is the first.
#[tokio::test]
async fn one_node_stays_one_writer() {
    let place = Place::new();
    for _ in 0..3 {
        let mut store = place.open().await;
        store.write(&vec![line("x")].into()).await.unwrap();
        store.close().await.unwrap();
    }
    let found = verify(&place, None).await;
    let writers: Vec<i64> = found
        .chains
        .iter()
        .map(|chain| chain.writer.get())
        .collect();
    assert_eq!((found.findings, writers), (vec![], vec![1]));
}

/// What one account needs to be taken up is read alone, and a start is the sum of it.
#[tokio::test]
async fn a_start_is_the_sum_of_its_accounts() {
    let place = Place::new();
    three_turns(&place).await;
    let mut store = open_as(&place, "a", 4_000).await;
    let other = |record: RecordRow| match record {
        RecordRow::Intent(row) => RecordRow::Intent(IntentRow {
            account: "demo".into(),
            ..row
        }),
        RecordRow::Lock(row) => RecordRow::Lock(LockRow {
            account: "demo".into(),
            ..row
        }),
        RecordRow::Request(row) => RecordRow::Request(RequestRow {
            account: "demo".into(),
            at: at(3_000),
            ..row
        }),
        record => record,
    };
    let next = store.restore().await.unwrap().next;
    let state = |account: &str| RecordRow::AccountState {
        account: account.into(),
        state: "{}".to_owned(),
    };
    let fired = |account: &str, id: FiringId| RecordRow::RuleState {
        account: account.into(),
        rule: rule(),
        state: format!("{{\"fired\":{{\"id\":{}}}}}", id.0),
    };
    let observed = IntentId(next.intent.0 + 1);
    let batch: Batch = vec![
        state("apex-1"),
        state("demo"),
        fired("demo", next.firing),
        RecordRow::Firing(firing(next.firing.0)),
        other(RecordRow::Intent(intent(
            next.intent.0,
            Goal::Quiet,
            Cause::Lock,
        ))),
        other(RecordRow::Intent(intent(
            observed.0,
            Goal::Quiet,
            Cause::Firing(next.firing),
        ))),
        RecordRow::IntentEnded {
            id: observed,
            at: at(3_000),
            end: IntentEnd::Observed,
        },
        other(RecordRow::Lock(lock(LockEnd::Manual, "x", None))),
        other(RecordRow::Request(request(next.request.0, &[]))),
    ]
    .into();
    store.write(&batch).await.unwrap();

    let whole = store.restore().await.unwrap().kept;
    let reader = store.reader();
    let mut sum = riskd::engine::restore::KeptRows::default();
    for name in ["apex-1", "demo", "nobody"] {
        let kept = reader.kept(&name.into(), at(4_000)).await.unwrap();
        if name == "demo" {
            assert_eq!((kept.locks.len(), kept.intents.len()), (1, 1));
            assert_eq!((kept.recent.len(), kept.observed.len()), (1, 1));
            assert_eq!((kept.accounts.len(), kept.rules.len()), (1, 1));
        }
        sum.accounts.extend(kept.accounts);
        sum.rules.extend(kept.rules);
        sum.locks.extend(kept.locks);
        sum.intents.extend(kept.intents);
        sum.recent.extend(kept.recent);
        sum.observed.extend(kept.observed);
    }
    sum.recent.sort_by_key(|request| request.queued_at);
    assert_eq!(sum, whole);
}
