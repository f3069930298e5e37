//! What goes wrong at BingX (5.4, 5.6, 8, and the bugs B2 to B23).

use serde_json::{Value, json};

use super::{
    BALANCE, BTC, CANCEL_ALL, CLOCK_MS, CLOSE_ALL, ETH, KEY, ORDER, POSITIONS, Rig, close, number,
    text,
};
use crate::{Fault, FaultRule, RequestClass, bingx_fault_kinds, exchange_fault_kinds, fault_kinds};

/// `main` holds one bitcoin, under a fault.
fn long(rule: FaultRule) -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.set_fault(rule).unwrap();
    rig
}

#[test]
fn an_outcome_is_unknown_after_it_happened_and_after_it_did_not() {
    for (after_effect, held) in [(true, "0"), (false, "1")] {
        let gateway = Fault::Status {
            code: 504,
            retry_after: None,
            after_effect,
        };
        for path in [CLOSE_ALL, ORDER] {
            let rig = long(
                FaultRule::new(gateway.clone())
                    .on(RequestClass::Flatten)
                    .times(1),
            );
            let params = if path == ORDER {
                close("SELL", "1")
            } else {
                String::new()
            };
            let reply = rig.post(path, &params);
            assert_eq!(reply.status, 504);
            assert!(reply.body.is_string(), "no envelope");
            assert_eq!(rig.held(), number(held), "{path}");
        }
    }
}

#[test]
fn a_lost_answer_leaves_a_closed_position() {
    let rig = long(FaultRule::new(Fault::LostAfterEffect).times(1));
    assert!(rig.signed(KEY, "POST", CLOSE_ALL, "").is_none());
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn a_call_is_refused_by_a_code() {
    for (code, text) in [
        (100_410, "rate limited"),
        (
            100_421,
            "This pair is currently restricted from API trading",
        ),
        (
            109_500,
            "The current system is busy, please try again later",
        ),
        (101_214, "Funding fee settlement is in progress"),
        (
            100_414,
            "Code: 100414, Msg: risk control check fail,code(1)",
        ),
    ] {
        let fault = Fault::Code {
            code,
            after_effect: false,
        };
        let rig = long(FaultRule::new(fault).on(RequestClass::Flatten).times(1));
        let reply = rig.close("SELL", "1");
        assert_eq!(
            (reply.status, reply.code(), reply.text()),
            (200, code, text)
        );
        assert_eq!(rig.held(), number("1"));
        assert_eq!(rig.close("SELL", "1").code(), 0);
    }
}

#[test]
fn too_much_to_do_exempts_what_only_reduces() {
    let rig = long(FaultRule::new(Fault::Throttled));
    let open = format!("symbol={BTC}&side=BUY&type=MARKET&quantity=1&positionSide=BOTH");
    assert_eq!(rig.post(ORDER, &open).code(), 100_410);
    assert_eq!(rig.delete(CANCEL_ALL, "").code(), 100_410);
    assert_eq!(rig.post(CLOSE_ALL, "").code(), 0);
}

/// Section 8: a page of the site is no empty list.
#[test]
fn the_site_answers_in_place_of_the_api() {
    let rig = long(FaultRule::new(Fault::HtmlBody).times(1));
    let reply = rig.get(POSITIONS, "");
    assert_eq!(reply.status, 200);
    assert!(reply.body.as_str().unwrap().starts_with("<!doctype html>"));
    assert_eq!(rig.positions().len(), 1);
}

#[test]
fn the_list_is_empty_while_a_stop_rests() {
    let rig = long(FaultRule::new(Fault::StopsMissing));
    rig.stop("0.5");
    rig.target("0.5");
    assert_eq!(rig.orders().len(), 1);
    assert_eq!(rig.live(), 2);
    let none = long(FaultRule::new(Fault::OrdersMissing).times(1));
    none.stop("0.5");
    assert!(none.orders().is_empty());
    assert_eq!(none.orders().len(), 1);
}

/// B3: not found is not gone.
#[test]
fn a_forgotten_stop_is_nowhere_and_fills() {
    let rig = long(FaultRule::new(Fault::StopsForgotten));
    let stop = format!("symbol={BTC}&type=TRIGGER_MARKET&side=SELL&positionSide=BOTH");
    let placed = rig.post(ORDER, &format!("{stop}&stopPrice=45000&quantity=1.5"));
    let id = placed.data()["order"]["orderId"].clone();
    let by_id = format!("symbol={BTC}&orderId={id}");
    assert!(rig.orders().is_empty());
    assert_eq!(rig.get(ORDER, &by_id).code(), 109_421);
    assert_eq!(rig.delete(ORDER, &by_id).code(), 109_421);
    assert_eq!(rig.delete(CANCEL_ALL, "").data()["success"], Value::Null);
    assert_eq!(rig.post(CLOSE_ALL, "").code(), 0);
    rig.venue.set_price(BTC, 44_000).unwrap();
    assert_eq!(rig.held(), number("-1.5"));
}

#[test]
fn a_cancel_of_all_leaves_the_stop_unless_it_names_it() {
    let rig = long(FaultRule::new(Fault::CancelLeavesStops));
    rig.stop("0.5");
    rig.target("0.5");
    rig.delete(CANCEL_ALL, "");
    assert_eq!(rig.live(), 1);
    rig.delete(CANCEL_ALL, "type=TRIGGER_MARKET");
    assert_eq!(rig.live(), 0);
}

#[test]
fn a_forgotten_cancel_leaves_the_order() {
    let rig = long(FaultRule::new(Fault::CancelNothing).times(1));
    rig.stop("0.5");
    let said = rig.delete(CANCEL_ALL, "").data().clone();
    assert_eq!(text(&said["success"][0], "status"), "CANCELLED");
    assert_eq!(rig.live(), 1);
    rig.delete(CANCEL_ALL, "");
    assert_eq!(rig.live(), 0);
}

#[test]
fn an_order_closes_in_part_late_or_not_at_all() {
    for (fault, after, later) in [
        (Fault::FlattenHalf, "0.501", "0.501"),
        (Fault::FlattenNothing, "1", "1"),
        (Fault::FlattenLate { ms: 800 }, "1", "0.001"),
    ] {
        let rig = long(FaultRule::new(fault.clone()).times(1));
        let reply = rig.close("SELL", "0.999");
        assert_eq!(reply.code(), 0, "{fault:?}");
        assert_eq!(rig.held(), number(after), "{fault:?}");
        rig.time.advance_ms(800);
        assert_eq!(rig.held(), number(later), "{fault:?}");
    }
}

/// B23.
#[test]
fn a_row_is_missing() {
    let rule = FaultRule::new(Fault::RowMissing {
        instrument: BTC.to_owned(),
    });
    let rig = long(rule.times(1));
    rig.venue.open("main", ETH, 1, None).unwrap();
    let [row] = rig.positions().try_into().unwrap();
    assert_eq!(text(&row, "symbol"), ETH);
    assert_eq!(rig.positions().len(), 2);
}

#[test]
fn a_symbol_appears_while_another_is_closed() {
    let appears = Fault::Appears {
        instrument: ETH.to_owned(),
        quantity: number("-0.5"),
    };
    let rig = long(FaultRule::new(appears).times(1));
    assert_eq!(rig.post(CLOSE_ALL, "").code(), 0);
    let [row] = rig.positions().try_into().unwrap();
    assert_eq!(
        (text(&row, "symbol"), text(&row, "positionSide")),
        (ETH, "SHORT")
    );
}

#[test]
fn a_clock_that_is_off_refuses_and_says_its_time() {
    for (ms, code) in [(-999, 0), (-1001, 100_421), (5000, 0), (5001, 100_421)] {
        let rig = long(FaultRule::new(Fault::ClockOff { ms }));
        assert_eq!(rig.get(BALANCE, "").code(), code, "{ms}");
        let time = rig.raw("GET", "/openApi/swap/v2/server/time", "").unwrap();
        assert_eq!(time.data()["serverTime"], json!(CLOCK_MS + ms));
    }
}

#[test]
fn fields_change_wherever_they_stand() {
    let field = || "unrealizedProfit".to_owned();
    for (fault, expected) in [
        (Fault::FieldMissing { field: field() }, None),
        (Fault::FieldNull { field: field() }, Some(Value::Null)),
        (Fault::FieldHuge { field: field() }, Some(json!("1e308"))),
        (Fault::PnlZeroed, Some(json!("0"))),
        (Fault::FiguresZeroed, Some(json!("0"))),
    ] {
        let rule = FaultRule::new(fault.clone()).on(RequestClass::Positions);
        let rig = long(rule.of("main"));
        let row = rig.positions().remove(0);
        assert_eq!(row.get("unrealizedProfit").cloned(), expected, "{fault:?}");
    }
    let flipped = long(FaultRule::new(Fault::PositionSignFlip));
    assert_eq!(text(&flipped.positions()[0], "positionSide"), "SHORT");
    let negative = long(FaultRule::new(Fault::NegativeQuantity));
    assert_eq!(text(&negative.positions()[0], "positionAmt"), "-1.000");
    let zeroed = long(FaultRule::new(Fault::FiguresZeroed));
    let row = zeroed.get(BALANCE, "").list()[0].clone();
    assert_eq!((text(&row, "balance"), text(&row, "equity")), ("0", "0"));
    let twice = long(FaultRule::new(Fault::DuplicatedAccount));
    assert_eq!(twice.get(BALANCE, "").list().len(), 3);
    let none = long(FaultRule::new(Fault::NoAccounts));
    assert!(none.get(BALANCE, "").list().is_empty());
}

#[test]
fn a_read_says_what_it_said_before() {
    let rig = long(FaultRule::new(Fault::Cached { ms: 3000 }).on(RequestClass::Positions));
    assert_eq!(rig.positions().len(), 1);
    rig.close("SELL", "1");
    rig.time.advance_ms(2999);
    assert_eq!(rig.positions().len(), 1, "with another time and signature");
    rig.time.advance_ms(1);
    assert!(rig.positions().is_empty());
}

#[test]
fn an_account_without_the_fault_is_as_it_was() {
    let rig = long(FaultRule::new(Fault::PositionsMissing).of("hedge"));
    assert_eq!(rig.positions().len(), 1);
}

/// Whatever the fault, the venue answers or closes, and is sound afterwards.
#[test]
fn every_fault_leaves_a_venue_that_goes_on() {
    let kinds = fault_kinds().into_iter().chain(exchange_fault_kinds());
    for kind in kinds.chain(bingx_fault_kinds()) {
        let has_no_end = matches!(kind.example, Fault::Hang | Fault::HangAfterEffect);
        let needs_a_runtime =
            matches!(kind.example, Fault::Copier { .. } | Fault::SlowLoris { .. });
        let is_slow = matches!(kind.example, Fault::Delay { .. });
        if has_no_end || needs_a_runtime || is_slow {
            continue;
        }
        let rig = long(FaultRule::new(kind.example));
        let _whatever = rig.signed(KEY, "GET", POSITIONS, "");
        let _whatever = rig.signed(KEY, "POST", ORDER, &close("SELL", "1"));
        let _whatever = rig.signed(KEY, "POST", CLOSE_ALL, "");
        let _whatever = rig.signed(KEY, "DELETE", CANCEL_ALL, "");
        rig.venue.clear_faults();
        assert_eq!(rig.get(POSITIONS, "").refusal(), (200, 0), "{}", kind.name);
    }
}
