//! What goes wrong at Binance (2.4, 2.6, 8, and the bugs B2 to B23).

use serde_json::{Value, json};

use super::{
    ALGO_ORDER, BTC, CLOCK_MS, ETH, KEY, OPEN, OPEN_ALGO, ORDER, POSITIONS, Rig, close, number,
    text,
};
use crate::{Fault, FaultError, FaultRule, RequestClass, exchange_fault_kinds, fault_kinds};

const ALGO_BOOK: &str = "/fapi/v1/algoOpenOrders";

/// `main` holds one bitcoin, under a fault.
fn long(rule: FaultRule) -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    rig.venue.set_fault(rule).unwrap();
    rig
}

#[test]
fn an_outcome_is_unknown_after_it_happened_and_after_it_did_not() {
    for (code, status) in [(-1006, 503), (-1007, 408)] {
        for (after_effect, held) in [(true, "0"), (false, "1")] {
            let fault = Fault::Code { code, after_effect };
            let rig = long(FaultRule::new(fault).on(RequestClass::Flatten).times(1));
            let reply = rig.close("SELL", "1");
            assert_eq!(reply.refusal(), (status, code));
            assert_eq!(rig.held(), number(held));
        }
    }
}

/// Section 8: it came without a code.
#[test]
fn an_unknown_error_has_no_code() {
    for (after_effect, held) in [(true, "0"), (false, "1")] {
        let fault = Fault::Status {
            code: 503,
            retry_after: None,
            after_effect,
        };
        let rig = long(FaultRule::new(fault).on(RequestClass::Flatten).times(1));
        let reply = rig.close("SELL", "1");
        assert_eq!(reply.status, 503);
        assert_eq!(reply.body.get("code"), None);
        assert!(text(&reply.body, "msg").starts_with("Unknown error"));
        assert_eq!(rig.held(), number(held));
    }
    let failed = long(FaultRule::new(Fault::SuccessFalse).times(1));
    let reply = failed.close("SELL", "1");
    let said = (reply.status, text(&reply.body, "msg"));
    assert_eq!(said, (503, "Service Unavailable."));
    assert_eq!(failed.held(), number("1"));
}

#[test]
fn a_lost_answer_leaves_a_closed_position() {
    let rig = long(FaultRule::new(Fault::LostAfterEffect).times(1));
    assert!(
        rig.signed(KEY, "POST", ORDER, &close("SELL", "1"))
            .is_none()
    );
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn throttling_exempts_what_only_reduces() {
    let rig = long(FaultRule::new(Fault::Throttled));
    let open = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1";
    assert_eq!(rig.post(ORDER, open).refusal(), (503, -1008));
    assert_eq!(rig.delete(ALGO_BOOK, "symbol=BTCUSDT").code(), -1008);
    assert_eq!(rig.positions().len(), 1);
    assert_eq!(rig.close("SELL", "1").code(), 0);
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn a_close_is_refused_by_a_code() {
    for code in [-4131, -2022, -4118, -2019, -1001] {
        let fault = Fault::Code {
            code,
            after_effect: false,
        };
        let rig = long(FaultRule::new(fault).on(RequestClass::Flatten).times(1));
        assert_eq!(rig.close("SELL", "1").code(), code);
        assert_eq!(rig.held(), number("1"));
        assert_eq!(rig.close("SELL", "1").code(), 0);
    }
}

#[test]
fn the_list_is_empty_while_a_stop_rests() {
    let rig = long(FaultRule::new(Fault::StopsMissing));
    rig.stop("0.5");
    assert!(rig.get(OPEN_ALGO, "").list().is_empty());
    assert_eq!(rig.live(), 1);
    let regular = long(FaultRule::new(Fault::OrdersMissing).times(1));
    regular.stop("0.5");
    assert!(regular.get(OPEN_ALGO, "").list().is_empty());
    assert_eq!(regular.get(OPEN_ALGO, "").list().len(), 1);
}

/// B3: not found is not gone.
#[test]
fn a_forgotten_stop_is_nowhere_and_fills() {
    let rig = long(FaultRule::new(Fault::StopsForgotten));
    let order = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET";
    let placed = rig.post(
        ALGO_ORDER,
        &format!("{order}&triggerPrice=45000&quantity=1.5"),
    );
    let by_id = format!("algoId={}", placed.body["algoId"]);
    assert!(rig.get(OPEN_ALGO, "").list().is_empty());
    assert_eq!(rig.get(ALGO_ORDER, &by_id).refusal(), (400, -2013));
    assert_eq!(rig.delete(ALGO_ORDER, &by_id).refusal(), (400, -2011));
    assert_eq!(rig.delete(ALGO_BOOK, "symbol=BTCUSDT").body["code"], 200);
    assert_eq!(rig.close("SELL", "1").code(), 0);
    rig.venue.set_price(BTC, 44_000).unwrap();
    assert_eq!(rig.held(), number("-1.5"));
    rig.stop("0.1");
    rig.venue.clear_faults();
    assert_eq!(
        rig.get(OPEN_ALGO, "").list().len(),
        0,
        "that one has filled"
    );
}

#[test]
fn a_cancel_of_all_leaves_the_stop_and_one_by_its_id_does_not() {
    let rig = long(FaultRule::new(Fault::CancelLeavesStops));
    rig.stop("0.5");
    assert_eq!(rig.delete(ALGO_BOOK, "symbol=BTCUSDT").body["code"], 200);
    let id = rig.get(OPEN_ALGO, "").list()[0]["algoId"].clone();
    assert_eq!(rig.delete(ALGO_ORDER, &format!("algoId={id}")).code(), 0);
    assert_eq!(rig.live(), 0);
}

#[test]
fn an_order_fills_while_it_is_cancelled() {
    let rig = long(FaultRule::new(Fault::FillsOnCancel).times(1));
    rig.stop("1");
    let id = rig.get(OPEN_ALGO, "").list()[0]["algoId"].clone();
    assert_eq!(
        rig.delete(ALGO_ORDER, &format!("algoId={id}")).code(),
        -2011
    );
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn a_forgotten_cancel_leaves_the_order() {
    let rig = long(FaultRule::new(Fault::CancelNothing).times(1));
    rig.stop("0.5");
    assert_eq!(rig.delete(ALGO_BOOK, "symbol=BTCUSDT").body["code"], 200);
    assert_eq!(rig.get(OPEN_ALGO, "").list().len(), 1);
    rig.delete(ALGO_BOOK, "symbol=BTCUSDT");
    assert_eq!(rig.live(), 0);
}

#[test]
fn a_market_order_fills_in_part_and_expires() {
    let rig = long(FaultRule::new(Fault::FlattenHalf).times(1));
    let reply = rig.close("SELL", "0.999");
    let said = (
        text(&reply.body, "status"),
        text(&reply.body, "executedQty"),
    );
    assert_eq!(said, ("EXPIRED", "0.499"), "rounded down to a step");
    assert_eq!(text(&reply.body, "origQty"), "0.999");
    assert_eq!(rig.held(), number("0.501"));
    assert_eq!(rig.live(), 0);
    assert_eq!(rig.close("SELL", "1").code(), 0);
    assert_eq!(rig.held(), number("0"));
}

#[test]
fn a_market_order_fills_late_and_never_turns_the_position_round() {
    let rig = long(FaultRule::new(Fault::FlattenLate { ms: 800 }).times(2));
    for _ in 0..2 {
        let reply = rig.close("SELL", "1");
        assert_eq!((reply.code(), text(&reply.body, "status")), (0, "NEW"));
    }
    rig.time.advance_ms(799);
    assert_eq!(rig.held(), number("1"));
    rig.time.advance_ms(1);
    assert_eq!(rig.held(), number("0"));
}

/// B23.
#[test]
fn a_row_is_missing() {
    let rule = FaultRule::new(Fault::RowMissing {
        instrument: BTC.to_owned(),
    });
    let rig = long(rule.times(2));
    rig.venue.open("main", ETH, 1, None).unwrap();
    let [row] = rig.positions().try_into().unwrap();
    assert_eq!(text(&row, "symbol"), ETH);
    let account = rig.get("/fapi/v3/account", "");
    assert_eq!(account.body["positions"].as_array().unwrap().len(), 1);
    assert_eq!(rig.positions().len(), 2);
}

#[test]
fn a_symbol_appears_while_another_is_closed() {
    let appears = Fault::Appears {
        instrument: ETH.to_owned(),
        quantity: number("-0.5"),
    };
    let rig = long(FaultRule::new(appears).times(1));
    assert_eq!(rig.close("SELL", "1").code(), 0);
    let [row] = rig.positions().try_into().unwrap();
    let said = (text(&row, "symbol"), text(&row, "positionAmt"));
    assert_eq!(said, (ETH, "-0.500"));
}

#[test]
fn a_position_is_opened_again() {
    let rig = long(FaultRule::new(Fault::Reenters { after_ms: 300 }).times(1));
    rig.close("SELL", "1");
    assert_eq!(rig.held(), number("0"));
    rig.time.advance_ms(300);
    assert_eq!(rig.held(), number("1"));
}

#[test]
fn a_clock_that_is_off_refuses_and_says_its_time() {
    for (ms, code) in [(-999, 0), (-1001, -1021), (5000, 0), (5001, -1021)] {
        let rig = long(FaultRule::new(Fault::ClockOff { ms }));
        assert_eq!(rig.get(POSITIONS, "").code(), code, "{ms}");
        let time = rig.raw("GET", "/fapi/v1/time", "", "").unwrap();
        assert_eq!(time.body["serverTime"], json!(CLOCK_MS + ms));
        rig.venue.clear_faults();
        assert_eq!(rig.positions().len(), 1);
    }
}

#[test]
fn a_ban_ends_when_it_says_or_when_it_is_lifted() {
    let rig = long(FaultRule::new(Fault::Ban { ms: 150_500 }));
    rig.time.advance_ms(500);
    let reply = rig.close("SELL", "1");
    assert_eq!(reply.status, 418);
    assert_eq!(reply.header("Retry-After"), Some("150"));
    let until = format!("banned until {}", CLOCK_MS + 150_500);
    assert!(text(&reply.body, "msg").contains(&until), "{}", reply.body);
    rig.time.advance_ms(149_999);
    assert_eq!(rig.get(POSITIONS, "").status, 418);
    rig.time.advance_ms(1);
    assert_eq!(rig.close("SELL", "1").code(), 0);
    let lifted = long(FaultRule::new(Fault::Ban { ms: 150_000 }));
    assert_eq!(lifted.get(POSITIONS, "").status, 418);
    lifted.venue.clear_faults();
    assert_eq!(lifted.positions().len(), 1);
    let none = FaultRule::new(Fault::Ban { ms: 0 });
    assert_eq!(lifted.venue.set_fault(none), Err(FaultError::Interval));
}

#[test]
fn an_address_is_turned_away_on_request() {
    for (code, retry_after) in [(429, Some(7)), (418, Some(90)), (403, None)] {
        let fault = Fault::Status {
            code,
            retry_after,
            after_effect: false,
        };
        let rig = long(FaultRule::new(fault).times(1));
        let reply = rig.get(POSITIONS, "");
        assert_eq!(reply.status, code);
        let wait = retry_after.map(|seconds| seconds.to_string());
        assert_eq!(reply.header("Retry-After"), wait.as_deref());
        if code == 418 {
            let until = format!("banned until {}", CLOCK_MS + 90_000);
            assert!(text(&reply.body, "msg").contains(&until));
        }
    }
}

#[test]
fn fields_change_wherever_they_stand() {
    let field = || "unRealizedProfit".to_owned();
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
        assert_eq!(row.get("unRealizedProfit").cloned(), expected, "{fault:?}");
    }
    let flipped = long(FaultRule::new(Fault::PositionSignFlip));
    assert_eq!(text(&flipped.positions()[0], "positionAmt"), "-1.000");
    let zeroed = long(FaultRule::new(Fault::FiguresZeroed));
    let account = zeroed.get("/fapi/v3/account", "");
    assert_eq!(text(&account.body, "totalMarginBalance"), "0");
    assert_eq!(text(&account.body["assets"][0], "walletBalance"), "0");
}

#[test]
fn a_read_says_what_it_said_before() {
    let rig = long(FaultRule::new(Fault::Cached { ms: 3000 }));
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
    assert_eq!(rig.get(OPEN, "").list().len(), 0);
}

/// Whatever the fault, the venue answers or closes, and is sound afterwards.
#[test]
fn every_fault_leaves_a_venue_that_goes_on() {
    for kind in fault_kinds().into_iter().chain(exchange_fault_kinds()) {
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
        let _whatever = rig.signed(KEY, "DELETE", ALGO_BOOK, "symbol=BTCUSDT");
        rig.venue.clear_faults();
        assert_eq!(rig.get(POSITIONS, "").status, 200, "{}", kind.name);
    }
}
