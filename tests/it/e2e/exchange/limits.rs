//! What a whole breach takes of the venue's limits.

use super::desk::Desk;
use super::{BTC, BTC_USDC, ETH, Exchange};

pub(super) fn the_limits_of_the_venue_are_kept_in_a_breach<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.open(ETH, "-2");
    desk.open(BTC_USDC, "0.1");
    for number in 0..10 {
        desk.stop(ETH, &format!("{}", 1000 + number));
        desk.rest(BTC, &format!("{}", 30_000 + number));
    }
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.crosses_to_flat();
    desk.rig.let_polls_pass();
    let counters = desk.rig.venue.counters();
    // Each close was taken at once. Limits by the second are counted where requests
    // arrive, and a busy machine lets those of two seconds arrive together: a read may be
    // turned away for that, and is repeated.
    assert_eq!(desk.closes(), E::closes(3));
    assert_eq!(desk.rig.count("data_lost"), 0, "{}", desk.rig.log());
    assert_eq!(desk.rig.count("verify_failed"), 0, "{}", desk.rig.log());
    assert_eq!(counters.all_accounts, 0, "{counters:?}");
    assert_eq!(counters.opening_orders, 0, "{counters:?}");
    assert_eq!(counters.unknown_paths, 0, "{counters:?}");
}
