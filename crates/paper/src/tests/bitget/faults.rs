//! What goes wrong at Bitget (4.5, 4.7, 8, and the bugs B15 to B24).

use serde_json::{Value, json};

use super::{
    BTC, CANCEL_ALL, CANCEL_PLANS, CLOCK_MS, CLOSE, HEDGE_KEY, KEY, PLACE, POSITIONS, Rig, USDT,
    close, number, product, with,
};
use crate::{Fault, FaultRule, RequestClass, Side, Ticket, exchange_fault_kinds, fault_kinds};

/// `main` holds one bitcoin, under a fault.
fn long(rule: FaultRule) -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.set_fault(rule).unwrap();
    rig
}

fn stop(rig: &Rig) {
    let stop = Ticket::stop(BTC, Side::Sell, number("0.5"), number("45000")).reduce_only();
    rig.venue.place("main", &stop).unwrap();
}

fn main_holds(rig: &Rig) -> rust_decimal::Decimal {
    let held = rig.held("main");
    held.first().map(|(_, held)| *held).unwrap_or_default()
}

#[test]
fn an_outcome_is_unknown_after_it_happened_and_after_it_did_not() {
    for (after_effect, held) in [(true, "0"), (false, "1")] {
        let code = Fault::Code {
            code: 40725,
            after_effect,
        };
        let rig = long(FaultRule::new(code).on(RequestClass::Flatten).times(1));
        let order = with(close("sell", "1"), &json!({"clientOid": "flat-1"}));
        let reply = rig.place(&order);
        assert_eq!((reply.status, reply.code()), (400, "40725"));
        assert_eq!(main_holds(&rig), number(held));
        // The id says whether the first try got through, where one is sent again.
        let again = rig.place(&order);
        let expected = if after_effect { "43118" } else { "00000" };
        assert_eq!(again.code(), expected);
    }
}

#[test]
fn a_close_of_all_is_lost_on_the_way_back() {
    let rig = long(FaultRule::new(Fault::LostAfterEffect).times(1));
    assert!(
        rig.signed(KEY, "POST", CLOSE, &product().to_string())
            .is_none()
    );
    assert!(rig.held("main").is_empty());
    rig.pause();
    assert_eq!(rig.post(CLOSE, &product()).code(), "22002", "so it is done");
}

#[test]
fn a_code_can_come_with_http_200() {
    let rig = long(FaultRule::new(Fault::SuccessFalse).times(1));
    let reply = rig.post(CLOSE, &product());
    assert_eq!((reply.status, reply.code()), (200, "40200"));
    assert_eq!(main_holds(&rig), number("1"));
}

#[test]
fn a_close_of_all_fails_in_its_list() {
    let error = "closing is paused".to_owned();
    let rig = long(FaultRule::new(Fault::FlattenRefused { error }).times(1));
    let reply = rig.post(CLOSE, &product());
    assert_eq!(reply.list("successList").len(), 0);
    assert_eq!(
        reply.list("failureList")[0]["errorMsg"],
        "closing is paused"
    );
    assert_eq!(main_holds(&rig), number("1"));
}

#[test]
fn a_close_fills_in_part_not_at_all_or_late() {
    let rig = long(FaultRule::new(Fault::FlattenHalf).times(1));
    assert_eq!(rig.post(CLOSE, &product()).list("successList").len(), 1);
    assert_eq!(main_holds(&rig), number("0.5"));
    let rig = long(FaultRule::new(Fault::FlattenNothing).times(1));
    assert_eq!(rig.post(CLOSE, &product()).list("successList").len(), 1);
    assert_eq!(main_holds(&rig), number("1"));
    for by_order in [true, false] {
        let rig = long(FaultRule::new(Fault::FlattenLate { ms: 800 }).times(1));
        let reply = if by_order {
            rig.place(&close("sell", "1"))
        } else {
            rig.post(CLOSE, &product())
        };
        assert_eq!(reply.code(), "00000");
        rig.time.advance_ms(799);
        assert_eq!(main_holds(&rig), number("1"));
        rig.time.advance_ms(1);
        assert_eq!(main_holds(&rig), number("0"));
    }
}

#[test]
fn a_position_appears_and_another_is_opened_again() {
    let appears = Fault::Appears {
        instrument: "ETHUSDC".to_owned(),
        quantity: number("-0.5"),
    };
    let rig = long(FaultRule::new(appears).times(1));
    rig.venue
        .set_fault(FaultRule::new(Fault::Reenters { after_ms: 300 }).times(1))
        .unwrap();
    rig.post(CLOSE, &product()).data();
    assert!(rig.positions().is_empty());
    let other = rig.get(&format!("{POSITIONS}?productType=USDC-FUTURES"));
    assert_eq!(other.data()[0]["holdSide"], "short");
    rig.time.advance_ms(300);
    assert_eq!(main_holds(&rig), number("1"));
}

#[test]
fn stops_are_not_listed_or_forgotten() {
    let rig = long(FaultRule::new(Fault::StopsMissing));
    stop(&rig);
    assert!(rig.plans("profit_loss").is_empty());
    rig.venue.clear_faults();
    assert_eq!(rig.plans("profit_loss").len(), 1);
    let loss = with(product(), &json!({"planType": "loss_plan"}));
    rig.venue
        .set_fault(FaultRule::new(Fault::StopsForgotten))
        .unwrap();
    assert!(rig.plans("profit_loss").is_empty());
    assert_eq!(rig.post(CANCEL_PLANS, &loss).code(), "22001");
    rig.venue.clear_faults();
    rig.venue
        .set_fault(FaultRule::new(Fault::CancelLeavesStops))
        .unwrap();
    let reply = rig.post(CANCEL_PLANS, &loss);
    assert_eq!(reply.list("successList").len(), 1, "it says that it did");
    let id = rig.plans("profit_loss")[0]["orderId"].clone();
    let named = json!({"symbol": BTC, "orderIdList": [{"orderId": id}]});
    rig.post(CANCEL_PLANS, &with(loss, &named)).data();
    assert!(rig.plans("profit_loss").is_empty());
}

#[test]
fn a_forgotten_cancel_leaves_the_order() {
    let rig = long(FaultRule::new(Fault::CancelNothing).times(1));
    let limit = Ticket::limit(BTC, Side::Buy, number("0.1"), number("40000"));
    rig.venue.place("main", &limit).unwrap();
    assert_eq!(
        rig.post(CANCEL_ALL, &product()).list("successList").len(),
        1
    );
    assert_eq!(rig.orders().len(), 1);
    rig.pause();
    rig.post(CANCEL_ALL, &product()).data();
    assert!(rig.orders().is_empty());
}

/// B24: what is attached to a position stays when it is closed, and fires at nothing.
#[test]
fn a_stop_survives_the_close() {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    stop(&rig);
    rig.post(CLOSE, &product()).data();
    assert_eq!(rig.plans("profit_loss").len(), 1);
    rig.venue.set_price(BTC, 44_000).unwrap();
    assert!(rig.held("main").is_empty() && rig.plans("profit_loss").is_empty());
}

#[test]
fn a_clock_that_is_off_refuses_and_says_its_time() {
    for (ms, code) in [(-30_000, "00000"), (-30_001, "40008"), (30_001, "40008")] {
        let rig = long(FaultRule::new(Fault::ClockOff { ms }));
        let reply = rig.get(&format!("{POSITIONS}?{USDT}"));
        assert_eq!(reply.code(), code, "{ms}");
        assert_eq!(reply.body["requestTime"], json!(CLOCK_MS + ms));
    }
}

#[test]
fn what_a_read_says_is_distorted() {
    let field = || "unrealizedPL".to_owned();
    for (fault, expected) in [
        (Fault::FieldMissing { field: field() }, None),
        (Fault::FieldNull { field: field() }, Some(Value::Null)),
        (Fault::FieldText { field: field() }, Some(json!(0))),
        (Fault::FieldHuge { field: field() }, Some(json!("1e308"))),
        (Fault::PnlZeroed, Some(json!("0"))),
    ] {
        let rule = FaultRule::new(fault.clone()).on(RequestClass::Positions);
        let row = long(rule.of("main")).positions().remove(0);
        assert_eq!(row.get("unrealizedPL").cloned(), expected, "{fault:?}");
    }
    let flipped = long(FaultRule::new(Fault::PositionSignFlip));
    assert_eq!(flipped.positions()[0]["holdSide"], "short");
    let negative = long(FaultRule::new(Fault::NegativeQuantity));
    assert_eq!(negative.positions()[0]["total"], "-1");
    for fault in [
        Fault::PositionsMissing,
        Fault::RowMissing {
            instrument: BTC.to_owned(),
        },
    ] {
        let rig = long(FaultRule::new(fault));
        assert!(rig.positions().is_empty());
    }
    let other = long(FaultRule::new(Fault::PositionsMissing).of("hedge"));
    assert_eq!(other.positions().len(), 1);
}

/// Whatever the fault, the venue answers or closes, and is sound afterwards.
#[test]
fn every_fault_leaves_a_venue_that_goes_on() {
    let never = [Fault::Hang.name(), Fault::HangAfterEffect.name()];
    for kind in fault_kinds().into_iter().chain(exchange_fault_kinds()) {
        let needs_a_runtime = matches!(
            kind.example,
            Fault::Copier { .. } | Fault::SlowLoris { .. } | Fault::Delay { .. }
        );
        if never.contains(&kind.name) || needs_a_runtime {
            continue;
        }
        let rig = long(FaultRule::new(kind.example));
        let _whatever = rig.signed(KEY, "GET", &format!("{POSITIONS}?{USDT}"), "");
        let body = close("sell", "1").to_string();
        let _whatever = rig.signed(KEY, "POST", PLACE, &body);
        rig.venue.clear_faults();
        let hedge = rig.get_as(HEDGE_KEY, &format!("{POSITIONS}?{USDT}"));
        assert_eq!(hedge.code(), "00000", "{}", kind.name);
    }
}
