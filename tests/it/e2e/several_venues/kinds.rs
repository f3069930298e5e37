//! The venues of the rule file, and the ways in which each of them fails.

use riskd_paper::{PaperConfig, VenueKind};

use crate::e2e::rig::CANARY;

/// A venue of the rule file and what is traded there. Its account in the rule file has
/// the same name.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Its kind in the rule file, and at the paper venue.
    pub(super) word: &'static str,
    pub(super) kind: VenueKind,
    /// The account at the paper venue.
    pub(super) account: &'static str,
    pub(super) symbol: &'static str,
    pub(super) quantity: &'static str,
    pub(super) price: i64,
    /// Where the loss is about 1,000 or 550.
    pub(super) crossed: i64,
    /// The parts of its credential, as the rule file names them.
    pub(super) parts: &'static [&'static str],
}

const fn coins(name: &'static str, kind: VenueKind, symbol: &'static str) -> Kind {
    Kind {
        name,
        word: name,
        kind,
        account: "main",
        symbol,
        quantity: "0.5",
        price: 50_000,
        crossed: 48_900,
        parts: &["key", "secret"],
    }
}

pub(super) const KINDS: [Kind; 6] = [
    Kind {
        account: "Sim101",
        quantity: "2",
        price: 5000,
        crossed: 4990,
        parts: &["token"],
        ..coins("crosstrade", VenueKind::CrossTrade, "ES 03-26")
    },
    coins("binance", VenueKind::Binance, "BTCUSDT"),
    coins("bybit", VenueKind::Bybit, "BTCUSDT"),
    Kind {
        parts: &["key", "secret", "passphrase"],
        ..coins("bitget", VenueKind::Bitget, "BTCUSDT")
    },
    Kind {
        word: "bitget",
        parts: &["key", "secret", "passphrase"],
        ..coins("unified", VenueKind::Bitget, "BTCUSDT")
    },
    coins("bingx", VenueKind::BingX, "BTC-USDT"),
];

/// A way in which a venue fails, as faults of the paper venue.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) faults: &'static [&'static str],
    /// Whether CrossTrade can fail in it.
    pub(super) is_everywhere: bool,
    /// Whether nothing at all is learned meanwhile.
    pub(super) is_blind: bool,
}

const fn way(name: &'static str, faults: &'static [&'static str]) -> Way {
    Way {
        name,
        faults,
        is_everywhere: true,
        is_blind: true,
    }
}

pub(super) const WAYS: [Way; 7] = [
    way(
        "is away",
        &[r#"{"fault": {"status": {"code": 502}}, "class": "all"}"#],
    ),
    way(
        "drops each connection",
        &[r#"{"fault": "lost_before_effect", "class": "all"}"#],
    ),
    way("hangs", &[r#"{"fault": "hang", "class": "all"}"#]),
    way(
        "has been asked too often",
        &[r#"{"fault": {"status": {"code": 429, "retry_after": 3}}, "class": "all"}"#],
    ),
    Way {
        is_everywhere: false,
        ..way(
            "turns the address away",
            &[r#"{"fault": {"ban": {"ms": 20000}}}"#],
        )
    },
    way(
        "answers garbage",
        &[r#"{"fault": "html_body", "class": "reads"}"#],
    ),
    Way {
        is_blind: false,
        ..way(
            "lists nothing",
            &[
                r#"{"fault": "positions_missing", "class": "reads"}"#,
                r#"{"fault": "orders_missing", "class": "reads"}"#,
            ],
        )
    },
];

/// What its paper venue begins with.
pub(super) fn config(kind: &Kind) -> PaperConfig {
    if kind.kind == VenueKind::CrossTrade {
        let config = PaperConfig {
            token: CANARY.to_owned(),
            ..PaperConfig::default()
        };
        return config.account(kind.account, 50_000);
    }
    let mut config = PaperConfig::exchange(kind.kind);
    for account in &mut config.accounts {
        account.unified = kind.name == "unified";
    }
    for key in &mut config.keys {
        key.addresses = vec!["203.0.113.7".to_owned()];
    }
    config
}
