//! The keys of actions.

use super::{may, must, table};
use crate::rules::book::Until;
use crate::rules::keys::{Key, Shape, Table};
use crate::rules::read::words;

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
