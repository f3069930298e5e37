//! Section 2.3: income and trades.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{BTC, CLOCK_MS, ETH, Rig, amount, number, text};

const INCOME: &str = "/fapi/v1/income";
const TRADES: &str = "/fapi/v1/userTrades";
const DAY_MS: u64 = 24 * 3_600_000;

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
    rig.close("SELL", "1");
    rig.time.advance_ms(1000);
    rig.venue.transfer("main", "USDT", -200).unwrap();
    rig
}

fn kinds(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| text(row, "incomeType")).collect()
}

#[test]
fn every_movement_of_money_is_a_row() {
    let rig = traded();
    let reply = rig.get(INCOME, "");
    let rows = reply.list();
    let oldest_first = [
        "TRANSFER",
        "COMMISSION",
        "FUNDING_FEE",
        "REALIZED_PNL",
        "COMMISSION",
        "TRANSFER",
    ];
    assert_eq!(kinds(rows), oldest_first);
    let amounts: Vec<_> = rows.iter().map(|row| text(row, "income")).collect();
    let expected = ["500", "-25", "-5", "-1000", "-24.5", "-200"];
    for (shown, expected) in amounts.iter().zip(expected) {
        assert_eq!(number(shown), number(expected), "negative is paid");
    }
    assert_eq!(text(&rows[0], "symbol"), "", "a transfer is about none");
    assert_eq!(text(&rows[3], "symbol"), BTC);
    assert_eq!(rows[3]["time"], CLOCK_MS + 3000);
    // One fill's two rows share their number, which is unique with its kind.
    assert_eq!(rows[3]["tranId"], rows[4]["tranId"]);
    assert_eq!(text(&rows[3], "tradeId"), text(&rows[4], "tradeId"));
    let sum: Decimal = rows.iter().map(|row| amount(row, "income")).sum();
    let wallet = super::super::balance(&rig.venue, "main", "USDT");
    assert_eq!(sum, wallet - number("10000"));
}

#[test]
fn rows_are_asked_for_by_kind_symbol_and_time() {
    let rig = traded();
    let count = |query: &str| rig.get(INCOME, query).list().len();
    assert_eq!(count("incomeType=COMMISSION"), 2);
    assert_eq!(count("symbol=BTCUSDT"), 4);
    assert_eq!(count("symbol=ETHUSDC"), 0);
    let first = format!("startTime={CLOCK_MS}&endTime={}", CLOCK_MS + 1000);
    assert_eq!(count(&first), 2, "both ends are in it");
    assert_eq!(count(&format!("startTime={}", CLOCK_MS + 3000)), 3);
    assert_eq!(rig.get(INCOME, "limit=1001").code(), -1130);
}

/// Section 8: money comes in and goes out under other words, too.
#[test]
fn a_venue_has_more_words_for_a_transfer() {
    let rig = Rig::start();
    for word in ["INTERNAL_TRANSFER", "COIN_SWAP_DEPOSIT", "INSURANCE_CLEAR"] {
        rig.venue.transfer_as(word, "main", "USDT", 5).unwrap();
    }
    let reply = rig.get(INCOME, "incomeType=COIN_SWAP_DEPOSIT");
    assert_eq!(reply.list().len(), 1);
    let all = rig.get(INCOME, "");
    let words = ["INTERNAL_TRANSFER", "COIN_SWAP_DEPOSIT", "INSURANCE_CLEAR"];
    assert_eq!(kinds(all.list()), words);
}

/// Paging by time: the last time of a page is the first of the next, and rows of it
/// come twice.
#[test]
fn a_page_ends_at_its_limit_and_the_next_begins_at_its_last_time() {
    let rig = traded();
    let mut seen: Vec<Value> = Vec::new();
    let mut start = CLOCK_MS;
    loop {
        // A number of a page is not read any more.
        let reply = rig.get(INCOME, &format!("startTime={start}&limit=4&page=7"));
        let fresh = reply.list().iter().filter(|row| !seen.contains(row));
        let fresh: Vec<Value> = fresh.cloned().collect();
        let Some(last) = fresh.last() else {
            break;
        };
        start = last["time"].as_i64().unwrap();
        seen.extend(fresh);
    }
    assert_eq!(seen, rig.get(INCOME, "").list());
    let newest = rig.get(INCOME, "limit=2");
    assert_eq!(kinds(newest.list()), ["COMMISSION", "TRANSFER"]);
}

#[test]
fn income_is_of_a_week_and_kept_for_three_months() {
    let rig = traded();
    let from = format!("startTime={CLOCK_MS}");
    rig.time.advance_ms(7 * DAY_MS + 1);
    assert_eq!(rig.get(INCOME, "").list().len(), 0);
    assert_eq!(rig.get(INCOME, &from).list().len(), 6);
    for _ in 0..4 {
        rig.time.advance_ms(21 * DAY_MS);
    }
    assert_eq!(rig.get(INCOME, &from).list().len(), 0);
}

#[test]
fn trades_are_those_of_a_symbol() {
    let rig = traded();
    rig.venue.open("main", ETH, 1, None).unwrap();
    let reply = rig.get(TRADES, "symbol=BTCUSDT");
    let [opening, closing] = reply.list() else {
        panic!("{reply:?}");
    };
    for (key, expected) in [
        ("side", "SELL"),
        ("price", "49000.0"),
        ("qty", "1.000"),
        ("realizedPnl", "-1000.00000000"),
        ("commission", "24.50000000"),
        ("commissionAsset", "USDT"),
        ("positionSide", "BOTH"),
    ] {
        assert_eq!(text(closing, key), expected, "{key}");
    }
    assert_eq!(closing["maker"], false);
    let order = format!("symbol=BTCUSDT&orderId={}", closing["orderId"]);
    assert_eq!(rig.get(TRADES, &order).list().len(), 1);
    let unknown = "symbol=BTCUSDT&orderId=1";
    assert!(rig.get(TRADES, unknown).list().is_empty());
    let from = format!("symbol=BTCUSDT&fromId={}", closing["id"]);
    assert_eq!(rig.get(TRADES, &from).list().len(), 1);
    assert_ne!(opening["id"], closing["id"]);
    let both = format!("{from}&startTime={CLOCK_MS}");
    assert_eq!(rig.get(TRADES, &both).code(), -1128);
    assert_eq!(rig.get(TRADES, "").code(), -1102);
    let week = 7 * i64::try_from(DAY_MS).unwrap();
    let span = |ms: i64| {
        format!(
            "symbol=BTCUSDT&startTime={CLOCK_MS}&endTime={}",
            CLOCK_MS + ms
        )
    };
    assert_eq!(rig.get(TRADES, &span(week)).list().len(), 2);
    assert_eq!(rig.get(TRADES, &span(week + 1)).code(), -4165);
}
