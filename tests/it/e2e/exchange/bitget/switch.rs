//! An account is switched from classic to unified, or back, while riskd runs.

use super::classic::Classic;
use super::unified::Unified;
use crate::e2e::exchange::{BTC, Desk, ETH};

/// B17: calls of v2 are refused from one moment to the next (40085), and closes with them.
#[test]
fn b17_an_account_that_is_switched_in_the_middle_of_a_breach_is_closed() {
    let mut desk = Desk::<Classic>::new();
    desk.open(BTC, "0.5");
    desk.stop(ETH, "1000");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("a round without success", |rig| rig.count("not_yet") > 0);
    desk.rig.venue.set_unified("main", true).unwrap();
    desk.rig.venue.clear_faults();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.rig.count("fired"), 1);
    assert!(!desk.asked("/api/v3/trade/place-order").is_empty());
    desk.has_only_protected();
}

/// A switch is no loss of data, and nothing is taken for a result.
#[test]
fn a_switch_while_nothing_happens_is_no_event() {
    let mut desk = Desk::<Unified>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    for unified in [false, true, false] {
        desk.rig.venue.set_unified("main", unified).unwrap();
        desk.rig.let_polls_pass();
    }
    assert_eq!(desk.rig.count("data_lost"), 0, "{}", desk.rig.log());
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    assert!(!desk.asked("/api/v2/mix/account/accounts").is_empty());
    desk.crosses_to_flat();
}
