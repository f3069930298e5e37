//! Trees of conditions: whether one is true whenever another is.

use crate::engine::conditions;
use crate::rules::book::Condition;

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
                matches!(old, Condition::Is(old) if conditions::is_as_tight(old, leaf))
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
