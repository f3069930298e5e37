//! Section 3.3: wallet, positions, orders, instruments, time.

use serde_json::{Value, json};

use super::{BTC, CLOCK_MS, HEDGE_KEY, INVERSE, KEY, Rig, number};
use crate::{PositionSide, Side, Ticket};

const WALLET: &str = "/v5/account/wallet-balance";
const POSITIONS: &str = "/v5/position/list";
const ORDERS: &str = "/v5/order/realtime";

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {row}"))
}

#[test]
fn the_wallet_is_that_of_all_coins_in_dollars() {
    let rig = Rig::start();
    rig.venue.transfer("main", "BTC", number("0.5")).unwrap();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.set_price(BTC, 49_000).unwrap();
    let reply = rig.get(WALLET, "accountType=UNIFIED");
    let [row] = reply.list() else {
        panic!("{reply:?}");
    };
    // 10,000 less a fee of 25, less 1,000 open; 5,000; half a bitcoin at 49,000. A
    // falling coin moves it (3.6).
    assert_eq!(text(row, "totalEquity"), "38475");
    assert_eq!(text(row, "totalWalletBalance"), "39475");
    assert_eq!(text(row, "totalPerpUPL"), "-1000");
    let coins = row["coin"].as_array().unwrap();
    let usdt = coins.iter().find(|coin| coin["coin"] == "USDT").unwrap();
    assert_eq!(text(usdt, "walletBalance"), "9975");
    assert_eq!(text(usdt, "unrealisedPnl"), "-1000");
    assert_eq!(text(usdt, "equity"), "8975", "B13: unrealised counts once");
    assert_eq!(text(usdt, "usdValue"), "8975");
    assert_eq!(coins.len(), 3);
    let one = rig.get(WALLET, "accountType=UNIFIED&coin=USDC");
    assert_eq!(one.list()[0]["coin"].as_array().unwrap().len(), 1);
    assert_eq!(rig.get(WALLET, "").code(), 10001);
}

#[test]
fn positions_are_asked_for_by_settle_coin() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number("-0.25"), None).unwrap();
    rig.venue.open("main", "ETHUSDC", 3, None).unwrap();
    rig.venue
        .open("main", INVERSE, number("0.002"), None)
        .unwrap();
    let [btc] = rig
        .positions("category=linear&settleCoin=USDT")
        .try_into()
        .unwrap();
    assert_eq!(btc["positionIdx"], 0);
    assert_eq!(text(&btc, "side"), "Sell");
    assert_eq!(text(&btc, "size"), "0.25", "the size is positive");
    assert_eq!(text(&btc, "avgPrice"), "50000");
    assert_eq!(text(&btc, "markPrice"), "50000");
    assert_eq!(text(&btc, "positionStatus"), "Normal");
    assert!(number(text(&btc, "liqPrice")) > number("50000"));
    let [eth] = rig
        .positions("category=linear&settleCoin=USDC")
        .try_into()
        .unwrap();
    assert_eq!(text(&eth, "symbol"), "ETHUSDC");
    let [inverse] = rig.positions("category=inverse").try_into().unwrap();
    assert_eq!(text(&inverse, "symbol"), INVERSE);
    // Neither is enough for the linear ones.
    assert_eq!(rig.get(POSITIONS, "category=linear").code(), 10001);
    assert_eq!(rig.get(POSITIONS, "settleCoin=USDT").code(), 10001);
}

#[test]
fn a_symbol_shows_its_empty_rows() {
    let rig = Rig::start();
    let [flat] = rig
        .positions("category=linear&symbol=BTCUSDT")
        .try_into()
        .unwrap();
    assert_eq!((text(&flat, "side"), text(&flat, "size")), ("", "0"));
    // B11: the first row is the empty one.
    rig.venue.open("hedge", BTC, number("-0.5"), None).unwrap();
    let reply = rig.get_as(HEDGE_KEY, POSITIONS, "category=linear&symbol=BTCUSDT");
    let rows: Vec<_> = reply
        .list()
        .iter()
        .map(|row| (row["positionIdx"].as_i64().unwrap(), text(row, "size")))
        .collect();
    assert_eq!(rows, [(1, "0"), (2, "0.5")]);
    let reply = rig.get_as(HEDGE_KEY, POSITIONS, "category=linear&settleCoin=USDT");
    assert_eq!(reply.list().len(), 1);
    let unknown = rig.get(POSITIONS, "category=inverse&symbol=BTCUSDT");
    assert_eq!(unknown.code(), 10001);
}

#[test]
fn orders_of_all_kinds_are_in_one_list() {
    let rig = Rig::start();
    let limit = Ticket::limit(BTC, Side::Buy, number("0.2"), number("40000"));
    rig.venue.place("main", &limit).unwrap();
    let stop = Ticket::stop(BTC, Side::Sell, number("0.1"), number("45000"));
    rig.venue.place("main", &stop).unwrap();
    let of_others = limit.clone().about(PositionSide::Long);
    rig.venue.place("hedge", &of_others).unwrap();
    let all = "category=linear&settleCoin=USDT&openOnly=0";
    let [stop, limit] = rig.orders(all).try_into().unwrap();
    assert_eq!(text(&limit, "orderStatus"), "New");
    assert_eq!(
        (text(&limit, "qty"), text(&limit, "leavesQty")),
        ("0.2", "0.2")
    );
    assert_eq!(text(&limit, "stopOrderType"), "");
    assert_eq!(text(&stop, "orderStatus"), "Untriggered");
    // Section 3.6: what remains of it is its quantity.
    assert_eq!((text(&stop, "qty"), text(&stop, "leavesQty")), ("0.1", "0"));
    assert_eq!(text(&stop, "triggerPrice"), "45000");
    assert_eq!(stop["triggerDirection"], 2);
    assert_eq!(text(&stop, "orderId").len(), 36);
    for (filter, expected) in [("Order", &limit), ("StopOrder", &stop)] {
        let rows = rig.orders(&format!("{all}&orderFilter={filter}"));
        assert_eq!((rows.len(), rows.first()), (1, Some(expected)), "{filter}");
    }
    assert_eq!(rig.get(ORDERS, "category=linear").code(), 10001);
    assert!(rig.orders("category=linear&settleCoin=USDC").is_empty());
}

#[test]
fn a_finished_order_shows_when_asked_for_by_its_id() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let mut order = super::close("Sell", "1");
    order["orderLinkId"] = json!("flat-1");
    let made = rig.create(&order).body["result"].clone();
    assert!(rig.orders("category=linear&settleCoin=USDT").is_empty());
    for query in [
        format!("category=linear&orderId={}", text(&made, "orderId")),
        "category=linear&orderLinkId=flat-1".to_owned(),
    ] {
        let [row] = rig.orders(&query).try_into().unwrap();
        assert_eq!(text(&row, "orderStatus"), "Filled");
        assert_eq!(text(&row, "orderLinkId"), "flat-1");
    }
}

#[test]
fn a_cursor_is_passed_on_as_it_came() {
    let rig = Rig::start();
    for price in 40_000..40_025 {
        let order = Ticket::limit(BTC, Side::Buy, number("0.1"), price.into());
        rig.venue.place("main", &order).unwrap();
    }
    let scope = "category=linear&settleCoin=USDT";
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let query = format!("{scope}&limit=10{cursor}");
        let reply = rig.get_as(KEY, ORDERS, &query);
        seen.extend(
            reply
                .list()
                .iter()
                .map(|row| text(row, "orderId").to_owned()),
        );
        let next = text(&reply.body["result"], "nextPageCursor").to_owned();
        if next.is_empty() {
            break;
        }
        assert!(next.contains('%'), "it comes percent-encoded: {next}");
        let again = format!("{scope}&limit=10&cursor={}", next.replace('%', "%25"));
        assert_eq!(rig.get(ORDERS, &again).code(), 10001, "encoded twice");
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 25);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 25);
    assert_eq!(rig.orders(scope).len(), 20, "without a limit");
    assert_eq!(rig.get(ORDERS, &format!("{scope}&limit=51")).code(), 10001);
    assert_eq!(rig.orders(&format!("{scope}&limit=50")).len(), 25);
}

#[test]
fn instruments_have_their_steps_as_strings() {
    let rig = Rig::start();
    let line = "GET /v5/market/instruments-info?category=linear&symbol=BTCUSDT";
    let reply = rig.raw(line, &[], "").unwrap();
    let [row] = reply.list() else {
        panic!("{reply:?}");
    };
    let lot = &row["lotSizeFilter"];
    for (key, expected) in [
        ("minOrderQty", "0.001"),
        ("qtyStep", "0.001"),
        ("maxOrderQty", "1000"),
        ("maxMktOrderQty", "10"),
        ("minNotionalValue", "5"),
    ] {
        assert_eq!(text(lot, key), expected, "{key}");
    }
    assert_eq!(text(&row["priceFilter"], "tickSize"), "0.1");
    assert_eq!(text(row, "settleCoin"), "USDT");
    assert_eq!(text(row, "baseCoin"), "BTC");
}

#[test]
fn the_time_is_the_venues() {
    let rig = Rig::start();
    rig.time.advance_ms(1234);
    let reply = rig.raw("GET /v5/market/time", &[], "").unwrap();
    assert_eq!(text(&reply.body["result"], "timeSecond"), "1700000001");
    assert_eq!(
        text(&reply.body["result"], "timeNano"),
        "1700000001234000000"
    );
    assert_eq!(reply.body["time"], json!(CLOCK_MS + 1234));
    assert_eq!(reply.header("date"), Some("Tue, 14 Nov 2023 22:13:21 GMT"));
}

/// Section 3.3: figures of the whole account then mean nothing.
#[test]
fn isolated_margin_leaves_the_accounts_margin_empty() {
    let mut config = super::bybit();
    config.accounts[0].isolated = true;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, -1, None).unwrap();
    let reply = rig.get(WALLET, "accountType=UNIFIED");
    let row = &reply.list()[0];
    for key in [
        "accountIMRate",
        "totalMarginBalance",
        "totalMaintenanceMargin",
    ] {
        assert_eq!(text(row, key), "", "{key}");
    }
    assert_eq!(text(row, "totalEquity"), "14975");
    let [row] = rig
        .positions("category=linear&settleCoin=USDT")
        .try_into()
        .unwrap();
    assert_eq!(text(&row, "positionBalance"), "5000");
    // 5,000 set aside, and 50,000 - p won, are 0.004 p.
    assert_eq!(text(&row, "liqPrice"), "54780.87649402");
    let info = rig.get("/v5/account/info", "");
    assert_eq!(text(&info.body["result"], "marginMode"), "ISOLATED_MARGIN");
}

#[test]
fn the_kind_of_account_is_told() {
    let rig = Rig::start();
    let reply = rig.get("/v5/account/info", "");
    let result = &reply.body["result"];
    assert_eq!(text(result, "marginMode"), "REGULAR_MARGIN");
    assert!(result["unifiedMarginStatus"].is_i64());
}

#[test]
fn the_scenario_of_an_exchange_can_be_traded() {
    let config = crate::PaperConfig::exchange(crate::VenueKind::Bybit);
    let json = serde_json::to_string(&config).unwrap();
    let rig = Rig::of(serde_json::from_str(&json).unwrap());
    rig.venue
        .open("main", "BTCPERP", number("0.1"), None)
        .unwrap();
    rig.venue.open("hedge", "ETHUSDT", -1, None).unwrap();
    let line = "GET /v5/market/instruments-info?category=linear";
    let reply = rig.raw(line, &[], "").unwrap();
    let coins: Vec<_> = reply
        .list()
        .iter()
        .map(|row| text(row, "baseCoin"))
        .collect();
    assert_eq!(coins, ["BTC", "ETH", "BTC"]);
    assert!(!format!("{config:?}").contains("paper-secret"));
}
