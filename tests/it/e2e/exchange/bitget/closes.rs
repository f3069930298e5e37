//! How positions are closed there.

use super::Exchange;
use super::classic::Classic;
use super::unified::Unified;
use crate::e2e::exchange::desk::config;
use crate::e2e::exchange::{BTC, Desk, ETH};

const ONE_POSITION: &str = r#"
rules:
  - name: one position
    accounts: ["*"]
    when: { pnl: { loss: 400, per: position } }
    then: [close_position]
    rearm: clear
"#;

/// B15: a `side` of hedge mode names the position there, and a bot closed the other one.
/// The long one is closed by its name, or by an order where the venue does not do that,
/// and the short one stays what it is.
#[test]
fn b15_the_side_that_is_meant_is_closed_and_the_other_one_stays() {
    for refusals in [0, 1] {
        let mut desk = Desk::<Classic>::of("hedge", config::<Classic>(), ONE_POSITION);
        desk.open(BTC, "0.5");
        desk.open(BTC, "-0.2");
        desk.rig.start_ready();
        for _ in 0..refusals {
            desk.rig
                .fault(r#"{"fault": {"code": {"code": 43007}}, "class": "flatten", "count": 1}"#);
        }
        desk.price(BTC, 49_000);
        desk.wait_verified(1);
        let held = desk.rig.venue.holdings("hedge").unwrap();
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!(held[0].quantity, "-0.2".parse().unwrap());
        let by_side = desk.asked("/api/v2/mix/order/close-positions").len();
        let by_order = desk.asked("/api/v2/mix/order/place-order").len();
        assert_eq!((by_side, by_order), (1, refusals));
        desk.has_only_protected();
    }
}

/// B16: positions come as whole lists, and who takes them for changes never sees one
/// close.
#[test]
fn b16_a_list_of_positions_replaces_what_was_known() {
    replaces_what_was_known::<Classic>();
    replaces_what_was_known::<Unified>();
}

fn replaces_what_was_known<E: Exchange>() {
    let mut desk = Desk::<E>::hedged();
    desk.open(BTC, "0.5");
    desk.open(ETH, "-1");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.rig.venue.close("hedge").unwrap();
    desk.open(ETH, "1");
    desk.rig.let_polls_pass();
    // Neither the long BTC nor the short ETH counts any more.
    desk.price(BTC, 40_000);
    desk.price(ETH, 2400);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(ETH, 1300);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.closes(), 1);
    desk.has_only_protected();
}

/// B18: a short that is not there any more is refused in the words of a wrong size
/// (40808, "delegate count 0 > 0"); what is held then decides.
#[test]
fn b18_a_short_that_is_not_there_any_more_is_no_failure() {
    let mut desk = Desk::<Classic>::hedged();
    desk.open(BTC, "-0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"code": {"code": 40808}}, "class": "flatten"}"#);
    desk.price(BTC, 51_100);
    desk.rig
        .wait_for("the firing", |rig| rig.count("fired") > 0);
    desk.rig.venue.close("hedge").unwrap();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}
