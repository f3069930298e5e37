//! Rule tests: what a failed one prints, and what is said of a wrong file.

use std::io;
use std::path::Path;

use insta::assert_snapshot;
use riskd::replay::rule_test::{self, LoadedTests};
use riskd::replay::text;
use riskd::rules::Color;

const RULES: &str = r#"
version: 1
sessions:
  globex:
    timezone: America/New_York
    open: "18:00"
    close: "17:00"
    days: [mon, tue, wed, thu, fri]
    closures: holidays.csv
venues: { v: { kind: crosstrade, token: { env: TOKEN } } }
accounts:
  apex-1: { venue: v, number: A1, session: globex, starting_balance: 50000 }
  apex-2: { venue: v, number: A2, session: globex, starting_balance: 50000 }
notify: { log: { kind: log } }
rules:
  - name: daily loss limit
    accounts: [apex-1]
    when: { pnl: { loss: 1000 } }
    then: [cancel_orders, flatten, { lock: { until: session_end } }, { notify: log }]
  - name: flat by the close
    accounts: [apex-1]
    when: { outside: [{ days: [sun, mon, tue, wed, thu], from: "18:00", to: "16:55", timezone: America/New_York }] }
    then: [flatten]
  - name: held too long
    accounts: [apex-1]
    when: { pnl: { loss: 100, of: unrealized } }
    hold: 1m
    then: [flatten]
  - name: large orders
    accounts: [apex-1]
    when: { orders: { quantity: 5 } }
    then: [cancel_orders]
  - name: blind
    accounts: [apex-1]
    when: { no_data: 30m }
    then: [{ notify: log }]
  - name: switched off
    accounts: [apex-1]
    enabled: false
    when: { pnl: { loss: 1 } }
    then: [flatten]
  - name: of the other
    accounts: [apex-2]
    when: { pnl: { loss: 1 } }
    then: [flatten]
"#;

/// The files of these tests: the rules in a folder, with what they name beside
/// them.
fn files(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("conf/rules.yaml") => Ok(RULES.to_owned()),
        Some("conf/holidays.csv") => Ok("2026-12-25,\n".to_owned()),
        Some("conf/broken.yaml") => Ok("version: 1\nrulez: []\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn load(text: &str) -> LoadedTests {
    rule_test::load("tests/my.test.yaml", text, &files)
}

/// What the tests of a file print.
fn run(text: &str) -> String {
    let loaded = load(text);
    assert_eq!(loaded.render_short(), "");
    let file = loaded.file.unwrap();
    let outcomes: Vec<_> = file
        .tests
        .iter()
        .map(|test| (test, file.run(test)))
        .collect();
    let passed = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.passed())
        .count();
    let mut out: String = outcomes
        .iter()
        .map(|(test, outcome)| text::test_outcome("my.test.yaml", test, outcome))
        .collect();
    out += &text::test_summary(passed, outcomes.len() - passed);
    out
}

#[test]
fn a_start_in_mid_session_counts_what_was_lost_before_it() {
    let rules = RULES.replace(
        "  - name: flat by the close",
        r#"  - name: daily loss from the balance
    accounts: [apex-2]
    when: { max_loss: { amount: 1000, anchor: session_balance } }
    then: [flatten]
  - name: the same as an expression
    accounts: [apex-2]
    when: { expr: "equity <= session_open_equity - 1200" }
    then: [flatten]
  - name: flat by the close"#,
    );
    let rules = rules.replace(
        "when: { pnl: { loss: 1 } }",
        "when: { pnl: { loss: 1100 } }",
    );
    let files = |path: &Path| match path.to_str() {
        Some("conf/rules.yaml") => Ok(rules.clone()),
        _ => files(path),
    };
    // Since 18:00 of the evening before 800 were lost, says the venue.
    let text = r#"
rules: conf/rules.yaml
tests:
  - account: apex-2
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, realized: -800, unrealized: 0, balance: 49200, equity: 49200 }
      - { at: 10s, unrealized: -199.99, equity: 49000.01 }
      - { at: 20s, unrealized: -200, equity: 49000 }
      - { at: 30s, unrealized: -300, equity: 48900 }
      - { at: 40s, unrealized: -400, equity: 48800 }
    expect:
      - { at: 20s, rule: daily loss from the balance }
      - { at: 30s, rule: of the other }
      - { at: 40s, rule: the same as an expression }
"#;
    let loaded = rule_test::load("tests/my.test.yaml", text, &files);
    assert_eq!(loaded.render_short(), "");
    let file = loaded.file.unwrap();
    let outcome = file.run(&file.tests[0]);
    assert!(outcome.passed(), "{:?}", outcome.differences);
}

#[test]
fn a_failed_test_says_what_was_expected_what_happened_and_why() {
    assert_snapshot!(run(r#"
rules: conf/rules.yaml
tests:
  - name: passes
    account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, realized: 0, unrealized: 0, balance: 50000, equity: 50000 }
      - { at: 10s, unrealized: -1000, equity: 49000, positions: { "ES 03-26": 2 }, orders: 1 }
      - { at: 20s, data: missing }
      - { at: 30s, restart: true }
    expect:
      - { at: 10s, rule: daily loss limit, actions: [cancel_orders, flatten, lock, notify] }
  - name: a cent too early
    account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, realized: 0, unrealized: 0, balance: 50000, equity: 50000 }
      - { at: 10s, realized: -999.99, balance: 49000.01, equity: 49000.01 }
      - { at: 20s, realized: -1000, balance: 49000, equity: 49000 }
    expect:
      - { at: 10s, rule: daily loss limit }
  - name: nothing is expected, and the figures are bad
    account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, realized: 0, unrealized: 0, balance: 50000, equity: 50000 }
      - { at: 10s, realized: -1200, equity: 4880 }
      - { at: 20s, balance: 48800, equity: 48800 }
    expect: []
"#));
}

#[test]
fn what_time_does_happens_at_its_exact_instant() {
    assert_snapshot!(run(r#"
rules: conf/rules.yaml
tests:
  - name: window edges, holds and the age of data lie between the steps
    account: apex-1
    start: 2026-03-05T16:50:00-05:00
    steps:
      - { at: 0s, realized: 0, unrealized: -100, balance: 50000, equity: 49900, positions: { "ES 03-26": 1 }, orders: 0 }
    end: 1h
    expect:
      - { at: 1m, rule: held too long }
      - { at: 5m, rule: flat by the close, actions: [flatten] }
      - { at: 30m, rule: blind }
  - name: time in which nothing is known does not count as held
    account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, realized: 0, unrealized: -100, balance: 50000, equity: 49900 }
      - { at: 20s, data: missing }
      - { at: 50s, unrealized: -100 }
    end: 5m
    expect:
      - { at: 1m30s, rule: held too long }
  - name: it ends with a step that is not true
    account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, realized: 0, unrealized: -100, balance: 50000, equity: 49900 }
      - { at: 1m, unrealized: 0, equity: 50000 }
    end: 5m
    expect: []
  - name: each order counts, and one of unknown size is no breach
    account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, orders: 20 }
      - { at: 1s, orders: [{ instrument: ES 03-26, side: buy, quantity: 5 }, { side: sell }] }
      - { at: 2s, orders: [{ instrument: ES 03-26, side: buy, quantity: 6 }] }
      - { at: 3s, orders: unknown, equity: unknown, positions: unknown }
    expect:
      - { at: 2s, rule: large orders }
"#));
}

#[test]
fn every_mistake_is_reported_at_its_place() {
    let loaded = load(
        r#"rules: conf/rules.yaml
test: []
tests:
  - account: apex-3
    start: 2026-03-05 09:30
    steps: []
    expect: none
  - name: names
    acount: apex-1
    account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 10, realised: 1, equity: 1e5 }
      - { at: 20s, data: missing, equity: 5 }
      - { at: 15s, data: mising, restart: yes }
      - { equity: 5 }
      - { at: 30s, positions: { ES 03-26: 0, NQ 03-26: x }, orders: -1 }
      - { at: 35s, positions: { BTCUSDT/long: -0.5, BTCUSDT: 1 } }
      - { at: 40s, positions: [ES], orders: [{ side: long }] }
    expect:
      - { at: 20s, rule: daily los limit }
      - { at: 10s, rule: switched off }
      - { at: 40s, rule: of the other }
      - { at: 40s, rule: daily loss limit, actions: [flaten] }
      - { at: 40s, rule: daily loss limit, actions: [flatten] }
      - { at: 2m, rule: daily loss limit }
    end: 10s
"#,
    );
    assert!(loaded.file.is_none());
    assert_snapshot!(loaded.render_short());
}

#[test]
fn steps_and_firings_are_in_the_order_of_time() {
    let loaded = load(
        r#"rules: conf/rules.yaml
tests:
  - account: apex-1
    start: 2026-03-05T09:30:00-05:00
    steps: [{ at: 20s }, { at: 15s }, { at: 0s }]
    expect: [{ at: 20s, rule: daily loss limit }, { at: 10s, rule: daily loss limit }]
"#,
    );
    assert_snapshot!(loaded.render_short());
}

#[test]
fn a_mistake_is_shown_with_its_line() {
    let loaded = load(
        "rules: conf/rules.yaml\ntests:\n  - { account: apex-9, start: x, steps: [], expect: [] }\n",
    );
    assert_snapshot!(loaded.render(Color::Plain));
}

#[test]
fn a_broken_or_absent_rule_file_is_reported_in_its_own_words() {
    let tests =
        "tests: [{ account: a, start: 2026-03-05T09:30:00Z, steps: [{ at: 0s }], expect: [] }]\n";
    let broken = load(&format!("rules: conf/broken.yaml\n{tests}"));
    let absent = load(&format!("rules: nowhere.yaml\n{tests}"));
    let empty = load("");
    let texts = [broken, absent, empty].map(|loaded| loaded.render_short());
    assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_margin_and_what_positions_are_worth_may_be_said() {
    let steps = |step: &str| {
        format!(
            "rules: conf/rules.yaml\ntests:\n  - account: apex-1\n    start: 2026-03-05T14:30:00Z\n    \
             steps:\n      - {{ at: 0s, {step} }}\n    expect: []\n"
        )
    };
    for good in [
        "margin: 250",
        "margin: 0",
        "margin: unknown",
        "positions: { \"ES 03-26\": { quantity: 2, mark_price: 5000.25, liquidation_price: 4000, notional: 500025 } }",
        "positions: { \"ES 03-26\": { quantity: -2, liquidation_price: none } }",
    ] {
        assert_eq!(load(&steps(good)).render_short(), "", "{good}");
    }
    for (bad, said) in [
        (
            "margin: -1",
            "a maintenance margin is not below zero, as -1.00 is",
        ),
        ("margin: none", "`none` is not a plain number"),
        (
            "positions: { \"ES 03-26\": { quantity: 2, mark_price: 0 } }",
            "0",
        ),
        (
            "positions: { \"ES 03-26\": { quantity: 2, liquidation_price: far } }",
            "far",
        ),
        (
            "positions: { \"ES 03-26\": { quantity: 2, mark: 5000 } }",
            "mark_price",
        ),
    ] {
        let text = load(&steps(bad)).render_short();
        assert!(text.contains(said), "{bad}: {text}");
    }
}
