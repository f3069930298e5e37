//! Sections 5.3 and 5.4: closing by the calls that do nothing else.

use serde_json::{Value, json};

use super::{
    BTC, CANCEL_ALL, CLOSE_ALL, CLOSE_ONE, ETH, HEDGE_KEY, ORDER, POSITIONS, Rig, bingx, close,
    number, rows, text,
};
use crate::PositionSide::Short;
use crate::{Fault, FaultRule};

/// `main` is long in one contract and short in the other.
fn both() -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    rig.venue.open("main", ETH, number("-2"), None).unwrap();
    rig
}

fn under(fault: Fault) -> Rig {
    let rig = both();
    rig.venue.set_fault(FaultRule::new(fault).times(1)).unwrap();
    rig
}

/// B21: what is closed has no row.
#[test]
fn one_call_closes_the_account() {
    let rig = both();
    let data = rig.post(CLOSE_ALL, "").data().clone();
    assert_eq!(data["failed"], Value::Null);
    let ids = rows(&data, "success");
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| id.as_u64().unwrap() > 1 << 53));
    assert!(rig.positions().is_empty());
    let again = rig.post(CLOSE_ALL, "");
    assert_eq!(
        (again.code(), again.text()),
        (101_205, "No position to close")
    );
}

/// B19.
#[test]
fn a_symbol_closes_both_sides_and_an_id_one() {
    let rig = Rig::start();
    let open = || {
        rig.venue.open("hedge", BTC, number("0.5"), None).unwrap();
        rig.venue.open("hedge", BTC, number("-0.2"), None).unwrap();
        rig.get_as(HEDGE_KEY, POSITIONS, "").list().to_vec()
    };
    open();
    let data = rig.post_as(HEDGE_KEY, CLOSE_ALL, &format!("symbol={BTC}"));
    assert_eq!(rows(data.data(), "success").len(), 2);
    let long = open().remove(0);
    let id = text(&long, "positionId");
    let closed = rig.post_as(HEDGE_KEY, CLOSE_ONE, &format!("positionId={id}"));
    let data = closed.data();
    assert_eq!((text(data, "positionId"), text(data, "side")), (id, "Ask"));
    assert_eq!(
        (text(data, "positionSide"), text(data, "origQty")),
        ("LONG", "0.500")
    );
    assert!(closed.body["timestamp"].is_number());
    let held = super::super::held(&rig.venue, "hedge", BTC);
    assert_eq!(held, [(Short, number("-0.2"))]);
    let gone = rig.post_as(HEDGE_KEY, CLOSE_ONE, &format!("positionId={id}"));
    assert_eq!((gone.code(), gone.text()), (109_420, "position not exist"));
    assert_eq!(rig.post(CLOSE_ONE, "").code(), 109_400);
}

#[test]
fn a_position_of_one_way_mode_is_closed_by_its_id() {
    let rig = both();
    let short = rig.positions().remove(1);
    let params = format!("positionId={}", text(&short, "positionId"));
    let reply = rig.post(CLOSE_ONE, &params);
    assert_eq!(text(reply.data(), "positionSide"), "BOTH");
    assert_eq!(text(reply.data(), "side"), "Bid");
    assert_eq!(rig.positions().len(), 1);
}

/// With a margin for each opening an order that closes names the position it means.
#[test]
fn a_position_with_a_margin_of_its_own_is_closed_by_its_id() {
    let mut config = bingx();
    config.accounts[0].separate = true;
    let rig = Rig::of(config);
    rig.venue.open("main", BTC, number("0.5"), None).unwrap();
    assert_eq!(rig.close("SELL", "0.5").code(), 109_400);
    let named = |id: &str| {
        let params = format!("{}&positionId={id}", close("SELL", "0.5"));
        rig.post(ORDER, &params).code()
    };
    assert_eq!(named("17"), 109_400);
    let row = rig.positions().remove(0);
    assert_eq!(named(text(&row, "positionId")), 0);
    assert!(rig.positions().is_empty());
}

/// B4 and B24.
#[test]
fn the_stops_of_a_position_stay_after_its_close() {
    let rig = both();
    let stop = format!("symbol={BTC}&type=STOP_MARKET&side=SELL&positionSide=BOTH");
    let stop = format!("{stop}&stopPrice=45000&quantity=0.5");
    assert_eq!(rig.post(super::ORDER, &stop).code(), 0);
    assert_eq!(rig.post(CLOSE_ALL, "").data()["failed"], Value::Null);
    assert!(rig.positions().is_empty());
    assert_eq!(text(&rig.orders()[0], "type"), "STOP_MARKET");
}

#[test]
fn what_resting_limits_hold_fails() {
    let rig = both();
    rig.target("0.1");
    rig.stop("0.5");
    let data = rig.post(CLOSE_ALL, "").data().clone();
    assert_eq!(rows(&data, "success").len(), 1);
    let failed = &rows(&data, "failed")[0];
    assert_eq!(
        (text(failed, "symbol"), failed["errorCode"].clone()),
        (BTC, json!(101_212))
    );
    assert_eq!(rig.held(), number("0.5"));
    assert_eq!(rig.live(), 2, "orders stay");
    rig.delete(CANCEL_ALL, "");
    assert_eq!(rig.post(CLOSE_ALL, "").data()["failed"], Value::Null);
    assert!(rig.positions().is_empty());
}

#[test]
fn what_failed_stays_and_is_in_a_list() {
    let rig = under(Fault::EntryFails {
        instrument: ETH.to_owned(),
    });
    let data = rig.post(CLOSE_ALL, "").data().clone();
    assert_eq!(rows(&data, "success").len(), 1);
    let failed = &rows(&data, "failed")[0];
    assert_eq!(text(failed, "symbol"), ETH);
    assert_eq!(
        text(failed, "positionId"),
        text(&rig.positions()[0], "positionId")
    );
    let refused = under(Fault::FlattenRefused {
        error: "Market is closed".to_owned(),
    });
    let data = refused.post(CLOSE_ALL, "").data().clone();
    assert_eq!(
        (data["success"].clone(), rows(&data, "failed").len()),
        (Value::Null, 2)
    );
    assert_eq!(refused.positions().len(), 2);
}

#[test]
fn it_says_that_it_did_and_did_not() {
    for (fault, left) in [
        (Fault::FlattenNothing, 2),
        (Fault::FlattenHalf, 2),
        (Fault::FlattenLate { ms: 500 }, 2),
    ] {
        let rig = under(fault.clone());
        let data = rig.post(CLOSE_ALL, "").data().clone();
        assert_eq!(rows(&data, "success").len(), 2, "{fault:?}");
        assert_eq!(rig.positions().len(), left, "{fault:?}");
        rig.time.advance_ms(500);
        let late = matches!(fault, Fault::FlattenLate { .. });
        assert_eq!(rig.positions().is_empty(), late, "{fault:?}");
    }
}

#[test]
fn a_trader_opens_again_what_was_closed() {
    let rig = under(Fault::Reenters { after_ms: 300 });
    rig.post(CLOSE_ALL, "");
    assert!(rig.positions().is_empty());
    rig.time.advance_ms(300);
    assert_eq!(rig.held(), number("0.5"));
    assert_eq!(rig.positions().len(), 2);
}

/// It sends orders of its own, none larger than one may be; what is no step stays.
#[test]
fn a_large_position_is_closed_and_dust_is_not() {
    let mut config = bingx();
    config.accounts[0].balance = number("10000000");
    let rig = Rig::of(config);
    for _ in 0..3 {
        rig.venue.open("main", BTC, 8, None).unwrap();
    }
    rig.venue.leave_dust("main", BTC, number("0.0004")).unwrap();
    let data = rig.post(CLOSE_ALL, "").data().clone();
    assert_eq!(rows(&data, "success").len(), 3);
    assert_eq!(rig.held(), number("0.0004"));
    let data = rig.post(CLOSE_ALL, "").data().clone();
    assert_eq!(rows(&data, "failed")[0]["errorCode"], json!(101_485));
    assert_eq!(text(&rig.positions()[0], "positionAmt"), "0.0004");
}
