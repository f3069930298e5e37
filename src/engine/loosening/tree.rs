//! Trees of conditions: whether one is true whenever another is.

use super::{holdings, hours, results};
use crate::rules::ruleset::{Condition, Leaf};

/// Most pairs of parts that are compared for one rule. Trees that would take
/// more count as looser; those that people write take a few dozen.
const MOST_COMPARED: u32 = 20_000;

/// Whether the new condition is true whenever the old one is.
pub(super) fn is_as_tight(old: &Condition, new: &Condition) -> bool {
    old == new
        || Comparing {
            left: MOST_COMPARED,
        }
        .is_as_tight(old, new)
}

struct Comparing {
    left: u32,
}

impl Comparing {
    fn is_as_tight(&mut self, old: &Condition, new: &Condition) -> bool {
        let Some(left) = self.left.checked_sub(1) else {
            return false;
        };
        self.left = left;
        if let Condition::Any(parts) = old {
            return parts.iter().all(|part| self.is_as_tight(part, new));
        }
        match new {
            Condition::All(parts) => parts.iter().all(|part| self.is_as_tight(old, part)),
            Condition::Any(parts) => {
                parts.iter().any(|part| self.is_as_tight(old, part)) || self.a_part_is(old, new)
            }
            // Under a `not`, tighter means looser, and a value that one of them
            // needs and the other does not may be unknown: only the same is the same.
            Condition::Not(inner) => {
                matches!(old, Condition::Not(old) if old == inner) || self.a_part_is(old, new)
            }
            Condition::Is(leaf) => {
                matches!(old, Condition::Is(old) if is_leaf_as_tight(old, leaf))
                    || self.a_part_is(old, new)
            }
        }
    }

    /// Whether one of the conditions that must be true together is enough.
    fn a_part_is(&mut self, old: &Condition, new: &Condition) -> bool {
        match old {
            Condition::All(parts) => parts.iter().any(|part| self.is_as_tight(part, new)),
            Condition::Any(_) | Condition::Not(_) | Condition::Is(_) => false,
        }
    }
}

fn is_leaf_as_tight(old: &Leaf, new: &Leaf) -> bool {
    match old {
        Leaf::Pnl(old) => matches!(new, Leaf::Pnl(new) if results::pnl(old, new)),
        Leaf::ProfitFloor(old) => {
            matches!(new, Leaf::ProfitFloor(new) if results::profit_floor(old, new))
        }
        Leaf::TrailingDrawdown(old) => {
            matches!(new, Leaf::TrailingDrawdown(new) if results::trailing_drawdown(old, new))
        }
        Leaf::MaxLoss(old) => matches!(new, Leaf::MaxLoss(new) if results::max_loss(old, new)),
        Leaf::Windows(old) => matches!(new, Leaf::Windows(new) if hours::windows(old, new)),
        Leaf::At(old) => matches!(new, Leaf::At(new) if hours::at(old, new)),
        Leaf::Position(old) => matches!(new, Leaf::Position(new) if holdings::position(old, new)),
        Leaf::Orders(old) => matches!(new, Leaf::Orders(new) if holdings::orders(old, new)),
        Leaf::NoData(old) => matches!(new, Leaf::NoData(new) if hours::no_data(old, new)),
        Leaf::Expr(old) => {
            matches!(new, Leaf::Expr(new) if new.checked.is_true_whenever(&old.checked))
        }
    }
}
