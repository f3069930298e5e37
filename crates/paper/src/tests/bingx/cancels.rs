//! Sections 5.3 and 8: cancelling, and the countdown.

use serde_json::{Value, json};

use super::{BTC, CANCEL_ALL, CLOCK_MS, ETH, ORDER, Rig, number, rows, text};
use crate::{Fault, FaultRule, RequestClass, Side, Ticket};

const BATCH: &str = "/openApi/swap/v2/trade/batchOrders";
const COUNTDOWN: &str = "/openApi/swap/v2/trade/cancelAllAfter";

/// A limit, a stop that may open, and one order in another contract.
fn resting() -> Rig {
    let rig = Rig::start();
    let place = |ticket: Ticket| rig.venue.place("main", &ticket).unwrap();
    place(Ticket::limit(
        BTC,
        Side::Buy,
        number("0.1"),
        number("40000"),
    ));
    rig.stop("0.5");
    place(Ticket::limit(ETH, Side::Buy, number("1"), number("1500")));
    rig
}

fn ids(rig: &Rig) -> Vec<u64> {
    rig.orders()
        .iter()
        .map(|row| row["orderId"].as_u64().unwrap())
        .collect()
}

#[test]
fn one_call_cancels_every_kind_of_the_account() {
    let rig = resting();
    let data = rig.delete(CANCEL_ALL, "").data().clone();
    assert_eq!(data["failed"], Value::Null, "and no empty list");
    let success = rows(&data, "success");
    assert_eq!(success.len(), 3);
    assert!(success.iter().all(|row| text(row, "status") == "CANCELLED"));
    assert_eq!(rig.live(), 0);
    let again = rig.delete(CANCEL_ALL, "").data().clone();
    assert_eq!(
        (again["success"].clone(), again["failed"].clone()),
        (Value::Null, Value::Null)
    );
}

#[test]
fn a_symbol_or_a_type_limits_it() {
    let rig = resting();
    let cancelled = |params: &str| rows(rig.delete(CANCEL_ALL, params).data(), "success").len();
    assert_eq!(cancelled(&format!("symbol={ETH}")), 1);
    assert_eq!(cancelled("type=LIMIT"), 1);
    assert_eq!(rig.live(), 1);
    assert_eq!(cancelled("type=TRIGGER_MARKET"), 1);
    assert_eq!(rig.delete(CANCEL_ALL, "type=STOPS").code(), 109_400);
    assert_eq!(rig.delete(CANCEL_ALL, "symbol=NOPE-USDT").code(), 109_425);
}

#[test]
fn one_order_is_cancelled_by_its_id_and_symbol() {
    let rig = resting();
    let id = ids(&rig)[0];
    let elsewhere = format!("symbol={BTC}&orderId={id}");
    assert_eq!(rig.delete(ORDER, &elsewhere).code(), 109_421);
    let params = format!("symbol={ETH}&orderId={id}");
    let row = rig.delete(ORDER, &params).data()["order"].clone();
    let said = (row["orderId"].as_u64(), text(&row, "status"));
    assert_eq!(said, (Some(id), "CANCELLED"));
    assert_eq!(rig.delete(ORDER, &params).code(), 109_421);
    assert_eq!(rig.live(), 2);
}

#[test]
fn a_batch_says_what_it_did_not_cancel() {
    let rig = resting();
    let mine = ids(&rig)[1];
    let params = format!("symbol={BTC}&orderIdList=[{mine},1736008778921499999]");
    let data = rig.delete(BATCH, &params).data().clone();
    assert_eq!(rows(&data, "success").len(), 1);
    assert_eq!(
        data["failed"],
        json!([{
            "orderId": 1_736_008_778_921_499_999_u64,
            "errorCode": 109_421,
            "errorMessage": "order not exist",
        }])
    );
    assert_eq!(rig.delete(BATCH, &format!("symbol={BTC}")).code(), 109_400);
    let many = ["1"; 11].join(",");
    let params = format!("symbol={BTC}&orderIdList=[{many}]");
    assert_eq!(rig.delete(BATCH, &params).code(), 109_400);
    let link = format!("symbol={BTC}&type=LIMIT&side=BUY&positionSide=BOTH&quantity=1&price=40000");
    rig.post(ORDER, &format!("{link}&clientOrderId=Mine"));
    let params = format!("symbol={BTC}&clientOrderIdList=[\"MINE\"]");
    let data = rig.delete(BATCH, &params).data().clone();
    assert_eq!(text(&rows(&data, "success")[0], "clientOrderId"), "mine");
}

#[test]
fn what_failed_is_in_a_list() {
    let fails = Fault::EntryFails {
        instrument: BTC.to_owned(),
    };
    let rig = resting();
    let rule = FaultRule::new(fails).on(RequestClass::Cancel);
    rig.venue.set_fault(rule.times(1)).unwrap();
    let data = rig.delete(CANCEL_ALL, "").data().clone();
    assert_eq!(rows(&data, "success").len(), 1);
    let failed = rows(&data, "failed");
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0]["errorCode"], json!(109_500));
    assert_eq!(rig.live(), 2);
    rig.delete(CANCEL_ALL, "");
    assert_eq!(rig.live(), 0);
}

#[test]
fn an_order_that_fills_meanwhile_is_not_cancelled() {
    let rig = resting();
    let rule = FaultRule::new(Fault::FillsOnCancel);
    rig.venue.set_fault(rule.times(1)).unwrap();
    let data = rig.delete(CANCEL_ALL, "").data().clone();
    assert_eq!(data["success"], Value::Null);
    assert_eq!(rows(&data, "failed").len(), 3);
    assert_eq!(rows(&data, "failed")[0]["errorCode"], json!(80_018));
    assert_eq!(rig.live(), 0);
}

#[test]
fn the_countdown_is_about_the_whole_account() {
    let rig = resting();
    let set = |params: &str| rig.post(COUNTDOWN, params);
    for wrong in [
        "type=ACTIVATE",
        "type=ACTIVATE&timeOut=9",
        "type=ACTIVATE&timeOut=121",
        "type=ON&timeOut=60",
    ] {
        assert_eq!(set(wrong).code(), 109_400, "{wrong}");
    }
    let reply = set("type=ACTIVATE&timeOut=60");
    let data = reply.data();
    assert_eq!(data["status"], "ACTIVATED");
    assert_eq!(
        data["triggerTime"],
        json!(CLOCK_MS / 1000 + 60),
        "in seconds"
    );
    rig.time.advance_ms(30_000);
    set("type=ACTIVATE&timeOut=60");
    rig.time.advance_ms(59_999);
    assert_eq!(rig.live(), 3);
    rig.time.advance_ms(1);
    assert_eq!(rig.live(), 0, "stops too");
    rig.stop("0.5");
    set("type=ACTIVATE&timeOut=10");
    assert_eq!(set("type=CLOSE&timeOut=0").data()["status"], "CLOSED");
    rig.time.advance_ms(120_000);
    assert_eq!(rig.live(), 1);
}
