//! Its two books of orders, and what its calls take.

use super::{Binance, Desk};
use crate::e2e::exchange::desk::config;
use crate::e2e::exchange::{BTC, ETH, LIMIT};

/// Since December 2025 the call of old refuses stops (-4120), and what a bot believed
/// to have placed was not there. riskd places none; what it closes with is a market
/// order, and the stops of others it reads and cancels where they are.
#[test]
fn b1_stops_are_read_and_cancelled_in_their_own_book_and_none_is_placed() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.rig.start_ready();
    desk.crosses_to_flat();
    assert!(!desk.asked("/fapi/v1/openAlgoOrders").is_empty());
    assert!(!desk.asked("/fapi/v1/algoOpenOrders").is_empty());
    let requests = desk.rig.venue.requests();
    let posts = requests.iter().filter(|one| one.method == "POST");
    let posts: Vec<&str> = posts.map(|one| one.path.as_str()).collect();
    assert!(!posts.is_empty());
    for path in posts {
        assert!(path.starts_with("/fapi/v1/order?"), "{path}");
        assert!(path.contains("&type=MARKET&"), "{path}");
    }
}

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

/// In hedge mode a close carries its side and no `reduceOnly`, which is refused there.
#[test]
fn b5_each_mode_has_the_parameters_that_it_takes() {
    for account in ["main", "hedge"] {
        let mut desk = Desk::of(account, config::<Binance>(), LIMIT);
        desk.open(BTC, "0.6");
        desk.rig.start_ready();
        desk.crosses_to_flat();
        assert_eq!(desk.closes(), 1);
    }
}
