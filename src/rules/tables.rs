//! Every key of a rule file, with what its value looks like and a sentence
//! about it.

mod notifiers;

use super::book::{
    Anchor, Breach, Loosening, MaxLossOf, Metric, Only, PnlOf, PnlOver, PnlPer, Ratchet, Rearm,
    Span, Until,
};
use super::keys::{Key, Shape, Table};
use super::read::words;
use super::settings::Mode;
pub(crate) use notifiers::NOTIFIER_KINDS;

/// Most observations in a row that `confirm` can ask for.
pub(crate) const MAX_CONFIRM: u32 = 1_000;
/// Most of anything that is counted: orders, instruments.
pub(crate) const MAX_COUNT: u32 = 1_000_000;

/// A key that must be there.
const fn must(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        required: true,
        shape,
        doc,
        example,
    }
}

/// A key that may be left out.
const fn may(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        required: false,
        shape,
        doc,
        example,
    }
}

const fn table(what: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table {
        what,
        doc,
        keys,
        secretive: false,
    }
}

const fn secretive(what: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table {
        what,
        doc,
        keys,
        secretive: true,
    }
}

/// Whether a text is the name of a key, or of a kind, of a mapping in which a
/// secret may stand, and so no secret by itself.
pub(crate) fn is_reserved_word(text: &str) -> bool {
    let kinds = || VENUE_KINDS.iter().chain(NOTIFIER_KINDS);
    let tables = kinds().map(|(_, table)| *table);
    let mut tables = tables.chain([&SECRET, &HEARTBEAT]);
    tables.any(|table| table.key(text).is_some()) || kinds().any(|(kind, _)| *kind == text)
}

pub(crate) static FILE: Table = table(
    "the rule file",
    "Rules that riskd enforces on trading accounts.",
    &[
        must(
            "version",
            Shape::Whole(1, 1),
            "version: 1",
            "The version of the rule language: 1.",
        ),
        may(
            "daemon",
            Shape::Map(&DAEMON),
            "daemon: { mode: observe }",
            "Settings of the daemon.",
        ),
        must(
            "sessions",
            Shape::Named(&Shape::Map(&SESSION)),
            "sessions: { globex: { timezone: America/New_York, open: \"18:00\", days: [mon, tue, wed, thu, fri] } }",
            "Trading days, by a name of your choice.",
        ),
        must(
            "venues",
            Shape::Named(&Shape::ByKind(VENUE_KINDS)),
            "venues: { crosstrade: { kind: crosstrade, token: { credential: crosstrade-token } } }",
            "Services through which accounts are read and acted on, by a name of your choice.",
        ),
        must(
            "accounts",
            Shape::Named(&Shape::Map(&ACCOUNT)),
            "accounts: { sim: { venue: crosstrade, number: Sim101 } }",
            "The accounts, by a name of your choice.",
        ),
        may(
            "notify",
            Shape::Named(&Shape::ByKind(NOTIFIER_KINDS)),
            "notify: { log: { kind: log } }",
            "Where messages go, by a name of your choice.",
        ),
        may(
            "tests",
            Shape::List(&Shape::Text),
            "tests: [rules.test.yaml]",
            "Files of rule tests, relative to this file; a reload that fails one of them is refused.",
        ),
        must(
            "rules",
            Shape::List(&Shape::Map(&RULE)),
            "rules: [{ name: daily loss limit, accounts: [\"*\"], when: { pnl: { loss: 1000 } }, then: [flatten] }]",
            "The rules.",
        ),
    ],
);

pub(crate) static DAEMON: Table = table(
    "`daemon`",
    "Settings of the daemon.",
    &[
        may(
            "mode",
            Shape::Words(words::<Mode>),
            "mode: observe",
            "`enforce` (default), or `observe`: decide and record, send nothing.",
        ),
        may(
            "database",
            Shape::Text,
            "database: riskd.db",
            "The record; default `$STATE_DIRECTORY/riskd.db`, else `./riskd.db`.",
        ),
        may(
            "http",
            Shape::Text,
            "http: 127.0.0.1:7380",
            "Address of the local status API and page (default `127.0.0.1:7380`), or `off`.",
        ),
        may(
            "loosening",
            Shape::Words(words::<Loosening>),
            "loosening: next_session",
            "When an edit that loosens a rule takes effect: `immediate` (default) or `next_session`.",
        ),
        may(
            "heartbeat",
            Shape::Map(&HEARTBEAT),
            "heartbeat: { url: { credential: heartbeat-url }, every: 60s }",
            "An address that hears from riskd while all is well, so that silence is the alarm.",
        ),
    ],
);

pub(crate) static HEARTBEAT: Table = secretive(
    "`heartbeat`",
    "A GET to an address of your choice, only while all is well.",
    &[
        must(
            "url",
            Shape::Either(&[Shape::Text, Shape::One(&SECRET)]),
            "url: { credential: heartbeat-url }",
            "Where to, or where that is found.",
        ),
        may(
            "every",
            Shape::Duration,
            "every: 60s",
            "Time from one to the next, from `5s` to `1h`; default `60s`.",
        ),
    ],
);

pub(crate) static SESSION: Table = table(
    "a session",
    "The trading days of an account.",
    &[
        must(
            "timezone",
            Shape::Timezone,
            "timezone: America/New_York",
            "IANA time zone.",
        ),
        must(
            "open",
            Shape::Time,
            "open: \"18:00\"",
            "When a session opens.",
        ),
        may(
            "close",
            Shape::Time,
            "close: \"17:00\"",
            "When its market closes; without it a session lasts until the next open.",
        ),
        must(
            "days",
            Shape::List(&Shape::Day),
            "days: [mon, tue, wed, thu, fri]",
            "Trade dates; with an evening open Monday's session opens on Sunday.",
        ),
        may(
            "closures",
            Shape::Text,
            "closures: cme-holidays.csv",
            "A CSV file with the columns date and close_time; an empty time means closed all day.",
        ),
    ],
);

pub(crate) static VENUE_KINDS: &[(&str, &Table)] = &[
    ("crosstrade", &CROSSTRADE),
    ("binance", &BINANCE),
    ("bybit", &BYBIT),
];

pub(crate) static CROSSTRADE: Table = secretive(
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
        may(
            "poll",
            Shape::Duration,
            "poll: 1s",
            "Time from one poll to the next; default `1s`.",
        ),
        may(
            "base_url",
            Shape::Text,
            "base_url: https://app.crosstrade.io/v1/api",
            "Everything before `/accounts`; plain http only to a loopback address.",
        ),
    ],
);

pub(crate) static BINANCE: Table = secretive(
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
        may(
            "assets",
            Shape::List(&Shape::Name),
            "assets: [USDT, USDC]",
            "The margin assets that are the account's figures, at par: names of dollars alone; default `[USDT, USDC]`.",
        ),
        may(
            "poll",
            Shape::Duration,
            "poll: 1s",
            "Time from one poll to the next; default `1s`.",
        ),
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
        may(
            "allow_withdraw_right",
            Shape::Flag,
            "allow_withdraw_right: true",
            "Whether a key that may withdraw is used all the same; default `false`.",
        ),
        may(
            "dead_man",
            Shape::Duration,
            "dead_man: 60s",
            "After how long without riskd Binance cancels the regular orders of a flat account, `10s` to `10m`; default: never.",
        ),
    ],
);

pub(crate) static BYBIT: Table = secretive(
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
        may(
            "assets",
            Shape::List(&Shape::Name),
            "assets: [USDT, USDC]",
            "The margin assets that are the account's figures, at par: names of dollars alone; default `[USDT, USDC]`.",
        ),
        may(
            "poll",
            Shape::Duration,
            "poll: 1s",
            "Time from one poll to the next; default `1s`.",
        ),
        may(
            "base_url",
            Shape::Text,
            "base_url: https://api.bybit.com",
            "Everything before `/v5`: a regional, demo or test host; plain http only to a loopback address.",
        ),
        may(
            "allow_withdraw_right",
            Shape::Flag,
            "allow_withdraw_right: true",
            "Whether a key that may withdraw is used all the same; default `false`.",
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

pub(crate) static RULE: Table = table(
    "a rule",
    "A condition and what is done for each account for which it becomes true.",
    &[
        must(
            "name",
            Shape::Text,
            "name: daily loss limit",
            "Unique, shown everywhere; state is kept under it.",
        ),
        must(
            "accounts",
            Shape::List(&Shape::Text),
            "accounts: [\"*\"]",
            "Account names or groups; `*` and `?` match.",
        ),
        must(
            "when",
            Shape::One(&CONDITION),
            "when: { pnl: { loss: 1000 } }",
            "The condition.",
        ),
        must(
            "then",
            Shape::List(&ACTION_SHAPE),
            "then: [cancel_orders, flatten]",
            "What is done for the account that fired.",
        ),
        may(
            "hold",
            Shape::Duration,
            "hold: 5s",
            "The condition must stay true this long.",
        ),
        may(
            "confirm",
            Shape::Whole(1, MAX_CONFIRM),
            "confirm: 2",
            "It must be true on this many observations in a row; default 1.",
        ),
        may(
            "warn_at",
            Shape::List(&Shape::Percent),
            "warn_at: [70%, 90%]",
            "Shares of the limit that notify before it fires; each once a session.",
        ),
        may(
            "rearm",
            Shape::Either(&[Shape::Words(words::<Rearm>), Shape::Duration]),
            "rearm: session",
            "When a fired rule may fire again; default `session` with a P&L or drawdown condition, else `clear`.",
        ),
        may(
            "enabled",
            Shape::Flag,
            "enabled: false",
            "Whether the rule is evaluated; default true.",
        ),
        may(
            "description",
            Shape::Text,
            "description: house rule",
            "What it is for, in your words.",
        ),
        may(
            "notify",
            Shape::Either(&[Shape::Name, Shape::List(&Shape::Name)]),
            "notify: [log]",
            "Who hears of its warnings and firings, besides the `notify` actions.",
        ),
    ],
);

pub(crate) static CONDITION: Table = table(
    "a condition",
    "When a rule fires: one of these kinds.",
    &[
        may(
            "all",
            Shape::List(&Shape::One(&CONDITION)),
            "all: [{ pnl: { loss: 500 } }, { orders: { working: 5 } }]",
            "True when all are true.",
        ),
        may(
            "any",
            Shape::List(&Shape::One(&CONDITION)),
            "any: [{ pnl: { loss: 500 } }, { orders: { working: 5 } }]",
            "True when one is true.",
        ),
        may(
            "not",
            Shape::One(&CONDITION),
            "not: { pnl: { profit: 500 } }",
            "True when it is false.",
        ),
        may(
            "pnl",
            Shape::Map(&PNL),
            "pnl: { loss: 1000 }",
            "A loss or profit was reached.",
        ),
        may(
            "profit_floor",
            Shape::Map(&PROFIT_FLOOR),
            "profit_floor: { arm_at: 500, floor: 200 }",
            "Session P&L came back to a floor after it had reached a profit.",
        ),
        may(
            "trailing_drawdown",
            Shape::Map(&TRAILING_DRAWDOWN),
            "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime }",
            "A value fell to a floor that follows its high-water mark.",
        ),
        may(
            "max_loss",
            Shape::Map(&MAX_LOSS),
            "max_loss: { amount: 5%, anchor: session_max }",
            "A value fell to a floor that is fixed for its span.",
        ),
        may(
            "outside",
            WINDOWS_SHAPE,
            "outside: [{ days: [mon, tue, wed, thu, fri], from: \"09:30\", to: \"16:00\" }]",
            "The account holds something outside all of these windows.",
        ),
        may(
            "inside",
            WINDOWS_SHAPE,
            "inside: [{ days: [fri], from: \"16:00\", to: \"17:00\" }]",
            "The account holds something inside any of these windows.",
        ),
        may(
            "at",
            Shape::Map(&AT),
            "at: { cron: \"55 16 * * 1-5\", timezone: America/New_York }",
            "Once at each of these times.",
        ),
        may(
            "position",
            Shape::Map(&POSITION),
            "position: { contracts: 4 }",
            "More is held than this, or something that must not be.",
        ),
        may(
            "orders",
            Shape::Map(&ORDERS),
            "orders: { working: 10 }",
            "More orders work than this, or larger ones.",
        ),
        may(
            "no_data",
            Shape::Duration,
            "no_data: 30s",
            "The newest trustworthy observation is older than this.",
        ),
        may(
            "expr",
            Shape::Text,
            "expr: \"equity < 48000\"",
            "An expression over the account's figures is true.",
        ),
    ],
);

const BREACH: Key = may(
    "breach",
    Shape::Words(words::<Breach>),
    "breach: cross",
    "`touch` (default) fires at the level itself, `cross` only beyond it.",
);

pub(crate) static PNL: Table = table(
    "`pnl`",
    "A loss or profit was reached.",
    &[
        may(
            "loss",
            Shape::Amount,
            "loss: 1000",
            "An amount, or a percentage of `starting_balance`.",
        ),
        may(
            "profit",
            Shape::Amount,
            "profit: 1000",
            "An amount, or a percentage of `starting_balance`.",
        ),
        may(
            "of",
            Shape::Words(words::<PnlOf>),
            "of: realized",
            "`total` (default), `realized` or `unrealized`.",
        ),
        may(
            "over",
            Shape::Words(words::<PnlOver>),
            "over: week",
            "`session` (default), `week`, `month` or `lifetime`.",
        ),
        may(
            "per",
            Shape::Words(words::<PnlPer>),
            "per: position",
            "`account` (default), or `position`: any one position's open P&L.",
        ),
        BREACH,
    ],
);

pub(crate) static PROFIT_FLOOR: Table = table(
    "`profit_floor`",
    "Armed once session P&L reaches `arm_at`, true when it is at or below `floor`.",
    &[
        must(
            "arm_at",
            Shape::Positive,
            "arm_at: 500",
            "The session P&L that arms the floor.",
        ),
        must(
            "floor",
            Shape::Number,
            "floor: 200",
            "The floor; below `arm_at`.",
        ),
        BREACH,
    ],
);

pub(crate) static TRAILING_DRAWDOWN: Table = table(
    "`trailing_drawdown`",
    "A floor that follows a high-water mark.",
    &[
        must(
            "metric",
            Shape::Words(words::<Metric>),
            "metric: equity",
            "The tested value: `pnl` (of the session), `equity`, `balance` or `unrealized`.",
        ),
        may(
            "mark",
            Shape::Words(words::<Metric>),
            "mark: balance",
            "What the high-water mark follows; default: the metric.",
        ),
        must(
            "trail",
            Shape::Amount,
            "trail: 2500",
            "How far below the mark the floor lies; an amount, or a percentage of the mark.",
        ),
        may(
            "arm_at",
            Shape::Positive,
            "arm_at: 300",
            "Tested only once the mark has reached this.",
        ),
        may(
            "span",
            Shape::Words(words::<Span>),
            "span: lifetime",
            "How long the mark lasts: `session`, or `lifetime` from `starting_balance` on.",
        ),
        may(
            "ratchet",
            Shape::Words(words::<Ratchet>),
            "ratchet: session_end",
            "When the mark moves: `tick` (default) or `session_end`.",
        ),
        may(
            "lock_at",
            Shape::Level,
            "lock_at: start + 100",
            "Where the floor stops rising: a number, `start` or `start + N`.",
        ),
        may(
            "high_water",
            Shape::Positive,
            "high_water: 51200",
            "The mark of an account that is already running.",
        ),
        BREACH,
    ],
);

pub(crate) static MAX_LOSS: Table = table(
    "`max_loss`",
    "A floor that is fixed for its span.",
    &[
        must(
            "amount",
            Shape::Amount,
            "amount: 5%",
            "How far below the anchor the floor lies; an amount, or a percentage of `starting_balance`.",
        ),
        must(
            "anchor",
            Shape::Words(words::<Anchor>),
            "anchor: session_max",
            "What it is measured from; `session_max` is the higher of balance and equity at the open.",
        ),
        may(
            "of",
            Shape::Words(words::<MaxLossOf>),
            "of: balance",
            "The tested value: `equity` (default) or `balance`.",
        ),
        BREACH,
    ],
);

const WINDOWS_SHAPE: Shape = Shape::Either(&[
    Shape::List(&Shape::Map(&WINDOW)),
    Shape::Map(&NARROWED_WINDOWS),
]);

pub(crate) static NARROWED_WINDOWS: Table = table(
    "a narrowed list of windows",
    "Windows, with what counts in them.",
    &[
        must(
            "windows",
            Shape::List(&Shape::Map(&WINDOW)),
            "windows: [{ days: [fri], from: \"16:00\", to: \"17:00\" }]",
            "The windows.",
        ),
        may(
            "only",
            Shape::Words(words::<Only>),
            "only: positions",
            "What counts: `positions` or `orders`; default both.",
        ),
        may(
            "instruments",
            Shape::List(&Shape::Text),
            "instruments: [ES, NQ]",
            "The instruments that count; default all.",
        ),
    ],
);

pub(crate) static WINDOW: Table = table(
    "a window",
    "A span of the day; it may cross midnight.",
    &[
        must(
            "days",
            Shape::List(&Shape::Day),
            "days: [mon, tue, wed, thu, fri]",
            "The days on which it starts.",
        ),
        must("from", Shape::Time, "from: \"09:30\"", "When it starts."),
        must(
            "to",
            Shape::Time,
            "to: \"16:00\"",
            "When it ends; `24:00` is the end of the day.",
        ),
        may(
            "timezone",
            Shape::Timezone,
            "timezone: America/New_York",
            "The zone of both times; default: that of the accounts' sessions, where it is one.",
        ),
    ],
);

pub(crate) static AT: Table = table(
    "`at`",
    "True once at each time of a schedule.",
    &[
        must(
            "cron",
            Shape::Text,
            "cron: \"55 16 * * 1-5\"",
            "Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday).",
        ),
        may(
            "timezone",
            Shape::Timezone,
            "timezone: America/New_York",
            "The zone of the times; default: that of the accounts' sessions, where it is one.",
        ),
        may(
            "catch_up",
            Shape::Duration,
            "catch_up: 10m",
            "A time that was missed is caught up while it is younger than this; default `10m`.",
        ),
    ],
);

pub(crate) static POSITION: Table = table(
    "`position`",
    "Limits on what is held; true when any is exceeded.",
    &[
        may(
            "contracts",
            Shape::Quantity,
            "contracts: 4",
            "Most contracts over all instruments, long and short added up.",
        ),
        may(
            "per_instrument",
            Shape::PerInstrument,
            "per_instrument: { ES: 2 }",
            "Most contracts of single instruments, both sides added up.",
        ),
        may(
            "positions",
            Shape::Whole(0, MAX_COUNT),
            "positions: 2",
            "Most instruments with a position; long and short at once count as two.",
        ),
        may(
            "allow",
            Shape::List(&Shape::Text),
            "allow: [ES, MES]",
            "Only these may be held.",
        ),
        may(
            "deny",
            Shape::List(&Shape::Text),
            "deny: [CL]",
            "These may not be held.",
        ),
        may(
            "micro_ratio",
            Shape::Positive,
            "micro_ratio: 10",
            "How many micro contracts count as one contract; default 1.",
        ),
        may(
            "opposite",
            Shape::List(&Shape::List(&Shape::Text)),
            "opposite: [[ES, MES], [NQ, MNQ]]",
            "Groups in which long and short may not be held at once.",
        ),
    ],
);

pub(crate) static ORDERS: Table = table(
    "`orders`",
    "Limits on working orders; true when any is exceeded.",
    &[
        may(
            "working",
            Shape::Whole(0, MAX_COUNT),
            "working: 10",
            "Most working orders.",
        ),
        may(
            "quantity",
            Shape::Positive,
            "quantity: 5",
            "Largest quantity of one order.",
        ),
    ],
);

/// The actions that are a word alone.
pub(crate) const PLAIN_ACTIONS: [&str; 3] = ["cancel_orders", "flatten", "close_position"];

pub(crate) static ACTION_SHAPE: Shape =
    Shape::Either(&[Shape::Words(plain_actions), Shape::One(&ACTION)]);

fn plain_actions() -> Vec<&'static str> {
    PLAIN_ACTIONS.to_vec()
}

pub(crate) static ACTION: Table = table(
    "an action",
    "What is done for an account.",
    &[
        may(
            "lock",
            Shape::Map(&LOCK),
            "lock: { until: session_end }",
            "Keep the account flat and quiet.",
        ),
        may(
            "close_only",
            Shape::Map(&CLOSE_ONLY),
            "close_only: { until: session_end }",
            "Cancel orders that would open or increase exposure.",
        ),
        may("notify", Shape::Name, "notify: phone", "Send a message."),
    ],
);

const UNTIL: Key = must(
    "until",
    Shape::Either(&[Shape::Words(words::<Until>), Shape::Time, Shape::Duration]),
    "until: session_end",
    "`session_end`, a time in the session's zone, a duration, or `manual`.",
);

pub(crate) static LOCK: Table = table("`lock`", "Keep the account flat and quiet.", &[UNTIL]);

pub(crate) static CLOSE_ONLY: Table = table(
    "`close_only`",
    "Cancel orders that would open or increase exposure.",
    &[UNTIL],
);
