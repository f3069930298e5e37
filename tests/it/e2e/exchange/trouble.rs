//! What goes wrong on the way: at the venue, in front of it and with its clock.

use super::desk::Desk;
use super::{BTC, ETH, Exchange};

pub(super) fn a_venue_that_is_away_at_the_start_is_waited_for<E: Exchange>() {
    let mut desk = Desk::<E>::new();
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

pub(super) fn a_venue_that_goes_away_in_a_breach_is_finished_when_it_is_back<E: Exchange>() {
    let desk = Desk::<E>::started();
    desk.rig
        .fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("the first request", |rig| rig.count("request_sent") > 0);
    desk.rig
        .fault(r#"{"fault": {"status": {"code": 502}}, "class": "all"}"#);
    desk.rig
        .wait_for("a read that fails", |rig| rig.count("verify_failed") > 0);
    assert_eq!(desk.rig.count("verified"), 0);
    desk.rig.venue.clear_faults();
    desk.crosses_to_flat();
}

pub(super) fn too_many_visits_in_the_middle_of_a_breach_cost_a_second<E: Exchange>() {
    let desk = Desk::<E>::started();
    desk.rig.fault(E::TOO_MANY);
    desk.crosses_to_flat();
}

/// A firewall, or a ban that says no end: it is tried again every 2 s.
pub(super) fn an_address_that_is_turned_away_in_a_breach_is_let_in_again<E: Exchange>() {
    let desk = Desk::<E>::started();
    desk.rig
        .fault(r#"{"fault": {"status": {"code": 403}}, "class": "all", "count": 4}"#);
    desk.crosses_to_flat();
}

pub(super) fn an_unknown_outcome_is_read_and_not_guessed<E: Exchange>() {
    for fault in E::UNKNOWN_OUTCOMES {
        let desk = Desk::<E>::started();
        desk.rig.fault(fault);
        desk.crosses_to_flat();
    }
}

/// The settlement of a symbol, a symbol that is closed, a price out of bounds.
pub(super) fn a_refusal_for_now_is_tried_again<E: Exchange>() {
    let code = E::NOT_NOW;
    for fault in [
        r#"{"flatten_refused": {"error": "Not now."}}"#.to_owned(),
        format!(r#"{{"code": {{"code": {code}}}}}"#),
    ] {
        let desk = Desk::<E>::started();
        desk.rig.fault(&format!(
            r#"{{"fault": {fault}, "class": "flatten", "count": 2}}"#
        ));
        desk.crosses_to_flat();
    }
}

/// A book so thin that a market order is refused again and again: a person hears of it
/// at once and with the venue's own words, and riskd goes on until it is taken.
pub(super) fn a_venue_that_refuses_for_long_is_told_of_once_and_never_given_up<E: Exchange>() {
    let desk = Desk::<E>::started();
    let code = E::NOT_NOW;
    desk.rig.fault(&format!(
        r#"{{"fault": {{"code": {{"code": {code}}}}}, "class": "flatten", "count": 4}}"#
    ));
    desk.crosses_to_flat();
    assert_eq!(desk.closes(), 5);
    let stuck = desk.first("enforcement_stuck");
    let said = stuck["message"].as_str().unwrap();
    assert!(said.contains(&format!("code {code}")), "{said}");
    assert_eq!(desk.rig.count("enforcement_stuck"), 1, "{}", desk.rig.log());
}

/// The venue sheds load: only what reduces is let through.
pub(super) fn a_venue_that_is_throttled_still_lets_closes_through<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "throttled", "class": "all", "count": 6}"#);
    desk.crosses_to_flat();
}

pub(super) fn a_clock_that_is_off_is_measured_and_nothing_is_lost<E: Exchange>() {
    for ms in [90_000, -90_000] {
        let mut desk = Desk::<E>::new();
        desk.open(BTC, "0.5");
        desk.rig
            .fault(&format!(r#"{{"fault": {{"clock_off": {{"ms": {ms}}}}}}}"#));
        desk.rig.start_ready();
        desk.crosses_to_flat();
    }
}

pub(super) fn a_position_that_appears_while_another_is_closed_is_closed_too<E: Exchange>() {
    let desk = Desk::<E>::started();
    let eth = E::spelled(ETH);
    desk.rig.fault(&format!(
        r#"{{"fault": {{"appears": {{"instrument": "{eth}", "quantity": "3"}}}}, "class": "flatten", "count": 1}}"#
    ));
    desk.crosses_to_flat();
}

pub(super) fn a_market_order_that_fills_in_part_is_followed_by_another<E: Exchange>() {
    let desk = Desk::<E>::started();
    desk.rig
        .fault(r#"{"fault": "flatten_half", "class": "flatten", "count": 2}"#);
    desk.crosses_to_flat();
}

pub(super) fn an_answer_of_another_shape_is_unknown_and_fires_nothing<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    for fault in E::ODD_SHAPES {
        desk.rig.fault(fault);
        desk.rig.let_polls_pass();
        desk.rig.venue.clear_faults();
    }
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.crosses_to_flat();
}
