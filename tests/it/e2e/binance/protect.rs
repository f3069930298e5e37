//! The job itself, from a crossing to verified flat.

use std::process::Output;

use riskd_paper::InstrumentConfig;
use rust_decimal::Decimal;

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

#[test]
fn both_sides_of_a_symbol_are_closed() {
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

/// More than the venue lets an account have: one call takes all of a symbol.
#[test]
fn six_hundred_orders_in_both_books_are_cancelled_by_symbol() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    for number in 0..300 {
        desk.rest(BTC, &format!("{}", 30_000 + number));
        desk.stop(ETH, &format!("{}", 1000 + number));
    }
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    for path in ["/fapi/v1/allOpenOrders", "/fapi/v1/algoOpenOrders"] {
        let cancels = desk.asked(path);
        // Of BTC beside the close, and of ETH once the books were read.
        assert!((1..=3).contains(&cancels.len()), "{cancels:?}");
    }
    desk.has_only_protected();
}

#[test]
fn six_positions_in_two_margin_assets_are_closed() {
    let mut config = config();
    for (symbol, asset) in [
        ("SOLUSDT", "USDT"),
        ("XRPUSDC", "USDC"),
        ("ETHUSDC", "USDC"),
    ] {
        let instrument = InstrumentConfig::perpetual(symbol, 100, asset);
        config.instruments.push(instrument);
    }
    let mut desk = Desk::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.open(ETH, "-2");
    desk.open(BTC_USDC, "0.1");
    desk.open("SOLUSDT", "-3");
    desk.open("XRPUSDC", "5");
    desk.open("ETHUSDC", "-1");
    desk.rig.start_ready();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.closes(), 6);
    desk.has_only_protected();
}

/// What a resting reduce-only order holds cannot be closed before it is cancelled.
#[test]
fn a_target_that_holds_the_position_is_cancelled_before_the_close() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.place(serde_json::json!({
        "instrument": BTC, "side": "sell", "quantity": "0.5", "order_type": "limit",
        "limit_price": "60000", "reduce_only": true,
    }));
    desk.rig.start_ready();
    desk.crosses_to_flat();
}

#[test]
fn isolated_positions_are_closed_and_counted_once() {
    let mut config = config();
    config.accounts[0].isolated = true;
    let mut desk = Desk::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.open(ETH, "-1");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    // Margin that was set aside is no loss.
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    let fired = desk.first("fired");
    // With the fees of both openings.
    assert_eq!(fired["fields"]["value"], "-564.85", "{fired}");
    desk.has_only_protected();
}

/// In multi-assets mode the totals are of all assets in dollars, and what is free is
/// shown for each asset.
#[test]
fn multi_assets_mode_counts_each_asset_once() {
    let mut config = config();
    let main = &mut config.accounts[0];
    main.multi_assets = true;
    main.wallets.push(("BTC".to_owned(), Decimal::ONE));
    let mut desk = Desk::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .wait_for("the coin", |rig| rig.count("blind_spot") == 1);
    desk.price(BTC, 49_100);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.crosses_to_flat();
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

/// Each round weighs 85 of the 2,400 of a minute, and each look at what may be opened
/// again some: the polls find room beside all that.
#[test]
fn an_account_that_is_opened_again_and_again_is_closed_each_time_and_never_out_of_sight() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": {"reopens": {"after_ms": 1500}}, "count": 12}"#);
    desk.price(BTC, 48_900);
    for times in [4, 8, 13] {
        desk.wait_verified(times);
    }
    assert!(desk.is_flat_and_quiet());
    assert_eq!(desk.rig.count("data_lost"), 0, "{}", desk.rig.log());
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
