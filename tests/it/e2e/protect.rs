//! The job itself: a limit is crossed, the account is made flat, the record
//! says so.

use serde_json::Value;

use super::rig::{LOSS_LIMIT, Rig};

const ES: &str = "ES 03-26";

/// A rig whose first account is long 2 ES from 5000 with a resting stop and a
/// resting buy far away; a loss of 500 is 5 points.
fn long_two(accounts: &[&str]) -> Rig {
    let rig = Rig::new(accounts, LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open(accounts[0], ES, 2, None).unwrap();
    rig.place_resting_buy(accounts[0]);
    rig
}

impl Rig {
    pub fn place_resting_buy(&self, account: &str) {
        let ticket = serde_json::from_value(serde_json::json!({
            "instrument": ES, "side": "buy", "quantity": 1, "order_type": "limit",
            "limit_price": "4900",
        }))
        .unwrap();
        self.venue.place(account, &ticket).unwrap();
    }

    /// The first event of this kind.
    fn first(&self, kind: &str) -> Value {
        self.events()
            .into_iter()
            .find(|event| event["kind"] == kind)
            .unwrap_or_else(|| panic!("no {kind} in the record"))
    }
}

#[test]
fn a_crossed_limit_makes_the_account_flat_and_the_record_tells_the_story() {
    let accounts = ["Sim101", "PA APEX 12!"];
    let mut rig = long_two(&accounts);
    rig.venue.open("PA APEX 12!", ES, 1, None).unwrap();
    rig.start_ready();
    assert_eq!(rig.count("fired"), 0);
    // 5 points of 2 ES are 500: the limit itself.
    rig.venue.set_price(ES, 4995).unwrap();
    rig.wait_for("the account to be verified flat", |rig| {
        rig.count("verified") > 0
    });
    assert!(rig.is_flat_and_quiet("Sim101"));
    // The other account lost 250 and is left alone.
    let other = rig.venue.figures("PA APEX 12!").unwrap();
    assert_eq!(other.positions.len(), 1);

    let fired = rig.first("fired");
    assert_eq!(fired["account"], "acct-1");
    assert_eq!(fired["rule"], "daily loss limit");
    // As in the answers of the API; `data` is the older name of the same.
    assert_eq!(fired["fields"]["value"], "-500.00");
    assert_eq!(fired["data"], fired["fields"]);
    assert_eq!(fired["data"]["limit"], "-500.00");
    // The result is worked out before the reader's eyes.
    let mut why = rig.riskd();
    why.args(["why", "1", "--rules"]).arg(rig.rules());
    let why = String::from_utf8(why.output().unwrap().stdout).unwrap();
    let says = |part: &str| assert!(why.contains(part), "{part}: {why}");
    says("  session P&L -500.00 at or below -500.00\n  exactly at the limit\n");
    match fired["fields"]["basis"].as_str() {
        Some("venue") => says("realized 0.00 + unrealized -500.00 = -500.00\n"),
        _ => says(", first observation, long after the open) = -500.00\n"),
    }
    // The log says it as the operator's business that it is.
    rig.wait_for("the message in the log", |rig| {
        let log = rig.log();
        let mut lines = log.lines();
        lines
            .any(|line| line.contains("ERROR") && line.contains("daily loss limit fired on acct-1"))
    });
    let kinds: Vec<String> = rig
        .events()
        .iter()
        .filter(|event| event["account"] == "acct-1")
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect();
    let after = kinds.iter().position(|kind| kind == "fired").unwrap();
    let story: Vec<&str> = kinds[after..].iter().map(String::as_str).collect();
    assert_eq!(
        story,
        [
            "fired",
            "locked",
            "enforcement_started",
            "request_sent",
            "request_sent",
            "enforcement_started",
            "request_answered",
            "request_answered",
            "verified",
        ]
    );
    for write in rig.venue.requests().iter().filter(|r| r.method == "POST") {
        assert!(
            write.path.starts_with("/v1/api/accounts/Sim101/"),
            "{}",
            write.path
        );
    }
    assert_eq!(rig.venue.counters().all_accounts, 0);
}

#[test]
fn a_locked_account_is_flattened_again_when_a_position_is_opened_by_hand() {
    let mut rig = long_two(&["Sim101"]);
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("the first flat", |rig| rig.count("verified") == 1);
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.wait_for("the second flat", |rig| rig.count("verified") == 2);
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.count("lock_violated"), 1);
    // An order alone is a violation too.
    rig.place_resting_buy("Sim101");
    rig.wait_for("the third flat", |rig| rig.count("verified") == 3);
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.count("fired"), 1, "the limit fires once a session");
}

#[test]
fn a_kill_between_firing_and_flat_is_finished_by_the_next_start() {
    let mut rig = long_two(&["Sim101"]);
    rig.start_ready();
    rig.fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("a round without success", |rig| rig.count("not_yet") > 0);
    rig.kill();
    assert!(!rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.count("verified"), 0);
    rig.venue.clear_faults();
    // The price is back: only what was left undone asks for the flatten now.
    rig.venue.set_price(ES, 5010).unwrap();
    rig.start();
    rig.wait_for("the job to be finished", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.count("fired"), 1);
    assert!(rig.count("resumed") > 0);
    // The lock has survived too.
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.wait_for("the lock to hold", |rig| rig.count("lock_violated") == 1);
    rig.wait_for("flat again", |rig| rig.is_flat_and_quiet("Sim101"));
}

#[test]
fn observe_mode_decides_and_sends_nothing() {
    let mut rig = long_two(&["Sim101"]);
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&text.replace("http: off", "http: off, mode: observe"));
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("the firing", |rig| rig.count("fired") == 1);
    rig.wait_for("what would be done", |rig| rig.count("would_send") >= 3);
    assert_eq!(rig.terminate(), Some(0));
    let writes = rig.venue.requests();
    assert!(writes.iter().all(|request| request.method == "GET"));
}

impl Rig {
    /// Switches a fault on, as JSON.
    pub fn fault(&self, rule: &str) {
        let rule = serde_json::from_str(rule).unwrap();
        self.venue.set_fault(rule).unwrap();
    }
}
