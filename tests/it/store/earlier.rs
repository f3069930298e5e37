//! Records of earlier versions: each opens, what was in force in it holds, and its
//! chain goes on without a link of before being touched.

use std::path::PathBuf;
use std::sync::Arc;

use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Learned, Observation};
use riskd::domain::position_key::PositionKey;
use riskd::engine::effect::Effect;
use riskd::engine::event::Event;
use riskd::engine::restore::Started;
use riskd::engine::{Engine, EngineConfig, NextIds};
use riskd::rules;
use riskd::store::{Batch, FindingKind, Reader, Restored, Verification};
use rust_decimal::Decimal;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::*;

/// The layouts that earlier versions made. The records hold rows of all kinds, by
/// the same story; before layout 3 nothing says when a request left.
const LAYOUTS: [&str; 3] = ["layout_1.sql", "layout_2.sql", "layout_3.sql"];

fn dump(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/store/records");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// A place with the record of this file in it.
pub(super) async fn place_with(name: &str) -> Place {
    let place = Place::new();
    let mut connection = SqliteConnectOptions::new()
        .filename(place.file())
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(dump(name)))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    place
}

async fn links(place: &Place) -> Vec<(i64, Vec<u8>, Vec<u8>)> {
    let mut connection = SqliteConnectOptions::new()
        .filename(place.file())
        .connect()
        .await
        .unwrap();
    let links = sqlx::query_as("select seq, body, hash from chain order by seq")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    links
}

async fn verify(place: &Place) -> Verification {
    let reader = Reader::open(&place.file()).await.unwrap();
    let found = reader.verify(None).await.unwrap();
    reader.close().await;
    found
}

fn is_in_force(restored: &Restored, name: &str) {
    let locks: Vec<_> = restored
        .kept
        .locks
        .iter()
        .map(|lock| (lock.account.as_str(), lock.kind, lock.end, lock.since))
        .collect();
    let close_only = ("demo", LockKind::CloseOnly, LockEnd::At(at(90_000)), at(10));
    let manual = ("apex-1", LockKind::Lock, LockEnd::Manual, at(10));
    assert_eq!(locks, [close_only, manual], "{name}");
    let open: Vec<i64> = restored
        .kept
        .intents
        .iter()
        .map(|intent| intent.id.0)
        .collect();
    assert_eq!(open, [2, 3, 4], "{name}");
    let closed = Goal::Closed(vec![
        PositionKey::new("BTCUSDT/long"),
        PositionKey::new("ES 03-26"),
    ]);
    assert_eq!(restored.kept.intents[2].goal, closed, "{name}");
    assert_eq!(restored.kept.observed, [FiringId(2)], "{name}");
    assert_eq!(restored.kept.accounts.len(), 2, "{name}");
    assert_eq!(restored.kept.rules.len(), 2, "{name}");
    let next = NextIds {
        firing: FiringId(3),
        intent: IntentId(6),
        request: RequestId(5),
    };
    assert_eq!(restored.next, next, "{name}");
    assert_eq!(restored.rules_hash.as_deref(), Some("abc"), "{name}");
    assert!(restored.rule_sets.iter().all(|set| set.files.is_none()));
    let last = restored.last_entry.as_ref().unwrap();
    assert_eq!((last.id, last.kind.as_str()), (5, "stopped"), "{name}");
}

#[tokio::test]
async fn every_earlier_record_opens_with_all_that_was_in_force() {
    for name in LAYOUTS {
        let place = place_with(name).await;
        let mut store = place.open().await;
        is_in_force(&store.restore().await.unwrap(), name);
        let batch: Batch = vec![
            RecordRow::Firing(firing(3)),
            RecordRow::Lock(lock(LockEnd::At(at(1)), "shorter", Some(3))),
            line("after"),
        ]
        .into();
        let written = store.write(&batch).await.unwrap();
        assert_eq!((written.refused, written.unmatched), (vec![], 0), "{name}");
        // `riskd why 1` goes on to mean what it meant.
        let told = store.reader().firing(FiringId(1)).await.unwrap().unwrap();
        assert_eq!(told.firing.rule, "daily loss limit", "{name}");
        assert_eq!((told.intents.len(), told.requests.len()), (2, 4), "{name}");
        assert_eq!(told.locks.len(), 2, "{name}");
        store.close().await.unwrap();
        let found = verify(&place).await;
        assert_eq!(found.findings, [], "{name}");
        assert_eq!(found.chains.len(), 1, "{name}");
        assert_eq!(found.taken_over > 0, name == LAYOUTS[0], "{name}");
        // Again, as what it is by now.
        let mut store = place.open().await;
        let locks = store.restore().await.unwrap().kept.locks;
        assert_eq!((locks.len(), locks[1].end), (2, LockEnd::Manual), "{name}");
        let entry = store.restore().await.unwrap().last_entry.unwrap();
        assert_eq!((entry.id, entry.message.as_str()), (6, "after"), "{name}");
    }
}

#[tokio::test]
async fn the_links_of_before_stay_as_they_are() {
    for name in &LAYOUTS[1..] {
        let place = place_with(name).await;
        let before = links(&place).await;
        let mut store = place.open().await;
        store.write(&vec![line("after")].into()).await.unwrap();
        store.close().await.unwrap();
        let after = links(&place).await;
        assert!(before.len() > 20, "{name}");
        // Behind them the writer of all of it, and the new line.
        assert_eq!(after.len(), before.len() + 2, "{name}");
        assert_eq!(after[..before.len()], before, "{name}");
    }
}

/// A column that is younger than the link of its row cannot be filled by hand.
#[tokio::test]
async fn what_an_earlier_row_could_not_hold_is_found() {
    let edits = [
        (
            "requests",
            "update requests set instrument = 'ES' where id = 1",
        ),
        (
            "requests",
            "update requests set quantity = '5' where id = 3",
        ),
        ("requests", "update requests set round = 2 where id = 3"),
        (
            "rule_sets",
            "update rule_sets set files = '[]' where hash = 'def'",
        ),
        (
            "rule_sets",
            "update rule_sets set text = 'x' where hash = 'def'",
        ),
        ("writers", "update writers set node = 'other'"),
    ];
    for (table, edit) in edits {
        let place = place_with("layout_3.sql").await;
        place.open().await.close().await.unwrap();
        place.meddle(edit).await;
        let found = verify(&place).await;
        let told: Vec<_> = found
            .findings
            .iter()
            .map(|finding| (finding.kind, finding.table.as_deref()))
            .collect();
        assert_eq!(told, [(FindingKind::Edited, Some(table))], "{edit}");
    }
}

/// A run of the version before this one: its loss limit fired and locked the account
/// until 23:00, and the highest equity was 50,500.
#[tokio::test]
async fn a_run_of_the_version_before_is_gone_on_with() {
    let place = place_with("run_3.sql").await;
    let mut store = place.open().await;
    let restored = store.restore().await.unwrap();
    let kept = restored.rule_sets[0].clone();
    let loaded = rules::load_kept("rules.yaml", &kept.text, None, &|_| unreachable!());
    let now = Now::at("2026-01-14T15:00:04Z".parse().unwrap());
    let config = EngineConfig {
        acts: true,
        stale_after: None,
    };
    let rules = loaded.rules.unwrap().book;
    let Started { mut engine, .. } =
        Engine::start(rules, config, restored.into_kept(Vec::new()), now);
    let status = engine.status(now);
    let account = &status[0];
    assert_eq!(account.locks.len(), 1);
    assert_eq!(account.locks[0].until, "2026-01-14T23:00:00+00:00");
    let rule = |name: &str| account.rules.iter().find(|rule| rule.rule == name).unwrap();
    assert_eq!(rule("daily loss limit").firing, Some(1));

    // A position under the lock is closed, and the mark of before is the mark.
    let content = Content::Learned(Learned {
        figures: crate::support::figures(["-1000", "-500", "49000", "48500"]),
        positions: Some(Arc::from([Position::new(
            PositionKey::new("ES 03-26"),
            Decimal::ONE,
        )])),
        orders: WorkingOrders::Listed(Arc::from([])),
        ..Learned::default()
    });
    let observation = Observation {
        account: "acct-1".into(),
        at: now.steady,
        content,
    };
    let effects = engine.step(now, Event::Observed(observation)).effects;
    let is_flatten =
        |effect: &Effect| matches!(effect, Effect::Send { write, .. } if *write == Write::Flatten);
    assert!(effects.iter().any(is_flatten), "{effects:?}");
    let fired: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Record(RecordRow::Firing(row)) => Some((row.id, row.rule.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(fired, [(FiringId(2), "trailing")]);
}
