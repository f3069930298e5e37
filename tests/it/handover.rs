//! An account is let go of by one engine and taken up by another, or by the same one
//! later, with nothing but the record between them.

use std::collections::HashSet;
use std::sync::Arc;

use riskd::domain::account::AccountName;
use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::ids::{FiringId, IntentId, RequestId, WriterId};
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Learned, Observation};
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::{Answer, Outcome, Write};
use riskd::engine::effect::Effect;
use riskd::engine::event::{Command, Event};
use riskd::engine::record::{EntryKind, RecordRow};
use riskd::engine::restore::{Kept, KeptRows};
use riskd::engine::{Engine, EngineConfig, NextIds};
use riskd::rules::{self, book::RuleBook, book::Until};
use rust_decimal::Decimal;

use crate::support::{at, figures};

const RULES: &str = r#"
version: 1
sessions:
  globex: { timezone: America/New_York, open: "18:00", close: "17:00", days: [mon, tue, wed, thu, fri] }
venues:
  v: { kind: crosstrade, token: { env: TOKEN } }
accounts:
  a: { venue: v, number: Apex-1, session: globex, starting_balance: 50000 }
  b: { venue: v, number: Apex-2, session: globex, starting_balance: 50000 }
  c: { venue: v, number: Apex-3, session: globex, starting_balance: 50000 }
rules:
  - name: daily loss
    accounts: ["*"]
    when: { pnl: { loss: 500 } }
    then: [flatten]
  - name: trailing
    accounts: ["*"]
    when: { trailing_drawdown: { metric: equity, trail: 2500, span: lifetime } }
    then: [flatten]
"#;

const CONFIG: EngineConfig = EngineConfig {
    acts: true,
    stale_after: None,
};

const FLAT: [&str; 4] = ["0", "0", "50000", "50000"];
const WON: [&str; 4] = ["0", "1500", "50000", "51500"];
const LOST: [&str; 4] = ["0", "-600", "50000", "49400"];
const LOST_MORE: [&str; 4] = ["0", "-1100", "50000", "48900"];

fn rule_set() -> Arc<RuleBook> {
    let loaded = rules::load("rules.yaml", RULES, &|_| unreachable!());
    Arc::clone(&loaded.rules.unwrap().book)
}

fn noon(seconds: i64) -> Now {
    let mut now = at("2026-03-05T12:00:00-05:00");
    now.wall += chrono::TimeDelta::seconds(seconds);
    now.steady = now.wall;
    now
}

fn begin(kept: Kept, now: Now) -> (Engine, Vec<Effect>) {
    let started = Engine::start(rule_set(), CONFIG, kept, now);
    (started.engine, started.effects)
}

fn step(engine: &mut Engine, now: Now, event: Event) -> Vec<Effect> {
    let mut effects = engine.step(now, event).effects;
    let mut states = Vec::new();
    engine.drain_states(&mut states);
    effects.extend(states.into_iter().map(Effect::Record));
    effects
}

/// The account as it is seen with these figures, long two contracts or flat.
fn seen(account: &str, texts: [&str; 4], now: Now) -> Event {
    let held =
        (texts != FLAT).then(|| Position::new(PositionKey::new("ES 03-26"), Decimal::from(2)));
    Event::Observed(Observation {
        account: AccountName::from(account),
        at: now.steady,
        content: Content::Learned(Learned {
            figures: figures(texts),
            positions: Some(held.into_iter().collect()),
            orders: WorkingOrders::Listed(Arc::from([])),
            ..Learned::default()
        }),
    })
}

fn release(account: &str) -> Event {
    Event::Released {
        account: account.into(),
    }
}

fn adopt(account: &str, kept: KeptRows) -> Event {
    Event::Adopted {
        account: account.into(),
        kept: Box::new(kept),
        earlier: Vec::new(),
    }
}

/// What the record keeps of one account, where this is all it keeps.
fn only(account: &str, rows: &KeptRows) -> KeptRows {
    let mut rows = rows.clone();
    let is_it = |name: &AccountName| name.as_str() == account;
    rows.accounts.retain(|(name, _)| is_it(name));
    rows.rules.retain(|(name, ..)| is_it(name));
    rows.locks.retain(|row| is_it(&row.account));
    rows.intents.retain(|row| is_it(&row.account));
    rows.recent.retain(|row| is_it(&row.account));
    rows
}

fn account_of(effect: &Effect) -> Option<&AccountName> {
    match effect {
        Effect::Send { account, .. }
        | Effect::Withdraw { account, .. }
        | Effect::Read { account, .. }
        | Effect::WithdrawRead { account, .. } => Some(account),
        Effect::Record(record) => match record {
            RecordRow::AccountState { account, .. }
            | RecordRow::RuleState { account, .. }
            | RecordRow::LockEnded { account, .. } => Some(account),
            RecordRow::Firing(row) => Some(&row.account),
            RecordRow::Intent(row) => Some(&row.account),
            RecordRow::Request(row) => Some(&row.account),
            RecordRow::Lock(row) => Some(&row.account),
            RecordRow::LogEntry(entry) => entry.account.as_ref(),
            RecordRow::IntentEnded { .. } | RecordRow::Sent { .. } | RecordRow::Answer(_) => None,
        },
        Effect::Notify(notice) => notice.account.as_ref(),
    }
}

fn sent(effects: &[Effect]) -> Vec<(&str, Write)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { account, write, .. } => Some((account.as_str(), write.clone())),
        _ => None,
    });
    sent.collect()
}

fn firings(effects: &[Effect]) -> Vec<(FiringId, &str)> {
    let rows = effects.iter().filter_map(|effect| match effect {
        Effect::Record(RecordRow::Firing(row)) => Some((row.id, row.rule.as_str())),
        _ => None,
    });
    rows.collect()
}

fn locked_until(engine: &Engine, account: &str, now: Now) -> Vec<String> {
    let status = engine.status(now);
    let mut its = status.iter().filter(|one| one.account == account);
    its.next()
        .map(|one| one.locks.iter().map(|lock| lock.until.clone()).collect())
        .unwrap_or_default()
}

/// An engine whose account `b` was up 1,500, has lost, and is being made flat under a
/// lock by hand; what was asked of the shell last.
fn in_trouble() -> (Engine, Vec<Effect>) {
    let (mut engine, _) = begin(Kept::default(), noon(0));
    for account in ["a", "b", "c"] {
        step(&mut engine, noon(1), seen(account, FLAT, noon(1)));
    }
    step(&mut engine, noon(2), seen("b", WON, noon(2)));
    let lock = Command::Lock {
        account: "b".into(),
        until: Until::Manual,
        reason: "enough".to_owned(),
    };
    let mut effects = step(&mut engine, noon(3), Event::Command(lock));
    effects.extend(step(&mut engine, noon(4), seen("b", LOST, noon(4))));
    assert!(
        sent(&effects).contains(&("b", Write::Flatten)),
        "{effects:?}"
    );
    (engine, effects)
}

#[test]
fn an_account_that_is_let_go_of_is_left_as_it_is_on_record() {
    let (mut engine, effects) = in_trouble();
    let requests: Vec<RequestId> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send { request, .. } => Some(*request),
            _ => None,
        })
        .collect();
    let before = only("b", &engine.keep().rows);
    assert_eq!((before.locks.len(), before.intents.len()), (1, 2));

    // What has not left is held back; nothing is sent, ended or told.
    let released = step(&mut engine, noon(5), release("b"));
    for effect in &released {
        let is_quiet = matches!(
            effect,
            Effect::Withdraw { .. }
                | Effect::WithdrawRead { .. }
                | Effect::Record(RecordRow::AccountState { .. } | RecordRow::RuleState { .. })
        );
        assert!(is_quiet, "{effect:?}");
    }
    let withdrawn = released.iter().filter_map(|effect| match effect {
        Effect::Withdraw { request, .. } => Some(*request),
        _ => None,
    });
    assert_eq!(withdrawn.collect::<Vec<_>>(), requests);

    // Whatever arrives of it late changes nothing, and time does not either.
    let answered = Event::Answered {
        account: "b".into(),
        request: requests[0],
        answer: Answer {
            outcome: Outcome::Acknowledged,
            status: None,
            words: "".into(),
        },
    };
    let unlock = Command::Unlock {
        account: "b".into(),
        reason: "x".to_owned(),
    };
    let late = [
        answered,
        seen("b", LOST, noon(6)),
        Event::Command(unlock),
        Event::Time,
        Event::Reloaded(rule_set()),
        seen("b", LOST, noon(700)),
        release("b"),
    ];
    for (event, second) in late.into_iter().zip(600..) {
        let effects = step(&mut engine, noon(second), event);
        let b = AccountName::from("b");
        assert!(
            effects.iter().all(|effect| account_of(effect) != Some(&b)),
            "{effects:?}"
        );
    }
    // The others are run on, and found where they stand by now.
    let effects = step(&mut engine, noon(701), seen("c", LOST, noon(701)));
    assert_eq!(
        sent(&effects),
        [("c", Write::Flatten), ("c", Write::CancelOrders)]
    );
    let names: Vec<String> = engine
        .status(noon(702))
        .into_iter()
        .map(|s| s.account)
        .collect();
    assert_eq!(names, ["a", "c"]);
}

#[test]
fn an_account_is_taken_up_as_at_a_start() {
    let (engine, _) = in_trouble();
    let rows = engine.keep().rows;
    let second = WriterId::new(2).unwrap().before_first();
    let next = NextIds {
        firing: FiringId(second + 1),
        intent: IntentId(second + 1),
        request: RequestId(second + 1),
    };
    let start = Kept {
        rows: rows.clone(),
        next,
        ..Kept::default()
    };
    let (started, at_start) = begin(start, noon(10));

    // Another engine runs the others and takes it up.
    let without = Kept {
        next,
        elsewhere: HashSet::from(["b".into()]),
        ..Kept::default()
    };
    let (mut engine, _) = begin(without, noon(8));
    let adopted = engine.step(noon(10), adopt("b", only("b", &rows))).effects;
    assert_eq!(adopted, at_start);
    assert_eq!(locked_until(&engine, "b", noon(10)), ["manual"]);
    let names: Vec<String> = engine
        .status(noon(10))
        .into_iter()
        .map(|s| s.account)
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    let of_b = |engine: &Engine| only("b", &engine.keep().rows);
    assert_eq!(of_b(&engine), of_b(&started));

    // The last word was that it holds something: it is sent for before any look, and
    // by this engine's numbers.
    assert_eq!(
        sent(&adopted),
        [("b", Write::Flatten), ("b", Write::CancelOrders)]
    );
    let requests = adopted.iter().filter_map(|effect| match effect {
        Effect::Send { request, .. } => Some(request.to_string()),
        _ => None,
    });
    assert_eq!(requests.collect::<Vec<_>>(), ["2-1", "2-2"]);
    // Its latch holds, and so does the mark of before: 51,500 less 2,500.
    let effects = step(&mut engine, noon(11), seen("b", LOST_MORE, noon(11)));
    assert_eq!(firings(&effects), [(next.firing, "trailing")]);
}

#[test]
fn nothing_is_decided_of_an_account_before_it_is_seen_afresh() {
    let (mut engine, _) = begin(Kept::default(), noon(0));
    step(&mut engine, noon(1), seen("a", FLAT, noon(1)));
    step(&mut engine, noon(2), release("a"));
    let rows = only("a", &engine.keep().rows);
    assert_eq!(rows, KeptRows::default());
    let effects = step(&mut engine, noon(3), adopt("a", rows));
    assert!(
        sent(&effects).is_empty() && firings(&effects).is_empty(),
        "{effects:?}"
    );
    let effects = step(&mut engine, noon(4), Event::Time);
    assert!(
        sent(&effects).is_empty() && firings(&effects).is_empty(),
        "{effects:?}"
    );
    let effects = step(&mut engine, noon(5), seen("a", LOST, noon(5)));
    assert_eq!(firings(&effects), [(FiringId(1), "daily loss")]);
    assert_eq!(
        sent(&effects),
        [("a", Write::Flatten), ("a", Write::CancelOrders)]
    );
}

/// What is on record of an account that is run is older than what its engine knows.
#[test]
fn an_account_that_is_run_is_not_taken_up_again() {
    let (mut engine, _) = in_trouble();
    let before = engine.keep().rows;
    let effects = engine
        .step(noon(5), adopt("b", KeptRows::default()))
        .effects;
    assert_eq!(effects, []);
    assert_eq!(engine.keep().rows, before);
}

/// As at a start: a lock of an account that is not in the rule file is told of.
#[test]
fn what_is_kept_of_an_account_that_is_not_in_the_file_is_told_of() {
    let (engine, _) = in_trouble();
    let mut rows = only("b", &engine.keep().rows);
    for lock in &mut rows.locks {
        lock.account = "gone".into();
    }
    rows.accounts.clear();
    rows.rules.clear();
    rows.intents.clear();
    let (mut engine, _) = begin(Kept::default(), noon(8));
    let effects = step(&mut engine, noon(9), adopt("gone", rows));
    let told = effects.iter().filter(|effect| {
        matches!(effect, Effect::Record(RecordRow::LogEntry(entry)) if entry.kind == EntryKind::LeftBehind)
    });
    assert_eq!(told.count(), 1, "{effects:?}");
    assert!(sent(&effects).is_empty());
}
