//! The golden cases: what other tools and prop firms say happens, as rule tests
//! with the case's id at the head of the name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use riskd::engine::event::Event;
use riskd::engine::record::RecordRow;
use riskd::engine::{Engine, effect::Effect, restore::Kept};
use riskd::replay::{REPLAY, rule_test, text};
use riskd::rules::{self, Color};

use crate::support::{at, figures, observation};

/// The cases of the account manager and of the prop firms.
const CASES: &str = "N1 N2 N3 N4 N5 N6 N7 N8 N9 N10 N11 D1 D2 D3 D5 D6 D8 D9 \
                     G1 G2 G3 G4 G5 G6 G9 G10 G12 G13 G14 G16 G19 G20 G21 G22 G23 G24 G25 G26 G27 G28";

/// The cases that are tested in this file and not in YAML.
const IN_CODE: &[&str] = &["D5"];

/// The cases that no condition of riskd can say, and why.
const NOT_SAID: &[(&str, &str)] = &[
    (
        "N7",
        "a rate limit on webhook signals: riskd sees accounts, not signals",
    ),
    ("N8", "a rate limit on webhook signals"),
    (
        "N10",
        "a guard on one webhook signal by the position it meets",
    ),
    (
        "G4",
        "how a limit that was hit may be edited: loosening is a matter of the file, not of a condition",
    ),
    ("G5", "counts trades: the kind `trades` is a later one"),
    ("G6", "counts executions: the kind `trades` is a later one"),
    ("G20", "the kind `consistency` is a later one"),
    ("G21", "the kind `consistency` is a later one"),
    (
        "G25",
        "an open loss against the profit at the start of the day: needs a limit that depends on another figure",
    ),
    (
        "G26",
        "the ratio of a stop to its target: needs the prices of working orders",
    ),
];

/// The test files of a directory below the crate, sorted.
pub fn test_files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".test.yaml"))
        .collect();
    files.sort();
    files
}

/// Runs a test file, which must pass; the names of its tests.
pub fn run(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(path).unwrap();
    let directory = path.parent().unwrap();
    let loaded = rule_test::load(&name, &source, &|path| {
        std::fs::read_to_string(directory.join(path))
    });
    assert_eq!(loaded.render_short(), "", "{}", loaded.render(Color::Plain));
    let file = loaded.file.unwrap();
    let mut failed = String::new();
    for test in &file.tests {
        let outcome = file.run(test);
        if !outcome.passed() {
            failed += &text::test_outcome(&name, test, &outcome);
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
    file.tests.into_iter().map(|test| test.name).collect()
}

#[test]
fn every_golden_case_passes_or_is_excused() {
    let mut said: BTreeSet<String> = IN_CODE.iter().map(|id| (*id).to_owned()).collect();
    for path in test_files("tests/golden") {
        for name in run(&path) {
            let id = name.split(' ').next().unwrap();
            assert!(CASES.split_whitespace().any(|case| case == id), "{name}");
            said.insert(id.to_owned());
        }
    }
    for id in CASES.split_whitespace() {
        let excused = NOT_SAID.iter().any(|(excused, _)| *excused == id);
        assert!(
            said.contains(id) != excused,
            "{id}: said {}, excused {excused}",
            !excused
        );
    }
}

#[test]
fn the_examples_pass_their_own_tests() {
    let files = test_files("examples");
    assert!(files.len() >= 4, "{files:?}");
    for path in files {
        assert!(!run(&path).is_empty(), "{}", path.display());
    }
}

/// D5: a trailing drawdown that is switched on late fires at its first
/// evaluation when the session's watermark is already too far above.
#[test]
fn d5_a_drawdown_switched_on_late_looks_at_the_whole_session() {
    const RULES: &str = r#"
version: 1
sessions: { globex: { timezone: America/New_York, open: "18:00", close: "17:00", days: [mon, tue, wed, thu, fri] } }
venues: { v: { kind: crosstrade, token: { env: TOKEN } } }
accounts: { a: { venue: v, number: A, session: globex } }
rules:
  - name: drawdown
    enabled: ENABLED
    accounts: [a]
    when: { trailing_drawdown: { metric: pnl, trail: 50%, arm_at: 100, breach: cross } }
    then: [flatten]
"#;
    let rules = |enabled: &str| {
        let text = RULES.replace("ENABLED", enabled);
        let loaded = rules::load("rules.yaml", &text, &|_| unreachable!());
        loaded.rules.unwrap().book
    };
    let fires = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Record(RecordRow::Firing(_))))
    };
    let start = at("2026-03-05T09:30:00-05:00");
    let mut engine = Engine::start(rules("false"), REPLAY, Kept::default(), start).engine;
    for (seconds, open) in [(0, "0"), (10, "500"), (20, "50")] {
        let now = at(&format!("2026-03-05T09:30:{seconds:02}-05:00"));
        let seen = observation("a", now, figures(["0", open, "?", "?"]));
        assert!(!fires(&engine.step(now, Event::Observed(seen)).effects));
    }
    let later = at("2026-03-05T09:31:00-05:00");
    engine.step(later, Event::Reloaded(rules("true")));
    let seen = observation("a", later, figures(["0", "50", "?", "?"]));
    assert!(fires(&engine.step(later, Event::Observed(seen)).effects));
}
