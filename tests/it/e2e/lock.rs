//! What the commands of a person say: what came of them, not what was asked.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::points::Failure;
use super::rig::{LOSS_LIMIT, Rig};
use super::secrets::{free_port, get};

const ES: &str = "ES 03-26";
/// 12:00 in New York.
const WEDNESDAY_NOON: &str = "2026-11-18T17:00:00Z";

/// A rig at noon with a local API, that of this address.
fn at_noon(rules: &str) -> (Rig, String) {
    let rig = Rig::at(WEDNESDAY_NOON, &["Sim101"], rules);
    let http = with_api(&rig);
    rig.venue.set_price(ES, 5000).unwrap();
    (rig, http)
}

/// Gives the daemon of a rig a local API, and the address of it.
pub fn with_api(rig: &Rig) -> String {
    let http = format!("127.0.0.1:{}", free_port());
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&text.replace("http: off", &format!("http: \"{http}\"")));
    http
}

impl Rig {
    /// What a command says, which is to go well.
    fn said(&self, args: &[&str]) -> String {
        let output = self.riskd().args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {text}{wrong}");
        text
    }
}

impl Rig {
    /// How often it was verified that an account is flat and quiet.
    fn times_flat(&self) -> usize {
        let events = self.events();
        let is_it = |event: &&Value| {
            let message = event["message"].as_str().unwrap();
            event["kind"] == "verified" && message.contains(" is flat and quiet")
        };
        events.iter().filter(is_it).count()
    }
}

/// Has the daemon at this address do something, and gives its answer.
fn post(rig: &Rig, http: &str, path: &str, body: &Value) -> Value {
    let token = std::fs::read_to_string(rig.folder.path().join("api-token")).unwrap();
    let body = body.to_string();
    let mut stream = TcpStream::connect(http).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {http}\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        token.trim(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn account(http: &str) -> Value {
    let answer = String::from_utf8(get(http, "/status")).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let status: Value = serde_json::from_str(body).unwrap();
    status["accounts"][0].clone()
}

fn health(http: &str) -> Value {
    let answer = String::from_utf8(get(http, "/healthz")).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_lock_is_told_with_its_end_and_what_changes_nothing_is_no_success() {
    let (mut rig, http) = at_noon(LOSS_LIMIT);
    rig.start_ready();
    let lock = |rig: &Rig, until: &str| rig.said(&["lock", "acct-1", "--until", until]);
    assert_eq!(
        lock(&rig, "16:00"),
        "acct-1 is locked until Wed 2026-11-18 16:00 America/New_York (2026-11-18 21:00 UTC); it is on record\n"
    );
    let kept = "acct-1 stays locked until Wed 2026-11-18 16:00 America/New_York (2026-11-18 21:00 UTC), which is longer than what was asked for\nit is made flat and quiet all the same\n";
    assert_eq!(lock(&rig, "1h"), kept);
    // Eleven has passed today.
    assert_eq!(
        lock(&rig, "11:00"),
        "acct-1 stays locked, and longer than before: until Thu 2026-11-19 11:00 America/New_York (2026-11-19 16:00 UTC); it is on record\n"
    );
    let manual = lock(&rig, "manual");
    assert!(
        manual.contains("longer than before: until a person"),
        "{manual}"
    );
    let kept = lock(&rig, "1h");
    assert!(
        kept.starts_with(
            "acct-1 stays locked until a person unlocks it, which is longer than what was asked for\n"
        ),
        "{kept}"
    );
    assert!(lock(&rig, "manual").contains("unlocks it, as it was before\n"));
    assert_eq!((rig.count("locked"), rig.count("lock_extended")), (1, 2));
    let locked = rig.said(&["events", "--kind", "locked"]);
    assert!(locked.contains(": by hand"), "{locked}");

    rig.wait_for("the proof", |_| account(&http)["enforcement"].is_null());
    let unlock = ["unlock", "acct-1", "--reason", "over"];
    assert_eq!(
        rig.said(&unlock),
        "acct-1 is not locked any more; it is on record\nthe lock has ended that was set until a person unlocks it (by hand)\n"
    );
    assert_eq!(
        rig.said(&unlock),
        "acct-1 was not locked; nothing has changed\n"
    );
    assert_eq!(rig.count("unlocked"), 1);
    let rearm = ["rearm", "acct-1", "daily loss limit", "--reason", "x"];
    assert_eq!(
        rig.said(&rearm),
        "rule daily loss limit on acct-1 has not fired; nothing has changed\n"
    );
    assert_eq!(rig.count("rearmed"), 0);
}

#[test]
fn a_rule_that_has_fired_and_does_not_act_is_told_of_until_it_is_armed() {
    let (mut rig, http) = at_noon(LOSS_LIMIT);
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("flat", |rig| rig.times_flat() == 1);
    assert!(!rig.said(&["status"]).contains("does not act"));

    let said = rig.said(&["unlock", "acct-1", "--reason", "over"]);
    let expect = "\
acct-1 is not locked any more; it is on record
the lock has ended that was set until Wed 2026-11-18 18:00 America/New_York (2026-11-18 23:00 UTC) (rule daily loss limit)
These rules have fired and do not act again before they are armed:
  \"daily loss limit\" (next session, Wed 2026-11-18 18:00 America/New_York (2026-11-18 23:00 UTC))
`riskd rearm acct-1 \"daily loss limit\" --reason TEXT` arms one now; where its limit is still exceeded it fires again.
";
    assert_eq!(said, expect);
    let status = rig.said(&["status"]);
    assert!(
        status.contains("daily loss limit  fired, does not act"),
        "{status}"
    );
    // A flat account loses nothing.
    assert_eq!(health(&http)["state"], "good");

    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.wait_for("the problem", |_| {
        health(&http)["kinds"] == serde_json::json!(["beyond_fired_limit"])
    });
    let problems = health(&http)["problems"].to_string();
    assert!(
        problems.contains("acct-1 is not locked, holds ES 03-26:+1@4990")
            && problems.contains(r#"armed: \"daily loss limit\""#),
        "{problems}"
    );
    assert_eq!(rig.count("fired"), 1);
    let status = rig.said(&["status"]);
    assert!(
        status.contains(
            "\n  BEYOND THE LIMIT of what has fired and does not act: daily loss limit\n"
        ),
        "{status}"
    );

    let said = rig.said(&["rearm", "acct-1", "daily loss limit", "--reason", "x"]);
    assert!(
        said.starts_with("rule daily loss limit may fire again on acct-1; it is on record\nits condition is true: it fires again"),
        "{said}"
    );
    rig.wait_for("flat again", |rig| rig.times_flat() == 2);
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.count("fired"), 2);
    assert_eq!(health(&http)["kinds"], serde_json::json!([]));
}

#[test]
fn rules_that_only_notify_are_not_called_idle_and_orders_count_for_their_rules() {
    let rules = r#"
rules:
  - name: told
    accounts: ["*"]
    when: { pnl: { loss: 100 } }
    then: [{ notify: log }]
  - name: no orders
    accounts: ["*"]
    when: { pnl: { loss: 100 } }
    then: [cancel_orders]
  - name: has the orders read
    accounts: ["*"]
    when: { orders: { working: 10 } }
    then: [cancel_orders]
"#;
    let (mut rig, http) = at_noon(rules);
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("both", |rig| {
        rig.count("fired") == 2 && rig.count("verified") == 1
    });
    let said = rig.said(&["unlock", "acct-1", "--reason", "over"]);
    assert!(
        said.contains("\n  \"no orders\" (next session, ") && !said.contains("told"),
        "{said}"
    );
    // It holds a position, and the rule is about orders.
    assert_eq!(health(&http)["state"], "good");
    rig.place_resting_buy("Sim101");
    rig.wait_for("the problem", |_| {
        health(&http)["problems"]
            .to_string()
            .contains("1 working order")
    });
}

#[test]
fn a_rule_that_goes_on_closing_what_it_objects_to_is_not_called_idle() {
    let rules = r#"
rules:
  - name: too big
    accounts: ["*"]
    when: { position: { contracts: 1 } }
    then: [close_position]
"#;
    let (mut rig, http) = at_noon(rules);
    rig.fault(r#"{"fault": "lost_before_effect", "class": "flatten"}"#);
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    rig.wait_for("the firing", |rig| rig.count("fired") == 1);
    assert_eq!(
        rig.said(&["unlock", "acct-1", "--reason", "over"]),
        "acct-1 was not locked; nothing has changed\n"
    );
    assert!(!rig.said(&["status"]).contains("does not act"));
    let kinds = health(&http)["kinds"].to_string();
    assert!(!kinds.contains("beyond_fired_limit"), "{kinds}");
}

#[test]
fn unlocking_ends_locks_of_both_kinds_and_says_what_arms_each_rule() {
    let rules = r#"
rules:
  - name: slow
    accounts: ["*"]
    when: { pnl: { loss: 100 } }
    then: [{ close_only: { until: session_end } }]
    rearm: 10m
  - name: once
    accounts: ["*"]
    when: { pnl: { loss: 100 } }
    then: [cancel_orders]
    rearm: never
  - name: while losing
    accounts: ["*"]
    when: { pnl: { loss: 100 } }
    then: [cancel_orders]
    rearm: clear
  - name: until flat
    accounts: ["*"]
    when: { pnl: { loss: 100, of: unrealized } }
    then: [cancel_orders]
    rearm: flat
  - name: far away
    accounts: ["*"]
    when: { pnl: { loss: 5000 } }
    then: [flatten]
"#;
    let (mut rig, _) = at_noon(rules);
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("all four", |rig| {
        rig.count("fired") == 4 && rig.count("verified") > 0
    });
    let status = rig.said(&["status"]);
    let state = |status: &str, rule: &str| -> String {
        let line = status.lines().find(|line| line.trim().starts_with(rule));
        line.unwrap().to_owned()
    };
    assert!(state(&status, "slow").contains("  fired  "), "{status}");
    assert!(
        state(&status, "once").contains("fired, does not act"),
        "{status}"
    );
    assert!(state(&status, "far away").contains("  armed  "), "{status}");

    let said = rig.said(&["unlock", "acct-1", "--reason", "over"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "acct-1 is not locked any more; it is on record");
    assert_eq!(
        lines[1],
        "the close-only lock has ended that was set until Wed 2026-11-18 18:00 America/New_York (2026-11-18 23:00 UTC) (rule slow)"
    );
    let events = rig.events();
    let slow = events
        .iter()
        .find(|event| event["kind"] == "fired" && event["rule"] == "slow");
    let fired: DateTime<Utc> = slow.unwrap()["time"].as_str().unwrap().parse().unwrap();
    let armed = fired + TimeDelta::minutes(10);
    let there = (armed - TimeDelta::hours(5)).format("%H:%M:%S");
    let expect = format!(
        "  \"slow\" (10m after it fired, Wed 2026-11-18 {there} America/New_York ({} UTC)",
        armed.format("%F %T")
    );
    assert!(lines[3].starts_with(&expect), "{expect}: {said}");
    assert_eq!(
        lines[4..7],
        [
            "  \"once\" (only by `riskd rearm`)",
            "  \"while losing\" (once its condition is false)",
            "  \"until flat\" (once the account is flat and quiet)",
        ]
    );
    assert_eq!(lines.len(), 8, "{said}");

    // Both kinds at once.
    rig.said(&["rearm", "acct-1", "slow", "--reason", "x"]);
    rig.wait_for("close only again", |rig| rig.count("fired") == 5);
    rig.said(&["lock", "acct-1", "--until", "manual"]);
    let said = rig.said(&["unlock", "acct-1", "--reason", "over"]);
    for part in [
        "the lock has ended that was set until a person unlocks it (by hand)\n",
        "the close-only lock has ended that was set until Wed ",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!rig.said(&["status"]).contains("CLOSE ONLY"));
}

#[test]
fn what_holds_is_told_on_a_full_disk_too_and_that_it_is_not_on_record() {
    let (mut rig, _) = at_noon(LOSS_LIMIT);
    rig.fail_while_told(Failure::Full);
    rig.start_ready();
    rig.disk_fails(true);
    let locked = rig
        .riskd()
        .args(["lock", "acct-1", "--until", "manual"])
        .output()
        .unwrap();
    assert_eq!(locked.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(locked.stdout).unwrap(),
        "acct-1 is locked until a person unlocks it\n"
    );
    let said = String::from_utf8(locked.stderr).unwrap();
    assert!(said.contains("the record could not be written"), "{said}");
    rig.disk_fails(false);
    rig.wait_for("the record", |rig| rig.count("locked") == 1);
}

#[test]
fn nothing_is_said_to_be_locked_while_riskd_only_observes() {
    let (mut rig, http) = at_noon(LOSS_LIMIT);
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&text.replace("daemon: { ", "daemon: { mode: observe, "));
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("the firing", |rig| rig.count("fired") == 1);
    let locked = rig
        .riskd()
        .args(["lock", "acct-1", "--until", "1h"])
        .output()
        .unwrap();
    assert_eq!(locked.status.code(), Some(1));
    assert!(locked.stdout.is_empty());
    let said = String::from_utf8(locked.stderr).unwrap();
    assert!(said.contains("nothing is locked"), "{said}");
    // It would have acted once, and acts at no time: that is no problem.
    assert_eq!(health(&http)["state"], "good");
    assert!(!rig.said(&["status"]).contains("does not act"));
}

/// Case B1, for a person: to ask again and again does not keep the account from
/// being looked at.
#[test]
fn b1_a_person_who_asks_twice_a_second_gets_a_flat_account() {
    let (mut rig, http) = at_noon(LOSS_LIMIT);
    rig.fault(r#"{"fault": {"delay": {"ms": 300}}, "class": "reads"}"#);
    rig.fault(r#"{"fault": "flatten_nothing", "class": "flatten", "count": 1}"#);
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    let ask = json!({"account": "acct-1", "reason": "now"});
    let mut asked = 0;
    let mut most_open = 0;
    while !rig.is_flat_and_quiet("Sim101") || rig.times_flat() == 0 {
        asked += 1;
        assert!(
            asked <= 30,
            "not flat after so many; the log:\n{}",
            rig.log()
        );
        let due = Instant::now() + Duration::from_millis(500);
        assert_eq!(post(&rig, &http, "/flatten", &ask)["outcome"], "flattening");
        while Instant::now() < due {
            let open = account(&http)["enforcement"]["intents"]
                .as_array()
                .map_or(0, Vec::len);
            most_open = most_open.max(open);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let requests = rig.venue.requests();
    let flattens = requests
        .iter()
        .filter(|r| r.path.ends_with("/positions/flatten"))
        .count();
    println!(
        "flat after {asked} asks, at most {most_open} open, {flattens} flattens, {} requests",
        requests.len()
    );
    assert!(most_open <= 2, "{most_open}");
    // The one that was ignored, the one that was not, and one for an ask of after.
    assert!((2..=4).contains(&flattens), "{flattens}");
    // Once nobody asks any more, all that was asked for is done.
    rig.wait_for("the end", |_| account(&http)["enforcement"].is_null());
}

/// Case B9: what waits to be sent does not leave after a person has unlocked.
#[test]
fn b9_nothing_that_waits_leaves_after_a_person_has_unlocked() {
    let (mut rig, http) = at_noon(LOSS_LIMIT);
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    let busy = r#"{"fault": {"status": {"code": 429, "retry_after": 4}}, "class": "writes"}"#;
    rig.fault(busy);
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("a write that was turned away", |rig| {
        rig.count("request_answered") > 0
    });
    let unlocked = post(
        &rig,
        &http,
        "/unlock",
        &json!({"account": "acct-1", "reason": "a bad price"}),
    );
    assert_eq!(unlocked["outcome"], "unlocked", "{unlocked}");
    // The rule had asked for a flat account, and for no orders.
    assert_eq!(
        unlocked["given_up"].as_array().unwrap().len(),
        2,
        "{unlocked}"
    );
    assert!(account(&http)["enforcement"].is_null());
    let writes = |rig: &Rig| {
        rig.venue
            .requests()
            .iter()
            .filter(|r| r.method == "POST")
            .count()
    };
    let before = writes(&rig);
    rig.venue.clear_faults();
    // The pause of the venue ends before polls are asked again.
    rig.let_polls_pass();
    assert_eq!(writes(&rig), before, "{}", rig.log());
    assert!(!rig.is_flat_and_quiet("Sim101"));
    // Each request has its answer on record, and it is that it was not sent.
    let events = rig.events();
    let of = |kind: &str| {
        events
            .iter()
            .filter(|e| e["kind"] == kind)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(of("request_sent").len(), of("request_answered").len());
    for answer in of("request_answered") {
        assert_eq!(answer["fields"]["outcome"], "not_sent", "{answer}");
    }
    // That nothing acts is a problem that is told.
    rig.wait_for("the problem", |_| {
        health(&http)["kinds"] == json!(["beyond_fired_limit"])
    });
}

/// What a person asked for by a lock ends with the lock; a flatten without one
/// goes on.
#[test]
fn unlocking_ends_what_the_lock_had_asked_for_and_nothing_else() {
    let (mut rig, http) = at_noon(LOSS_LIMIT);
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.start_ready();
    rig.fault(r#"{"fault": {"status": {"code": 429, "retry_after": 4}}, "class": "writes"}"#);
    let lock = json!({"account": "acct-1", "until": "manual", "reason": "lunch"});
    let unlock = json!({"account": "acct-1", "reason": "back"});
    post(&rig, &http, "/lock", &lock);
    assert_eq!(
        post(&rig, &http, "/unlock", &unlock)["given_up"],
        json!([1])
    );
    assert!(account(&http)["enforcement"].is_null());
    post(&rig, &http, "/lock", &lock);
    post(
        &rig,
        &http,
        "/flatten",
        &json!({"account": "acct-1", "reason": "out"}),
    );
    assert_eq!(
        post(&rig, &http, "/unlock", &unlock)["given_up"],
        json!([2])
    );
    assert_eq!(account(&http)["enforcement"]["intents"], json!([3]));
    rig.venue.clear_faults();
    rig.wait_for("flat", |rig| rig.is_flat_and_quiet("Sim101"));
}
