//! What goes wrong at Bybit (3.4, 3.6, 8, and the bugs B2 to B23).

use serde_json::{Value, json};

use super::{BTC, CLOCK_MS, Rig, close, number};
use crate::{
    Fault, FaultError, FaultRule, RequestClass, Side, Ticket, exchange_fault_kinds, fault_kinds,
};

const USDT: &str = "category=linear&settleCoin=USDT";

/// `main` holds one bitcoin, under a fault.
fn long(rule: FaultRule) -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.set_fault(rule).unwrap();
    rig
}

fn stop(rig: &Rig) {
    let stop = Ticket::stop(BTC, Side::Sell, number("0.5"), number("45000"));
    rig.venue.place("main", &stop).unwrap();
}

fn cancel_all(rig: &Rig, filter: Option<&str>) -> Vec<Value> {
    let mut body = json!({"category": "linear", "settleCoin": "USDT"});
    if let Some(filter) = filter {
        body["orderFilter"] = json!(filter);
    }
    rig.post("/v5/order/cancel-all", &body).list().to_vec()
}

#[test]
fn an_outcome_is_unknown_after_it_happened_and_after_it_did_not() {
    for (after_effect, held) in [(true, "0"), (false, "1")] {
        let code = Fault::Code {
            code: 10016,
            after_effect,
        };
        let rig = long(FaultRule::new(code).on(RequestClass::Flatten).times(1));
        let mut order = close("Sell", "1");
        order["orderLinkId"] = json!("flat-1");
        let reply = rig.create(&order);
        assert_eq!((reply.status, reply.code()), (200, 10016));
        assert_eq!(rig.held(), number(held));
        // The id says whether the first try got through, where one is sent again.
        let again = rig.create(&order).code();
        assert!(
            if after_effect { again != 0 } else { again == 0 },
            "{again}"
        );
    }
}

#[test]
fn a_lost_answer_leaves_a_closed_position() {
    let rig = long(FaultRule::new(Fault::LostAfterEffect).times(1));
    let body = close("Sell", "1").to_string();
    assert!(
        rig.signed(super::KEY, "POST", "/v5/order/create", &body)
            .is_none()
    );
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn throttling_can_come_without_its_headers() {
    let code = Fault::Code {
        code: 10006,
        after_effect: false,
    };
    let rig = long(FaultRule::new(code).times(1));
    let reply = rig.create(&close("Sell", "1"));
    assert_eq!(reply.code(), 10006);
    assert_eq!(reply.header("X-Bapi-Limit"), None);
    assert_eq!(rig.held(), number("1"));
}

#[test]
fn the_list_is_empty_while_a_stop_rests() {
    let rig = long(FaultRule::new(Fault::StopsMissing));
    stop(&rig);
    assert!(rig.orders(USDT).is_empty());
    assert!(
        rig.orders(&format!("{USDT}&orderFilter=StopOrder"))
            .is_empty()
    );
    assert_eq!(rig.venue.live_orders("main").unwrap().len(), 1);
}

#[test]
fn a_cancel_of_all_leaves_the_stop_unless_it_names_it() {
    let rig = long(FaultRule::new(Fault::CancelLeavesStops));
    stop(&rig);
    let limit = Ticket::limit(BTC, Side::Buy, number("0.1"), number("40000"));
    rig.venue.place("main", &limit).unwrap();
    assert_eq!(cancel_all(&rig, None).len(), 1);
    assert_eq!(rig.orders(USDT)[0]["orderStatus"], "Untriggered");
    assert_eq!(cancel_all(&rig, Some("StopOrder")).len(), 1);
    assert!(rig.orders(USDT).is_empty());
}

#[test]
fn a_forgotten_cancel_leaves_the_order() {
    let rig = long(FaultRule::new(Fault::CancelNothing).times(1));
    stop(&rig);
    assert_eq!(cancel_all(&rig, None).len(), 1, "it says that it did");
    assert_eq!(rig.orders(USDT).len(), 1);
    cancel_all(&rig, None);
    assert!(rig.orders(USDT).is_empty());
}

#[test]
fn a_market_order_fills_in_part() {
    let rig = long(FaultRule::new(Fault::FlattenHalf).times(1));
    let reply = rig.create(&close("Sell", "0.999"));
    assert_eq!(reply.code(), 0);
    assert_eq!(rig.held(), number("0.501"), "rounded down to a step");
    let id = reply.body["result"]["orderId"].as_str().unwrap().to_owned();
    let [row] = rig
        .orders(&format!("category=linear&orderId={id}"))
        .try_into()
        .unwrap();
    assert_eq!(row["orderStatus"], "Cancelled");
    assert_eq!(
        (&row["qty"], &row["cumExecQty"]),
        (&json!("0.999"), &json!("0.499"))
    );
    assert_eq!(row["leavesQty"], "0");
    assert_eq!(rig.create(&close("Sell", "1")).code(), 0);
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn a_market_order_is_cancelled_whole() {
    let rig = long(FaultRule::new(Fault::FlattenNothing).times(1));
    assert_eq!(rig.create(&close("Sell", "1")).code(), 0);
    assert_eq!(rig.held(), number("1"));
}

#[test]
fn a_market_order_fills_late() {
    let rig = long(FaultRule::new(Fault::FlattenLate { ms: 800 }).times(1));
    assert_eq!(rig.create(&close("Sell", "1")).code(), 0);
    rig.time.advance_ms(799);
    assert_eq!(rig.held(), number("1"));
    rig.time.advance_ms(1);
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn a_row_is_missing() {
    let rule = FaultRule::new(Fault::RowMissing {
        instrument: BTC.to_owned(),
    });
    let rig = long(rule.on(RequestClass::Positions).times(1));
    assert!(rig.positions(USDT).is_empty());
    assert_eq!(rig.positions(USDT).len(), 1);
}

#[test]
fn a_symbol_appears_while_another_is_closed() {
    let appears = Fault::Appears {
        instrument: "ETHUSDC".to_owned(),
        quantity: number("-0.5"),
    };
    let rig = long(FaultRule::new(appears).times(1));
    assert_eq!(rig.create(&close("Sell", "1")).code(), 0);
    assert!(rig.positions(USDT).is_empty());
    let [row] = rig
        .positions("category=linear&settleCoin=USDC")
        .try_into()
        .unwrap();
    assert_eq!(
        (&row["side"], &row["size"]),
        (&json!("Sell"), &json!("0.5"))
    );
}

#[test]
fn a_position_is_opened_again() {
    let rig = long(FaultRule::new(Fault::Reenters { after_ms: 300 }).times(1));
    rig.create(&close("Sell", "1"));
    assert_eq!(rig.held(), number("0"));
    rig.time.advance_ms(300);
    assert_eq!(rig.held(), number("1"));
}

#[test]
fn a_clock_that_is_off_refuses_and_says_its_time() {
    for (ms, code) in [(-999, 0), (-1001, 10002), (5000, 0), (5001, 10002)] {
        let rig = long(FaultRule::new(Fault::ClockOff { ms }));
        let reply = rig.get("/v5/position/list", USDT);
        assert_eq!(reply.code(), code, "{ms}");
        assert_eq!(reply.body["time"], json!(CLOCK_MS + ms));
        let time = rig.raw("GET /v5/market/time", &[], "").unwrap();
        assert_eq!(time.body["time"], json!(CLOCK_MS + ms));
        rig.venue.clear_faults();
        assert_eq!(rig.positions(USDT).len(), 1);
    }
    let venue = Rig::start().venue.clone();
    let day = FaultRule::new(Fault::ClockOff { ms: 86_400_001 });
    assert_eq!(venue.set_fault(day), Err(FaultError::Offset));
}

#[test]
fn fields_change_wherever_they_stand() {
    let field = || "unrealisedPnl".to_owned();
    for (fault, expected) in [
        (Fault::FieldMissing { field: field() }, None),
        (Fault::FieldNull { field: field() }, Some(Value::Null)),
        (Fault::FieldText { field: field() }, Some(json!(0))),
        (Fault::FieldHuge { field: field() }, Some(json!("1e308"))),
        (Fault::PnlZeroed, Some(json!("0"))),
    ] {
        let rule = FaultRule::new(fault.clone()).on(RequestClass::Positions);
        let rig = long(rule.of("main"));
        let row = rig.positions(USDT).remove(0);
        assert_eq!(row.get("unrealisedPnl").cloned(), expected, "{fault:?}");
    }
}

#[test]
fn an_account_without_the_fault_is_as_it_was() {
    let rule = FaultRule::new(Fault::PositionsMissing);
    let rig = long(rule.of("hedge"));
    assert_eq!(rig.positions(USDT).len(), 1);
}

/// Whatever the fault, the venue answers or closes, and is sound afterwards.
#[test]
fn every_fault_leaves_a_venue_that_goes_on() {
    let never = [Fault::Hang.name(), Fault::HangAfterEffect.name()];
    for kind in fault_kinds().into_iter().chain(exchange_fault_kinds()) {
        let needs_a_runtime =
            matches!(kind.example, Fault::Copier { .. } | Fault::SlowLoris { .. });
        if never.contains(&kind.name) || needs_a_runtime {
            continue;
        }
        let is_slow = matches!(kind.example, Fault::Delay { .. });
        if is_slow {
            continue;
        }
        let rig = long(FaultRule::new(kind.example));
        let _whatever = rig.signed(super::KEY, "GET", "/v5/position/list", USDT);
        let body = close("Sell", "1").to_string();
        let _whatever = rig.signed(super::KEY, "POST", "/v5/order/create", &body);
        rig.venue.clear_faults();
        let flat = rig.get("/v5/position/list", USDT);
        assert_eq!(flat.code(), 0, "{}", kind.name);
    }
}
