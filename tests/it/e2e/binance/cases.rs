//! Bugs that others met when they closed positions, by their numbers.

use super::{BTC, Desk, ETH, LIMIT, config};

/// The list of open orders is empty while conditional ones rest.
#[test]
fn b2_no_orders_needs_both_lists_to_be_empty() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.stop(ETH, "1000");
    desk.rig.start_ready();
    desk.crosses_to_flat();
    assert!(!desk.asked("/fapi/v1/openOrders").is_empty());
    assert!(!desk.asked("/fapi/v1/openAlgoOrders").is_empty());
}

/// A conditional order that is in no list and that no cancel finds, and that fills all
/// the same: what it opened is closed under the lock.
#[test]
fn b3_a_forgotten_order_that_fills_after_flat_is_closed_again() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.stop(BTC, "47000");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "stops_forgotten", "class": "cancel"}"#);
    desk.rig
        .fault(r#"{"fault": "stops_missing", "class": "orders"}"#);
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(!desk.is_flat_and_quiet());
    desk.price(BTC, 46_900);
    desk.wait_verified(2);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// A target stays after the stop has closed the position (B24: or somebody else has).
#[test]
fn b4_conditional_orders_are_cancelled_after_flat_too() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"flatten_late": {"ms": 1500}}, "class": "flatten"}"#);
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("the firing", |rig| rig.count("fired") > 0);
    desk.rig.venue.close("main").unwrap();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// In hedge mode a close carries its side and no `reduceOnly`, which is refused there.
#[test]
fn b5_each_mode_has_the_parameters_that_it_takes() {
    for account in ["main", "hedge"] {
        let mut desk = Desk::of(account, config(), LIMIT);
        desk.open(BTC, "0.6");
        desk.rig.start_ready();
        desk.crosses_to_flat();
        assert_eq!(desk.closes(), 1);
    }
}

/// A close that finds nothing to reduce is answered with -2022, as is one of which
/// resting orders hold everything: what is held then decides.
#[test]
fn b6_nothing_to_reduce_is_read_again_and_no_failure() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"code": {"code": -2022}}, "class": "flatten", "count": 2}"#);
    desk.crosses_to_flat();
}

/// The smallest value of an order does not hold for what only reduces.
#[test]
fn b7_a_position_below_the_smallest_order_is_closed() {
    let rules = r#"
rules:
  - name: nothing is held
    accounts: ["*"]
    when: { position: { positions: 0 } }
    then: [flatten, { lock: { until: session_end } }]
"#;
    let mut desk = Desk::of("main", config(), rules);
    // Two dollars of it; an order must be five.
    desk.open(ETH, "0.001");
    desk.rig.start();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// What is less than a step no order can close: it is told, and counts as flat.
#[test]
fn b7_dust_that_no_order_can_close_is_told() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.open(ETH, "0.3");
    // The steps have become wider since.
    desk.rig.fault(
        r#"{"fault": {"field_value": {"field": "stepSize", "value": "0.5"}}, "class": "market"}"#,
    );
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(!desk.is_flat_and_quiet());
    assert_eq!(desk.rig.venue.holdings("main").unwrap().len(), 1);
    assert_eq!(desk.closes(), 1);
    assert_eq!(desk.rig.count("dust"), 1, "{}", desk.rig.log());
    desk.has_only_protected();
}

/// A position that is closed is no longer in the list, and a list replaces all that
/// was known.
#[test]
fn b21_what_is_no_longer_listed_is_closed() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.open(ETH, "1");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.rig.venue.close("main").unwrap();
    desk.rig.let_polls_pass();
    desk.price(BTC, 40_000);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.has_only_protected();
}

/// Orders of a size that was true a second ago, rounded up, fail.
#[test]
fn b22_a_close_is_sized_by_what_is_held_and_rounded_down() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.513");
    desk.open(ETH, "7.777");
    desk.rig.start_ready();
    desk.crosses_to_flat();
    assert_eq!(desk.closes(), 2);
}

/// An empty list of positions beside a wallet that shows one is no proof of flat.
#[test]
fn b23_an_empty_list_beside_an_open_result_is_not_believed() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    for fault in [
        r#"{"fault": "positions_missing", "class": "positions"}"#,
        r#"{"fault": "positions_missing", "class": "accounts"}"#,
        r#"{"fault": "flatten_nothing", "class": "flatten"}"#,
    ] {
        desk.rig.fault(fault);
    }
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("the firing", |rig| rig.count("fired") > 0);
    desk.rig.let_polls_pass();
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("verified"), 0, "{}", desk.rig.log());
    desk.rig.venue.clear_faults();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}
