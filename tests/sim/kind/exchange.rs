//! What exchanges have in common: a key for each account, positions of decimal sizes
//! in two margin assets, one-way or in hedge mode, funding and fees.

use std::fmt::Write as _;

use riskd::domain::venue::VenueProfile;
use riskd::venue::rest::Outgoing;
use riskd_paper::{
    AccountConfig, InstrumentConfig, KeyConfig, PaperConfig, PositionMode, Rules, VenueKind,
};
use rust_decimal::Decimal;

use super::Traded;
use crate::random::Random;

pub const SECRET: &str = "paper-secret";

/// What an exchange lists.
pub struct Listed {
    pub traded: &'static [Traded; 3],
    pub prices: [i64; 3],
    pub assets: [&'static str; 3],
}

/// The paper venue of a week.
pub fn paper(kind: VenueKind, listed: &Listed, random: &mut Random, names: &[&str]) -> PaperConfig {
    let all = listed.traded.iter().zip(listed.prices).zip(listed.assets);
    let instruments = all.map(|((traded, price), asset)| {
        let usual = InstrumentConfig::perpetual(traded.name, price, asset);
        InstrumentConfig {
            tick_size: Some(traded.tick()),
            rules: Rules {
                market_maximum: traded.largest(),
                price_step: Some(traded.tick()),
                ..usual.rules.clone()
            },
            ..usual
        }
    });
    PaperConfig {
        kind,
        seed: u64::try_from(random.within(0, 1 << 40)).unwrap(),
        accounts: names.iter().map(|name| account(random, name)).collect(),
        keys: names
            .iter()
            .map(|name| KeyConfig::new(name, &key(name), SECRET))
            .collect(),
        instruments: instruments.collect(),
        ..PaperConfig::default()
    }
}

fn account(random: &mut Random, name: &str) -> AccountConfig {
    let mode = random.of(&[PositionMode::OneWay, PositionMode::Hedge]);
    let mut wallets = vec![("USDC".to_owned(), Decimal::from(5_000))];
    if random.percent(30) {
        // Told as what the figures do not hold.
        wallets.push(("SOL".to_owned(), Decimal::new(25, 1)));
    }
    AccountConfig {
        asset: "USDT".to_owned(),
        wallets,
        mode,
        isolated: random.percent(30),
        ..AccountConfig::new(name, 45_000)
    }
}

/// The key of an account.
pub fn key(name: &str) -> String {
    format!("key-{name}")
}

/// The name of the account whose key stands in this header.
pub fn key_name(asked: &Outgoing, header: &str) -> Option<String> {
    let key = asked.headers.get(header)?.to_str().ok()?;
    key.strip_prefix("key-").map(str::to_owned)
}

/// The venues and accounts of a rule file.
pub fn rule_file(kind: &str, names: &[&str]) -> String {
    let mut text = "venues:".to_owned();
    let parts = VenueProfile::named(kind).unwrap().credential;
    for name in names {
        let _ = write!(text, "\n  {kind}-{name}: {{ kind: {kind}");
        for part in parts {
            let _ = write!(text, ", {part}: {{ credential: {part}-{name} }}");
        }
        text += " }";
    }
    text += "\naccounts:";
    for name in names {
        let _ = write!(
            text,
            "\n  {name}: {{ venue: {kind}-{name}, session: globex, starting_balance: 50000 }}"
        );
    }
    text
}
