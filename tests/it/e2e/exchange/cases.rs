//! Bugs that others met when they closed positions, by their numbers.

use super::desk::{Desk, config};
use super::{BTC, ETH, Exchange, LIMIT};

/// A target stays after the stop has closed the position (B4), and what was attached to
/// it after somebody else has (B24).
pub(super) fn b4_b24_conditional_orders_are_cancelled_after_flat_too<E: Exchange>() {
    let mut desk = Desk::<E>::new();
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

/// A close that finds nothing to reduce is refused for that, as is one of which resting
/// orders hold everything: what is held then decides.
pub(super) fn b6_nothing_to_reduce_is_read_again_and_no_failure<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    let code = E::NOTHING_TO_REDUCE;
    desk.rig.fault(&format!(
        r#"{{"fault": {{"code": {{"code": {code}}}}}, "class": "flatten", "count": 2}}"#
    ));
    desk.crosses_to_flat();
}

/// The smallest value of an order does not hold for what only reduces.
pub(super) fn b7_a_position_below_the_smallest_order_is_closed<E: Exchange>() {
    let rules = r#"
rules:
  - name: nothing is held
    accounts: ["*"]
    when: { position: { positions: 0 } }
    then: [flatten, { lock: { until: session_end } }]
"#;
    let mut desk = Desk::<E>::of("main", config::<E>(), rules);
    // Two dollars of it; an order must be five.
    desk.open(ETH, "0.001");
    desk.rig.start();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// What is less than a step no order can close: it is told, and counts as flat.
pub(super) fn b7_dust_that_no_order_can_close_is_told<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.open(ETH, "0.3");
    // The step has become wider since.
    let venue = &desk.rig.venue;
    venue.set_step(&E::spelled(ETH), 1).unwrap();
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(!desk.is_flat_and_quiet());
    assert_eq!(desk.rig.venue.holdings("main").unwrap().len(), 1);
    assert_eq!(desk.closes(), 1);
    assert_eq!(desk.rig.count("dust"), 1, "{}", desk.rig.log());
    desk.has_only_protected();
}

/// A demo host takes stops away without a word, a minute after they were placed. Nothing
/// that riskd decides rests on a stop: what it had covered is held as before, and what
/// is quiet is read.
pub(super) fn b9_a_stop_that_vanishes_is_no_event<E: Exchange>() {
    let mut config = config::<E>();
    config.stops_live_ms = 2000;
    let mut desk = Desk::<E>::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.stop(BTC, "49100");
    let stops = |desk: &Desk<E>| desk.rig.venue.live_orders("main").unwrap().len();
    assert_eq!(stops(&desk), 1);
    desk.rig
        .wait_for("the stop to be gone", |_| stops(&desk) == 0);
    // Below the stop that is not there any more, and above the limit.
    desk.price(BTC, 49_050);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.venue.holdings("main").unwrap().len(), 1);
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    assert_eq!(desk.closes(), 0);
    desk.crosses_to_flat();
}

/// A close with the name of another side is refused, or opens a position on that side:
/// each names the side of its own row.
pub(super) fn b10_each_close_names_the_side_of_its_position<E: Exchange>() {
    let mut desk = Desk::<E>::hedged();
    desk.open(BTC, "0.6");
    desk.open(ETH, "-3");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    // Each was closed by its first order, and nothing was opened.
    assert_eq!(desk.closes(), E::closes(2));
    desk.has_only_protected();
}

/// A long and a short of one symbol are two rows, and the one must not hide the other.
pub(super) fn b11_both_sides_of_a_symbol_are_seen_and_closed<E: Exchange>() {
    let mut desk = Desk::<E>::hedged();
    desk.open(BTC, "0.6");
    desk.open(BTC, "-0.1");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.closes(), E::closes(2));
    desk.has_only_protected();
}

/// The unrealized result is in the equity of a wallet already: who adds it once more
/// sees a loss of 400 as one of 800.
pub(super) fn b13_an_open_loss_counts_once<E: Exchange>() {
    let mut desk = Desk::<E>::new();
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

/// A bot is told of changes, and misses one. riskd is told of none: what it missed is
/// read as it is.
pub(super) fn b14_what_was_closed_and_opened_unseen_is_read_as_it_is<E: Exchange>() {
    let mut desk = Desk::<E>::new();
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

/// A position that is closed is no longer in the list, and a list replaces all that
/// was known.
pub(super) fn b21_what_is_no_longer_listed_is_closed<E: Exchange>() {
    let mut desk = Desk::<E>::new();
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
pub(super) fn b22_a_close_is_sized_by_what_is_held_and_rounded_down<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.513");
    desk.open(ETH, "7.777");
    desk.rig.start_ready();
    desk.crosses_to_flat();
    assert_eq!(desk.closes(), E::closes(2));
}

/// An empty list of positions beside a wallet that shows one is no proof of flat.
pub(super) fn b23_an_empty_list_beside_an_open_result_is_not_believed<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    for fault in E::HIDES_POSITIONS {
        desk.rig.fault(fault);
    }
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
