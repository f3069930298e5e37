//! With `loosening: next_session`, nothing about an account gets looser before
//! its next session, whichever part of the file is edited.

mod directions;
mod soundness;

use std::sync::Arc;

use riskd::domain::account::VenueName;
use riskd::domain::observation::Observation;
use riskd::engine::Engine;
use riskd::engine::effect::Effect;
use riskd::engine::event::Event;
use riskd::engine::loosening::is_looser;
use riskd::engine::record::{EntryKind, LogEntry, RecordRow};
use riskd::engine::restore::{EarlierRules, Kept};
use riskd::replay::REPLAY;
use riskd::rules::{self, book::RuleBook};
use rust_decimal::Decimal;

use crate::support::{at, figures, observation};

const RULES: &str = r#"
version: 1
daemon: { loosening: next_session }
sessions:
  globex: { timezone: America/New_York, open: "18:00", close: "17:00", days: [mon, tue, wed, thu, fri] }
venues: { v: { kind: crosstrade, token: { env: TOKEN } } }
accounts:
  a: { venue: v, number: A, session: globex, starting_balance: 50000, groups: [all] }
  b: { venue: v, number: B, session: globex, starting_balance: 50000, groups: [all] }
rules:
  - name: floor
    accounts: [all]
    when: { max_loss: { amount: 2%, anchor: starting_balance } }
    then: [flatten]
"#;

/// The rules with one text in place of another.
fn edited(edits: &[(&str, &str)]) -> Arc<RuleBook> {
    let mut text = RULES.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let loaded = rules::load("rules.yaml", &text, &|_| unreachable!());
    let report = loaded.render_short();
    loaded.rules.unwrap_or_else(|| panic!("{report}")).book
}

/// No edit of these tests touches the venue.
fn same_venue(old: &VenueName, new: &VenueName) -> bool {
    old == new
}

/// An engine under these rules that has seen account `a` in Thursday's session.
fn running(rules: &Arc<RuleBook>) -> Engine {
    let now = at("2026-03-05T09:30:00-05:00");
    let mut engine = Engine::start(Arc::clone(rules), REPLAY, Kept::default(), now).engine;
    engine.step(
        now,
        Event::Observed(seen("2026-03-05T09:30:00-05:00", "50000")),
    );
    engine
}

/// Account `a`, flat. The venue's figure of the day starts anew at 18:00.
fn seen(time: &str, equity: &str) -> Observation {
    let made = equity.parse::<Decimal>().unwrap() - Decimal::from(50_000);
    let made = if time.starts_with("2026-03-05T09:") {
        made.to_string()
    } else {
        "0".to_owned()
    };
    observation("a", at(time), figures([&made, "0", equity, equity]))
}

/// Whether the rule fires for account `a` at this equity.
fn fires(engine: &mut Engine, time: &str, equity: &str) -> bool {
    let effects = engine
        .step(at(time), Event::Observed(seen(time, equity)))
        .effects;
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::Record(RecordRow::Firing(_))))
}

/// The entries of this kind about account `a`.
fn told(effects: &[Effect], kind: EntryKind) -> Vec<&LogEntry> {
    let entries = effects.iter().filter_map(|effect| match effect {
        Effect::Record(RecordRow::LogEntry(entry)) => Some(entry),
        _ => None,
    });
    entries
        .filter(|entry| entry.kind == kind && entry.account == Some("a".into()))
        .collect()
}

const LOWER_BALANCE: (&str, &str) = ("starting_balance: 50000", "starting_balance: 40000");
const LATER_OPEN: (&str, &str) = ("open: \"18:00\"", "open: \"08:00\"");
const NOT_HELD: (&str, &str) = ("next_session", "immediate");

#[test]
fn a_lower_starting_balance_waits_and_so_does_the_edit_after_the_one_that_allows_it() {
    for edits in [
        vec![vec![LOWER_BALANCE]],
        vec![vec![LOWER_BALANCE, NOT_HELD]],
        // In two steps.
        vec![vec![NOT_HELD], vec![LOWER_BALANCE, NOT_HELD]],
        // The group is what brings the account into the scope of the rule.
        vec![vec![("groups: [all]", "groups: [none]")]],
        vec![vec![("accounts: [all]", "accounts: [b]")]],
        vec![vec![("when: {", "enabled: false\n    when: {")]],
    ] {
        let mut engine = running(&edited(&[]));
        let later = at("2026-03-05T09:31:00-05:00");
        let mut held = 0;
        for edit in &edits {
            let rules = edited(edit);
            assert!(engine.objections(&rules, same_venue).is_empty());
            let effects = engine.step(later, Event::Reloaded(rules)).effects;
            held += told(&effects, EntryKind::LooseningHeld).len();
        }
        assert_eq!(held, 1, "{edits:?}");
        // 49,000 is the floor of 50,000 less 2%.
        assert!(!fires(&mut engine, "2026-03-05T09:32:00-05:00", "49000.01"));
        let mut next = running(&edited(&[]));
        for edit in &edits {
            next.step(later, Event::Reloaded(edited(edit)));
        }
        assert!(
            fires(&mut engine, "2026-03-05T09:33:00-05:00", "49000"),
            "{edits:?}"
        );
        // In the next session the edit is in force.
        let effects = next
            .step(
                at("2026-03-05T18:00:01-05:00"),
                Event::Observed(seen("2026-03-05T18:00:01-05:00", "50000")),
            )
            .effects;
        assert_eq!(
            told(&effects, EntryKind::LooseningReleased).len(),
            1,
            "{edits:?}"
        );
        assert!(
            !fires(&mut next, "2026-03-05T18:01:00-05:00", "48990"),
            "{edits:?}"
        );
    }
}

#[test]
fn without_it_a_change_of_the_account_is_in_force_at_once() {
    let mut engine = running(&edited(&[NOT_HELD]));
    let later = at("2026-03-05T09:31:00-05:00");
    let effects = engine
        .step(later, Event::Reloaded(edited(&[NOT_HELD, LOWER_BALANCE])))
        .effects;
    assert!(told(&effects, EntryKind::LooseningHeld).is_empty());
    assert!(!fires(&mut engine, "2026-03-05T09:32:00-05:00", "48990"));
}

#[test]
fn trading_days_that_move_the_running_session_wait_for_its_end() {
    let daily = (
        "max_loss: { amount: 2%, anchor: starting_balance }",
        "pnl: { loss: 1000 }",
    );
    let mut engine = running(&edited(&[daily]));
    assert!(!fires(&mut engine, "2026-03-05T09:31:00-05:00", "49001"));
    // A session that opened at 08:00, as a new one, would forget the loss.
    let later = at("2026-03-05T09:32:00-05:00");
    let moved = edited(&[daily, LATER_OPEN]);
    let effects = engine
        .step(later, Event::Reloaded(Arc::clone(&moved)))
        .effects;
    let held = told(&effects, EntryKind::LooseningHeld);
    assert_eq!(held.len(), 1, "{effects:?}");
    assert!(
        held[0].message.contains("trading days"),
        "{}",
        held[0].message
    );
    // So it does over a restart.
    let kept = Kept {
        earlier: vec![
            earlier("2026-03-04T12:00:00-05:00", &edited(&[daily])),
            earlier("2026-03-05T09:32:00-05:00", &moved),
        ],
        ..engine.keep()
    };
    let again = at("2026-03-05T09:33:00-05:00");
    let started = Engine::start(Arc::clone(&moved), REPLAY, kept, again);
    assert_eq!(told(&started.effects, EntryKind::LooseningHeld).len(), 1);
    for mut engine in [engine, started.engine] {
        assert!(fires(&mut engine, "2026-03-05T09:34:00-05:00", "49000"));
        // The old session ends at 18:00; the new one begins at 08:00.
        let time = "2026-03-05T18:00:01-05:00";
        let effects = engine
            .step(at(time), Event::Observed(seen(time, "49000")))
            .effects;
        assert_eq!(told(&effects, EntryKind::LooseningReleased).len(), 1);
        let time = "2026-03-06T08:00:01-05:00";
        let effects = engine
            .step(at(time), Event::Observed(seen(time, "49000")))
            .effects;
        assert_eq!(told(&effects, EntryKind::SessionOpened).len(), 1);
        assert!(!fires(&mut engine, "2026-03-06T08:01:00-05:00", "48500"));
        assert!(fires(&mut engine, "2026-03-06T08:02:00-05:00", "48000"));
    }
}

fn earlier(from: &str, rules: &Arc<RuleBook>) -> EarlierRules {
    EarlierRules {
        from: at(from).wall,
        last_from: at(from).wall,
        rules: Arc::clone(rules),
    }
}

#[test]
fn a_calendar_that_leaves_the_running_session_as_it_is_is_taken_at_once() {
    let mut engine = running(&edited(&[]));
    let later = at("2026-03-05T09:31:00-05:00");
    // Thursday's session and the open of Friday's stay as they are.
    let no_monday = edited(&[("days: [mon, ", "days: [")]);
    let effects = engine.step(later, Event::Reloaded(no_monday)).effects;
    assert!(told(&effects, EntryKind::LooseningHeld).is_empty());
}

#[test]
fn an_account_leaves_the_file_only_after_its_session_has_closed() {
    let gone = edited(&[
        (
            "  a: { venue: v, number: A, session: globex, starting_balance: 50000, groups: [all] }\n",
            "",
        ),
        NOT_HELD,
    ]);
    let mut engine = running(&edited(&[]));
    let objections = engine.objections(&gone, same_venue);
    assert_eq!(objections.len(), 1, "{objections:?}");
    assert!(objections[0].contains("account a") && objections[0].contains("next_session"));
    engine.step(at("2026-03-05T17:00:01-05:00"), Event::Time);
    assert!(engine.objections(&gone, same_venue).is_empty());
    let free = running(&edited(&[NOT_HELD]));
    assert!(free.objections(&gone, same_venue).is_empty());
}

#[test]
fn a_higher_mark_tightens_and_a_lower_one_waits() {
    let with = |mark: &str| {
        let drawdown =
            format!("trailing_drawdown: {{ metric: equity, trail: 2500, span: lifetime{mark} }}");
        let from = "max_loss: { amount: 2%, anchor: starting_balance }";
        edited(&[(from, &drawdown)])
    };
    let marks = ["", ", high_water: 51000", ", high_water: 52000"].map(with);
    for (old, before) in marks.iter().enumerate() {
        for (new, after) in marks.iter().enumerate() {
            let looser = is_looser(&before.rules[0], &after.rules[0]);
            assert_eq!(looser, new < old, "{old} {new}");
        }
    }
}
