//! Random paths of an account, and ways to take the engine along them.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate};
use proptest::prelude::*;
use riskd::domain::account::AccountName;
use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::money::Money;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Missing, Observation, Timestamp};
use riskd::domain::position_key::PositionKey;
use riskd::engine::Engine;
use riskd::engine::event::Event;
use riskd::engine::restore::Kept;
use riskd::replay::{AccountReplay, REPLAY, ReplayEvent, ReplayEventKind, ReplayLog};
use riskd::rules::{self, ruleset::RuleSet};
use rust_decimal::Decimal;

use super::model::START;

/// Midnight UTC of a Monday; sessions go from midnight to 21:00.
pub const MONDAY: i64 = 1_767_571_200; // 2026-01-05T00:00:00Z
/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// What one observation shows; amounts in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// It can be trusted.
    Good {
        balance: i128,
        equity: i128,
        /// Contracts held.
        held: i64,
    },
    /// Nothing was learned.
    Missing,
    /// All figures are zero.
    Zero,
}

impl View {
    /// The start with an open result of so many cents.
    pub fn good(open: i128) -> View {
        View::Good {
            balance: START,
            equity: START + open,
            held: 1,
        }
    }
}

/// Observations with their times in seconds from [`MONDAY`], in order.
#[derive(Clone, Debug)]
pub struct Path {
    pub rows: Vec<(i64, View)>,
}

impl Path {
    pub fn from_rows(rows: Vec<(i64, View)>) -> Path {
        Path { rows }
    }

    /// The path with a bad row a second behind some of its rows.
    pub fn with_bad_rows(&self, bad: &[bool]) -> Path {
        let mut rows = Vec::new();
        for (index, (at, seen)) in self.rows.iter().enumerate() {
            rows.push((*at, *seen));
            if bad.get(index).copied().unwrap_or(false) {
                let zero = index % 2 == 0;
                rows.push((at + 1, if zero { View::Zero } else { View::Missing }));
            }
        }
        Path { rows }
    }

    /// Whether the newest observation at this time can be trusted.
    pub fn is_known_at(&self, time: Timestamp) -> bool {
        let seconds = time.timestamp() - MONDAY;
        let newest = self.rows.iter().rev().find(|(at, _)| *at <= seconds);
        matches!(newest, Some((_, View::Good { .. })))
    }
}

pub fn instant(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(MONDAY + seconds, 0).unwrap()
}

/// The trade date of a time.
pub fn date(seconds: i64) -> NaiveDate {
    instant(seconds).date_naive()
}

pub fn week(date: NaiveDate) -> (i32, u32) {
    (date.iso_week().year(), date.iso_week().week())
}

pub fn month(date: NaiveDate) -> (i32, u32) {
    (date.year(), date.month())
}

fn paths(
    start: i64,
    rows: std::ops::Range<usize>,
    gap: impl Strategy<Value = i64>,
    good: u32,
) -> impl Strategy<Value = Path> {
    let step = (gap, -400..400i128, -300..300i128, 0..3i64, 0..10u32);
    prop::collection::vec(step, rows).prop_map(move |steps| {
        let (mut at, mut balance) = (start, START);
        let mut rows = Vec::new();
        for (gap, more, open, held, kind) in steps {
            balance += more * 100;
            let seen = match kind {
                8 if good < 10 => View::Missing,
                9 if good < 10 => View::Zero,
                _ => View::Good {
                    balance,
                    equity: balance + open * 100 + i128::from(held),
                    held,
                },
            };
            rows.push((at, seen));
            at = after(at, gap);
        }
        Path { rows }
    })
}

/// The time of the next row; a gap below zero goes to so many seconds before
/// the next open or close.
fn after(at: i64, gap: i64) -> i64 {
    if gap > 0 {
        return at + gap;
    }
    let close = at / DAY * DAY + 21 * 3_600;
    let edge = if at < close {
        close
    } else {
        at / DAY * DAY + DAY
    };
    (edge + gap).max(at + 1)
}

/// Gaps that meet the edges of sessions exactly now and then.
fn gaps() -> impl Strategy<Value = i64> {
    prop_oneof![
        1..600i64,
        600..40_000i64,
        (1..200i64).prop_map(|quarters| quarters * 900),
        -700..=0i64,
        prop_oneof![Just(-600i64), Just(-601), Just(-599)],
    ]
}

/// Some weeks.
pub fn days() -> impl Strategy<Value = Path> {
    (0..40 * 96i64).prop_flat_map(|quarter| paths(quarter * 900, 1..60, gaps(), 8))
}

/// Some weeks, all good.
pub fn winter_days() -> impl Strategy<Value = Path> {
    paths(0, 1..20, gaps(), 8)
}

/// Minutes, many of them near the limit of what is tested.
pub fn minutes() -> impl Strategy<Value = Path> {
    let step = (1..200i64, -2..2i128, 0..10u32);
    prop::collection::vec(step, 1..40).prop_map(|steps| {
        let mut at = 0;
        let mut rows = Vec::new();
        for (gap, open, kind) in steps {
            let seen = match kind {
                8 => View::Missing,
                9 => View::Zero,
                _ => View::good(open * 10_000),
            };
            rows.push((at, seen));
            at += gap;
        }
        Path { rows }
    })
}

/// Seconds around midnight, where sessions, weeks and windows begin.
pub fn seconds() -> impl Strategy<Value = Path> {
    prop_oneof![Just(DAY - 100), Just(21 * 3_600 - 400), Just(30)]
        .prop_flat_map(|start| paths(start, 1..15, 1..70i64, 8))
}

/// The middle of one session, all good.
pub fn one_session() -> impl Strategy<Value = Path> {
    paths(15 * 3_600, 1..60, 5..60i64, 10)
}

/// A rule file with one rule for the account `a`.
pub fn rules(rule: &str) -> RuleSet {
    rule_list(&format!(
        "\n  - name: rule\n    accounts: [a]\n    then: [flatten]\n    {rule}\n"
    ))
}

/// A rule file with these rules.
pub fn rule_list(list: &str) -> RuleSet {
    let text = format!(
        r#"
version: 1
sessions: {{ day: {{ timezone: UTC, open: "00:00", close: "21:00", days: [mon, tue, wed, thu, fri, sat, sun] }} }}
venues: {{ v: {{ kind: crosstrade, token: {{ env: TOKEN }} }} }}
accounts: {{ a: {{ venue: v, number: A, session: day, starting_balance: 50000 }} }}
notify: {{ log: {{ kind: log }} }}
rules:{list}"#
    );
    let loaded = rules::load("rules.yaml", &text, &|_| unreachable!());
    let said = loaded.render_short();
    loaded.rules.unwrap_or_else(|| panic!("{said}\n{text}"))
}

fn money(cents: i128) -> Option<Money> {
    Some(Money::new(Decimal::from_i128_with_scale(cents, 2)))
}

fn content(seen: View) -> Content {
    match seen {
        View::Missing => Content::Missing(Missing::Stated),
        View::Zero => Content::Learned(Learned {
            figures: Figures {
                realized: None,
                unrealized: money(0),
                balance: money(0),
                equity: money(0),
            },
            // An account that has not loaded shows nothing at all.
            positions: Some(Arc::from([])),
            orders: WorkingOrders::Counted(0),
            stamp: None,
            ..Learned::default()
        }),
        View::Good {
            balance,
            equity,
            held,
        } => Content::Learned(Learned {
            figures: Figures {
                realized: None,
                unrealized: money(equity - balance),
                balance: money(balance),
                equity: money(equity),
            },
            ..learned(held)
        }),
    }
}

fn learned(held: i64) -> Learned {
    // Something is always held: an open result without a position is suspect.
    let position = Position::new(PositionKey::new("ES 03-26"), Decimal::from(held.max(1)));
    Learned {
        figures: Figures::default(),
        positions: Some(Arc::from([position])),
        orders: WorkingOrders::Counted(0),
        stamp: None,
        ..Learned::default()
    }
}

/// What the engine tells along a path, up to its last row.
pub fn run(rules: &RuleSet, path: &Path) -> Vec<ReplayEvent> {
    replayed(rules, path, |_, _, _| {})
}

/// The same with a restart before each row.
pub fn run_with_restarts(rules: &RuleSet, path: &Path) -> Vec<ReplayEvent> {
    replayed(rules, path, |replay, at, story| replay.restart(at, story))
}

fn replayed(
    rules: &RuleSet,
    path: &Path,
    before: impl Fn(&mut AccountReplay, Timestamp, &mut ReplayLog),
) -> Vec<ReplayEvent> {
    let mut story = ReplayLog::default();
    let start = instant(path.rows[0].0);
    let mut replay = AccountReplay::start(&rules.book, &rules.book.accounts[0], start, &mut story);
    for (at, seen) in &path.rows {
        before(&mut replay, instant(*at), &mut story);
        replay.observe(instant(*at), content(*seen), &mut story);
    }
    story.events
}

/// What an engine tells that is asked every second.
pub fn drive_by_the_second(rules: &RuleSet, path: &Path) -> Vec<ReplayEvent> {
    let mut story = ReplayLog::default();
    let mut last = path.rows[0].0;
    let now = |at: i64| Now::at(instant(at));
    let rules = Arc::clone(&rules.book);
    let started = Engine::start(rules, REPLAY, Kept::default(), now(last));
    story.add(started.effects);
    let mut engine = started.engine;
    for (at, seen) in &path.rows {
        for second in last + 1..*at {
            story.add(engine.step(now(second), Event::Time).effects);
        }
        let observation = Observation {
            account: AccountName::from("a"),
            at: instant(*at),
            content: content(*seen),
        };
        story.add(engine.step(now(*at), Event::Observed(observation)).effects);
        last = *at;
    }
    story.events
}

/// The seconds at which something fired.
pub fn firings(story: &[ReplayEvent]) -> Vec<i64> {
    let fired = story
        .iter()
        .filter(|event| event.event == ReplayEventKind::Fired);
    fired.map(|event| event.time.timestamp() - MONDAY).collect()
}
