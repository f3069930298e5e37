//! What is wrong is said clearly, nothing crashes, and protection resumes by
//! itself.

use super::rig::{LOSS_LIMIT, Rig, signal};

const ES: &str = "ES 03-26";

fn long_one() -> Rig {
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig
}

#[test]
fn a_bad_token_is_said_clearly() {
    let mut rig = long_one();
    rig.write_token("not-the-token");
    rig.start();
    rig.wait_for("the refusal to be told", |rig| rig.count("data_lost") > 0);
    assert!(rig.is_running());
    assert!(
        rig.log().contains("refuses the credential"),
        "{}",
        rig.log()
    );
    assert!(!rig.log().contains("not-the-token"));
}

#[test]
fn a_venue_that_is_away_at_start_is_waited_for() {
    let mut rig = long_one();
    rig.venue.set_addon(false);
    rig.start();
    rig.wait_for("the outage to be told", |rig| rig.count("data_lost") > 0);
    assert!(rig.log().contains("offline"), "{}", rig.log());
    assert_eq!(
        rig.count("ready"),
        0,
        "ready only after a fresh observation"
    );
    rig.venue.set_price(ES, 4980).unwrap();
    rig.venue.set_addon(true);
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.count("data_back"), 1);
}

#[test]
fn a_venue_that_goes_away_while_a_rule_fires_is_finished_when_it_is_back() {
    let mut rig = long_one();
    rig.start_ready();
    // Both writes are lost on the way, then everything is.
    rig.fault(r#"{"fault": "lost_before_effect", "class": "cancel"}"#);
    rig.fault(r#"{"fault": "lost_before_effect", "class": "flatten"}"#);
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("the first request", |rig| rig.count("request_sent") > 0);
    rig.venue.set_addon(false);
    rig.wait_for("a read that fails", |rig| rig.count("verify_failed") > 0);
    assert_eq!(rig.count("verified"), 0);
    assert!(rig.is_running());
    rig.venue.clear_faults();
    rig.venue.set_addon(true);
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.count("fired"), 1);
}

#[test]
fn an_account_that_the_venue_does_not_list_is_named_and_the_others_are_protected() {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.write_rules(&rig.rule_file(&["Sim101", "Sim999"], LOSS_LIMIT));
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.start();
    rig.wait_for("the missing account to be told", |rig| {
        rig.count("data_lost") > 0
    });
    let lost = rig.events();
    let lost = lost.iter().find(|e| e["kind"] == "data_lost").unwrap();
    assert_eq!(lost["account"], "acct-2");
    assert!(
        rig.log().contains("does not list the account"),
        "{}",
        rig.log()
    );
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("the other account to be flat", |rig| {
        rig.is_flat_and_quiet("Sim101")
    });
    assert!(rig.is_running());
}

#[test]
fn a_bad_rule_file_is_refused_by_a_reload_and_a_good_one_is_taken() {
    let mut rig = long_one();
    rig.start_ready();
    let good = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&good.replace("loss: 500", "loss: minus"));
    signal(rig.pid(), "HUP");
    rig.wait_for("the refusal", |rig| rig.count("rules_refused") == 1);
    rig.write_rules(&good.replace("loss: 500", "loss: 300"));
    signal(rig.pid(), "HUP");
    rig.wait_for("the reload", |rig| rig.count("rules_loaded") == 1);
    // 7 points of 1 ES are 350: within the old limit, beyond the new one.
    rig.venue.set_price(ES, 4993).unwrap();
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
}

#[test]
fn a_second_daemon_on_the_same_record_is_refused() {
    let mut rig = long_one();
    rig.start_ready();
    let second = rig
        .riskd()
        .args(["run", "--rules"])
        .arg(rig.rules())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains(&rig.pid().to_string()), "{said}");
}

#[test]
fn a_loosening_waits_for_the_next_session_even_over_a_restart() {
    let mut rig = long_one();
    let tight = std::fs::read_to_string(rig.rules()).unwrap();
    let tight = tight.replace("http: off", "http: off, loosening: next_session");
    rig.write_rules(&tight);
    rig.start_ready();
    // The edit that loosens the limit also tries to allow loosening.
    let loose = tight
        .replace("loss: 500", "loss: 5000")
        .replace("loosening: next_session", "loosening: immediate");
    let loose = loose.replace("starting_balance: 50000", "starting_balance: 40000");
    rig.write_rules(&loose);
    let check = rig.riskd().arg("check").arg(rig.rules()).output().unwrap();
    assert!(check.status.success());
    let said = String::from_utf8(check.stdout).unwrap();
    for part in [
        "daily loss limit: stays as it is",
        "acct-1: keeps its starting balance until",
    ] {
        assert!(said.contains(part), "{said}");
    }
    signal(rig.pid(), "HUP");
    rig.wait_for("the hold", |rig| rig.count("loosening_held") == 2);
    rig.kill();
    rig.start_ready();
    // 12 points of 1 ES are 600: beyond the old limit, within the new one.
    rig.venue.set_price(ES, 4988).unwrap();
    rig.wait_for("flat by the old limit", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
}

#[test]
fn a_clock_that_differs_from_the_venues_is_told_of() {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.set_daemon_clock(-90);
    rig.start_ready();
    rig.wait_for("the difference", |rig| rig.count("clock_off") == 1);
    let events = rig.events();
    let told = events.iter().find(|event| event["kind"] == "clock_off");
    let message = told.unwrap()["message"].as_str().unwrap();
    assert!(
        message.contains("s behind that of paper; sessions"),
        "{message}"
    );
    rig.set_daemon_clock(0);
    rig.wait_for("the clock to be right", |rig| rig.count("clock_right") == 1);
    assert_eq!(rig.count("clock_off"), 1);
}
