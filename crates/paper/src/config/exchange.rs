//! A scenario of perpetuals, to begin with.

use rust_decimal::Decimal;

use super::{AccountConfig, InstrumentConfig, KeyConfig, PaperConfig};
use crate::dialect::VenueKind;
use crate::sim::position::PositionMode;
use crate::sim::rules::{Funding, Rules, Terms};

impl InstrumentConfig {
    /// A perpetual that is traded in coins: at most 1000 an order and 100 a market
    /// order, with usual fees, margin and funding every eight hours.
    pub fn perpetual(symbol: &str, price: impl Into<Decimal>, asset: &str) -> InstrumentConfig {
        let tick = Decimal::new(1, 1);
        InstrumentConfig {
            tick_size: Some(tick),
            point_value: Some(Decimal::ONE),
            rules: Rules {
                market_maximum: Some(Decimal::ONE_HUNDRED),
                price_step: Some(tick),
                ..Rules::coins(Decimal::new(1, 3), 1000)
            },
            terms: Terms {
                asset: asset.to_owned(),
                taker_rate: Decimal::new(55, 5),
                maker_rate: Decimal::new(2, 4),
                maintenance_rate: Decimal::new(5, 3),
                funding: Some(Funding {
                    rate: Decimal::new(1, 4),
                    every_hours: 8,
                }),
            },
            ..InstrumentConfig::new(symbol, price.into())
        }
    }
}

impl PaperConfig {
    /// Two accounts, `main` one-way and `hedge` not, with 10,000 USDT and 5,000 USDC
    /// and a key each: `paper-key-main` and `paper-key-hedge`, with `paper-secret`, at
    /// Bitget with `paper-passphrase`.
    pub fn exchange(kind: VenueKind) -> PaperConfig {
        let names = [
            ("main", PositionMode::OneWay),
            ("hedge", PositionMode::Hedge),
        ];
        let accounts = names.map(|(name, mode)| AccountConfig {
            asset: "USDT".to_owned(),
            wallets: vec![("USDC".to_owned(), Decimal::from(5000))],
            mode,
            ..AccountConfig::new(name, 10_000)
        });
        let keys = names.map(|(name, _)| KeyConfig {
            passphrase: match kind {
                VenueKind::Bitget => "paper-passphrase".to_owned(),
                _ => String::new(),
            },
            ..KeyConfig::new(name, &format!("paper-key-{name}"), "paper-secret")
        });
        PaperConfig {
            kind,
            accounts: accounts.into(),
            keys: keys.into(),
            instruments: vec![
                InstrumentConfig::perpetual(kind.spelled("BTCUSDT"), 50_000, "USDT"),
                InstrumentConfig::perpetual(kind.spelled("ETHUSDT"), 2000, "USDT"),
                InstrumentConfig::perpetual(kind.spelled("BTCPERP"), 50_000, "USDC"),
            ],
            ..PaperConfig::default()
        }
    }
}
