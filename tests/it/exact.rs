//! Exact values: each case is a rule file and a history, played as a replay and
//! lived through by an engine that acts. Both must say the same, to the instant.

mod doubt;
mod hedge;
mod position;
mod worth;

use std::path::Path;
use std::sync::Arc;

use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Observation, Timestamp};
use riskd::engine::effect::Effect;
use riskd::engine::event::Event;
use riskd::engine::record::{EntryKind, RecordRow};
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::replay::history::History;
use riskd::replay::{AccountReplay, ReplayLog};
use riskd::rules::{self, ruleset::RuleSet};

/// What a rule did at what time: `14:31:00 loss fired`.
type Lines = Vec<String>;

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/exact");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn load(text: &str) -> Arc<RuleSet> {
    let loaded = rules::load("rules.yaml", text, &|_| unreachable!());
    assert!(loaded.rules.is_some(), "{}", loaded.render_short());
    Arc::new(loaded.rules.unwrap())
}

fn rows(rules: &RuleSet, history: &str) -> Vec<(Timestamp, Content)> {
    let mut history = History::open(history.as_bytes(), &rules.book.accounts).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = history.next_row().unwrap() {
        rows.push((row.time, row.content));
    }
    rows
}

fn line(time: Timestamp, rule: &str, event: &str) -> String {
    format!("{} {rule} {event}", time.format("%H:%M:%S"))
}

/// As `riskd replay` tells it.
fn replayed(rules: &RuleSet, rows: &[(Timestamp, Content)]) -> Lines {
    let mut story = ReplayLog::default();
    let mut replay =
        AccountReplay::start(&rules.book, &rules.book.accounts[0], rows[0].0, &mut story);
    for (time, content) in rows {
        replay.observe(*time, content.clone(), &mut story);
    }
    replay.pass_through(rows[rows.len() - 1].0, &mut story);
    let events = story.events.iter();
    events
        .map(|h| line(h.time, h.rule.as_str(), h.event.name()))
        .collect()
}

/// As an engine tells it that sends requests and is woken when it asks to be.
fn lived(rules: &Arc<RuleSet>, rows: &[(Timestamp, Content)]) -> Lines {
    let config = EngineConfig {
        acts: true,
        stale_after: None,
    };
    let start = Now::at(rows[0].0);
    let mut engine = Engine::start(Arc::clone(&rules.book), config, Kept::default(), start).engine;
    let mut lines = Lines::new();
    let mut now = rows[0].0;
    for (time, content) in rows {
        // What is due at the instant of an observation is left to it.
        while let Some(wake) = engine.next_instant(now).filter(|wake| wake < time) {
            now = wake;
            tell(engine.step(Now::at(now), Event::Time).effects, &mut lines);
        }
        now = *time;
        let observation = Observation {
            account: rules.book.accounts[0].name.clone(),
            at: *time,
            content: content.clone(),
        };
        let effects = engine
            .step(Now::at(now), Event::Observed(observation))
            .effects;
        tell(effects, &mut lines);
    }
    lines
}

fn tell(effects: Vec<Effect>, lines: &mut Lines) {
    for effect in effects {
        let Effect::Record(record) = effect else {
            continue;
        };
        match record {
            RecordRow::Firing(row) => lines.push(line(row.at, row.rule.as_str(), "fired")),
            RecordRow::LogEntry(entry) => {
                let event = match entry.kind {
                    EntryKind::Warned => "warned",
                    EntryKind::Cleared => "cleared",
                    EntryKind::Rearmed => "rearmed",
                    _ => continue,
                };
                let rule = entry.rule.map_or(String::new(), |rule| rule.to_string());
                lines.push(line(entry.at, &rule, event));
            }
            _ => {}
        }
    }
}

/// Both ways must tell the same.
fn told(rules: &str, history: &str) -> Lines {
    let rules = load(rules);
    let rows = rows(&rules, history);
    let lines = replayed(&rules, &rows);
    assert_eq!(lived(&rules, &rows), lines, "an engine that acts");
    lines
}

/// What fired: `14:31:00 loss`.
fn fired(rules: &str, history: &str) -> Lines {
    let lines = told(rules, history);
    let firings = lines.iter().filter_map(|line| line.strip_suffix(" fired"));
    firings.map(ToOwned::to_owned).collect()
}

/// The rules of a case with these in their place, one flow mapping a line.
fn with_rules(case: &str, rules: &[&str]) -> String {
    let text = file(case);
    let head = text.split("rules:\n").next().unwrap();
    let lines = rules.iter().map(|rule| format!("  - {rule}\n"));
    format!("{head}rules:\n{}", lines.collect::<String>())
}

#[test]
fn d1_flat_tick() {
    let history = file("flat-tick.csv");
    assert_eq!(
        fired(&file("flat-tick-alone.yaml"), &history),
        ["14:31:00 loss"]
    );
    let with_other = fired(&file("flat-tick-with-other.yaml"), &history);
    let of_loss = with_other.iter().filter(|line| line.ends_with("loss"));
    assert_eq!(of_loss.collect::<Vec<_>>(), ["14:31:00 loss"]);
}

#[test]
fn d1_the_next_look_that_shows_flat_arms_it() {
    let seen_flat = "2026-03-05T14:31:30Z,a,-100,0,49900,49900,flat,0\n\
                     2026-03-05T14:32:00Z,a";
    let history = file("flat-tick.csv").replace("2026-03-05T14:32:00Z,a", seen_flat);
    for rules in ["flat-tick-alone.yaml", "flat-tick-with-other.yaml"] {
        let lines = told(&file(rules), &history);
        let of_loss = lines.iter().filter(|line| line.contains("loss"));
        assert_eq!(
            of_loss.collect::<Vec<_>>(),
            [
                "14:31:00 loss fired",
                "14:31:30 loss rearmed",
                "14:32:00 loss fired"
            ]
        );
    }
}

#[test]
fn d1_what_it_fired_on_counts_for_nothing_however_it_is_looked_at_again() {
    let loss = "{ name: loss, accounts: [a], when: { pnl: { loss: 100, of: realized } }, then: [flatten], rearm: flat }";
    let wakes = [
        "{ name: other, accounts: [a], when: { expr: \"data_age_seconds >= 7\" }, then: [flatten] }",
        "{ name: other, accounts: [a], when: { expr: \"minutes_since_open >= 5\" }, then: [flatten] }",
        "{ name: other, accounts: [a], when: { at: { cron: \"31 9 * * *\", timezone: America/New_York } }, then: [flatten] }",
        "{ name: other, accounts: [a], when: { pnl: { loss: 50 } }, hold: 10s, then: [flatten] }",
        "{ name: other, accounts: [a], when: { pnl: { loss: 50 } }, rearm: 10s, then: [flatten] }",
    ];
    for other in wakes {
        let rules = with_rules("flat-tick-alone.yaml", &[other, loss]);
        let lines = fired(&rules, &file("flat-tick.csv"));
        let of_loss = lines.iter().filter(|line| line.ends_with("loss"));
        assert_eq!(of_loss.collect::<Vec<_>>(), ["14:31:00 loss"], "{other}");
    }
}

#[test]
fn d2_two_no_data() {
    let fired = fired(&file("two-no-data.yaml"), &file("two-no-data.csv"));
    assert_eq!(fired, ["14:32:00 r0", "14:32:00 r1"]);
}

/// Every kind that follows a clock, with its first instant past: it must not hide
/// a later one of the same tree.
#[test]
fn d2_each_duration_of_a_tree_wakes_the_engine() {
    let early = [
        "no_data: 30s",
        "expr: \"data_age_seconds >= 30\"",
        "expr: \"minutes_since_open >= 931\"",
        "inside: [{ days: [thu], from: \"09:31\", to: \"16:00\", timezone: America/New_York }]",
        "at: { cron: \"31 9 * * *\", timezone: America/New_York }",
    ];
    let late = [
        ("no_data: 120s", "14:32:00"),
        ("expr: \"data_age_seconds >= 120\"", "14:32:00"),
        ("expr: \"minutes_since_open >= 932\"", "14:32:00"),
        (
            "all: [{ not: { inside: [{ days: [thu], from: \"09:00\", to: \"09:32\", timezone: America/New_York }] } }, { no_data: 90s }]",
            "14:31:30",
        ),
        (
            "at: { cron: \"32 9 * * *\", timezone: America/New_York }",
            "14:32:00",
        ),
    ];
    for early in early {
        for (late, due) in late {
            let never = format!("all: [{{ {early} }}, {{ position: {{ contracts: 100 }} }}]");
            let any = format!("any: [{{ {never} }}, {{ {late} }}]");
            let rule = format!("{{ name: r, accounts: [a], when: {{ {any} }}, then: [flatten] }}");
            let rules = with_rules("two-no-data.yaml", &[&rule]);
            let fired = fired(&rules, &file("two-no-data.csv"));
            assert_eq!(
                fired.first().map(String::as_str),
                Some(&*format!("{due} r")),
                "{rule}"
            );
        }
    }
}

#[test]
fn d2_hold_begins_at_the_instant_of_the_later_duration() {
    let rule = "{ name: r, accounts: [a], when: { any: [{ all: [{ no_data: 30s }, { position: { contracts: 100 } }] }, { no_data: 120s }] }, hold: 45s, then: [flatten] }";
    let rules = with_rules("two-no-data.yaml", &[rule]);
    assert_eq!(fired(&rules, &file("two-no-data.csv")), ["14:32:45 r"]);
}

#[test]
fn d3_mid_session_mark() {
    let fired = fired(
        &file("mid-session-mark.yaml"),
        &file("mid-session-mark.csv"),
    );
    assert_eq!(fired, ["14:30:00 r0", "14:30:00 r1", "14:30:00 r2"]);
}

#[test]
fn d3_every_mark_counts_what_was_made_before_the_first_look() {
    let rules = with_rules(
        "mid-session-mark.yaml",
        &[
            "{ name: session balance, accounts: [a], when: { trailing_drawdown: { metric: balance, trail: 1000, span: session } }, then: [flatten] }",
            "{ name: lifetime, accounts: [a], when: { trailing_drawdown: { metric: equity, trail: 1000, span: lifetime } }, then: [flatten] }",
            "{ name: lifetime balance, accounts: [a], when: { trailing_drawdown: { metric: equity, mark: balance, trail: 1000, span: lifetime } }, then: [flatten] }",
            "{ name: not more, accounts: [a], when: { trailing_drawdown: { metric: equity, trail: 1001, span: session } }, then: [flatten] }",
        ],
    );
    // It began at 50,000 and stood at 52,000 at the open.
    let history = file("mid-session-mark.csv").replace("49000,49000", "51000,51000");
    assert_eq!(
        fired(&rules, &history),
        [
            "14:30:00 session balance",
            "14:30:00 lifetime",
            "14:30:00 lifetime balance"
        ]
    );
}

/// Equity is learned ten minutes after balance, and 400 more were lost by then.
#[test]
fn d3_a_figure_that_is_learned_later_is_taken_back_to_the_open_too() {
    let rules = with_rules(
        "mid-session-mark.yaml",
        &[
            "{ name: touched, accounts: [a], when: { max_loss: { amount: 1400, anchor: session_equity } }, then: [flatten] }",
            "{ name: not yet, accounts: [a], when: { max_loss: { amount: 1401, anchor: session_equity } }, then: [flatten] }",
            "{ name: drawdown, accounts: [a], when: { trailing_drawdown: { metric: equity, trail: 1400, span: session } }, then: [flatten] }",
        ],
    );
    let history = "time,account,realized,unrealized,balance,equity,positions,orders\n\
         2026-03-05T14:30:00Z,a,-1000,0,49000,,flat,0\n\
         2026-03-05T14:40:00Z,a,-1400,0,48600,48600,flat,0\n";
    assert_eq!(
        fired(&rules, history),
        ["14:40:00 touched", "14:40:00 drawdown"]
    );
}

#[test]
fn d4_orders_unknown_cell() {
    let fired = fired(
        &file("orders-unknown-cell.yaml"),
        &file("orders-unknown-cell.csv"),
    );
    assert!(fired.is_empty(), "{fired:?}");
}

#[test]
fn d4_orders_that_are_known_again_go_on_building_up() {
    let history = file("orders-unknown-cell.csv").replace(
        "14:31:50Z,a,0,0,50000,50000,flat,",
        "14:31:50Z,a,0,0,50000,50000,flat,5",
    ) + "2026-03-05T14:33:00Z,a,0,0,50000,50000,flat,5\n";
    // Ten seconds are held before the gap, in which nothing counts.
    assert_eq!(
        fired(&file("orders-unknown-cell.yaml"), &history),
        ["14:31:50 r1", "14:32:10 r0"]
    );
}

#[test]
fn d4_warn_while_held() {
    let rules = file("warn-while-held.yaml");
    let history = file("warn-while-held.csv");
    assert_eq!(told(&rules, &history), ["14:31:00 r0 warned"]);
    // So with `confirm`; and the observation that fires it warns of nothing.
    let confirmed = rules.replace("hold: 20s", "confirm: 2");
    let lines = told(&confirmed, &history);
    assert_eq!(lines, ["14:31:00 r0 warned"]);
    let at_once = rules.replace("hold: 20s, ", "");
    assert_eq!(
        told(&at_once, &history),
        [
            "14:31:00 r0 fired",
            "14:31:10 r0 cleared",
            "14:31:10 r0 rearmed",
            "14:31:10 r0 warned"
        ]
    );
}

#[test]
fn e_cleared_is_written_once_a_firing() {
    let mut history =
        "time,account,realized,unrealized,balance,equity,positions,orders\n".to_owned();
    for second in 0..50 {
        let pnl = match second % 2 {
            0 => -99,
            _ => -101,
        };
        let worth = 50_000 + pnl;
        history += &format!("2026-03-05T14:30:{second:02}Z,a,{pnl},0,{worth},{worth},flat,0\n");
    }
    let rules = file("flat-tick-alone.yaml").replace("rearm: flat", "rearm: session");
    assert_eq!(
        told(&rules, &history),
        ["14:30:01 loss fired", "14:30:02 loss cleared"]
    );
}

/// Orders are read more seldom than polls come. Those that confirmed the condition
/// once do not confirm it again, but what else is true confirms it by itself.
#[test]
fn d4_orders_that_were_not_read_anew_confirm_nothing() {
    use riskd::domain::holdings::WorkingOrders;
    use riskd::domain::observation::Learned;

    let rule = "{ name: r, accounts: [a], when: { any: [{ orders: { working: 3 } }, { pnl: { loss: 100 } }] }, confirm: 3, then: [flatten] }";
    let rules = load(&with_rules("orders-unknown-cell.yaml", &[rule]));
    let start = crate::support::at("2026-03-05T14:30:00Z").wall;
    let look = |(second, pnl, orders): &(i64, i64, Option<u32>)| {
        let texts = [pnl.to_string(), "0".to_owned()];
        let worth = (50_000 + pnl).to_string();
        let content = Content::Learned(Learned {
            figures: crate::support::figures([&texts[0], &texts[1], &worth, &worth]),
            positions: Some([].into()),
            orders: orders.map_or(WorkingOrders::NotRead, WorkingOrders::Counted),
            ..Learned::default()
        });
        (start + chrono::TimeDelta::seconds(*second), content)
    };
    let fires = |looks: &[(i64, i64, Option<u32>)]| {
        let rows: Vec<_> = looks.iter().map(look).collect();
        let lines = replayed(&rules, &rows);
        assert_eq!(lived(&rules, &rows), lines);
        lines.first().cloned()
    };
    let seldom = [(0, 0, Some(5)), (1, 0, None), (2, 0, None), (3, 0, None)];
    assert_eq!(fires(&seldom), None);
    let anew = [
        (0, 0, Some(5)),
        (1, 0, None),
        (2, 0, Some(5)),
        (3, 0, Some(4)),
    ];
    assert_eq!(fires(&anew), Some("14:30:03 r fired".to_owned()));
    let loss = [
        (0, 0, Some(5)),
        (1, -100, None),
        (2, -100, None),
        (3, -100, None),
    ];
    assert_eq!(fires(&loss), Some("14:30:02 r fired".to_owned()));
}

/// A venue may answer a poll from its cache: what it shows must be known to be of
/// after the firing, too. Stamps show that: a new one was made after the poll that
/// was answered with the one before.
#[test]
fn d1_a_cached_snapshot_does_not_show_what_came_of_the_firing() {
    use riskd::domain::holdings::WorkingOrders;
    use riskd::domain::observation::Learned;

    let rules = load(&file("flat-tick-alone.yaml"));
    let start = crate::support::at("2026-03-05T14:30:00Z").wall;
    let look = |(second, pnl, stamp): (i64, &str, i64)| {
        let worth = (50_000 + pnl.parse::<i64>().unwrap()).to_string();
        let content = Content::Learned(Learned {
            figures: crate::support::figures([pnl, "0", &worth, &worth]),
            positions: Some([].into()),
            orders: WorkingOrders::Counted(0),
            stamp: Some(stamp),
            ..Learned::default()
        });
        (start + chrono::TimeDelta::seconds(second), content)
    };
    let looks = [
        (0, "0", 1_000),
        (1, "-100", 2_000),
        (2, "-100", 3_000),
        (3, "-100", 4_000),
    ];
    let rows = looks.map(look);
    let lines = replayed(&rules, &rows);
    assert_eq!(lived(&rules, &rows), lines);
    assert_eq!(lines, ["14:30:01 loss fired", "14:30:03 loss rearmed"]);
}
