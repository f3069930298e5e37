//! Twelve ways in which the worst minute goes wrong, each with the real binary
//! against the paper venue. `RISKD_SCENARIO=7` runs one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::rig::{LOSS_LIMIT, Rig, signal};

const ES: &str = "ES 03-26";
/// Scenarios at once: most of their time is waiting.
const AT_ONCE: usize = 4;

struct Scenario {
    name: &'static str,
    /// Plays it and says what came of it; panics when that is wrong.
    play: fn() -> String,
}

const SCENARIOS: [Scenario; 12] = [
    Scenario {
        name: "source away while firing",
        play: source_away_while_firing,
    },
    Scenario {
        name: "NaN",
        play: not_a_number,
    },
    Scenario {
        name: "P&L jumps to zero",
        play: jump_to_zero,
    },
    Scenario {
        name: "restart while pending",
        play: restart_while_pending,
    },
    Scenario {
        name: "restart while firing",
        play: restart_while_firing,
    },
    Scenario {
        name: "refused flatten",
        play: refused_flatten,
    },
    Scenario {
        name: "lost answer",
        play: lost_answer,
    },
    Scenario {
        name: "200 with a failure body",
        play: failure_in_a_200,
    },
    Scenario {
        name: "night of a clock change",
        play: night_of_a_clock_change,
    },
    Scenario {
        name: "window over midnight",
        play: window_over_midnight,
    },
    Scenario {
        name: "bad reload",
        play: bad_reload,
    },
    Scenario {
        name: "clock step",
        play: clock_step,
    },
];

#[test]
fn twelve_scenarios() {
    let only: Option<usize> = std::env::var("RISKD_SCENARIO")
        .ok()
        .and_then(|number| number.parse().ok());
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(scenario) = SCENARIOS.get(index) else {
                        return;
                    };
                    if only.is_some_and(|only| only != index + 1) {
                        continue;
                    }
                    let outcome = catch_unwind(AssertUnwindSafe(scenario.play));
                    let failed = outcome.is_err();
                    let text = outcome.unwrap_or_else(|_| "FAILED, see above".to_owned());
                    rows.lock().unwrap().push((index, text, failed));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    for (index, text, _) in &rows {
        println!(
            "| {:>2} | {:<24} | {text}",
            index + 1,
            SCENARIOS[*index].name
        );
    }
    assert!(rows.iter().all(|(_, _, failed)| !failed));
}

/// An account that is long 2 ES from 5000; a loss of 500 is 5 points.
fn long_two(rules: &str) -> Rig {
    let rig = Rig::new(&["Sim101"], rules);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig
}

fn long_two_at(time: &str, rules: &str) -> Rig {
    let rig = Rig::at(time, &["Sim101"], rules);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig
}

impl Rig {
    fn flattens(&self) -> usize {
        let requests = self.venue.requests();
        let flattens = requests.iter().filter(|r| r.path.ends_with("/flatten"));
        flattens.count()
    }

    fn wait_flat(&self, verified: usize) {
        self.wait_for("flat, verified", |rig| {
            rig.count("verified") >= verified && rig.is_flat_and_quiet("Sim101")
        });
    }

    fn contracts(&self) -> i64 {
        let figures = self.venue.figures("Sim101").unwrap();
        figures.positions.iter().map(|(_, quantity)| quantity).sum()
    }

    /// When the events of this kind happened, by the machine's clock.
    pub fn times_of(&self, kind: &str) -> Vec<DateTime<Utc>> {
        let events = self.events();
        let events = events.iter().filter(|event| event["kind"] == kind);
        let times = events.map(|event| event["time"].as_str().unwrap().parse().unwrap());
        times.collect()
    }

    /// The polls after one time and up to another: on a busy machine a second
    /// lasts, and no more polls are in it.
    fn polls_between(&self, after: DateTime<Utc>, up_to: DateTime<Utc>) -> usize {
        let polls = self.polls();
        polls
            .iter()
            .filter(|at| after < **at && **at <= up_to)
            .count()
    }

    /// How long after the time at which it was due the first rule fired, which is
    /// to be with the first poll at the latest.
    fn lateness(&self, due: &str) -> TimeDelta {
        let due = due.parse().unwrap();
        let fired = self.times_of("fired")[0];
        assert!(fired >= due, "{fired}");
        let polls = self.polls_between(due, fired);
        assert!(polls <= 1, "{polls} polls before {fired}");
        fired - due
    }
}

fn source_away_while_firing() -> String {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(r#"{"fault": "lost_before_effect", "class": "cancel"}"#);
    rig.fault(r#"{"fault": "lost_before_effect", "class": "flatten"}"#);
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("a request", |rig| rig.count("request_sent") > 0);
    rig.venue.set_addon(false);
    rig.let_polls_pass();
    assert_eq!(rig.count("verified"), 0, "nobody could see it flat");
    rig.venue.clear_faults();
    rig.venue.set_addon(true);
    let back = Instant::now();
    rig.wait_flat(1);
    assert_eq!(rig.count("fired"), 1);
    format!(
        "kept trying without a verdict; flat {:.1} s after the source was back, one firing",
        back.elapsed().as_secs_f32()
    )
}

fn not_a_number() -> String {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    for class in ["snapshot", "accounts"] {
        rig.fault(&format!(
            r#"{{"fault": {{"field_nan": {{"field": "unrealizedProfitLoss"}}}}, "class": "{class}"}}"#
        ));
    }
    rig.wait_for("the loss of data", |rig| rig.count("data_lost") > 0);
    rig.venue.set_price(ES, 4980).unwrap();
    rig.let_polls_pass();
    assert_eq!(rig.count("fired"), 0, "what is not a number fires nothing");
    assert!(rig.is_running());
    rig.venue.clear_faults();
    rig.wait_flat(1);
    assert_eq!(rig.count("data_back"), 1);
    "unknown, told as lost data, nothing fired; fired with the first number, flat".to_owned()
}

fn jump_to_zero() -> String {
    let rules = r#"
rules:
  - name: floor
    accounts: ["*"]
    when: { trailing_drawdown: { metric: pnl, trail: 500, span: session } }
    then: [flatten, { lock: { until: session_end } }]
"#;
    let mut rig = long_two(rules);
    rig.start_ready();
    // 400 made: the floor is at -100.
    rig.venue.set_price(ES, 5004).unwrap();
    rig.let_polls_pass();
    // The venue shows zero from here on, whatever happens.
    rig.fault(r#"{"fault": "pnl_zeroed", "class": "snapshot"}"#);
    rig.wait_for("the doubt", |rig| rig.count("data_suspect") > 0);
    rig.let_polls_pass();
    assert_eq!(rig.count("fired"), 0, "a jump is no loss");
    // Equity tells the truth: a loss of 110, beyond the floor.
    let price: rust_decimal::Decimal = "4998.9".parse().unwrap();
    rig.venue.set_price(ES, price).unwrap();
    rig.wait_flat(1);
    let fired = rig.events();
    let fired = fired.iter().find(|event| event["kind"] == "fired").unwrap();
    assert_eq!(fired["data"]["high_water"], "400.00", "{fired}");
    "suspect, nothing fired, the mark stayed at 400.00; then by its own ledger: fired on the true loss, though zero was still shown".to_owned()
}

fn restart_while_pending() -> String {
    // Polls are a second apart, or more: so many of them are seen in that time,
    // or fewer.
    const HOLD: usize = 12;
    const HELD_BEFORE: usize = 6;
    let hold = format!("    hold: {HOLD}s\n    when:");
    let mut rig = long_two(&LOSS_LIMIT.replace("    when:", &hold));
    rig.start_ready();
    rig.venue.set_price(ES, 4980).unwrap();
    let before = rig.polls().len();
    rig.wait_for("half of the time", |rig| {
        rig.polls().len() > before + HELD_BEFORE
    });
    rig.kill();
    assert_eq!(rig.count("fired"), 0);
    rig.set_clock_by(60);
    rig.start_ready();
    rig.wait_flat(1);
    let ready = rig.times_of("ready")[1];
    let fired = rig.times_of("fired")[0];
    // The first poll is what it was ready with.
    let polls = rig.polls_between(ready, fired);
    assert!(
        polls > 0,
        "time in which nobody looked does not count: {ready} to {fired}"
    );
    assert!(
        polls <= HOLD - HELD_BEFORE + 1,
        "what was held before counts: {polls} polls, {ready} to {fired}"
    );
    format!(
        "held {HELD_BEFORE} s of {HOLD}, away for half a minute: fired {:.1} s after the restart, neither at once nor from the beginning",
        (fired - ready).as_seconds_f32()
    )
}

fn restart_while_firing() -> String {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("a round without success", |rig| rig.count("not_yet") > 0);
    rig.kill();
    rig.venue.clear_faults();
    rig.venue.set_price(ES, 5010).unwrap();
    rig.start_ready();
    rig.wait_flat(1);
    assert_eq!(rig.count("fired"), 1);
    assert!(rig.count("resumed") > 0);
    "taken up from the record though the loss was gone; flat, one firing".to_owned()
}

fn refused_flatten() -> String {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(
        r#"{"fault": {"flatten_refused": {"error": "Market is closed for ES 03-26"}}, "class": "flatten"}"#,
    );
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("the alarm", |rig| rig.count("enforcement_stuck") > 0);
    let events = rig.events();
    let stuck = events
        .iter()
        .find(|event| event["kind"] == "enforcement_stuck")
        .unwrap();
    assert!(
        stuck.to_string().contains("Market is closed for ES 03-26"),
        "{stuck}"
    );
    assert_eq!(rig.count("verified"), 0);
    rig.venue.clear_faults();
    rig.wait_flat(1);
    format!(
        "{} flattens, one alarm with the venue's own words, flat once it was let",
        rig.flattens()
    )
}

fn lost_answer() -> String {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(r#"{"fault": "lost_after_effect", "class": "flatten"}"#);
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_flat(1);
    assert_eq!(rig.contracts(), 0);
    assert_eq!(
        rig.flattens(),
        1,
        "it was looked at before anything was repeated"
    );
    "looked first: 1 flatten on the wire, flat verified".to_owned()
}

fn failure_in_a_200() -> String {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(r#"{"fault": "success_false", "class": "flatten", "count": 2}"#);
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_flat(1);
    assert_eq!(rig.flattens(), 3);
    "taken as refused; the third flatten closed it, flat verified".to_owned()
}

fn night_of_a_clock_change() -> String {
    // At 02:00 in New York the clocks go to 03:00, which is 07:00 UTC.
    let rules = r#"
rules:
  - name: nightly
    accounts: ["*"]
    when: { at: { cron: "30 2 * * *", timezone: America/New_York } }
    then: [flatten]
  - name: early hours
    accounts: ["*"]
    when: { inside: [{ days: [sun], from: "03:00", to: "04:00", timezone: America/New_York }] }
    then: [cancel_orders, flatten]
"#;
    let mut rig = long_two_at("2026-03-08T06:30:00Z", rules);
    rig.start_ready();
    assert_eq!(rig.count("fired"), 0, "it is before two");
    rig.set_clock("2026-03-08T06:59:57Z");
    rig.wait_for("both rules", |rig| rig.count("fired") == 2);
    rig.wait_flat(1);
    let late = rig.lateness("2026-03-08T07:00:00Z");
    rig.let_polls_pass();
    assert_eq!(rig.count("fired"), 2, "each once");
    format!(
        "02:30 that does not exist and 03:00 both fired {:.1} s after 07:00 UTC, once each",
        late.as_seconds_f32()
    )
}

fn window_over_midnight() -> String {
    let rules = r#"
rules:
  - name: over midnight
    accounts: ["*"]
    when: { inside: [{ days: [tue], from: "23:30", to: "00:30", timezone: UTC }] }
    then: [cancel_orders, flatten]
"#;
    let mut rig = long_two_at("2026-03-03T23:00:00Z", rules);
    rig.start_ready();
    rig.let_polls_pass();
    assert_eq!(rig.count("fired"), 0, "the window is not open yet");
    rig.set_clock("2026-03-03T23:29:57Z");
    rig.wait_flat(1);
    let late = rig.lateness("2026-03-03T23:30:00Z");
    rig.kill();
    // Wednesday, still in Tuesday's window.
    rig.set_clock("2026-03-04T00:10:00Z");
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.start_ready();
    rig.wait_flat(2);
    // Output of it.
    rig.set_clock("2026-03-04T00:29:57Z");
    let end: DateTime<Utc> = "2026-03-04T00:30:01Z".parse().unwrap();
    rig.wait_for("the end of the window", |rig| rig.now() > end);
    rig.let_polls_pass();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.let_polls_pass();
    assert_eq!(rig.contracts(), 1, "the window is over");
    format!(
        "flat {:.1} s after 23:30, flat again at 00:10 of the next day, left alone after 00:30",
        late.as_seconds_f32()
    )
}

fn bad_reload() -> String {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    let good = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&good.replace("loss: 500", "los: 500"));
    signal(rig.pid(), "HUP");
    rig.wait_for("the refusal", |rig| rig.count("rules_refused") >= 1);
    let refused = rig.events();
    let refused = refused
        .iter()
        .find(|e| e["kind"] == "rules_refused")
        .unwrap();
    assert!(refused.to_string().contains("loss"), "{refused}");
    // 4 points are 400: within the limit that is still in force.
    rig.venue.set_price(ES, 4996).unwrap();
    rig.let_polls_pass();
    assert_eq!(rig.count("fired"), 0);
    rig.venue.set_price(ES, 4995).unwrap();
    rig.wait_flat(1);
    "refused with its place and a suggestion; the old limit fired at its level".to_owned()
}

fn clock_step() -> String {
    let rules = LOSS_LIMIT.replace("until: session_end", "until: 2h");
    // Noon in New York: the session does not end within three hours of it.
    let mut rig = long_two_at("2026-01-14T17:00:00Z", &rules);
    rig.start_ready();
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_flat(1);
    for (step, hours) in [(1, 3), (2, -3)] {
        rig.set_daemon_clock(hours * 3_600);
        rig.wait_for("the step", |rig| rig.count("clock_stepped") == step);
        rig.let_polls_pass();
        rig.venue.open("Sim101", ES, 1, None).unwrap();
        rig.wait_flat(1 + step);
    }
    assert_eq!(rig.count("fired"), 1, "a step re-arms nothing");
    assert_eq!(rig.count("lock_ended"), 0);
    "3 h forward and 3 h back: the lock of 2 h held both times, nothing fired anew".to_owned()
}
