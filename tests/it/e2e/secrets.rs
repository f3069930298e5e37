//! The token appears nowhere.

use std::os::unix::fs::PermissionsExt;

use super::rig::{CANARY, LOSS_LIMIT, Rig, signal};

const ES: &str = "ES 03-26";

#[test]
fn the_token_is_in_no_log_no_error_and_no_database() {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.start_ready();
    for fault in [
        "html_body",
        "truncated_json",
        "success_false",
        "empty_body",
        "redirect",
    ] {
        rig.fault(&format!(r#"{{"fault": "{fault}", "count": 1}}"#));
    }
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    rig.kill();
    rig.start_ready();
    assert_eq!(rig.terminate(), Some(0));
    // A token that cannot be used is not told either.
    rig.write_token(&format!("{CANARY}\u{1}"));
    let refused = rig
        .riskd()
        .args(["run", "--rules"])
        .arg(rig.rules())
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let mut searched = 0;
    for file in rig.files() {
        if file.ends_with("token") {
            continue;
        }
        searched += 1;
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes());
        assert!(!found, "the token is in {}", file.display());
    }
    assert!(
        searched >= 5,
        "stdout, stderr and the database were searched"
    );
    for output in [&refused.stdout, &refused.stderr] {
        assert!(!String::from_utf8_lossy(output).contains(CANARY));
    }
}

/// The rule file as it is, with a comment more.
fn touch_rules(rig: &Rig) {
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&format!("{text}# seen\n"));
}

#[test]
fn a_token_that_was_replaced_is_read_by_a_reload_and_after_a_refusal() {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    // One that the venue refuses, and the right one while riskd runs: nobody
    // has to ask.
    rig.write_token("an-old-token");
    rig.start();
    rig.wait_for("the refusal by the venue", |rig| {
        rig.log().contains("refuses the credential")
    });
    rig.write_token(CANARY);
    rig.wait_for("the new token to be found", |rig| rig.count("ready") == 1);
    assert_eq!(rig.count("credential_renewed"), 1);
    // A reload reads it anew though the rules are the same.
    rig.write_token("another-token");
    signal(rig.pid(), "HUP");
    rig.wait_for("the renewal", |rig| rig.count("credential_renewed") == 2);
    rig.wait_for("the venue to refuse it", |rig| {
        rig.log().matches("refuses the credential").count() >= 2
    });
    // One that cannot be read has a changed file refused; the old one stays.
    rig.write_token(CANARY);
    rig.wait_for("the way back", |rig| rig.count("credential_renewed") == 3);
    let token = rig.folder.path().join("token");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    touch_rules(&rig);
    rig.wait_for("the refusal", |rig| rig.count("rules_refused") == 1);
    assert!(rig.log().contains("chmod 600"), "{}", rig.log());
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("flat with the old token", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
    for token in [CANARY, "an-old-token", "another-token"] {
        assert!(!rig.log().contains(token));
    }
}
