//! The job itself, from a crossing to verified flat.

use std::process::Output;

use riskd_paper::InstrumentConfig;

use super::{BTC, BTC_USDC, Desk, ETH, LIMIT, config};

fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{wrong}");
    text
}

#[test]
fn a_crossed_limit_makes_an_account_in_two_margin_assets_flat_and_quiet() {
    let mut desk = Desk::new();
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
    assert_eq!(desk.closes(), 3);
    desk.has_only_protected();
}

/// A long and a short of one symbol are two rows, and the one must not hide the other.
#[test]
fn b11_both_sides_of_a_symbol_are_seen_and_closed() {
    let mut desk = Desk::hedged();
    desk.open(BTC, "0.6");
    desk.open(BTC, "-0.1");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.closes(), 2);
    desk.has_only_protected();
}

#[test]
fn six_positions_in_two_margin_assets_are_closed_each_once() {
    let mut config = config();
    for (symbol, price, asset) in [
        ("SOLUSDT", 150, "USDT"),
        ("XRPUSDT", 2, "USDT"),
        ("ETHPERP", 2000, "USDC"),
    ] {
        let instrument = InstrumentConfig::perpetual(symbol, price, asset);
        config.instruments.push(instrument);
    }
    let mut desk = Desk::of("main", config, LIMIT);
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
    assert_eq!(desk.asked("/v5/order/create").len(), 6);
    desk.has_only_protected();
}

/// Each position has a margin of its own, and the account's total says nothing.
#[test]
fn an_account_with_isolated_margin_is_closed() {
    let mut config = config();
    config.accounts[0].isolated = true;
    let mut desk = Desk::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.open(ETH, "-2");
    desk.stop(BTC, "45000");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

#[test]
fn conditional_orders_of_symbols_without_a_position_are_cancelled() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.stop(ETH, "1500");
    desk.stop(BTC_USDC, "30000");
    desk.rig.start_ready();
    desk.price(BTC, 48_000);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

#[test]
fn a_position_above_the_largest_market_order_is_closed_in_parts() {
    let mut desk = Desk::new();
    // The largest market order is 100.
    desk.open(ETH, "250.5");
    desk.rig.start_ready();
    desk.price(ETH, 1998);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.closes(), 3);
    desk.has_only_protected();
}

#[test]
fn six_hundred_orders_are_read_page_by_page_and_cancelled_in_two_rounds() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    for number in 0..600 {
        desk.rest(BTC, &format!("{}", 30_000 + number));
    }
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    // One call takes 500.
    assert_eq!(desk.asked("/v5/order/cancel-all").len(), 2);
    let pages = desk.asked("/v5/order/realtime");
    assert!(pages.iter().any(|page| page.contains("cursor=")));
    desk.has_only_protected();
}

#[test]
fn an_account_that_enters_again_while_locked_is_flat_again() {
    let mut desk = Desk::new();
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

#[test]
fn a_kill_between_firing_and_flat_is_finished_by_the_next_start() {
    let mut desk = Desk::new();
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

#[test]
fn riskd_flatten_needs_no_daemon() {
    for account in ["main", "hedge"] {
        let desk = Desk::of(account, config(), LIMIT);
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
#[test]
fn one_position_is_closed_and_the_others_keep_their_stops() {
    let rules = r#"
rules:
  - name: one position
    accounts: ["*"]
    when: { pnl: { loss: 400, per: position } }
    then: [close_position]
    rearm: clear
"#;
    let mut desk = Desk::of("hedge", config(), rules);
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

impl Desk {
    /// The stop of the short side of hedge mode.
    fn stop_of_short(&self, symbol: &str, price: &str) {
        self.place(serde_json::json!({
            "instrument": symbol, "side": "buy", "quantity": "0.2",
            "order_type": "stop_market", "stop_price": price,
            "reduce_only": true, "position_side": "short",
        }));
    }
}
