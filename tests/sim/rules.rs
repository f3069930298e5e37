//! The rule files of a run.

use std::sync::Arc;

use riskd::domain::account::AccountNumber;
use riskd::rules::{self, book::RuleBook};

use super::kind::Kind;

/// The accounts of most runs; riskd may only notify about the last one.
pub const ACCOUNTS: [&str; 3] = ["a", "b", "c"];
/// The accounts of a desk that trades many at once; the first ones are those
/// above.
pub const MANY: [&str; 20] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s",
    "t",
];
/// The account that no rule may touch.
pub const BYSTANDER: &str = "c";

/// How many rule files a reload takes one of.
pub const COUNT: i64 = 3;
/// The rule file in which every account's silence is told.
pub const SCENARIO: usize = 3;
/// The same with a rule that asks again as soon as it has fired.
pub const AGAIN: usize = 4;
/// The rule file of many accounts, which share a token.
pub const DESK: usize = 5;

/// How many there are.
pub fn all(kind: Kind) -> usize {
    match kind {
        Kind::CrossTrade => DESK + 1,
        Kind::Bybit | Kind::Binance | Kind::Bitget | Kind::BingX => DESK,
    }
}

/// The daily loss at which account `a` is flattened, by the rule file.
pub fn loss_limit(number: usize) -> i64 {
    [600, 600, 900, 600, 600, 600][number]
}

/// The rules of a desk: each account has its own limit but the bystander.
fn desk() -> Arc<RuleBook> {
    let limited: Vec<&str> = MANY.into_iter().filter(|name| *name != BYSTANDER).collect();
    with_accounts(
        Kind::CrossTrade,
        &MANY,
        &format!(
            "
  - name: daily loss
    accounts: [{}]
    when: {{ pnl: {{ loss: 600 }} }}
    then: [cancel_orders, flatten, {{ lock: {{ until: session_end }} }}, {{ notify: log }}]
",
            limited.join(", ")
        ),
    )
}

/// One of the rule files: as it starts, with other limits, and with fewer rules.
pub fn rule_set(kind: Kind, number: usize) -> Arc<RuleBook> {
    if number == DESK {
        return desk();
    }
    let again = match number {
        AGAIN => {
            "
  - name: again
    accounts: [a]
    when: { pnl: { loss: 500 } }
    then: [flatten]
    rearm: 500ms"
        }
        _ => "",
    };
    let loss = loss_limit(number);
    let trail = [500, 400, 800, 500, 500][number];
    let lock = ["session_end", "2m", "manual", "session_end", "session_end"][number];
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
        SCENARIO | AGAIN => ("a, b, c", "b", "b"),
        _ => ("c", "a, b", "a"),
    };
    let rules = format!(
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
    then: [{{ notify: log }}]{at_rule}{again}
"
    );
    with_accounts(kind, &ACCOUNTS, &rules)
}

/// A rule file with these rules for the three accounts at CrossTrade.
pub fn with_rules(rules: &str) -> Arc<RuleBook> {
    with_accounts(Kind::CrossTrade, &ACCOUNTS, rules)
}

fn with_accounts(kind: Kind, names: &[&str], rules: &str) -> Arc<RuleBook> {
    let text = format!(
        "version: 1
sessions:
  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}
notify:
  log: {{ kind: log }}
{}
rules:{rules}",
        kind.rule_file(names)
    );
    let loaded = rules::load("rules.yaml", &text, &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    });
    let report = loaded.render_short();
    loaded
        .rules
        .map(|set| set.book)
        .unwrap_or_else(|| panic!("{report}"))
}

/// The same rules with the numbers of the accounts spelled as the venue spells
/// them too: they are the same accounts.
pub fn spelled_otherwise(rules: &RuleBook) -> Arc<RuleBook> {
    let mut other = RuleBook::clone(rules);
    for account in &mut other.accounts {
        let number = account.number.to_string().to_uppercase();
        Arc::make_mut(account).number = AccountNumber::parse(&number).unwrap();
    }
    Arc::new(other)
}
