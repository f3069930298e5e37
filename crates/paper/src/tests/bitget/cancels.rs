//! Sections 4.3, 4.5 and 8: cancelling by scope, by type and by id.

use serde_json::{Value, json};

use super::{BTC, CANCEL_ALL, CANCEL_PLANS, Rig, number, product, with};
use crate::{Side, Ticket};

/// A long position with a limit order, a stop of its own, a target, and a stop that
/// would open.
fn rig() -> Rig {
    let rig = Rig::start();
    rig.venue.open("main", BTC, 1, None).unwrap();
    let size = || number("0.5");
    for ticket in [
        Ticket::limit(BTC, Side::Buy, size(), number("40000")),
        Ticket::stop(BTC, Side::Sell, size(), number("45000")).reduce_only(),
        Ticket::take_profit(BTC, Side::Sell, size(), number("60000")).reduce_only(),
        Ticket::stop(BTC, Side::Buy, size(), number("55000")),
    ] {
        rig.venue.place("main", &ticket).unwrap();
    }
    rig
}

fn live(rig: &Rig) -> usize {
    rig.venue.live_orders("main").unwrap().len()
}

#[test]
fn cancel_all_is_about_the_book_alone() {
    let rig = rig();
    let other = json!({"productType": "USDC-FUTURES"});
    assert_eq!(rig.post(CANCEL_ALL, &other).code(), "22001");
    rig.pause();
    let reply = rig.post(CANCEL_ALL, &product());
    assert_eq!(reply.list("successList").len(), 1);
    assert_eq!(reply.data()["failureList"], json!([]));
    assert_eq!(live(&rig), 3);
    rig.pause();
    let again = rig.post(CANCEL_ALL, &product());
    assert_eq!((again.status, again.code()), (400, "22001"));
}

#[test]
fn each_type_of_plan_is_cancelled_by_itself() {
    let rig = rig();
    // Without a type the normal ones.
    let done = |more: Value| {
        let reply = rig.post(CANCEL_PLANS, &with(product(), &more));
        match reply.code() {
            "00000" => reply.list("successList").len(),
            _ => 0,
        }
    };
    assert_eq!(done(json!({})), 1);
    assert_eq!(done(json!({"planType": "pos_loss"})), 0);
    assert_eq!(done(json!({"planType": "loss_plan"})), 1);
    assert_eq!(done(json!({"planType": "profit_plan"})), 1);
    assert_eq!(live(&rig), 1, "the one in the book");
    let listed = rig.post(
        CANCEL_PLANS,
        &with(product(), &json!({"planType": "profit_loss"})),
    );
    assert_eq!(listed.code(), "40020", "a type of lists alone");
    let trailing = with(product(), &json!({"planType": "track_plan"}));
    assert_eq!(rig.post(CANCEL_PLANS, &trailing).code(), "40020");
}

#[test]
fn an_id_is_found_with_its_type_alone() {
    let rig = rig();
    let id = rig.plans("profit_loss")[1]["orderId"].clone();
    let by_id = |more: Value| {
        let list = json!({"symbol": BTC, "orderIdList": [{"orderId": id}, {"orderId": "7"}]});
        rig.post(CANCEL_PLANS, &with(with(product(), &list), &more))
    };
    let lost = by_id(json!({}));
    assert_eq!(lost.code(), "00000", "whatever failed");
    assert_eq!(lost.list("successList").len(), 0);
    assert_eq!(lost.list("failureList").len(), 2);
    assert_eq!(lost.list("failureList")[0]["errorMsg"], "notExistend");
    let found = by_id(json!({"planType": "loss_plan"}));
    assert_eq!(found.list("successList")[0]["orderId"], id);
    assert_eq!(found.list("failureList").len(), 1);
    let bare = json!({"orderIdList": [{"orderId": id}]});
    let reply = rig.post(CANCEL_PLANS, &with(product(), &bare));
    assert_eq!(reply.code(), "40019", "with ids a symbol is required");
}

#[test]
fn one_order_is_cancelled_by_either_id() {
    let rig = rig();
    let path = "/api/v2/mix/order/cancel-order";
    let row = rig.orders().remove(0);
    let stop = rig.plans("profit_loss")[0]["orderId"].clone();
    assert_eq!(rig.post(path, &json!({"orderId": stop})).code(), "40768");
    let reply = rig.post(path, &json!({"clientOid": row["clientOid"]}));
    assert_eq!(reply.data()["orderId"], row["orderId"]);
    let again = rig.post(path, &json!({"orderId": row["orderId"]}));
    assert_eq!((again.status, again.code()), (400, "40768"));
    assert_eq!(rig.post(path, &json!({})).code(), "40019");
}

#[test]
fn a_batch_is_a_list_or_a_symbol() {
    let rig = rig();
    let path = "/api/v2/mix/order/batch-cancel-orders";
    let list = json!({"symbol": BTC, "orderIdList": [{"orderId": "7"}]});
    let reply = rig.post(path, &with(product(), &list));
    assert_eq!(reply.list("failureList").len(), 1);
    let reply = rig.post(path, &with(product(), &json!({"symbol": BTC})));
    assert_eq!(reply.list("successList").len(), 1);
    assert_eq!(live(&rig), 3);
}
