//! What keeps riskd from starting, and what does not: a person who looks may be
//! told to correct a mistake, accounts in the night may not.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use riskd::domain::lock::LockEnd;

use super::rig::{CANARY, LOSS_LIMIT, Rig};
use super::secrets::free_port;

const ES: &str = "ES 03-26";
/// 11 points of 1 ES are 550.
const BEYOND_THE_LIMIT: i64 = 4989;

/// A rig that is long 1 ES from 5000.
fn rig() -> (Rig, String) {
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    let text = fs::read_to_string(rig.rules()).unwrap();
    (rig, text)
}

/// The limit of the record is in force: the loss beyond it is closed out.
fn assert_protected(rig: &Rig) {
    rig.venue.set_price(ES, BEYOND_THE_LIMIT).unwrap();
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
}

fn assert_refused(rig: &mut Rig, said: &str) {
    rig.start();
    rig.wait_for_end();
    let log = rig.log();
    assert!(log.contains(said), "{log}");
}

#[test]
fn a_first_start_wants_a_rule_file_without_mistakes_and_makes_no_record() {
    let (mut rig, text) = rig();
    rig.write_rules(&text.replace("loss: 500", "loss: minus"));
    assert_refused(&mut rig, "is refused, and no rules were in force");
    assert!(!rig.database().exists());
}

#[test]
fn a_later_start_with_a_mistake_in_the_file_takes_the_rules_of_the_record() {
    let (mut rig, text) = rig();
    rig.start_ready();
    assert_eq!(rig.terminate(), Some(0));
    rig.write_rules(&text.replace("loss: 500", "loss: minus"));
    rig.start_ready();
    assert_eq!(rig.count("rules_refused"), 1);
    assert_protected(&rig);
    // The corrected file comes into force by itself.
    rig.write_rules(&text.replace("loss: 500", "loss: 400"));
    rig.wait_for("the corrected file", |rig| rig.count("rules_loaded") == 1);
}

#[test]
fn a_byte_that_is_no_utf_8_in_a_comment_keeps_no_start_from_protecting() {
    let (mut rig, text) = rig();
    rig.start_ready();
    rig.kill();
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"# caf\xe9\n");
    fs::write(rig.rules(), bytes).unwrap();
    rig.start_ready();
    assert_eq!(rig.count("rules_refused"), 0);
    assert_protected(&rig);
}

#[test]
fn a_later_start_without_a_rule_file_takes_the_rules_of_the_record() {
    let (mut rig, text) = rig();
    // Nothing but the usual place says where the record is.
    let named = format!(", database: \"{}\"", rig.database().display());
    rig.write_rules(&text.replace(&named, ""));
    rig.start_ready();
    rig.kill();
    fs::remove_file(rig.rules()).unwrap();
    rig.start_ready();
    assert_protected(&rig);
}

#[test]
fn rules_of_a_record_that_was_left_weeks_ago_are_not_brought_back() {
    let (mut rig, text) = rig();
    rig.start_ready();
    rig.kill();
    rig.write_rules(&text.replace("loss: 500", "loss: minus"));
    let week = 7 * 24 * 3_600;
    rig.set_clock_by(week - 3_600);
    rig.start_ready();
    assert_protected(&rig);
    rig.kill();
    rig.set_clock_by(2 * week);
    assert_refused(&mut rig, "is refused, and no rules were in force");
}

#[test]
fn a_notifier_without_its_secret_stops_a_first_start_and_no_later_one() {
    let (mut rig, text) = rig();
    let secret = rig.folder.path().join("bot");
    let phone = format!(
        "  log: {{ kind: log }}\n  phone: {{ kind: webhook, url: \"http://127.0.0.1:9/\", token: {{ file: \"{}\" }} }}\n",
        secret.display()
    );
    rig.write_rules(&text.replace("  log: { kind: log }\n", &phone));
    assert_refused(&mut rig, "notifier phone: ");
    fs::write(&secret, "a secret of the notifier\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    rig.start_ready();
    rig.kill();
    fs::remove_file(&secret).unwrap();
    rig.start_ready();
    let told = |rig: &Rig| {
        let events = rig.events();
        let says = |event: &serde_json::Value| {
            let message = event["message"].as_str().unwrap_or_default();
            message.contains("notifier phone: ") && message.contains("protects without it")
        };
        events.iter().any(says)
    };
    rig.wait_for("the complaint", told);
    assert_protected(&rig);
}

#[test]
fn an_address_that_is_taken_stops_a_first_start_and_no_later_one() {
    let (mut rig, text) = rig();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    rig.write_rules(&text.replace("http: off", &format!("http: \"{address}\"")));
    assert_refused(&mut rig, "is another riskd running?");
    drop(taken);
    rig.start_ready();
    rig.kill();
    let taken = TcpListener::bind(address).unwrap();
    rig.start_ready();
    assert_eq!(rig.count("api_failed"), 1);
    assert_protected(&rig);
    drop(taken);
    rig.wait_for("the API", |rig| {
        let status = rig
            .riskd()
            .args(["status", "--rules"])
            .arg(rig.rules())
            .output();
        status.unwrap().status.success()
    });
}

#[test]
fn a_venue_without_its_token_stops_a_first_start_and_no_later_one() {
    let (mut rig, _) = rig();
    let token = rig.folder.path().join("token");
    fs::remove_file(&token).unwrap();
    assert_refused(&mut rig, "venue paper: secret file ");
    rig.write_token(CANARY);
    rig.start_ready();
    rig.kill();
    fs::remove_file(&token).unwrap();
    rig.start();
    rig.wait_for("the complaint", |rig| rig.count("credential_missing") == 1);
    let events = rig.events();
    let event = events
        .iter()
        .find(|event| event["kind"] == "credential_missing");
    let message = event.unwrap()["message"].as_str().unwrap();
    assert!(message.contains("NOT PROTECTED: acct-1"), "{message}");
    assert_eq!(rig.count("ready"), 1);
    rig.write_token(CANARY);
    rig.wait_for("the venue", |rig| rig.count("ready") == 2);
    assert_eq!(rig.count("credential_renewed"), 1);
    assert_protected(&rig);
}

#[test]
fn c1_a_lock_is_not_lost_by_a_start_with_the_account_renamed() {
    for (from, to, why) in [
        ("acct-1:", "other:", "calls it other"),
        ("\"Sim101\"", "\"Sim102\"", "gives it another number"),
    ] {
        let (mut rig, text) = rig();
        let http = format!("127.0.0.1:{}", free_port());
        let text = text.replace("http: off", &format!("http: \"{http}\""));
        rig.write_rules(&text);
        rig.start_ready();
        let args = ["lock", "acct-1", "--until", "manual", "--reason", "enough"];
        assert!(rig.riskd().args(args).status().unwrap().success());
        rig.wait_for("flat", |rig| rig.is_flat_and_quiet("Sim101"));
        assert_eq!(rig.terminate(), Some(0));
        rig.write_rules(&text.replace(from, to));
        rig.start_ready();
        // It is refused as by a reload, and everybody is told why and what to do.
        assert_eq!(rig.count("rules_refused"), 1);
        let log = rig.log();
        for part in [
            "acct-1 is locked until a person unlocks it",
            why,
            "riskd unlock acct-1",
        ] {
            assert!(log.contains(part), "{part}: {log}");
        }
        rig.venue.open("Sim101", ES, 1, None).unwrap();
        rig.wait_for("the lock to hold", |rig| rig.is_flat_and_quiet("Sim101"));
        // The corrected file comes into force by itself.
        rig.write_rules(&text.replace("loss: 500", "loss: 400"));
        rig.wait_for("the corrected file", |rig| rig.count("rules_loaded") == 1);
        assert_eq!(rig.count("lock_ended"), 0);
    }
}

#[test]
fn c1_a_start_that_refuses_an_edit_takes_its_mode_and_the_place_of_its_token() {
    let (mut rig, text) = rig();
    rig.start_ready();
    let args = ["lock", "acct-1", "--until", "manual", "--reason", "enough"];
    assert!(!rig.riskd().args(args).status().unwrap().success());
    rig.kill();
    let http = format!("127.0.0.1:{}", free_port());
    let text = text.replace("http: off", &format!("http: \"{http}\""));
    rig.write_rules(&text);
    rig.start_ready();
    assert!(rig.riskd().args(args).status().unwrap().success());
    rig.wait_for("flat", |rig| rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.terminate(), Some(0));
    let token = rig.folder.path().join("token");
    let moved = rig.folder.path().join("moved");
    fs::rename(&token, &moved).unwrap();
    let edited = text
        .replace("acct-1:", "other:")
        .replace(token.to_str().unwrap(), moved.to_str().unwrap())
        .replace("daemon: { ", "daemon: { mode: observe, ");
    rig.write_rules(&edited);
    rig.start_ready();
    assert_eq!(rig.count("rules_refused"), 1);
    assert_eq!(rig.count("credential_missing"), 0);
    assert!(rig.log().contains("mode observe"), "{}", rig.log());
    // The file with the name put right is taken, mode and all.
    rig.write_rules(&edited.replace("other:", "acct-1:"));
    rig.wait_for("the corrected file", |rig| rig.count("rules_loaded") == 1);
}

#[test]
fn c2_what_fired_while_observing_acts_after_a_start_in_enforce_mode() {
    let (mut rig, text) = rig();
    rig.write_rules(&text.replace("http: off", "http: off, mode: observe"));
    rig.start_ready();
    rig.venue.set_price(ES, BEYOND_THE_LIMIT).unwrap();
    rig.wait_for("the firing", |rig| rig.count("fired") == 1);
    assert_eq!(rig.terminate(), Some(0));
    assert!(!rig.is_flat_and_quiet("Sim101"));
    rig.write_rules(&text);
    let checked = rig.riskd().args(["check", "rules.yaml"]).output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    let expected = "daily loss limit: fired on acct-1 while riskd only observed";
    assert!(said.contains(expected), "{said}");
    rig.start_ready();
    let is_done = |event: &serde_json::Value| {
        let message = event["message"].as_str().unwrap_or_default();
        event["kind"] == "verified" && message.contains("is flat and quiet")
    };
    rig.wait_for("flat", |rig| rig.events().iter().any(is_done));
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!((rig.count("rearmed"), rig.count("fired")), (1, 2));
    let notified = rig
        .log()
        .lines()
        .any(|line| line.contains("armed again on acct-1") && line.contains("severity"));
    assert!(notified, "{}", rig.log());
    // What was carried out stays so over a detour through observing.
    for mode in ["http: off, mode: observe", "http: off"] {
        assert_eq!(rig.terminate(), Some(0));
        rig.write_rules(&text.replace("http: off", mode));
        rig.start_ready();
        let checked = rig.riskd().args(["check", "rules.yaml"]).output().unwrap();
        let said = String::from_utf8(checked.stdout).unwrap();
        assert!(!said.contains("only observed"), "{said}");
    }
    assert_eq!((rig.count("rearmed"), rig.count("fired")), (1, 2));
}

#[test]
fn b6_a_lock_that_was_set_by_a_wrong_clock_is_corrected_on_record() {
    let (mut rig, text) = rig();
    let http = format!("127.0.0.1:{}", free_port());
    rig.write_rules(&text.replace("http: off", &format!("http: \"{http}\"")));
    rig.set_daemon_clock(2 * 3_600);
    rig.start_ready();
    let args = ["lock", "acct-1", "--until", "1h", "--reason", "enough"];
    assert!(rig.riskd().args(args).status().unwrap().success());
    rig.set_daemon_clock(0);
    rig.wait_for("the correction", |rig| rig.count("lock_corrected") == 1);
    rig.kill();
    let locks = rig.on_disk().unwrap().kept.locks;
    let [lock] = &locks[..] else {
        panic!("{locks:?}");
    };
    let LockEnd::At(end) = lock.end else {
        panic!("{lock:?}");
    };
    let left = end - rig.now();
    let bounds = chrono::TimeDelta::zero()..=chrono::TimeDelta::hours(1);
    assert!(bounds.contains(&left), "{left}");
}
