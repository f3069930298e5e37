//! Money that comes and goes without a trade, and what the figures do not hold.

use riskd_paper::InstrumentConfig;
use rust_decimal::Decimal;

use super::{BTC, Desk, LIMIT, config};

/// A loss, a profit and a fall from the best of the session, each of 500.
const RULES: &str = r#"
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: { pnl: { loss: 500 } }
    then: [flatten, { lock: { until: session_end } }]
  - name: target
    accounts: ["*"]
    when: { pnl: { profit: 500 } }
    then: [flatten, { lock: { until: session_end } }]
  - name: trailing
    accounts: ["*"]
    when: { trailing_drawdown: { metric: equity, trail: 500, span: session } }
    then: [flatten, { lock: { until: session_end } }]
  - name: from the balance at the open
    accounts: ["*"]
    when: { max_loss: { amount: 500, anchor: session_balance } }
    then: [flatten, { lock: { until: session_end } }]
"#;

impl Desk {
    fn transfer(&self, amount: i64) {
        let venue = &self.rig.venue;
        let amount = Decimal::from(amount);
        venue.transfer(self.account, "USDT", amount).unwrap();
    }

    fn flows(&self, times: usize) {
        let what = format!("{times} flows");
        self.rig.wait_for(&what, |rig| rig.count("flow") == times);
    }
}

#[test]
fn deposits_and_withdrawals_fire_nothing_and_results_go_on() {
    let mut desk = Desk::of("main", config(), RULES);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.transfer(3000);
    desk.flows(1);
    desk.transfer(-6000);
    desk.flows(2);
    desk.rig.let_polls_pass();
    // A loss of 400 is no more than that.
    desk.price(BTC, 49_200);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 48_990);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    let fired = desk.first("fired");
    // With the fee of the opening, which was before riskd came.
    assert_eq!(fired["fields"]["value"], "-518.75", "{fired}");
    assert_eq!(desk.rig.count("wallet_unexplained"), 0);
    desk.has_only_protected();
}

#[test]
fn what_moved_while_riskd_was_away_is_no_result_either() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.rig.kill();
    desk.transfer(-4000);
    desk.rig.start_ready();
    desk.flows(1);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.rig.kill();
    // Each counts once.
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("flow"), 1);
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    desk.has_only_protected();
}

#[test]
fn funding_is_a_result() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    // 2 % of 25,000.
    let rate = Decimal::new(2, 2);
    desk.rig.venue.pay_funding(BTC, rate).unwrap();
    desk.wait_verified(1);
    assert_eq!(desk.rig.count("flow"), 0);
    desk.has_only_protected();
}

#[test]
fn a_wallet_that_shows_nothing_all_at_once_is_in_doubt() {
    let mut desk = Desk::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.rig
        .fault(r#"{"fault": "figures_zeroed", "class": "accounts"}"#);
    desk.rig
        .wait_for("the doubt", |rig| rig.count("data_suspect") > 0);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.rig.venue.clear_faults();
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    desk.has_only_protected();
}

/// B8: an account of the EU has its margin in credits (BNFCR), and its wallets in
/// dollars show nothing beside an open position.
#[test]
fn b8_a_position_with_its_margin_elsewhere_makes_the_figures_unknown() {
    let mut config = config();
    let credits = InstrumentConfig::perpetual("SOLUSDT", 100, "BNFCR");
    config.instruments.push(credits);
    let main = &mut config.accounts[0];
    main.wallets.push(("BNFCR".to_owned(), Decimal::from(3000)));
    let mut desk = Desk::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    // Credits in the wallet are told, and in nobody's way.
    desk.rig
        .wait_for("the credits", |rig| rig.count("blind_spot") == 1);
    desk.open("SOLUSDT", "10");
    desk.rig
        .wait_for("the position", |rig| rig.count("blind_spot") == 2);
    desk.rig.let_polls_pass();
    assert!(desk.rig.log().contains("outside the `assets`"));
    desk.price(BTC, 48_000);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0);
    // A flatten closes it all the same.
    let flatten = desk
        .rig
        .riskd()
        .args(["flatten", "--all"])
        .output()
        .unwrap();
    assert_eq!(
        flatten.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&flatten.stderr)
    );
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// Words for money that comes and goes that are not documented together.
#[test]
fn money_that_moves_under_other_words_is_a_flow_too() {
    let desk = Desk::started();
    desk.rig.let_polls_pass();
    let venue = &desk.rig.venue;
    for (word, amount) in [("COIN_SWAP_WITHDRAW", -2000), ("INTERNAL_TRANSFER", -1500)] {
        venue
            .transfer_as(word, "main", "USDT", Decimal::from(amount))
            .unwrap();
    }
    desk.flows(2);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.crosses_to_flat();
}
