//! Sections 5.6 and 8: the venue's other shapes of the same thing.

use serde_json::{Value, json};

use super::{BTC, CANCEL_ALL, CLOSE_ALL, ETH, KEY, MODE, OPEN, ORDER, POSITIONS, Rig, rows, text};
use crate::{Fault, FaultRule, Shape, Side, Ticket};

/// `main` is short, with two orders resting, at a venue of another shape.
fn shaped(shape: Shape) -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", ETH, -2, None).unwrap();
    let limit = Ticket::limit(BTC, Side::Buy, 1, super::number("40000"));
    rig.venue.place("main", &limit).unwrap();
    rig.stop("0.5");
    let rule = FaultRule::new(Fault::OtherShape { shape });
    rig.venue.set_fault(rule).unwrap();
    rig
}

#[test]
fn a_list_stands_for_itself() {
    let rig = shaped(Shape::BareLists);
    assert_eq!(rig.get(OPEN, "").list().len(), 2);
    assert_eq!(rig.get(POSITIONS, "").list().len(), 1);
}

#[test]
fn an_empty_list_is_null() {
    let rig = shaped(Shape::NullLists);
    rig.delete(CANCEL_ALL, "");
    assert_eq!(rig.get(OPEN, "").data()["orders"], Value::Null);
    rig.post(CLOSE_ALL, "");
    assert_eq!(rig.get(POSITIONS, "").data(), &Value::Null);
}

#[test]
fn words_of_states_change_places() {
    let rig = shaped(Shape::OtherWords);
    let said: Vec<_> = rig
        .orders()
        .iter()
        .map(|row| text(row, "status").to_owned())
        .collect();
    assert_eq!(said, ["PENDING", "NEW"]);
    let one = rig.orders()[0]["orderId"].clone();
    let row = rig.delete(ORDER, &format!("symbol={BTC}&orderId={one}"));
    assert_eq!(text(&row.data()["order"], "status"), "CANCELED");
    let all = rig.delete(CANCEL_ALL, "");
    assert_eq!(text(&rows(all.data(), "success")[0], "status"), "NEW");
    assert_eq!(rig.live(), 0);
}

#[test]
fn the_mode_is_no_text() {
    let rig = shaped(Shape::ModeAsBool);
    assert_eq!(rig.get(MODE, "").data()["dualSidePosition"], json!(false));
}

#[test]
fn a_one_way_position_has_both_sides_and_a_sign() {
    let rig = shaped(Shape::SignedBoth);
    let row = &rig.positions()[0];
    assert_eq!(
        (text(row, "positionSide"), text(row, "positionAmt")),
        ("BOTH", "-2.000")
    );
    rig.venue.open("hedge", BTC, -1, None).unwrap();
    let row = &rig.get_as(super::HEDGE_KEY, POSITIONS, "").list()[0].clone();
    assert_eq!(
        (text(row, "positionSide"), text(row, "positionAmt")),
        ("SHORT", "1.000")
    );
}

#[test]
fn ids_codes_and_times_have_other_types() {
    let rig = shaped(Shape::IdsAsText);
    let exact = text(&rig.orders()[0], "orderId").parse::<u64>().unwrap();
    assert!(exact > 1 << 53);
    let coded = shaped(Shape::CodeAsText);
    let reply = coded.get(MODE, "");
    assert_eq!(
        (
            text(&reply.body, "code"),
            reply.body["timeStamp"].is_string()
        ),
        ("0", true)
    );
    let late = shaped(Shape::Milliseconds);
    let path = "/openApi/swap/v2/trade/cancelAllAfter";
    let reply = late.post(path, "type=ACTIVATE&timeOut=60");
    assert_eq!(reply.data()["triggerTime"], json!(late.now_ms() + 60_000));
}

#[test]
fn rights_are_numbers_without_an_envelope() {
    let rig = shaped(Shape::RightsAsNumbers);
    let reply = rig.get("/openApi/v1/account/apiPermissions", "");
    assert_eq!(reply.body["permissions"], json!([2, 3]));
    assert_eq!(reply.body.get("code"), None);
}

/// None of them moves anything.
#[test]
fn every_shape_is_of_the_same_venue() {
    for shape in Shape::ALL {
        let rig = shaped(shape);
        for path in [OPEN, POSITIONS, super::BALANCE, MODE] {
            assert_eq!(rig.signed(KEY, "GET", path, "").unwrap().status, 200);
        }
        rig.signed(KEY, "DELETE", CANCEL_ALL, "").unwrap();
        rig.signed(KEY, "POST", CLOSE_ALL, "").unwrap();
        assert!(
            rig.venue.figures("main").unwrap().is_flat_and_quiet(),
            "{shape:?}"
        );
    }
}
