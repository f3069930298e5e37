//! Locks and unfinished work follow the venue's account, whatever the rule file
//! calls it, and what riskd only observed is carried out once it acts.

use std::sync::Arc;

use riskd::domain::account::AccountName;
use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::lock::{LockEnd, LockKind};
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Learned, Observation};
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::{Answer, Outcome, Write};
use riskd::engine::effect::{Audience, Effect, Notice};
use riskd::engine::enforcement::Reading;
use riskd::engine::event::{Command, Event, ReadResult};
use riskd::engine::record::{EntryKind, IntentEnd, RecordRow};
use riskd::engine::restore::{Kept, Started};
use riskd::engine::{Engine, EngineConfig};
use riskd::rules::{self, book::Until, ruleset::RuleSet};
use rust_decimal::Decimal;

use crate::support::{at, figures};

const RULES: &str = r#"
version: 1
sessions:
  globex: { timezone: America/New_York, open: "18:00", close: "17:00", days: [mon, tue, wed, thu, fri] }
venues:
  v: { kind: crosstrade, token: { env: TOKEN } }
  w: { kind: crosstrade, token: { env: OTHER } }
accounts:
  a: { venue: v, number: Apex-1, session: globex, starting_balance: 50000 }
  b: { venue: v, number: Apex-2, session: globex, starting_balance: 50000 }
rules:
  - name: daily loss
    accounts: ["*"]
    when: { pnl: { loss: 500 } }
    then: [flatten]
"#;

const ENFORCE: EngineConfig = EngineConfig {
    acts: true,
    stale_after: None,
};
const OBSERVE: EngineConfig = EngineConfig {
    acts: false,
    ..ENFORCE
};

const FLAT: [&str; 4] = ["0", "0", "50000", "50000"];
const HELD: [&str; 4] = ["0", "-1", "50000", "49999"];
const LOST: [&str; 4] = ["0", "-600", "50000", "49400"];

const RENAMED: (&str, &str) = ("  a: {", "  other: {");
const RENUMBERED: (&str, &str) = ("Apex-1", "Apex-9");
const RESPELLED: (&str, &str) = ("Apex-1", "APEX-1");
const MOVED: (&str, &str) = ("venue: v, number: Apex-1", "venue: w, number: Apex-1");
const VENUE_RENAMED: (&str, &str) = ("  v: {", "  x: {");
const REMOVED: (&str, &str) = (
    "  a: { venue: v, number: Apex-1, session: globex, starting_balance: 50000 }\n",
    "",
);

fn edited(edits: &[(&str, &str)]) -> Arc<RuleSet> {
    let mut text = RULES.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let loaded = rules::load("rules.yaml", &text, &|_| unreachable!());
    let report = loaded.render_short();
    Arc::new(loaded.rules.unwrap_or_else(|| panic!("{report}")))
}

/// What speaks against a reload by an engine that runs the rules as they are.
fn objections(engine: &Engine, rules: &RuleSet) -> Vec<String> {
    let running = edited(&[]);
    engine.objections(&rules.book, |old, new| {
        rules.has_the_accounts_of(new, (&running, old))
    })
}

fn begin(edits: &[(&str, &str)], config: EngineConfig, kept: Kept, now: Now) -> Started {
    Engine::start(Arc::clone(&edited(edits).book), config, kept, now)
}

fn noon(seconds: i64) -> Now {
    let mut now = at("2026-03-05T12:00:00-05:00");
    now.wall += chrono::TimeDelta::seconds(seconds);
    now.steady = now.wall;
    now
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

fn lock_by_command(engine: &mut Engine, account: &str, now: Now) -> Vec<Effect> {
    let account = AccountName::from(account);
    let reason = "enough".to_owned();
    let until = Until::Manual;
    engine
        .step(
            now,
            Event::Command(Command::Lock {
                account,
                until,
                reason,
            }),
        )
        .effects
}

/// An engine whose account `a` is locked by hand and flat.
fn locked() -> Engine {
    let mut engine = begin(&[], ENFORCE, Kept::default(), noon(-100)).engine;
    engine.step(noon(-100), seen("a", FLAT, noon(-100)));
    let effects = lock_by_command(&mut engine, "a", noon(-99));
    finish(&mut engine, "a", -98, effects);
    engine
}

/// One whose account `a` has lost and is to be made flat, and what was asked for.
fn fired_now() -> (Engine, Vec<Effect>) {
    let mut engine = begin(&[], ENFORCE, Kept::default(), noon(0)).engine;
    engine.step(noon(0), seen("a", FLAT, noon(0)));
    let effects = engine.step(noon(1), seen("a", LOST, noon(1))).effects;
    (engine, effects)
}

/// One whose account `a` is being made flat.
fn unfinished() -> Engine {
    fired_now().0
}

fn records(effects: &[Effect]) -> impl Iterator<Item = &RecordRow> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Record(record) => Some(record),
        _ => None,
    })
}

fn fired(effects: &[Effect]) -> usize {
    let is_firing = |record: &&RecordRow| matches!(record, RecordRow::Firing(_));
    records(effects).filter(is_firing).count()
}

fn entries(effects: &[Effect], kind: EntryKind) -> Vec<&str> {
    let texts = records(effects).filter_map(|record| match record {
        RecordRow::LogEntry(entry) if entry.kind == kind => Some(entry.message.as_str()),
        _ => None,
    });
    texts.collect()
}

/// What everybody is told of this kind.
fn told(effects: &[Effect], kind: EntryKind) -> Vec<&Notice> {
    let notices = effects.iter().filter_map(|effect| match effect {
        Effect::Notify(notice) => Some(notice),
        _ => None,
    });
    let to_all = notices.filter(|notice| notice.to == Audience::Everyone);
    to_all.filter(|notice| notice.kind == kind).collect()
}

fn flattens(effects: &[Effect]) -> Vec<&str> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send {
            account,
            write: Write::Flatten,
            ..
        } => Some(account.as_str()),
        _ => None,
    });
    sent.collect()
}

fn locks(engine: &Engine) -> Vec<(String, LockEnd)> {
    let locks = engine.keep().rows.locks.into_iter();
    locks
        .map(|row| (row.account.to_string(), row.end))
        .collect()
}

#[test]
fn c1_an_edit_that_loses_sight_of_an_account_is_objected_to() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[RENAMED], "calls it other"),
        (&[RENUMBERED], "Apex-9 instead of Apex-1"),
        (&[MOVED], "another venue"),
        (&[REMOVED], "takes it out"),
        (&[RESPELLED], ""),
        // The same address and the same token are the same venue.
        (&[VENUE_RENAMED, ("venue: v", "venue: x")], ""),
        (&[("env: TOKEN", "env: RENEWED")], ""),
    ];
    for (edits, expected) in cases {
        for (engine, why) in [
            (locked(), "is locked"),
            (unfinished(), "is being made flat"),
        ] {
            let objections = objections(&engine, &edited(edits));
            match expected {
                "" => assert!(objections.is_empty(), "{objections:?}"),
                _ => {
                    let [text] = &objections[..] else {
                        panic!("{edits:?}: {objections:?}");
                    };
                    assert!(text.contains(expected) && text.contains(why), "{text}");
                }
            }
        }
        let mut free = begin(&[], ENFORCE, Kept::default(), noon(0)).engine;
        free.step(noon(0), seen("a", FLAT, noon(0)));
        assert!(objections(&free, &edited(edits)).is_empty());
    }
}

#[test]
fn c1_another_spelling_of_the_number_is_the_same_account() {
    let mut engine = unfinished();
    lock_by_command(&mut engine, "a", noon(2));
    let before = locks(&engine);
    let Started { engine, effects } = begin(&[RESPELLED], ENFORCE, engine.keep(), noon(3));
    assert_eq!(locks(&engine), before);
    assert_eq!(entries(&effects, EntryKind::Resumed).len(), 2);
    let mut engine = engine;
    // Its limit stays latched, and its anchor is what it was.
    let effects = engine.step(noon(4), seen("a", LOST, noon(4))).effects;
    assert_eq!(fired(&effects), 0);
    let effects = engine
        .step(noon(5), Event::Reloaded(Arc::clone(&edited(&[]).book)))
        .effects;
    assert!(entries(&effects, EntryKind::LockEnded).is_empty());
    assert_eq!(locks(&engine), before);
}

#[test]
fn c1_a_lock_of_the_record_follows_its_account_to_another_name() {
    let engine = locked();
    let Started {
        mut engine,
        effects,
    } = begin(&[RENAMED], ENFORCE, engine.keep(), noon(2));
    assert_eq!(locks(&engine), [("other".to_owned(), LockEnd::Manual)]);
    // The record says so too: the row of the old name has ended.
    let rows: Vec<&RecordRow> = records(&effects)
        .filter(|record| matches!(record, RecordRow::Lock(_) | RecordRow::LockEnded { .. }))
        .collect();
    assert!(
        matches!(&rows[..], [RecordRow::LockEnded { account, .. }, RecordRow::Lock(row)]
            if account.as_str() == "a" && row.account.as_str() == "other"),
        "{rows:?}"
    );
    assert_eq!(told(&effects, EntryKind::Locked).len(), 1);
    let effects = engine.step(noon(3), seen("other", HELD, noon(3))).effects;
    assert_eq!(entries(&effects, EntryKind::LockViolated).len(), 1);
    assert_eq!(flattens(&effects), ["other"]);
}

#[test]
fn c1_two_accounts_that_swap_their_names_keep_their_locks() {
    let swap = [
        ("Apex-1", "Apex-3"),
        ("Apex-2", "Apex-1"),
        ("Apex-3", "Apex-2"),
    ];
    let Started { engine, .. } = begin(&swap, ENFORCE, locked().keep(), noon(2));
    assert_eq!(locks(&engine), [("b".to_owned(), LockEnd::Manual)]);
}

#[test]
fn c1_unfinished_work_of_the_record_follows_its_account_to_another_name() {
    let Started {
        mut engine,
        effects,
    } = begin(&[RENAMED], ENFORCE, unfinished().keep(), noon(2));
    assert_eq!(entries(&effects, EntryKind::Resumed).len(), 1);
    let ends: Vec<IntentEnd> = records(&effects)
        .filter_map(|record| match record {
            RecordRow::IntentEnded { end, .. } => Some(*end),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [IntentEnd::Abandoned]);
    let taken_up = engine.keep().rows.intents;
    assert_eq!(taken_up.len(), 1);
    assert_eq!(taken_up[0].account.as_str(), "other");
    // The limit of the new name begins afresh, and acts too.
    let effects = engine.step(noon(3), seen("other", LOST, noon(3))).effects;
    assert_eq!(fired(&effects), 1);
}

#[test]
fn c1_what_belongs_to_an_account_that_is_not_in_the_file_is_told_of_and_kept() {
    for (engine, kept) in [(locked(), 1), (unfinished(), 0)] {
        let Started {
            mut engine,
            effects,
        } = begin(&[REMOVED], ENFORCE, engine.keep(), noon(2));
        assert_eq!(
            told(&effects, EntryKind::LeftBehind).len(),
            1,
            "{effects:?}"
        );
        assert!(locks(&engine).is_empty());
        // It comes back under another name: its lock is in force there.
        let effects = engine
            .step(
                noon(3),
                Event::Reloaded(Arc::clone(&edited(&[RENAMED]).book)),
            )
            .effects;
        assert_eq!(told(&effects, EntryKind::Locked).len(), kept);
        assert_eq!(locks(&engine).len(), kept);
    }
    // Another account has its name: nothing of it acts there.
    let Started { engine, effects } = begin(&[RENUMBERED], ENFORCE, locked().keep(), noon(2));
    assert!(locks(&engine).is_empty());
    assert_eq!(told(&effects, EntryKind::LockEnded).len(), 1);
}

#[test]
fn c2_what_fired_while_observing_is_armed_again_once_riskd_acts() {
    let mut engine = begin(&[], OBSERVE, Kept::default(), noon(0)).engine;
    engine.step(noon(0), seen("a", FLAT, noon(0)));
    let effects = engine.step(noon(1), seen("a", LOST, noon(1))).effects;
    assert_eq!(fired(&effects), 1);
    assert!(flattens(&effects).is_empty());
    // Another start that only observes leaves it as it is.
    let Started { engine, effects } = begin(&[], OBSERVE, engine.keep(), noon(2));
    assert!(entries(&effects, EntryKind::Rearmed).is_empty());
    let Started {
        mut engine,
        effects,
    } = begin(&[], ENFORCE, engine.keep(), noon(3));
    let armed = entries(&effects, EntryKind::Rearmed);
    assert_eq!(armed.len(), 1);
    assert!(armed[0].contains("while riskd only observed"), "{armed:?}");
    assert_eq!(told(&effects, EntryKind::Rearmed).len(), 1);
    // It is not told of a second time, and acts: the condition is true.
    let Started { effects, .. } = begin(&[], ENFORCE, engine.keep(), noon(4));
    assert!(entries(&effects, EntryKind::Rearmed).is_empty());
    let effects = engine.step(noon(4), seen("a", LOST, noon(4))).effects;
    assert_eq!(fired(&effects), 1);
    assert_eq!(flattens(&effects), ["a"]);
}

#[test]
fn c2_where_the_condition_is_not_true_any_more_nothing_acts() {
    let mut engine = begin(&[], OBSERVE, Kept::default(), noon(0)).engine;
    engine.step(noon(0), seen("a", FLAT, noon(0)));
    engine.step(noon(1), seen("a", LOST, noon(1)));
    let mut engine = begin(&[], ENFORCE, engine.keep(), noon(2)).engine;
    let effects = engine.step(noon(3), seen("a", FLAT, noon(3))).effects;
    assert_eq!(fired(&effects), 0);
    assert!(flattens(&effects).is_empty());
}

/// What a venue makes of these effects where everything works and the account is
/// flat: what happens next.
fn answers(effects: &[Effect], now: Now) -> Vec<Event> {
    let mut events = Vec::new();
    for effect in effects {
        match effect {
            Effect::Send {
                account, request, ..
            } => {
                events.push(Event::Sent {
                    account: account.clone(),
                    request: *request,
                    unrecorded: None,
                });
                events.push(Event::Answered {
                    account: account.clone(),
                    request: *request,
                    answer: Answer {
                        outcome: Outcome::Acknowledged,
                        status: Some(200),
                        words: Arc::from(""),
                    },
                });
            }
            Effect::Read {
                account,
                read,
                what,
            } => events.push(Event::ReadEnded {
                account: account.clone(),
                read: *read,
                at: now.steady,
                result: Ok(match what {
                    Reading::Orders | Reading::WatchOrders => {
                        ReadResult::Orders(WorkingOrders::Listed(Arc::from([])))
                    }
                    Reading::Positions | Reading::Watch | Reading::CloseWatch => {
                        ReadResult::Positions(Arc::from([]))
                    }
                }),
            }),
            _ => {}
        }
    }
    events
}

/// Ends what is being enforced, and of which these effects have come: all of it
/// is carried out.
fn finish(engine: &mut Engine, account: &str, from: i64, mut effects: Vec<Effect>) {
    for second in from..from + 60 {
        let now = noon(second);
        let events = answers(&std::mem::take(&mut effects), now);
        for event in events {
            effects.extend(engine.step(now, event).effects);
        }
        effects.extend(engine.step(now, seen(account, FLAT, now)).effects);
        if !engine.has_open_intents() {
            return;
        }
    }
    panic!("it does not end");
}

#[test]
fn c2_a_firing_that_was_carried_out_stays_latched_over_a_detour_through_observing() {
    let (mut engine, effects) = fired_now();
    finish(&mut engine, "a", 2, effects);
    let engine = begin(&[], OBSERVE, engine.keep(), noon(100)).engine;
    let Started {
        mut engine,
        effects,
    } = begin(&[], ENFORCE, engine.keep(), noon(101));
    assert!(entries(&effects, EntryKind::Rearmed).is_empty());
    let effects = engine.step(noon(102), seen("a", LOST, noon(102))).effects;
    assert_eq!(fired(&effects), 0);
}

#[test]
fn c2_what_a_start_that_only_observes_leaves_unfinished_is_armed_again_after_it() {
    let Started { engine, effects } = begin(&[], OBSERVE, unfinished().keep(), noon(2));
    assert_eq!(entries(&effects, EntryKind::WouldSend).len(), 1);
    assert!(!engine.has_open_intents());
    let Started {
        mut engine,
        effects,
    } = begin(&[], ENFORCE, engine.keep(), noon(3));
    assert_eq!(entries(&effects, EntryKind::Rearmed).len(), 1);
    let effects = engine.step(noon(4), seen("a", LOST, noon(4))).effects;
    assert_eq!(flattens(&effects), ["a"]);
}

#[test]
fn c2_a_rule_that_comes_back_with_a_reload_is_armed_again_too() {
    let disabled = ("when: {", "enabled: false\n    when: {");
    let mut engine = begin(&[], OBSERVE, Kept::default(), noon(0)).engine;
    engine.step(noon(0), seen("a", FLAT, noon(0)));
    engine.step(noon(1), seen("a", LOST, noon(1)));
    let mut engine = begin(&[disabled], ENFORCE, engine.keep(), noon(2)).engine;
    let effects = engine
        .step(noon(3), Event::Reloaded(Arc::clone(&edited(&[]).book)))
        .effects;
    assert_eq!(entries(&effects, EntryKind::Rearmed).len(), 1);
    let effects = engine.step(noon(4), seen("a", LOST, noon(4))).effects;
    assert_eq!(fired(&effects), 1);
}

#[test]
fn c2_a_record_of_before_tells_by_its_intents_that_riskd_only_observed() {
    let mut engine = begin(&[], OBSERVE, Kept::default(), noon(0)).engine;
    engine.step(noon(0), seen("a", FLAT, noon(0)));
    let effects = engine.step(noon(1), seen("a", LOST, noon(1))).effects;
    let observed = records(&effects).find_map(|record| match record {
        RecordRow::Firing(row) => Some(row.id),
        _ => None,
    });
    let mut kept = engine.keep();
    for (_, _, state) in &mut kept.rows.rules {
        *state = state.replace(",\"undone\":true", "");
    }
    kept.rows.observed.extend(observed);
    let Started { effects, .. } = begin(&[], ENFORCE, kept, noon(2));
    assert_eq!(entries(&effects, EntryKind::Rearmed).len(), 1);
}

/// The lock of the account, by its end.
fn end_of(engine: &Engine) -> Option<LockEnd> {
    let locks = engine.keep().rows.locks;
    let lock = locks.iter().find(|row| row.kind == LockKind::Lock);
    lock.map(|row| row.end)
}

/// A present whose wall clock is wrong by so many hours.
fn wrong(seconds: i64, hours: i64) -> Now {
    let mut now = noon(seconds);
    now.wall += chrono::TimeDelta::hours(hours);
    now
}

/// An engine that was locked while the wall clock was wrong.
fn locked_while_wrong(until: Until, hours: i64) -> Engine {
    let mut engine = begin(&[], ENFORCE, Kept::default(), noon(0)).engine;
    engine.step(noon(0), seen("a", FLAT, noon(0)));
    let account = AccountName::from("a");
    let reason = "enough".to_owned();
    engine.step(
        wrong(10, hours),
        Event::Command(Command::Lock {
            account,
            until,
            reason,
        }),
    );
    engine
}

#[test]
fn b6_a_lock_that_was_set_while_the_wall_clock_was_wrong_is_corrected() {
    let span = Until::For(chrono::TimeDelta::hours(1));
    let two = Until::TimeOfDay("14:00".parse().unwrap());
    let session = Until::SessionEnd;
    let today = |text: &str| LockEnd::At(at(text).wall);
    let cases = [
        (span, -2, today("2026-03-05T13:00:10-05:00")),
        (span, 2, today("2026-03-05T13:00:10-05:00")),
        (two, -3, today("2026-03-05T14:00:00-05:00")),
        // By the wrong clock it was past two o'clock already.
        (two, 3, today("2026-03-05T14:00:00-05:00")),
        (session, -20, today("2026-03-05T18:00:00-05:00")),
        (Until::Manual, 2, LockEnd::Manual),
    ];
    for (until, hours, expected) in cases {
        let mut engine = locked_while_wrong(until, hours);
        let before = end_of(&engine).unwrap();
        let effects = engine.step(noon(20), Event::Time).effects;
        assert_eq!(end_of(&engine), Some(expected), "{until:?} {hours}");
        let corrected = entries(&effects, EntryKind::LockCorrected).len();
        assert_eq!(corrected, usize::from(before != expected), "{until:?}");
        // The record has it: it gives way to an earlier end only by an end.
        let rows: Vec<bool> = records(&effects)
            .filter_map(|record| match record {
                RecordRow::LockEnded { .. } => Some(false),
                RecordRow::Lock(row) => {
                    assert_eq!(row.end, expected);
                    Some(true)
                }
                _ => None,
            })
            .collect();
        let wanted: &[bool] = match before.cmp(&expected) {
            std::cmp::Ordering::Less => &[true],
            std::cmp::Ordering::Equal => &[],
            std::cmp::Ordering::Greater => &[false, true],
        };
        assert_eq!(rows, wanted, "{until:?} {hours}");
    }
}

#[test]
fn b6_a_lock_for_a_time_lasts_that_time_while_the_wall_clock_is_wrong_and_after() {
    let span = Until::For(chrono::TimeDelta::hours(1));
    for hours in [-2, 2] {
        // Wrong from the lock on, and for good.
        let mut engine = locked_while_wrong(span, hours);
        engine.step(wrong(3_609, hours), Event::Time);
        assert!(end_of(&engine).is_some(), "{hours}");
        engine.step(wrong(3_610, hours), Event::Time);
        assert!(end_of(&engine).is_none(), "{hours}");
        // The clock is set wrong after it.
        let mut engine = locked_while_wrong(span, 0);
        engine.step(wrong(60, hours), Event::Time);
        engine.step(wrong(3_609, hours), Event::Time);
        assert!(end_of(&engine).is_some(), "{hours}");
        engine.step(noon(3_610), Event::Time);
        assert!(end_of(&engine).is_none(), "{hours}");
    }
}

#[test]
fn b6_a_wall_clock_that_was_ahead_at_the_start_ends_no_lock_for_good() {
    let mut engine = begin(&[], ENFORCE, Kept::default(), noon(0)).engine;
    engine.step(noon(0), seen("a", FLAT, noon(0)));
    let account = AccountName::from("a");
    let lock = Command::Lock {
        account: account.clone(),
        until: Until::SessionEnd,
        reason: "enough".to_owned(),
    };
    engine.step(noon(1), Event::Command(lock));
    let end = end_of(&engine);
    // Boots a week ahead: by both clocks the lock is over.
    let mut ahead = noon(60);
    ahead.wall += chrono::TimeDelta::days(7);
    ahead.steady = ahead.wall;
    let mut engine = begin(&[], ENFORCE, engine.keep(), ahead).engine;
    assert!(end_of(&engine).is_none());
    // Set right half a minute later: it is in force again, and on record.
    let now = Now {
        wall: noon(90).wall,
        steady: ahead.steady + chrono::TimeDelta::seconds(30),
    };
    let effects = engine.step(now, Event::Time).effects;
    assert_eq!(end_of(&engine), end);
    assert_eq!(entries(&effects, EntryKind::LockCorrected).len(), 1);
    assert!(records(&effects).any(|record| matches!(record, RecordRow::Lock(_))));
    // A person who ended it meanwhile has ended it for good.
    let mut engine = begin(&[], ENFORCE, engine.keep(), ahead).engine;
    let reason = "all is well".to_owned();
    engine.step(ahead, Event::Command(Command::Unlock { account, reason }));
    engine.step(now, Event::Time);
    assert!(end_of(&engine).is_none());
}

#[test]
fn b6_a_lock_that_ended_in_time_does_not_come_back_with_a_step_of_seconds() {
    let mut engine = locked_while_wrong(Until::SessionEnd, 0);
    let evening = at("2026-03-05T20:00:00-05:00");
    engine.step(evening, Event::Time);
    assert!(end_of(&engine).is_none());
    for seconds in [-30, 30] {
        let mut now = evening;
        now.wall += chrono::TimeDelta::seconds(seconds);
        engine.step(now, Event::Time);
        assert!(end_of(&engine).is_none(), "{seconds}");
    }
}
