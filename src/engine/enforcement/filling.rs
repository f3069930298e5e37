//! Closes that were answered and may still be filling.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::holdings::Position;
use crate::domain::observation::Timestamp;
use crate::domain::request::Write;

/// How long after its answer a close may still be filling, where nothing that
/// was seen says that it is not.
pub const FILLING: TimeDelta = TimeDelta::seconds(2);

/// A close that was answered and may still be filling. Another one that does
/// not join it would turn the position round.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    pub(super) write: Write,
    pub(super) until: Timestamp,
    pub(super) held: Option<Arc<[Position]>>,
}

impl Filling {
    /// Whether these positions may be what a close that is still filling has
    /// left of what was held: each of the same sign, at the same price, and no
    /// larger.
    pub(super) fn may_explain(&self, positions: &[Position]) -> bool {
        let touched = positions
            .iter()
            .filter(|position| self.write.position().is_none_or(|key| position.key == *key));
        let touched: Vec<&Position> = touched.collect();
        if touched.is_empty() {
            return false;
        }
        let Some(held) = &self.held else {
            return true;
        };
        touched.iter().all(|position| {
            held.iter().any(|before| {
                before.key == position.key
                    && before.quantity.is_sign_negative() == position.quantity.is_sign_negative()
                    && position.quantity.abs() <= before.quantity.abs()
                    && before.average_price == position.average_price
            })
        })
    }
}

/// Whether two closes act on one position.
pub(super) fn meet(one: &Write, other: &Write) -> bool {
    match (one, other) {
        (Write::Flatten, other) => other.closes(),
        (one, Write::Flatten) => one.closes(),
        (one, other) => one.position().is_some() && one.position() == other.position(),
    }
}
