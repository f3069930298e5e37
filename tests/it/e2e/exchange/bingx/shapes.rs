//! Shapes of its answers that vary from page to page and from reply to reply.

use super::Desk;
use crate::e2e::exchange::{BTC, ETH};

/// Shapes that say the same in another way.
const KNOWN: [&str; 5] = [
    "bare_lists",
    "other_words",
    "signed_both",
    "ids_as_text",
    "code_as_text",
];

#[test]
fn what_is_said_in_another_way_is_understood() {
    for shape in KNOWN {
        let mut desk = Desk::new();
        desk.open(BTC, "0.5");
        desk.open(ETH, "-2");
        desk.rest(BTC, "40000");
        desk.stop(ETH, "1500");
        desk.rig.fault(&format!(
            r#"{{"fault": {{"other_shape": {{"shape": "{shape}"}}}}, "class": "all"}}"#
        ));
        desk.rig.start_ready();
        desk.crosses_to_flat();
    }
}

/// A list that is null is no empty list: nothing is proven by it.
#[test]
fn a_list_that_is_null_proves_nothing() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"other_shape": {"shape": "null_lists"}}, "class": "all"}"#);
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("the firing", |rig| rig.count("fired") > 0);
    desk.rig.wait_for("the close", |_| desk.is_flat_and_quiet());
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("verified"), 0, "{}", desk.rig.log());
    desk.rig.venue.clear_faults();
    desk.wait_verified(1);
    desk.has_only_protected();
}

/// A recorded reply says nothing of the mode, and the account is asked for it: as a text,
/// or as a boolean.
#[test]
fn a_position_that_leaves_its_mode_open_is_closed_in_the_right_one() {
    for as_bool in [false, true] {
        for mut desk in [Desk::new(), Desk::hedged()] {
            desk.open(BTC, "0.5");
            desk.open(ETH, "-2");
            for fault in [
                r#"{"fault": {"field_missing": {"field": "onlyOnePosition"}}, "class": "positions"}"#,
                r#"{"fault": {"entry_fails": {"instrument": "BTC-USDT"}}, "class": "flatten"}"#,
            ] {
                desk.rig.fault(fault);
            }
            if as_bool {
                desk.rig.fault(
                    r#"{"fault": {"other_shape": {"shape": "mode_as_bool"}}, "class": "accounts"}"#,
                );
            }
            desk.rig.start_ready();
            desk.crosses_to_flat();
            assert!(!desk.asked("/openApi/swap/v1/positionSide/dual").is_empty());
        }
    }
}

/// The rights of a key as numbers, without an envelope.
#[test]
fn rights_that_are_numbers_are_read() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.fault(
        r#"{"fault": {"other_shape": {"shape": "rights_as_numbers"}}, "class": "accounts"}"#,
    );
    desk.rig.start_ready();
    desk.rig
        .wait_for("the rights of the key", |rig| rig.count("key_rights") > 0);
    desk.crosses_to_flat();
}
