//! `riskd probe`: what it asks, and what it shows of the answers.

use serde_json::Value;

use super::desk::{Desk, PASSPHRASE};
use super::{BTC, ETH, Exchange, SECRET};

/// What a probe ends with and says.
fn probed<E: Exchange>(desk: &Desk<E>, more: &[&str]) -> (Option<i32>, String) {
    let mut probe = desk.rig.riskd();
    let output = probe.arg("probe").arg(E::NAME).args(more).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let wrong = String::from_utf8(output.stderr).unwrap();
    let both = format!("{text}{wrong}");
    for secret in [SECRET, PASSPHRASE, "paper-key-", "signature="] {
        assert!(!both.contains(secret), "{both}");
    }
    (output.status.code(), both)
}

fn has_only_read<E: Exchange>(desk: &Desk<E>) {
    let requests = desk.rig.venue.requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(request.method, "GET", "{request:?}");
    }
    desk.has_only_protected();
}

pub(super) fn a_probe_says_what_the_venue_answers_to_reads_alone<E: Exchange>() {
    let desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.stop(ETH, "1000");
    let (code, text) = probed(&desk, &[]);
    assert_eq!(code, Some(0), "{text}");
    for said in [
        "nothing was written",
        "clock: ",
        "rights of the key: may read, trade; from listed addresses alone",
        "accounts: 1 account",
        "figures: known: unrealized, balance, equity",
        "positions: 1 position",
        "working orders: 1 order",
        "what moved money: the last day's list is understood",
        ": status 200",
    ] {
        assert!(text.contains(said), "{said} is not in:\n{text}");
    }
    // Neither what is held, nor how much.
    for held in [E::spelled(BTC), E::spelled(ETH), "50000".to_owned()] {
        assert!(!text.contains(&held), "{held} is in:\n{text}");
    }
    has_only_read(&desk);
}

pub(super) fn a_probe_tells_the_shape_of_what_is_empty<E: Exchange>() {
    let desk = Desk::<E>::new();
    let (code, text) = probed(&desk, &["--json"]);
    assert_eq!(code, Some(0), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["venue"], E::NAME);
    let questions = report["questions"].as_array().unwrap();
    let named = |name: &str| {
        let found = questions.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {report}"))
    };
    assert_eq!(named("positions")["said"], "0 positions");
    assert_eq!(named("whether flat can be believed")["is_understood"], true);
    let answers = named("working orders")["answers"].as_array().unwrap();
    assert!(!answers.is_empty());
    for answer in answers {
        assert_eq!(answer["status"], 200, "{answer}");
        let shape = &answer["shape"];
        // It says how an empty list looks: no rows, or null.
        let is_empty = |list: &Value| list.as_object().unwrap().values().any(|rows| *rows == 0);
        let has_null = shape["nulls"]
            .as_array()
            .is_some_and(|nulls| !nulls.is_empty());
        assert!(is_empty(&shape["lists"]) || has_null, "{answer}");
    }
    has_only_read(&desk);
}

pub(super) fn a_probe_tells_what_cannot_be_understood<E: Exchange>() {
    let desk = Desk::<E>::new();
    desk.rig
        .fault(r#"{"fault": "data_wrapper", "class": "reads"}"#);
    let (code, text) = probed(&desk, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("not understood: "), "{text}");
    desk.rig.venue.clear_faults();
    desk.write_key("paper-key-main", "another-one");
    let (code, text) = probed(&desk, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(E::WRONG_SECRET), "{text}");
    has_only_read(&desk);
}

pub(super) fn a_probe_beside_the_daemon_disturbs_nothing<E: Exchange>() {
    let desk = Desk::<E>::started();
    desk.rig.let_polls_pass();
    let (code, text) = probed(&desk, &[]);
    assert_eq!(code, Some(0), "{text}");
    // Where a key may ask a few times in a second, one of the two may be turned away once.
    assert_eq!(desk.rig.count("data_lost"), 0, "{}", desk.rig.log());
    has_only_read(&desk);
    desk.crosses_to_flat();
}
