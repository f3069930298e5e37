//! The checked form of an expression, and its evaluation.
//!
//! Numbers and conditions are different types, so nothing but a number can be
//! compared and nothing but a condition can be joined. Evaluation allocates
//! nothing, is bounded by the size of the tree, and cannot fail: what cannot be
//! computed is unknown.

use rust_decimal::{Decimal, RoundingStrategy};

use super::variable::Variable;

/// What a variable says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// For every kind but flags.
    Number(Decimal),
    /// For flags.
    Flag(bool),
}

/// Where the values of variables come from.
pub trait Values {
    /// The value of a variable now; `None` when it is unknown.
    fn value(&self, variable: Variable) -> Option<Value>;
}

/// Something that is a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Literal(Decimal),
    Variable(Variable),
    Negated(Box<Number>),
    Arithmetic(Arithmetic, Box<(Number, Number)>),
    Absolute(Box<Number>),
    Floor(Box<Number>),
    Ceiling(Box<Number>),
    /// To this many decimal places, halves away from zero.
    Rounded(Box<Number>, u32),
    /// Never empty.
    Least(Vec<Number>),
    /// Never empty.
    Greatest(Vec<Number>),
    Chosen(Box<(Test, Number, Number)>),
}

/// Something that is true or false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Literal(bool),
    Variable(Variable),
    Not(Box<Test>),
    And(Box<(Test, Test)>),
    Or(Box<(Test, Test)>),
    Same(Box<(Test, Test)>),
    Compared(Comparison, Box<(Number, Number)>),
    Chosen(Box<(Test, Test, Test)>),
}

/// How two numbers make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtOrBelow,
    /// `>`
    Above,
    /// `>=`
    AtOrAbove,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// Whether it holds between these two.
    pub fn holds(self, left: Decimal, right: Decimal) -> bool {
        match self {
            Comparison::Below => left < right,
            Comparison::AtOrBelow => left <= right,
            Comparison::Above => left > right,
            Comparison::AtOrAbove => left >= right,
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
        }
    }

    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Comparison::Below => "below",
            Comparison::AtOrBelow => "at or below",
            Comparison::Above => "above",
            Comparison::AtOrAbove => "at or above",
            Comparison::Equal => "equal to",
            Comparison::NotEqual => "not equal to",
        }
    }
}

impl Number {
    pub(super) fn evaluate(&self, values: &impl Values) -> Option<Decimal> {
        match self {
            Number::Literal(number) => Some(*number),
            Number::Variable(variable) => match values.value(*variable) {
                Some(Value::Number(number)) => Some(number),
                Some(Value::Flag(_)) | None => None,
            },
            Number::Negated(inner) => inner.evaluate(values).map(|number| -number),
            Number::Arithmetic(how, sides) => {
                how.apply(sides.0.evaluate(values)?, sides.1.evaluate(values)?)
            }
            Number::Absolute(inner) => inner.evaluate(values).map(|number| number.abs()),
            Number::Floor(inner) => inner.evaluate(values).map(|number| number.floor()),
            Number::Ceiling(inner) => inner.evaluate(values).map(|number| number.ceil()),
            Number::Rounded(inner, places) => inner.evaluate(values).map(|number| {
                number.round_dp_with_strategy(*places, RoundingStrategy::MidpointAwayFromZero)
            }),
            Number::Least(all) => extreme(all, values, Decimal::min),
            Number::Greatest(all) => extreme(all, values, Decimal::max),
            Number::Chosen(parts) => {
                if parts.0.evaluate(values)? {
                    parts.1.evaluate(values)
                } else {
                    parts.2.evaluate(values)
                }
            }
        }
    }
}

/// Unknown when any is: an unknown one may be the extreme.
fn extreme(
    all: &[Number],
    values: &impl Values,
    better: fn(Decimal, Decimal) -> Decimal,
) -> Option<Decimal> {
    let (first, rest) = all.split_first()?;
    rest.iter().try_fold(first.evaluate(values)?, |best, next| {
        Some(better(best, next.evaluate(values)?))
    })
}

impl Arithmetic {
    /// `None` for a division by zero, and for a result that does not fit.
    fn apply(self, left: Decimal, right: Decimal) -> Option<Decimal> {
        match self {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            Arithmetic::Multiply => left.checked_mul(right),
            Arithmetic::Divide => left.checked_div(right),
            Arithmetic::Remainder => left.checked_rem(right),
        }
    }
}

impl Test {
    /// By Kleene's logic, as in the trees of a rule file: `false and unknown`
    /// is false, `true or unknown` is true, everything else that an unknown
    /// enters is unknown.
    pub(super) fn evaluate(&self, values: &impl Values) -> Option<bool> {
        match self {
            Test::Literal(answer) => Some(*answer),
            Test::Variable(variable) => match values.value(*variable) {
                Some(Value::Flag(answer)) => Some(answer),
                Some(Value::Number(_)) | None => None,
            },
            Test::Not(inner) => inner.evaluate(values).map(|answer| !answer),
            Test::And(sides) => joined(sides, values, false),
            Test::Or(sides) => joined(sides, values, true),
            Test::Same(sides) => Some(sides.0.evaluate(values)? == sides.1.evaluate(values)?),
            Test::Compared(how, sides) => {
                Some(how.holds(sides.0.evaluate(values)?, sides.1.evaluate(values)?))
            }
            Test::Chosen(parts) => {
                if parts.0.evaluate(values)? {
                    parts.1.evaluate(values)
                } else {
                    parts.2.evaluate(values)
                }
            }
        }
    }
}

/// Two conditions of which one alone decides when it is `decisive`: false for
/// `and`, true for `or`.
fn joined(sides: &(Test, Test), values: &impl Values, decisive: bool) -> Option<bool> {
    let left = sides.0.evaluate(values);
    if left == Some(decisive) {
        return left;
    }
    match (left, sides.1.evaluate(values)) {
        (_, Some(right)) if right == decisive => Some(decisive),
        (Some(_), Some(right)) => Some(right),
        _ => None,
    }
}
