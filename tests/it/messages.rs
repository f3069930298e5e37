//! What riskd tells people of a warning and of a firing, from the rule file to
//! the message.

use chrono::DateTime;
use riskd::domain::account::AccountName;
use riskd::domain::holdings::{OrderSide, Position, WorkingOrder, WorkingOrders};
use riskd::domain::instrument::Instrument;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Missing, Observation, Timestamp};
use riskd::domain::position_key::PositionKey;
use riskd::engine::effect::Effect;
use riskd::engine::event::Event;
use riskd::engine::record::{Fields, RecordRow};
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::rules;
use rust_decimal::Decimal;

/// A rule file with one rule.
fn file(condition: &str) -> String {
    format!(
        "version: 1
sessions:
  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}
venues:
  ct: {{ kind: crosstrade, token: {{ credential: token }} }}
notify:
  log: {{ kind: log }}
accounts:
  a: {{ venue: ct, number: A1, session: globex, starting_balance: 50000 }}
rules:
  - name: rule
    accounts: [a]
    then: [{{ notify: log }}]
    {condition}
"
    )
}

/// Tuesday, 2026-03-03, New York time (UTC-5).
fn at(time: &str) -> Timestamp {
    let text = format!("2026-03-03T{time}-05:00");
    DateTime::parse_from_rfc3339(&text).unwrap().to_utc()
}

struct World {
    engine: Engine,
    messages: Vec<String>,
    evidence: Vec<Fields>,
}

impl World {
    fn new(condition: &str, start: &str) -> World {
        let text = file(condition);
        let loaded = rules::load("rules.yaml", &text, &|_| {
            Err(std::io::ErrorKind::NotFound.into())
        });
        let rules = loaded.rules.expect(condition).book;
        let config = EngineConfig {
            acts: true,
            stale_after: None,
        };
        let now = Now::at(at(start));
        World {
            engine: Engine::start(rules, config, Kept::default(), now).engine,
            messages: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn step(&mut self, time: &str, event: Event) {
        for effect in self.engine.step(Now::at(at(time)), event).effects {
            match effect {
                Effect::Notify(notice) if notice.rule.is_some() => self.messages.push(notice.text),
                Effect::Record(RecordRow::Firing(row)) => self.evidence.push(row.evidence),
                _ => {}
            }
        }
    }

    fn content(&mut self, time: &str, content: Content) {
        let observation = Observation {
            account: AccountName::from("a"),
            at: at(time),
            content,
        };
        self.step(time, Event::Observed(observation));
    }

    /// An observation: session P&L by realized and unrealized, and holdings.
    fn see(&mut self, time: &str, pnl: (i64, i64), held: Held<'_>) {
        self.content(time, Content::Learned(learned(pnl, held, Vec::new())));
    }

    /// The only message so far, behind the name of rule and account.
    fn message(&self) -> &str {
        assert_eq!(self.messages.len(), 1, "{:?}", self.messages);
        let (_, text) = self.messages[0].split_once(" on a: ").unwrap();
        text
    }

    /// What the only message says was compared.
    fn compared(&self) -> &str {
        self.message().split_once("; ").unwrap().0
    }
}

fn learned(
    (realized, unrealized): (i64, i64),
    held: Held<'_>,
    orders: Vec<WorkingOrder>,
) -> Learned {
    let held = held
        .iter()
        .map(|(name, quantity)| Position::new(PositionKey::new(name), Decimal::from(*quantity)));
    Learned {
        figures: Figures {
            realized: Some(realized.into()),
            unrealized: Some(unrealized.into()),
            balance: Some((50_000 + realized).into()),
            equity: Some((50_000 + realized + unrealized).into()),
        },
        positions: Some(held.collect()),
        orders: WorkingOrders::Listed(orders.into()),
        stamp: None,
        ..Learned::default()
    }
}

/// Instruments with their quantities.
type Held<'a> = &'a [(&'a str, i64)];

const ES: Held<'_> = &[("ES 03-26", 1)];

#[test]
fn a_warning_says_how_much_of_the_limit_is_used() {
    let told = |condition: &str, steps: &[(i64, i64)]| {
        let mut world = World::new(condition, "09:00:00");
        world.see("09:00:00", (0, 0), ES);
        for (second, pnl) in steps.iter().enumerate() {
            world.see(&format!("09:00:{:02}", second + 1), *pnl, ES);
        }
        world.message().to_owned()
    };
    assert_eq!(
        told(
            "when: { pnl: { loss: 1000 } }\n    warn_at: [70%]",
            &[(0, -700)]
        ),
        "session P&L -700.00, 70% of the limit of -1,000.00"
    );
    // Never more than it is: 99.99 % is not all of it.
    assert_eq!(
        told(
            "when: { pnl: { loss: 10000 } }\n    warn_at: [70%]",
            &[(0, -9_999)]
        ),
        "session P&L -9,999.00, 99.9% of the limit of -10,000.00"
    );
    assert_eq!(
        told(
            "when: { pnl: { profit: 1000 } }\n    warn_at: [50%]",
            &[(0, 512)]
        ),
        "session P&L 512.00, 51.2% of the limit of 1,000.00"
    );
    assert_eq!(
        told(
            "when: { max_loss: { amount: 2000, anchor: starting_balance } }\n    warn_at: [70%]",
            &[(0, -1_440)]
        ),
        "equity 48,560.00, 72% of the way from 50,000.00 to the limit of 48,000.00"
    );
    assert_eq!(
        told(
            "when: { trailing_drawdown: { metric: equity, mark: equity, span: session, trail: 1000 } }\n    warn_at: [50%]",
            &[(0, 400), (0, -100)]
        ),
        "equity 49,900.00, 50% of the way from 50,400.00 to the limit of 49,400.00"
    );
    // The numbers are those of the part that the warning is about: all of them
    // must hold, and the second one is the far one.
    assert_eq!(
        told(
            "when: { all: [{ pnl: { loss: 1000 } }, { pnl: { loss: 800 } }] }\n    warn_at: [70%]",
            &[(0, -700)]
        ),
        "session P&L -700.00, 70% of the limit of -1,000.00"
    );
}

#[test]
fn a_comparison_is_told_as_it_holds() {
    let fired = |condition: &str, pnl: (i64, i64)| {
        let mut world = World::new(&format!("when: {condition}"), "09:00:00");
        world.see("09:00:00", pnl, ES);
        world.see("09:00:01", pnl, ES);
        world.compared().to_owned()
    };
    let cases = [
        (
            "{ pnl: { loss: 1000 } }",
            (-1_000, 0),
            "session P&L -1,000.00 at or below -1,000.00",
        ),
        (
            "{ not: { pnl: { loss: 5000 } } }",
            (0, 0),
            "session P&L 0.00 above -5,000.00",
        ),
        (
            "{ not: { pnl: { profit: 500, of: realized } } }",
            (499, 0),
            "session realized P&L 499.00 below 500.00",
        ),
        (
            "{ not: { position: { contracts: 5 } } }",
            (0, 0),
            "contracts 1 at or below 5",
        ),
        (
            "{ not: { expr: \"equity < 48000\" } }",
            (0, 0),
            "the left side of `equity < 48000` 50,000.00 at or above 48,000.00",
        ),
        (
            "{ not: { expr: \"equity == 48000\" } }",
            (0, 0),
            "the left side of `equity == 48000` 50,000.00 not equal to 48,000.00",
        ),
        (
            "{ not: { inside: [{ days: [tue], from: \"20:00\", to: \"21:00\", timezone: America/New_York }] } }",
            (0, 0),
            "not held inside the forbidden hours",
        ),
    ];
    for (condition, pnl, words) in cases {
        assert_eq!(fired(condition, pnl), words, "{condition}");
    }
}

#[test]
fn a_firing_for_want_of_data_says_how_long() {
    let mut world = World::new("when: { no_data: 5s }", "09:00:00");
    world.see("09:00:00", (0, 0), &[]);
    for second in 1..=5 {
        let time = format!("09:00:{second:02}");
        world.content(&time, Content::Missing(Missing::Unreachable));
    }
    assert_eq!(world.compared(), "no trustworthy data for 5s (limit 5s)");
    let mut world = World::new("when: { no_data: 5500ms }", "09:00:00");
    world.see("09:00:00", (0, 0), &[]);
    world.step("09:00:05.8", Event::Time);
    assert_eq!(
        world.compared(),
        "no trustworthy data for 5s500ms (limit 5s500ms)"
    );
    let mut world = World::new("when: { not: { no_data: 1m30s } }", "09:00:00");
    world.see("09:00:00", (0, 0), &[]);
    assert_eq!(
        world.compared(),
        "the newest trustworthy data is 0s old (limit 1m30s)"
    );
}

#[test]
fn a_firing_on_holdings_says_which_and_why() {
    let fired = |condition: &str, held: Held<'_>| {
        let mut world = World::new(&format!("when: {{ {condition} }}"), "09:00:00");
        world.see("09:00:00", (0, 0), held);
        world.compared().to_owned()
    };
    let cases: [(&str, Held<'_>, &str); 6] = [
        (
            "position: { deny: [CL] }",
            &[("CL 12-26", 1), ("ES 03-26", 1)],
            "CL 12-26 is not allowed",
        ),
        (
            "position: { allow: [ES] }",
            &[("CL 12-26", -1), ("ES 03-26", 1)],
            "CL 12-26 is not allowed",
        ),
        (
            "position: { opposite: [[ES, MES]] }",
            &[("ES 03-26", 1), ("MES 03-26", -2), ("CL 12-26", 1)],
            "ES 03-26 long and MES 03-26 short in one group",
        ),
        (
            "position: { contracts: 5 }",
            &[("ES 03-26", 3), ("CL 12-26", -4)],
            "contracts 7 above 5",
        ),
        (
            "position: { positions: 1 }",
            &[("ES 03-26", 3), ("CL 12-26", -4)],
            "instruments held 2 above 1",
        ),
        (
            "position: { per_instrument: { ES: 2 }, contracts: 20 }",
            &[("ES 03-26", 3), ("CL 12-26", -4)],
            "contracts of ES 3 above 2",
        ),
    ];
    for (condition, held, words) in cases {
        assert_eq!(fired(condition, held), words, "{condition}");
    }
    let mut world = World::new("when: { orders: { quantity: 5, working: 9 } }", "09:00:00");
    let order = WorkingOrder {
        id: Some("1".into()),
        instrument: Some(Instrument::new("ES 03-26")),
        side: Some(OrderSide::Buy),
        remaining: Some(Decimal::from(8)),
        state: "Working".into(),
        ..WorkingOrder::default()
    };
    world.content(
        "09:00:00",
        Content::Learned(learned((0, 0), &[], vec![order])),
    );
    assert_eq!(world.compared(), "largest working order 8 above 5");
}

#[test]
fn a_scheduled_firing_says_the_time_of_the_schedule_and_utc() {
    let rule = "when: { at: { cron: \"31 9 * * *\", timezone: America/New_York } }";
    let mut world = World::new(rule, "09:30:00");
    world.see("09:30:59", (0, 0), &[]);
    world.see("09:31:00", (0, 0), &[]);
    assert_eq!(
        world.compared(),
        "schedule is due since 2026-03-03 09:31 America/New_York (2026-03-03T14:31:00+00:00)"
    );
}

#[test]
fn the_evidence_of_a_result_holds_the_figures_that_it_comes_from() {
    let fired = |condition: &str, realized: Option<i64>| {
        let mut world = World::new(&format!("when: {{ {condition} }}"), "09:00:00");
        world.see("09:00:00", (0, 0), &[]);
        for second in 10..12 {
            let mut learned = learned((-700, -50), ES, Vec::new());
            learned.figures.realized = realized.map(Into::into);
            world.content(&format!("09:00:{second}"), Content::Learned(learned));
        }
        world.evidence[0].clone()
    };
    let has = |fields: &Fields, wanted: &[(&str, Option<&str>)]| {
        for (name, value) in wanted {
            assert_eq!(fields.get(name), *value, "{name} in {fields:?}");
        }
    };
    has(
        &fired("pnl: { loss: 700 }", Some(-700)),
        &[
            ("value", Some("-750.00")),
            ("basis", Some("venue")),
            ("realized", Some("-700.00")),
            ("unrealized", Some("-50.00")),
            ("holdings", Some("ES 03-26:+1")),
            ("anchor", None),
        ],
    );
    has(
        &fired("pnl: { loss: 700 }", None),
        &[
            ("value", Some("-750.00")),
            ("basis", Some("ledger")),
            ("equity", Some("49250.00")),
            ("anchor", Some("equity at the session's open")),
            ("anchor_value", Some("50000.00")),
            ("anchor_at", Some("2026-03-03T14:00:00+00:00")),
            ("realized", None),
        ],
    );
    has(
        &fired("pnl: { loss: 700, of: realized }", None),
        &[
            ("value", Some("-700.00")),
            ("balance", Some("49300.00")),
            ("anchor", Some("balance at the session's open")),
        ],
    );
    has(
        &fired("pnl: { loss: 700, over: lifetime }", None),
        &[
            ("value", Some("-750.00")),
            ("equity", Some("49250.00")),
            ("anchor", Some("starting balance")),
            ("anchor_value", Some("50000.00")),
            ("basis", None),
        ],
    );
}
