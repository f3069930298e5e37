//! Sections 4.3, 4.4 and 8: bills, records and fills, and the same money at each door.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{BTC, CLOCK_MS, Rig, close, number};

const BILLS: &str = "/api/v2/mix/account/bill?productType=USDT-FUTURES";
const FILLS: &str = "/api/v2/mix/order/fills?productType=USDT-FUTURES";
const RECORDS: &str = "/api/v3/account/financial-records";

fn amount(row: &Value, key: &str) -> Decimal {
    number(row[key].as_str().unwrap())
}

fn words(rows: &[Value], key: &str) -> Vec<String> {
    let words = rows.iter().map(|row| row[key].as_str().unwrap().to_owned());
    words.collect()
}

/// A transfer, an entry, funding, a close and a withdrawal, a second apart.
fn traded() -> Rig {
    let rig = Rig::start();
    rig.venue.transfer("main", "USDT", 500).unwrap();
    rig.pause();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.pause();
    rig.venue.pay_funding(BTC, number("0.0001")).unwrap();
    rig.pause();
    rig.venue.set_price(BTC, 49_000).unwrap();
    rig.place(&close("sell", "1")).data();
    rig.pause();
    rig.venue.transfer("main", "USDT", -200).unwrap();
    rig
}

#[test]
fn every_movement_of_money_is_a_bill() {
    let rig = traded();
    let rows = rig.get(BILLS).list("bills");
    assert_eq!(
        words(&rows, "businessType"),
        [
            "trans_to_exchange",
            "sell",
            "contract_settle_fee",
            "buy",
            "trans_from_exchange"
        ]
    );
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (amount(row, "amount"), amount(row, "fee")))
        .collect();
    let expected = [
        ("-200", "0"),
        ("-1000", "-24.5"),
        ("-5", "0"),
        ("0", "-25"),
        ("500", "0"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(amount, fee)| (number(amount), number(fee)))
        .collect();
    assert_eq!(shown, expected, "what was paid is negative");
    // The balance after is that before with amount and fee.
    for pair in rows.windows(2) {
        let change = amount(&pair[0], "amount") + amount(&pair[0], "fee");
        assert_eq!(
            amount(&pair[0], "balance"),
            amount(&pair[1], "balance") + change
        );
    }
    let balance = super::super::balance(&rig.venue, "main", "USDT");
    assert_eq!(amount(&rows[0], "balance"), balance);
    let sum: Decimal = rows
        .iter()
        .map(|row| amount(row, "amount") + amount(row, "fee"))
        .sum();
    assert_eq!(balance, number("10000") + sum);
}

#[test]
fn hedge_mode_says_what_was_opened_and_closed() {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, 1, None).unwrap();
    rig.venue.open("hedge", BTC, -1, None).unwrap();
    rig.venue.close("hedge").unwrap();
    let rows = rig.get_as(super::HEDGE_KEY, BILLS).list("bills");
    assert_eq!(
        words(&rows, "businessType"),
        ["close_short", "close_long", "open_short", "open_long"]
    );
    let fills = rig.get_as(super::HEDGE_KEY, FILLS).list("fillList");
    assert_eq!(words(&fills, "side"), ["sell", "buy", "sell", "buy"]);
    assert_eq!(
        words(&fills, "tradeSide"),
        ["close", "close", "open", "open"]
    );
}

#[test]
fn bills_have_a_span_and_pages() {
    let rig = traded();
    let all = rig.get(BILLS).list("bills");
    let first = rig.get(&format!("{BILLS}&limit=2"));
    let end = first.data()["endId"].as_str().unwrap().to_owned();
    assert_eq!(first.list("bills"), all[..2]);
    let next = rig.get(&format!("{BILLS}&limit=100&idLessThan={end}"));
    assert_eq!(next.list("bills"), all[2..]);
    let month = 30 * 86_400_000_i64;
    let spanned =
        |start: i64, end: i64| rig.get(&format!("{BILLS}&startTime={start}&endTime={end}"));
    let one = spanned(CLOCK_MS + 1000, CLOCK_MS + 1999);
    assert_eq!(words(&one.list("bills"), "businessType"), ["buy"]);
    assert_eq!(spanned(CLOCK_MS - month, CLOCK_MS).code(), "00000");
    let long = spanned(CLOCK_MS - month - 1, CLOCK_MS);
    assert_eq!((long.status, long.code()), (400, "00001"));
    let kind = rig.get(&format!("{BILLS}&businessType=contract_settle_fee"));
    assert_eq!(kind.list("bills").len(), 1);
    // What is older than ninety days is gone.
    for _ in 0..4 {
        rig.time.advance_ms(30 * 86_400_000);
    }
    assert!(rig.get(BILLS).list("bills").is_empty());
}

#[test]
fn a_word_of_the_venue_can_be_given() {
    let rig = Rig::start();
    rig.venue
        .transfer_as("trans_from_cross", "main", "USDT", 10)
        .unwrap();
    let rows = rig.get(BILLS).list("bills");
    assert_eq!(words(&rows, "businessType"), ["trans_from_cross"]);
}

#[test]
fn fills_have_their_fee_with_a_minus() {
    let rig = traded();
    let rows = rig.get(FILLS).list("fillList");
    let [close, open] = rows.try_into().unwrap();
    assert_eq!(close["feeDetail"][0]["totalFee"], "-24.5");
    assert_eq!(close["profit"], "-1000", "before the fee");
    assert_eq!(open["profit"], "0");
    assert_eq!(open["tradeSide"], "buy_single");
    let id = close["orderId"].as_str().unwrap();
    let of_it = rig.get(&format!("{FILLS}&orderId={id}")).list("fillList");
    assert_eq!(of_it, [close]);
}

#[test]
fn records_of_a_unified_account_have_transfers_apart() {
    let rig = traded();
    rig.venue.set_unified("main", true).unwrap();
    let records = |category: &str| {
        let reply = rig.get(&format!("{RECORDS}?category={category}"));
        reply.list("list")
    };
    let trades = records("USDT-FUTURES");
    assert_eq!(
        words(&trades, "type"),
        ["SELL", "CONTRACT_SETTLE_FEE", "BUY"]
    );
    assert_eq!(words(&trades, "fee"), ["-24.5", "0", "-25"]);
    let flows = records("OTHER");
    assert_eq!(words(&flows, "type"), ["TRANSFER_OUT", "TRANSFER_IN"]);
    assert_eq!(words(&flows, "amount"), ["-200", "500"]);
    assert!(records("USDC-FUTURES").is_empty() && records("SPOT").is_empty());
    assert_eq!(rig.get(RECORDS).code(), "40019", "a category is required");
    // Of fills alone a paid fee is positive.
    let fills = rig.get("/api/v3/trade/fills").list("list");
    assert_eq!(
        fills[0]["feeDetail"],
        json!([{"feeCoin": "USDT", "fee": "24.5"}])
    );
    assert_eq!(fills[0]["execPnl"], "-1000");
    assert_eq!(words(&fills, "tradeSide"), ["close", "open"]);
}
