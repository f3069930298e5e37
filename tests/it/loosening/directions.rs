//! Which edit of a rule tightens it and which loosens it: one row for each
//! field of each kind and each direction.

use std::sync::Arc;

use riskd::engine::loosening::is_looser;
use riskd::rules::{self, book::Rule};

/// A file around rules of one account, each a line of YAML.
fn file(rules: &[String]) -> String {
    format!(
        "version: 1
sessions: {{ g: {{ timezone: America/New_York, open: '18:00', close: '17:00', days: [mon, tue, wed, thu, fri] }} }}
venues: {{ v: {{ kind: crosstrade, token: {{ env: TOKEN }} }} }}
notify: {{ log: {{ kind: log }}, desk: {{ kind: log }} }}
accounts: {{ a: {{ number: A, starting_balance: 50000 }} }}
rules:
{}",
        rules.join("\n")
    )
}

fn load(rules: &[String]) -> Vec<Arc<Rule>> {
    let text = file(rules);
    let loaded = rules::load("rules.yaml", &text, &|_| unreachable!());
    let report = loaded.render_short();
    let rules = loaded.rules.unwrap_or_else(|| panic!("{report}"));
    rules.book.rules.clone()
}

fn with_condition(index: usize, condition: &str) -> String {
    format!("  - {{ name: r{index}, accounts: [a], when: {{ {condition} }}, then: [flatten] }}")
}

fn conditions(conditions: &[String]) -> Vec<Arc<Rule>> {
    let rules = conditions.iter().enumerate();
    let rules: Vec<String> = rules
        .map(|(index, condition)| with_condition(index, condition))
        .collect();
    load(&rules)
}

/// Keys of a rule but its name and its accounts.
fn with_keys(keys: &[&str]) -> Vec<Arc<Rule>> {
    let rules = keys.iter().enumerate();
    let rules: Vec<String> = rules
        .map(|(index, keys)| format!("  - {{ name: r{index}, accounts: [a], {keys} }}"))
        .collect();
    load(&rules)
}

/// For each kind: a condition, and one that is tighter than it in one field.
const TIGHTER: &[(&str, &str)] = &[
    ("pnl: { loss: 1000 }", "pnl: { loss: 999.99 }"),
    ("pnl: { loss: 2% }", "pnl: { loss: 1% }"),
    ("pnl: { loss: 1000 }", "pnl: { loss: 1000, profit: 500 }"),
    ("pnl: { profit: 500 }", "pnl: { profit: 400 }"),
    ("pnl: { profit: 2% }", "pnl: { profit: 1% }"),
    ("pnl: { loss: 1000, breach: cross }", "pnl: { loss: 1000 }"),
    (
        "profit_floor: { arm_at: 500, floor: 250 }",
        "profit_floor: { arm_at: 400, floor: 250 }",
    ),
    (
        "profit_floor: { arm_at: 500, floor: 250 }",
        "profit_floor: { arm_at: 500, floor: 300 }",
    ),
    (
        "profit_floor: { arm_at: 500, floor: 250, breach: cross }",
        "profit_floor: { arm_at: 500, floor: 250 }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime }",
        "trailing_drawdown: { metric: equity, trail: 2000, span: lifetime }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 5%, span: lifetime }",
        "trailing_drawdown: { metric: equity, trail: 4%, span: lifetime }",
    ),
    (
        "trailing_drawdown: { metric: pnl, trail: 250, arm_at: 500 }",
        "trailing_drawdown: { metric: pnl, trail: 250, arm_at: 400 }",
    ),
    (
        "trailing_drawdown: { metric: pnl, trail: 250, arm_at: 500 }",
        "trailing_drawdown: { metric: pnl, trail: 250 }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: session }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, ratchet: session_end }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, ratchet: tick }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 100 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 200 }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: 50100 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: 50200 }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 100 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 51000 }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 51000 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 52000 }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, breach: cross }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, breach: touch }",
    ),
    (
        "max_loss: { amount: 1000, anchor: session_balance }",
        "max_loss: { amount: 900, anchor: session_balance }",
    ),
    (
        "max_loss: { amount: 2%, anchor: starting_balance }",
        "max_loss: { amount: 1%, anchor: starting_balance }",
    ),
    (
        "max_loss: { amount: 1000, anchor: session_max, breach: cross }",
        "max_loss: { amount: 1000, anchor: session_max }",
    ),
    // Fewer hours in which to trade, by days, by either end, by a window less.
    (
        "outside: [{ days: [mon, tue], from: '09:30', to: '16:00' }]",
        "outside: [{ days: [mon], from: '09:30', to: '16:00' }]",
    ),
    (
        "outside: [{ days: [mon], from: '09:30', to: '16:00' }]",
        "outside: [{ days: [mon], from: '09:45', to: '16:00' }]",
    ),
    (
        "outside: [{ days: [mon], from: '09:30', to: '16:00' }]",
        "outside: [{ days: [mon], from: '09:30', to: '15:45' }]",
    ),
    (
        "outside: [{ days: [sun], from: '18:00', to: '16:55' }]",
        "outside: [{ days: [sun], from: '18:00', to: '24:00' }, { days: [mon], from: '00:00', to: '16:00' }]",
    ),
    (
        "outside: [{ days: [mon], from: '09:30', to: '11:00' }, { days: [mon], from: '10:00', to: '16:00' }]",
        "outside: [{ days: [mon], from: '09:30', to: '15:00' }]",
    ),
    // More hours in which not to.
    (
        "inside: [{ days: [mon], from: '16:55', to: '18:00' }]",
        "inside: [{ days: [mon], from: '16:50', to: '18:00' }]",
    ),
    (
        "inside: [{ days: [mon], from: '16:55', to: '18:00' }]",
        "inside: [{ days: [mon], from: '16:55', to: '18:00' }, { days: [wed], from: '14:00', to: '14:30' }]",
    ),
    (
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], only: orders }",
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }] }",
    ),
    (
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], instruments: [ES 03-30] }",
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], instruments: [ES] }",
    ),
    (
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], instruments: [ES] }",
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], instruments: [NQ, ES] }",
    ),
    (
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], instruments: [ES] }",
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }] }",
    ),
    (
        "at: { cron: '55 16 * * 1-5' }",
        "at: { cron: '55 16 * * *' }",
    ),
    (
        "at: { cron: '55 16 * * 1-5' }",
        "at: { cron: '30,55 16,17 * * 1-5' }",
    ),
    (
        "at: { cron: '55 16 * * *' }",
        "at: { cron: '55 16 * * *', catch_up: 20m }",
    ),
    ("no_data: 60s", "no_data: 30s"),
    ("position: { contracts: 5 }", "position: { contracts: 4 }"),
    (
        "position: { contracts: 5 }",
        "position: { contracts: 5, positions: 2 }",
    ),
    ("position: { positions: 3 }", "position: { positions: 2 }"),
    (
        "position: { contracts: 5, micro_ratio: 10 }",
        "position: { contracts: 5, micro_ratio: 5 }",
    ),
    (
        "position: { contracts: 5, micro_ratio: 10 }",
        "position: { contracts: 5 }",
    ),
    (
        "position: { per_instrument: { ES: 2 } }",
        "position: { per_instrument: { ES: 1 } }",
    ),
    (
        "position: { per_instrument: { ES: 2 } }",
        "position: { per_instrument: { ES: 2, NQ: 1 } }",
    ),
    (
        "position: { per_instrument: { ES 03-30: 2 } }",
        "position: { per_instrument: { ES: 2 } }",
    ),
    ("position: { deny: [ES] }", "position: { deny: [NQ, ES] }"),
    ("position: { deny: [ES 03-30] }", "position: { deny: [ES] }"),
    (
        "position: { contracts: 5 }",
        "position: { contracts: 5, allow: [ES] }",
    ),
    ("position: { allow: [ES, NQ] }", "position: { allow: [ES] }"),
    (
        "position: { allow: [ES] }",
        "position: { allow: [ES 03-30] }",
    ),
    (
        "position: { opposite: [[ES, MES]] }",
        "position: { opposite: [[ES, MES, NQ]] }",
    ),
    (
        "position: { opposite: [[ES, MES]] }",
        "position: { opposite: [[NQ, MNQ], [MES, ES]] }",
    ),
    ("orders: { working: 10 }", "orders: { working: 9 }"),
    (
        "orders: { working: 10 }",
        "orders: { working: 10, quantity: 5 }",
    ),
    ("orders: { quantity: 5 }", "orders: { quantity: 4.5 }"),
    ("expr: 'equity < 48000'", "expr: 'equity < 48000.01'"),
    ("expr: 'equity < 48000'", "expr: 'equity <= 48000'"),
    (
        "expr: 'session_pnl <= -1000'",
        "expr: 'session_pnl <= -900'",
    ),
    (
        "expr: 'session_pnl <= -1000'",
        "expr: '-900 >= session_pnl'",
    ),
    ("expr: 'contracts > 4'", "expr: 'contracts >= 4'"),
    ("expr: 'contracts == 4'", "expr: 'contracts > 3'"),
    (
        "expr: 'is_flat and equity < 48000'",
        "expr: 'equity < 48000'",
    ),
    (
        "expr: 'equity < 48000'",
        "expr: 'equity < 48000 or balance < 47000'",
    ),
    // Trees.
    (
        "any: [{ pnl: { loss: 1000 } }]",
        "any: [{ no_data: 60s }, { pnl: { loss: 900 } }]",
    ),
    (
        "pnl: { loss: 1000 }",
        "any: [{ no_data: 60s }, { pnl: { loss: 900 } }]",
    ),
    (
        "all: [{ pnl: { loss: 1000 } }, { orders: { working: 3 } }]",
        "pnl: { loss: 1000 }",
    ),
    (
        "all: [{ pnl: { loss: 1000 } }, { orders: { working: 3 } }]",
        "all: [{ orders: { working: 2 } }, { pnl: { loss: 1000 } }]",
    ),
    (
        "all: [{ pnl: { loss: 1000 } }, { not: { orders: { working: 3 } } }]",
        "any: [{ not: { orders: { working: 3 } } }, { no_data: 60s }]",
    ),
];

/// Pairs of which neither is provably as tight as the other.
const NEITHER: &[(&str, &str)] = &[
    ("pnl: { loss: 1000 }", "pnl: { loss: 1% }"),
    ("pnl: { loss: 1000 }", "pnl: { loss: 1000, of: realized }"),
    ("pnl: { loss: 1000 }", "pnl: { loss: 1000, over: week }"),
    ("pnl: { loss: 1000 }", "pnl: { loss: 1000, per: position }"),
    ("pnl: { loss: 1000 }", "pnl: { profit: 1000 }"),
    (
        "pnl: { loss: 1000 }",
        "max_loss: { amount: 1000, anchor: session_equity }",
    ),
    (
        "profit_floor: { arm_at: 500, floor: 250 }",
        "profit_floor: { arm_at: 600, floor: 300 }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime }",
        "trailing_drawdown: { metric: balance, trail: 2500, span: lifetime }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime }",
        "trailing_drawdown: { metric: equity, mark: balance, trail: 2500, span: lifetime }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: session }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, ratchet: session_end }",
    ),
    (
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 100 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: 50200 }",
    ),
    (
        "max_loss: { amount: 1000, anchor: session_balance }",
        "max_loss: { amount: 1000, anchor: session_max }",
    ),
    (
        "max_loss: { amount: 1000, anchor: session_balance }",
        "max_loss: { amount: 1000, anchor: session_balance, of: balance }",
    ),
    (
        "outside: [{ days: [mon], from: '09:30', to: '16:00' }]",
        "inside: [{ days: [mon], from: '09:30', to: '16:00' }]",
    ),
    (
        "outside: [{ days: [mon], from: '09:30', to: '16:00' }]",
        "outside: [{ days: [mon], from: '10:00', to: '17:00' }]",
    ),
    (
        "outside: [{ days: [mon], from: '09:30', to: '16:00' }]",
        "outside: [{ days: [mon], from: '10:30', to: '12:00', timezone: Europe/Berlin }]",
    ),
    (
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], only: orders }",
        "inside: { windows: [{ days: [mon], from: '16:55', to: '18:00' }], only: positions }",
    ),
    ("at: { cron: '55 16 * * *' }", "at: { cron: '50 16 * * *' }"),
    (
        "at: { cron: '55 16 * * *' }",
        "at: { cron: '55 16 * * *', timezone: UTC }",
    ),
    ("position: { contracts: 5 }", "position: { positions: 5 }"),
    (
        "position: { contracts: 5, micro_ratio: 10 }",
        "position: { contracts: 6, micro_ratio: 5 }",
    ),
    ("position: { allow: [ES] }", "position: { deny: [NQ] }"),
    ("expr: 'equity < 48000'", "expr: 'balance < 48000'"),
    ("expr: 'equity < 48000'", "expr: 'equity > 40000'"),
    ("expr: 'equity < 48000'", "pnl: { loss: 2000 }"),
    (
        "not: { orders: { working: 3 } }",
        "not: { orders: { working: 4 } }",
    ),
    ("not: { orders: { working: 3 } }", "orders: { working: 3 }"),
];

/// Keys of a rule: what is there first is looser than what follows it.
const TIGHTER_KEYS: &[(&str, &str)] = &[
    (
        "when: { no_data: 60s }, then: [flatten], hold: 10s",
        "when: { no_data: 60s }, then: [flatten], hold: 5s",
    ),
    (
        "when: { no_data: 60s }, then: [flatten], hold: 10s",
        "when: { no_data: 60s }, then: [flatten]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten], confirm: 3",
        "when: { no_data: 60s }, then: [flatten], confirm: 2",
    ),
    (
        "when: { no_data: 60s }, then: [flatten], rearm: 10m",
        "when: { no_data: 60s }, then: [flatten], rearm: 5m",
    ),
    (
        "when: { no_data: 60s }, then: [flatten], rearm: never",
        "when: { no_data: 60s }, then: [flatten], rearm: session",
    ),
    (
        "when: { no_data: 60s }, then: [cancel_orders]",
        "when: { no_data: 60s }, then: [flatten]",
    ),
    (
        "when: { no_data: 60s }, then: [cancel_orders]",
        "when: { no_data: 60s }, then: [flatten, cancel_orders]",
    ),
    (
        "when: { position: { deny: [ES] } }, then: [close_position]",
        "when: { position: { deny: [ES] } }, then: [flatten]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: session_end } }]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten, { lock: { until: session_end } }]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: manual } }]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten, { lock: { until: 1h } }]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: 2h } }]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten, { lock: { until: '17:00' } }]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: manual } }]",
    ),
    (
        "when: { no_data: 60s }, then: [{ close_only: { until: session_end } }]",
        "when: { no_data: 60s }, then: [{ close_only: { until: manual } }]",
    ),
    (
        "when: { no_data: 60s }, then: [{ close_only: { until: session_end } }]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: session_end } }]",
    ),
];

/// Keys of a rule of which neither is as tight as the other.
const NEITHER_KEYS: &[(&str, &str)] = &[
    (
        "when: { no_data: 60s }, then: [flatten], rearm: clear",
        "when: { no_data: 60s }, then: [flatten], rearm: session",
    ),
    (
        "when: { no_data: 60s }, then: [flatten], rearm: flat",
        "when: { no_data: 60s }, then: [flatten], rearm: 5m",
    ),
    (
        "when: { no_data: 60s }, then: [flatten, { lock: { until: '17:00' } }]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: '18:00' } }]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten, { lock: { until: session_end } }]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: 48h } }]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten]",
        "when: { no_data: 60s }, then: [{ lock: { until: manual } }]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten, { close_only: { until: manual } }]",
        "when: { no_data: 60s }, then: [flatten, { lock: { until: session_end } }]",
    ),
];

/// Keys of a rule that protect nothing.
const THE_SAME: &[(&str, &str)] = &[
    (
        "when: { no_data: 60s }, then: [flatten]",
        "when: { no_data: 60s }, then: [flatten, { notify: log }]",
    ),
    (
        "when: { no_data: 60s }, then: [flatten], notify: log",
        "when: { no_data: 60s }, then: [flatten], notify: desk",
    ),
    (
        "when: { pnl: { loss: 1000 } }, then: [flatten], warn_at: [80%]",
        "when: { pnl: { loss: 1000 } }, then: [flatten], description: Other words.",
    ),
    (
        "when: { no_data: 60s }, then: [cancel_orders, flatten]",
        "when: { no_data: 60s }, then: [flatten, cancel_orders]",
    ),
    (
        "when: { any: [{ no_data: 60s }, { pnl: { loss: 1000 } }] }, then: [flatten], rearm: clear",
        "when: { any: [{ pnl: { loss: 1000 } }, { no_data: 60s }] }, then: [flatten], rearm: clear",
    ),
];

#[test]
fn every_field_of_every_condition_has_its_direction() {
    for (looser, tighter) in TIGHTER {
        let same = conditions(&[(*looser).to_owned(), (*tighter).to_owned()]);
        let [old, new] = same.as_slice() else {
            unreachable!()
        };
        // What re-arms a rule follows from its kinds; it is compared elsewhere.
        if old.rearm == new.rearm {
            assert!(!is_looser(old, new), "{looser} -> {tighter}");
        }
        assert!(is_looser(new, old), "{tighter} -> {looser}");
    }
    for (one, other) in NEITHER {
        let both = conditions(&[(*one).to_owned(), (*other).to_owned()]);
        assert!(is_looser(&both[0], &both[1]), "{one} -> {other}");
        assert!(is_looser(&both[1], &both[0]), "{other} -> {one}");
    }
}

#[test]
fn every_key_of_a_rule_has_its_direction() {
    for (looser, tighter) in TIGHTER_KEYS {
        let both = with_keys(&[looser, tighter]);
        assert!(!is_looser(&both[0], &both[1]), "{looser} -> {tighter}");
        assert!(is_looser(&both[1], &both[0]), "{tighter} -> {looser}");
    }
    for (one, other) in NEITHER_KEYS {
        let both = with_keys(&[one, other]);
        assert!(is_looser(&both[0], &both[1]), "{one} -> {other}");
        assert!(is_looser(&both[1], &both[0]), "{other} -> {one}");
    }
    for (one, other) in THE_SAME {
        let both = with_keys(&[one, other]);
        assert!(!is_looser(&both[0], &both[1]), "{one} -> {other}");
        assert!(!is_looser(&both[1], &both[0]), "{other} -> {one}");
    }
    let states = with_keys(&[
        "when: { no_data: 60s }, then: [flatten]",
        "when: { no_data: 60s }, then: [flatten], enabled: false",
    ]);
    assert!(is_looser(&states[0], &states[1]));
    // What was switched off held nothing.
    assert!(!is_looser(&states[1], &states[0]));
    assert!(!is_looser(&states[1], &states[1]));
}

/// Every way to choose one text of each list, joined.
fn product(kind: &str, choices: &[&[&str]]) -> Vec<String> {
    let mut all = vec![String::new()];
    for choice in choices {
        all = all
            .iter()
            .flat_map(|before| {
                choice
                    .iter()
                    .map(move |more| match (before.is_empty(), more.is_empty()) {
                        (true, _) => (*more).to_owned(),
                        (_, true) => before.clone(),
                        _ => format!("{before}, {more}"),
                    })
            })
            .collect();
    }
    all.retain(|fields| !fields.is_empty());
    all.iter()
        .map(|fields| format!("{kind}: {{ {fields} }}"))
        .collect()
}

/// Many settings of each kind.
fn settings() -> Vec<Vec<String>> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let breach: &[&str] = &["", "breach: cross"];
    vec![
        product(
            "pnl",
            &[
                &[
                    "loss: 500",
                    "loss: 1000",
                    "loss: 1%",
                    "loss: 2%",
                    "profit: 900",
                ],
                &["", "of: realized", "over: week"],
                breach,
            ],
        ),
        product(
            "pnl",
            &[
                &["loss: 500", "loss: 600"],
                &["", "profit: 500", "profit: 600", "profit: 1%"],
                breach,
            ],
        ),
        product(
            "profit_floor",
            &[
                &["arm_at: 500", "arm_at: 600"],
                &["floor: 100", "floor: 200", "floor: -100"],
                breach,
            ],
        ),
        product(
            "trailing_drawdown",
            &[
                &["metric: equity", "metric: balance"],
                &["trail: 2500", "trail: 2000", "trail: 5%"],
                &["span: lifetime", "span: lifetime, ratchet: session_end"],
                &[
                    "",
                    "lock_at: start + 100",
                    "lock_at: start + 200",
                    "lock_at: 50100",
                ],
                &["", "high_water: 51000", "high_water: 52000"],
                breach,
            ],
        ),
        product(
            "trailing_drawdown",
            &[
                &["metric: equity, trail: 2500", "metric: equity, trail: 2400"],
                &["span: session", "span: lifetime"],
                &["", "arm_at: 51000", "arm_at: 52000"],
            ],
        ),
        product(
            "max_loss",
            &[
                &["amount: 1000", "amount: 900", "amount: 1%"],
                &[
                    "anchor: session_balance",
                    "anchor: session_max",
                    "anchor: starting_balance",
                ],
                &["", "of: balance"],
                breach,
            ],
        ),
        product(
            "orders",
            &[
                &["", "working: 3", "working: 4"],
                &["", "quantity: 3", "quantity: 4"],
            ],
        ),
        product(
            "position",
            &[
                &[
                    "contracts: 4",
                    "contracts: 5",
                    "contracts: 4, micro_ratio: 10",
                    "contracts: 5, micro_ratio: 10",
                ],
                &[
                    "",
                    "per_instrument: { ES: 2 }",
                    "per_instrument: { ES: 1 }",
                    "per_instrument: { ES 03-30: 1 }",
                ],
                &["", "positions: 2", "positions: 3"],
            ],
        ),
        product(
            "position",
            &[
                &["contracts: 4"],
                &["", "allow: [ES, NQ]", "allow: [ES]", "allow: [ES 03-30]"],
                &["", "deny: [CL]", "deny: [CL, GC]"],
                &["", "opposite: [[ES, MES]]", "opposite: [[ES, MES, NQ]]"],
            ],
        ),
        product(
            "inside",
            &[
                &[
                    "windows: [{ days: [mon], from: '16:00', to: '18:00' }]",
                    "windows: [{ days: [mon], from: '17:00', to: '19:00' }]",
                    "windows: [{ days: [mon, tue], from: '16:00', to: '18:00' }]",
                    "windows: [{ days: [sun], from: '23:00', to: '18:30' }]",
                ],
                &["", "only: orders", "only: positions"],
                &[
                    "",
                    "instruments: [ES]",
                    "instruments: [ES, NQ]",
                    "instruments: [ES 03-30]",
                ],
            ],
        ),
        product(
            "at",
            &[
                &[
                    "cron: '0 16 * * *'",
                    "cron: '0 16 * * 1-5'",
                    "cron: '0,30 16 * * 1-5'",
                    "cron: '0 16 1 * *'",
                ],
                &["", "catch_up: 5m", "catch_up: 20m"],
            ],
        ),
        texts(&["no_data: 30s", "no_data: 60s", "no_data: 2m"]),
        texts(&[
            "expr: 'equity < 100'",
            "expr: 'equity <= 100'",
            "expr: 'equity < 200'",
            "expr: 'equity == 50'",
            "expr: 'equity != 200'",
            "expr: 'equity > 200'",
            "expr: 'equity >= 200'",
            "expr: 'is_flat'",
            "expr: 'not is_flat'",
            "expr: 'is_flat and equity < 100'",
            "expr: 'is_flat or equity < 100'",
        ]),
    ]
}

#[test]
fn an_edit_and_its_inverse_never_both_tighten() {
    let mut tightened = 0;
    for settings in settings() {
        let rules = conditions(&settings);
        let as_tight = |old: usize, new: usize| !is_looser(&rules[old], &rules[new]);
        for old in 0..rules.len() {
            for new in 0..rules.len() {
                if old == new {
                    assert!(as_tight(old, new), "{}", settings[old]);
                } else if as_tight(old, new) {
                    tightened += 1;
                    let edit = format!("{} -> {}", settings[old], settings[new]);
                    assert!(!as_tight(new, old), "{edit}");
                    // What is as tight as the new one is as tight as the old one.
                    for (third, after) in settings.iter().enumerate() {
                        assert!(
                            !as_tight(new, third) || as_tight(old, third),
                            "{edit} -> {after}"
                        );
                    }
                }
            }
        }
    }
    assert!(tightened > 1_000, "{tightened}");
}

#[test]
fn trees_that_would_take_long_to_compare_count_as_looser() {
    let nested = |limit: u32| {
        let mut tree = format!("pnl: {{ loss: {limit} }}");
        for level in 0..5 {
            let kind = ["any", "all"][level % 2];
            let parts = vec![format!("{{ {tree} }}"); 5];
            tree = format!("{kind}: [{}]", parts.join(", "));
        }
        tree
    };
    let rules = conditions(&[nested(1000), nested(1000), nested(2000)]);
    assert!(!is_looser(&rules[0], &rules[1]));
    assert!(is_looser(&rules[0], &rules[2]));
}
