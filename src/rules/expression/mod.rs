//! Expressions: the text of an `expr` condition in, a checked form that can be
//! evaluated out.
//!
//! The text is first scanned word by word, so that nothing reaches the parser
//! but names, numbers and signs that an expression may have; it is parsed by
//! zen-expression; and its tree is then turned, node by node, into one in which
//! only what is allowed can be said and every type is right. The library's own
//! machine is not used: a division by zero is null there, and its values can
//! not be sent between threads.

mod check;
mod implied;
mod scan;
mod tree;
mod variable;

use std::ops::Range;

use rust_decimal::Decimal;

pub use check::functions_table;
pub use scan::{MAX_LENGTH, MAX_NESTING, MAX_WORDS};
pub use tree::{Comparison, Value, Values};
pub use variable::{Variable, VariableKind, variables_table};

use tree::Test;

/// A checked expression that is true or false of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    root: Test,
    /// Each variable once, in the order of the text.
    reads: Vec<Variable>,
}

/// Where the numbers of a checked text are.
pub(crate) fn numbers(text: &str) -> Vec<Range<usize>> {
    scan::numbers(text)
}

/// One thing that is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// The bytes of the text that are wrong.
    pub span: Range<usize>,
    /// What would be right.
    pub help: Option<String>,
}

/// The two numbers of an expression that is one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    /// How they are compared.
    pub comparison: Comparison,
    /// The number on the left; `None` when it is unknown.
    pub left: Option<Decimal>,
    /// The number on the right; `None` when it is unknown.
    pub right: Option<Decimal>,
}

impl Sides {
    /// Whether the comparison holds; `None` when a side is unknown.
    pub fn holds(&self) -> Option<bool> {
        Some(self.comparison.holds(self.left?, self.right?))
    }
}

impl Expression {
    /// Reads and checks a text.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, by place; at least one.
    pub fn parse(text: &str) -> Result<Expression, Vec<Mistake>> {
        scan::scan(text)?;
        check::check(text)
    }

    /// The answer now; `None` when it is unknown.
    pub fn evaluate(&self, values: &impl Values) -> Option<bool> {
        self.root.evaluate(values)
    }

    /// The two sides, when the whole expression is one comparison of numbers.
    pub fn sides(&self, values: &impl Values) -> Option<Sides> {
        match &self.root {
            Test::Compared(comparison, sides) => Some(Sides {
                comparison: *comparison,
                left: sides.0.evaluate(values),
                right: sides.1.evaluate(values),
            }),
            _ => None,
        }
    }

    /// Whether it is true whenever the other is, as far as their forms tell: a
    /// number that is compared with a constant may be compared with a wider one,
    /// `and` may lose a part, `or` may get one.
    pub fn is_true_whenever(&self, other: &Expression) -> bool {
        implied::is_implied(&other.root, &self.root)
    }

    /// For one comparison of a variable with a constant: the variable, how it is
    /// compared, and the constant.
    pub(crate) fn bound(&self) -> Option<(Variable, Comparison, Decimal)> {
        implied::bound(&self.root)
    }

    /// The variables that it reads, each once; never empty.
    pub fn reads(&self) -> &[Variable] {
        &self.reads
    }
}

impl Mistake {
    fn new(span: Range<usize>, message: impl Into<String>) -> Mistake {
        Mistake {
            message: message.into(),
            span,
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Mistake {
        self.help = Some(help.into());
        self
    }

    fn maybe_help(mut self, help: Option<String>) -> Mistake {
        self.help = help.or(self.help);
        self
    }
}
