//! What an account has that its figures do not hold.

use std::sync::Arc;

/// Something of an account that riskd does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindSpot {
    /// What is the same though its amount is another one: `BTC`.
    pub kind: Arc<str>,
    /// What it is, in words: `0.5 BTC in the wallet`.
    pub what: Arc<str>,
    /// Whether it makes the account's figures worthless, because a result builds up
    /// there: they are unknown then.
    pub hides_results: bool,
}

impl BlindSpot {
    /// Something beside the figures, which hold without it.
    pub const fn aside(kind: Arc<str>, what: Arc<str>) -> BlindSpot {
        BlindSpot {
            kind,
            what,
            hides_results: false,
        }
    }

    /// A position whose result is in none of the figures.
    pub const fn position(kind: Arc<str>, what: Arc<str>) -> BlindSpot {
        BlindSpot {
            kind,
            what,
            hides_results: true,
        }
    }
}
