//! Orders that may only make a position smaller.

use super::{BTC, free_venue, held, number};
use crate::PositionSide::{Long, Net};
use crate::{OrderState, Side, Ticket, TradeError};
use rust_decimal::Decimal;

#[test]
fn it_shrinks_to_what_is_held() {
    let venue = free_venue();
    venue.open("main", BTC, number("0.4"), None).unwrap();
    let order = Ticket::market(BTC, Side::Sell, Decimal::ONE).reduce_only();
    let id = venue.place("main", &order).unwrap();
    assert_eq!(venue.order_state(&id), Some(OrderState::Filled));
    assert_eq!(venue.holdings("main").unwrap(), []);
    let fills = venue.fills("main").unwrap();
    assert_eq!(fills.last().unwrap().quantity, number("0.4"));
}

#[test]
fn it_is_refused_with_nothing_to_reduce() {
    let venue = free_venue();
    let order = |side| Ticket::market(BTC, side, Decimal::ONE).reduce_only();
    let nothing = Err(TradeError::NothingToReduce);
    assert_eq!(venue.place("main", &order(Side::Sell)), nothing);
    venue.open("main", BTC, number("0.4"), None).unwrap();
    let adds = order(Side::Buy);
    assert_eq!(venue.place("main", &adds), nothing, "it would add");
}

#[test]
fn a_resting_one_goes_when_the_position_is_gone() {
    let venue = free_venue();
    venue.open("main", BTC, number("0.4"), None).unwrap();
    let stop = Ticket::stop(BTC, Side::Sell, number("0.4"), number("49000")).reduce_only();
    let id = venue.place("main", &stop).unwrap();
    let [resting] = venue.live_orders("main").unwrap().try_into().unwrap();
    assert!(resting.only_reduces);
    venue.close("main").unwrap();
    assert_eq!(venue.order_state(&id), Some(OrderState::Accepted));
    venue.set_price(BTC, 48_000).unwrap();
    assert_eq!(venue.order_state(&id), Some(OrderState::Cancelled));
    assert_eq!(venue.holdings("main").unwrap(), []);
}

#[test]
fn a_plain_stop_that_was_left_opens_again() {
    let venue = free_venue();
    venue.open("main", BTC, number("0.4"), None).unwrap();
    let stop = Ticket::stop(BTC, Side::Sell, number("0.4"), number("49000"));
    venue.place("main", &stop).unwrap();
    venue.close("main").unwrap();
    venue.set_price(BTC, 48_000).unwrap();
    assert_eq!(held(&venue, "main", BTC), [(Net, number("-0.4"))]);
}

#[test]
fn a_close_of_hedge_mode_is_one_by_itself() {
    let venue = free_venue();
    venue.open("hedge", BTC, number("0.4"), None).unwrap();
    let target = Ticket::limit(BTC, Side::Sell, Decimal::ONE, number("51000")).about(Long);
    venue.place("hedge", &target).unwrap();
    let [resting] = venue.live_orders("hedge").unwrap().try_into().unwrap();
    assert!(resting.only_reduces);
    assert_eq!(resting.position_side, Long);
    venue.set_price(BTC, 51_000).unwrap();
    assert_eq!(held(&venue, "hedge", BTC), []);
}
