//! Keys: wrong ones, new ones, and what they may do.

use riskd_paper::KeyConfig;

use super::{BTC, Desk, LIMIT, SECRET, config};
use crate::e2e::rig::Rig;

#[test]
fn a_key_that_the_venue_refuses_is_told_and_the_next_one_is_used() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.write_key("paper-key-main", "another-secret-than-the-key-has");
    desk.rig.start();
    desk.rig
        .wait_for("the refusal", |rig| rig.count("data_lost") > 0);
    assert!(desk.rig.log().contains("code -1022"), "{}", desk.rig.log());
    desk.write_key("paper-key-main", SECRET);
    desk.rig
        .wait_for("the data to be back", |rig| rig.count("data_back") > 0);
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// A key with other rights than the least.
fn with_key(change: impl Fn(&mut KeyConfig)) -> Desk {
    let mut config = config();
    change(&mut config.keys[0]);
    Desk::of("main", config, LIMIT)
}

#[test]
fn a_key_that_may_withdraw_is_refused_at_a_first_start_and_kept_later() {
    let mut desk = with_key(|key| key.may_withdraw = true);
    desk.open(BTC, "0.5");
    desk.rig.start();
    assert_eq!(desk.rig.exit_code(), Some(78), "{}", desk.rig.log());
    assert!(
        desk.rig.log().contains("may withdraw"),
        "{}",
        desk.rig.log()
    );
    // Somebody says that it is meant.
    let allowed = desk.rule_file(", allow_withdraw_right: true", LIMIT);
    desk.rig.write_rules(&allowed);
    desk.rig.start_ready();
    assert_eq!(desk.rig.count("key_may_withdraw"), 0);
    desk.rig.kill();
    // The key is on record now: protection that has begun goes on.
    desk.rig.write_rules(&desk.rule_file("", LIMIT));
    desk.rig.start_ready();
    desk.rig
        .wait_for("the complaint", |rig| rig.count("key_may_withdraw") == 1);
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

#[test]
fn riskd_is_not_ready_with_a_key_that_only_reads() {
    let mut desk = with_key(|key| key.read_only = true);
    desk.rig.start();
    let complains = |rig: &Rig| rig.log().contains("close nothing");
    desk.rig.wait_for("the complaint", complains);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("ready"), 0);
    assert!(desk.rig.is_running());
    desk.has_only_protected();
}

#[test]
fn check_says_what_the_venue_says_of_the_key() {
    let checked = |desk: &Desk| {
        let mut check = desk.rig.riskd();
        check
            .args(["check", "--secrets", "--online"])
            .arg(desk.rig.rules());
        let output = check.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let wrong = String::from_utf8(output.stderr).unwrap();
        assert!(!format!("{text}{wrong}").contains(SECRET));
        (output.status.code(), text, wrong)
    };
    let desk = Desk::new();
    let (code, text, wrong) = checked(&desk);
    assert_eq!(code, Some(0), "{text}{wrong}");
    let expected = "key of venue binance: may read, trade; from listed addresses alone";
    assert!(text.contains(expected), "{text}");
    assert_eq!(wrong, "");

    let desk = with_key(|key| key.addresses.clear());
    let (code, _, wrong) = checked(&desk);
    assert_eq!(code, Some(0), "{wrong}");
    assert!(wrong.contains("works from any address"), "{wrong}");

    for (change, said) in [
        (
            (|key| key.read_only = true) as fn(&mut KeyConfig),
            "may not trade",
        ),
        (|key| key.may_withdraw = true, "may withdraw"),
        (|key| key.key = "another-key".to_owned(), "code -2015"),
    ] {
        let desk = with_key(change);
        let (code, text, wrong) = checked(&desk);
        assert_eq!(code, Some(1), "{text}{wrong}");
        assert!(wrong.contains(said), "{wrong}");
    }
}

/// On the demo host there is nobody to ask: it is said, and protection goes on.
#[test]
fn rights_that_cannot_be_asked_for_are_a_warning() {
    let mut desk = Desk::new();
    let rules = desk.rule_file("", LIMIT);
    let rights = format!(r#", rights_url: "http://{}""#, desk.rig.address);
    assert!(rules.contains(&rights), "{rules}");
    desk.rig.write_rules(&rules.replace(&rights, ""));
    let checked = desk
        .rig
        .riskd()
        .args(["check", "--secrets", "--online"])
        .arg(desk.rig.rules())
        .output();
    let checked = checked.unwrap();
    let wrong = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(0), "{wrong}");
    assert!(wrong.contains("may do is not known"), "{wrong}");
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .wait_for("the warning", |rig| rig.log().contains("`rights_url`"));
    desk.crosses_to_flat();
}
