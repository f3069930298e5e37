//! The keys of a rule and of a condition.

use super::{
    ACTION_SHAPE, AT, MAX_CONFIRM, MAX_LOSS, ORDERS, PNL, POSITION, PROFIT_FLOOR,
    TRAILING_DRAWDOWN, WINDOWS_SHAPE, may, must, table,
};
use crate::rules::book::Rearm;
use crate::rules::keys::{Shape, Table};
use crate::rules::read::words;

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
