//! Long walks in small steps: what a replay leaves out while all rules rest changes
//! nothing of what the plain engine does.

use std::sync::Arc;

use proptest::prelude::*;
use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::money::Money;
use riskd::domain::observation::{Content, Figures, Learned, Missing, Timestamp};
use riskd::domain::position_key::PositionKey;
use riskd::replay::{AccountReplay, ReplayLog};
use riskd::rules::book::{Account, RuleBook};
use riskd::rules::{self, ruleset::RuleSet};
use rust_decimal::Decimal;

use super::config;
use super::paths::{DAY, instant};

/// One rule each; a case takes some of them, so that often all of them rest.
const CONDITIONS: [&str; 26] = [
    "pnl: { loss: 30 }",
    "pnl: { profit: 40, breach: cross }",
    "pnl: { loss: 1%, over: week }",
    "pnl: { profit: 60, of: realized, over: month }",
    "pnl: { loss: 50, profit: 80, over: lifetime }",
    "pnl: { loss: 20, of: unrealized }",
    "pnl: { loss: 15, per: position }",
    "profit_floor: { arm_at: 20, floor: 5 }",
    "trailing_drawdown: { metric: equity, trail: 40, span: lifetime, lock_at: start + 10 }",
    "trailing_drawdown: { metric: equity, mark: balance, trail: 30, span: lifetime, ratchet: session_end }",
    "trailing_drawdown: { metric: pnl, trail: 25, arm_at: 10 }",
    "trailing_drawdown: { metric: pnl, trail: 50%, arm_at: 15, breach: cross }",
    "trailing_drawdown: { metric: unrealized, trail: 20 }",
    "trailing_drawdown: { metric: balance, trail: 0.1%, span: session }",
    "max_loss: { amount: 30, anchor: session_equity }",
    "max_loss: { amount: 0.1%, anchor: session_balance, of: balance }",
    "max_loss: { amount: 45, anchor: session_max }",
    "max_loss: { amount: 60, anchor: starting_balance }",
    "position: { contracts: 1 }",
    "orders: { working: 2 }",
    "outside: [{ days: [mon, tue, wed, thu, fri], from: \"01:00\", to: \"20:55\", timezone: America/New_York }]",
    "inside: [{ days: [mon], from: \"06:50\", to: \"07:01\", timezone: America/New_York }, { days: [mon], from: \"07:03\", to: \"07:04\", timezone: America/New_York }]",
    "at: { cron: \"*/2 * * * *\", timezone: Europe/Berlin }",
    "trailing_drawdown: { metric: equity, trail: 8, span: lifetime, ratchet: session_end }",
    "all: [{ pnl: { loss: 10 } }, { not: { pnl: { loss: 35 } } }]",
    "any: [{ pnl: { profit: 45 } }, { all: [{ profit_floor: { arm_at: 5, floor: 0 } }, { position: { positions: 0 } }] }]",
];

fn rule_set(chosen: u32) -> RuleSet {
    let mut text = String::from(
        "version: 1\n\
         sessions: { s: { timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] } }\n\
         venues: { v: { kind: crosstrade, token: { env: TOKEN } } }\n\
         accounts: { a: { venue: v, number: A, session: s, starting_balance: 50000 } }\n\
         rules:\n",
    );
    for (number, when) in CONDITIONS.iter().enumerate() {
        if chosen & (1 << number) != 0 {
            // A moment can neither be held nor confirmed.
            let more = if when.starts_with("at:") {
                0
            } else {
                number % 4
            };
            let more = [
                "",
                "\n    hold: 3s",
                "\n    confirm: 2",
                "\n    rearm: clear",
            ][more];
            text += &format!(
                "  - name: r{number}\n    accounts: [a]\n    when: {{ {when} }}\n    then: [flatten]{more}\n"
            );
        }
    }
    let loaded = rules::load("rules.yaml", &text, &|_| unreachable!());
    let said = loaded.render_short();
    loaded.rules.unwrap_or_else(|| panic!("{said}"))
}

/// One observation: how long after the one before, what kind, and by how many
/// cents the open result moves.
type Step = (i64, u8, i64);

fn walks() -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![40 => Just(1_i64), 4 => 1..90_i64, 1 => 600..50_000_i64];
    prop::collection::vec((gap, any::<u8>(), -60..60_i64), 100..500)
}

/// Noon of Monday, shortly before the session closes, shortly before one opens.
fn starts() -> impl Strategy<Value = i64> {
    prop::sample::select(vec![DAY / 2, 22 * 3_600 - 90, 23 * 3_600 - 90])
}

/// The observations of a walk. Lists of positions that stay the same are one
/// and the same list when `shares`, as in a history, and else a new one each
/// time, as of a venue.
fn observations(start: i64, walk: &[Step], shares: bool) -> Vec<(Timestamp, Content)> {
    let (mut at, mut balance, mut open, mut contracts, mut orders) = (start, 5_000_000, 0, 1, 0);
    let mut held = list(contracts);
    let mut seen = Vec::new();
    for (gap, kind, cents) in walk {
        at += gap;
        open += cents;
        let mut content = None;
        match kind {
            0 => content = Some(Content::Missing(Missing::Stated)),
            1 => content = Some(learned(0, 0, 0, &held, 0)),
            2 => open += cents * 60,
            3 => {
                balance += open;
                open = 0;
                contracts = (contracts + 1) % 3;
                held = list(contracts);
            }
            4 => orders = (orders + 1) % 4,
            5 => content = Some(learned(balance, open, balance, &held, orders)),
            _ => {}
        }
        if contracts == 0 {
            open = 0;
        }
        if !shares {
            held = list(contracts);
        }
        let content =
            content.unwrap_or_else(|| learned(balance, open, balance + open, &held, orders));
        seen.push((instant(at), content));
    }
    seen
}

fn list(contracts: i64) -> Arc<[Position]> {
    let one =
        |contracts: i64| Position::new(PositionKey::new("ES 03-26"), Decimal::from(contracts));
    (contracts != 0)
        .then(|| one(contracts))
        .into_iter()
        .collect()
}

fn learned(balance: i64, open: i64, equity: i64, held: &Arc<[Position]>, orders: u32) -> Content {
    let money = |cents: i64| Some(Money::new(Decimal::new(cents, 2)));
    Content::Learned(Learned {
        figures: Figures {
            realized: money(balance - 5_000_000),
            unrealized: money(open),
            balance: money(balance),
            equity: money(equity),
        },
        positions: Some(Arc::clone(held)),
        orders: WorkingOrders::Counted(orders),
        stamp: None,
        ..Learned::default()
    })
}

type Start = fn(&RuleBook, &Arc<Account>, Timestamp, &mut ReplayLog) -> AccountReplay;

/// What the engine tells, and how every rule stands after some of the observations.
fn told(start: Start, rules: &RuleSet, seen: &[(Timestamp, Content)]) -> (ReplayLog, Vec<String>) {
    let mut story = ReplayLog::default();
    let book = &rules.book;
    let mut replay = start(book, &book.accounts[0], seen[0].0, &mut story);
    let mut states = Vec::new();
    for (place, (at, content)) in seen.iter().enumerate() {
        replay.observe(*at, content.clone(), &mut story);
        if place % 97 == 0 {
            let mut status = |name| format!("{:?}", replay.rule_status(name));
            states.extend(rules.book.rules.iter().map(|rule| status(&rule.name)));
        }
    }
    (story, states)
}

proptest! {
    #![proptest_config(config(384))]

    #[test]
    fn what_a_replay_leaves_out_changes_nothing(
        start in starts(),
        walk in walks(),
        shares in prop::bool::weighted(0.8),
        chosen in prop::collection::vec(0..CONDITIONS.len(), 1..5),
    ) {
        let rules = rule_set(chosen.into_iter().fold(0, |all, one| all | 1 << one));
        let seen = observations(start, &walk, shares);
        let short = told(AccountReplay::start, &rules, &seen);
        let full = told(AccountReplay::start_plain, &rules, &seen);
        prop_assert_eq!(short, full);
    }
}

#[test]
fn every_condition_of_the_walks_is_a_rule() {
    assert_eq!(
        rule_set((1 << CONDITIONS.len()) - 1).book.rules.len(),
        CONDITIONS.len()
    );
}
