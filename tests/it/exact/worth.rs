//! Amounts of any size: an account may be worth half a bitcoin, or more than a
//! number can hold.

use super::{fired, with_rules};

const LOSS: &str = "{ name: loss, accounts: [a], when: { pnl: { loss: 0.02 } }, then: [flatten] }";

/// At the open the venue still says yesterday's result, which is less than a cent.
/// It must not be taken for today's: the ledger counts until the venue's figure is
/// one with it.
#[test]
fn d5_half_a_bitcoin() {
    let rules = with_rules("flat-tick-alone.yaml", &[LOSS]);
    let history = "time,account,realized,unrealized,balance,equity,positions,orders\n\
         2026-03-04T22:59:00Z,a,-0.009,0,0.5,0.5,flat,0\n\
         2026-03-04T23:00:10Z,a,-0.009,0,0.5,0.5,flat,0\n\
         2026-03-04T23:00:20Z,a,-0.009,-0.012,0.5,0.488,BTC:+1,0\n\
         2026-03-04T23:00:30Z,a,-0.012,-0.008,0.488,0.48,BTC:+1,0\n";
    assert_eq!(fired(&rules, history), ["23:00:30 loss"]);
}

/// What the venue rounds on 50,000 makes no other session of it.
#[test]
fn d5_cents_of_fifty_thousand() {
    let rules = with_rules(
        "flat-tick-alone.yaml",
        &["{ name: venue, accounts: [a], when: { pnl: { loss: 100 } }, then: [flatten] }"],
    );
    let history = "time,account,realized,unrealized,balance,equity,positions,orders\n\
         2026-03-04T22:59:00Z,a,0,0,50000,50000,flat,0\n\
         2026-03-04T23:00:10Z,a,-10.03,0,49990,49990,flat,0\n\
         2026-03-04T23:00:20Z,a,-100,0,49900.5,49900.5,flat,0\n";
    assert_eq!(fired(&rules, history), ["23:00:20 venue"]);
}

/// A result that does not fit is unknown: it fires nothing, under a `not` either.
#[test]
fn d6_what_does_not_fit_is_unknown() {
    let rules = with_rules(
        "flat-tick-alone.yaml",
        &[
            "{ name: sum, accounts: [a], when: { pnl: { loss: 1 } }, then: [flatten] }",
            "{ name: not, accounts: [a], when: { not: { pnl: { loss: 1 } } }, then: [flatten] }",
            "{ name: twice, accounts: [a], when: { expr: \"equity * 2 > 0\" }, then: [flatten] }",
            "{ name: nor, accounts: [a], when: { expr: \"not (equity * 2 > 0)\" }, then: [flatten] }",
            "{ name: divided, accounts: [a], when: { expr: \"equity / unrealized_high != 1\" }, then: [flatten] }",
            "{ name: compared, accounts: [a], when: { expr: \"equity > 1\" }, then: [notify: l] }",
        ],
    )
    .replace("rules:\n", "notify: { l: { kind: log } }\nrules:\n");
    let most = "79228162514264337593543950335";
    let history = format!(
        "time,account,realized,unrealized,balance,equity,positions,orders\n\
         2026-03-05T14:30:00Z,a,{most},0,{most},{most},flat,0\n\
         2026-03-05T14:31:00Z,a,{most},1,{most},{most},ES:+1,0\n"
    );
    let lines = fired(&rules, &history);
    assert!(
        !lines.iter().any(|line| line.ends_with("sum")
            || line.ends_with("twice")
            || line.ends_with("nor")
            || line.ends_with("divided")),
        "{lines:?}"
    );
    assert!(lines.contains(&"14:30:00 compared".to_owned()), "{lines:?}");
}

/// What is smaller than the 28th digit is rounded, and is no more than that.
#[test]
fn d6_the_28th_digit_rounds() {
    let rules = with_rules(
        "flat-tick-alone.yaml",
        &[
            "{ name: third, accounts: [a], when: { expr: \"balance / 3 * 3 == balance\" }, then: [flatten] }",
            "{ name: near, accounts: [a], when: { expr: \"abs(balance / 3 * 3 - balance) < 0.00000001\" }, then: [flatten] }",
        ],
    );
    let history = "time,account,realized,unrealized,balance,equity,positions,orders\n\
         2026-03-05T14:30:00Z,a,0,0,50000,50000,flat,0\n";
    assert_eq!(fired(&rules, history), ["14:30:00 near"]);
}
