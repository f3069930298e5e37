//! Its limits, which are the address' own.

use super::Desk;
use crate::e2e::exchange::BTC;

/// Nothing at all leaves before the end that the venue has said, and the close at once
/// after it.
#[test]
fn a_ban_in_the_middle_of_a_breach_is_outlasted_without_a_request() {
    let desk = Desk::started();
    desk.rig.fault(r#"{"fault": {"ban": {"ms": 4000}}}"#);
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    let requests = desk.rig.venue.counters().rate_limited;
    // The first poll that met it, and what was on its way with that.
    assert!((1..=3).contains(&requests), "{requests}");
    desk.has_only_protected();
}
