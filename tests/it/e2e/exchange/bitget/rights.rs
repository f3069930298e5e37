//! What a classic key is told of itself.

use super::classic::Classic;
use crate::e2e::exchange::desk::config;
use crate::e2e::exchange::{BTC, Desk, LIMIT};

/// A classic key that may not read the spot account cannot be asked what else it may do:
/// that is said, and protection goes on.
#[test]
fn rights_that_cannot_be_asked_for_are_a_warning() {
    let mut config = config::<Classic>();
    config.keys[0].may_read_spot = false;
    let mut desk = Desk::<Classic>::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.wait_for("the warning", |rig| {
        rig.log().contains("may read the spot account")
    });
    desk.crosses_to_flat();
}
