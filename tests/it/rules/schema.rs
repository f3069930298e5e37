//! The JSON Schema says of a file's shape what the reader says.

use riskd::rules::schema::schema;
use serde_json::Value;

use super::{EXAMPLE, load, with_condition, with_rules};

/// The text as an editor sees it.
fn json(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn the_example_is_valid() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&json(EXAMPLE))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

#[test]
fn what_the_reader_refuses_for_its_shape_the_schema_refuses() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let conditions = [
        "pln: { loss: 5 }",
        "pnl: { los: 5 }",
        "pnl: { loss: 0 }",
        "pnl: { loss: -5 }",
        "pnl: { loss: many }",
        "pnl: { loss: [5] }",
        "pnl: { loss: 5, of: realised }",
        "pnl: { loss: 5 }, orders: { working: 1 }",
        "pnl: [loss, 5]",
        "profit_floor: { arm_at: 5 }",
        "max_loss: { amount: 5 }",
        "trailing_drawdown: { metric: equity, trail: 5, lock_at: begin }",
        "outside: []",
        "outside: [{ days: [monday], from: '09:00', to: '10:00' }]",
        "outside: [{ days: [mon], from: '9:00', to: '10:00' }]",
        "at: { timezone: UTC }",
        "position: { positions: 1.5 }",
        "position: { opposite: [ES, MES] }",
        "orders: { working: -1 }",
        "no_data: 30",
        "no_data: 1m1h",
        "all: []",
        "not: []",
    ];
    let rules = [
        "{ name: r, accounts: a-1, when: { no_data: 1m }, then: [flatten] }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m }, then: [] }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m }, then: [flaten] }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m }, then: [lock] }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m }, then: [{ lock: { until: never } }] }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m }, then: [flatten], confirm: 0 }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m }, then: [flatten], rearm: daily }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m }, then: [flatten], warn_at: [0.7] }",
        "{ name: r, accounts: [a-1], when: { no_data: 1m } }",
    ];
    let base = with_rules("");
    let mut files: Vec<String> = conditions.into_iter().map(with_condition).collect();
    files.extend(
        rules
            .iter()
            .map(|rule| with_rules(&format!("  - {rule}\n"))),
    );
    files.push(base.replace("version: 1", "version: 2"));
    files.push(base.replace("version: 1", "version: 1\ntests: rules.test.yaml"));
    files.push(base.replace("version: 1", "version: 1\ntests: []"));
    files.push(base.replace("version: 1", "version: 1\ntests: [{ a: b }]"));
    files.push(base.replace("kind: crosstrade", "kind: binance"));
    files.push(base.replace("token: { env: TOKEN }", "token: secret"));
    files.push(base.replace("kind: log", "kind: pager"));
    for notifier in super::notifiers::WRONG_IN_SHAPE {
        files.push(base.replace("kind: log", notifier));
    }
    for daemon in super::notifiers::WRONG_HEARTBEATS {
        files.push(base.replacen(
            "version: 1",
            &format!("version: 1\ndaemon: {{ heartbeat: {daemon} }}"),
            1,
        ));
    }
    files.push(base.replace("  a-1:", "  a/1:"));
    for file in &files {
        assert!(load(file).rules.is_none(), "the reader accepts:\n{file}");
        assert!(
            !validator.is_valid(&json(file)),
            "the schema accepts:\n{file}"
        );
    }
    assert!(validator.is_valid(&json(&base)));
    for notifier in super::notifiers::RIGHT {
        let file = base.replace("kind: log", notifier);
        assert_eq!(load(&file).render_short(), "", "{file}");
        assert!(
            validator.is_valid(&json(&file)),
            "the schema refuses:\n{file}"
        );
    }
    let named = base.replace("version: 1", "version: 1\ntests: [a.yaml, b/c.yaml]");
    let set = load(&named).rules.unwrap();
    assert!(validator.is_valid(&json(&named)));
    assert_eq!(set.tests.len(), 2);
    // What is in them is no part of the rules.
    assert_eq!(set.tests[1].path.to_str(), Some("b/c.yaml"));
}
