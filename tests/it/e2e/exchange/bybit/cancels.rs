//! Its one call for orders of all kinds, which does not always do what it says.

use super::{Bybit, Desk};
use crate::e2e::exchange::{BTC, ETH};

/// A cancel of all that answers with success and leaves the stops.
#[test]
fn b12_stops_that_a_cancel_leaves_are_cancelled_by_their_kind() {
    let mut desk = Desk::<Bybit>::new();
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.stop(ETH, "1000");
    desk.rest(BTC, "40000");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "cancel_leaves_stops", "class": "cancel"}"#);
    desk.crosses_to_flat();
}
