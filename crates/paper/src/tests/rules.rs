//! What an instrument allows an order to be.

use super::{BTC, number, venue, venue_of};
use crate::{InstrumentConfig, PaperConfig, Rules, Side, Terms, Ticket, TradeError};
use rust_decimal::Decimal;

#[test]
fn an_order_keeps_step_minimum_maximum_and_tick() {
    let venue = venue();
    let place = |ticket: Ticket| venue.place("main", &ticket).map(drop);
    let market = |quantity: &str| Ticket::market(BTC, Side::Buy, number(quantity));
    let limit = |price: &str| Ticket::limit(BTC, Side::Buy, number("0.5"), number(price));
    let step = number("0.001");
    for (ticket, expected) in [
        (market("0.001"), Ok(())),
        (market("0.123"), Ok(())),
        (market("0.0015"), Err(TradeError::OffStep(step))),
        (market("0.0005"), Err(TradeError::BelowMinimum(step))),
        (market("0"), Err(TradeError::BadQuantity(number("1000")))),
        (market("-1"), Err(TradeError::BadQuantity(number("1000")))),
        (market("10"), Ok(())),
        (
            market("10.001"),
            Err(TradeError::AboveMarketMaximum(Decimal::TEN)),
        ),
        (limit("40000.1"), Ok(())),
        (limit("40000.15"), Err(TradeError::OffTick(number("0.1")))),
        (limit("0"), Err(TradeError::BadPrice)),
        (Ticket::limit(BTC, Side::Buy, 1000, number("40000")), Ok(())),
        (
            Ticket::limit(BTC, Side::Buy, 1001, number("40000")),
            Err(TradeError::BadQuantity(number("1000"))),
        ),
        (
            Ticket::stop(BTC, Side::Buy, 11, number("60000.05")),
            Err(TradeError::OffTick(number("0.1"))),
        ),
        (Ticket::stop(BTC, Side::Buy, 11, number("60000")), Ok(())),
    ] {
        assert_eq!(place(ticket.clone()), expected, "{ticket:?}");
    }
}

#[test]
fn contracts_stay_whole_without_rules_of_their_own() {
    let (venue, _) = venue_of(PaperConfig::default().sim_accounts(1));
    let place = |quantity: &str| {
        let ticket = Ticket::market("ES", Side::Buy, number(quantity));
        venue.place("Sim101", &ticket).map(drop)
    };
    assert_eq!(place("1.5"), Err(TradeError::OffStep(Decimal::ONE)));
    assert_eq!(place("0.5"), Err(TradeError::BelowMinimum(Decimal::ONE)));
    let most = Decimal::from(100_000);
    assert_eq!(place("100001"), Err(TradeError::BadQuantity(most)));
    assert_eq!(place("100000"), Ok(()));
}

#[test]
fn a_multiplier_makes_contracts_of_coins() {
    let mut config = super::exchange();
    for instrument in &mut config.instruments {
        instrument.point_value = Some(number("0.01"));
        instrument.rules = Rules::default();
    }
    let (venue, _) = venue_of(config);
    venue
        .place("main", &Ticket::market(BTC, Side::Buy, 3))
        .unwrap();
    venue.set_price(BTC, 50_100).unwrap();
    // 3 contracts of 0.01 BTC, 100 points.
    let [holding] = venue.holdings("main").unwrap().try_into().unwrap();
    assert_eq!(holding.unrealized, Decimal::from(3));
    let fills = venue.fills("main").unwrap();
    assert_eq!(fills[0].fee, number("0.75"), "0.0005 of 1500");
}

#[test]
fn rules_and_terms_that_cannot_be_kept_are_refused() {
    let sound = super::coin(BTC, 50_000, "USDT");
    let rules = |change: fn(&mut Rules)| {
        let mut instrument = sound.clone();
        change(&mut instrument.rules);
        instrument
    };
    let terms = |change: fn(&mut Terms)| {
        let mut instrument = sound.clone();
        change(&mut instrument.terms);
        instrument
    };
    let funding = |rate: &str, every_hours| {
        let mut instrument = sound.clone();
        let rate = number(rate);
        instrument.terms.funding = Some(crate::Funding { rate, every_hours });
        instrument
    };
    let starts = |instrument: &InstrumentConfig| {
        let mut config = super::exchange();
        config.instruments[0] = instrument.clone();
        let (clock, _) = crate::PaperClock::manual(super::start());
        crate::PaperVenue::new(config, clock).is_ok()
    };
    assert!(starts(&sound));
    assert!(starts(&funding("-0.003", 8)));
    for wrong in [
        rules(|rules| rules.step = Decimal::ZERO),
        rules(|rules| rules.minimum = Decimal::NEGATIVE_ONE),
        rules(|rules| rules.maximum = Decimal::new(1, 9)),
        rules(|rules| rules.market_maximum = Some(Decimal::ZERO)),
        rules(|rules| rules.price_step = Some(Decimal::ZERO)),
        terms(|terms| terms.asset = " ".to_owned()),
        terms(|terms| terms.taker_rate = Decimal::ONE),
        terms(|terms| terms.maintenance_rate = Decimal::ONE),
        terms(|terms| terms.maintenance_rate = Decimal::NEGATIVE_ONE),
        funding("0.2", 8),
        funding("0.001", 0),
        funding("0.001", 25),
    ] {
        assert!(!starts(&wrong), "{wrong:?}");
    }
}
