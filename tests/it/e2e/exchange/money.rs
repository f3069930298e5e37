//! Money that comes and goes without a trade, and what the figures do not hold.

use riskd_paper::InstrumentConfig;
use rust_decimal::Decimal;

use super::desk::{Desk, config};
use super::{BTC, ETH, Elsewhere, Exchange, LIMIT};

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

impl<E: Exchange> Desk<E> {
    fn transfer(&self, amount: i64) {
        let venue = &self.rig.venue;
        let amount = Decimal::from(amount);
        venue.transfer(self.account, "USDT", amount).unwrap();
    }

    fn flows(&self, times: usize) {
        let what = format!("{times} flows");
        self.rig.wait_for(&what, |rig| rig.count("flow") == times);
    }

    /// What the account has made so far, with what is open.
    fn result(&self) -> Decimal {
        let venue = &self.rig.venue;
        let fills = venue.fills(self.account).unwrap();
        let made: Decimal = fills.iter().map(|fill| fill.realized - fill.fee).sum();
        let held = venue.holdings(self.account).unwrap();
        made + held.iter().map(|one| one.unrealized).sum::<Decimal>()
    }
}

pub(super) fn deposits_and_withdrawals_fire_nothing_and_results_go_on<E: Exchange>() {
    let mut desk = Desk::<E>::of("main", config::<E>(), RULES);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    desk.transfer(3000);
    desk.flows(1);
    desk.transfer(-6000);
    desk.flows(2);
    desk.rig.let_polls_pass();
    // A loss of 400 is no more than that, with the fee of the opening, which was before
    // riskd came.
    desk.price(BTC, 49_200);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 48_990);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    let fired = desk.first("fired");
    assert_eq!(fired["fields"]["value"], "-518.75", "{fired}");
    assert_eq!(desk.rig.count("wallet_unexplained"), 0);
    desk.has_only_protected();
}

pub(super) fn what_moved_while_riskd_was_away_is_no_result_either<E: Exchange>() {
    let mut desk = Desk::<E>::new();
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

/// Words for money that comes and goes that are not documented together.
pub(super) fn money_that_moves_under_other_words_is_a_flow_too<E: Exchange>() {
    let desk = Desk::<E>::started();
    desk.rig.let_polls_pass();
    let venue = &desk.rig.venue;
    for (word, amount) in E::FLOWS.into_iter().zip([-2000, -1500]) {
        venue
            .transfer_as(word, "main", "USDT", Decimal::from(amount))
            .unwrap();
    }
    desk.flows(2);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.crosses_to_flat();
}

/// A word that nobody has documented counts as a result, so that a loss under it is none
/// that riskd looks past; it is told, once.
pub(super) fn a_movement_that_nobody_has_documented_is_a_result_and_told_once<E: Exchange>() {
    let desk = Desk::<E>::started();
    desk.rig.let_polls_pass();
    for amount in [-100, -380] {
        let venue = &desk.rig.venue;
        venue
            .transfer_as("LUNAR_FEE", "main", "USDT", Decimal::from(amount))
            .unwrap();
        desk.rig.let_polls_pass();
    }
    desk.rig
        .wait_for("the word", |rig| rig.log().contains("LUNAR_FEE"));
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    // 480 are lost, with the fee of the opening, and 20 more are the limit.
    desk.price(BTC, 49_970);
    desk.wait_verified(1);
    assert_eq!(desk.first("fired")["fields"]["value"], "-508.75");
    assert_eq!(desk.rig.count("flow"), 0);
    let log = desk.rig.log();
    let is_told = |line: &&str| line.contains("does not know") && line.contains("LUNAR_FEE");
    assert_eq!(log.lines().filter(is_told).count(), 1, "{log}");
    desk.has_only_protected();
}

pub(super) fn funding_is_a_result<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig.let_polls_pass();
    // 2 % of 25,000.
    let rate = Decimal::new(2, 2);
    let venue = &desk.rig.venue;
    venue.pay_funding(&E::spelled(BTC), rate).unwrap();
    desk.wait_verified(1);
    assert_eq!(desk.rig.count("flow"), 0);
    desk.has_only_protected();
}

pub(super) fn a_wallet_that_shows_nothing_all_at_once_is_in_doubt<E: Exchange>() {
    let mut desk = Desk::<E>::new();
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

/// B8: an account of the EU has its margin in credits (BNFCR), another one in coins, and
/// the wallets in dollars show nothing beside an open position.
pub(super) fn b8_a_position_with_its_margin_elsewhere_makes_the_figures_unknown<E: Exchange>() {
    let mut config = config::<E>();
    let Elsewhere {
        symbol,
        price,
        asset,
        quantity,
    } = E::ELSEWHERE;
    let contract = InstrumentConfig::perpetual(symbol, price, asset);
    config.instruments.push(contract);
    let main = &mut config.accounts[0];
    main.wallets.push((asset.to_owned(), Decimal::from(3000)));
    let mut desk = Desk::<E>::of("main", config, LIMIT);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    // What lies in the wallet is told, and in nobody's way.
    desk.rig
        .wait_for("the wallet", |rig| rig.count("blind_spot") == 1);
    desk.open(symbol, quantity);
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

/// What was lost before riskd came is lost: 300 by a trade and its fees, 100 by what is
/// open since. A deposit is no result.
pub(super) fn what_was_made_before_riskd_came_counts_in_mid_session<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.price(BTC, 49_400);
    desk.rig.venue.close("main").unwrap();
    desk.transfer(3000);
    desk.open(ETH, "1");
    desk.price(ETH, 1900);
    let before = desk.result();
    desk.rig.start_ready();
    desk.rig.wait_for("the list", |rig| {
        rig.log().contains("before it was first seen")
    });
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    assert!(before > Decimal::from(-450) && before < Decimal::from(-400));
    // 100 more are the limit.
    desk.price(ETH, 1800);
    desk.wait_verified(1);
    let value = desk.first("fired")["fields"]["value"].clone();
    let value: Decimal = value.as_str().unwrap().parse().unwrap();
    assert_eq!(value, before - Decimal::ONE_HUNDRED);
    assert_eq!(desk.rig.count("flow"), 0);
    desk.has_only_protected();
}

/// What was open at the open begins to count where riskd first sees it.
pub(super) fn what_was_carried_over_the_open_counts_from_first_sight<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    // A day later, and 400 below.
    desk.rig.set_clock_by(24 * 3600);
    desk.price(BTC, 49_200);
    desk.rig.start_ready();
    desk.rig.wait_for("the list", |rig| {
        rig.log().contains("before it was first seen")
    });
    desk.price(BTC, 48_300);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("fired"), 0, "{}", desk.rig.log());
    desk.price(BTC, 48_190);
    desk.wait_verified(1);
    // 505, and the funding of midnight and of eight o'clock.
    assert_eq!(desk.first("fired")["fields"]["value"], E::CARRIED_OVER);
    desk.has_only_protected();
}
