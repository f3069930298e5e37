use std::sync::Arc;

use super::*;
use crate::domain::holdings::OrderSide;
use crate::domain::instrument::Instrument;
use crate::domain::venue::VenueProfile;
use rust_decimal::Decimal;

mod exchange;
mod properties;

/// CrossTrade: everything in one request.
const MEANS: Means<'static> = Means {
    abilities: &VenueProfile::CROSSTRADE.abilities,
    symbols: Symbols::NONE,
};

fn position(name: &str, quantity: i64) -> Position {
    Position::new(PositionKey::new(name), Decimal::from(quantity))
}

fn order(id: &str, name: &str, side: OrderSide, remaining: i64) -> WorkingOrder {
    WorkingOrder {
        id: Some(Arc::from(id)),
        instrument: Some(Instrument::new(name)),
        side: Some(side),
        remaining: Some(Decimal::from(remaining)),
        state: Arc::from("Working"),
        ..WorkingOrder::default()
    }
}

fn listed(orders: Vec<WorkingOrder>) -> WorkingOrders {
    WorkingOrders::Listed(Arc::from(orders))
}

/// The plan, each write with its urgency where that is not its usual one, and
/// whether enough is known.
fn check(
    goal: &Goal,
    positions: Option<&[Position]>,
    orders: &WorkingOrders,
    expected: &[&str],
    is_complete: bool,
) {
    let plan = plan(goal, Seen::proof(positions, orders), MEANS);
    let told: Vec<String> = plan
        .writes
        .iter()
        .map(|one| match one.urgency {
            Urgency::Beside => format!("{} beside", one.write),
            Urgency::Close | Urgency::Cancel => one.write.to_string(),
        })
        .collect();
    assert_eq!(told, expected, "{goal:?} {positions:?} {orders:?}");
    assert_eq!(plan.is_complete, is_complete, "{goal:?}");
}

#[test]
fn flat_and_quiet_needs_both_to_be_read_and_empty() {
    let goal = Goal::FlatAndQuiet;
    let held = [position("ES 03-26", 2)];
    let one = listed(vec![order("a", "ES 03-26", OrderSide::Sell, 1)]);
    let none = listed(vec![]);
    let unknown = WorkingOrders::Unknown;
    check(&goal, Some(&[]), &none, &[], true);
    check(&goal, Some(&[]), &one, &["cancel_orders"], true);
    check(&goal, Some(&[]), &unknown, &[], false);
    check(&goal, None, &none, &[], false);
    check(&goal, None, &one, &["cancel_orders"], false);
    check(&goal, Some(&held), &none, &["flatten"], true);
    check(
        &goal,
        Some(&held),
        &one,
        &["flatten", "cancel_orders"],
        true,
    );
    // The flatten takes orders along, so the cancel may wait.
    let beside = ["flatten", "cancel_orders beside"];
    check(&goal, Some(&held), &unknown, &beside, false);
}

#[test]
fn out_of_an_instrument_is_not_done_while_an_order_rests_there() {
    let goal = Goal::Closed(vec![PositionKey::new("ES 03-26")]);
    let held = [position("ES 03-26", 2), position("NQ 03-26", 1)];
    let stop = listed(vec![order("s", "ESH26", OrderSide::Sell, 2)]);
    let other = listed(vec![order("n", "NQ 03-26", OrderSide::Sell, 1)]);
    let none = listed(vec![]);
    check(
        &goal,
        Some(&held),
        &none,
        &["close_position ES 03-26"],
        true,
    );
    check(&goal, Some(&[]), &stop, &["cancel_orders_of ESH26"], true);
    check(&goal, Some(&held[1..]), &other, &[], true);
    check(&goal, Some(&[]), &WorkingOrders::Unknown, &[], false);
    check(&goal, Some(&[]), &WorkingOrders::Counted(1), &[], false);
    check(&goal, None, &none, &[], false);
    let mut nameless = order("x", "ES 03-26", OrderSide::Sell, 1);
    nameless.instrument = None;
    let nameless = listed(vec![nameless]);
    check(&goal, Some(&[]), &nameless, &["cancel_orders"], true);
}

#[test]
fn close_only_leaves_what_reduces() {
    let held = [position("ES 03-26", 2), position("NQ 03-26", -1)];
    let orders = [
        order("stop", "ES 03-26", OrderSide::Sell, 2),
        order("target", "ES 03-26", OrderSide::Sell, 2),
        order("add", "ES 03-26", OrderSide::Buy, 1),
        order("reverse", "ES 03-26", OrderSide::Sell, 3),
        order("cover", "NQ 03-26", OrderSide::Buy, 1),
        order("open", "CL 04-26", OrderSide::Sell, 1),
    ];
    let cancelled: Vec<_> = increasing_orders(&orders, &held, false)
        .into_iter()
        .filter_map(|order| order.id.as_deref())
        .collect();
    assert_eq!(cancelled, ["add", "reverse", "open"]);
    // Which orders reduce is known only with the positions.
    let orders = listed(orders.to_vec());
    check(&Goal::ReduceOnly, None, &orders, &[], false);
    check(&Goal::ReduceOnly, None, &listed(vec![]), &[], true);
}

#[test]
fn an_order_that_says_too_little_is_cancelled_with_all() {
    let mut silent = order("x", "ES 03-26", OrderSide::Sell, 1);
    silent.id = None;
    silent.side = None;
    let held = [position("ES 03-26", 2)];
    let goal = Goal::ReduceOnly;
    check(
        &goal,
        Some(&held),
        &listed(vec![silent]),
        &["cancel_orders"],
        true,
    );
}

#[test]
fn several_goals_need_no_write_twice() {
    let es = PositionKey::new("ES 03-26");
    let goals = [
        Goal::Quiet,
        Goal::Closed(vec![PositionKey::new("ES 03-26")]),
        Goal::FlatAndQuiet,
    ];
    let opening = |goals: &[Goal]| {
        let seen = Seen::glimpse(None, &WorkingOrders::Unknown);
        merged(goals.iter().flat_map(|goal| plan(goal, seen, MEANS).writes))
    };
    // What one asks for urgently is urgent.
    let urgent = |write| Planned::urgent(write);
    assert_eq!(
        opening(&goals),
        [urgent(Write::Flatten), urgent(Write::CancelOrders)]
    );
    assert_eq!(
        opening(&goals[..2]),
        [
            urgent(Write::ClosePosition(es)),
            urgent(Write::CancelOrders)
        ]
    );
}
