//! One-way and hedge mode.

use super::{BTC, ETH, free_venue, held, number, venue_of};
use crate::PositionSide::{Long, Net, Short};
use crate::{Fault, FaultRule, PaperVenue, PositionMode, PositionSide, Side, Ticket, TradeError};
use rust_decimal::Decimal;

fn trade(venue: &PaperVenue, side: Side, about: PositionSide, quantity: &str) {
    let ticket = Ticket::market(BTC, side, number(quantity)).about(about);
    venue.place("hedge", &ticket).unwrap();
}

#[test]
fn long_and_short_stand_side_by_side() {
    let venue = free_venue();
    trade(&venue, Side::Buy, Long, "0.5");
    trade(&venue, Side::Sell, Short, "0.2");
    venue.set_price(BTC, 51_000).unwrap();
    trade(&venue, Side::Buy, Long, "0.5");
    let expected = vec![(Long, number("1.0")), (Short, number("-0.2"))];
    assert_eq!(held(&venue, "hedge", BTC), expected);
    let [long, short] = venue.holdings("hedge").unwrap().try_into().unwrap();
    assert_eq!(long.entry_price, number("50500"));
    assert_eq!(long.unrealized, number("500"));
    assert_eq!(short.unrealized, number("-200"));
    // Closing one leaves the other as it is.
    trade(&venue, Side::Sell, Long, "1");
    assert_eq!(held(&venue, "hedge", BTC), [(Short, number("-0.2"))]);
    assert_eq!(
        venue.figures("hedge").unwrap().positions,
        [(BTC.to_owned(), -1)]
    );
}

#[test]
fn a_position_of_hedge_mode_never_turns_round() {
    let venue = free_venue();
    trade(&venue, Side::Buy, Long, "0.5");
    trade(&venue, Side::Sell, Long, "2");
    assert_eq!(held(&venue, "hedge", BTC), []);
    let nothing = Ticket::market(BTC, Side::Sell, number("0.5")).about(Long);
    let refused = venue.place("hedge", &nothing);
    assert_eq!(refused, Err(TradeError::NothingToReduce));
    let nothing = Ticket::market(BTC, Side::Buy, number("0.5")).about(Short);
    assert!(venue.place("hedge", &nothing).is_err());
}

#[test]
fn a_one_way_position_turns_round() {
    let venue = free_venue();
    let order = |side, quantity| Ticket::market(BTC, side, number(quantity));
    venue.place("main", &order(Side::Buy, "0.5")).unwrap();
    venue.place("main", &order(Side::Sell, "0.8")).unwrap();
    assert_eq!(held(&venue, "main", BTC), [(Net, number("-0.3"))]);
}

#[test]
fn orders_name_a_position_that_the_mode_has() {
    let venue = free_venue();
    let order = Ticket::market(BTC, Side::Buy, Decimal::ONE);
    for (account, about, is_right) in [
        ("main", Net, true),
        ("main", Long, false),
        ("main", Short, false),
        ("hedge", Net, false),
        ("hedge", Long, true),
    ] {
        let placed = venue.place(account, &order.clone().about(about));
        assert_eq!(placed.is_ok(), is_right, "{account} {about:?}");
        if !is_right {
            assert_eq!(placed, Err(TradeError::WrongPositionSide));
        }
    }
}

#[test]
fn the_mode_changes_only_while_nothing_is_open() {
    let venue = free_venue();
    let hedge = || venue.set_position_mode("main", PositionMode::Hedge);
    let resting = Ticket::limit(BTC, Side::Buy, Decimal::ONE, number("40000"));
    venue.place("main", &resting).unwrap();
    assert_eq!(hedge(), Err(TradeError::ModeInUse));
    venue.cancel_orders("main").unwrap();
    venue.open("main", BTC, 1, None).unwrap();
    assert_eq!(hedge(), Err(TradeError::ModeInUse));
    let same = venue.set_position_mode("main", PositionMode::OneWay);
    assert_eq!(same, Ok(()), "nothing changes");
    venue.close("main").unwrap();
    assert_eq!(hedge(), Ok(()));
    venue.open("main", BTC, -1, None).unwrap();
    assert_eq!(held(&venue, "main", BTC), [(Short, Decimal::NEGATIVE_ONE)]);
}

#[test]
fn a_close_by_hand_closes_both_sides() {
    let venue = free_venue();
    venue.open("hedge", BTC, number("0.7"), None).unwrap();
    venue.open("hedge", BTC, number("-0.3"), None).unwrap();
    venue.open("hedge", ETH, number("-2.5"), None).unwrap();
    assert_eq!(held(&venue, "hedge", BTC).len(), 2);
    venue.close("hedge").unwrap();
    assert_eq!(venue.holdings("hedge").unwrap(), []);
}

#[test]
fn a_bot_opens_both_sides_again() {
    let (venue, time) = venue_of(super::exchange());
    let rule = FaultRule::new(Fault::Reopens { after_ms: 300 }).of("hedge");
    venue.set_fault(rule).unwrap();
    venue.open("hedge", BTC, number("0.7"), None).unwrap();
    venue.open("hedge", BTC, number("-0.3"), None).unwrap();
    venue.close("hedge").unwrap();
    time.advance_ms(300);
    let expected = vec![(Long, number("0.7")), (Short, number("-0.3"))];
    assert_eq!(held(&venue, "hedge", BTC), expected);
}

#[test]
fn a_copier_copies_parts_of_a_coin() {
    let (venue, time) = venue_of(super::exchange().account("copy", 1000));
    let copier = Fault::Copier {
        leader: "main".to_owned(),
        every_ms: 1000,
    };
    venue.set_fault(FaultRule::new(copier).of("copy")).unwrap();
    venue.open("main", BTC, number("0.123"), None).unwrap();
    time.advance_ms(1000);
    assert_eq!(held(&venue, "copy", BTC), [(Net, number("0.123"))]);
}
