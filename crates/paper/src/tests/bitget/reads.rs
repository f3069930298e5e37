//! Section 4.3: balances, positions, instruments.

use serde_json::json;

use super::{BTC, CLOCK_MS, COIN, HEDGE_KEY, POSITIONS, Rig, bitget, number};
use crate::PositionSide;

const ACCOUNTS: &str = "/api/v2/mix/account/accounts";

fn text(value: &serde_json::Value) -> rust_decimal::Decimal {
    number(value.as_str().unwrap())
}

#[test]
fn each_product_has_its_margin_coins() {
    let mut config = bitget();
    config.accounts[0]
        .wallets
        .push(("BTC".to_owned(), number("0.5")));
    let rig = Rig::of(config);
    for (product, coin, equity, worth) in [
        ("USDT-FUTURES", "USDT", "10000", "10000"),
        ("USDC-FUTURES", "USDC", "5000", "5000"),
        ("coin-futures", "BTC", "0.5", "25000"),
    ] {
        let reply = rig.get(&format!("{ACCOUNTS}?productType={product}"));
        let [row] = reply.data().as_array().unwrap().as_slice() else {
            panic!("{product}: {}", reply.body);
        };
        assert_eq!(row["marginCoin"], coin);
        assert_eq!(row["accountEquity"], equity);
        assert_eq!(row["usdtEquity"], worth);
        assert_eq!(row["unrealizedPL"], "", "of nothing that is held");
    }
    assert_eq!(rig.get(ACCOUNTS).code(), "40019");
    let wrong = rig.get(&format!("{ACCOUNTS}?productType=FUTURES"));
    assert_eq!(wrong.code(), "40020");
}

#[test]
fn the_equity_holds_the_open_result() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    rig.venue.set_price(BTC, 49_000).unwrap();
    let reply = rig.get(&format!("{ACCOUNTS}?{}", super::USDT));
    let row = &reply.data()[0];
    let wallets = rig.venue.wallets("main").unwrap();
    assert_eq!(text(&row["accountEquity"]), wallets[0].equity);
    assert_eq!(row["unrealizedPL"], "-500");
    let one = rig.get(&format!(
        "/api/v2/mix/account/account?symbol={BTC}&{}&marginCoin=usdt",
        super::USDT
    ));
    assert_eq!(one.data()["posMode"], "one_way_mode");
    assert_eq!(one.data()["accountEquity"], row["accountEquity"]);
}

#[test]
fn only_what_is_held_is_listed() {
    let rig = Rig::start();
    assert!(rig.positions().is_empty());
    rig.venue.open("main", BTC, number("-0.5"), None).unwrap();
    rig.venue.set_price(BTC, 49_000).unwrap();
    let [row] = rig.positions().try_into().unwrap();
    for (name, expected) in [
        ("symbol", "BTCUSDT"),
        ("holdSide", "short"),
        ("total", "0.5"),
        ("available", "0.5"),
        ("locked", "0"),
        ("openPriceAvg", "50000"),
        ("markPrice", "49000"),
        ("unrealizedPL", "500"),
        ("posMode", "one_way_mode"),
        ("marginMode", "crossed"),
        ("deductedFee", "12.5"),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    assert_eq!(row["takeProfit"], json!(null), "not an empty text");
    assert_eq!(row["cTime"], CLOCK_MS.to_string());
    let other = rig.get(&format!("{POSITIONS}?productType=USDC-FUTURES"));
    assert_eq!(other.data(), &json!([]));
    let by_coin = rig.get(&format!("{POSITIONS}?{}&marginCoin=USDC", super::USDT));
    assert_eq!(by_coin.data(), &json!([]));
}

#[test]
fn hedge_mode_has_a_row_for_each_side_and_locks_what_rests() {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
    rig.venue.open("hedge", BTC, number("-0.2"), None).unwrap();
    let ticket = crate::Ticket::limit(BTC, crate::Side::Sell, number("0.3"), number("60000"));
    let ticket = ticket.about(PositionSide::Long);
    rig.venue.place("hedge", &ticket).unwrap();
    let rows = rig.positions_as(HEDGE_KEY);
    let shown = |side: &str| {
        let row = rows.iter().find(|row| row["holdSide"] == side).unwrap();
        ["total", "available", "locked"].map(|name| row[name].as_str().unwrap().to_owned())
    };
    assert_eq!(shown("long"), ["0.5", "0.2", "0.3"]);
    assert_eq!(shown("short"), ["0.2", "0.2", "0"]);
    assert_eq!(rows[0]["posMode"], "hedge_mode");
}

#[test]
fn isolated_margin_is_set_aside() {
    let mut config = bitget();
    config.accounts[0].isolated = true;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    let [row] = rig.positions().try_into().unwrap();
    assert_eq!(row["marginMode"], "isolated");
    assert_eq!(row["marginSize"], "2500");
    let reply = rig.get(&format!("{ACCOUNTS}?{}", super::USDT));
    assert_eq!(reply.data()[0]["isolatedUnrealizedPL"], "0");
    assert_eq!(reply.data()[0]["crossedUnrealizedPL"], "");
    assert_eq!(reply.data()[0]["available"], "7487.5");
}

#[test]
fn instruments_have_their_rules_in_both_families() {
    let rig = Rig::start();
    let contracts = rig
        .raw(
            "GET /api/v2/mix/market/contracts?productType=USDT-FUTURES",
            &[],
            "",
        )
        .unwrap();
    let row = &contracts.data()[0];
    for (name, expected) in [
        ("symbol", "BTCUSDT"),
        ("minTradeNum", "0.001"),
        ("sizeMultiplier", "0.001"),
        ("volumePlace", "3"),
        ("pricePlace", "1"),
        ("priceEndStep", "1"),
        ("maxMarketOrderQty", "10"),
        ("symbolStatus", "normal"),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    let coins = rig
        .raw(
            "GET /api/v3/market/instruments?category=COIN-FUTURES",
            &[],
            "",
        )
        .unwrap();
    let row = &coins.data()[0];
    assert_eq!(
        (&row["symbol"], &row["quoteCoin"]),
        (&json!(COIN), &json!("USD"))
    );
    assert_eq!(row["quantityMultiplier"], "0.001");
    let spot = rig.raw("GET /api/v3/market/instruments?category=SPOT", &[], "");
    assert_eq!(spot.unwrap().data(), &json!([]));
    let time = rig.raw("GET /api/v2/public/time", &[], "").unwrap();
    assert_eq!(time.data()["serverTime"], CLOCK_MS.to_string());
}

#[test]
fn the_position_mode_changes_while_nothing_is_open() {
    let rig = Rig::start();
    let set = |mode: &str| {
        let body = json!({"productType": "USDT-FUTURES", "posMode": mode});
        rig.post("/api/v2/mix/account/set-position-mode", &body)
    };
    rig.venue.open("main", BTC, 1, None).unwrap();
    assert_ne!(set("hedge_mode").code(), "00000");
    rig.venue.close("main").unwrap();
    assert_eq!(set("hedge_mode").data()["posMode"], "hedge_mode");
    rig.venue.open("main", BTC, -1, None).unwrap();
    assert_eq!(rig.held("main"), [(PositionSide::Short, number("-1"))]);
}
