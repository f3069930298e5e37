//! The token appears nowhere.

use super::rig::{CANARY, LOSS_LIMIT, Rig};

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
