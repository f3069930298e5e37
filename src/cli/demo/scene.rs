//! What the demo plays: a scenario of the paper venue, and the part of the rule file
//! that belongs to its venue.

use riskd_paper::{Motion, PaperConfig, ScriptAction, VenueKind};
use rust_decimal::Decimal;

/// Whose API the paper venue of the demo speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Venue {
    /// CrossTrade's, in front of NinjaTrader.
    Crosstrade,
    /// Binance's USD-M futures.
    Binance,
    /// Bybit's v5.
    Bybit,
    /// Bitget's futures.
    Bitget,
    /// BingX's perpetual swaps.
    #[value(name = "bingx")]
    BingX,
}

/// One demo.
#[derive(Debug)]
pub(super) struct Scene {
    /// The paper venue's start.
    pub(super) config: PaperConfig,
    /// The account that loses, by its names at the venue and in the rules.
    pub(super) loser: (&'static str, &'static str),
    /// What it holds.
    pub(super) instrument: &'static str,
    /// How the price of that moves once riskd is ready, and once it was proven flat.
    pub(super) motions: [Motion; 2],
    /// The same in words.
    pub(super) holding: &'static str,
    /// The secrets of the rule file, by the names of their files.
    pub(super) secrets: Vec<(&'static str, String)>,
    /// `venues` and `accounts` of the rule file, with `{base_url}` and `{folder}`.
    pub(super) accounts: String,
    /// Which accounts the rules of funded accounts are for.
    pub(super) funded: &'static str,
    /// The rule about size.
    pub(super) size: &'static str,
}

impl Scene {
    /// The scene at this venue; the price of the fast one falls five times as fast.
    pub(super) fn of(venue: Venue, fast: bool) -> Scene {
        let mut scene = match venue {
            Venue::Crosstrade => futures(),
            Venue::Binance => exchange(VenueKind::Binance, "binance"),
            Venue::Bybit => exchange(VenueKind::Bybit, "bybit"),
            Venue::Bitget => exchange(VenueKind::Bitget, "bitget"),
            Venue::BingX => exchange(VenueKind::BingX, "bingx"),
        };
        if let [Motion::Drift { ticks_per_second }, _] = &mut scene.motions
            && fast
        {
            *ticks_per_second *= Decimal::from(5);
        }
        scene
    }
}

/// How the price of this instrument moves first and later, which is left to the demo: a
/// start that takes long would miss the warnings.
fn motions_of(config: &mut PaperConfig, name: &str) -> [Motion; 2] {
    let mut instruments = config.instruments.iter_mut();
    let found = instruments.find(|instrument| instrument.symbol == name);
    let first = found.map(|found| std::mem::replace(&mut found.motion, Motion::Still));
    let later = config.script.drain(..).find_map(|step| match step.action {
        ScriptAction::Motion { instrument, motion } if instrument == name => Some(motion),
        _ => None,
    });
    [first, later].map(|motion| motion.unwrap_or(Motion::Still))
}

fn futures() -> Scene {
    const INSTRUMENT: &str = "ES 03-26";
    let mut config = PaperConfig::demo();
    Scene {
        motions: motions_of(&mut config, INSTRUMENT),
        secrets: vec![("paper-token", config.token.clone())],
        config,
        loser: ("Sim101", "sim"),
        instrument: INSTRUMENT,
        holding: "two ES contracts",
        accounts: FUTURES.to_owned(),
        funded: "funded",
        size: "position: { contracts: 4, micro_ratio: 10 }",
    }
}

fn exchange(kind: VenueKind, name: &str) -> Scene {
    let (instrument, size) = match kind {
        VenueKind::BingX => ("ETH-USDT", "position: { per_instrument: { ETH-USDT: 50 } }"),
        _ => ("ETHUSDT", "position: { per_instrument: { ETHUSDT: 50 } }"),
    };
    let mut config = PaperConfig::exchange_demo(kind);
    let more = match kind {
        VenueKind::Binance => "\n    rights_url: {base_url}",
        // The keys of the paper venue all have the same one.
        VenueKind::Bitget => "\n    passphrase: { file: {folder}/passphrase }",
        _ => "",
    };
    // A key is one account, so that each account has a venue of its own.
    let mut venues = "venues:\n".to_owned();
    let mut accounts = "\naccounts:\n".to_owned();
    let mut secrets = Vec::new();
    if let Some(key) = config.keys.iter().find(|key| !key.passphrase.is_empty()) {
        secrets.push(("passphrase", key.passphrase.clone()));
    }
    let names = ["main", "hedge"];
    let files = [("main-key", "main-secret"), ("hedge-key", "hedge-secret")];
    for (account, (key_file, secret_file)) in names.into_iter().zip(files) {
        venues += &format!(
            "  paper-{account}:
    kind: {name}
    base_url: {{base_url}}{more}
    key: {{ file: {{folder}}/{key_file} }}
    secret: {{ file: {{folder}}/{secret_file} }}
    poll: 1s
"
        );
        accounts += &format!(
            "  {account}: {{ venue: paper-{account}, session: demo, starting_balance: 15000 }}\n"
        );
        if let Some(key) = config.keys.iter().find(|key| key.account == account) {
            secrets.push((key_file, key.key.clone()));
            secrets.push((secret_file, key.secret.clone()));
        }
    }
    Scene {
        motions: motions_of(&mut config, instrument),
        config,
        loser: ("main", "main"),
        instrument,
        holding: "five ETH",
        secrets,
        accounts: venues + &accounts,
        funded: "\"*\"",
        size,
    }
}

const FUTURES: &str = "venues:
  paper:
    kind: crosstrade
    base_url: {base_url}
    token: { file: {folder}/paper-token }
    poll: 1s

accounts:
  sim:
    venue: paper
    number: Sim101
    session: demo
    starting_balance: 50000
  apex:
    venue: paper
    number: APEX-1234-01
    session: demo
    starting_balance: 50000
    groups: [funded]
  evaluation:
    venue: paper
    number: Eval 50K 2
    session: demo
    starting_balance: 150000
    groups: [funded]
";
