//! Section 4.3: orders of every kind, and what each list holds.

use serde_json::{Value, json};

use super::{BTC, HEDGE_KEY, PLACE, PLANS, Rig, USDT, close, limit, market, number, with};
use crate::{Side, Ticket};

const PLACE_PLAN: &str = "/api/v2/mix/order/place-plan-order";
const PLACE_TPSL: &str = "/api/v2/mix/order/place-tpsl-order";

fn plan(more: &Value) -> Value {
    let plan =
        json!({"planType": "normal_plan", "triggerPrice": "45000", "triggerType": "mark_price"});
    with(with(market("sell", "0.1"), &plan), more)
}

fn tpsl(kind: &str, trigger: &str, size: Option<&str>) -> Value {
    let mut body = json!({
        "symbol": BTC, "productType": "USDT-FUTURES", "marginCoin": "USDT", "planType": kind,
        "triggerPrice": trigger, "triggerType": "fill_price", "holdSide": "buy",
    });
    if let Some(size) = size {
        body["size"] = json!(size);
    }
    body
}

#[test]
fn a_list_of_nothing_is_null() {
    let rig = Rig::start();
    let reply = rig.get(&format!("{}?{USDT}", super::ORDERS));
    assert_eq!(reply.data()["entrustedList"], Value::Null);
    let reply = rig.get(&format!("{PLANS}?{USDT}"));
    assert_eq!(reply.code(), "40019", "a plan type is required");
}

#[test]
fn an_order_shows_as_it_was_placed() {
    let rig = Rig::start();
    let order = with(
        limit("buy", "0.1", "40000"),
        &json!({"clientOid": "mine-1"}),
    );
    let placed = rig.place(&order);
    let id = placed.data()["orderId"].as_str().unwrap().to_owned();
    assert!(id.parse::<u64>().unwrap() > 1 << 53);
    let [row] = rig.orders().try_into().unwrap();
    for (name, expected) in [
        ("orderId", id.as_str()),
        ("clientOid", "mine-1"),
        ("side", "buy"),
        ("posSide", "net"),
        ("tradeSide", "buy_single"),
        ("status", "live"),
        ("size", "0.1"),
        ("baseVolume", "0"),
        ("price", "40000"),
        ("priceAvg", ""),
        ("reduceOnly", "NO"),
        ("orderType", "limit"),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    assert_eq!(rig.place(&order).code(), "43118", "the id is spent");
}

#[test]
fn a_page_goes_on_by_the_last_id() {
    let rig = Rig::start();
    for step in 0..5 {
        let price = number("40000") + rust_decimal::Decimal::from(step);
        let ticket = Ticket::limit(BTC, Side::Buy, number("0.1"), price);
        rig.venue.place("main", &ticket).unwrap();
    }
    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let query = format!("{}?{USDT}&limit=2{before}", super::ORDERS);
        let reply = rig.get(&query);
        let rows = reply.list("entrustedList");
        if rows.is_empty() {
            break;
        }
        seen.extend(
            rows.iter()
                .map(|row| row["price"].as_str().unwrap().to_owned()),
        );
        before = format!("&idLessThan={}", reply.data()["endId"].as_str().unwrap());
    }
    assert_eq!(seen, ["40004", "40003", "40002", "40001", "40000"]);
    let too_many = rig.get(&format!("{}?{USDT}&limit=101", super::ORDERS));
    assert_eq!(too_many.code(), "40020");
}

#[test]
fn each_plan_type_is_in_its_list_and_in_no_other() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let trailing = json!({"planType": "track_plan", "callbackRatio": "1"});
    for (path, body) in [
        (PLACE_PLAN, plan(&json!({"reduceOnly": "YES"}))),
        (PLACE_PLAN, plan(&trailing)),
        (PLACE_TPSL, tpsl("loss_plan", "45000", Some("0.5"))),
        (PLACE_TPSL, tpsl("profit_plan", "60000", Some("0.5"))),
        (PLACE_TPSL, tpsl("pos_loss", "44000", None)),
        (PLACE_TPSL, tpsl("pos_profit", "61000", None)),
        (
            PLACE_TPSL,
            with(
                tpsl("moving_plan", "55000", Some("0.5")),
                &json!({"rangeRate": "0.5"}),
            ),
        ),
    ] {
        let reply = rig.post(path, &body);
        assert_eq!(reply.code(), "00000", "{body}: {}", reply.body);
    }
    let kinds = |list: &str| {
        let rows = rig.plans(list).into_iter();
        let kinds = rows.map(|row| row["planType"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(kinds("normal_plan"), ["normal_plan"]);
    assert_eq!(kinds("track_plan"), ["track_plan"]);
    let of_position = [
        "moving_plan",
        "pos_profit",
        "pos_loss",
        "profit_plan",
        "loss_plan",
    ];
    assert_eq!(kinds("profit_loss"), of_position);
    assert!(rig.orders().is_empty());
    let rows = rig.plans("profit_loss");
    assert_eq!(rows[1]["size"], "", "whatever is held");
    assert_eq!(rows[1]["stopSurplusTriggerPrice"], "61000");
    assert_eq!(rows[2]["stopLossTriggerPrice"], "44000");
    assert_eq!(rig.plans("track_plan")[0]["callbackRatio"], "1");
    // The whole position goes, whatever it is by then.
    rig.venue.set_price(BTC, 44_000).unwrap();
    assert!(rig.held("main").is_empty());
}

#[test]
fn what_was_placed_by_hand_is_listed_by_what_it_does() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let size = || number("0.5");
    for ticket in [
        Ticket::stop(BTC, Side::Sell, size(), number("45000")).reduce_only(),
        Ticket::take_profit(BTC, Side::Sell, size(), number("60000")).reduce_only(),
        Ticket::stop(BTC, Side::Buy, size(), number("55000")),
    ] {
        rig.venue.place("main", &ticket).unwrap();
    }
    let [profit, loss] = rig.plans("profit_loss").try_into().unwrap();
    assert_eq!(profit["planType"], "profit_plan");
    assert_eq!(loss["planType"], "loss_plan");
    assert_eq!(rig.plans("normal_plan").len(), 1);
}

#[test]
fn hedge_mode_names_the_position_by_its_side() {
    let rig = Rig::start();
    let place = |body: &Value| rig.post_as(HEDGE_KEY, PLACE, body);
    assert_eq!(place(&market("buy", "0.5")).code(), "40774", "no tradeSide");
    let open = json!({"tradeSide": "open"});
    place(&with(market("buy", "0.5"), &open)).data();
    place(&with(market("sell", "0.2"), &open)).data();
    use crate::PositionSide::{Long, Short};
    assert_eq!(
        rig.held("hedge"),
        [(Long, number("0.5")), (Short, number("-0.2"))]
    );
    // B15: a long one is closed by `buy`.
    let shut = json!({"tradeSide": "close"});
    place(&with(market("buy", "0.4"), &shut)).data();
    assert_eq!(
        rig.held("hedge"),
        [(Long, number("0.1")), (Short, number("-0.2"))]
    );
    let resting = with(limit("sell", "0.2", "40000"), &shut);
    place(&resting).data();
    let [row] = rig
        .get_as(HEDGE_KEY, &format!("{}?{USDT}", super::ORDERS))
        .list("entrustedList")
        .try_into()
        .unwrap();
    assert_eq!(row["side"], "sell", "it buys, and names the short one");
    assert_eq!(
        (&row["posSide"], &row["tradeSide"]),
        (&json!("short"), &json!("close"))
    );
    assert_eq!(row["reduceOnly"], "YES");
    // One-way mode ignores it.
    assert_eq!(
        rig.place(&with(market("buy", "0.1"), &shut)).code(),
        "00000"
    );
}

#[test]
fn an_order_is_checked() {
    let rig = Rig::start();
    rig.venue.transfer("main", "USDT", 10_000_000).unwrap();
    let none = json!({"marginMode": ""});
    for (order, code) in [
        (market("buy", "0.0015"), "40808"),
        (market("buy", "0"), "43006"),
        (market("buy", "10.001"), "43007"),
        (limit("buy", "0.001", "4000"), "45110"),
        (limit("buy", "0.1", "40000.05"), "41103"),
        (with(market("buy", "0.1"), &json!({"size": "ten"})), "40020"),
        (
            with(market("buy", "0.1"), &json!({"symbol": "XRPUSDT"})),
            "40034",
        ),
        (with(market("buy", "0.1"), &none), "40019"),
        (
            with(market("buy", "0.1"), &json!({"presetStopLossPrice": "1"})),
            "40020",
        ),
        (close("sell", "0.1"), "22002"),
    ] {
        let reply = rig.place(&order);
        assert_eq!((reply.status, reply.code()), (400, code), "{order}");
        rig.pause();
    }
    assert!(rig.held("main").is_empty());
    // A number outside a text is good: clients send prices so.
    let bare = with(market("buy", "0.1"), &json!({"size": 0.1}));
    assert_eq!(rig.place(&bare).code(), "00000");
}

#[test]
fn a_trigger_on_the_wrong_side_is_refused() {
    let rig = Rig::start();
    let none = rig.post(PLACE_TPSL, &tpsl("loss_plan", "45000", Some("0.5")));
    assert_eq!(none.code(), "43023", "nothing is held");
    rig.venue.open("main", BTC, 1, None).unwrap();
    let loss = rig.post(PLACE_TPSL, &tpsl("loss_plan", "55000", Some("0.5")));
    assert_eq!(loss.code(), "40917");
    let profit = rig.post(PLACE_TPSL, &tpsl("profit_plan", "45000", Some("0.5")));
    assert_eq!(profit.status, 400);
    assert_eq!(rig.venue.live_orders("main").unwrap().len(), 0);
}
