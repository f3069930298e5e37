//! TWAP orders: a list and a cancel of their own, and parts that go on after a close.

use serde_json::Value;

use super::{BTC, CANCEL_ALL, CLOSE_ALL, ETH, HEDGE_KEY, MODE, Rig, number, rows, text};
use crate::PositionSide::Long;
use crate::{Fault, FaultRule, Side, TwapTicket};

const TWAP: &str = "/openApi/swap/v1/twap/order";
const TWAPS: &str = "/openApi/swap/v1/twap/openOrders";
const DETAIL: &str = "/openApi/swap/v1/twap/orderDetail";
const CANCEL: &str = "/openApi/swap/v1/twap/cancelOrder";

/// Buys one bitcoin in parts of 0.3, ten seconds apart, while it is below 60,000.
fn buy(more: &str) -> String {
    format!(
        "symbol={BTC}&side=BUY&positionSide=LONG&priceType=constant&priceVariance=10\
         &triggerPrice=60000&interval=10&amountPerOrder=0.3&totalAmount=1{more}"
    )
}

/// A rig with that order, and its id.
fn buying() -> (Rig, String) {
    let rig = Rig::start();
    let reply = rig.post(TWAP, &buy(""));
    let id = text(reply.data(), "mainOrderId").to_owned();
    (rig, id)
}

fn list(rig: &Rig) -> Vec<Value> {
    rows(rig.get(TWAPS, "").data(), "list").to_vec()
}

#[test]
fn it_is_traded_in_parts_until_it_is_done() {
    let (rig, id) = buying();
    assert_eq!(rig.held(), number("0.3"), "the first at once");
    let row = list(&rig).remove(0);
    assert_eq!(text(&row, "mainOrderId"), id);
    assert!(id.parse::<u64>().unwrap() > 1 << 53);
    assert_eq!(
        (text(&row, "orderStatus"), text(&row, "executedQty")),
        ("Running", "0.300")
    );
    assert_eq!(
        (text(&row, "totalAmount"), row["interval"].as_u64()),
        ("1.000", Some(10))
    );
    rig.time.advance_ms(9_999);
    assert_eq!(rig.held(), number("0.3"));
    rig.time.advance_ms(1);
    assert_eq!(rig.held(), number("0.6"));
    rig.time.advance_ms(60_000);
    assert_eq!(rig.held(), number("1"));
    assert!(list(&rig).is_empty());
    let done = rig.get(DETAIL, &format!("mainOrderId={id}"));
    assert_eq!(text(done.data(), "orderStatus"), "Filled");
}

#[test]
fn it_waits_while_the_price_is_beyond_its_limit() {
    let rig = Rig::start();
    rig.venue.set_price(BTC, 61_000).unwrap();
    rig.post(TWAP, &buy(""));
    assert_eq!(text(&list(&rig)[0], "orderStatus"), "Pending");
    rig.time.advance_ms(20_000);
    assert_eq!(rig.held(), number("0"));
    rig.venue.set_price(BTC, 59_000).unwrap();
    rig.time.advance_ms(10_000);
    assert_eq!(rig.held(), number("0.3"));
}

/// It is in no list of orders, no cancel of all finds it, and it opens again what was
/// closed.
#[test]
fn it_goes_on_after_a_cancel_of_all_and_a_close() {
    let (rig, id) = buying();
    assert!(rig.orders().is_empty());
    assert_eq!(rig.delete(CANCEL_ALL, "").data()["success"], Value::Null);
    rig.post(
        "/openApi/swap/v2/trade/cancelAllAfter",
        "type=ACTIVATE&timeOut=10",
    );
    assert_eq!(rig.post(CLOSE_ALL, "").code(), 0);
    assert_eq!(rig.held(), number("0"));
    let figures = rig.venue.figures("main").unwrap();
    assert_eq!(figures.working_orders, 1, "flat, and not quiet");
    assert_eq!(rig.live(), 1);
    rig.time.advance_ms(10_000);
    assert_eq!(rig.held(), number("0.3"));
    let reply = rig.post(CANCEL, &format!("mainOrderId={id}"));
    assert_eq!(text(reply.data(), "orderStatus"), "Running", "as it was");
    rig.post(CLOSE_ALL, "");
    rig.time.advance_ms(60_000);
    assert!(rig.venue.figures("main").unwrap().is_flat_and_quiet());
    let again = rig.post(CANCEL, &format!("mainOrderId={id}"));
    assert_eq!(again.code(), 109_421);
    let shown = rig.get(DETAIL, &format!("mainOrderId={id}"));
    let status = text(shown.data(), "orderStatus");
    assert_eq!(status, "PartiallyFilledAndResidueCancelled");
}

#[test]
fn a_cancel_of_one_can_do_nothing_or_come_late() {
    for (fault, left) in [
        (Fault::CancelNothing, [1, 1]),
        (Fault::CancelLate { ms: 5000 }, [1, 0]),
        (Fault::FillsOnCancel, [0, 0]),
    ] {
        let (rig, id) = buying();
        rig.venue
            .set_fault(FaultRule::new(fault.clone()).times(1))
            .unwrap();
        assert_eq!(rig.post(CANCEL, &format!("mainOrderId={id}")).code(), 0);
        let before = list(&rig).len();
        rig.time.advance_ms(5000);
        assert_eq!([before, list(&rig).len()], left, "{fault:?}");
    }
}

#[test]
fn a_hedged_one_trades_its_side() {
    let rig = Rig::start();
    assert_eq!(rig.post_as(HEDGE_KEY, TWAP, &buy("")).code(), 0);
    let held = super::super::held(&rig.venue, "hedge", BTC);
    assert_eq!(held, [(Long, number("0.3"))]);
    // One that closes ends where there is nothing left.
    let sell = buy("").replace("BUY", "SELL").replace("60000", "40000");
    assert_eq!(rig.post_as(HEDGE_KEY, TWAP, &sell).code(), 0);
    assert!(super::super::held(&rig.venue, "hedge", BTC).is_empty());
    let switch = rig.post_as(HEDGE_KEY, MODE, "dualSidePosition=false");
    assert_eq!(switch.code(), 109_430);
}

#[test]
fn parameters_are_refused() {
    let rig = Rig::start();
    for (from, to) in [
        ("interval=10", "interval=4"),
        ("interval=10", "interval=121"),
        ("amountPerOrder=0.3", "amountPerOrder=0.0005"),
        ("amountPerOrder=0.3", "amountPerOrder=2"),
        ("priceType=constant", "priceType=any"),
        ("priceVariance=10", "priceVariance="),
        ("triggerPrice=60000", "triggerPrice="),
        ("positionSide=LONG", "positionSide="),
    ] {
        let params = buy("").replace(from, to);
        assert_eq!(rig.post(TWAP, &params).code(), 109_400, "{to}");
    }
    assert_eq!(rig.get(DETAIL, "mainOrderId=1").code(), 109_421);
    assert!(list(&rig).is_empty());
}

#[test]
fn a_scenario_can_begin_with_one() {
    let rig = Rig::start();
    let ticket = TwapTicket {
        instrument: ETH.to_owned(),
        side: Side::Sell,
        position_side: crate::PositionSide::Net,
        per_order: number("1"),
        total: number("3"),
        every_ms: 1000,
        limit: number("1000"),
    };
    rig.venue.place_twap("main", &ticket).unwrap();
    rig.time.advance_ms(1000);
    let [order] = rig.venue.live_orders("main").unwrap().try_into().unwrap();
    assert_eq!((order.remaining, order.side), (number("1"), Side::Sell));
    let row = list(&rig).remove(0);
    assert_eq!(
        (text(&row, "symbol"), text(&row, "positionSide")),
        (ETH, "SHORT")
    );
    rig.venue.cancel_orders("main").unwrap();
    assert_eq!(rig.live(), 0);
    rig.time.advance_ms(60_000);
    assert_eq!(
        super::super::held(&rig.venue, "main", ETH)[0].1,
        number("-2")
    );
}

#[test]
fn it_ends_after_a_day() {
    let (rig, id) = buying();
    rig.venue.set_price(BTC, 61_000).unwrap();
    rig.time.advance_ms(24 * 3_600_000 - 1);
    assert_eq!(list(&rig).len(), 1);
    rig.time.advance_ms(1);
    assert!(list(&rig).is_empty());
    let shown = rig.get(DETAIL, &format!("mainOrderId={id}"));
    assert_eq!(shown.data()["maxDuration"], 86_400);
}
