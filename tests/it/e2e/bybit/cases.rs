//! Bugs that others met when they closed positions, by their numbers.

use super::{BTC, Desk, ETH};

/// A reduce-only order with the index of another side is refused, or opens a position
/// on that side: each close names the index of its own row.
#[test]
fn b10_each_close_names_the_index_of_its_position() {
    let mut desk = Desk::hedged();
    desk.open(BTC, "0.6");
    desk.open(ETH, "-3");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    // Each was closed by its first order, and nothing was opened.
    assert_eq!(desk.closes(), 2);
    desk.has_only_protected();
}

/// A cancel of all that answers with success and leaves the stops.
#[test]
fn b12_stops_that_a_cancel_leaves_are_cancelled_by_their_kind() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.stop(ETH, "1000");
    desk.rest(BTC, "40000");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "cancel_leaves_stops", "class": "cancel"}"#);
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// A bot is told of changes, and misses one. riskd is told of none: what it missed is
/// read as it is.
#[test]
fn b14_what_was_closed_and_opened_unseen_is_read_as_it_is() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"status": {"code": 502}}, "class": "all"}"#);
    desk.rig
        .wait_for("the loss of data", |rig| rig.count("data_lost") > 0);
    desk.rig.venue.close("main").unwrap();
    desk.open(ETH, "10");
    desk.rig.venue.clear_faults();
    desk.rig
        .wait_for("the data to be back", |rig| rig.count("data_back") > 0);
    // What is no longer held costs nothing.
    desk.price(BTC, 40_000);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(ETH, 1940);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// The unrealized result is in the equity of a wallet already: who adds it once more
/// sees a loss of 400 as one of 800.
#[test]
fn b13_an_open_loss_counts_once() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.price(BTC, 49_200);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 49_000);
    desk.wait_verified(1);
    // 500, and the fee of the opening.
    assert_eq!(desk.first("fired")["fields"]["value"], "-513.75");
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
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.closes(), 2);
    desk.has_only_protected();
}

/// An empty list of positions beside a wallet that shows one is no proof of flat.
#[test]
fn b23_an_empty_list_beside_an_open_result_is_not_believed() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "positions_missing", "class": "positions"}"#);
    desk.rig
        .fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
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

/// Stops of a position outlive it (B4, B24).
#[test]
fn b24_stops_are_cancelled_after_the_position_was_closed_by_another() {
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
