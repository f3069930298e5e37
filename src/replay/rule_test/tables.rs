//! The keys of a test file.

use crate::rules::keys::{Key, Shape, Table};

/// The word for a position that no price liquidates.
pub(super) const NONE: &str = "none";

/// Most working orders that a step can say.
pub(super) const MAX_ORDERS: u32 = 1_000_000;

const fn key(
    name: &'static str,
    required: bool,
    shape: Shape,
    example: &'static str,
    doc: &'static str,
) -> Key {
    Key {
        name,
        required,
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

pub(super) static FILE: Table = table(
    "the test file",
    "Tests of a rule file.",
    &[
        key(
            "rules",
            true,
            Shape::Text,
            "rules: rules.yaml",
            "The rule file, relative to this file.",
        ),
        key(
            "tests",
            true,
            Shape::List(&Shape::Map(&TEST)),
            "tests: [{ account: apex-1, start: ..., steps: [...], expect: [] }]",
            "The tests.",
        ),
    ],
);

pub(super) static TEST: Table = table(
    "a test",
    "One account on its way through some steps, and what must fire.",
    &[
        key(
            "name",
            false,
            Shape::Text,
            "name: fires at the limit",
            "What the test is called.",
        ),
        key(
            "account",
            true,
            Shape::Name,
            "account: apex-1",
            "The account of the rule file that the steps are about.",
        ),
        key(
            "start",
            true,
            Shape::Text,
            "start: 2026-03-05T09:30:00-05:00",
            "The instant from which `at` counts.",
        ),
        key(
            "steps",
            true,
            Shape::List(&Shape::Map(&STEP)),
            "steps: [{ at: 0s, equity: 50000 }]",
            "What is observed, in the order of time.",
        ),
        key(
            "expect",
            true,
            Shape::List(&Shape::Map(&EXPECT)),
            "expect: []",
            "Every firing of every rule for this account; `[]` says that nothing fires.",
        ),
        key(
            "end",
            false,
            Shape::Duration,
            "end: 1h",
            "Lets time pass up to here, counted from `start`; without it the test ends with its last step.",
        ),
    ],
);

pub(super) static STEP: Table = table(
    "a step",
    "One observation; what it does not name stays as before.",
    &[
        key(
            "at",
            true,
            Shape::Duration,
            "at: 10s",
            "When, counted from `start`.",
        ),
        key(
            "realized",
            false,
            Shape::Number,
            "realized: -250",
            "The venue's closed result of its day, or `unknown`.",
        ),
        key(
            "unrealized",
            false,
            Shape::Number,
            "unrealized: -250",
            "The open result, or `unknown`.",
        ),
        key(
            "balance",
            false,
            Shape::Number,
            "balance: 50000",
            "Cash without the open result, or `unknown`.",
        ),
        key(
            "equity",
            false,
            Shape::Number,
            "equity: 50000",
            "Cash with the open result, or `unknown`.",
        ),
        key(
            "margin",
            false,
            Shape::Number,
            "margin: 250",
            "The maintenance margin of what is held, zero or more, or `unknown`.",
        ),
        key(
            "positions",
            false,
            Shape::PerInstrument,
            "positions: { \"ES 03-26\": 2 }",
            "Every open position, short ones below zero; `{}` when flat, or `unknown`.",
        ),
        key(
            "orders",
            false,
            Shape::Either(&[
                Shape::Whole(0, MAX_ORDERS),
                Shape::List(&Shape::Map(&ORDER)),
            ]),
            "orders: 1",
            "How many orders work, or each of them, or `unknown`.",
        ),
        key(
            "data",
            false,
            Shape::Constant("missing"),
            "data: missing",
            "Nothing can be learned at this step.",
        ),
        key(
            "restart",
            false,
            Shape::Flag,
            "restart: true",
            "The engine starts again from its stored state before this step is observed.",
        ),
    ],
);

pub(super) static POSITION: Table = table(
    "a position",
    "One open position.",
    &[
        key(
            "quantity",
            true,
            Shape::Number,
            "quantity: 2",
            "Contracts, below zero when short.",
        ),
        key(
            "unrealized",
            false,
            Shape::Number,
            "unrealized: -250",
            "The open result of this position.",
        ),
        key(
            "price",
            false,
            Shape::Positive,
            "price: 5000.25",
            "The average entry price.",
        ),
        key(
            "mark_price",
            false,
            Shape::Positive,
            "mark_price: 4990.50",
            "The price by which the venue values it.",
        ),
        key(
            "liquidation_price",
            false,
            Shape::Either(&[Shape::Positive, Shape::Constant(NONE)]),
            "liquidation_price: 4000",
            "The mark price at which the venue would liquidate it; `none` where it says that no price does.",
        ),
        key(
            "notional",
            false,
            Shape::Positive,
            "notional: 24500",
            "What it is worth at its mark price, in the currency of the account.",
        ),
    ],
);

pub(super) static ORDER: Table = table(
    "an order",
    "One working order.",
    &[
        key(
            "instrument",
            false,
            Shape::Text,
            "instrument: ES 03-26",
            "What it trades.",
        ),
        key("side", false, Shape::Text, "side: buy", "`buy` or `sell`."),
        key(
            "quantity",
            false,
            Shape::Positive,
            "quantity: 2",
            "What may still fill.",
        ),
    ],
);

pub(super) static EXPECT: Table = table(
    "a firing",
    "One firing that must happen.",
    &[
        key(
            "at",
            true,
            Shape::Duration,
            "at: 20s",
            "When, to the millisecond, counted from `start`.",
        ),
        key(
            "rule",
            true,
            Shape::Text,
            "rule: daily loss limit",
            "The name of the rule.",
        ),
        key(
            "actions",
            false,
            Shape::List(&Shape::Text),
            "actions: [cancel_orders, flatten]",
            "The actions of the rule, by name and in order; any when left out.",
        ),
    ],
);
