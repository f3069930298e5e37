//! Mark prices, wallets, maintenance margin and liquidation prices.

use super::{BTC, ETH, free_venue, number};
use crate::{Side, Ticket, WalletFigures};
use rust_decimal::Decimal;

#[test]
fn positions_are_valued_at_the_mark_and_traded_at_the_last_price() {
    let venue = free_venue();
    venue.open("main", BTC, number("0.1"), None).unwrap();
    venue.set_mark(BTC, Some(number("49000"))).unwrap();
    let [holding] = venue.holdings("main").unwrap().try_into().unwrap();
    assert_eq!(holding.mark_price, number("49000"));
    assert_eq!(holding.unrealized, number("-100"));
    assert_eq!(venue.price(BTC), Some(number("50000")));
    // A stop below the last price does not go off by the mark.
    let stop = Ticket::stop(BTC, Side::Sell, number("0.1"), number("49500"));
    venue.place("main", &stop).unwrap();
    assert_eq!(venue.live_orders("main").unwrap().len(), 1);
    venue.set_mark(BTC, None).unwrap();
    assert_eq!(venue.figures("main").unwrap().unrealized, Decimal::ZERO);
    assert!(venue.set_mark(BTC, Some(Decimal::ZERO)).is_err());
}

#[test]
fn each_asset_has_a_wallet_of_its_own() {
    let venue = free_venue();
    venue.open("main", BTC, number("0.1"), None).unwrap();
    venue.open("main", ETH, number("-2"), None).unwrap();
    venue.set_price(BTC, 50_500).unwrap();
    venue.set_price(ETH, 2100).unwrap();
    let wallet = |asset: &str, balance: &str, unrealized: &str, margin: &str| WalletFigures {
        asset: asset.to_owned(),
        balance: number(balance),
        unrealized: number(unrealized),
        equity: number(balance) + number(unrealized),
        maintenance_margin: number(margin),
    };
    let expected = [
        wallet("USDT", "10000", "50", "20.2"),
        wallet("USDC", "5000", "-200", "16.8"),
    ];
    assert_eq!(venue.wallets("main").unwrap(), expected);
    let figures = venue.figures("main").unwrap();
    assert_eq!(figures.cash, Decimal::from(15_000));
    assert_eq!(figures.net_liquidation, Decimal::from(14_850));
    venue.close("main").unwrap();
    let balances = [("USDT", "10050"), ("USDC", "4800")];
    for (asset, expected) in balances {
        assert_eq!(super::balance(&venue, "main", asset), number(expected));
    }
}

/// At the liquidation price the equity of the asset is its maintenance margin,
/// whatever else the account holds.
#[test]
fn at_its_liquidation_price_a_wallet_is_at_its_margin() {
    for quantities in [
        vec!["1"],
        vec!["-1"],
        vec!["0.357"],
        vec!["2", "-0.5"],
        vec!["0.5", "-2"],
        vec!["1.5", "-1.5"],
    ] {
        let venue = free_venue();
        for quantity in &quantities {
            venue.open("hedge", BTC, number(quantity), None).unwrap();
        }
        venue.open("hedge", ETH, 1, None).unwrap();
        let usdt = || venue.wallets("hedge").unwrap().swap_remove(0);
        assert!(usdt().equity > usdt().maintenance_margin);
        let price = venue.holdings("hedge").unwrap()[0].liquidation_price;
        venue.set_mark(BTC, price).unwrap();
        let left = usdt().equity - usdt().maintenance_margin;
        assert!(left.abs() < number("0.0000001"), "{quantities:?} {left}");
    }
}

#[test]
fn known_liquidation_prices() {
    let price = |quantity: &str| {
        let venue = free_venue();
        venue.open("main", BTC, number(quantity), None).unwrap();
        let [holding] = venue.holdings("main").unwrap().try_into().unwrap();
        holding.liquidation_price.map(|price| price.round_dp(4))
    };
    // (1 * 50000 - 10000) / (1 - 0.004)
    assert_eq!(price("1"), Some(number("40160.6426")));
    // (-50000 - 10000) / (-1 - 0.004)
    assert_eq!(price("-1"), Some(number("59760.9562")));
    // 10000 cover more than the whole position.
    assert_eq!(price("0.1"), None);
}
