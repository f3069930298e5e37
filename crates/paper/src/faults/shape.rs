//! The shapes in which one venue shows the same thing.

use serde::{Deserialize, Serialize};

/// One way in which BingX differs from what it usually says. Each is in its pages, in a
/// recorded reply or in what clients of it expect, beside the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A list of orders stands for itself, and not in an object.
    BareLists,
    /// An empty list is null.
    NullLists,
    /// `NEW` stands for `PENDING` and the other way round, `CANCELED` for `CANCELLED`, and
    /// what a cancel of all has cancelled shows as `NEW`.
    OtherWords,
    /// The position mode is true or false, and no text.
    ModeAsBool,
    /// The positions of a one-way account are `BOTH`, shorts with a minus.
    SignedBoth,
    /// The ids of orders are texts.
    IdsAsText,
    /// The code of a reply is a text.
    CodeAsText,
    /// When a countdown ends is in milliseconds, and not in seconds.
    Milliseconds,
    /// The rights of a key are numbers in a list, without the envelope of other replies.
    RightsAsNumbers,
}

impl Shape {
    /// All of them.
    pub const ALL: [Shape; 9] = [
        Shape::BareLists,
        Shape::NullLists,
        Shape::OtherWords,
        Shape::ModeAsBool,
        Shape::SignedBoth,
        Shape::IdsAsText,
        Shape::CodeAsText,
        Shape::Milliseconds,
        Shape::RightsAsNumbers,
    ];
}
