//! Section 3.3: the transaction log and executions.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{BTC, CLOCK_MS, INVERSE, Rig, close, number};

const LOG: &str = "/v5/account/transaction-log";
const EXECUTIONS: &str = "/v5/execution/list";

fn amount(row: &Value, key: &str) -> Decimal {
    match row[key].as_str().unwrap() {
        "" => Decimal::ZERO,
        text => number(text),
    }
}

/// A transfer, an entry, funding, a close and a withdrawal, a second apart.
fn traded() -> Rig {
    let rig = Rig::start();
    rig.venue.transfer("main", "USDT", 500).unwrap();
    rig.time.advance_ms(1000);
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.time.advance_ms(1000);
    rig.venue.pay_funding(BTC, number("0.0001")).unwrap();
    rig.time.advance_ms(1000);
    rig.venue.set_price(BTC, 49_000).unwrap();
    rig.create(&close("Sell", "1"));
    rig.time.advance_ms(1000);
    rig.venue.transfer("main", "USDT", -200).unwrap();
    rig
}

#[test]
fn every_movement_of_money_is_a_row() {
    let rig = traded();
    let reply = rig.get(LOG, "accountType=UNIFIED");
    let rows = reply.list();
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| row["type"].as_str().unwrap())
        .collect();
    let newest_first = [
        "TRANSFER_OUT",
        "TRADE",
        "SETTLEMENT",
        "TRADE",
        "TRANSFER_IN",
    ];
    assert_eq!(kinds, newest_first);
    let change = |row: &Value| amount(row, "change");
    for row in rows {
        let parts = amount(row, "cashFlow") + amount(row, "funding") - amount(row, "fee");
        assert_eq!(change(row), parts, "{row}");
    }
    // The balance after is that before and the change; the newest is the wallet's.
    for pair in rows.windows(2) {
        let before = amount(&pair[1], "cashBalance");
        assert_eq!(amount(&pair[0], "cashBalance"), before + change(&pair[0]));
    }
    let wallet = super::super::balance(&rig.venue, "main", "USDT");
    assert_eq!(amount(&rows[0], "cashBalance"), wallet);
    assert_eq!(change(&rows[4]), number("500"));
    // A fee of 24.5 and a loss of 1,000 in one row; longs paid 5 of funding.
    assert_eq!(change(&rows[1]), number("-1024.5"));
    assert_eq!(amount(&rows[1], "fee"), number("24.5"), "positive is paid");
    assert_eq!(amount(&rows[2], "funding"), number("-5"));
    assert_eq!(rows[1]["symbol"], BTC);
    let at = (CLOCK_MS + 3000).to_string();
    assert_eq!(rows[1]["transactionTime"], at.as_str(), "a string");
}

#[test]
fn rows_are_asked_for_by_kind_coin_and_time() {
    let rig = traded();
    let count = |query: &str| rig.get(LOG, query).list().len();
    assert_eq!(count("type=SETTLEMENT"), 1);
    assert_eq!(count("currency=USDC"), 0);
    assert_eq!(count("category=linear"), 3);
    assert_eq!(count("category=inverse"), 0);
    let first = format!("startTime={CLOCK_MS}&endTime={}", CLOCK_MS + 1000);
    assert_eq!(count(&first), 2, "both ends are in it");
    assert_eq!(count(&format!("startTime={}", CLOCK_MS + 3000)), 2);
    assert_eq!(count("limit=3"), 3);
    assert_eq!(rig.get(LOG, "limit=51").code(), 10001);
}

#[test]
fn a_bonus_is_a_row_of_its_own_kind() {
    let rig = Rig::start();
    rig.venue.transfer_as("BONUS", "main", "USDT", 5).unwrap();
    let reply = rig.get(LOG, "type=BONUS");
    let [row] = reply.list() else {
        panic!("{reply:?}");
    };
    assert_eq!(amount(row, "change"), number("5"));
}

#[test]
fn a_list_is_of_a_day_and_of_a_week_at_most() {
    const DAY_MS: u64 = 24 * 3_600_000;
    let rig = traded();
    rig.time.advance_ms(DAY_MS + 1);
    assert!(rig.get(LOG, "").list().is_empty());
    let week = 7 * i64::try_from(DAY_MS).unwrap();
    let span = |ms: i64| format!("startTime={CLOCK_MS}&endTime={}", CLOCK_MS + ms);
    assert_eq!(rig.get(LOG, &span(week)).list().len(), 5);
    assert_eq!(rig.get(LOG, &span(week + 1)).code(), 10001);
}

#[test]
fn executions_say_what_was_closed() {
    let rig = traded();
    rig.venue
        .open("main", INVERSE, number("0.01"), None)
        .unwrap();
    let reply = rig.get(EXECUTIONS, "category=linear&settleCoin=USDT");
    let [closing, opening] = reply.list() else {
        panic!("{reply:?}");
    };
    assert_eq!(amount(closing, "closedSize"), number("1"));
    assert_eq!(amount(opening, "closedSize"), number("0"));
    assert_eq!(
        amount(closing, "execFee"),
        number("24.5"),
        "positive is paid"
    );
    assert_eq!(amount(closing, "execPrice"), number("49000"));
    assert_eq!(closing["side"], "Sell");
    assert_eq!(closing["isMaker"], false);
    let reply = rig.get(EXECUTIONS, "category=inverse");
    assert_eq!(reply.list().len(), 1);
    assert_eq!(rig.get(EXECUTIONS, "").code(), 10001);
}
