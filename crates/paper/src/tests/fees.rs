//! Fees, and results kept apart from them.

use super::{BTC, balance, number, venue};
use crate::{EntryKind, Liquidity, Side, Ticket};
use rust_decimal::Decimal;

#[test]
fn takers_and_makers_pay_their_own_rates() {
    let venue = venue();
    venue
        .place("main", &Ticket::market(BTC, Side::Buy, number("0.1")))
        .unwrap();
    // At once above the market: a taker, though it is a limit order.
    let through = Ticket::limit(BTC, Side::Buy, number("0.1"), number("50010"));
    venue.place("main", &through).unwrap();
    let resting = Ticket::limit(BTC, Side::Sell, number("0.1"), number("51000"));
    venue.place("main", &resting).unwrap();
    let stop = Ticket::stop(BTC, Side::Sell, number("0.1"), number("49000"));
    venue.place("main", &stop).unwrap();
    venue.set_price(BTC, 51_000).unwrap();
    venue.set_price(BTC, 49_000).unwrap();
    let fills = venue.fills("main").unwrap();
    let seen: Vec<_> = fills.iter().map(|one| (one.liquidity, one.fee)).collect();
    let expected = [
        (Liquidity::Taker, number("2.5")),
        (Liquidity::Taker, number("2.5")),
        (Liquidity::Maker, number("1.02")),
        (Liquidity::Taker, number("2.45")),
    ];
    assert_eq!(seen, expected);
    assert!(fills.is_sorted_by_key(|fill| fill.id));
}

#[test]
fn a_fee_is_no_result() {
    let venue = venue();
    venue.open("main", BTC, number("0.1"), None).unwrap();
    venue.set_price(BTC, 51_000).unwrap();
    venue.close("main").unwrap();
    let figures = venue.figures("main").unwrap();
    assert_eq!(figures.realized, Decimal::from(100));
    let paid = number("2.5") + number("2.55");
    assert_eq!(balance(&venue, "main", "USDT"), number("10100") - paid);
    let ledger = venue.ledger("main").unwrap();
    let booked: Vec<_> = ledger
        .iter()
        .map(|entry| (entry.kind, entry.amount))
        .collect();
    let expected = [
        (EntryKind::Fee, number("-2.5")),
        (EntryKind::RealizedPnl, number("100")),
        (EntryKind::Fee, number("-2.55")),
    ];
    assert_eq!(booked, expected);
    let fills = venue.fills("main").unwrap();
    assert_eq!(ledger[1].fill, Some(fills[1].id));
    assert_eq!(ledger[2].fill, Some(fills[1].id));
    assert_eq!(ledger[1].instrument.as_deref(), Some(BTC));
}

#[test]
fn a_rebate_is_paid_out() {
    let mut config = super::exchange();
    config.instruments[0].terms.maker_rate = number("-0.0001");
    let (venue, _) = super::venue_of(config);
    let resting = Ticket::limit(BTC, Side::Buy, number("1"), number("49000"));
    venue.place("main", &resting).unwrap();
    venue.set_price(BTC, 49_000).unwrap();
    assert_eq!(balance(&venue, "main", "USDT"), number("10004.9"));
}

#[test]
fn commission_a_contract_stays_a_part_of_the_result() {
    let config = crate::PaperConfig {
        commission: number("2.25"),
        ..crate::PaperConfig::default().account("Sim101", 50_000)
    };
    let (venue, _) = super::venue_of(config);
    venue.open("Sim101", "ES", 2, None).unwrap();
    assert_eq!(venue.figures("Sim101").unwrap().realized, number("-4.5"));
    let [entry] = venue.ledger("Sim101").unwrap().try_into().unwrap();
    assert_eq!((entry.kind, entry.amount), (EntryKind::Fee, number("-4.5")));
    assert_eq!(entry.asset, "USD");
}
