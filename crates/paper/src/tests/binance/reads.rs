//! Section 2.3: figures, positions, modes, instruments, time.

use serde_json::json;

use super::{BTC, CLOCK_MS, ETH, HEDGE_KEY, KEY, POSITIONS, Rig, amount, binance, number, text};
use crate::{InstrumentConfig, PaperConfig, PositionSide, Side, Ticket, VenueKind};

const ACCOUNT: &str = "/fapi/v3/account";

/// A loss in USDT and a win in USDC.
fn in_two_assets(multi_assets: bool) -> Rig {
    let mut config = binance();
    config.accounts[0].multi_assets = multi_assets;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.open("main", ETH, number("-2.5"), None).unwrap();
    rig.venue.set_price(BTC, 49_000).unwrap();
    rig.venue.set_price(ETH, 1900).unwrap();
    rig
}

#[test]
fn single_asset_sums_are_of_usdt_alone() {
    let reply = in_two_assets(false).get(ACCOUNT, "");
    let body = &reply.body;
    // 10,000 less a fee of 25, less 1,000 open.
    assert_eq!(text(body, "totalWalletBalance"), "9975.00000000");
    assert_eq!(text(body, "totalUnrealizedProfit"), "-1000.00000000");
    assert_eq!(text(body, "totalMarginBalance"), "8975.00000000");
    assert_eq!(text(body, "totalMaintMargin"), "196.00000000");
    let [usdt, usdc] = body["assets"].as_array().unwrap().as_slice() else {
        panic!("{body}");
    };
    assert_eq!(text(usdt, "marginBalance"), "8975.00000000");
    // Half a thousandth of 5,000 paid, 250 won.
    assert_eq!(text(usdc, "walletBalance"), "4997.50000000");
    assert_eq!(text(usdc, "unrealizedProfit"), "250.00000000");
    assert_eq!(text(usdc, "marginBalance"), "5247.50000000");
    assert_eq!(usdc.get("marginAvailable"), None);
    let symbols: Vec<_> = body["positions"].as_array().unwrap().iter().collect();
    assert_eq!(symbols.len(), 2);
    assert_eq!(text(symbols[1], "unrealizedProfit"), "250.00000000");
}

#[test]
fn multi_assets_sums_are_of_all_in_dollars() {
    let rig = in_two_assets(true);
    let reply = rig.get(ACCOUNT, "");
    assert_eq!(text(&reply.body, "totalMarginBalance"), "14222.50000000");
    assert_eq!(text(&reply.body, "totalUnrealizedProfit"), "-750.00000000");
    assert_eq!(reply.body["assets"][1]["marginAvailable"], true);
    // All that is free, in each: a tenth of 53,750 is not.
    assert_eq!(text(&reply.body, "availableBalance"), "8847.50000000");
    for asset in reply.body["assets"].as_array().unwrap() {
        assert_eq!(text(asset, "availableBalance"), "8847.50000000");
    }
    let mode = rig.get("/fapi/v1/multiAssetsMargin", "");
    assert_eq!(mode.body, json!({"multiAssetsMargin": true}));
    let config = rig.get("/fapi/v1/accountConfig", "");
    assert_eq!(config.body["multiAssetsMargin"], true);
    assert_eq!(config.body["canWithdraw"], true, "no right of the key");
}

/// Its key may do as before.
#[test]
fn an_account_that_may_not_trade_says_so_and_places_nothing() {
    let mut config = binance();
    config.accounts[0].may_trade = false;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, 1, None).unwrap();
    let config = rig.get("/fapi/v1/accountConfig", "");
    assert_eq!(config.body["canTrade"], false);
    assert_eq!(rig.close("SELL", "1").refusal(), (400, -4088));
    assert_eq!(rig.held(), number("1"));
}

/// B8: of another asset the sums say nothing.
#[test]
fn an_account_in_another_asset_has_empty_sums() {
    let mut config = binance();
    config.accounts[0].asset = "BNFCR".to_owned();
    config.accounts[0].wallets.clear();
    config.instruments[0].terms.asset = "BNFCR".to_owned();
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, 1, None).unwrap();
    let reply = rig.get(ACCOUNT, "");
    assert_eq!(text(&reply.body, "totalMarginBalance"), "0.00000000");
    assert_eq!(
        text(&reply.body["assets"][0], "marginBalance"),
        "9975.00000000"
    );
    assert_eq!(text(&rig.positions()[0], "marginAsset"), "BNFCR");
}

/// What is set aside is still in the wallet, and its result in the equity.
#[test]
fn isolated_margin_is_set_aside() {
    let mut config = binance();
    config.accounts[0].isolated = true;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.set_price(BTC, 49_000).unwrap();
    let reply = rig.get(ACCOUNT, "");
    for (key, expected) in [
        ("totalWalletBalance", "9975.00000000"),
        ("totalMarginBalance", "8975.00000000"),
        ("totalCrossWalletBalance", "4975.00000000"),
        ("totalCrossUnPnl", "0.00000000"),
        ("availableBalance", "4975.00000000"),
    ] {
        assert_eq!(text(&reply.body, key), expected, "{key}");
    }
    let [row] = rig.positions().try_into().unwrap();
    assert_eq!(text(&row, "isolatedWallet"), "5000.00000000");
    assert_eq!(text(&row, "isolatedMargin"), "4000.00000000");
    // 5,000 set aside, and p - 50,000 won, are 0.004 p.
    assert_eq!(amount(&row, "liquidationPrice"), number("45180.72289157"));
    rig.venue.set_price(BTC, 50_000).unwrap();
    assert_eq!(rig.close("SELL", "1").code(), 0);
    let reply = rig.get(ACCOUNT, "");
    assert_eq!(
        text(&reply.body, "totalCrossWalletBalance"),
        "9950.00000000"
    );
}

#[test]
fn an_asset_that_was_never_there_has_a_row_without_a_time() {
    let mut config = binance();
    config.accounts[0]
        .wallets
        .push(("BNB".to_owned(), number("0")));
    let rig = Rig::of(config);
    let times = || {
        let reply = rig.get(ACCOUNT, "");
        let assets = reply.body["assets"].as_array().unwrap();
        let times = assets.iter().map(|it| it["updateTime"].as_i64().unwrap());
        times.collect::<Vec<_>>()
    };
    let at_start: Vec<bool> = times().iter().map(|time| *time > 0).collect();
    assert_eq!(at_start, [true, true, false]);
    rig.venue.transfer("main", "BNB", 1).unwrap();
    assert_eq!(times()[2], CLOCK_MS);
}

#[test]
fn balances_are_a_row_for_each_asset() {
    let reply = in_two_assets(false).get("/fapi/v3/balance", "");
    let [usdt, usdc] = reply.list() else {
        panic!("{reply:?}");
    };
    assert_eq!((text(usdt, "asset"), text(usdc, "asset")), ("USDT", "USDC"));
    assert_eq!(text(usdt, "balance"), "9975.00000000");
    assert_eq!(text(usdt, "crossUnPnl"), "-1000.00000000");
}

#[test]
fn a_short_position_has_a_negative_amount() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number("-0.25"), None).unwrap();
    rig.venue.set_mark(BTC, Some(number("50100.5"))).unwrap();
    let [row] = rig.positions().try_into().unwrap();
    for (key, expected) in [
        ("symbol", BTC),
        ("positionSide", "BOTH"),
        ("positionAmt", "-0.250"),
        ("entryPrice", "50000.0"),
        ("markPrice", "50100.50000000"),
        ("unRealizedProfit", "-25.12500000"),
        ("notional", "-12525.12500000"),
        ("marginAsset", "USDT"),
        ("isolatedMargin", "0"),
    ] {
        assert_eq!(text(&row, key), expected, "{key}");
    }
    assert!(amount(&row, "liquidationPrice") > number("50000"));
    assert_eq!(row["updateTime"], CLOCK_MS);
    assert!(row["adl"].is_i64());
    assert_eq!(row.get("unrealizedProfit"), None, "the other spelling");
}

#[test]
fn an_order_in_the_book_makes_an_empty_row() {
    let rig = Rig::start();
    assert!(rig.positions().is_empty());
    rig.stop("0.5");
    assert!(rig.positions().is_empty(), "a conditional order does not");
    let limit = Ticket::limit(ETH, Side::Buy, number("0.2"), number("1500"));
    rig.venue.place("main", &limit).unwrap();
    let [row] = rig.positions().try_into().unwrap();
    assert_eq!(
        (text(&row, "symbol"), text(&row, "positionAmt")),
        (ETH, "0.000")
    );
    assert_eq!(text(&row, "liquidationPrice"), "0");
    assert!(rig.get(POSITIONS, "symbol=BTCUSDT").list().is_empty());
    assert_eq!(rig.get(POSITIONS, "symbol=NOSUCH").refusal(), (400, -1121));
}

#[test]
fn hedge_mode_has_a_row_for_each_side() {
    let rig = Rig::start();
    rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
    rig.venue.open("hedge", BTC, number("-0.2"), None).unwrap();
    let reply = rig.get_as(HEDGE_KEY, POSITIONS, "symbol=BTCUSDT");
    let rows: Vec<_> = reply
        .list()
        .iter()
        .map(|row| (text(row, "positionSide"), text(row, "positionAmt")))
        .collect();
    assert_eq!(rows, [("LONG", "0.500"), ("SHORT", "-0.200")]);
    assert!(rig.positions().is_empty());
}

#[test]
fn the_mode_is_the_accounts_and_changes_while_nothing_is_open() {
    const DUAL: &str = "/fapi/v1/positionSide/dual";
    let rig = Rig::start();
    let dual = |key| rig.get_as(key, DUAL, "").body.clone();
    assert_eq!(dual(KEY), json!({"dualSidePosition": false}));
    assert_eq!(dual(HEDGE_KEY), json!({"dualSidePosition": true}));
    let switch = || rig.post(DUAL, "dualSidePosition=true").code();
    assert_eq!(rig.post(DUAL, "dualSidePosition=false").code(), -4059);
    rig.venue.open("main", BTC, 1, None).unwrap();
    assert_eq!(switch(), -4068);
    rig.venue.close("main").unwrap();
    rig.stop("0.5");
    assert_eq!(switch(), -4067);
    rig.venue.cancel_orders("main").unwrap();
    assert_eq!(switch(), 0);
    assert_eq!(dual(KEY), json!({"dualSidePosition": true}));
}

#[test]
fn instruments_have_a_lot_for_market_orders() {
    let rig = Rig::start();
    let reply = rig.raw("GET", "/fapi/v1/exchangeInfo", "", "").unwrap();
    let symbols = reply.body["symbols"].as_array().unwrap();
    let btc = &symbols[0];
    assert_eq!(text(btc, "symbol"), BTC);
    assert_eq!(text(&symbols[1], "marginAsset"), "USDC");
    assert_eq!(
        (text(btc, "baseAsset"), text(btc, "quoteAsset")),
        ("BTC", "USDT")
    );
    let filter = |kind: &str| {
        let mut filters = btc["filters"].as_array().unwrap().iter();
        filters.find(|filter| filter["filterType"] == kind).unwrap()
    };
    assert_eq!(text(filter("LOT_SIZE"), "maxQty"), "1000.000");
    assert_eq!(text(filter("MARKET_LOT_SIZE"), "maxQty"), "10.000");
    assert_eq!(text(filter("MARKET_LOT_SIZE"), "stepSize"), "0.001");
    assert_eq!(text(filter("PRICE_FILTER"), "tickSize"), "0.1");
    assert_eq!(text(filter("MIN_NOTIONAL"), "notional"), "5");
    assert_eq!(btc["quantityPrecision"], 4, "it is not the step");
    let limits = reply.body["rateLimits"].as_array().unwrap();
    assert_eq!(limits[0]["limit"], 2400);
    let orders = rig.get("/fapi/v1/rateLimit/order", "");
    assert_eq!(orders.list(), &limits[1..]);
}

#[test]
fn the_time_is_the_venues() {
    let rig = Rig::start();
    rig.time.advance_ms(1234);
    let reply = rig.raw("GET", "/fapi/v1/time", "", "").unwrap();
    assert_eq!(reply.body, json!({"serverTime": CLOCK_MS + 1234}));
    assert_eq!(reply.header("date"), Some("Tue, 14 Nov 2023 22:13:21 GMT"));
}

#[test]
fn an_instrument_may_be_traded_in_other_steps() {
    let mut config = binance();
    let mut odd = InstrumentConfig::perpetual("DOGEUSDT", number("0.25"), "USDT");
    odd.rules.step = number("3");
    odd.rules.minimum = number("3");
    odd.rules.price_step = Some(number("0.00001"));
    odd.tick_size = Some(number("0.00001"));
    config.instruments.push(odd);
    let rig = Rig::of(config);
    rig.venue.open("main", "DOGEUSDT", 99, None).unwrap();
    let [row] = rig.positions().try_into().unwrap();
    assert_eq!(text(&row, "positionAmt"), "99");
    let close = |quantity: &str| {
        let order = "symbol=DOGEUSDT&side=SELL&type=MARKET&reduceOnly=true";
        rig.post(super::ORDER, &format!("{order}&quantity={quantity}"))
            .code()
    };
    assert_eq!(close("50"), -4023, "no multiple of the step");
    assert_eq!(close("0.25"), -1111, "more digits than there are");
    assert_eq!(close("99"), 0);
}

#[test]
fn the_scenario_of_an_exchange_can_be_traded() {
    let config = PaperConfig::exchange(VenueKind::Binance);
    let json = serde_json::to_string(&config).unwrap();
    assert!(json.contains(r#""kind":"binance""#));
    let rig = Rig::of(serde_json::from_str(&json).unwrap());
    rig.venue
        .open("main", "BTCPERP", number("0.1"), None)
        .unwrap();
    let order = Ticket::market("ETHUSDT", Side::Sell, 1).about(PositionSide::Short);
    rig.venue.place("hedge", &order).unwrap();
    let reply = rig.raw("GET", "/fapi/v1/exchangeInfo", "", "").unwrap();
    let pairs: Vec<_> = reply.body["symbols"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "baseAsset"), text(row, "quoteAsset")))
        .collect();
    assert_eq!(pairs, [("BTC", "USDT"), ("ETH", "USDT"), ("BTC", "USDC")]);
}
