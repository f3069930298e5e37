//! Transfers and funding.

use super::{BTC, ETH, balance, exchange, number, start, venue, venue_of};
use crate::{EntryKind, Funding, ScriptAction, ScriptStep, TradeError};
use chrono::TimeDelta;
use rust_decimal::Decimal;

#[test]
fn a_transfer_moves_one_wallet_and_is_no_result() {
    let (venue, time) = venue_of(exchange());
    time.advance_ms(1500);
    let paid_in = venue.transfer("main", "USDC", 250).unwrap();
    let paid_out = venue.transfer("main", "USDT", number("-1000.5")).unwrap();
    assert_eq!(balance(&venue, "main", "USDC"), Decimal::from(5250));
    assert_eq!(balance(&venue, "main", "USDT"), number("8999.5"));
    assert_eq!(venue.figures("main").unwrap().realized, Decimal::ZERO);
    let [one, two] = venue.ledger("main").unwrap().try_into().unwrap();
    assert_eq!((one.id, two.id), (paid_in, paid_out));
    assert!(one.id < two.id);
    assert_eq!(one.kind, EntryKind::Transfer);
    assert_eq!(
        (one.asset.as_str(), one.amount),
        ("USDC", Decimal::from(250))
    );
    assert_eq!(one.at, start() + TimeDelta::milliseconds(1500));
    assert_eq!(venue.ledger("hedge").unwrap(), []);
}

#[test]
fn a_transfer_that_cannot_be_changes_nothing() {
    let venue = venue();
    let most = number("1000000000001");
    for (asset, amount, expected) in [
        (
            "USDT",
            number("-10000.01"),
            TradeError::TooLittle("USDT".to_owned()),
        ),
        ("BNB", number("-1"), TradeError::TooLittle("BNB".to_owned())),
        ("USDT", Decimal::ZERO, TradeError::BadAmount),
        ("USDT", most, TradeError::BadAmount),
    ] {
        assert_eq!(venue.transfer("main", asset, amount), Err(expected));
    }
    assert_eq!(venue.wallets("main").unwrap().len(), 2);
    assert_eq!(venue.ledger("main").unwrap(), []);
    assert!(venue.transfer("nobody", "USDT", 1).is_err());
    // An asset that was not there gets a wallet.
    venue.transfer("main", "BNB", 3).unwrap();
    assert_eq!(balance(&venue, "main", "BNB"), Decimal::from(3));
}

#[test]
fn longs_pay_shorts_when_the_rate_is_positive() {
    let venue = super::free_venue();
    venue.open("main", BTC, number("2"), None).unwrap();
    venue.open("hedge", BTC, number("-0.5"), None).unwrap();
    venue.open("hedge", ETH, number("1"), None).unwrap();
    // Funding is of the value at the mark price.
    venue.set_mark(BTC, Some(number("50100"))).unwrap();
    venue.pay_funding(BTC, number("0.0001")).unwrap();
    assert_eq!(balance(&venue, "main", "USDT"), number("9989.98"));
    assert_eq!(balance(&venue, "hedge", "USDT"), number("10002.505"));
    assert_eq!(balance(&venue, "hedge", "USDC"), Decimal::from(5000));
    let [entry] = venue.ledger("main").unwrap().try_into().unwrap();
    assert_eq!(entry.kind, EntryKind::Funding);
    assert_eq!(entry.amount, number("-10.02"));
    venue.pay_funding(BTC, number("-0.0001")).unwrap();
    assert_eq!(balance(&venue, "main", "USDT"), Decimal::from(10_000));
    assert_eq!(venue.figures("main").unwrap().realized, Decimal::ZERO);
    let refused = venue.pay_funding(BTC, number("0.11"));
    assert_eq!(refused, Err(TradeError::BadRate));
}

#[test]
fn a_hedged_account_pays_for_what_is_left() {
    let venue = super::free_venue();
    venue.open("hedge", BTC, number("0.5"), None).unwrap();
    venue.open("hedge", BTC, number("-0.5"), None).unwrap();
    venue.pay_funding(BTC, number("0.0001")).unwrap();
    assert_eq!(venue.ledger("hedge").unwrap(), []);
}

#[test]
fn funding_comes_at_its_hours() {
    let mut config = exchange();
    let rate = number("0.0001");
    config.instruments[0].terms.funding = Some(Funding {
        rate,
        every_hours: 8,
    });
    let (venue, time) = venue_of(config);
    venue.open("main", BTC, number("-1"), None).unwrap();
    let paid = || {
        let ledger = venue.ledger("main").unwrap().into_iter();
        ledger
            .filter(|entry| entry.kind == EntryKind::Funding)
            .map(|entry| (entry.at - start()).num_hours())
            .collect::<Vec<_>>()
    };
    time.advance_ms(6 * 3_600_000 - 1);
    assert_eq!(paid(), [0; 0]);
    time.advance_ms(1);
    assert_eq!(paid(), [6]);
    // Each payment at its own instant, however late somebody looks.
    time.advance_ms(24 * 3_600_000);
    assert_eq!(paid(), [6, 14, 22, 30]);
}

#[test]
fn a_script_moves_money_too() {
    let step = |after_ms, action| ScriptStep { after_ms, action };
    let config = crate::PaperConfig {
        script: vec![
            step(
                1000,
                ScriptAction::Transfer {
                    account: "main".to_owned(),
                    asset: "USDT".to_owned(),
                    amount: number("-2000"),
                    word: None,
                },
            ),
            step(
                2000,
                ScriptAction::Mark {
                    instrument: BTC.to_owned(),
                    price: Some(number("49000")),
                },
            ),
            step(
                3000,
                ScriptAction::Funding {
                    instrument: BTC.to_owned(),
                    rate: number("0.001"),
                },
            ),
        ],
        ..exchange()
    };
    let text = serde_json::to_string(&config).unwrap();
    let (venue, time) = venue_of(serde_json::from_str(&text).unwrap());
    venue.open("main", BTC, number("0.1"), None).unwrap();
    time.advance_ms(3000);
    let expected = number("10000") - number("2.5") - number("2000") - number("4.9");
    assert_eq!(balance(&venue, "main", "USDT"), expected);
}
