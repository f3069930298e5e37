//! What goes wrong on the way: at the venue, in front of it and with its clock.

use super::{BTC, Desk};

#[test]
fn a_venue_that_is_away_at_the_start_is_waited_for() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig
        .fault(r#"{"fault": {"status": {"code": 502}}, "class": "all"}"#);
    desk.rig.start();
    desk.rig
        .wait_for("the loss of data", |rig| rig.count("data_lost") > 0);
    desk.rig.venue.clear_faults();
    desk.rig
        .wait_for("the data to be back", |rig| rig.count("data_back") > 0);
    desk.crosses_to_flat();
}

#[test]
fn too_many_visits_in_the_middle_of_a_breach_cost_a_second() {
    let desk = Desk::started();
    desk.rig
        .fault(r#"{"fault": {"code": {"code": 10006}}, "class": "flatten", "count": 3}"#);
    desk.crosses_to_flat();
}

#[test]
fn a_ban_in_the_middle_of_a_breach_is_probed_and_outlasted() {
    let desk = Desk::started();
    desk.rig
        .fault(r#"{"fault": {"status": {"code": 403}}, "class": "all", "count": 4}"#);
    desk.crosses_to_flat();
}

#[test]
fn an_unknown_outcome_is_read_and_not_guessed() {
    for fault in [
        r#"{"fault": {"code": {"code": 10016, "after_effect": true}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": {"code": {"code": 10016}}, "class": "flatten", "count": 1}"#,
        r#"{"fault": "lost_after_effect", "class": "flatten", "count": 1}"#,
        r#"{"fault": "html_body", "class": "flatten", "count": 1}"#,
        r#"{"fault": {"status": {"code": 429}}, "class": "flatten", "count": 1}"#,
    ] {
        let desk = Desk::started();
        desk.rig.fault(fault);
        desk.crosses_to_flat();
    }
}

#[test]
fn a_settlement_in_progress_is_tried_again() {
    let desk = Desk::started();
    desk.rig.fault(
        r#"{"fault": {"flatten_refused": {"error": "settlement in progress"}}, "class": "flatten", "count": 2}"#,
    );
    desk.crosses_to_flat();
}

#[test]
fn a_clock_that_is_off_is_measured_and_nothing_is_lost() {
    for ms in [90_000, -90_000] {
        let mut desk = Desk::new();
        desk.open(BTC, "0.5");
        desk.rig
            .fault(&format!(r#"{{"fault": {{"clock_off": {{"ms": {ms}}}}}}}"#));
        desk.rig.start_ready();
        desk.crosses_to_flat();
    }
}

#[test]
fn a_position_that_appears_while_another_is_closed_is_closed_too() {
    let desk = Desk::started();
    desk.rig.fault(
        r#"{"fault": {"appears": {"instrument": "ETHUSDT", "quantity": "3"}}, "class": "flatten", "count": 1}"#,
    );
    desk.crosses_to_flat();
}

#[test]
fn a_market_order_that_fills_in_part_is_followed_by_another() {
    let desk = Desk::started();
    desk.rig
        .fault(r#"{"fault": "flatten_half", "class": "flatten", "count": 2}"#);
    desk.crosses_to_flat();
}

#[test]
fn an_answer_of_another_shape_is_unknown_and_fires_nothing() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    for fault in [
        r#"{"fault": "data_wrapper", "class": "reads"}"#,
        r#"{"fault": {"field_missing": {"field": "list"}}, "class": "reads"}"#,
        r#"{"fault": {"field_null": {"field": "walletBalance"}}, "class": "accounts"}"#,
        r#"{"fault": {"field_text": {"field": "result"}}, "class": "accounts"}"#,
        r#"{"fault": "no_accounts", "class": "accounts"}"#,
        r#"{"fault": "duplicated_account", "class": "accounts"}"#,
        r#"{"fault": "position_sign_flip", "class": "reads"}"#,
        r#"{"fault": "negative_quantity", "class": "positions"}"#,
        r#"{"fault": "html_body", "class": "accounts"}"#,
    ] {
        desk.rig.fault(fault);
        desk.rig.let_polls_pass();
        desk.rig.venue.clear_faults();
    }
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.crosses_to_flat();
}
