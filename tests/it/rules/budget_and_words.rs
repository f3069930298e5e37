//! What `check` prints beside mistakes: rules in plain words, and the budget.

use riskd::engine::explain;
use riskd::rules::budget;

use super::{EXAMPLE, load, with_rules};

#[test]
fn the_example_in_plain_words() {
    let rules = load(EXAMPLE).rules.unwrap();
    insta::assert_snapshot!(explain::rules(&rules.book).join("\n"));
}

#[test]
fn every_kind_in_plain_words() {
    let conditions = [
        "pnl: { loss: 5%, profit: 500, over: week, of: realized, breach: cross }",
        "trailing_drawdown: { metric: equity, mark: balance, trail: 4%, span: lifetime, ratchet: session_end, lock_at: 51000, arm_at: 50500 }",
        "trailing_drawdown: { metric: pnl, trail: 300 }",
        "max_loss: { amount: 5%, anchor: session_max }",
        "max_loss: { amount: 2000, anchor: starting_balance, of: balance }",
        "inside: { windows: [{ days: [fri], from: '18:00', to: '24:00' }], only: orders, instruments: [ES, NQ] }",
        "at: { cron: '55 16 * * 1-5' }",
        "position: { contracts: 4, per_instrument: { ES: 2 }, positions: 2, micro_ratio: 10 }",
        "position: { allow: [ES], deny: [CL], opposite: [[ES, MES]] }",
        "orders: { working: 10, quantity: 5 }",
        "all: [{ pnl: { loss: 5 } }, { any: [{ no_data: 1m30s }, { not: { orders: { working: 1 } } }] }]",
    ];
    let mut text: String = conditions
        .iter()
        .enumerate()
        .map(|(index, when)| {
            format!(
                "  - {{ name: r{index}, accounts: [a-1], when: {{ {when} }}, then: [flatten], notify: log }}\n"
            )
        })
        .collect();
    let rest = [
        "hold: 5s, confirm: 2, rearm: 10m, enabled: false",
        "rearm: flat, then: [flatten, { lock: { until: '16:00' } }]",
        "rearm: never, then: [flatten, { close_only: { until: 2h } }]",
        "rearm: clear, then: [flatten, { lock: { until: manual } }]",
    ];
    for (index, keys) in rest.iter().enumerate() {
        let then = if keys.contains("then") {
            ""
        } else {
            ", then: [flatten]"
        };
        text.push_str(&format!(
            "  - {{ name: s{index}, accounts: [a-1], when: {{ no_data: 1m }}{then}, notify: log, {keys} }}\n"
        ));
    }
    let loaded = load(&with_rules(&text));
    assert_eq!(loaded.render_short(), "");
    insta::assert_snapshot!(explain::rules(&loaded.rules.unwrap().book).join("\n"));
}

#[test]
fn the_budget_of_the_example() {
    let rules = load(EXAMPLE).rules.unwrap();
    let budgets = budget::budgets(&rules.venues);
    assert_eq!(budgets.len(), 1);
    assert_eq!(budgets[0].planned, 120);
    assert_eq!(budgets[0].allowed, 180);
    assert_eq!(budgets[0].items.len(), 2);
    assert!(budgets[0].fits() && !budgets[0].is_tight());
}
