//! No part of a key, and nothing that it signed, shows anywhere.

use std::fs;

use super::desk::PASSPHRASE;
use super::keys::{SECOND, with_second_key};
use super::{BTC, Exchange, SECRET};
use crate::e2e::rig::{Rig, signal};
use crate::e2e::secrets::{Secrets, everything_shown, free_port};

/// As many secrets and signatures make a search worth something.
const ENOUGH: usize = 50;

#[expect(
    clippy::print_stdout,
    reason = "shown with --nocapture: how much was searched"
)]
pub(super) fn keys_secrets_and_signatures_are_nowhere<E: Exchange>() {
    let mut desk = with_second_key::<E>(|_| {});
    let http = format!("127.0.0.1:{}", free_port());
    let text = fs::read_to_string(desk.rig.rules()).unwrap();
    desk.rig
        .write_rules(&text.replace("http: off", &format!("http: \"{http}\"")));
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.rig.start_ready();
    for fault in [
        "html_body",
        "truncated_json",
        "empty_body",
        "redirect",
        "reset_mid_body",
        "lost_after_effect",
    ] {
        desk.rig
            .fault(&format!(r#"{{"fault": "{fault}", "count": 1}}"#));
    }
    // Texts that name what was signed, and a clock that is off.
    for code in E::CODES {
        desk.rig.fault(&format!(
            r#"{{"fault": {{"code": {{"code": {code}}}}}, "count": 1}}"#
        ));
    }
    desk.rig
        .fault(r#"{"fault": "flatten_nothing", "class": "flatten", "count": 2}"#);
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("a round without success", |rig| rig.count("not_yet") > 0);
    desk.write_key(SECOND, SECRET);
    signal(desk.rig.pid(), "HUP");
    desk.rig
        .wait_for("the new key", |rig| rig.count("credential_renewed") == 1);
    desk.wait_verified(1);
    let all = |rig: &Rig| Secrets::of([SECRET, "paper-key-", PASSPHRASE]).and_signatures(rig);
    // Some venues are asked less often than others.
    desk.rig
        .wait_for("enough signatures", |rig| all(rig).count() > ENOUGH);
    let shown = everything_shown(&desk.rig, &http, "coins");
    desk.rig.kill();
    // A key that the venue does not know, and one that cannot be sent.
    desk.write_key("paper-key-unknown", SECRET);
    desk.rig.start();
    desk.rig
        .wait_for("the refusal", |rig| rig.log().contains(E::UNKNOWN_KEY));
    desk.rig.kill();
    desk.write_key(&format!("{SECOND}\u{1}"), SECRET);
    let refused = desk
        .rig
        .riskd()
        .args(["run", "--rules"])
        .arg(desk.rig.rules())
        .arg("--database")
        .arg(desk.rig.folder.path().join("another.db"))
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let secrets = all(&desk.rig);
    assert!(secrets.count() > ENOUGH, "{}", secrets.count());
    let outputs = [
        ("stdout".to_owned(), refused.stdout),
        ("stderr".to_owned(), refused.stderr),
    ];
    for (what, bytes) in shown.iter().chain(&outputs) {
        assert_eq!(secrets.found_in(bytes), None, "in {what}");
    }
    let searched = secrets.search_files(&desk.rig, E::PARTS);
    println!(
        "{} secrets and signatures were searched for in {} answers and outputs and in {searched} files: 0 hits",
        secrets.count(),
        shown.len() + outputs.len()
    );
}
