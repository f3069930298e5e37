//! Histories: what is read, and what is said of what cannot be.

use std::ops::ControlFlow;
use std::sync::Arc;

use insta::assert_snapshot;
use riskd::domain::observation::Timestamp;
use riskd::replay::history::{History, MAX_ROW, Row};
use riskd::replay::{AccountReplay, ReplayLog, replay_history_with, text};
use riskd::rules::{self, ruleset::RuleSet};

const RULES: &str = r#"
version: 1
sessions: { globex: { timezone: America/New_York, open: "18:00", close: "17:00", days: [mon, tue, wed, thu, fri] } }
venues: { v: { kind: crosstrade, token: { env: TOKEN } } }
accounts:
  apex-1: { venue: v, number: A1, session: globex, starting_balance: 50000 }
  apex-2: { venue: v, number: A2, session: globex, starting_balance: 50000 }
notify: { log: { kind: log } }
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: { pnl: { loss: 1000 } }
    then: [cancel_orders, flatten, { lock: { until: session_end } }, { notify: log }]
    warn_at: [70%]
  - name: flat by the close
    accounts: ["*"]
    when: { outside: [{ days: [sun, mon, tue, wed, thu], from: "18:00", to: "16:55", timezone: America/New_York }] }
    then: [flatten]
  - name: oil is closed
    accounts: [apex-2]
    when: { position: { deny: [CL] } }
    then: [close_position]
"#;

fn rules() -> Arc<RuleSet> {
    let loaded = rules::load("rules.yaml", RULES, &|_| unreachable!());
    Arc::new(loaded.rules.unwrap())
}

/// The rows of a history, or the first thing that is wrong with it.
fn read(text: &str) -> Result<Vec<Row>, String> {
    let rules = rules();
    let mut history =
        History::open(text.as_bytes(), &rules.book.accounts).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    while let Some(row) = history.next_row().map_err(|error| error.to_string())? {
        rows.push(row);
    }
    Ok(rows)
}

/// What a history tells, a line each.
fn replay(history: &str) -> Vec<String> {
    replay_rows(read(history).unwrap(), true)
}

/// What rows tell: row by row, and between two rows of any accounts time passes
/// for all of them, the earliest deadline first. With `ends`, what is due at the
/// instant of the last row happens too.
fn replay_rows(rows: Vec<Row>, ends: bool) -> Vec<String> {
    let rules = rules();
    let mut accounts: Vec<Option<AccountReplay>> = vec![];
    accounts.resize_with(rules.book.accounts.len(), || None);
    let mut story = ReplayLog::default();
    let mut last = None;
    for row in rows {
        pass(&mut accounts, &mut story, |wake| wake < row.time);
        last = Some(row.time);
        let account = &rules.book.accounts[row.account];
        let replay = accounts[row.account].get_or_insert_with(|| {
            AccountReplay::start(&rules.book, account, row.time, &mut story)
        });
        replay.observe(row.time, row.content, &mut story);
    }
    pass(&mut accounts, &mut story, |wake| ends && Some(wake) <= last);
    let lines = story.events.iter();
    lines.map(|h| text::event_json(h).unwrap()).collect()
}

fn pass(
    accounts: &mut [Option<AccountReplay>],
    story: &mut ReplayLog,
    is_due: impl Fn(Timestamp) -> bool,
) {
    let earliest = |accounts: &[Option<AccountReplay>]| {
        let wakes = accounts.iter().flatten().filter_map(AccountReplay::wake);
        wakes.min()
    };
    while let Some(wake) = earliest(accounts).filter(|wake| is_due(*wake)) {
        for replay in accounts.iter_mut().flatten() {
            replay.pass_through(wake, story);
        }
    }
}

#[test]
fn a_profit_floor_warns_by_the_share_of_the_mark_that_was_given_back() {
    let text = RULES.replace(
        "pnl: { loss: 1000 }",
        "profit_floor: { arm_at: 500, floor: 100 }",
    );
    let text = text.replace("[70%]", "[50%]");
    let loaded = rules::load("rules.yaml", &text, &|_| unreachable!());
    let rules = Arc::new(loaded.rules.unwrap());
    // Of the 500 between the mark of 600 and the floor, half are gone at 350.
    let rows = read(
        "time,account,realized,unrealized,balance,equity\n\
         2026-03-05T14:30:00Z,apex-1,0,0,50000,50000\n\
         2026-03-05T14:31:00Z,apex-1,0,300,50000,50300\n\
         2026-03-05T14:32:00Z,apex-1,0,600,50000,50600\n\
         2026-03-05T14:33:00Z,apex-1,0,350.01,50000,50350.01\n\
         2026-03-05T14:34:00Z,apex-1,0,350,50000,50350\n\
         2026-03-05T14:35:00Z,apex-1,0,100,50000,50100\n",
    );
    let rows = rows.unwrap();
    let mut story = ReplayLog::default();
    let account = &rules.book.accounts[0];
    let mut replay = AccountReplay::start(&rules.book, account, rows[0].time, &mut story);
    for row in &rows {
        replay.observe(row.time, row.content.clone(), &mut story);
    }
    let told: Vec<String> = story
        .events
        .iter()
        .map(|one| format!("{} {}", one.time.format("%H:%M"), one.event.name()))
        .collect();
    assert_eq!(told, ["14:34 warned", "14:35 fired"]);
}

#[test]
fn columns_come_in_any_order_with_any_line_end() {
    let plain = "time,account,equity,orders,positions\n\
                 2026-03-05T14:30:00Z,apex-1,50000.25,2,ES 03-26:+2@5000.25;NQ 03-26:-1\n\
                 2026-03-05T14:30:00Z,apex-2,,,flat\n";
    let shuffled = "\u{feff}positions,\"orders\",equity,account,time\r\n\
                    \"ES 03-26:+2@5000.25;NQ 03-26:-1\",2, 50000.25 ,apex-1,2026-03-05T09:30:00-05:00\r\n\
                    \r\n\
                    \"flat\",,,\"apex-2\",2026-03-05T09:30:00-05:00";
    let rows = read(plain).unwrap();
    assert_eq!(rows, read(shuffled).unwrap());
    assert_eq!(rows.len(), 2);
    assert_snapshot!(format!("{:#?}", rows[0].content).replace("    ", " "));
}

#[test]
fn a_row_that_says_nothing_is_an_observation_that_learned_nothing() {
    let rows = read("time,account,equity\n2026-03-05T14:30:00Z,apex-1,\n").unwrap();
    assert_eq!(format!("{:?}", rows[0].content), "Missing(Stated)");
}

#[test]
fn what_is_wrong_has_its_line_and_column() {
    let cases = [
        "",
        "time,acount,equity\n",
        "time,equity\n",
        "time,account,equity,equity\n",
        "time,account,pnl_of_the_day\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1,12x\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1,\"50,000\"\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1,1e5\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1,NaN\n",
        "time,account,equity\n\n2026-03-05T14:30:00Z,apex-3,1\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1\n",
        "time,account,equity\n2026-03-05 14:30,apex-1,1\n",
        "time,account,equity\n2026-03-05T14:30:01Z,apex-1,1\n2026-03-05T14:30:00Z,apex-2,1\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1,\"1\n2\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1,1\"2\n",
        "time,account,equity\n2026-03-05T14:30:00Z,apex-1,\"1\"2\n",
        "time,account,positions\n2026-03-05T14:30:00Z,apex-1,ES 03-26\n",
        "time,account,positions\n2026-03-05T14:30:00Z,apex-1,ES 03-26:0\n",
        "time,account,positions\n2026-03-05T14:30:00Z,apex-1,ES 03-26:1;ESH26:2\n",
        "time,account,positions\n2026-03-05T14:30:00Z,apex-1,BTCUSDT/short:0.5\n",
        "time,account,positions\n2026-03-05T14:30:00Z,apex-1,BTCUSDT/long:0.5;BTCUSDT:-0.5\n",
        "time,account,orders\n2026-03-05T14:30:00Z,apex-1,-1\n",
        "time,account,equity\n\"2026-03-05T14:30:00Z\",\"apex-1\",\n2026-03-05T14:30:05Z,\"apex\n1\",1\n2026-03-05T14:30:06Z,apex-1,x\n",
    ];
    let said: Vec<String> = cases.iter().map(|case| read(case).unwrap_err()).collect();
    assert_snapshot!(said.join("\n"));
}

#[test]
fn what_would_have_fired_is_told_as_it_happens() {
    let told = replay(
        "time,account,realized,unrealized,balance,equity,positions,orders\n\
         2026-03-05T14:30:00Z,apex-1,0,0,50000,50000,flat,0\n\
         2026-03-05T14:30:00Z,apex-2,0,0,50000,50000,flat,0\n\
         2026-03-05T14:31:00Z,apex-1,0,-700,50000,49300,ES 03-26:+2@5000.25,0\n\
         2026-03-05T14:32:00Z,apex-1,0,-1000,50000,49000,ES 03-26:+2@5000.25,1\n\
         2026-03-05T14:32:00Z,apex-2,0,0,50000,50000,CL 04-26:-1,0\n\
         2026-03-05T14:33:00Z,apex-1,-1000,0,49000,49000,flat,0\n\
         2026-03-05T14:34:00Z,apex-2,0,0,50000,50000,ES 03-26:+1,0\n\
         2026-03-05T23:30:00Z,apex-1,0,0,49000,49000,flat,0\n",
    );
    assert_snapshot!(told.join("\n"));
}

/// A history of many batches: two accounts walk through a week, with gaps.
fn long_history() -> String {
    let mut out = String::from("time,account,unrealized,balance,equity,positions,orders\n");
    let start: chrono::DateTime<chrono::Utc> = "2026-03-01T20:00:00Z".parse().unwrap();
    let mut random: u32 = 1;
    let mut seconds = 0;
    for _ in 0..20_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let dice = random >> 16;
        seconds += i64::from(dice % 50);
        let time = (start + chrono::TimeDelta::seconds(seconds)).to_rfc3339();
        let open = i64::from(dice % 2_400) - 1_200;
        let account = 1 + dice / 7 % 2;
        let held = ["flat", "ES 03-26:+1", "CL 04-26:-1"][dice as usize / 3 % 3];
        let open = if held == "flat" { 0 } else { open };
        out += &format!(
            "{time},apex-{account},{open},50000,{},{held},0\n",
            50_000 + open
        );
    }
    out
}

#[test]
fn several_workers_tell_the_same_in_the_same_order() {
    let text = long_history();
    let expect = replay(&text);
    assert!(expect.len() > 1_000, "{}", expect.len());
    for workers in 1..4 {
        let rules = rules();
        let history = History::open(text.as_bytes(), &rules.book.accounts).unwrap();
        let mut told = Vec::new();
        let rows = replay_history_with(workers, &rules, history, |story| {
            told.extend(story.events.iter().map(|h| text::event_json(h).unwrap()));
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(rows, Ok(ControlFlow::Continue(20_000)));
        assert!(told == expect, "{workers} workers");
    }
}

/// What workers tell of a history, a line each, and what came of it.
fn told_by(workers: usize, text: &str) -> (Vec<String>, Result<u64, u64>) {
    let rules = rules();
    let history = History::open(text.as_bytes(), &rules.book.accounts).unwrap();
    let mut told = Vec::new();
    let result = replay_history_with(workers, &rules, history, |story| {
        let lines = story.events.iter();
        told.extend(lines.map(|h| text::event_json(h).unwrap()));
        ControlFlow::<()>::Continue(())
    });
    let result = result.map_err(|error| error.line);
    let ControlFlow::Continue(result) = result.map_or_else(
        |line| ControlFlow::<(), _>::Continue(Err(line)),
        |rows| rows.map_continue(Ok),
    ) else {
        panic!("nobody broke off")
    };
    (told, result)
}

#[test]
fn the_first_wrong_row_counts_whoever_finds_it() {
    let text = long_history();
    let lines: Vec<&str> = text.lines().collect();
    let broken: [fn(&str) -> String; 4] = [
        |row| row.replace("+00:00", ""),
        |row| row.replace("apex-", "apax-"),
        |row| row.replace(",50000,", ",5OOOO,"),
        |row| row.replace("0\n", "") + ",",
    ];
    for (number, place) in [1, 2, 700, 9_000, 9_001, 19_999].into_iter().enumerate() {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines[place] = broken[number % 4](&lines[place]);
        for later in (place + 1..lines.len()).step_by(40 + number) {
            lines[later] = broken[(number + later) % 4](&lines[later]);
        }
        let rows = read(&lines[..place].join("\n")).unwrap();
        let expect = replay_rows(rows, false);
        for workers in 1..4 {
            let (told, result) = told_by(workers, &lines.join("\n"));
            assert_eq!(result, Err(place as u64 + 1), "{workers} workers");
            assert!(told == expect, "line {place}, {workers} workers");
        }
    }
}

/// The cells of a history, put together in another way.
fn rewritten(text: &str, row: impl Fn(Vec<&str>) -> String) -> String {
    let rows = text.lines().map(|line| row(line.split(',').collect()));
    rows.collect()
}

#[test]
fn rows_are_read_alike_in_any_form() {
    let plain = long_history();
    let expect = read(&plain).unwrap();
    let quoted = rewritten(&plain, |cells| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
        cells.join(",") + "\r\n"
    });
    let backwards = rewritten(&plain, |cells| {
        cells.into_iter().rev().collect::<Vec<_>>().join(" ,") + "\n\n"
    });
    let turned = rewritten(&plain, |mut cells| {
        cells.rotate_left(3);
        cells.join(",") + "\n"
    });
    for other in [quoted, backwards, turned] {
        assert!(read(&other).unwrap() == expect, "{}", &other[..200]);
    }
}

/// A source that gives a few bytes at a time, and breaks off after so many.
struct Drip<'t> {
    text: &'t [u8],
    breaks_after: usize,
    count: usize,
}

impl std::io::Read for Drip<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        self.count += 1;
        if self.count.is_multiple_of(5) {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        if self.breaks_after == 0 {
            return Err(std::io::Error::other("it broke off"));
        }
        let length = (1 + self.count % 97).min(self.text.len()).min(room.len());
        let length = length.min(self.breaks_after);
        self.breaks_after -= length;
        let (now, later) = self.text.split_at(length);
        room[..length].copy_from_slice(now);
        self.text = later;
        Ok(length)
    }
}

#[test]
fn a_source_may_give_little_at_a_time_and_break_off() {
    let text = long_history();
    let expect = read(&text).unwrap();
    let rules = rules();
    for breaks_after in [usize::MAX, 1_000, 700_001] {
        let source = Drip {
            text: text.as_bytes(),
            breaks_after,
            count: 0,
        };
        let mut history = History::open(source, &rules.book.accounts).unwrap();
        let mut rows = Vec::new();
        let end = loop {
            match history.next_row() {
                Ok(Some(row)) => rows.push(row),
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            }
        };
        assert!(rows[..] == expect[..rows.len()]);
        let whole = text.as_bytes().get(..breaks_after).map(|text| {
            let lines = text.iter().filter(|byte| **byte == b'\n').count();
            (
                lines - 1,
                format!("line {}: cannot be read: it broke off", lines + 1),
            )
        });
        assert_eq!(
            rows.len(),
            whole.as_ref().map_or(expect.len(), |(rows, _)| *rows)
        );
        assert_eq!(end, whole.map(|(_, error)| error));
    }
}

#[test]
fn a_row_has_a_longest_length() {
    let row = |length: usize| {
        let row = "2026-03-05T14:30:00Z,apex-1,".to_owned();
        format!("time,account,equity\n{row}{}1\n", " ".repeat(length))
    };
    assert_eq!(read(&row(MAX_ROW - 100)).unwrap().len(), 1);
    let error = read(&row(MAX_ROW)).unwrap_err();
    assert!(
        error.starts_with("line 2: a row has more than 1048576 bytes"),
        "{error}"
    );
    let open = format!("time,account,equity\n\"{}", "\n".repeat(MAX_ROW + 1));
    let error = read(&open).unwrap_err();
    assert!(error.starts_with("line 2: a row has more than"), "{error}");
}

#[test]
fn what_happened_before_a_wrong_row_is_told() {
    let text = "time,account,realized,unrealized,balance,equity\n\
                2026-03-05T14:30:00Z,apex-1,0,0,50000,50000\n\
                2026-03-05T14:31:00Z,apex-1,0,-1000,50000,49000\n\
                2026-03-05T14:32:00Z,apex-1,0,zero,50000,49000\n";
    let rules = rules();
    let history = History::open(text.as_bytes(), &rules.book.accounts).unwrap();
    let mut told = 0;
    let result = replay_history_with(2, &rules, history, |story| {
        told += story.events.len();
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(result.unwrap_err().line, 4);
    assert_eq!(told, 1);
}
