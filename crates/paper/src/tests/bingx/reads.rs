//! Sections 5.3 and 8: balances, positions, orders and modes, against what is true.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    BALANCE, BTC, ETH, HEDGE_KEY, KEY, MODE, ORDER, POSITIONS, Rig, amount, bingx, number, text,
};
use crate::{Side, Ticket, VenueKind};

/// The row of an asset.
fn wallet(rig: &Rig, key: &str, asset: &str) -> Value {
    let reply = rig.get_as(key, BALANCE, "");
    let mut rows = reply.list().iter();
    rows.find(|row| row["asset"] == asset).unwrap().clone()
}

/// B13, here: an equity that holds the open result once.
#[test]
fn the_same_money_at_every_door() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    rig.venue.open("main", ETH, number("-2"), None).unwrap();
    rig.venue.set_price(BTC, 49_000).unwrap();
    rig.venue.pay_funding(BTC, number("0.0001")).unwrap();
    rig.venue.transfer("main", "USDT", -250).unwrap();
    assert_eq!(rig.close("SELL", "0.2").code(), 0);
    let rows = rig.positions();
    let income = rig.get("/openApi/swap/v2/user/income", "limit=1000");
    for (asset, start) in [("USDT", 10_000), ("USDC", 5000)] {
        let shown = wallet(&rig, KEY, asset);
        let wallets = rig.venue.wallets("main").unwrap();
        let own = wallets.iter().find(|wallet| wallet.asset == asset).unwrap();
        assert_eq!(amount(&shown, "balance"), own.balance, "{asset}");
        assert_eq!(amount(&shown, "equity"), own.equity);
        assert_eq!(amount(&shown, "unrealizedProfit"), own.unrealized);
        let held = rows.iter().filter(|row| row["currency"] == asset);
        let open: Decimal = held.map(|row| amount(row, "unrealizedProfit")).sum();
        assert_eq!(open, own.unrealized, "as in the positions");
        let moved = income.list().iter().filter(|row| row["asset"] == asset);
        let moved: Decimal = moved.map(|row| amount(row, "income")).sum();
        assert_eq!(Decimal::from(start) + moved, own.balance, "as in the log");
    }
}

#[test]
fn an_asset_that_was_never_held_has_empty_texts() {
    let mut config = bingx();
    config.accounts[0].wallets.clear();
    config.accounts[1].wallets = vec![("USDC".to_owned(), Decimal::ZERO)];
    let rig = Rig::of(config);
    for key in [KEY, HEDGE_KEY] {
        let row = wallet(&rig, key, "USDC");
        for name in [
            "balance",
            "equity",
            "unrealizedProfit",
            "availableMargin",
            "userId",
        ] {
            assert_eq!(text(&row, name), "", "{name}");
        }
        assert_eq!(text(&row, "realisedProfit"), "0");
        assert_eq!(rig.get_as(key, BALANCE, "").list().len(), 2);
    }
    rig.venue.transfer("main", "USDC", 5).unwrap();
    assert_eq!(text(&wallet(&rig, KEY, "USDC"), "balance"), "5.0000");
}

#[test]
fn a_one_way_account_has_longs_and_shorts() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    rig.venue.open("main", ETH, number("-2"), None).unwrap();
    rig.venue.set_price(ETH, 2010).unwrap();
    let [long, short] = rig.positions().try_into().unwrap();
    let said = |row: &Value| {
        let side = text(row, "positionSide").to_owned();
        (
            side,
            text(row, "positionAmt").to_owned(),
            row["onlyOnePosition"].clone(),
        )
    };
    assert_eq!(
        said(&long),
        ("LONG".to_owned(), "0.500".to_owned(), json!(true))
    );
    assert_eq!(
        said(&short),
        ("SHORT".to_owned(), "2.000".to_owned(), json!(true))
    );
    assert_eq!(text(&short, "avgPrice"), "2000.0");
    assert_eq!(text(&short, "markPrice"), "2010.0");
    assert_eq!(text(&short, "unrealizedProfit"), "-20.0000");
    assert_eq!(text(&short, "positionValue"), "4020.0000");
    assert_eq!(text(&short, "currency"), "USDC");
    assert!(short["liquidationPrice"].is_number() && short["leverage"].is_number());
    let one = rig.get(POSITIONS, &format!("symbol={ETH}"));
    assert_eq!(one.list().len(), 1);
    let unknown = rig.get(POSITIONS, "symbol=NOPE-USDT");
    assert_eq!(unknown.code(), 109_425);
    assert!(unknown.text().starts_with("NOPE-USDT not exist"));
}

#[test]
fn hedge_mode_has_both_sides() {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
    rig.venue.open("hedge", BTC, number("-0.2"), None).unwrap();
    let rows = rig.get_as(HEDGE_KEY, POSITIONS, "").list().to_vec();
    let said: Vec<_> = rows
        .iter()
        .map(|row| (text(row, "positionSide"), text(row, "positionAmt")))
        .collect();
    assert_eq!(said, [("LONG", "0.500"), ("SHORT", "0.200")]);
    assert_eq!(rows[0]["onlyOnePosition"], json!(false));
    assert_ne!(rows[0]["positionId"], rows[1]["positionId"]);
}

#[test]
fn a_position_keeps_its_id_until_it_is_closed() {
    let rig = Rig::start();
    let id = || text(&rig.positions()[0], "positionId").to_owned();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let first = id();
    assert!(first.parse::<u64>().unwrap() > 1 << 53);
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.close("SELL", "0.5");
    assert_eq!(id(), first);
    let since = rig.now_ms();
    rig.time.advance_ms(1000);
    rig.close("SELL", "1.5");
    rig.venue.open("main", BTC, 1, None).unwrap();
    assert_ne!(id(), first);
    assert_eq!(rig.positions()[0]["createTime"], json!(since + 1000));
}

#[test]
fn isolated_margin_is_set_aside() {
    let mut config = bingx();
    config.accounts[0].isolated = true;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    rig.venue.set_price(BTC, 51_000).unwrap();
    let row = &rig.positions()[0];
    assert_eq!(row["isolated"], json!(true));
    // A tenth of the value at the entry, and the open result.
    assert_eq!(text(row, "margin"), "3000.0000");
    let shown = wallet(&rig, KEY, "USDT");
    let free = amount(&shown, "balance") - number("2500");
    assert_eq!(amount(&shown, "availableMargin"), free);
}

#[test]
fn what_resting_limits_hold_is_not_available() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.stop("1");
    rig.target("0.4");
    let row = &rig.positions()[0];
    assert_eq!(text(row, "positionAmt"), "1.000");
    assert_eq!(text(row, "availableAmt"), "0.600", "a stop holds nothing");
}

#[test]
fn every_kind_of_order_is_in_one_list() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let place = |ticket: Ticket| rig.venue.place("main", &ticket).unwrap();
    place(Ticket::limit(
        BTC,
        Side::Buy,
        number("0.1"),
        number("40000"),
    ));
    place(Ticket::stop(BTC, Side::Sell, number("1"), number("45000")).reduce_only());
    place(Ticket::take_profit(BTC, Side::Sell, number("1"), number("70000")).reduce_only());
    place(Ticket::stop(ETH, Side::Buy, number("1"), number("2500")));
    let rows = rig.orders();
    let said: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                text(row, "type"),
                text(row, "status"),
                text(row, "stopPrice"),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("TRIGGER_MARKET", "NEW", "2500.0"),
            ("TAKE_PROFIT_MARKET", "NEW", "70000.0"),
            ("STOP_MARKET", "NEW", "45000.0"),
            ("LIMIT", "PENDING", ""),
        ]
    );
    assert_eq!(rows[3]["reduceOnly"], json!(false));
    assert_eq!(text(&rows[3], "price"), "40000.0");
    assert_eq!(text(&rows[3], "positionSide"), "BOTH");
    let of = |params: &str| {
        rig.get(super::OPEN, params).data()["orders"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(of(&format!("symbol={ETH}")), 1);
    assert_eq!(of("type=STOP_MARKET"), 1);
    assert_eq!(rig.get(super::OPEN, "type=NOTHING").code(), 109_400);
}

/// Neighbours are the same number where they are read as floats.
#[test]
fn ids_are_exact_above_2_to_the_53() {
    let rig = Rig::start();
    for _ in 0..2 {
        let limit = Ticket::limit(BTC, Side::Buy, number("0.1"), number("40000"));
        rig.venue.place("main", &limit).unwrap();
    }
    let rows = rig.orders();
    let ids: Vec<u64> = rows
        .iter()
        .map(|row| row["orderId"].as_u64().unwrap())
        .collect();
    assert_eq!(ids[0], ids[1] + 1);
    assert!(ids[1] > 1 << 53);
    #[expect(clippy::cast_precision_loss, reason = "that is what is shown")]
    let floats = [ids[0] as f64, ids[1] as f64];
    assert!((floats[0] - floats[1]).abs() < 1.0);
    for id in ids {
        let one = rig.get(ORDER, &format!("symbol={BTC}&orderId={id}"));
        assert_eq!(one.data()["order"]["orderId"].as_u64(), Some(id));
    }
}

#[test]
fn one_order_is_shown_when_it_is_finished_too() {
    let rig = Rig::start();
    let open = format!("symbol={BTC}&side=BUY&type=MARKET&quantity=1&positionSide=BOTH");
    let reply = rig.post(ORDER, &format!("{open}&clientOrderID=Entry-1"));
    let placed = reply.data()["order"].clone();
    assert_eq!(placed["orderID"], json!(placed["orderId"].to_string()));
    let by_id = format!("symbol={BTC}&orderId={}", placed["orderId"]);
    let by_link = format!("symbol={BTC}&clientOrderId=ENTRY-1");
    for params in [by_id.as_str(), &by_link] {
        let order = rig.get(ORDER, params).data()["order"].clone();
        assert_eq!(text(&order, "status"), "FILLED");
        assert_eq!(text(&order, "executedQty"), "1.000");
        assert_eq!(text(&order, "clientOrderId"), "entry-1", "in lower case");
        assert_eq!(text(&order, "commission"), "-25.0000");
        let open = rig.get("/openApi/swap/v2/trade/openOrder", params);
        assert_eq!(open.code(), 109_421);
    }
    assert_eq!(rig.get(ORDER, &format!("symbol={BTC}")).code(), 109_400);
    let other = format!("symbol={ETH}&orderId={}", placed["orderId"]);
    assert_eq!(rig.get(ORDER, &other).code(), 109_421);
}

#[test]
fn the_mode_is_a_text_and_changes_while_nothing_is_open() {
    let rig = Rig::start();
    let shown = |key: &str| rig.get_as(key, MODE, "").data()["dualSidePosition"].clone();
    assert_eq!(
        (shown(KEY), shown(HEDGE_KEY)),
        (json!("false"), json!("true"))
    );
    assert!(rig.get(MODE, "").body["timeStamp"].is_number());
    let switch = |to: &str| rig.post(MODE, &format!("dualSidePosition={to}"));
    assert_eq!(switch("maybe").code(), 109_400);
    rig.venue.open("main", BTC, 1, None).unwrap();
    assert_eq!(switch("true").code(), 104_103);
    rig.venue.close("main").unwrap();
    assert_eq!(switch("true").data()["dualSidePosition"], json!("true"));
    assert_eq!(shown(KEY), json!("true"));
    let assets = rig.get("/openApi/swap/v1/trade/assetMode", "");
    assert_eq!(assets.data()["assetMode"], "singleAssetMode");
}

#[test]
fn contracts_say_their_rules() {
    let rig = Rig::start();
    let list = rig
        .raw("GET", "/openApi/swap/v2/quote/contracts", "")
        .unwrap();
    let row = &list.list()[0];
    assert_eq!((text(row, "symbol"), text(row, "asset")), (BTC, "BTC"));
    assert_eq!(row["quantityPrecision"], json!(3));
    assert_eq!(row["pricePrecision"], json!(1));
    assert_eq!(row["tradeMinQuantity"], json!(0.001));
    assert_eq!(row["tradeMinUSDT"], json!(2));
    assert_eq!(row["takerFeeRate"], json!(0.0005));
    assert_eq!(
        (row["status"].clone(), text(row, "apiStateOpen")),
        (json!(1), "true")
    );
}

#[test]
fn the_usual_scenario_is_spelled_as_the_venue_does() {
    let config = crate::PaperConfig::exchange(VenueKind::BingX);
    let symbols: Vec<_> = config
        .instruments
        .iter()
        .map(|it| it.symbol.as_str())
        .collect();
    assert_eq!(symbols, ["BTC-USDT", "ETH-USDT", "BTC-USDC"]);
    let (clock, _time) = crate::PaperClock::manual(super::super::start());
    let demo = crate::PaperConfig::exchange_demo(VenueKind::BingX);
    let venue = crate::PaperVenue::new(demo, clock).unwrap();
    let held = super::super::held(&venue, "main", "ETH-USDT");
    assert_eq!(held.len(), 1);
    assert_eq!(venue.live_orders("main").unwrap().len(), 2);
}
