//! Every key of a rule file, with what its value looks like and a sentence
//! about it.

mod actions;
mod conditions;
mod daemon;
mod notifiers;
mod rule;
mod venues;

use super::keys::{Key, Shape, Table};
pub(crate) use actions::{ACTION, ACTION_SHAPE, CLOSE_ONLY, LOCK, PLAIN_ACTIONS};
use conditions::WINDOWS_SHAPE;
pub(crate) use conditions::{
    AT, MAX_LOSS, NARROWED_WINDOWS, ORDERS, PNL, POSITION, PROFIT_FLOOR, TRAILING_DRAWDOWN, WINDOW,
};
pub(crate) use daemon::{DAEMON, HEARTBEAT, SESSION};
pub(crate) use notifiers::NOTIFIER_KINDS;
pub(crate) use rule::{CONDITION, RULE};
pub(crate) use venues::{ACCOUNT, SECRET, VENUE_KINDS};

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
