//! The rule files of a run.

use std::sync::Arc;

use riskd::rules::{self, ruleset::RuleSet};

/// The accounts; riskd may only notify about the last one.
pub const ACCOUNTS: [&str; 3] = ["a", "b", "c"];
/// The account that no rule may touch.
pub const BYSTANDER: &str = "c";

/// How many rule files a reload takes one of.
pub const COUNT: i64 = 3;
/// How many there are: the last one is for the tests of single faults.
pub const ALL: usize = 4;
/// The rule file in which every account's silence is told.
pub const STORY: usize = 3;

/// The daily loss at which account `a` is flattened, by the rule file.
pub fn loss_limit(number: usize) -> i64 {
    [600, 600, 900, 600][number]
}

/// One of the rule files: as it starts, with other limits, and with fewer rules.
pub fn rule_set(number: usize) -> Arc<RuleSet> {
    let loss = loss_limit(number);
    let trail = [500, 400, 800, 500][number];
    let lock = ["session_end", "2m", "manual", "session_end"][number];
    let at_rule = if number == 2 {
        ""
    } else {
        "
  - name: by the clock
    accounts: [b]
    when: { at: { cron: \"2 10 * * 2,4\", timezone: America/New_York } }
    then: [cancel_orders, flatten]
  - name: by night
    accounts: [b]
    when: { at: { cron: \"30 1,2 * * 0\", timezone: America/New_York } }
    then: [cancel_orders, flatten]"
    };
    let (heard, timed, aside) = match number {
        STORY => ("a, b, c", "b", "b"),
        _ => ("c", "a, b", "a"),
    };
    with_rules(&format!(
        "
  - name: daily loss
    accounts: [a]
    when: {{ pnl: {{ loss: {loss} }} }}
    then: [cancel_orders, flatten, {{ lock: {{ until: {lock} }} }}, {{ notify: log }}]
  - name: trailing
    accounts: [b]
    when: {{ trailing_drawdown: {{ metric: equity, trail: {trail}, span: lifetime }} }}
    then: [cancel_orders, flatten]
    rearm: 20s
  - name: hours
    accounts: [{timed}]
    when: {{ outside: [{{ days: [mon, tue, wed, thu, fri], from: \"18:00\", to: \"16:55\", timezone: America/New_York }}] }}
    then: [cancel_orders, flatten]
  - name: reduce only
    accounts: [b]
    when: {{ pnl: {{ loss: 300 }} }}
    then: [{{ close_only: {{ until: 90s }} }}]
  - name: stand aside
    accounts: [{aside}]
    when: {{ pnl: {{ loss: 250, of: unrealized }} }}
    then: [cancel_orders, {{ lock: {{ until: 40s }} }}]
    rearm: 60s
  - name: silence
    accounts: [{heard}]
    when: {{ no_data: 10s }}
    then: [{{ notify: log }}]{at_rule}
"
    ))
}

/// A rule file with these rules for the three accounts.
pub fn with_rules(rules: &str) -> Arc<RuleSet> {
    let text = format!(
        "version: 1
sessions:
  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}
venues:
  ct: {{ kind: crosstrade, token: {{ credential: token }} }}
notify:
  log: {{ kind: log }}
accounts:
  a: {{ venue: ct, number: a, session: globex, starting_balance: 50000 }}
  b: {{ venue: ct, number: b, session: globex, starting_balance: 50000 }}
  c: {{ venue: ct, number: c, session: globex, starting_balance: 50000 }}
rules:{rules}"
    );
    let loaded = rules::load("rules.yaml", &text, &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    });
    let report = loaded.render_short();
    loaded
        .rules
        .map(Arc::new)
        .unwrap_or_else(|| panic!("{report}"))
}
