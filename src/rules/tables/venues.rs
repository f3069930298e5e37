//! The keys of venues, kind by kind, of their secrets and of accounts.

use super::{may, must, secretive, table};
use crate::rules::keys::{Key, Shape, Table};

pub(crate) static VENUE_KINDS: &[(&str, &Table)] = &[
    ("crosstrade", &CROSSTRADE),
    ("binance", &BINANCE),
    ("bybit", &BYBIT),
    ("bitget", &BITGET),
    ("bingx", &BINGX),
];

const ASSETS: Key = may(
    "assets",
    Shape::List(&Shape::Name),
    "assets: [USDT, USDC]",
    "The margin assets that are the account's figures, at par: names of dollars alone; default `[USDT, USDC]`.",
);

const POLL: Key = may(
    "poll",
    Shape::Duration,
    "poll: 1s",
    "Time from one poll to the next; default `1s`.",
);

const ALLOW_WITHDRAW_RIGHT: Key = may(
    "allow_withdraw_right",
    Shape::Flag,
    "allow_withdraw_right: true",
    "Whether a key that may withdraw is used all the same; default `false`.",
);

static CROSSTRADE: Table = secretive(
    "a crosstrade venue",
    "CrossTrade's REST API in front of NinjaTrader 8.",
    &[
        must(
            "kind",
            Shape::Constant("crosstrade"),
            "kind: crosstrade",
            "What the venue is: `crosstrade`.",
        ),
        must(
            "token",
            Shape::One(&SECRET),
            "token: { credential: crosstrade-token }",
            "Where the API token is found.",
        ),
        POLL,
        may(
            "base_url",
            Shape::Text,
            "base_url: https://app.crosstrade.io/v1/api",
            "Everything before `/accounts`; plain http only to a loopback address.",
        ),
    ],
);

static BINANCE: Table = secretive(
    "a binance venue",
    "Binance's USD-M futures.",
    &[
        must(
            "kind",
            Shape::Constant("binance"),
            "kind: binance",
            "What the venue is: `binance`.",
        ),
        must(
            "key",
            Shape::One(&SECRET),
            "key: { credential: binance-key }",
            "Where the API key is found.",
        ),
        must(
            "secret",
            Shape::One(&SECRET),
            "secret: { credential: binance-secret }",
            "Where the secret of the key is found.",
        ),
        ASSETS,
        POLL,
        may(
            "base_url",
            Shape::Text,
            "base_url: https://fapi.binance.com",
            "Everything before `/fapi`: the live or the demo host; plain http only to a loopback address.",
        ),
        may(
            "rights_url",
            Shape::Text,
            "rights_url: https://api.binance.com",
            "Everything before `/sapi`, where the venue says what the key may do; default `https://api.binance.com` beside the default `base_url`, and else what the key may do is not known.",
        ),
        ALLOW_WITHDRAW_RIGHT,
        may(
            "dead_man",
            Shape::Duration,
            "dead_man: 60s",
            "After how long without riskd Binance cancels the regular orders of a flat account, `10s` to `10m`; default: never.",
        ),
    ],
);

static BYBIT: Table = secretive(
    "a bybit venue",
    "Bybit's v5 API: perpetuals and futures of one unified account.",
    &[
        must(
            "kind",
            Shape::Constant("bybit"),
            "kind: bybit",
            "What the venue is: `bybit`.",
        ),
        must(
            "key",
            Shape::One(&SECRET),
            "key: { credential: bybit-key }",
            "Where the API key is found.",
        ),
        must(
            "secret",
            Shape::One(&SECRET),
            "secret: { credential: bybit-secret }",
            "Where the secret of the key is found.",
        ),
        ASSETS,
        POLL,
        may(
            "base_url",
            Shape::Text,
            "base_url: https://api.bybit.com",
            "Everything before `/v5`: a regional, demo or test host; plain http only to a loopback address.",
        ),
        ALLOW_WITHDRAW_RIGHT,
    ],
);

static BITGET: Table = secretive(
    "a bitget venue",
    "Bitget's futures: perpetuals and futures of one account, classic or unified.",
    &[
        must(
            "kind",
            Shape::Constant("bitget"),
            "kind: bitget",
            "What the venue is: `bitget`.",
        ),
        must(
            "key",
            Shape::One(&SECRET),
            "key: { credential: bitget-key }",
            "Where the API key is found.",
        ),
        must(
            "secret",
            Shape::One(&SECRET),
            "secret: { credential: bitget-secret }",
            "Where the secret of the key is found.",
        ),
        must(
            "passphrase",
            Shape::One(&SECRET),
            "passphrase: { credential: bitget-passphrase }",
            "Where the passphrase of the key is found.",
        ),
        ASSETS,
        POLL,
        may(
            "base_url",
            Shape::Text,
            "base_url: https://api.bitget.com",
            "Everything before `/api`; plain http only to a loopback address.",
        ),
        may(
            "demo",
            Shape::Flag,
            "demo: true",
            "Whether the account of demo trading is meant, which has keys of its own; default `false`.",
        ),
        ALLOW_WITHDRAW_RIGHT,
    ],
);

static BINGX: Table = secretive(
    "a bingx venue",
    "BingX's perpetual swaps, v2 and v3.",
    &[
        must(
            "kind",
            Shape::Constant("bingx"),
            "kind: bingx",
            "What the venue is: `bingx`.",
        ),
        must(
            "key",
            Shape::One(&SECRET),
            "key: { credential: bingx-key }",
            "Where the API key is found.",
        ),
        must(
            "secret",
            Shape::One(&SECRET),
            "secret: { credential: bingx-secret }",
            "Where the secret of the key is found.",
        ),
        ASSETS,
        POLL,
        may(
            "base_url",
            Shape::Text,
            "base_url: https://open-api.bingx.com",
            "Everything before `/openApi`: the live or the simulated host; plain http only to a loopback address.",
        ),
        ALLOW_WITHDRAW_RIGHT,
        may(
            "dead_man",
            Shape::Duration,
            "dead_man: 60s",
            "After how long without riskd BingX cancels the orders of a flat account, all but TWAP, `10s` to `2m`; default: never.",
        ),
    ],
);

pub(crate) static SECRET: Table = secretive(
    "the place of a secret",
    "Where a secret is found. The secret itself never stands in a rule file.",
    &[
        may(
            "credential",
            Shape::Text,
            "credential: crosstrade-token",
            "A systemd credential: a file of this name in `$CREDENTIALS_DIRECTORY`.",
        ),
        may(
            "file",
            Shape::Text,
            "file: /etc/riskd/token",
            "A file of mode 0600 or tighter.",
        ),
        may(
            "env",
            Shape::Text,
            "env: CROSSTRADE_TOKEN",
            "An environment variable.",
        ),
    ],
);

pub(crate) static ACCOUNT: Table = table(
    "an account",
    "A trading account.",
    &[
        may(
            "venue",
            Shape::Name,
            "venue: crosstrade",
            "The venue it is at; may be left out where there is just one.",
        ),
        may(
            "number",
            Shape::Text,
            "number: APEX-1234-01",
            "The account's name at the venue. Required, but where a key is one account, which has none.",
        ),
        may(
            "session",
            Shape::Name,
            "session: globex",
            "Its trading days; may be left out where there is just one session.",
        ),
        may(
            "starting_balance",
            Shape::Positive,
            "starting_balance: 50000",
            "What it started with, in its own currency.",
        ),
        may(
            "groups",
            Shape::List(&Shape::Name),
            "groups: [apex]",
            "The groups it belongs to.",
        ),
    ],
);
