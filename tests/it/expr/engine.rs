//! Rules with expressions, from the file to the firing.

use std::sync::Arc;

use chrono::DateTime;
use riskd::domain::account::AccountName;
use riskd::domain::holdings::{OrderSide, Position, WorkingOrder, WorkingOrders};
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Missing, Observation, Timestamp};
use riskd::domain::position_key::PositionKey;
use riskd::engine::effect::Effect;
use riskd::engine::event::Event;
use riskd::engine::loosening::is_looser;
use riskd::engine::record::{FiringRow, RecordRow};
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::rules::expression::{Expression, Variable};
use riskd::rules::{self, Loaded};
use rust_decimal::Decimal;

/// A rule file with one rule; `condition` stands behind `when:`.
fn file(account: &str, condition: &str) -> String {
    format!(
        "version: 1
sessions:
  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}
venues:
  ct: {{ kind: crosstrade, token: {{ credential: token }} }}
notify:
  log: {{ kind: log }}
accounts:
  a: {{ venue: ct, number: A1, session: globex{account} }}
rules:
  - name: rule
    accounts: [a]
    then: [{{ notify: log }}]
    when:
{condition}
"
    )
}

fn load(account: &str, condition: &str) -> Loaded {
    rules::load("rules.yaml", &file(account, condition), &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    })
}

const START: &str = ", starting_balance: 50000";

struct World {
    engine: Engine,
    learned: Learned,
}

/// Tuesday, 2026-03-03, New York time (UTC-5); its session opened on Monday at 18:00.
fn at(time: &str) -> Timestamp {
    let text = format!("2026-03-03T{time}-05:00");
    DateTime::parse_from_rfc3339(&text).unwrap().to_utc()
}

impl World {
    fn new(expression: &str, start: &str) -> World {
        let loaded = load(START, &format!("      expr: \"{expression}\""));
        assert_eq!(loaded.render_short(), "");
        let config = EngineConfig {
            acts: true,
            stale_after: None,
        };
        let rules = loaded.rules.unwrap().book;
        let now = Now::at(at(start));
        World {
            engine: Engine::start(rules, config, Kept::default(), now).engine,
            learned: Learned {
                figures: figures(0, 0),
                positions: Some(Arc::from([])),
                orders: WorkingOrders::Listed(Arc::from([])),
                stamp: None,
                ..Learned::default()
            },
        }
    }

    fn observe(&mut self, time: &str) -> Option<FiringRow> {
        self.content(time, Content::Learned(self.learned.clone()))
    }

    fn content(&mut self, time: &str, content: Content) -> Option<FiringRow> {
        let observation = Observation {
            account: AccountName::from("a"),
            at: at(time),
            content,
        };
        firing(
            self.engine
                .step(Now::at(at(time)), Event::Observed(observation))
                .effects,
        )
    }

    fn tick(&mut self, time: &str) -> Option<FiringRow> {
        firing(self.engine.step(Now::at(at(time)), Event::Time).effects)
    }

    /// When the engine next wants to be woken, if that is before `until`.
    fn wake(&self, time: &str, until: &str) -> Option<Timestamp> {
        let now = Now::at(at(time));
        let wake = at(time) + self.engine.next_wake(now)?;
        (wake < at(until)).then_some(wake)
    }

    fn hold(&mut self, positions: &[(&str, i64)]) {
        let held = positions.iter().map(|(name, quantity)| {
            Position::new(PositionKey::new(name), Decimal::from(*quantity))
        });
        self.learned.positions = Some(held.collect());
    }
}

fn firing(effects: Vec<Effect>) -> Option<FiringRow> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Record(RecordRow::Firing(row)) => Some(row),
        _ => None,
    })
}

fn figures(realized: i64, unrealized: i64) -> Figures {
    Figures {
        realized: Some(realized.into()),
        unrealized: Some(unrealized.into()),
        balance: Some((50_000 + realized).into()),
        equity: Some((50_000 + realized + unrealized).into()),
    }
}

#[test]
fn a_firing_keeps_the_expression_and_every_value() {
    let text = "session_pnl <= -1000 and contracts > 2 and not (week_pnl > 0)";
    let mut world = World::new(text, "09:00:00");
    assert_eq!(world.observe("09:00:00"), None);
    world.hold(&[("ES 03-26", 2), ("NQ 03-26", -1)]);
    world.learned.figures = figures(0, -999);
    assert_eq!(world.observe("09:00:10"), None);
    world.learned.figures = figures(0, -1000);
    let row = world.observe("09:00:20").unwrap();
    let expect = [
        ("condition", "expr"),
        ("expression", text),
        ("session_pnl", "-1000.00"),
        ("contracts", "3"),
        ("week_pnl", "-1000.00"),
    ];
    for (name, value) in expect {
        assert_eq!(row.evidence.get(name), Some(value), "{:?}", row.evidence);
    }
}

#[test]
fn a_comparison_shows_its_sides() {
    let mut world = World::new("equity < starting_balance - 500", "09:00:00");
    assert_eq!(world.observe("09:00:00"), None);
    world.learned.figures = figures(-501, 0);
    let row = world.observe("09:00:10").unwrap();
    let expect = [
        ("value", "49499.00"),
        ("limit", "49500.00"),
        ("distance", "-1.00"),
        ("comparison", "below"),
    ];
    for (name, value) in expect {
        assert_eq!(row.evidence.get(name), Some(value), "{:?}", row.evidence);
    }
}

#[test]
fn the_engine_gives_every_variable_its_value() {
    // What the one observation, and a second one with a loss, leave behind.
    let cases = [
        "session_pnl == -750",
        "realized == -500",
        "unrealized == -250",
        "week_pnl == -750",
        "week_realized == -500",
        "month_pnl == -750",
        "month_realized == -500",
        "lifetime_pnl == -750",
        "lifetime_realized == -500",
        "balance == 49500",
        "equity == 49250",
        "starting_balance == 50000",
        "session_open_balance == 50000",
        "session_open_equity == 50000",
        "session_pnl_high == 0",
        "session_equity_high == 50000",
        "session_balance_high == 50000",
        "unrealized_high == 0",
        "lifetime_equity_high == 50000",
        "lifetime_balance_high == 50000",
        "positions == 2",
        "contracts == 5",
        "long_contracts == 2",
        "short_contracts == 3",
        "working_orders == 2",
        "largest_order == 4",
        "minutes_since_open == 900",
        "minutes_to_close == 480",
        "data_age_seconds == 0",
        "not is_flat",
    ];
    let read: Vec<_> = cases
        .iter()
        .map(|case| Expression::parse(case).unwrap())
        .collect();
    for variable in Variable::ALL {
        assert!(
            read.iter().any(|one| one.reads() == [*variable]),
            "{variable}"
        );
    }
    for case in cases {
        let mut world = World::new(&format!("({case}) and positions > 1"), "09:00:00");
        assert_eq!(world.observe("09:00:00"), None, "{case}");
        world.hold(&[("ES 03-26", 2), ("NQ 03-26", -3)]);
        world.learned.orders = WorkingOrders::Listed(Arc::from([order(1), order(4)]));
        world.learned.figures = figures(-500, -250);
        let row = world.observe("09:00:10");
        assert!(row.is_some(), "{case}");
    }
}

fn order(remaining: i64) -> WorkingOrder {
    WorkingOrder {
        id: None,
        instrument: None,
        side: Some(OrderSide::Buy),
        remaining: Some(Decimal::from(remaining)),
        state: "Working".into(),
        ..WorkingOrder::default()
    }
}

#[test]
fn what_is_unknown_does_not_fire() {
    let mut world = World::new("equity < 48000 or is_flat and equity < 49000", "09:00:00");
    assert_eq!(world.observe("09:00:00"), None);
    world.learned.figures = Figures::default();
    assert_eq!(world.observe("09:00:01"), None);
    assert_eq!(
        world.content("09:00:02", Content::Missing(Missing::Unreachable)),
        None
    );
    world.learned.figures = figures(-1500, 0);
    assert!(world.observe("09:00:03").is_some());
}

#[test]
fn time_alone_lets_an_expression_become_true() {
    let mut world = World::new("minutes_to_close <= 10 and not is_flat", "16:45:30");
    world.hold(&[("ES 03-26", 1)]);
    assert_eq!(world.observe("16:45:30"), None);
    let mut time = at("16:45:30");
    let mut wakes = Vec::new();
    loop {
        let now = Now::at(time);
        time += world.engine.next_wake(now).unwrap();
        wakes.push(time.format("%M:%S").to_string());
        let effects = world.engine.step(Now::at(time), Event::Time).effects;
        if firing(effects).is_some() {
            break;
        }
        assert!(wakes.len() < 20, "{wakes:?}");
    }
    assert_eq!(wakes, ["46:00", "47:00", "48:00", "49:00", "50:00"]);
}

#[test]
fn minutes_are_full_since_the_open_and_begun_to_the_close() {
    let cases = [
        ("minutes_since_open >= 901", "09:00:59.999", "09:01:00"),
        ("minutes_to_close <= 479", "09:00:59.999", "09:01:00"),
        ("minutes_to_close == 0", "16:59:59.999", "17:00:00"),
        ("minutes_to_close <= -1", "17:00:59.999", "17:01:00"),
    ];
    for (expression, before, then) in cases {
        let mut world = World::new(expression, "09:00:00");
        assert_eq!(world.observe("09:00:00"), None, "{expression}");
        assert_eq!(world.tick(before), None, "{expression}");
        assert!(world.tick(then).is_some(), "{expression}");
    }
}

#[test]
fn the_age_of_the_data_counts_in_seconds() {
    let mut world = World::new(
        "data_age_seconds >= 3 and minutes_since_open > 0",
        "09:00:00",
    );
    assert_eq!(world.observe("09:00:00"), None);
    assert_eq!(world.wake("09:00:00.500", "09:05:00"), Some(at("09:00:01")));
    assert_eq!(world.tick("09:00:02.999"), None);
    assert!(world.tick("09:00:03").is_some());
}

#[test]
fn only_a_variable_of_time_wakes_the_engine() {
    let mut world = World::new("equity < 48000", "09:00:00");
    world.observe("09:00:00");
    assert_eq!(world.wake("09:00:00", "16:59:59"), None);
}

#[test]
fn working_orders_are_read_for_those_who_ask() {
    let now = Now::at(at("09:00:00"));
    let cases = [
        ("equity < 1", 0),
        ("working_orders > 5", 1),
        ("largest_order > 5", 1),
    ];
    for (expression, expect) in cases {
        let world = World::new(expression, "09:00:00");
        let needing = world.engine.accounts_needing_orders(now);
        assert_eq!(needing.len(), expect, "{expression}");
    }
}

#[test]
fn another_expression_counts_as_looser() {
    let rule = |text: &str| {
        let loaded = load(START, &format!("      expr: \"{text}\""));
        Arc::clone(loaded.rules.unwrap().book.rules.first().unwrap())
    };
    let old = rule("equity < 48000");
    assert!(!is_looser(&old, &rule("equity < 48000")));
    assert!(is_looser(&old, &rule("equity < 47000")));
    assert!(is_looser(&old, &rule("equity < 48000 and is_flat")));
}

#[test]
fn a_mistake_has_its_line_and_column() {
    let cases = [
        (
            "      expr: equity < 5 and equty > 1",
            ":15:28: ",
            "did you mean `equity`?",
        ),
        (
            "      expr: \"equity < 5 and equty > 1\"",
            ":15:29: ",
            "did you mean `equity`?",
        ),
        (
            "      expr: 'equty > 1' # so",
            ":15:14: ",
            "did you mean `equity`?",
        ),
        (
            "      expr: equty > 1   # so",
            ":15:13: ",
            "did you mean `equity`?",
        ),
        (
            "      all: [{ expr: is_flat }, { expr: equity }]",
            ":15:40: ",
            "this is a number",
        ),
        // Where the text is written in another way, all of it is marked.
        (
            "      expr: >\n        equity < 5\n        and equty > 1",
            ":16:9: ",
            "`equty`",
        ),
        (
            "      expr: |-\n        equty > 1\n\n",
            ":16:9: ",
            "`equty`",
        ),
        (
            "      expr: >-\n        equty > 1\n\n\n",
            ":16:9: ",
            "`equty`",
        ),
        (
            "      expr: \"equity\\x20< 5 and equty > 1\"",
            ":15:13: ",
            "`equty`",
        ),
        ("      expr: [1]", ":15:13: ", "expected a text"),
        ("      expr:", ":15:7: ", "a value is missing"),
    ];
    for (condition, place, words) in cases {
        let loaded = load(START, condition);
        let said = loaded.render_short();
        assert!(
            said.contains(place) && said.contains(words),
            "{condition}: {said}"
        );
        assert!(loaded.rules.is_none());
    }
}

#[test]
fn a_good_expression_may_be_written_in_any_way() {
    let cases = [
        "      expr: equity < 5 and not is_flat",
        "      expr: 'equity < 5'",
        "      expr: >\n        equity < 5\n        and is_flat",
        "      expr: |\n        equity < 5\n        and is_flat",
        "      expr: equity < 5\n        and is_flat",
    ];
    for condition in cases {
        assert_eq!(load(START, condition).render_short(), "", "{condition}");
    }
}

#[test]
fn a_starting_balance_must_be_there() {
    for name in ["starting_balance", "lifetime_pnl", "lifetime_realized"] {
        let condition = format!("      expr: {name} < -5");
        let said = load("", &condition).render_short();
        let words = format!("`{name}` needs a starting balance, and `a` has none");
        assert!(said.contains(&words), "{said}");
        assert_eq!(load(START, &condition).render_short(), "");
    }
}
