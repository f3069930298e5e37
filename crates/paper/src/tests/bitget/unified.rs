//! Section 4.4: unified accounts, by v3.

use serde_json::{Value, json};

use super::{BTC, HEDGE_KEY, Rig, number, with};
use crate::PositionSide::{Long, Net, Short};
use crate::{Side, Ticket};

const USDT: &str = "category=USDT-FUTURES";
const ASSETS: &str = "/api/v3/account/assets";
const POSITIONS: &str = "/api/v3/position/current-position";
const ORDERS: &str = "/api/v3/trade/unfilled-orders";
const STRATEGIES: &str = "/api/v3/trade/unfilled-strategy-orders";
const PLACE: &str = "/api/v3/trade/place-order";
const PLACE_STRATEGY: &str = "/api/v3/trade/place-strategy-order";
const CLOSE: &str = "/api/v3/trade/close-positions";
const CANCEL_SYMBOL: &str = "/api/v3/trade/cancel-symbol-order";
const CANCEL_STRATEGY: &str = "/api/v3/trade/cancel-strategy-order";

fn category() -> Value {
    json!({"category": "USDT-FUTURES"})
}

fn market(side: &str, quantity: &str) -> Value {
    json!({
        "category": "USDT-FUTURES", "symbol": BTC, "side": side, "orderType": "market",
        "qty": quantity,
    })
}

fn strategies(rig: &Rig, key: &str) -> Vec<Value> {
    let reply = rig.get_as(key, &format!("{STRATEGIES}?{USDT}"));
    reply.data().as_array().unwrap().clone()
}

#[test]
fn assets_are_one_sum_in_dollars() {
    let rig = Rig::unified();
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    rig.venue.set_price(BTC, 49_000).unwrap();
    let reply = rig.get(ASSETS);
    let wallets = rig.venue.wallets("main").unwrap();
    let sum: rust_decimal::Decimal = wallets.iter().map(|wallet| wallet.equity).sum();
    let shown = number(reply.data()["accountEquity"].as_str().unwrap());
    assert_eq!(shown, sum);
    assert_eq!(reply.data()["unrealisedPnl"], "-500");
    let rows = reply.list("assets");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["coin"], "USDT");
    let equity = number(rows[0]["equity"].as_str().unwrap());
    assert_eq!(equity, wallets[0].equity);
    assert_eq!(
        number(rows[0]["balance"].as_str().unwrap()),
        wallets[0].balance
    );
    let settings = rig.get("/api/v3/account/settings");
    assert_eq!(settings.data()["holdMode"], "one_way_mode");
}

#[test]
fn positions_say_what_they_cost() {
    let rig = Rig::unified();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.pay_funding(BTC, number("0.0001")).unwrap();
    rig.venue.set_price(BTC, 51_000).unwrap();
    rig.post(
        PLACE,
        &with(market("sell", "0.4"), &json!({"reduceOnly": "yes"})),
    )
    .data();
    let [row] = rig
        .get(&format!("{POSITIONS}?{USDT}"))
        .list("list")
        .try_into()
        .unwrap();
    for (name, expected) in [
        ("posSide", "long"),
        ("total", "0.6"),
        ("avgPrice", "50000"),
        ("unrealisedPnl", "600"),
        ("curRealisedPnl", "400"),
        ("openFeeTotal", "-25"),
        ("closeFeeTotal", "-10.2"),
        ("totalFunding", "-5"),
        ("holdMode", "one_way_mode"),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    // One that is turned round is another, with the fee of what was opened.
    rig.post(PLACE, &market("sell", "1.2")).data();
    let [row] = rig
        .get(&format!("{POSITIONS}?{USDT}"))
        .list("list")
        .try_into()
        .unwrap();
    assert_eq!(
        (&row["posSide"], &row["total"]),
        (&json!("short"), &json!("0.6"))
    );
    assert_eq!(row["openFeeTotal"], "-15.3");
    assert_eq!(
        (&row["closeFeeTotal"], &row["totalFunding"]),
        (&json!("0"), &json!("0"))
    );
}

#[test]
fn hedge_mode_names_the_position_apart_from_the_side() {
    let rig = Rig::unified();
    let place = |side: &str, about: &str, quantity: &str| {
        let body = with(market(side, quantity), &json!({"posSide": about}));
        rig.post_as(HEDGE_KEY, PLACE, &body)
    };
    place("buy", "long", "0.5").data();
    place("sell", "short", "0.2").data();
    // A long one is closed by `sell`, other than in v2.
    place("sell", "long", "0.1").data();
    assert_eq!(
        rig.held("hedge"),
        [(Long, number("0.4")), (Short, number("-0.2"))]
    );
    let bare = rig.post_as(HEDGE_KEY, PLACE, &market("sell", "0.1"));
    assert_eq!(bare.code(), "40774");
    let of_classic = with(market("sell", "0.1"), &json!({"holdSide": "long"}));
    assert_eq!(rig.post_as(HEDGE_KEY, PLACE, &of_classic).code(), "25236");
    let named = with(market("sell", "0.1"), &json!({"posSide": "long"}));
    assert_eq!(rig.post(PLACE, &named).code(), "40774", "in one-way mode");
    let one_side = with(category(), &json!({"posSide": "short"}));
    let reply = rig.post_as(HEDGE_KEY, CLOSE, &one_side);
    let [entry] = reply.list("list").try_into().unwrap();
    assert_eq!(entry.get("code"), None, "of what was done there is no code");
    assert_eq!(rig.held("hedge"), [(Long, number("0.4"))]);
}

#[test]
fn closing_all_says_what_became_of_each() {
    let rig = Rig::unified();
    let none = rig.post(CLOSE, &category());
    assert_eq!((none.status, none.code()), (400, "25227"));
    let of_symbol = with(category(), &json!({"symbol": BTC}));
    let entry = rig.post(CLOSE, &of_symbol).list("list").remove(0);
    assert_eq!(
        (&entry["code"], &entry["msg"]),
        (&json!("24056"), &json!("notExisted"))
    );
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.post(CLOSE, &of_symbol).data();
    assert!(rig.held("main").is_empty());
    rig.venue.transfer("main", "USDT", 10_000_000).unwrap();
    for _ in 0..2 {
        rig.venue.open("main", BTC, 6, None).unwrap();
    }
    let entry = rig.post(CLOSE, &category()).list("list").remove(0);
    assert_eq!(entry["code"], "43007");
    assert_eq!(rig.held("main"), [(Net, number("12"))]);
    let of_classic = with(category(), &json!({"holdSide": "long"}));
    assert_eq!(rig.post(CLOSE, &of_classic).code(), "25236");
}

#[test]
fn regular_and_strategy_orders_are_apart() {
    let rig = Rig::unified();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let limit = Ticket::limit(BTC, Side::Sell, number("0.5"), number("60000")).reduce_only();
    rig.venue.place("main", &limit).unwrap();
    let strategy = |more: &Value| {
        let body = with(json!({"category": "USDT-FUTURES", "symbol": BTC}), more);
        rig.post(PLACE_STRATEGY, &body)
    };
    strategy(&json!({"posSide": "long", "qty": "0.5", "stopLoss": "45000"})).data();
    strategy(&json!({"posSide": "long", "tpslMode": "full", "takeProfit": "61000"})).data();
    let trigger = json!({"type": "trigger", "side": "buy", "qty": "0.1", "triggerPrice": "55000"});
    strategy(&trigger).data();
    assert_eq!(
        strategy(&json!({"posSide": "long", "qty": "1"})).code(),
        "40019"
    );
    let [order] = rig
        .get(&format!("{ORDERS}?{USDT}"))
        .list("list")
        .try_into()
        .unwrap();
    assert_eq!(order["orderStatus"], "live");
    assert_eq!(
        (&order["side"], &order["posSide"]),
        (&json!("sell"), &json!("net"))
    );
    assert_eq!(order["reduceOnly"], "YES");
    let [trigger, profit, loss] = strategies(&rig, super::KEY).try_into().unwrap();
    assert_eq!(
        (&trigger["status"], &trigger["triggerPrice"]),
        (&json!("pending"), &json!("55000"))
    );
    assert_eq!(
        (&profit["takeProfit"], &profit["qty"]),
        (&json!("61000"), &json!(""))
    );
    assert_eq!(
        (&loss["stopLoss"], &loss["posSide"]),
        (&json!("45000"), &json!("long"))
    );
    assert_eq!((loss.get("status"), loss.get("triggerPrice")), (None, None));
    // The cancel of a category leaves strategy orders; they go one by one.
    let done = rig.post(CANCEL_SYMBOL, &category()).list("list");
    assert_eq!(done.len(), 1);
    assert!(rig.get(&format!("{ORDERS}?{USDT}")).list("list").is_empty());
    assert!(rig.post(CANCEL_SYMBOL, &category()).list("list").is_empty());
    for row in strategies(&rig, super::KEY) {
        let reply = rig.post(CANCEL_STRATEGY, &json!({"orderId": row["orderId"]}));
        assert_eq!(reply.data(), &Value::Null);
        let again = rig.post(CANCEL_STRATEGY, &json!({"orderId": row["orderId"]}));
        assert_eq!(again.code(), "25204");
    }
    assert!(strategies(&rig, super::KEY).is_empty());
    assert_eq!(rig.venue.live_orders("main").unwrap().len(), 0);
}

#[test]
fn profit_and_loss_are_one_order_of_two() {
    let rig = Rig::unified();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let place = |more: &Value| {
        let both = json!({
            "category": "USDT-FUTURES", "symbol": BTC, "posSide": "long", "qty": "0.5",
            "takeProfit": "60000", "stopLoss": "45000", "slOrderType": "limit",
            "slLimitPrice": "44900",
        });
        rig.post(PLACE_STRATEGY, &with(both, more))
    };
    let placed = place(&json!({"clientOid": "both"}));
    let [row] = strategies(&rig, super::KEY).try_into().unwrap();
    assert_eq!(row["orderId"], placed.data()["orderId"]);
    for (name, expected) in [
        ("clientOid", "both"),
        ("takeProfit", "60000"),
        ("stopLoss", "45000"),
        ("tpOrderType", "market"),
        ("slLimitPrice", "44900"),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    // One cancel takes both; of one that fills the other goes.
    rig.post(CANCEL_STRATEGY, &json!({"clientOid": "both"}))
        .data();
    assert_eq!(rig.venue.live_orders("main").unwrap().len(), 0);
    place(&json!({})).data();
    rig.venue.set_price(BTC, 60_000).unwrap();
    assert_eq!(rig.held("main"), [(Net, number("0.5"))]);
    assert!(strategies(&rig, super::KEY).is_empty());
    // Neither is placed where one is on the wrong side.
    assert_eq!(place(&json!({"stopLoss": "65000"})).status, 400);
    assert_eq!(rig.venue.live_orders("main").unwrap().len(), 0);
}

#[test]
fn the_countdown_is_for_those_who_applied() {
    let rig = Rig::unified();
    let body = json!({"countdown": "10"});
    let reply = rig.post("/api/v3/trade/countdown-cancel-all", &body);
    assert_eq!(reply.code(), "40014");
}

#[test]
fn faults_reach_its_lists() {
    use crate::{Fault, FaultRule};
    let rig = Rig::unified();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let stop = Ticket::stop(BTC, Side::Sell, number("0.5"), number("45000")).reduce_only();
    rig.venue.place("main", &stop).unwrap();
    for (fault, target, pointer) in [
        (
            Fault::PositionsMissing,
            format!("{POSITIONS}?{USDT}"),
            "/data/list",
        ),
        (Fault::StopsMissing, format!("{STRATEGIES}?{USDT}"), "/data"),
        (Fault::NoAccounts, ASSETS.to_owned(), "/data/assets"),
    ] {
        rig.venue.clear_faults();
        rig.venue.set_fault(FaultRule::new(fault)).unwrap();
        let reply = rig.get(&target);
        assert_eq!(reply.body.pointer(pointer), Some(&json!([])), "{target}");
        rig.venue.clear_faults();
        let reply = rig.get(&target);
        assert_ne!(reply.body.pointer(pointer), Some(&json!([])), "{target}");
    }
}
