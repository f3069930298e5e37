//! Warnings of what is possible and hardly meant, and none of what is right.

use riskd::domain::observation::Timestamp;
use riskd::rules::{self, Loaded};

use super::{EXAMPLE, load, with_condition, with_rules};

/// The rules of the case `lints`: each deserves a warning.
const LINTS: &str = include_str!("lints.rules.yaml");

/// A day on which the contracts of the case are past and its closures over.
const NOW: &str = "2026-11-29T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The warnings of a file without errors, each with its help.
fn warnings(loaded: &Loaded) -> Vec<String> {
    assert!(loaded.rules.is_some(), "{}", loaded.render_short());
    let texts = loaded.diagnostics.iter().map(|found| {
        let help = found.help.as_deref().unwrap_or_default();
        format!("{}: {}; {help}", found.place.line, found.message)
    });
    texts.collect()
}

fn of_condition(condition: &str) -> Vec<String> {
    warnings(&load(&with_condition(condition)).as_of(at(NOW)))
}

/// Checks that a condition is warned of once, in these words.
fn check(condition: &str, parts: &[&str]) {
    let found = of_condition(condition);
    let [warning] = found.as_slice() else {
        panic!("{condition}: {found:#?}")
    };
    for part in parts {
        assert!(
            warning.contains(part),
            "{condition}: {warning} has no {part:?}"
        );
    }
}

#[test]
fn e_lints_every_rule_of_the_case_is_warned_of() {
    let loaded = rules::load("lints.rules.yaml", LINTS, &|_| {
        Ok("date,close_time\n2024-11-28,13:00\n2024-12-25,\n".to_owned())
    });
    let found = warnings(&loaded.as_of(at(NOW)));
    let lines: Vec<&str> = LINTS.lines().collect();
    let mut expected: Vec<usize> = Vec::new();
    for (number, line) in (1..).zip(&lines) {
        // The first rule is right but for the balance that it rests on.
        let is_rule = line.starts_with("  - ") && !line.contains("thousands point");
        if is_rule || line.contains("closures:") || line.contains("50.000") {
            expected.push(number);
        }
    }
    assert_eq!(expected.len(), 8);
    for line in expected {
        let start = format!("{line}: ");
        let of_line: Vec<&String> = found
            .iter()
            .filter(|text| text.starts_with(&start))
            .collect();
        assert!(
            !of_line.is_empty(),
            "nothing is said of line {line}: {found:#?}"
        );
    }
    insta::assert_snapshot!("lints", found.join("\n"));
}

#[test]
fn e_numbers_with_points_and_commas() {
    for (condition, parts) in [
        (
            "pnl: { loss: 1.500 }",
            [
                "`1.500` is read as 1.5",
                "`1500` where the point parts thousands, or `1.50`",
            ],
        ),
        (
            "pnl: { profit: 2.125 }",
            [
                "`2.125` is read as 2.125",
                "write `2125` where the point parts thousands, or `2.1250`",
            ],
        ),
        (
            "expr: 'equity <= 48.000'",
            ["`48.000` is read as 48", "write `48000`"],
        ),
        (
            "expr: 'session_pnl <= -1.000'",
            ["`1.000` is read as 1", "write `1000`"],
        ),
    ] {
        let found = of_condition(condition).join("\n");
        assert!(
            parts.iter().all(|part| found.contains(part)),
            "{condition}: {found}"
        );
    }
    let level = "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 1.000 }";
    check(level, &["`1.000` is read as 1", "write `1000`"]);
    for (text, help) in [
        ("'1000,50'", "write `1000.50`"),
        ("'999,5'", "write `999.5`"),
        ("'1.000,50'", "write `1000.50`"),
        ("'1,000.50'", "write `1000.50`"),
        ("'1.000.000'", "write digits alone: `1000000`"),
        (
            "'1,000'",
            "write `1000` where the comma parts thousands, or `1.00` where it stands for the point",
        ),
        // Without quotes, inside braces, YAML reads two keys.
        ("1000,50", "write `1000.50`"),
        (
            "1,000",
            "write `1000` where the comma parts thousands, or `1.00` where it stands for the point",
        ),
        ("'2,5%'", "write `2.5%`"),
        ("'2,500%'", "write `2.5%`"),
    ] {
        let report = load(&with_condition(&format!("pnl: {{ loss: {text} }}"))).render_short();
        assert!(report.contains(help), "{text}: {report}");
    }
    let report = load(&with_condition("expr: 'equity <= 48000,50'")).render_short();
    assert!(report.contains("write `48000.50`"), "{report}");
}

#[test]
fn e_spellings_of_instruments() {
    let past = "one contract such as";
    for (text, root, month) in [
        ("ESZ2030", "ES", "12-30"),
        ("ES2!", "ES", "MM-YY"),
        ("ES ##-##", "ES", "MM-YY"),
        ("@ES#C", "ES", "MM-YY"),
        ("@ES", "ES", "MM-YY"),
        ("/ES", "ES", "MM-YY"),
        ("/ESZ30", "ES", "12-30"),
        ("CME_MINI:ES1!", "ES", "MM-YY"),
        ("CME_MINI:ESZ2030", "ES", "12-30"),
        ("ES=F", "ES", "MM-YY"),
        ("ES_F", "ES", "MM-YY"),
        ("ESc1", "ES", "MM-YY"),
        ("ES.c.0", "ES", "MM-YY"),
        ("ES.FUT", "ES", "MM-YY"),
        ("ES1 Index", "ES", "MM-YY"),
        ("ESZ30 Index", "ES", "12-30"),
        ("ES Z30", "ES", "12-30"),
        ("M2K2!", "M2K", "MM-YY"),
        ("6EZ2030", "6E", "12-30"),
    ] {
        let condition = format!("position: {{ deny: ['{text}'] }}");
        let all = format!("write `{root}` for all months");
        let one = match month {
            "MM-YY" => format!("`{root} MM-YY`"),
            _ => format!("{past} `{root} {month}`"),
        };
        check(
            &condition,
            &[&format!("`{text}`"), "matches nothing", &all, &one],
        );
    }
    check(
        "position: { deny: ['EUR/USD'] }",
        &["matches nothing", "write `EURUSD`"],
    );
    check(
        "position: { per_instrument: { ESZ2030: 2 } }",
        &["`ESZ2030`"],
    );
    for right in [
        "ES",
        "es",
        "ES1!",
        "ES 12-30",
        "ES DEC30",
        "ESZ30",
        "ESZ0",
        "M2K",
        "6E",
        "EURUSD",
        "BTCUSDT",
        "AAPL",
        "BRK.B",
        "^SPX",
        "10YR",
        "BTC-USD",
        "ES 12-2030",
        "FDAX 12-30",
    ] {
        let condition = format!("position: {{ deny: ['{right}'] }}");
        let found: Vec<String> = of_condition(&condition);
        assert!(found.is_empty() || right == "ESZ0", "{right}: {found:#?}");
    }
}

#[test]
fn e_months_that_are_past() {
    for condition in [
        "position: { deny: [ES 10-26] }",
        "position: { allow: [ESV26] }",
        "position: { per_instrument: { ES OCT26: 2 } }",
        "position: { opposite: [[ES 10-26, MES]] }",
        "inside: { windows: [{ days: [mon], from: '10:00', to: '11:00' }], instruments: [ES 10-26] }",
    ] {
        check(
            condition,
            &["the month of `ES", "is past", "write `ES` for all months"],
        );
    }
    let november = with_condition("position: { deny: [ES 11-26] }");
    let count = |now: &str| warnings(&load(&november).as_of(at(now))).len();
    assert_eq!(count("2026-11-30T23:59:59Z"), 0);
    // The month ends last in the west.
    assert_eq!(count("2026-12-01T12:00:00Z"), 0);
    assert_eq!(count("2026-12-02T00:00:00Z"), 1);
    // Reading a file takes no time, and says nothing of the date.
    assert_eq!(load(&november).render_short(), "");
}

#[test]
fn e_closures_that_end() {
    let text = with_rules("").replace("open: '18:00'", "open: '18:00', closures: early.csv");
    let of = |now: &str| warnings(&load(&text).as_of(at(now)));
    // The list ends on 2027-01-18.
    assert_eq!(of("2026-11-19T12:00:00-05:00"), [""; 0]);
    for (now, word) in [
        ("2026-11-20T12:00:00-05:00", "end on 2027-01-18"),
        ("2027-01-18T12:00:00-05:00", "end on 2027-01-18"),
        ("2027-01-19T12:00:00-05:00", "ended on 2027-01-18"),
    ] {
        let found = of(now);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains(word) && found[0].contains("`early.csv`"),
            "{found:?}"
        );
    }
}

#[test]
fn e_micros() {
    check(
        "position: { contracts: 4, micro_ratio: 0.1 }",
        &["counts one micro contract as 10 contracts", "write `10`"],
    );
    check(
        "position: { contracts: 4, per_instrument: { MES: 40 } }",
        &["40 of `MES` are never reached", "add `micro_ratio: 10`"],
    );
    check(
        "position: { contracts: 4, per_instrument: { MES: 50 }, micro_ratio: 10 }",
        &["50 of `MES` are never reached", "write 40 or less"],
    );
    check(
        "position: { contracts: 4, per_instrument: { ES: 6 } }",
        &["6 of `ES` are never reached", "write 4 or less"],
    );
    check(
        "position: { per_instrument: { MES: 20 }, micro_ratio: 10 }",
        &["`per_instrument` counts micros as they are"],
    );
    for right in [
        "position: { contracts: 4, per_instrument: { MES: 40, ES: 4 }, micro_ratio: 10 }",
        "position: { contracts: 4, micro_ratio: 10 }",
        "position: { contracts: 4, micro_ratio: 1 }",
        "position: { per_instrument: { MES: 40 } }",
    ] {
        assert_eq!(of_condition(right), [""; 0], "{right}");
    }
}

#[test]
fn e_variables_of_the_environment() {
    for number in ["${APEX}", "$APEX_1", "%APEX%", "APEX-{{ id }}"] {
        let text = with_rules("").replace("number: A1", &format!("number: '{number}'"));
        let found = warnings(&load(&text));
        assert_eq!(found.len(), 1, "{number}: {found:?}");
        assert!(
            found[0].contains("riskd replaces no variables"),
            "{found:?}"
        );
    }
    for number in ["APEX$1", "A%1", "$5K-1"] {
        let text = with_rules("").replace("number: A1", &format!("number: '{number}'"));
        assert_eq!(load(&text).render_short(), "", "{number}");
    }
}

#[test]
fn e_true_of_a_flat_account() {
    for (condition, help) in [
        (
            "expr: 'session_pnl <= 1000'",
            "write `session_pnl <= -1000`",
        ),
        ("expr: 'realized < 500'", "write `realized < -500`"),
        (
            "expr: '1000 >= session_pnl'",
            "write `session_pnl <= -1000`",
        ),
        ("expr: 'equity <= 52000'", "turn the comparison round"),
        (
            "expr: 'equity <= starting_balance'",
            "turn the comparison round",
        ),
        ("expr: 'contracts < 4'", "turn the comparison round"),
        ("expr: 'is_flat'", "turn the comparison round"),
        (
            "expr: 'is_flat or minutes_to_close < 5'",
            "turn the comparison round",
        ),
        ("not: { pnl: { profit: 500 } }", "turn the comparison round"),
        (
            "not: { position: { contracts: 4 } }",
            "turn the comparison round",
        ),
        (
            "any: [{ no_data: 60s }, { expr: 'session_pnl <= 1000' }]",
            "turn the comparison round",
        ),
        (
            "all: [{ expr: 'is_flat' }, { not: { orders: { working: 3 } } }]",
            "turn the comparison round",
        ),
    ] {
        let text = with_rules(&format!(
            "  - {{ name: r, accounts: [a-1], when: {{ {condition} }}, then: [cancel_orders, flatten], notify: log }}\n"
        ));
        let found = warnings(&load(&text));
        assert_eq!(found.len(), 1, "{condition}: {found:?}");
        assert!(
            found[0].contains("is flat at its starting balance"),
            "{found:?}"
        );
        assert!(found[0].contains(help), "{found:?}");
    }
    for right in [
        "expr: 'session_pnl <= -1000'",
        "expr: 'equity <= 48000'",
        "expr: 'equity >= 53000'",
        "expr: '(not is_flat or working_orders > 0) and minutes_to_close <= 5'",
        "expr: 'session_pnl_high >= 500 and session_pnl <= 250'",
        "expr: 'data_age_seconds > 30'",
        "all: [{ not: { pnl: { profit: 500 } } }, { position: { contracts: 4 } }]",
        "not: { trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 52000 } }",
    ] {
        assert_eq!(of_condition(right), [""; 0], "{right}");
    }
    // A message may be about an account that is flat, not about a result.
    let message = |condition: &str| {
        let rule = format!(
            "  - {{ name: r, accounts: [a-1], when: {{ {condition} }}, then: [{{ notify: log }}] }}\n"
        );
        warnings(&load(&with_rules(&rule))).len()
    };
    assert_eq!(message("expr: 'is_flat'"), 0);
    assert_eq!(message("expr: 'session_pnl <= 1000'"), 1);
    // Without a starting balance, equity is not known.
    let bare = with_rules(
        "  - { name: r, accounts: [bare], when: { expr: 'equity <= 52000' }, then: [flatten], notify: log }\n",
    );
    assert_eq!(load(&bare).render_short(), "");
}

#[test]
fn e_sizes_that_are_hardly_meant() {
    for (condition, parts) in [
        (
            "pnl: { loss: 2 }",
            [
                "less than 0.01% of",
                "write `2%` where a percentage is meant",
            ],
        ),
        (
            "pnl: { loss: 100% }",
            [
                "a loss of 100% is no less than the whole",
                "how much may be lost",
            ],
        ),
        (
            "max_loss: { amount: 24, anchor: session_equity }",
            ["a loss of 24.00 is less than", "a larger amount"],
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 10, span: lifetime }",
            ["a trail of 10.00 is less than 0.05% of", "write `10%`"],
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 0.04%, span: lifetime }",
            ["a trail of 0.04% is less than 0.05% of", "a larger amount"],
        ),
        (
            "trailing_drawdown: { metric: balance, trail: 100%, span: session }",
            [
                "a trail of 100% is no less than the whole",
                "how much may be lost",
            ],
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, arm_at: 3000 }",
            [
                "this is armed from the start",
                "write `53000` where a profit of 3,000.00 is meant",
            ],
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, arm_at: 50000 }",
            ["this is armed from the start", "write more than 50,000.00"],
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 2500, span: session, arm_at: 3000 }",
            ["this is armed from the start", "write `53000`"],
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 512000 }",
            ["10.2 times the starting balance", "a digit too many"],
        ),
    ] {
        check(condition, &parts);
    }
    for right in [
        "pnl: { loss: 50 }",
        "pnl: { loss: 5, per: position }",
        "pnl: { profit: 5 }",
        "trailing_drawdown: { metric: pnl, trail: 10, arm_at: 30 }",
        "trailing_drawdown: { metric: pnl, trail: 100%, arm_at: 500 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, arm_at: 53000 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: session, arm_at: 49000 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 120000 }",
    ] {
        assert_eq!(of_condition(right), [""; 0], "{right}");
    }
}

#[test]
fn e_one_mistake_behind_an_anchor_is_told_once() {
    let count = |rules: &str| load(&with_rules(rules)).diagnostics.len();
    // The whole condition, a part of it, a word of it, and what is merged.
    for rules in [
        "  - { name: r, accounts: [a-1], when: &x { pnl: { los: 5 } }, then: [flatten], notify: log }
  - { name: s, accounts: [a-1], when: *x, then: [flatten], notify: log }
  - { name: t, accounts: [a-1], when: { any: [*x, { no_data: 1m }] }, then: [flatten], notify: log }
",
        "  - { name: r, accounts: [a-1], when: { pnl: { loss: &x '1000,50' } }, then: [flatten], notify: log }
  - { name: s, accounts: [a-1], when: { pnl: { loss: *x } }, then: [flatten], notify: log }
  - { name: t, accounts: [a-1], when: { pnl: { loss: *x } }, then: [flatten], notify: log }
",
        "  - &x { name: r, accounts: [a-1], when: { pnl: { loss: 500 } }, then: [flaten], notify: log }
  - { <<: *x, name: s }
  - { <<: *x, name: t, hold: 5s }
",
        // A warning too.
        "  - { name: r, accounts: [a-1], when: &x { pnl: { loss: 1.500 } }, then: [flatten], notify: log }
  - { name: s, accounts: [a-1], when: *x, then: [flatten], notify: log }
",
        "  - { name: r, accounts: [a-1], when: { no_data: 1m }, then: &x [{ lock: { until: manual } }], notify: log }
  - { name: s, accounts: [a-1], when: { no_data: 2m }, then: *x, notify: log }
",
    ] {
        assert_eq!(count(rules), 1, "{}", load(&with_rules(rules)).render_short());
    }
    // What is wrong for another rule alone is another mistake, told once too.
    let two = "  - { name: r, accounts: [a-1], when: &x { max_loss: { amount: 5%, anchor: starting_balance } }, then: [flatten], notify: log }
  - { name: s, accounts: [bare], when: *x, then: [flatten], notify: log }
  - { name: t, accounts: [a-2], when: *x, then: [flaten], notify: log }
";
    assert_eq!(count(two), 3, "{}", load(&with_rules(two)).render_short());
}

#[test]
fn what_is_shipped_is_not_warned_of() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![("rules.example.yaml".to_owned(), EXAMPLE.to_owned())];
    for inner in ["examples", "tests/golden"] {
        for entry in std::fs::read_dir(folder.join(inner)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let is_rules =
                name.ends_with(".yaml") && !name.contains(".test.") && !name.contains("prometheus");
            if is_rules {
                files.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(files.len() >= 6, "{files:?}");
    for (name, text) in files {
        let loaded = rules::load(&name, &text, &|_| Err(std::io::ErrorKind::NotFound.into()));
        assert_eq!(loaded.as_of(at(NOW)).render_short(), "");
    }
}
