//! A venue that riskd was not made for: two accounts, both sides of a symbol at once,
//! cancels by symbol and by list, two lists of orders, no way to close everything, and
//! weights that it counts by address. One row of facts and one small fake; the engine,
//! its planner, its record and its budget are those of every other venue.

mod fake;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use riskd::domain::abilities::{Abilities, CancelScope, CloseScope};
use riskd::domain::account::AccountName;
use riskd::domain::holdings::{OrderBook, WorkingOrders};
use riskd::domain::instrument::{Dialect, Instrument};
use riskd::domain::limits::{
    Ask, Cost, Costs, Limit, LimitScope, OrderReads, Rate, RequestLimits, Reserves,
};
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Learned, Missing, Observation};
use riskd::domain::request::{Answer, Outcome};
use riskd::domain::venue::VenueProfile;
use riskd::engine::effect::Effect;
use riskd::engine::enforcement::Reading;
use riskd::engine::event::{Command, Event, ReadFailure, ReadResult};
use riskd::engine::record::{AnswerRow, EntryKind, RecordRow, RequestRow};
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::replay::history::History;
use riskd::rules;
use riskd::rules::book::Until;
use riskd::rules::ruleset::RuleSet;
use riskd::secret::Secret;
use riskd::venue::Lane;
use riskd::venue::budget::{self, RequestBudget, Scope};
use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::support::{at, figures};
use fake::Exchange;

/// The row of facts.
static THIRD: VenueProfile = VenueProfile {
    name: "third",
    dialect: Dialect::Symbols,
    day: None,
    zero_means_unloaded: false,
    polls_cached_for: None,
    abilities: Abilities {
        cancel: &[CancelScope::Symbol, CancelScope::Order],
        close: &[CloseScope::Quantity],
        books: &[OrderBook::Regular, OrderBook::Conditional],
        hedge_mode: true,
        flatten_cancels_orders: false,
        cancel_before_close: false,
        repeated_close_joins: true,
    },
    watch_after_flat: TimeDelta::seconds(5),
    limits: LIMITS,
    ..VenueProfile::CROSSTRADE
};

/// Most weight of an address in ten seconds.
const MOST_WEIGHT: u32 = 100;
/// Most orders of a key in a second.
const MOST_ORDERS: u32 = 2;

const LIMITS: RequestLimits = RequestLimits {
    limits: &[
        Limit {
            counts: "weight",
            scope: LimitScope::Address,
            rate: Rate::Window {
                most: MOST_WEIGHT,
                within: Duration::from_secs(10),
            },
            reserves: Reserves {
                can_wait: 30,
                beside: 10,
                reads: 0,
                polls: 0,
            },
            told_by: None,
        },
        Limit {
            counts: "orders",
            scope: LimitScope::Credential,
            rate: Rate::Window {
                most: MOST_ORDERS,
                within: Duration::from_secs(1),
            },
            reserves: Reserves::NONE,
            told_by: None,
        },
    ],
    costs: Costs {
        close: Cost(&[("orders", 1)]),
        orders: Cost(&[("weight", 20)]),
        ..Costs::alike(Cost(&[("weight", 5)]))
    },
    planned_by: "weight",
    turned_away: LimitScope::Address,
    longest_pause: Duration::from_secs(60),
    ban_statuses: &[418],
    order_reads: OrderReads::EACH_SECOND,
};

const RULES: &str = r#"
version: 1
sessions:
  utc: { timezone: UTC, open: "00:00", days: [mon, tue, wed, thu, fri, sat, sun] }
venues:
  third: { kind: crosstrade, token: { env: TOKEN } }
accounts:
  one: { venue: third, number: one, session: utc, starting_balance: 10000 }
  two: { venue: third, number: two, session: utc, starting_balance: 10000 }
rules:
  - { name: loss, accounts: [one, two], when: { max_loss: { amount: 1000, anchor: starting_balance } }, then: [flatten] }
  - { name: one side, accounts: [one, two], when: { pnl: { loss: 400, per: position } }, then: [close_position], rearm: clear }
"#;

/// The rules, with both accounts at the third venue.
fn rules() -> Arc<RuleSet> {
    let loaded = rules::load("rules.yaml", RULES, &|_| unreachable!());
    let report = loaded.render_short();
    let mut rules = loaded.rules.unwrap_or_else(|| panic!("{report}"));
    for account in &mut Arc::make_mut(&mut rules.book).accounts {
        Arc::make_mut(account).profile = &THIRD;
    }
    Arc::new(rules)
}

fn start() -> Now {
    at("2026-03-05T12:00:00Z")
}

/// riskd at this venue, with what it wrote down.
struct Desk {
    engine: Engine,
    now: Now,
    began: Instant,
    exchange: Exchange,
    /// One for each key; the address is one.
    budgets: [RequestBudget; 2],
    requests: Vec<RequestRow>,
    answers: Vec<AnswerRow>,
    entries: Vec<EntryKind>,
    waiting: VecDeque<Effect>,
}

impl Desk {
    /// Begins with a full budget: no other test has this address.
    fn new(exchange: Exchange, address: &str) -> Desk {
        let now = start();
        let config = EngineConfig {
            acts: true,
            stale_after: None,
        };
        let started = Engine::start(Arc::clone(&rules().book), config, Kept::default(), now);
        Desk {
            engine: started.engine,
            now,
            began: Instant::now(),
            exchange,
            budgets: ["one", "two"].map(|key| {
                let key = Secret::new(key.to_owned()).unwrap();
                budget::shared(Scope::new(address, &key), &THIRD.limits)
            }),
            requests: Vec::new(),
            answers: Vec::new(),
            entries: Vec::new(),
            waiting: started.effects.into(),
        }
    }

    /// Polls both accounts, with this equity of the first one. A poll that finds no room
    /// learns nothing.
    async fn poll(&mut self, equity: &str) {
        for (name, equity) in [("one", equity), ("two", "10000")] {
            let permit = self.budget(name).take_for_poll().await;
            self.tick();
            let content = match permit {
                Ok(_) => self.look(name, equity),
                Err(_) => Content::Missing(Missing::RateLimited),
            };
            let observation = Observation {
                account: AccountName::from(name),
                at: self.now.steady,
                content,
            };
            self.step(Event::Observed(observation));
        }
        self.settle().await;
    }

    fn look(&mut self, name: &str, equity: &str) -> Content {
        self.exchange.count(name, self.now, THIRD.limits.costs.poll);
        let worth: Decimal = equity.parse().unwrap();
        let open = (worth - Decimal::from(10_000)).to_string();
        Content::Learned(Learned {
            figures: figures(["?", &open, "10000", equity]),
            positions: Some(self.exchange.positions(name)),
            orders: WorkingOrders::NotRead,
            symbols: Some(self.exchange.symbols()),
            ..Learned::default()
        })
    }

    fn step(&mut self, event: Event) {
        let effects = self.engine.step(self.now, event).effects;
        self.waiting.extend(effects);
    }

    fn budget(&self, account: &str) -> &RequestBudget {
        &self.budgets[usize::from(account == "two")]
    }

    /// Carries out what is asked, one thing after the other, each in a millisecond and
    /// once there is room for it.
    async fn settle(&mut self) {
        while let Some(effect) = self.waiting.pop_front() {
            self.pass(1).await;
            match effect {
                Effect::Send {
                    account,
                    request,
                    write,
                    urgency,
                } => {
                    let ask = Ask::Write(&write);
                    let permit = self.budget(account.as_str()).take(Lane::of(urgency), ask);
                    let permit = permit.await;
                    self.tick();
                    let _permit = permit.unwrap();
                    self.exchange
                        .count(account.as_str(), self.now, THIRD.limits.costs.of(ask));
                    self.step(Event::Sent {
                        account: account.clone(),
                        request,
                        unrecorded: None,
                    });
                    let answer = self.exchange.write(account.as_str(), &write);
                    self.pass(1).await;
                    self.step(Event::Answered {
                        account,
                        request,
                        answer,
                    });
                }
                Effect::Read {
                    account,
                    read,
                    what,
                } => self.read(account, read, what).await,
                Effect::Record(RecordRow::Request(row)) => self.requests.push(row),
                Effect::Record(RecordRow::Answer(row)) => self.answers.push(row),
                Effect::Record(RecordRow::LogEntry(entry)) => self.entries.push(entry.kind),
                _ => {}
            }
        }
    }

    async fn read(&mut self, account: AccountName, read: u64, what: Reading) {
        let (lane, ask) = match what {
            Reading::Orders => (Lane::Verify, Ask::Orders),
            Reading::Positions => (Lane::Positions, Ask::Positions),
            Reading::WatchOrders => (Lane::Watch, Ask::Orders),
            Reading::Watch | Reading::CloseWatch => (Lane::Watch, Ask::Positions),
        };
        let permit = self.budget(account.as_str()).take(lane, ask).await;
        self.tick();
        let at = self.now.steady;
        let name = account.as_str();
        let result = match (permit, ask) {
            (Err(_), _) => Err(ReadFailure {
                missing: Missing::RateLimited,
                words: Arc::from(""),
            }),
            (Ok(_), Ask::Orders) => Ok(ReadResult::Orders(self.exchange.orders(name))),
            (Ok(_), _) => Ok(ReadResult::Positions(self.exchange.positions(name))),
        };
        if result.is_ok() {
            self.exchange
                .count(account.as_str(), self.now, THIRD.limits.costs.of(ask));
        }
        self.step(Event::ReadEnded {
            account,
            read,
            at,
            result,
        });
    }

    async fn pass(&mut self, milliseconds: u64) {
        tokio::time::advance(Duration::from_millis(milliseconds)).await;
        self.tick();
    }

    /// Both clocks are the runtime's, which is paused.
    fn tick(&mut self) {
        let passed = TimeDelta::from_std(self.began.elapsed()).unwrap();
        self.now = Now::at(start().wall + passed);
    }

    /// Lets the engine work until the account's work is done, or for two minutes.
    async fn work(&mut self) {
        let end = self.now.wall + TimeDelta::minutes(2);
        while self.engine.has_open_intents() && self.now.wall < end {
            let wake = self.engine.next_instant(self.now.wall).unwrap();
            let wait = (wake - self.now.wall).to_std().unwrap_or_default();
            tokio::time::advance(wait.max(Duration::from_millis(1))).await;
            self.tick();
            self.step(Event::Time);
            self.settle().await;
        }
    }

    /// What was asked of an account, in its order.
    fn asked(&self, account: &str) -> Vec<String> {
        let rows = self.requests.iter();
        rows.filter(|row| row.account.as_str() == account)
            .map(|row| {
                format!(
                    "{} {}",
                    row.write.name(),
                    row.write.target().as_deref().unwrap_or("-")
                )
            })
            .collect()
    }

    /// One request was one row and one answer, and each reached the venue once.
    fn has_one_row_a_request(&self) {
        assert_eq!(self.requests.len(), self.exchange.writes);
        let mut answered: Vec<_> = self.answers.iter().map(|row| row.request).collect();
        let mut asked: Vec<_> = self.requests.iter().map(|row| row.id).collect();
        answered.sort_unstable();
        asked.sort_unstable();
        assert_eq!(asked, answered);
    }
}

/// Both accounts hold something, and orders rest in both lists.
fn exchange() -> Exchange {
    let mut exchange = Exchange::default();
    exchange.open("one", "BTCUSDT/long", "0.5");
    exchange.open("one", "BTCUSDT/short", "-0.25");
    exchange.open("one", "ETHUSDT/long", "12");
    exchange.rest("one", "SOLUSDT/long", "buy", "3", OrderBook::Regular);
    exchange.rest("one", "BTCUSDT/long", "sell", "0.5", OrderBook::Conditional);
    exchange.rest("one", "XRPUSDT/short", "sell", "9", OrderBook::Conditional);
    exchange.open("two", "BTCUSDT/long", "1");
    exchange.rest("two", "BTCUSDT/long", "sell", "1", OrderBook::Conditional);
    exchange
}

#[tokio::test(start_paused = true)]
async fn an_account_is_carried_from_a_poll_to_verified_flat() {
    let mut desk = Desk::new(exchange(), "third-1");
    let untouched = desk.exchange.all_of("two");
    desk.poll("9500").await;
    assert!(desk.requests.is_empty());
    desk.poll("9000").await;
    desk.work().await;
    assert_eq!(desk.exchange.all_of("one"), "");
    assert_eq!(desk.exchange.all_of("two"), untouched);
    assert!(desk.entries.contains(&EntryKind::Verified));
    let asked = desk.asked("one");
    // The largest market order of ETHUSDT is 5.
    for write in [
        "close_position sell 0.5 of BTCUSDT/long",
        "close_position buy 0.25 of BTCUSDT/short",
        "close_position sell 5 of ETHUSDT/long",
        "close_position sell 5 of ETHUSDT/long, part 2",
        "close_position sell 2 of ETHUSDT/long, part 3",
        "cancel_orders_of SOLUSDT (regular)",
        "cancel_orders_of XRPUSDT (conditional)",
    ] {
        assert!(asked.contains(&write.to_owned()), "{write}: {asked:#?}");
    }
    assert!(desk.asked("two").is_empty());
    desk.has_one_row_a_request();
}

#[tokio::test(start_paused = true)]
async fn an_order_that_fills_behind_the_close_and_a_lost_answer_are_made_good() {
    let mut desk = Desk::new(exchange(), "third-2");
    desk.poll("9500").await;
    // The stop list is cancelled too late: what rests there opens a position.
    desk.exchange.fills_first = Some("XRPUSDT/short");
    desk.exchange.answers.push_back(Outcome::Unknown);
    desk.exchange.answers.push_back(Outcome::Refused);
    desk.poll("9000").await;
    desk.work().await;
    assert_eq!(desk.exchange.all_of("one"), "");
    let asked = desk.asked("one");
    let close = "close_position buy 9 of XRPUSDT/short".to_owned();
    assert!(asked.contains(&close), "{asked:#?}");
    desk.has_one_row_a_request();
}

#[tokio::test(start_paused = true)]
async fn one_side_is_closed_and_the_other_keeps_its_stop() {
    let mut exchange = Exchange::default();
    exchange.open("one", "BTCUSDT/long", "0.5");
    exchange.open("one", "BTCUSDT/short", "-0.25");
    exchange.lose("one", "BTCUSDT/long", "-450");
    exchange.rest("one", "BTCUSDT/long", "sell", "0.5", OrderBook::Conditional);
    exchange.rest(
        "one",
        "BTCUSDT/short",
        "buy",
        "0.25",
        OrderBook::Conditional,
    );
    let mut desk = Desk::new(exchange, "third-3");
    desk.poll("9600").await;
    desk.work().await;
    assert_eq!(
        desk.exchange.all_of("one"),
        "BTCUSDT/short:-0.25; BTCUSDT/short buy 0.25 conditional"
    );
    assert_eq!(
        desk.asked("one"),
        [
            "close_position sell 0.5 of BTCUSDT/long",
            "cancel_order 1 (conditional)"
        ]
    );
    desk.has_one_row_a_request();
}

/// `BTC-27JUN25` is no July of `BTC-27JU` where symbols have no months.
#[test]
fn a_history_is_read_as_the_venue_means_its_symbols() {
    let held = |rules: &RuleSet| {
        let history = "time,account,equity,positions\n\
                       2026-03-05T12:00:00Z,one,10000,BTC-27JUN25/long:+0.5\n";
        let mut history = History::open(history.as_bytes(), &rules.book.accounts).unwrap();
        let row = history.next_row().unwrap().unwrap();
        let Content::Learned(learned) = row.content else {
            panic!("it was learned")
        };
        learned.positions.unwrap()[0].key.clone()
    };
    let july = Instrument::new("BTC-27JU 07-25");
    let there = held(&rules());
    assert_eq!(there.to_string(), "BTC-27JUN25/long");
    assert!(!there.instrument.is_covered_by(&july));
    let mut futures = RuleSet::clone(&rules());
    for account in &mut Arc::make_mut(&mut futures.book).accounts {
        Arc::make_mut(account).profile = &VenueProfile::CROSSTRADE;
    }
    assert!(held(&futures).instrument.is_covered_by(&july));
}

/// What is less than an order can close is told once, and is in nobody's way.
#[tokio::test(start_paused = true)]
async fn dust_counts_as_flat() {
    let mut exchange = Exchange::default();
    exchange.open("one", "ETHUSDT/long", "1.0004");
    let mut desk = Desk::new(exchange, "third-4");
    desk.step(Event::Command(Command::Lock {
        account: AccountName::from("one"),
        until: Until::Manual,
        reason: "enough".to_owned(),
    }));
    desk.poll("10000").await;
    desk.work().await;
    assert_eq!(desk.exchange.all_of("one"), "ETHUSDT/long:0.0004");
    for _ in 0..5 {
        desk.pass(3000).await;
        desk.poll("10000").await;
    }
    assert!(!desk.engine.has_open_intents());
    let asked = desk.asked("one");
    let closes = asked.iter().filter(|write| write.starts_with("close"));
    assert_eq!(
        closes.collect::<Vec<_>>(),
        ["close_position sell 1 of ETHUSDT/long"]
    );
    let dust = desk.entries.iter().filter(|kind| **kind == EntryKind::Dust);
    assert_eq!(dust.count(), 1);
    assert!(!desk.entries.contains(&EntryKind::Reopened));
}

/// Where the answer to nothing but zeros means an empty account, that can be proven.
#[tokio::test(start_paused = true)]
async fn an_empty_account_is_an_account() {
    let mut desk = Desk::new(Exchange::default(), "third-5");
    desk.exchange
        .rest("one", "SOLUSDT/long", "buy", "3", OrderBook::Regular);
    desk.step(Event::Command(Command::Flatten {
        account: AccountName::from("one"),
        reason: "by hand".to_owned(),
    }));
    let zeros = Content::Learned(Learned {
        figures: figures(["0", "0", "0", "0"]),
        positions: Some(Arc::from([])),
        ..Learned::default()
    });
    desk.step(Event::Observed(Observation {
        account: AccountName::from("one"),
        at: desk.now.steady,
        content: zeros,
    }));
    desk.settle().await;
    desk.work().await;
    assert_eq!(desk.exchange.all_of("one"), "");
    assert_eq!(desk.asked("one"), ["cancel_orders_of SOLUSDT (regular)"]);
    assert!(!desk.engine.has_open_intents());
}

/// The answer that the exchange gives.
fn answer(outcome: Outcome) -> Answer {
    Answer {
        outcome,
        status: Some(200),
        words: Arc::from(""),
    }
}
