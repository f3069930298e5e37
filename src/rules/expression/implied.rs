//! Whether one expression is true whenever another is.

use rust_decimal::Decimal;

use super::tree::{Comparison, Number, Test, Value, Values};
use super::variable::Variable;

/// Most pairs of parts that are compared; more than that counts as not implied.
const MOST_COMPARED: u32 = 10_000;

/// Whether `new` is true whenever `old` is. A part that is unknown makes neither
/// true, so that what holds of the parts that are known holds of all.
pub(super) fn is_implied(old: &Test, new: &Test) -> bool {
    old == new
        || Comparing {
            left: MOST_COMPARED,
        }
        .is_implied(old, new)
}

struct Comparing {
    left: u32,
}

impl Comparing {
    fn is_implied(&mut self, old: &Test, new: &Test) -> bool {
        let Some(left) = self.left.checked_sub(1) else {
            return false;
        };
        self.left = left;
        if let Test::Or(sides) = old {
            return self.is_implied(&sides.0, new) && self.is_implied(&sides.1, new);
        }
        match new {
            Test::And(sides) => self.is_implied(old, &sides.0) && self.is_implied(old, &sides.1),
            Test::Or(sides) => {
                self.is_implied(old, &sides.0)
                    || self.is_implied(old, &sides.1)
                    || self.a_side_implies(old, new)
            }
            Test::Compared(how, numbers) => {
                is_wider(old, *how, numbers) || self.a_side_implies(old, new)
            }
            Test::Literal(_)
            | Test::Variable(_)
            | Test::Not(_)
            | Test::Same(_)
            | Test::Chosen(_) => old == new || self.a_side_implies(old, new),
        }
    }

    /// Whether one of the two that must be true together is enough.
    fn a_side_implies(&mut self, old: &Test, new: &Test) -> bool {
        match old {
            Test::And(sides) => self.is_implied(&sides.0, new) || self.is_implied(&sides.1, new),
            Test::Literal(_)
            | Test::Variable(_)
            | Test::Not(_)
            | Test::Or(_)
            | Test::Same(_)
            | Test::Compared(..)
            | Test::Chosen(_) => false,
        }
    }
}

/// Whether a comparison holds wherever the old one does: of the same numbers in
/// the same way, or of the same number with a constant.
fn is_wider(old: &Test, how: Comparison, numbers: &(Number, Number)) -> bool {
    let Test::Compared(old_how, old_numbers) = old else {
        return false;
    };
    if *old_how == how && **old_numbers == *numbers {
        return true;
    }
    match (against(*old_how, old_numbers), against(how, numbers)) {
        (Some(old), Some(new)) => old.number == new.number && new.has_all_of(&old),
        _ => false,
    }
}

/// A number that is compared with a constant on its right.
struct Against<'t> {
    number: &'t Number,
    how: Comparison,
    constant: Decimal,
}

fn against(how: Comparison, numbers: &(Number, Number)) -> Option<Against<'_>> {
    let (left, right) = numbers;
    match (constant(left), constant(right)) {
        (None, Some(constant)) => Some(Against {
            number: left,
            how,
            constant,
        }),
        (Some(constant), None) => Some(Against {
            number: right,
            how: turned(how),
            constant,
        }),
        _ => None,
    }
}

/// The variable of a test that compares one with a constant.
pub(super) fn bound(test: &Test) -> Option<(Variable, Comparison, Decimal)> {
    let Test::Compared(how, numbers) = test else {
        return None;
    };
    let against = against(*how, numbers)?;
    match against.number {
        Number::Variable(variable) => Some((*variable, against.how, against.constant)),
        _ => None,
    }
}

impl Against<'_> {
    /// Whether every number that the old comparison holds for is one of these.
    fn has_all_of(&self, old: &Against<'_>) -> bool {
        use Comparison::{Above, AtOrAbove, AtOrBelow, Below, Equal, NotEqual};
        let (a, b) = (old.constant, self.constant);
        match (old.how, self.how) {
            (Equal, how) => how.holds(a, b),
            (NotEqual, NotEqual) => a == b,
            (Below, Below | AtOrBelow | NotEqual) | (AtOrBelow, AtOrBelow) => a <= b,
            (AtOrBelow, Below | NotEqual) => a < b,
            (Above, Above | AtOrAbove | NotEqual) | (AtOrAbove, AtOrAbove) => a >= b,
            (AtOrAbove, Above | NotEqual) => a > b,
            (Below | AtOrBelow, Above | AtOrAbove | Equal)
            | (Above | AtOrAbove, Below | AtOrBelow | Equal)
            | (NotEqual, Below | AtOrBelow | Above | AtOrAbove | Equal) => false,
        }
    }
}

/// The same comparison with its sides changed.
const fn turned(how: Comparison) -> Comparison {
    match how {
        Comparison::Below => Comparison::Above,
        Comparison::AtOrBelow => Comparison::AtOrAbove,
        Comparison::Above => Comparison::Below,
        Comparison::AtOrAbove => Comparison::AtOrBelow,
        Comparison::Equal => Comparison::Equal,
        Comparison::NotEqual => Comparison::NotEqual,
    }
}

fn constant(number: &Number) -> Option<Decimal> {
    number.evaluate(&Nothing)
}

/// Where no variable is known: what can be computed then is constant.
struct Nothing;

impl Values for Nothing {
    fn value(&self, _: Variable) -> Option<Value> {
        None
    }
}
