//! `riskd flatten` beside a daemon, and without one: it always sends by itself,
//! and never says flat without a proof, whoever makes it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use riskd_paper::PaperConfig;

use super::lock::with_api;
use super::rig::{CANARY, LOSS_LIMIT, Rig, signal};

const ES: &str = "ES 03-26";

/// Nothing fires.
const FAR_LIMIT: &str = r#"
rules:
  - name: far away
    accounts: ["*"]
    when: { pnl: { loss: 50000 } }
    then: [flatten]
"#;

/// This many accounts, each with a position and two resting orders.
fn busy(accounts: usize) -> Rig {
    busy_with(accounts, FAR_LIMIT)
}

/// The same with these rules.
fn busy_with(accounts: usize, rules: &str) -> Rig {
    let numbers: Vec<String> = (101..).take(accounts).map(|n| format!("Sim{n}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let config = PaperConfig {
        token: CANARY.to_owned(),
        ..PaperConfig::default()
    };
    let rig = Rig::with(config.sim_accounts(accounts), &numbers, rules);
    with_api(&rig);
    rig.venue.set_price(ES, 5000).unwrap();
    for number in numbers {
        rig.venue.open(number, ES, 2, None).unwrap();
        rig.place_resting_buy(number);
        rig.place_resting_buy(number);
    }
    rig
}

impl Rig {
    fn flatten(&self, args: &[&str]) -> Output {
        self.riskd().arg("flatten").args(args).output().unwrap()
    }

    /// Requests that read and are no polls: those of a verification.
    fn reads(&self) -> usize {
        let requests = self.venue.requests();
        let is_read = |path: &str| path.contains("/orders") || path.contains("/positions");
        requests
            .iter()
            .filter(|r| r.method == "GET" && is_read(&r.path))
            .count()
    }

    fn writes(&self) -> usize {
        let requests = self.venue.requests();
        requests
            .iter()
            .filter(|request| request.method == "POST")
            .count()
    }
}

/// What the command says, which is to end well.
fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{wrong}");
    text
}

fn assert_by_daemon(text: &str) {
    assert!(
        text.contains("paper: verified through the running daemon"),
        "{text}"
    );
    assert!(!text.contains("itself"), "{text}");
    assert!(
        text.contains("flat and quiet, by what the daemon saw"),
        "{text}"
    );
}

fn assert_by_itself(text: &str, why: &str) {
    let way = format!("paper: verified by riskd flatten itself, since {why}");
    assert!(text.contains(&way), "{way}: {text}");
    assert!(text.contains("flat and quiet, by what was read"), "{text}");
    assert!(!text.contains("the daemon saw"), "{text}");
}

/// Case A: twenty accounts on one token, beside a daemon.
#[test]
fn a_flatten_of_twenty_beside_a_daemon_is_proven_by_it() {
    let mut rig = busy(20);
    rig.venue.set_snapshot_cache(3000);
    rig.start_ready();
    rig.venue.clear_requests();
    let began = Instant::now();
    let text = said(&rig.flatten(&["--all"]));
    let counters = rig.venue.counters();
    println!(
        "20 accounts proven after {:.1} s: {} writes, {} reads, {} polls, {} answers of 429, {} needless flattens",
        began.elapsed().as_secs_f32(),
        rig.writes(),
        rig.reads(),
        rig.polls().len(),
        counters.rate_limited,
        counters.needless_flattens,
    );
    assert_by_daemon(&text);
    assert!(text.contains("20 of 20 accounts flat and quiet"), "{text}");
    // Each flatten once, and no storm: what the command sent is out of the
    // daemon's budget too.
    assert_eq!(
        text.matches("flatten is sent (round 1)").count(),
        20,
        "{text}"
    );
    assert_eq!(counters.needless_flattens, 0);
    assert!(counters.rate_limited <= 5, "{counters:?}");
    for number in 101..=120 {
        assert!(rig.is_flat_and_quiet(&format!("Sim{number}")));
    }
    // It is on record, with who asked.
    assert_eq!(rig.count("verified"), 20);
    let started = rig.events();
    let mut asked = started
        .iter()
        .filter(|e| e["kind"] == "enforcement_started");
    assert!(asked.all(|event| {
        let fields = &event["fields"];
        fields["cause"] == "person" && fields["reason"] == "riskd flatten"
    }));
}

/// The same while the daemon flattens them itself, which leaves nothing of the
/// token's budget to the command.
#[test]
fn a_flatten_of_twenty_that_the_daemon_flattens_too_is_proven_by_it() {
    let mut rig = busy_with(20, LOSS_LIMIT);
    rig.start_ready();
    rig.venue.clear_requests();
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("the daemon's flattens", |rig| rig.writes() >= 20);
    let began = Instant::now();
    let text = said(&rig.flatten(&["--all"]));
    let counters = rig.venue.counters();
    println!(
        "20 accounts proven after {:.1} s: {} writes, {} reads, {} polls, {} answers of 429, {} needless flattens",
        began.elapsed().as_secs_f32(),
        rig.writes(),
        rig.reads(),
        rig.polls().len(),
        counters.rate_limited,
        counters.needless_flattens,
    );
    assert_by_daemon(&text);
    assert!(text.contains("20 of 20 accounts flat and quiet"), "{text}");
    // Each flatten is tried once, and what the venue turned away is not tried again.
    assert_eq!(text.matches("flatten is sent").count(), 20, "{text}");
    assert!(counters.rate_limited <= 25, "{counters:?}");
    for number in 101..=120 {
        assert!(rig.is_flat_and_quiet(&format!("Sim{number}")));
    }
}

/// What the venue turned away is closed by the daemon, which knows of no reason to
/// close it but the command.
#[test]
fn a_flatten_that_the_rate_limit_turns_away_is_sent_by_the_daemon() {
    let mut rig = busy(2);
    rig.start_ready();
    rig.venue.clear_requests();
    rig.fault(r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 2}"#);
    let text = said(&rig.flatten(&["--all"]));
    assert_by_daemon(&text);
    assert!(text.contains("2 of 2 accounts flat and quiet"), "{text}");
    assert_eq!(text.matches("flatten is sent").count(), 2, "{text}");
    let flattens = rig.venue.requests();
    let flattens = flattens.iter().filter(|r| r.path.ends_with("/flatten"));
    assert_eq!(flattens.count(), 4);
    assert_eq!(rig.venue.counters().needless_flattens, 0);
    assert_eq!(rig.count("verified"), 2);
}

/// What the daemon sees to hold nothing it looks at, and sends nothing.
#[test]
fn a_flatten_that_the_rate_limit_turns_away_is_not_sent_to_what_is_flat() {
    let mut rig = Rig::new(&["Sim101"], FAR_LIMIT);
    with_api(&rig);
    rig.start_ready();
    rig.venue.clear_requests();
    rig.fault(r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 1}"#);
    let text = said(&rig.flatten(&["acct-1"]));
    assert_by_daemon(&text);
    assert_eq!(rig.writes(), 1, "{text}");
    assert!(rig.reads() > 0);
}

/// Without a daemon the command goes on by itself until the venue lets it.
#[test]
fn a_flatten_that_the_rate_limit_turns_away_is_sent_again_without_a_daemon() {
    let rig = busy(2);
    rig.fault(r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 2}"#);
    let text = said(&rig.flatten(&["--all"]));
    assert_by_itself(&text, "no riskd daemon answers at 127.0.0.1:");
    assert!(text.contains("2 of 2 accounts flat and quiet"), "{text}");
    assert_eq!(text.matches("flatten is sent").count(), 4, "{text}");
}

#[test]
fn without_a_daemon_it_looks_by_itself_and_notes_it_in_the_record() {
    let mut rig = busy(2);
    rig.start_ready();
    assert_eq!(rig.terminate(), Some(0));
    let text = said(&rig.flatten(&["--all"]));
    assert_by_itself(&text, "no riskd daemon answers at 127.0.0.1:");
    let by_hand = rig.events();
    let mut notes = by_hand.iter().filter(|event| event["kind"] == "verified");
    assert!(notes.all(|note| {
        note["message"]
            .as_str()
            .unwrap()
            .contains("by hand, without the daemon")
    }));
    assert_eq!(rig.count("verified"), 2);
}

#[test]
fn a_daemon_that_hangs_is_left_after_a_second() {
    let mut rig = busy(2);
    rig.start_ready();
    signal(rig.pid(), "STOP");
    let text = said(&rig.flatten(&["--all"]));
    assert_by_itself(&text, "the daemon does not answer within 1 s");
    assert!(rig.is_flat_and_quiet("Sim101") && rig.is_flat_and_quiet("Sim102"));
    signal(rig.pid(), "CONT");
}

#[test]
fn a_daemon_that_only_observes_proves_nothing() {
    let mut rig = busy(1);
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&text.replace("daemon: { ", "daemon: { mode: observe, "));
    rig.start_ready();
    let text = said(&rig.flatten(&["acct-1"]));
    assert_by_itself(&text, "the daemon only observes");
    assert!(rig.is_flat_and_quiet("Sim101"));
}

#[test]
fn a_daemon_with_another_account_under_the_name_proves_nothing() {
    let mut rig = busy(2);
    rig.start_ready();
    // The other file gives the first name to the second account.
    let other = rig.folder.path().join("other.yaml");
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    let text = text
        .replace("\"Sim101\"", "\"Sim\"")
        .replace("\"Sim102\"", "\"Sim101\"");
    std::fs::write(&other, text.replace("\"Sim\"", "\"Sim102\"")).unwrap();
    let text = said(&rig.flatten(&["acct-1", "--rules", other.to_str().unwrap()]));
    assert_by_itself(&text, "the daemon has Sim101 under the name acct-1");
    assert!(rig.is_flat_and_quiet("Sim102") && !rig.is_flat_and_quiet("Sim101"));
    // The same name and number at another address is another account too.
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    let elsewhere = format!("localhost:{}", rig.address.port());
    std::fs::write(&other, text.replace(&rig.address.to_string(), &elsewhere)).unwrap();
    let text = said(&rig.flatten(&["acct-1", "--rules", other.to_str().unwrap()]));
    assert_by_itself(&text, "acct-1: acct-1 is another account here");
    assert!(rig.is_flat_and_quiet("Sim101"));
}

#[test]
fn a_daemon_that_is_killed_while_it_looks_is_left_at_once() {
    let mut rig = busy(2);
    rig.start_ready();
    rig.fault(r#"{"fault": "hang", "class": "orders"}"#);
    let mut command = Running::start(&rig, &["--all"]);
    command.wait_for("the daemon looks, and goes on until it is flat");
    rig.kill();
    command.wait_for("paper: verified by riskd flatten itself, since ");
    // Nothing is said to be flat before it is proven.
    assert!(!command.seen.contains("flat and quiet"), "{}", command.seen);
    rig.venue.clear_faults();
    let (status, text) = command.end();
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(text.contains("2 of 2 accounts flat and quiet"), "{text}");
}

/// A machine that is busy for a moment is no daemon that hangs.
#[test]
fn a_daemon_that_is_late_once_while_it_looks_is_not_left() {
    let mut rig = busy(1);
    rig.start_ready();
    rig.fault(r#"{"fault": "hang", "class": "orders"}"#);
    let mut command = Running::start(&rig, &["acct-1"]);
    command.wait_for("the daemon looks, and goes on until it is flat");
    signal(rig.pid(), "STOP");
    // Longer than one look at its state may take.
    std::thread::sleep(Duration::from_millis(1500));
    signal(rig.pid(), "CONT");
    rig.venue.clear_faults();
    let (status, text) = command.end();
    assert_eq!(status.code(), Some(0), "{text}");
    assert_by_daemon(&text);
}

#[test]
fn a_daemon_that_does_not_get_on_is_left_after_ten_seconds() {
    let mut rig = busy(1);
    rig.start_ready();
    rig.fault(r#"{"fault": {"status": {"code": 500}}, "class": "orders"}"#);
    let mut command = Running::start(&rig, &["acct-1"]);
    command.wait_for("itself, since the daemon did not get on for 10 s");
    assert!(!command.seen.contains("flat and quiet"), "{}", command.seen);
    rig.venue.clear_faults();
    let (status, text) = command.end();
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(text.contains("by what was read after the last"), "{text}");
}

#[test]
fn the_daemon_goes_on_when_the_command_is_ended() {
    let mut rig = busy(1);
    rig.start_ready();
    rig.fault(r#"{"fault": "flatten_nothing", "class": "flatten", "count": 1}"#);
    let mut command = Running::start(&rig, &["acct-1"]);
    command.wait_for("the daemon looks, and goes on until it is flat");
    command.child.kill().unwrap();
    rig.wait_for("flat", |rig| rig.is_flat_and_quiet("Sim101"));
    rig.wait_for("the proof", |rig| rig.count("verified") == 1);
    // The flatten that the venue ignored was the command's.
    let flattens = rig.venue.requests();
    let flattens = flattens.iter().filter(|r| r.path.ends_with("/flatten"));
    assert_eq!(flattens.count(), 2);
}

#[test]
fn what_is_not_flat_in_time_is_left_to_the_daemon_and_not_called_flat() {
    let mut rig = busy(1);
    rig.start_ready();
    rig.fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
    let output = rig.flatten(&["acct-1", "--timeout", "2s"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("acct-1 is NOT known to be flat and quiet"),
        "{text}"
    );
    assert!(text.contains("0 of 1 account flat and quiet"), "{text}");
    rig.venue.clear_faults();
    rig.wait_for("flat", |rig| rig.is_flat_and_quiet("Sim101"));
}

/// The command as it runs.
struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    seen: String,
}

impl Running {
    fn start(rig: &Rig, args: &[&str]) -> Running {
        let mut command = rig.riskd();
        command.arg("flatten").args(args).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Running {
            child,
            lines,
            seen: String::new(),
        }
    }

    /// Reads what it prints until that holds this.
    fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let read = self.lines.read_line(&mut self.seen).unwrap();
            assert!(read > 0, "it ended without {text:?}: {}", self.seen);
        }
    }

    /// Reads the rest, and how it ended.
    fn end(mut self) -> (ExitStatus, String) {
        while self.lines.read_line(&mut self.seen).unwrap() > 0 {}
        (self.child.wait().unwrap(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
