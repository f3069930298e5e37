//! The job itself, from a crossing to verified flat.

use std::process::Output;

use riskd_paper::InstrumentConfig;

use super::desk::{Desk, config};
use super::{BTC, BTC_USDC, ETH, Exchange, LIMIT};

fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{wrong}");
    text
}

pub(super) fn a_crossed_limit_makes_an_account_in_two_margin_assets_flat_and_quiet<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.open(ETH, "-2");
    desk.open(BTC_USDC, "0.1");
    desk.rest(BTC, "40000");
    desk.stop(ETH, "1500");
    let untouched = desk.rig.venue.wallets("hedge").unwrap();
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0);
    // 0.5 of 1,000 points are 500, and the fees of the openings count too.
    desk.price(BTC, 49_000);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.rig.venue.wallets("hedge").unwrap(), untouched);
    let fired = desk.first("fired");
    assert_eq!(fired["account"], "coins");
    assert_eq!(fired["fields"]["value"], "-518.70");
    // Closed once, each of the three.
    assert_eq!(desk.closes(), E::closes(3));
    desk.has_only_protected();
}

pub(super) fn six_positions_in_two_margin_assets_are_closed_each_once<E: Exchange>() {
    let mut config = config::<E>();
    for (symbol, price, asset) in [
        ("SOLUSDT", 150, "USDT"),
        ("XRPUSDT", 2, "USDT"),
        ("ETHPERP", 2000, "USDC"),
    ] {
        let instrument = InstrumentConfig::perpetual(&E::spelled(symbol), price, asset);
        config.instruments.push(instrument);
    }
    let mut desk = Desk::<E>::of("main", config, LIMIT);
    for (symbol, quantity) in [
        (BTC, "0.5"),
        (ETH, "-2"),
        (BTC_USDC, "-0.1"),
        ("SOLUSDT", "20"),
        ("XRPUSDT", "-80"),
        ("ETHPERP", "1.5"),
    ] {
        desk.open(symbol, quantity);
    }
    desk.stop("SOLUSDT", "100");
    desk.rest("ETHPERP", "1500");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.closes(), E::closes(6));
    desk.has_only_protected();
}

/// Each position has a margin of its own, and the account's total says nothing.
pub(super) fn an_account_with_isolated_margin_is_closed_and_counted_once<E: Exchange>() {
    let mut config = config::<E>();
    config.accounts[0].isolated = true;
    let mut desk = Desk::<E>::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.open(ETH, "-2");
    desk.stop(BTC, "45000");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    // Margin that was set aside is no loss.
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    // With the fees of both openings.
    assert_eq!(desk.first("fired")["fields"]["value"], "-565.95");
    desk.has_only_protected();
}

pub(super) fn conditional_orders_of_symbols_without_a_position_are_cancelled<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.stop(ETH, "1500");
    desk.stop(BTC_USDC, "30000");
    desk.rig.start_ready();
    desk.price(BTC, 48_000);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

pub(super) fn a_position_above_the_largest_market_order_is_closed_in_parts<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    // The largest market order is 100.
    desk.open(ETH, "250.5");
    desk.rig.start_ready();
    desk.price(ETH, 1998);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    // Where the venue itself closes all of it, by one.
    let parts = if E::closes(3) == 3 { 3 } else { 1 };
    assert_eq!(desk.closes(), parts);
    desk.has_only_protected();
}

pub(super) fn rules_of_a_symbol_that_changed_are_read_after_a_refusal<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(ETH, "250.5");
    desk.rig.start_ready();
    // The largest market order was 100.
    let venue = &desk.rig.venue;
    venue
        .set_largest_market_order(&E::spelled(ETH), 60)
        .unwrap();
    desk.price(ETH, 1998);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

pub(super) fn six_hundred_orders_are_cancelled_by_symbol<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    for number in 0..600 {
        desk.rest(BTC, &format!("{}", 30_000 + number));
    }
    for number in 0..60 {
        desk.stop(ETH, &format!("{}", 1000 + number));
    }
    desk.rig.start_ready();
    desk.crosses_to_flat();
    E::check_cancels_of_six_hundred(&desk);
}

/// What a resting reduce-only order holds cannot be closed before it is cancelled, at
/// some.
pub(super) fn a_target_that_holds_the_position_is_no_obstacle<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.place(serde_json::json!({
        "instrument": BTC, "side": "sell", "quantity": "0.5", "order_type": "limit",
        "limit_price": "60000", "reduce_only": true,
    }));
    desk.rig.start_ready();
    desk.crosses_to_flat();
}

pub(super) fn an_account_that_enters_again_while_locked_is_flat_again<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    desk.open(ETH, "1");
    desk.wait_verified(2);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.rig.count("lock_violated"), 1);
    // An order alone is a violation too, a conditional one as well.
    desk.stop(BTC, "30000");
    desk.wait_verified(3);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.rig.count("fired"), 1);
    desk.has_only_protected();
}

/// Each round and each look at what may be opened again takes its part of the limits: the
/// polls find room beside all that, and the account is never out of sight.
pub(super) fn an_account_that_is_opened_again_and_again_is_closed_each_time<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"reopens": {"after_ms": 1500}}, "count": 7}"#);
    desk.price(BTC, 48_900);
    // Some more would take all that reads may weigh in a minute at Binance.
    for times in [3, 6, 8] {
        desk.wait_verified(times);
    }
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.rig.count("data_lost"), 0, "{}", desk.rig.log());
    desk.has_only_protected();
}

pub(super) fn a_kill_between_firing_and_flat_is_finished_by_the_next_start<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("a round without success", |rig| rig.count("not_yet") > 0);
    desk.rig.kill();
    assert!(!desk.is_flat_and_quiet());
    desk.rig.venue.clear_faults();
    desk.price(BTC, 51_000);
    desk.rig.start();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.rig.count("fired"), 1);
    desk.has_only_protected();
}

pub(super) fn riskd_flatten_needs_no_daemon<E: Exchange>() {
    for account in ["main", "hedge"] {
        let desk = Desk::<E>::of(account, config::<E>(), LIMIT);
        desk.open(BTC, "0.5");
        desk.open(ETH, "-150");
        desk.stop(BTC_USDC, "30000");
        desk.rest(BTC, "40000");
        let text = said(
            &desk
                .rig
                .riskd()
                .args(["flatten", "--all"])
                .output()
                .unwrap(),
        );
        assert!(text.contains("1 of 1 account flat and quiet"), "{text}");
        assert!(desk.is_flat_and_quiet());
        desk.has_only_protected();
    }
}

/// Positions of one symbol alone, and the orders that belong to them.
pub(super) fn one_position_is_closed_and_the_others_keep_their_stops<E: Exchange>() {
    let rules = r#"
rules:
  - name: one position
    accounts: ["*"]
    when: { pnl: { loss: 400, per: position } }
    then: [close_position]
    rearm: clear
"#;
    let mut desk = Desk::<E>::of("hedge", config::<E>(), rules);
    desk.open(BTC, "0.5");
    desk.open(BTC, "-0.2");
    desk.open(ETH, "1");
    desk.stop_of_short(BTC, "60000");
    desk.rig.start_ready();
    desk.price(BTC, 49_000);
    desk.wait_verified(1);
    let figures = desk.rig.venue.holdings("hedge").unwrap();
    assert_eq!(figures.len(), 2, "{figures:?}");
    assert_eq!(desk.rig.venue.live_orders("hedge").unwrap().len(), 1);
    desk.has_only_protected();
}

pub(super) fn observe_mode_decides_and_sends_nothing<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    let text = desk.rule_file("", LIMIT);
    let observes = text.replace("http: off", "http: off, mode: observe");
    desk.rig.write_rules(&observes);
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("what would be done", |rig| rig.count("would_send") > 0);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 1);
    assert_eq!(desk.rig.terminate(), Some(0));
    let requests = desk.rig.venue.requests();
    let writes = requests.iter().filter(|one| one.method != "GET");
    assert_eq!(writes.count(), 0, "{requests:?}");
    desk.has_only_protected();
}

impl<E: Exchange> Desk<E> {
    /// The stop of the short side of hedge mode.
    fn stop_of_short(&self, symbol: &str, price: &str) {
        self.place(serde_json::json!({
            "instrument": symbol, "side": "buy", "quantity": "0.2",
            "order_type": "stop_market", "stop_price": price,
            "reduce_only": true, "position_side": "short",
        }));
    }
}
