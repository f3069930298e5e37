//! Section 5.3: what moved money, and fills.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{BTC, CLOCK_MS, ETH, Rig, amount, number, rows, text};

const INCOME: &str = "/openApi/swap/v2/user/income";
const ALL_FILLS: &str = "/openApi/swap/v2/trade/allFillOrders";
const HISTORY: &str = "/openApi/swap/v2/trade/fillHistory";

/// A trade that won, funding, and money out.
fn traded() -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.time.advance_ms(1000);
    rig.venue.pay_funding(BTC, number("0.0001")).unwrap();
    rig.venue.set_price(BTC, 51_000).unwrap();
    rig.time.advance_ms(1000);
    rig.close("SELL", "1");
    rig.time.advance_ms(1000);
    rig.venue.transfer("main", "USDT", -100).unwrap();
    rig.venue
        .transfer_as("TRIAL_FUND", "main", "USDC", 30)
        .unwrap();
    rig
}

fn income(rig: &Rig, params: &str) -> Vec<Value> {
    rig.get(INCOME, params).list().to_vec()
}

#[test]
fn every_movement_has_its_type() {
    let rig = traded();
    let said: Vec<(String, Decimal)> = income(&rig, "")
        .iter()
        .map(|row| (text(row, "incomeType").to_owned(), amount(row, "income")))
        .collect();
    let expected = [
        ("TRIAL_FUND", "30"),
        ("TRANSFER", "-100"),
        ("TRADING_FEE", "-25.5"),
        ("REALIZED_PNL", "1000"),
        ("FUNDING_FEE", "-5"),
        ("TRADING_FEE", "-25"),
    ];
    let expected: Vec<_> = expected
        .map(|(kind, amount)| (kind.to_owned(), number(amount)))
        .into();
    assert_eq!(said, expected, "the newest first");
    let rows = income(&rig, "");
    assert_eq!(
        (text(&rows[1], "symbol"), text(&rows[1], "tradeId")),
        ("", "")
    );
    assert_eq!(text(&rows[4], "symbol"), BTC);
    assert!(rows[0]["time"].is_number());
    // The result and the fee of one fill.
    assert_eq!(rows[2]["tranId"], rows[3]["tranId"]);
    let mut ids: Vec<_> = rows
        .iter()
        .map(|row| (text(row, "tranId"), text(row, "incomeType")))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rows.len(), "unique with the type");
}

#[test]
fn it_is_limited_by_type_symbol_time_and_count() {
    let rig = traded();
    assert_eq!(income(&rig, "incomeType=TRADING_FEE").len(), 2);
    assert_eq!(income(&rig, &format!("symbol={BTC}")).len(), 4);
    assert_eq!(income(&rig, &format!("symbol={ETH}")).len(), 0);
    let at = |ms: i64| CLOCK_MS + ms;
    let span = format!("startTime={}&endTime={}", at(1000), at(2000));
    assert_eq!(income(&rig, &span).len(), 3, "both ends are in it");
    let newest = income(&rig, "limit=2");
    assert_eq!(text(&newest[0], "incomeType"), "TRIAL_FUND");
    assert_eq!(newest.len(), 2);
    for (params, code) in [
        ("incomeType=ANYTHING", 109_400),
        ("limit=1001", 109_400),
        ("limit=0", 109_400),
        ("startTime=2&endTime=1", 109_400),
    ] {
        assert_eq!(rig.get(INCOME, params).code(), code, "{params}");
    }
    rig.time.advance_ms(8 * 24 * 3_600_000);
    assert!(
        income(&rig, "").is_empty(),
        "seven days, when none are asked for"
    );
    assert_eq!(income(&rig, &format!("startTime={CLOCK_MS}")).len(), 6);
    for _ in 0..4 {
        rig.time.advance_ms(21 * 24 * 3_600_000);
    }
    let all = format!("startTime={CLOCK_MS}");
    assert!(income(&rig, &all).is_empty(), "three months are kept");
}

#[test]
fn fills_are_in_two_lists() {
    let rig = traded();
    let span = format!("startTs={CLOCK_MS}&endTs={}", rig.now_ms());
    let all = rig.get(ALL_FILLS, &format!("tradingUnit=COIN&{span}"));
    let fills = rows(all.data(), "fill_orders");
    assert_eq!(fills.len(), 2);
    let last = &fills[1];
    assert_eq!(
        (text(last, "volume"), text(last, "price")),
        ("1.000", "51000.0")
    );
    assert_eq!(amount(last, "commission"), number("-25.5"), "paid");
    assert_eq!(text(last, "filledTime"), "2023-11-15T06:13:22.000+0800");
    assert_eq!(
        text(last, "filledTm"),
        "2023-11-15T06:13:22Z",
        "by the same clock"
    );
    let params = format!("symbol={BTC}&{span}");
    let history = rig.get(HISTORY, &format!("{params}&pageSize=1"));
    assert_eq!(history.data()["total"], 2);
    let first = &rows(history.data(), "fill_history_orders")[0];
    let id = text(first, "tradeId").to_owned();
    let second = rig.get(HISTORY, &format!("{params}&pageSize=1&pageIndex=2"));
    let second = &rows(second.data(), "fill_history_orders")[0];
    assert_eq!(
        (text(second, "side"), text(second, "role")),
        ("SELL", "taker")
    );
    assert_eq!(amount(second, "realisedPNL"), number("1000"));
    let after = rig.get(HISTORY, &format!("{params}&lastFillId={id}"));
    assert_eq!(rows(after.data(), "fill_history_orders").len(), 1);
    let of_order = format!("{params}&orderId={}", text(second, "orderId"));
    let of_order = rig.get(HISTORY, &of_order);
    assert_eq!(rows(of_order.data(), "fill_history_orders").len(), 1);
}

#[test]
fn fills_need_their_times() {
    let rig = traded();
    let days = |days: i64| format!("startTs={CLOCK_MS}&endTs={}", CLOCK_MS + days * 86_400_000);
    for (path, params, code) in [
        (ALL_FILLS, format!("tradingUnit=COIN&{}", days(30)), 0),
        (ALL_FILLS, format!("tradingUnit=COIN&{}", days(31)), 109_400),
        (ALL_FILLS, days(1), 109_400),
        (ALL_FILLS, "tradingUnit=COIN".to_owned(), 109_400),
        (HISTORY, format!("symbol={BTC}&{}", days(7)), 0),
        (HISTORY, format!("symbol={BTC}&{}", days(8)), 109_400),
        (HISTORY, days(1), 109_400),
    ] {
        assert_eq!(rig.get(path, &params).code(), code, "{params}");
    }
}
