//! What exchanges need of the simulation, through the handle on a venue.

mod binance;
mod bingx;
mod bitget;
mod bybit;
mod fees;
mod flows;
mod hedge;
mod invariants;
mod margin;
mod reduce;
mod rules;
mod wire;

use std::str::FromStr;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::{
    AccountConfig, InstrumentConfig, ManualTime, PaperClock, PaperConfig, PaperVenue, PositionMode,
    Rules, Terms,
};

/// A linear perpetual and the one beside it in another margin asset.
const BTC: &str = "BTCUSDT";
const ETH: &str = "ETHUSDC";

fn number(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

/// Two hours after midnight, in UTC.
fn start() -> DateTime<Utc> {
    "2026-03-05T02:00:00Z".parse().unwrap()
}

fn coin(symbol: &str, price: u32, asset: &str) -> InstrumentConfig {
    InstrumentConfig {
        tick_size: Some(number("0.1")),
        point_value: Some(Decimal::ONE),
        rules: Rules {
            market_maximum: Some(Decimal::TEN),
            price_step: Some(number("0.1")),
            ..Rules::coins(number("0.001"), 1000)
        },
        terms: Terms {
            asset: asset.to_owned(),
            taker_rate: number("0.0005"),
            maker_rate: number("0.0002"),
            maintenance_rate: number("0.004"),
            funding: None,
        },
        ..InstrumentConfig::new(symbol, Decimal::from(price))
    }
}

/// `main` is one-way, `hedge` is not; both have 10,000 USDT and 5,000 USDC.
fn exchange() -> PaperConfig {
    let account = |name: &str, mode| AccountConfig {
        asset: "USDT".to_owned(),
        wallets: vec![("USDC".to_owned(), Decimal::from(5000))],
        mode,
        ..AccountConfig::new(name, 10_000)
    };
    PaperConfig {
        accounts: vec![
            account("main", PositionMode::OneWay),
            account("hedge", PositionMode::Hedge),
        ],
        instruments: vec![coin(BTC, 50_000, "USDT"), coin(ETH, 2000, "USDC")],
        ..PaperConfig::default()
    }
}

fn venue_of(config: PaperConfig) -> (PaperVenue, ManualTime) {
    let (clock, time) = PaperClock::manual(start());
    (PaperVenue::new(config, clock).unwrap(), time)
}

fn venue() -> PaperVenue {
    venue_of(exchange()).0
}

/// The same without fees, where only positions matter.
fn free_venue() -> PaperVenue {
    let mut config = exchange();
    for instrument in &mut config.instruments {
        instrument.terms.taker_rate = Decimal::ZERO;
        instrument.terms.maker_rate = Decimal::ZERO;
    }
    venue_of(config).0
}

/// What an account holds of one instrument: side and quantity.
fn held(
    venue: &PaperVenue,
    account: &str,
    instrument: &str,
) -> Vec<(crate::PositionSide, Decimal)> {
    let holdings = venue.holdings(account).unwrap().into_iter();
    holdings
        .filter(|holding| holding.instrument == instrument)
        .map(|holding| (holding.side, holding.quantity))
        .collect()
}

/// The balance of a wallet.
fn balance(venue: &PaperVenue, account: &str, asset: &str) -> Decimal {
    let wallets = venue.wallets(account).unwrap();
    let found = wallets.iter().find(|wallet| wallet.asset == asset);
    found.unwrap().balance
}
