//! What rules cost: one threshold evaluation, a rule test of a day, a replay of
//! a day of twenty accounts. Each figure is printed beside its limit (design,
//! figures to reach). The larger two run in processes of their own, so that
//! their peak memory is theirs.
#![allow(missing_docs, reason = "a bench")]
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures and fails by panicking"
)]

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use riskd::domain::account::{AccountName, RuleName};
use riskd::domain::holdings::Position;
use riskd::domain::money::Money;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Observation, Timestamp};
use riskd::domain::position_key::PositionKey;
use riskd::engine::effect::Effect;
use riskd::engine::event::Event;
use riskd::engine::record::RecordRow;
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::replay::history::{History, Row};
use riskd::replay::{ReplayEventKind, replay_history, rule_test};
use riskd::rules;
use riskd::rules::ruleset::RuleSet;

/// Accounts in the replay.
const ACCOUNTS: usize = 20;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// Runs of each measurement; the best and the median are printed.
const RUNS: usize = 5;
/// Runs of the shortest measurement; the best of them counts on the wall, and
/// all of them together in processor time.
const THRESHOLD_RUNS: u32 = 20;

const TEN_RULES: &str = r#"
  - { name: loss, accounts: ["*"], when: { pnl: { loss: 1000 } }, then: [flatten] }
  - { name: profit, accounts: ["*"], when: { pnl: { profit: 3000 } }, then: [flatten] }
  - { name: week, accounts: ["*"], when: { pnl: { loss: 2000, over: week } }, then: [flatten] }
  - { name: floor, accounts: ["*"], when: { profit_floor: { arm_at: 500, floor: -900 } }, then: [flatten] }
  - { name: trail, accounts: ["*"], when: { trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 100 } }, then: [flatten] }
  - { name: day, accounts: ["*"], when: { trailing_drawdown: { metric: pnl, trail: 1500 } }, then: [flatten] }
  - { name: max, accounts: ["*"], when: { max_loss: { amount: 3%, anchor: session_balance } }, then: [flatten] }
  - { name: size, accounts: ["*"], when: { position: { contracts: 4 } }, then: [flatten] }
  - { name: hours, accounts: ["*"], when: { outside: [{ days: [sun, mon, tue, wed, thu], from: "18:00", to: "16:55", timezone: America/New_York }] }, then: [flatten] }
  - { name: close, accounts: ["*"], when: { at: { cron: "58 16 * * mon-fri", timezone: America/New_York } }, then: [flatten] }
"#;

fn main() {
    let mode: Vec<String> = std::env::args().skip(1).collect();
    match mode.first().map(String::as_str) {
        Some("one-test") => one_test(Path::new(&mode[1])),
        Some("one-replay") => one_replay(Path::new(&mode[1])),
        _ => all(),
    }
}

fn all() {
    threshold();
    let directory = tempfile::tempdir().unwrap();
    let test = directory.path().join("day.test.yaml");
    std::fs::write(&test, test_file()).unwrap();
    in_own_process("one-test", &test);
    let history = directory.path().join("day.csv");
    write_history(&history);
    in_own_process("one-replay", &history);
}

fn in_own_process(mode: &str, file: &Path) {
    let program = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new(program);
    let status = command.arg(mode).arg(file).status().unwrap();
    assert!(status.success());
}

/// What a measurement took.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    /// Of all processors; where the machine is busy it says more. Its clock is
    /// brought up to date a few hundred times a second, so only the mean of
    /// several runs is right.
    processor: Duration,
}

/// Measures from here on.
struct Began {
    wall: Instant,
    processor: Duration,
}

impl Began {
    fn now() -> Began {
        Began {
            wall: Instant::now(),
            processor: processor_time(),
        }
    }

    fn took(&self) -> Took {
        Took {
            wall: self.wall.elapsed(),
            processor: processor_time() - self.processor,
        }
    }
}

/// Processor time of all threads of this process, those that have ended among
/// them, to a hundredth of a second.
fn processor_time() -> Duration {
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit(')').next().unwrap();
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut ticks = || -> u32 { fields.next().unwrap().parse().unwrap() };
    TICK * (ticks() + ticks())
}

/// Processor time of the thread that the process began with, to a nanosecond.
fn own_processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    Duration::from_nanos(stat.split_whitespace().next().unwrap().parse().unwrap())
}

fn report(what: &str, times: &mut [Took], limit: &str) {
    times.sort_by_key(|took| took.wall);
    let best = times.first().unwrap().wall;
    let median = times.get(times.len() / 2).unwrap().wall;
    let processor: Duration = times.iter().map(|took| took.processor).sum();
    let processor = processor / u32::try_from(times.len()).unwrap();
    println!(
        "{what}: median {median:.1?}, best {best:.1?}, {processor:.2?} of processor (limit {limit})"
    );
}

fn rule_file(rules: &str, accounts: usize) -> String {
    let mut text = String::from(
        "version: 1\n\
         sessions: { globex: { timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] } }\n\
         venues: { v: { kind: crosstrade, token: { env: TOKEN } } }\n\
         accounts:\n",
    );
    for account in 0..accounts {
        let _ = writeln!(
            text,
            "  apex-{account}: {{ venue: v, number: A{account}, session: globex, starting_balance: 50000 }}"
        );
    }
    text + "rules:" + rules
}

fn load(text: &str) -> RuleSet {
    let loaded = rules::load("rules.yaml", text, &|_| unreachable!());
    let said = loaded.render_short();
    loaded.rules.unwrap_or_else(|| panic!("{said}"))
}

/// A walk of open results in cents: slow waves that no rule fires on.
fn open_result(second: i64, account: usize) -> i64 {
    let phase = second + i64::try_from(account).unwrap() * 977;
    let triangle = (phase % 7_200 - 3_600).abs() * 20 - 36_000;
    triangle + phase % 13 * 25
}

fn start() -> Timestamp {
    DateTime::parse_from_rfc3339("2026-03-04T18:00:00-05:00")
        .unwrap()
        .to_utc()
}

/// What each further threshold rule adds to a step. Every observation has a list
/// of positions of its own, as of a venue, so that each rule is read each time.
fn threshold() {
    const MANY: usize = 100;
    let per_step = |rules: usize| -> (Duration, Duration) {
        let mut list = String::new();
        for rule in 0..rules {
            let _ = write!(
                list,
                "\n  - {{ name: r{rule}, accounts: [\"*\"], when: {{ pnl: {{ loss: {} }} }}, then: [flatten] }}",
                1_000 + rule
            );
        }
        let set = load(&rule_file(&list, 1)).book;
        let config = EngineConfig {
            acts: true,
            stale_after: None,
        };
        let mut now = start();
        let mut engine = Engine::start(set, config, Kept::default(), Now::at(now)).engine;
        let account = AccountName::from("apex-0");
        let position = Position::new(PositionKey::new("ES 03-26"), rust_decimal::Decimal::ONE);
        let mut wall = Duration::MAX;
        let steps = 5_000;
        let processor_began = own_processor_time();
        for _ in 0..THRESHOLD_RUNS {
            let began = Instant::now();
            for _ in 0..steps {
                now = now.checked_add_signed(TimeDelta::seconds(1)).unwrap();
                let open = Money::new(rust_decimal::Decimal::new(
                    open_result(now.timestamp(), 0),
                    2,
                ));
                let balance = Money::from(50_000);
                let observation = Observation {
                    account: account.clone(),
                    at: now,
                    content: Content::Learned(Learned {
                        figures: Figures {
                            realized: Some(Money::ZERO),
                            unrealized: Some(open),
                            balance: Some(balance),
                            equity: balance.plus(open),
                        },
                        positions: Some(Arc::from([position.clone()])),
                        ..Learned::default()
                    }),
                };
                black_box(
                    engine
                        .step(Now::at(now), Event::Observed(observation))
                        .effects,
                );
            }
            wall = wall.min(began.elapsed() / steps);
        }
        let processor = (own_processor_time() - processor_began) / (THRESHOLD_RUNS * steps);
        (wall, processor)
    };
    let (one, one_processor) = per_step(1);
    let (many, many_processor) = per_step(MANY + 1);
    let each =
        |many: Duration, one: Duration| many.saturating_sub(one).as_nanos() as f64 / MANY as f64;
    println!("a step with one rule: {one:.0?}, {one_processor:.0?} of processor");
    println!(
        "one threshold rule with its state: {:.1} ns, {:.1} ns of processor (limit 50 ns)",
        each(many, one),
        each(many_processor, one_processor)
    );
}

/// Ten rules over a day of steps, one a second.
fn test_file() -> String {
    let mut text = String::from(
        "rules: rules.yaml\ntests:\n  - account: apex-0\n    start: 2026-03-04T18:00:00-05:00\n    steps:\n      - { at: 0s, realized: 0, unrealized: 0, balance: 50000, equity: 50000, positions: { \"ES 03-26\": 1 }, orders: 0 }\n",
    );
    for second in 1..DAY {
        let open = open_result(second, 0);
        let _ = writeln!(
            text,
            "      - {{ at: {second}s, unrealized: {}, equity: {} }}",
            amount(open),
            amount(5_000_000 + open)
        );
    }
    text + "    expect:\n      - { at: 22h55m, rule: hours }\n      - { at: 22h58m, rule: close }\n"
}

fn amount(cents: i64) -> Money {
    Money::new(rust_decimal::Decimal::new(cents, 2))
}

fn one_test(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let rules = rule_file(TEN_RULES, 1);
    let mut reading = Vec::new();
    let mut whole = Vec::new();
    for _ in 0..RUNS {
        let began = Began::now();
        let loaded = rule_test::load("day.test.yaml", &text, &|_| Ok(rules.clone()));
        let said = loaded.render_short();
        reading.push(began.took());
        let file = loaded.file.unwrap_or_else(|| panic!("{said}"));
        let outcome = file.run(&file.tests[0]);
        whole.push(began.took());
        assert!(outcome.passed(), "{:?}", outcome.differences);
    }
    report(
        "test of 10 rules over 86,400 steps, reading alone",
        &mut reading,
        "-",
    );
    report("test of 10 rules over 86,400 steps", &mut whole, "0.2 s");
    println!("  peak memory {} MB", peak_memory());
}

fn write_history(path: &Path) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(b"time,account,realized,unrealized,balance,equity,positions,orders\n")
        .unwrap();
    for second in 0..DAY {
        let time = start()
            .checked_add_signed(TimeDelta::seconds(second))
            .unwrap();
        let time = time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        for account in 0..ACCOUNTS {
            let open = open_result(second, account);
            writeln!(
                out,
                "{time},apex-{account},0,{},50000.00,{},ES 03-26:+2@5000.25,0",
                amount(open),
                amount(5_000_000 + open)
            )
            .unwrap();
        }
    }
    out.flush().unwrap();
}

fn one_replay(path: &Path) {
    let rules = Arc::new(load(&rule_file(TEN_RULES, ACCOUNTS)));
    let mut reading = Vec::new();
    let mut whole = Vec::new();
    let mut firings = Vec::new();
    for _ in 0..RUNS {
        let began = Began::now();
        let mut history = open_history(path, &rules);
        let mut rows = 0;
        while let Some(row) = history.next_row().unwrap() {
            black_box(row);
            rows += 1;
        }
        assert_eq!(rows, DAY * 20);
        reading.push(began.took());

        let began = Began::now();
        let history = open_history(path, &rules);
        firings.clear();
        let read = replay_history(&rules, history, |story| {
            let told = story.events.into_iter();
            let fired = told.filter(|event| event.event == ReplayEventKind::Fired);
            firings.extend(fired.map(|fired| (fired.time, fired.account, fired.rule)));
            ControlFlow::<()>::Continue(())
        });
        whole.push(began.took());
        assert_eq!(read, Ok(ControlFlow::Continue(1_728_000)));
        assert!(firings.len() >= 40, "{firings:?}");
    }
    report(
        "replay of 10 rules, 20 accounts, 1.73 M rows, reading alone",
        &mut reading,
        "-",
    );
    report(
        "replay of 10 rules, 20 accounts, 1.73 M rows",
        &mut whole,
        "0.5 s",
    );
    println!("  peak memory {} MB (limit 30 MB)", peak_memory());
    firings.sort();
    let mut live = live_firings(path, &rules);
    live.sort();
    assert_eq!(firings, live);
    println!("  {} firings, the same as of one live engine", live.len());
}

type Fired = (Timestamp, AccountName, RuleName);

/// What the engine fires as the daemon runs it: one for all accounts, which acts,
/// and which is told of the time between two polls as well.
fn live_firings(path: &Path, rules: &Arc<RuleSet>) -> Vec<Fired> {
    let config = EngineConfig {
        acts: true,
        stale_after: Some(riskd::engine::stale_after(&rules.book)),
    };
    let mut history = open_history(path, rules);
    let mut row = history.next_row().unwrap();
    let first = Now::at(row.as_ref().unwrap().time);
    let started = Engine::start(Arc::clone(&rules.book), config, Kept::default(), first);
    let mut engine = started.engine;
    let mut fired: Vec<Fired> = Vec::new();
    let mut last = first;
    while let Some(Row {
        time,
        account,
        content,
    }) = row
    {
        let now = Now::at(time);
        if now != last {
            fired.extend(fired_in(engine.step(last, Event::Time).effects));
            last = now;
        }
        let observation = Observation {
            account: rules.book.accounts[account].name.clone(),
            at: time,
            content,
        };
        fired.extend(fired_in(
            engine.step(now, Event::Observed(observation)).effects,
        ));
        row = history.next_row().unwrap();
    }
    fired
}

fn fired_in(effects: Vec<Effect>) -> impl Iterator<Item = Fired> {
    effects.into_iter().filter_map(|effect| match effect {
        Effect::Record(RecordRow::Firing(row)) => Some((row.at, row.account, row.rule)),
        _ => None,
    })
}

fn open_history(path: &Path, rules: &RuleSet) -> History<BufReader<File>> {
    let file = BufReader::with_capacity(1 << 18, File::open(path).unwrap());
    History::open(file, &rules.book.accounts).unwrap()
}

/// The most memory that this process ever had, in megabytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1_024
}
