//! Lists of several pages.

use super::Exchange;
use super::classic::Classic;
use super::unified::Unified;
use crate::e2e::exchange::{BTC, BTC_USDC, Desk, ETH};

/// Orders of a symbol that is not held are found in the list alone, which has a hundred
/// of them a page.
fn finds_orders_behind_the_first_page<E: Exchange>(path: &str, next: &str, cancel: &str) {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    for number in 0..250 {
        desk.rest(ETH, &format!("{}", 1000 + number));
    }
    desk.rest(BTC_USDC, "30000");
    desk.rig.start_ready();
    desk.crosses_to_flat();
    let pages = desk.asked(path);
    assert!(pages.iter().any(|page| page.contains(next)), "{pages:?}");
    let cancels = desk.asked(cancel);
    assert!((2..=6).contains(&cancels.len()), "{cancels:?}");
}

#[test]
fn orders_behind_the_first_page_of_a_classic_account_are_cancelled() {
    finds_orders_behind_the_first_page::<Classic>(
        "/api/v2/mix/order/orders-pending",
        "idLessThan=",
        "/api/v2/mix/order/batch-cancel-orders",
    );
}

#[test]
fn orders_behind_the_first_page_of_a_unified_account_are_cancelled() {
    finds_orders_behind_the_first_page::<Unified>(
        "/api/v3/trade/unfilled-orders",
        "cursor=",
        "/api/v3/trade/cancel-symbol-order",
    );
}
